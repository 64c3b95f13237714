/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-shell-words-private.h"
#include "devbox-wire-error-private.h"

#include <gio/gio.h>
#include <string.h>

#define N_LINES 2000
#define MAX_TOKENS 12
#define SEPARATOR "\1"

static void
assert_words (const char *line, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = devbox_shell_words_split (line, &error);
  g_autofree char *joined = NULL;

  g_assert_no_error (error);
  joined = g_strjoinv ("|", words);
  g_assert_cmpstr (joined, ==, expected);
}

static void
test_words (void)
{
  static const char *const cases[][2] = {
    { "", "" },
    { " \t\n", "" },
    { "ls", "ls" },
    { "  ls   -l\t-a\n/ ", "ls|-l|-a|/" },
    { "a 'b c' \"d e\" f\\ g", "a|b c|d e|f g" },
    { "'a'\"b\"c\\d", "abcd" },
    { "'' \"\" ''\"\"", "||" },
    { "'\\' '\"' \"'\"", "\\|\"|'" },
    { "\"\\\" \\\\ \\$ \\` \\a \\'\"", "\" \\ $ ` \\a \\'" },
    { "\\' \\\" \\\\ \\$ \\# \\a", "'|\"|\\|$|#|a" },
    { "'a\nb' \"c\nd\"", "a\nb|c\nd" },
    { "a\\\nb \"c\\\nd\" 'e\\\nf'", "ab|cd|e\\\nf" },
    { "\\\n", "" },
    { " \\\n # x", "" },
    { "a # b 'c\nd", "a|d" },
    { "a#b # c", "a#b" },
    { "a\t#b\\\nc", "a|c" },
    { "'#' \\# \"\"#", "#|#|#" },
    { "a\\", "a\\" },
    { "\\", "\\" },
    { "a; b & c | d > e < f (g) {h} $i `j` * ? [k] ~ ! =", "a;|b|&|c|||d|>|e|<|f|(g)|{h}|$i|`j`|*|?|[k]|~|!|=" },
    { "ä\xff € \r\v", "ä\xff|€|\r\v" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_words (cases[i][0], cases[i][1]);
}

static void
test_unclosed (void)
{
  static const char *const lines[] = { "'", "\"", "a 'b", "a \"b", "\"\\\"", "\"\\", "'a'\"", "''' ", "\"a\\\n" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (devbox_shell_words_split (lines[i], &error));
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
    }
}

static void
test_long (void)
{
  const gsize size = 1024 * 1024;
  g_autofree char *blanks = g_strnfill (size, ' ');
  g_autofree char *word = g_strnfill (size, 'x');
  g_autofree char *quotes = g_strnfill (size, '\'');
  g_autofree char *backslashes = g_strnfill (size, '\\');
  g_autofree char *words = g_strnfill (size, 'a');
  g_auto (GStrv) split = NULL;

  for (gsize i = 1; i < size; i += 2)
    words[i] = ' ';

  assert_words (blanks, "");
  assert_words (word, word);
  assert_words (quotes, "");
  backslashes[size / 2] = '\0';
  split = devbox_shell_words_split (backslashes, NULL);
  g_assert_cmpuint (strlen (split[0]), ==, size / 4);
  g_strfreev (split);
  split = devbox_shell_words_split (words, NULL);
  g_assert_cmpuint (g_strv_length (split), ==, size / 2);
}

/* A line of what has a meaning in quotes, without what would make a shell do something. A line break is escaped, since
 * a bare one ends a command there. */
static char *
make_line (void)
{
  static const char *const tokens[] = { "a",    "b",   "-c",   "=",   " ",   "  ",  "\t", "'",    "\"", "\\",
                                        "\\\\", "\\'", "\\\"", "\\ ", "\\$", "\\`", "#",  "\\\n", "é" };
  g_autoptr (GString) line = g_string_new (NULL);
  guint n_tokens = g_test_rand_int_range (1, MAX_TOKENS);

  for (guint i = 0; i < n_tokens; i++)
    {
      const char *token = tokens[g_test_rand_int_range (0, G_N_ELEMENTS (tokens))];

      /* A backslash must not be escaped by another one. */
      if (token[0] != '\\' || line->len == 0 || line->str[line->len - 1] != '\\')
        g_string_append (line, token);
    }
  /* Nor must the end of the line be. */
  if (line->len > 0 && line->str[line->len - 1] == '\\')
    g_string_append_c (line, 'x');

  return g_string_free (g_steal_pointer (&line), FALSE);
}

static char *
run_shell (const char *script, gboolean only_check)
{
  const char *const argv[] = { "/bin/sh", only_check ? "-n" : "-e", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) shell = g_subprocess_newv (
      argv, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error);
  char *output = NULL;

  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (shell, script, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  if (!g_subprocess_get_successful (shell))
    g_clear_pointer (&output, g_free);

  return output;
}

/* One shell for all lines that have words, which are told apart by a last word of our own. */
static void
test_as_shell (void)
{
  g_autoptr (GString) script = g_string_new (NULL);
  g_autoptr (GString) expected = g_string_new (NULL);
  g_autofree char *output = NULL;
  guint n_refused = 0;

  for (guint i = 0; i < N_LINES; i++)
    {
      g_autofree char *line = make_line ();
      g_auto (GStrv) words = NULL;

      /* A comment leaves the break bare. */
      if (strchr (line, '#') != NULL)
        {
          for (char *c = line; (c = strstr (c, "\\\n")) != NULL;)
            memset (c, 'x', 2);
        }

      words = devbox_shell_words_split (line, NULL);
      if (words != NULL)
        {
          g_autofree char *joined = g_strjoinv (SEPARATOR, words);

          g_string_append_printf (script, "printf '%%s" SEPARATOR "' . %s\n", line);
          g_string_append_printf (expected, ".%s%s" SEPARATOR, words[0] != NULL ? SEPARATOR : "", joined);
        }
      else if (n_refused++ < 100)
        {
          g_autofree char *one = g_strdup_printf ("true %s\n", line);
          g_autofree char *nothing = run_shell (one, TRUE);

          g_assert_null (nothing);
        }
    }

  g_assert_cmpuint (n_refused, >, 100);
  g_assert_cmpuint (n_refused, <, N_LINES / 2);
  output = run_shell (script->str, FALSE);
  g_assert_nonnull (output);
  g_assert_true (g_str_equal (output, expected->str));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shell-words/words", test_words);
  g_test_add_func ("/shell-words/unclosed", test_unclosed);
  g_test_add_func ("/shell-words/long", test_long);
  g_test_add_func ("/shell-words/as-shell", test_as_shell);

  return g_test_run ();
}
