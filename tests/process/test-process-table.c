/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-process-table-private.h"
#include "devbox-wire-error-private.h"
#include "process-test-util.h"

#include <string.h>
#include <unistd.h>

static void
on_done (DevboxServerCommand *command, gpointer user_data)
{
  ++*(guint *) user_data;
}

static DevboxServerCommand *
start_as (DevboxProcessTable *table, DevboxProcessOrigin origin, const char *script, guint *n_done, GError **error)
{
  const char *const argv[] = { "/bin/sh", "-c", script, NULL };
  const DevboxCommandSpec spec = { .argv = argv, .cwd_fd = -1, .output_limit = 64 * 1024 * 1024 };

  return devbox_process_table_start (table, origin, &spec, on_done, n_done, NULL, error);
}

static DevboxServerCommand *
start (DevboxProcessTable *table, const char *script, guint *n_done, GError **error)
{
  return start_as (table, DEVBOX_PROCESS_FOREGROUND, script, n_done, error);
}

static gboolean
is_running (gpointer command)
{
  return devbox_server_command_get_state (command) == DEVBOX_COMMAND_RUNNING;
}

static gboolean
is_set (gpointer counter)
{
  return *(guint *) counter > 0;
}

static gboolean
nothing_runs (gpointer launcher)
{
  return devbox_launcher_get_n_commands (launcher) == 0;
}

static DevboxServerCommand *
run_as (DevboxProcessTable *table, DevboxProcessOrigin origin, const char *script)
{
  guint n_done = 0;
  DevboxServerCommand *command = start_as (table, origin, script, &n_done, NULL);

  g_assert_nonnull (command);
  test_wait_until (is_set, &n_done, 10 * 1000);
  g_assert_cmpuint (n_done, ==, 1);

  return command;
}

static DevboxServerCommand *
run (DevboxProcessTable *table, const char *script)
{
  return run_as (table, DEVBOX_PROCESS_FOREGROUND, script);
}

typedef struct
{
  DevboxLauncher *launcher;
  DevboxProcessTable *table;
  guint n_done; /* of commands that may outlast the test */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->launcher = test_launcher_new ();
  fixture->table = devbox_process_table_new (fixture->launcher);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->table, devbox_process_table_free);
  devbox_launcher_unref (fixture->launcher);
}

static void
test_lookup (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxServerCommand) running = start (fixture->table, "sleep 341.25", &fixture->n_done, NULL);
  g_autoptr (DevboxServerCommand) ended = run (fixture->table, "echo x");
  g_autofree char *id = g_strdup (devbox_process_table_get_id (fixture->table, running));
  g_autofree char *other_id = g_strdup (devbox_process_table_get_id (fixture->table, ended));

  test_wait_until (is_running, running, 5000);
  g_assert_cmpuint (strlen (id), ==, 8);
  g_assert_cmpuint (strspn (id, "-_0123456789abcdefghijklmnopqrstuvwxyz"), ==, 8);
  g_assert_cmpstr (id, !=, other_id);
  g_assert_true (devbox_process_table_lookup_id (fixture->table, id) == running);
  g_assert_true (devbox_process_table_lookup_id (fixture->table, other_id) == ended);
  g_assert_null (devbox_process_table_lookup_id (fixture->table, "aaaaaaaa"));
  g_assert_true (devbox_process_table_lookup_pid (fixture->table, devbox_server_command_get_pid (running)) == running);
  g_assert_true (devbox_process_table_lookup_pid (fixture->table, devbox_server_command_get_pid (ended)) == ended);
  g_assert_null (devbox_process_table_lookup_pid (fixture->table, 1));
  g_assert_null (devbox_process_table_lookup_pid (fixture->table, 0));
  g_assert_null (devbox_process_table_lookup_pid (fixture->table, -1));
}

static void
test_failed_to_start (Fixture *fixture, gconstpointer data)
{
  guint n_done = 0;
  const char *const argv[] = { "/nonexistent/tool", NULL };
  g_autoptr (DevboxServerCommand) command
      = devbox_process_table_start (fixture->table, DEVBOX_PROCESS_FOREGROUND,
                                    &(DevboxCommandSpec){ .argv = argv, .cwd_fd = -1 }, on_done, &n_done, NULL, NULL);

  test_wait_until (is_set, &n_done, 5000);
  g_assert_null (devbox_process_table_lookup_pid (fixture->table, 0));
  g_assert_null (devbox_process_table_get_id (fixture->table, command));
}

static gboolean
is_forgotten (gpointer data)
{
  gpointer *pair = data;

  return devbox_process_table_get_id (pair[0], pair[1]) == NULL;
}

static void
test_retention (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxServerCommand) running = start (fixture->table, "sleep 341.25", &fixture->n_done, NULL);
  g_autoptr (DevboxServerCommand) first = NULL;
  g_autoptr (DevboxServerCommand) second = NULL;
  g_autoptr (DevboxServerCommand) current = NULL;
  gpointer pair[2] = { fixture->table, NULL };
  gint64 begin;

  devbox_process_table_set_retention (fixture->table, DEVBOX_PROCESS_FOREGROUND, 300);
  current = run_as (fixture->table, DEVBOX_PROCESS_BACKGROUND, "echo current");
  first = run (fixture->table, "echo first");
  begin = g_get_monotonic_time ();
  g_usleep (100 * 1000);
  second = run (fixture->table, "echo second");

  pair[1] = first;
  test_wait_until (is_forgotten, pair, 5000);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 290 * 1000);
  g_assert_nonnull (devbox_process_table_get_id (fixture->table, second));
  pair[1] = second;
  test_wait_until (is_forgotten, pair, 5000);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 390 * 1000);
  g_assert_nonnull (devbox_process_table_get_id (fixture->table, running));

  /* Each origin has its own time. */
  g_assert_nonnull (devbox_process_table_get_id (fixture->table, current));
  devbox_process_table_set_retention (fixture->table, DEVBOX_PROCESS_BACKGROUND, 0);
  pair[1] = current;
  test_wait_until (is_forgotten, pair, 5000);

  /* Who still holds it sees it whole. */
  test_assert_output (first, DEVBOX_OUTPUT_STDOUT, "first\n");
}

static void
on_destroy (gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_limits (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint n_done = 0;
  guint n_destroyed = 0;
  DevboxServerCommand *commands[3];
  const char *const argv[] = { "true", NULL };

  devbox_process_table_set_max_processes (fixture->table, 3);
  for (guint i = 0; i < 3; i++)
    commands[i] = start (fixture->table, "read line <&-; sleep 341.25", &n_done, NULL);

  g_assert_null (devbox_process_table_start (fixture->table, DEVBOX_PROCESS_BACKGROUND,
                                             &(DevboxCommandSpec){ .argv = argv, .cwd_fd = -1 }, on_done, &n_destroyed,
                                             on_destroy, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED);
  g_assert_cmpuint (n_destroyed, ==, 1);

  for (guint i = 0; i < 3; i++)
    {
      devbox_server_command_kill (commands[i]);
      n_done = 0;
      test_wait_until (is_set, &n_done, 5000);
    }
  test_wait_until (nothing_runs, fixture->launcher, 5000);

  /* Of the ended ones the oldest goes first. */
  devbox_server_command_unref (run (fixture->table, "true"));
  g_assert_null (devbox_process_table_get_id (fixture->table, commands[0]));
  g_assert_nonnull (devbox_process_table_get_id (fixture->table, commands[1]));
  g_assert_nonnull (devbox_process_table_get_id (fixture->table, commands[2]));
  for (guint i = 0; i < 3; i++)
    devbox_server_command_unref (commands[i]);
}

static guint
count_letters (DevboxServerCommand *command)
{
  g_autoptr (GString) output = test_dup_output (command, DEVBOX_OUTPUT_STDOUT);
  guint n = 0;

  for (gsize i = 0; i < output->len; i++)
    n += output->str[i] == 'y';

  return n;
}

/* All is there as long as the file has room; then the oldest goes, and what is gone is told. */
static void
test_ended_output (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxServerCommand) first = run (fixture->table, "yes | head -c 3000000; sleep 0.01; echo x >&2");
  g_autoptr (DevboxServerCommand) second = run (fixture->table, "yes | head -c 3000000");

  devbox_process_table_set_max_ended_output (fixture->table, 64 * 1024, 4 * 1000 * 1000);
  g_assert_cmpuint (devbox_output_log_get_memory (devbox_server_command_get_log (first)), ==, 0);
  g_assert_cmpuint (devbox_output_log_get_memory (devbox_server_command_get_log (second)), ==, 0);
  g_assert_true (test_is_truncated (first, DEVBOX_OUTPUT_STDOUT));
  g_assert_cmpuint (test_get_output_length (first, DEVBOX_OUTPUT_STDOUT), ==, 0);
  g_assert_cmpuint (test_get_output_length (first, DEVBOX_OUTPUT_STDERR), ==, 0);
  g_assert_cmpint (devbox_server_command_get_exit_code (first), ==, 0);
  g_assert_nonnull (devbox_process_table_get_id (fixture->table, first));

  g_assert_false (test_is_truncated (second, DEVBOX_OUTPUT_STDOUT));
  g_assert_cmpuint (count_letters (second), ==, 1500000);
}

/* A thousand that have ended, each of which wrote a lot: what they take stays within limits. */
static void
test_memory (Fixture *fixture, gconstpointer data)
{
  gsize before;

  devbox_server_command_unref (run_as (fixture->table, DEVBOX_PROCESS_BACKGROUND, "yes | head -c 200000"));
  before = test_get_resident (getpid ());
  for (guint i = 0; i < 300; i++)
    devbox_server_command_unref (run_as (fixture->table, DEVBOX_PROCESS_BACKGROUND, "yes | head -c 200000"));
  test_assert_growth (before, 16 * 1024);
}

/* All share it; what one gives back, the next one has. Without a file there is nothing else. */
static void
test_max_output (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxServerCommand) large = NULL;
  g_autoptr (DevboxServerCommand) small = NULL;
  g_autoptr (DevboxServerCommand) after = NULL;
  DevboxOutputLog *log;

  devbox_launcher_set_spill (fixture->launcher, "/nonexistent", G_MAXUINT64);
  devbox_launcher_set_max_output (fixture->launcher, 1024 * 1024);
  large = run (fixture->table, "yes | head -c 3000000; yes | head -c 3000000 >&2");
  small = run (fixture->table, "echo kept; yes | head -c 100000 >&2");
  g_assert_true (test_is_truncated (large, DEVBOX_OUTPUT_STDOUT));
  g_assert_true (test_is_truncated (large, DEVBOX_OUTPUT_STDERR));
  g_assert_cmpuint (test_get_output_length (large, DEVBOX_OUTPUT_STDOUT), >, 1000 * 1000);
  g_assert_cmpuint (test_get_output_length (large, DEVBOX_OUTPUT_STDOUT)
                        + test_get_output_length (large, DEVBOX_OUTPUT_STDERR),
                    <=, 1024 * 1024 + 2 * DEVBOX_OUTPUT_BLOCK_SIZE);
  test_assert_output (small, DEVBOX_OUTPUT_STDOUT, "kept\n");
  g_assert_cmpuint (test_get_output_length (small, DEVBOX_OUTPUT_STDERR), ==, DEVBOX_OUTPUT_BLOCK_SIZE);
  g_assert_true (test_is_truncated (small, DEVBOX_OUTPUT_STDERR));

  /* Whoever still sends it keeps it. */
  log = devbox_server_command_get_log (large);
  devbox_output_log_hold (log);
  devbox_output_log_discard (log);
  g_assert_cmpuint (test_get_output_length (large, DEVBOX_OUTPUT_STDOUT), >, 0);
  devbox_output_log_release (log);
  g_assert_cmpuint (test_get_output_length (large, DEVBOX_OUTPUT_STDOUT), ==, 0);

  after = run (fixture->table, "yes | head -c 100000");
  g_assert_cmpuint (test_get_output_length (after, DEVBOX_OUTPUT_STDOUT), ==, 100000);
  g_assert_false (test_is_truncated (after, DEVBOX_OUTPUT_STDOUT));
}

static void
count_newest_first (DevboxServerCommand *command, const char *id, DevboxProcessOrigin origin, gpointer user_data)
{
  gpointer **next = user_data;

  g_assert_cmpuint (strlen (id), ==, 8);
  g_assert_cmpint (origin, ==, DEVBOX_PROCESS_FOREGROUND);
  g_assert_true (**next == command);
  ++*next;
}

static void
test_foreach (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxServerCommand) first = run (fixture->table, "true");
  g_autoptr (DevboxServerCommand) second = run (fixture->table, "true");
  gpointer expected[] = { second, first };
  gpointer *next = expected;

  devbox_process_table_foreach (fixture->table, count_newest_first, &next);
  g_assert_true (next == expected + 2);
}

/* What runs is told after the table is gone, and even when its owner has let go of it. */
static void
test_free (Fixture *fixture, gconstpointer data)
{
  guint n_done = 0;

  devbox_server_command_unref (start (fixture->table, "sleep 0.1", &n_done, NULL));
  devbox_server_command_unref (start (fixture->table, "sleep 341.25", &n_done, NULL));
  g_clear_pointer (&fixture->table, devbox_process_table_free);
  test_wait_until (is_set, &n_done, 5000);
  devbox_launcher_unref (fixture->launcher);
  g_assert_cmpuint (n_done, ==, 2);
  fixture->launcher = test_launcher_new ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add ("/process-table/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("lookup", test_lookup);
  ADD ("failed-to-start", test_failed_to_start);
  ADD ("retention", test_retention);
  ADD ("limits", test_limits);
  ADD ("ended-output", test_ended_output);
  ADD ("memory", test_memory);
  ADD ("max-output", test_max_output);
  ADD ("foreach", test_foreach);
  ADD ("free", test_free);
#undef ADD

  return g_test_run ();
}
