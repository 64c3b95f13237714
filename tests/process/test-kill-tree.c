/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "process-test-util.h"

#include <stdlib.h>
#include <string.h>

/* Commands that do all they can to escape are ended by their time-out, while others that do the same are left alone.
 * The first argument is the number of rounds. */

#define N_BYSTANDERS 8
#define FAMILY 5 /* what stays of an escape artist */
#define RACE_MS 200

static guint n_rounds = 20;

static DevboxServerCommand *
start_artist (DevboxLauncher *launcher, const char *marker, const char *race_ms, guint timeout_ms)
{
  const char *const argv[] = { ESCAPE_ARTIST, marker, race_ms, NULL };

  return test_start (launcher, &(DevboxCommandSpec){ .argv = argv, .timeout_ms = timeout_ms });
}

static gboolean
has_settled (gpointer marker)
{
  g_usleep (10 * 1000);

  return test_count_processes (marker) == FAMILY;
}

static gboolean
wake (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
nothing_is_left (gpointer marker)
{
  return test_count_processes (marker) == 0;
}

/* Returns how long after its time the command was told to have ended, in µs. */
static gint64
run_round (DevboxLauncher *launcher, guint round)
{
  g_autofree char *marker = g_strdup_printf ("victim-%d-%u", (int) devbox_launcher_get_helper_pid (launcher), round);
  guint timeout_ms = 30 + round % 50;
  gint64 started = g_get_monotonic_time ();
  g_autoptr (DevboxServerCommand) victim = start_artist (launcher, marker, "0", timeout_ms);
  gint64 late;

  test_wait_done (victim);
  late = g_get_monotonic_time () - started - timeout_ms * 1000;
  g_assert_true (devbox_server_command_get_timed_out (victim));
  g_assert_cmpint (devbox_server_command_get_exit_code (victim), ==, 137);
  g_assert_null (devbox_server_command_get_error (victim));

  /* It is told when all is over. */
  g_assert_cmpuint (test_count_processes (marker), ==, 0);
  g_assert_cmpint (late, <, 2 * G_USEC_PER_SEC);

  return late;
}

static void
run_rounds (const char *helper)
{
  g_autoptr (GError) error = NULL;
  DevboxLauncher *launcher = devbox_launcher_new (helper, &error);
  DevboxServerCommand *bystanders[N_BYSTANDERS];
  char *markers[N_BYSTANDERS];
  g_autofree char *race_ms = g_strdup_printf ("%d", RACE_MS);
  guint ticker = g_timeout_add (10, wake, NULL);
  gint64 slowest = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < N_BYSTANDERS; i++)
    {
      markers[i] = g_strdup_printf ("bystander-%d-%u", (int) devbox_launcher_get_helper_pid (launcher), i);
      bystanders[i] = start_artist (launcher, markers[i], race_ms, 0);
    }

  /* The first rounds run while the bystanders race. */
  for (guint round = 0; round < n_rounds; round++)
    slowest = MAX (slowest, run_round (launcher, round));

  for (guint i = 0; i < N_BYSTANDERS; i++)
    {
      test_wait_until (has_settled, markers[i], 20 * 1000);
      g_assert_cmpint (devbox_server_command_get_state (bystanders[i]), ==, DEVBOX_COMMAND_RUNNING);
      g_assert_false (test_is_done (bystanders[i]));
    }
  g_assert_cmpuint (devbox_launcher_get_n_commands (launcher), ==, N_BYSTANDERS);
  g_test_message ("%u rounds, the slowest was over %.1f ms after its time", n_rounds, slowest / 1000.0);

  devbox_launcher_unref (launcher);
  for (guint i = 0; i < N_BYSTANDERS; i++)
    {
      g_assert_cmpuint (test_count_processes (markers[i]), ==, 0);
      g_assert_true (test_is_done (bystanders[i]));
      devbox_server_command_unref (bystanders[i]);
      g_free (markers[i]);
    }
  g_source_remove (ticker);
}

static void
test_time_out (void)
{
  run_rounds (NULL);
}

/* The same where the kernel has no children files. */
static void
test_time_out_by_scan (void)
{
  guint rounds = n_rounds;

  n_rounds = MIN (n_rounds, 100);
  run_rounds (SCANNING_LAUNCHER);
  n_rounds = rounds;
}

/* The command that was killed is the one that leaves the others behind. */
static void
test_kill (void)
{
  DevboxLauncher *launcher = test_launcher_new ();
  guint ticker = g_timeout_add (10, wake, NULL);

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *marker = g_strdup_printf ("killed-%d-%u", (int) devbox_launcher_get_helper_pid (launcher), i);
      g_autoptr (DevboxServerCommand) command = start_artist (launcher, marker, "0", 0);

      g_usleep (i * 20 * 1000);
      devbox_server_command_kill (command);
      test_wait_done (command);
      g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, 137);
      test_wait_until (nothing_is_left, marker, 2000);
    }

  devbox_launcher_unref (launcher);
  g_source_remove (ticker);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc > 1)
    n_rounds = atoi (argv[1]);

  g_test_add_func ("/kill-tree/time-out", test_time_out);
  g_test_add_func ("/kill-tree/time-out/scan", test_time_out_by_scan);
  g_test_add_func ("/kill-tree/kill", test_kill);

  return g_test_run ();
}
