/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-shell-words-private.h"
#include "devbox-wire-error-private.h"

#include <string.h>

/* Words that are quoted again are the same words, a line is refused for a quote alone, and g_shell_parse_argv () says
 * the same where it is right. */

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static char *
quote_all (GStrv words)
{
  g_autoptr (GString) line = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autofree char *quoted = g_shell_quote (words[i]);

      g_string_append_printf (line, "%s%s", i > 0 ? "\t" : "", quoted);
    }

  return g_string_free (g_steal_pointer (&line), FALSE);
}

/* It takes some comments for errors or words, keeps an escaped line break in quotes, and takes no word at all for an
 * error, and a backslash at the end too. */
static void
compare (const char *line, GStrv words)
{
  g_auto (GStrv) expected = NULL;

  if (strchr (line, '#') == NULL && strstr (line, "\\\n") == NULL && g_shell_parse_argv (line, NULL, &expected, NULL))
    g_assert_true (words != NULL && g_strv_equal ((const char *const *) words, (const char *const *) expected));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *line = g_strndup ((const char *) data, size);
  g_autofree char *quoted = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = devbox_shell_words_split (line, &error);
  g_auto (GStrv) again = NULL;
  gsize length = 0;

  compare (line, words);
  if (words == NULL)
    {
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
      g_assert_nonnull (strpbrk (line, "'\""));
      return 0;
    }
  g_assert_no_error (error);

  for (guint i = 0; words[i] != NULL; i++)
    length += strlen (words[i]);
  g_assert_cmpuint (length, <=, strlen (line));

  quoted = quote_all (words);
  again = devbox_shell_words_split (quoted, &error);
  g_assert_no_error (error);
  g_assert_true (g_strv_equal ((const char *const *) words, (const char *const *) again));

  return 0;
}
