/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "process-test-util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Round trips of /bin/true through the launcher beside bare vfork, exec and wait, interleaved. Numbers are medians in
 * µs. */

typedef struct
{
  guint position;
  guint n;
  double *samples;
} Series;

static void
series_init (Series *self, guint n)
{
  self->n = n;
  self->position = 0;
  self->samples = g_new (double, n);
}

static void
series_add (Series *self, gint64 begin)
{
  self->samples[self->position++] = g_get_monotonic_time () - begin;
}

static int
compare_doubles (const void *a, const void *b)
{
  double first = *(const double *) a;
  double second = *(const double *) b;

  return (first > second) - (first < second);
}

static double
series_get (Series *self, double quantile)
{
  qsort (self->samples, self->position, sizeof *self->samples, compare_doubles);

  return self->samples[(guint) ((self->position - 1) * quantile)];
}

static void
run_bare (const char *const *argv)
{
  int status;
  pid_t pid = vfork ();

  if (pid == 0)
    {
      execv (argv[0], (char *const *) argv);
      _exit (127);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

static void
on_done (DevboxServerCommand *command, gpointer user_data)
{
  g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, 0);
  --*(guint *) user_data;
}

static void
run_launched (DevboxLauncher *launcher, const char *const *argv, guint at_once)
{
  DevboxCommandSpec spec = { .argv = argv, .cwd_fd = -1, .timeout_ms = 30000, .output_limit = 10 * 1024 * 1024 };
  guint n_running = at_once;

  for (guint i = 0; i < at_once; i++)
    devbox_server_command_unref (devbox_launcher_start (launcher, &spec, on_done, &n_running, NULL));
  while (n_running > 0)
    g_main_context_iteration (NULL, TRUE);
}

static gsize
get_memory (GPid pid, const char *name)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/smaps_rollup", (int) pid);
  g_autofree char *text = NULL;
  const char *line;

  g_file_get_contents (path, &text, NULL, NULL);
  line = text != NULL ? strstr (text, name) : NULL;

  return line != NULL ? g_ascii_strtoull (line + strlen (name), NULL, 10) : 0;
}

int
main (int argc, char **argv)
{
  const char *const command[] = { "/bin/true", NULL };
  guint n = argc > 1 ? MAX (4, (guint) atoi (argv[1])) : 1000;
  DevboxLauncher *launcher = test_launcher_new ();
  GPid helper = devbox_launcher_get_helper_pid (launcher);
  Series bare, launched, large, many;
  gsize ballast_size = 256 * 1024 * 1024;
  char *ballast;

  series_init (&bare, n);
  series_init (&launched, n);
  series_init (&large, n);
  series_init (&many, n / 10 + 1);

  run_launched (launcher, command, 20);
  for (guint i = 0; i < n; i++)
    {
      gint64 begin = g_get_monotonic_time ();

      run_bare (command);
      series_add (&bare, begin);
      begin = g_get_monotonic_time ();
      run_launched (launcher, command, 1);
      series_add (&launched, begin);
    }

  for (guint i = 0; i < n / 10 + 1; i++)
    {
      gint64 begin = g_get_monotonic_time ();

      run_launched (launcher, command, 16);
      series_add (&many, begin);
    }

  ballast = g_malloc (ballast_size);
  memset (ballast, 1, ballast_size);
  for (guint i = 0; i < n / 4; i++)
    {
      gint64 begin = g_get_monotonic_time ();

      run_launched (launcher, command, 1);
      series_add (&large, begin);
    }

  printf ("%-46s %9s %9s\n", "/bin/true, µs", "median", "p99");
  printf ("%-46s %9.0f %9.0f\n", "vfork + exec + wait", series_get (&bare, 0.5), series_get (&bare, 0.99));
  printf ("%-46s %9.0f %9.0f\n", "launcher, start to done", series_get (&launched, 0.5), series_get (&launched, 0.99));
  printf ("%-46s %9.0f %9.0f\n", "launcher, 256 MiB resident in the agent", series_get (&large, 0.5),
          series_get (&large, 0.99));
  printf ("%-46s %9.0f %9.0f\n", "launcher, 16 at once, each", series_get (&many, 0.5) / 16,
          series_get (&many, 0.99) / 16);
  printf ("%-46s %9.2f\n", "launcher / bare", series_get (&launched, 0.5) / series_get (&bare, 0.5));
  printf ("helper: %zu KiB resident, %zu KiB of it its own, %zu KiB proportional\n", test_get_resident (helper),
          get_memory (helper, "Private_Dirty:"), get_memory (helper, "Pss:"));

  g_free (ballast);
  devbox_launcher_unref (launcher);
  g_free (bare.samples);
  g_free (launched.samples);
  g_free (large.samples);
  g_free (many.samples);

  return 0;
}
