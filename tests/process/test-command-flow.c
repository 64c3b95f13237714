/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "process-test-util.h"

/* When a command is told to run, and output that waits for its reader. */

static DevboxLauncher *launcher;

typedef struct
{
  guint n_started;
  guint n_done;
  guint n_started_when_done;
} Told;

static void
on_started (DevboxServerCommand *command, gpointer user_data)
{
  Told *told = user_data;

  g_assert_cmpint (devbox_server_command_get_pid (command), >, 0);
  told->n_started++;
}

static void
on_done (DevboxServerCommand *command, gpointer user_data)
{
  Told *told = user_data;

  told->n_started_when_done = told->n_started;
  told->n_done++;
}

static gboolean
is_started (gpointer data)
{
  return ((Told *) data)->n_started > 0;
}

static gboolean
is_done (gpointer data)
{
  return ((Told *) data)->n_done > 0;
}

static DevboxServerCommand *
start (const char *script, Told *told)
{
  const char *const argv[] = { "/bin/sh", "-c", script, NULL };
  DevboxServerCommand *command;

  command = devbox_launcher_start (
      launcher, &(DevboxCommandSpec){ .argv = argv, .cwd_fd = -1, .output_limit = TEST_OUTPUT_LIMIT }, on_done, told,
      NULL);
  devbox_server_command_set_started_func (command, on_started, told);

  return command;
}

static void
test_started (void)
{
  Told told = { 0 };
  g_autoptr (DevboxServerCommand) command = start ("exec sleep 60", &told);

  test_wait_until (is_started, &told, 5000);
  g_assert_cmpint (devbox_server_command_get_state (command), ==, DEVBOX_COMMAND_RUNNING);
  g_assert_cmpuint (told.n_done, ==, 0);
  devbox_server_command_kill (command);
  test_wait_until (is_done, &told, 5000);
  g_assert_cmpuint (told.n_started, ==, 1);
}

/* Also of a command that has ended before it was looked at. */
static void
test_started_and_ended (void)
{
  Told told = { 0 };
  g_autoptr (DevboxServerCommand) command = start (":", &told);

  g_usleep (100 * 1000);
  test_wait_until (is_done, &told, 5000);
  g_assert_cmpuint (told.n_started_when_done, ==, 1);
  g_assert_cmpuint (told.n_started, ==, 1);
  g_assert_cmpint (devbox_server_command_get_state (command), ==, DEVBOX_COMMAND_EXITED);
}

static void
test_not_started (void)
{
  const char *const argv[] = { "/nonexistent/tool", NULL };
  Told told = { 0 };
  g_autoptr (DevboxServerCommand) command
      = devbox_launcher_start (launcher, &(DevboxCommandSpec){ .argv = argv, .cwd_fd = -1 }, on_done, &told, NULL);

  devbox_server_command_set_started_func (command, on_started, &told);
  test_wait_until (is_done, &told, 5000);
  g_assert_cmpuint (told.n_started, ==, 0);
  g_assert_cmpint (devbox_server_command_get_state (command), ==, DEVBOX_COMMAND_FAILED_TO_START);
}

static void
iterate_for (guint milliseconds)
{
  gint64 end = g_get_monotonic_time () + milliseconds * 1000;

  while (g_get_monotonic_time () < end)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
}

/* It fills its pipe, and no more; then it goes on where it was. */
static void
test_pause (void)
{
  Told told = { 0 };
  g_autoptr (DevboxServerCommand) command = start ("head -c 500000 /dev/zero; echo end >&2", &told);

  devbox_server_command_pause_output (command);
  test_wait_until (is_started, &told, 5000);
  devbox_server_command_pause_output (command);
  iterate_for (100);
  g_assert_cmpuint (test_get_output_length (command, DEVBOX_OUTPUT_STDOUT), <=, 64 * 1024);
  g_assert_cmpint (devbox_server_command_get_state (command), ==, DEVBOX_COMMAND_RUNNING);

  devbox_server_command_resume_output (command);
  devbox_server_command_resume_output (command);
  test_wait_until (is_done, &told, 5000);
  g_assert_cmpuint (test_get_output_length (command, DEVBOX_OUTPUT_STDOUT), ==, 500000);
  test_assert_output (command, DEVBOX_OUTPUT_STDERR, "end\n");
}

/* What is in the pipe when it ends is read all the same: nothing waits any more. */
static void
test_pause_until_the_end (void)
{
  Told told = { 0 };
  g_autoptr (DevboxServerCommand) command = start ("sleep 0.1; head -c 60000 /dev/zero", &told);

  test_wait_until (is_started, &told, 5000);
  devbox_server_command_pause_output (command);
  test_wait_until (is_done, &told, 5000);
  g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, 0);
  g_assert_cmpuint (test_get_output_length (command, DEVBOX_OUTPUT_STDOUT), ==, 60000);
  devbox_server_command_pause_output (command);
  devbox_server_command_resume_output (command);
}

static void
test_pause_and_kill (void)
{
  Told told = { 0 };
  g_autoptr (DevboxServerCommand) command = start ("yes", &told);

  test_wait_until (is_started, &told, 5000);
  devbox_server_command_pause_output (command);
  iterate_for (50);
  devbox_server_command_kill (command);
  test_wait_until (is_done, &told, 5000);
  g_assert_cmpint (devbox_server_command_get_state (command), ==, DEVBOX_COMMAND_SIGNALED);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  launcher = test_launcher_new ();

  g_test_add_func ("/command-flow/started", test_started);
  g_test_add_func ("/command-flow/started/and-ended", test_started_and_ended);
  g_test_add_func ("/command-flow/started/not", test_not_started);
  g_test_add_func ("/command-flow/pause", test_pause);
  g_test_add_func ("/command-flow/pause/until-the-end", test_pause_until_the_end);
  g_test_add_func ("/command-flow/pause/and-kill", test_pause_and_kill);
  result = g_test_run ();

  devbox_launcher_unref (launcher);

  return result;
}
