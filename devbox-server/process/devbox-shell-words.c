/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-shell-words-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* g_shell_parse_argv () knows the same quotes, but takes "a #" for an error and "a\t#b" for two words, and keeps an
 * escaped line break in double quotes. */

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t' || c == '\n';
}

static gboolean
is_continuation (const char *position)
{
  return position[0] == '\\' && position[1] == '\n';
}

/* To the beginning of the next word, or the end. */
static const char *
skip_gap (const char *position)
{
  for (;;)
    {
      if (is_blank (*position))
        position++;
      else if (is_continuation (position))
        position += 2;
      else if (*position == '#')
        position += strcspn (position, "\n");
      else
        return position;
    }
}

/* These two take what is behind the opening quote, and return what is behind the closing one; NULL: there is none. */
static const char *
read_single_quoted (const char *position, GString *word)
{
  const char *end = strchr (position, '\'');

  if (end == NULL)
    return NULL;

  g_string_append_len (word, position, end - position);
  return end + 1;
}

static const char *
read_double_quoted (const char *position, GString *word)
{
  while (*position != '"')
    {
      if (*position == '\0')
        return NULL;

      if (is_continuation (position))
        {
          position += 2;
          continue;
        }
      if (position[0] == '\\' && position[1] != '\0' && strchr ("\"\\$`", position[1]) != NULL)
        position++;
      g_string_append_c (word, *position++);
    }

  return position + 1;
}

static const char *
read_word (const char *position, GString *word, GError **error)
{
  while (*position != '\0' && !is_blank (*position))
    {
      char quote = *position;

      if (quote == '\'' || quote == '"')
        {
          position = quote == '"' ? read_double_quoted (position + 1, word) : read_single_quoted (position + 1, word);
          if (position == NULL)
            {
              g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("A quote (%c) is not closed"),
                           quote);
              return NULL;
            }
        }
      else if (is_continuation (position))
        {
          position += 2;
        }
      else
        {
          /* The last character of a line may be a backslash, which then stands for itself. */
          if (position[0] == '\\' && position[1] != '\0')
            position++;
          g_string_append_c (word, *position++);
        }
    }

  return position;
}

GStrv
devbox_shell_words_split (const char *line, GError **error)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  const char *position = skip_gap (line);

  while (*position != '\0')
    {
      g_autoptr (GString) word = g_string_new (NULL);

      position = read_word (position, word, error);
      if (position == NULL)
        return NULL;

      g_ptr_array_add (words, g_string_free (g_steal_pointer (&word), FALSE));
      position = skip_gap (position);
    }
  g_ptr_array_add (words, NULL);

  return (GStrv) g_ptr_array_free (g_steal_pointer (&words), FALSE);
}
