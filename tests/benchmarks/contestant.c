/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the programs that client-speed.py compares have in common: they do what a line of their input says, "NAME
 * ARGUMENT…", and answer with a line of figures, "name=value…". One process is asked again and again, so that its
 * memory can be watched from outside, and nothing but the first operation has to warm up. */
#include "config.h"

#include "contestant.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static double
get_processor_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);

  return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static const ContestantOperation *
find_operation (const ContestantOperation *operations, gsize n_operations, char **words)
{
  for (gsize i = 0; i < n_operations; i++)
    {
      if (g_strcmp0 (words[0], operations[i].name) == 0)
        {
          g_assert_cmpuint (g_strv_length (words) - 1, ==, operations[i].n_arguments);
          return &operations[i];
        }
    }

  g_error ("Nothing here is called %s", words[0]);
}

void
contestant_serve (gpointer contestant, const ContestantOperation *operations, gsize n_operations)
{
  char line[1024];

  while (fgets (line, sizeof (line), stdin) != NULL)
    {
      g_auto (GStrv) words = g_strsplit (g_strstrip (line), " ", -1);
      const ContestantOperation *operation = find_operation (operations, n_operations, words);
      g_autoptr (GString) figures = g_string_new (NULL);
      gint64 start = g_get_monotonic_time ();
      double processor_start = get_processor_time ();

      operation->run (contestant, words + 1, figures);
      contestant_add_figure (figures, "ms", (double) (g_get_monotonic_time () - start) / 1e3);
      contestant_add_figure (figures, "processor_ms", get_processor_time () - processor_start);
      puts (figures->str);
      fflush (stdout);
    }
}

void
contestant_add_figure (GString *figures, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (figures, "%s%s=%s", figures->len > 0 ? " " : "", name,
                          g_ascii_dtostr (text, sizeof (text), value));
}

guint
contestant_parse_count (const char *text)
{
  g_autoptr (GError) error = NULL;
  guint64 count = 0;

  g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT, &count, &error);
  g_assert_no_error (error);

  return (guint) count;
}

int
contestant_compare_times (gconstpointer a, gconstpointer b)
{
  return (*(const gint64 *) a > *(const gint64 *) b) - (*(const gint64 *) a < *(const gint64 *) b);
}
