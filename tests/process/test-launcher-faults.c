/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-error-private.h"
#include "process-test-util.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whoever is killed, nothing is left behind and nobody waits for ever. */

static gboolean
is_running (gpointer command)
{
  return devbox_server_command_get_state (command) == DEVBOX_COMMAND_RUNNING;
}

static gboolean
has_printed (gpointer command)
{
  return test_get_output_length (command, DEVBOX_OUTPUT_STDOUT) > 0;
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

static gboolean
something_runs (gpointer marker)
{
  return test_count_processes (marker) > 0;
}

static gboolean
has_no_commands (gpointer launcher)
{
  return devbox_launcher_get_n_commands (launcher) == 0;
}

static gboolean
is_dead (gpointer launcher)
{
  return !devbox_launcher_is_alive (launcher);
}

static void
expect_death (void)
{
  g_test_expect_message ("DevboxServer", G_LOG_LEVEL_WARNING, "The launcher * ended unexpectedly*");
}

static GPid
get_parent (GPid pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int) pid);
  g_autofree char *line = NULL;
  int parent;

  g_assert_true (g_file_get_contents (path, &line, NULL, NULL));
  g_assert_cmpint (sscanf (strrchr (line, ')') + 1, " %*c %d", &parent), ==, 1);

  return parent;
}

static const char stubborn[] = "trap '' TERM HUP INT; (setsid sh -c 'trap \"\" TERM; sleep 331.25; sleep 331.25' &); "
                               "echo ready; sleep 331.25; sleep 331.25";

static void
test_helper_killed (void)
{
  DevboxLauncher *launcher = test_launcher_new ();
  DevboxServerCommand *commands[10];
  g_autoptr (DevboxServerCommand) next = NULL;
  GPid helper = devbox_launcher_get_helper_pid (launcher);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      commands[i] = test_start_shell (launcher, stubborn);
      test_wait_until (has_printed, commands[i], 5000);
    }

  expect_death ();
  g_assert_cmpint (kill (helper, SIGKILL), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      test_wait_done (commands[i]);
      g_assert_cmpint (devbox_server_command_get_state (commands[i]), ==, DEVBOX_COMMAND_SIGNALED);
      g_assert_cmpint (devbox_server_command_get_exit_code (commands[i]), ==, 137);
      g_assert_error (devbox_server_command_get_error (commands[i]), DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR);
      test_assert_output (commands[i], DEVBOX_OUTPUT_STDOUT, "ready\n");
      devbox_server_command_unref (commands[i]);
    }
  g_test_assert_expected_messages ();
  g_assert_cmpuint (test_count_processes ("331.25"), ==, 0);
  g_assert_false (devbox_launcher_is_alive (launcher));

  next = test_run_shell (launcher, "echo again");
  test_assert_output (next, DEVBOX_OUTPUT_STDOUT, "again\n");
  g_assert_true (devbox_launcher_is_alive (launcher));
  g_assert_cmpint (devbox_launcher_get_helper_pid (launcher), !=, helper);
  g_assert_cmpuint (test_count_children (getpid (), TRUE), ==, 0);
  devbox_launcher_unref (launcher);
}

/* The main loop has not heard of the death when the next command comes. */
static void
test_helper_killed_unheard (void)
{
  DevboxLauncher *launcher = test_launcher_new ();
  g_autoptr (DevboxServerCommand) next = NULL;

  g_assert_cmpint (kill (devbox_launcher_get_helper_pid (launcher), SIGKILL), ==, 0);
  while (devbox_launcher_is_alive (launcher))
    g_usleep (1000);

  expect_death ();
  next = test_run_shell (launcher, "echo again");
  g_test_assert_expected_messages ();
  test_assert_output (next, DEVBOX_OUTPUT_STDOUT, "again\n");
  devbox_launcher_unref (launcher);
}

/* Commands that were on their way end in one way or the other. */
static void
test_helper_killed_on_the_way (void)
{
  DevboxLauncher *launcher = test_launcher_new ();
  DevboxServerCommand *commands[100];
  guint n_exited = 0;

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    commands[i] = test_start_shell (launcher, "exit 5");

  expect_death ();
  g_assert_cmpint (kill (devbox_launcher_get_helper_pid (launcher), SIGKILL), ==, 0);
  while (devbox_launcher_is_alive (launcher))
    g_usleep (1000);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      test_wait_done (commands[i]);
      if (devbox_server_command_get_state (commands[i]) == DEVBOX_COMMAND_EXITED)
        {
          g_assert_cmpint (devbox_server_command_get_exit_code (commands[i]), ==, 5);
          n_exited++;
        }
      else
        {
          g_assert_error (devbox_server_command_get_error (commands[i]), DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR);
        }
      devbox_server_command_unref (commands[i]);
    }
  g_test_assert_expected_messages ();
  g_assert_cmpuint (n_exited, >=, 36); /* those that waited for their turn went to the next helper */
  test_wait_until (has_no_commands, launcher, 5000);
  devbox_launcher_unref (launcher);
}

static void
test_supervisor_killed (void)
{
  DevboxLauncher *launcher = test_launcher_new ();
  g_autoptr (DevboxServerCommand) command = test_start_shell (launcher, stubborn);
  g_autoptr (DevboxServerCommand) other = test_start_shell (launcher, "echo ready; sleep 332.25");
  GPid supervisor;

  test_wait_until (has_printed, command, 5000);
  test_wait_until (has_printed, other, 5000);
  test_wait_until (is_running, command, 5000);
  test_wait_until (is_running, other, 5000);
  supervisor = get_parent (devbox_server_command_get_pid (command));
  g_assert_cmpint (get_parent (supervisor), ==, devbox_launcher_get_helper_pid (launcher));
  g_assert_cmpint (kill (supervisor, SIGKILL), ==, 0);

  test_wait_done (command);
  g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, 137);
  g_assert_error (devbox_server_command_get_error (command), DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR);
  test_wait_until (nothing_is_left, (gpointer) "331.25", 5000);
  test_wait_until (something_runs, (gpointer) "332.25", 5000);
  g_assert_true (is_running (other));
  g_assert_true (devbox_launcher_is_alive (launcher));

  devbox_launcher_unref (launcher);
  g_assert_cmpuint (test_count_processes ("332.25"), ==, 0);
  g_assert_true (test_is_done (other));
}

/* A supervisor that was stopped does not hold its caller up for ever. */
static void
test_supervisor_stopped (void)
{
  DevboxLauncher *launcher = test_launcher_new ();
  g_autoptr (DevboxServerCommand) command = test_start_shell (launcher, "kill -STOP $PPID; sleep 333.25");

  test_wait_until (something_runs, (gpointer) "333.25", 5000);
  devbox_server_command_kill (command);
  test_wait_done (command);
  g_assert_error (devbox_server_command_get_error (command), DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR);
  test_wait_until (nothing_is_left, (gpointer) "333.25", 5000);
  devbox_launcher_unref (launcher);
}

/* Signals for the whole session or cgroup are the agent's matter. */
static void
test_helper_signals (void)
{
  DevboxLauncher *launcher = test_launcher_new ();
  g_autoptr (DevboxServerCommand) command = test_start_shell (launcher, "echo ready; read answer; sleep 334.25");
  g_autoptr (DevboxServerCommand) next = NULL;
  GPid helper = devbox_launcher_get_helper_pid (launcher);
  g_autofree char *script = g_strdup_printf ("kill -TERM %d $PPID; echo told", helper);

  test_wait_until (has_printed, command, 5000);
  next = test_run_shell (launcher, script); /* from a command, since from us it counts */
  test_assert_output (next, DEVBOX_OUTPUT_STDOUT, "told\n");
  g_assert_true (devbox_launcher_is_alive (launcher));
  g_assert_cmpint (devbox_launcher_get_helper_pid (launcher), ==, helper);
  devbox_launcher_unref (launcher);
}

static void
on_done_unref (DevboxServerCommand *command, gpointer user_data)
{
  g_clear_pointer ((DevboxLauncher **) user_data, devbox_launcher_unref);
}

static gboolean
is_null (gpointer pointer)
{
  return *(gpointer *) pointer == NULL;
}

/* The launcher may go in the callback of one of its commands, with others in every state. */
static void
test_unref_in_callback (void)
{
  DevboxLauncher *launcher = test_launcher_new ();
  const char *const argv[] = { "true", NULL };
  DevboxCommandSpec spec = { .argv = argv, .cwd_fd = -1, .output_limit = 10 };

  for (guint i = 0; i < 100; i++)
    devbox_server_command_unref (devbox_launcher_start (launcher, &spec, on_done_unref, &launcher, NULL));
  test_wait_until (is_null, &launcher, 5000);
  g_assert_cmpuint (test_count_children (getpid (), FALSE), ==, 0);
}

static void
test_unref_with_commands (void)
{
  DevboxLauncher *launcher = test_launcher_new ();
  DevboxServerCommand *running = test_start_shell (launcher, stubborn);
  DevboxServerCommand *starting;

  test_wait_until (has_printed, running, 5000);
  starting = test_start_shell (launcher, "sleep 335.25");
  devbox_launcher_unref (launcher);

  g_assert_true (test_is_done (running));
  g_assert_true (test_is_done (starting));
  g_assert_cmpint (devbox_server_command_get_exit_code (running), ==, 137);
  g_assert_error (devbox_server_command_get_error (running), DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE);
  g_assert_error (devbox_server_command_get_error (starting), DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE);
  g_assert_cmpuint (test_count_processes ("331.25"), ==, 0);
  g_assert_cmpuint (test_count_processes ("335.25"), ==, 0);
  g_assert_cmpuint (test_count_children (getpid (), FALSE), ==, 0);

  /* They outlive it. */
  devbox_server_command_kill (running);
  devbox_server_command_send_signal (starting, SIGTERM);
  devbox_server_command_unref (running);
  devbox_server_command_unref (starting);
}

/* An agent that is killed takes everything with it. */
static void
test_agent_killed (void)
{
  int ready[2];
  pid_t agent;
  char byte;

  g_assert_cmpint (pipe (ready), ==, 0);
  agent = fork ();
  if (agent == 0)
    {
      DevboxLauncher *launcher = test_launcher_new ();
      DevboxServerCommand *command = test_start_shell (launcher, stubborn);

      prctl (PR_SET_PDEATHSIG, SIGKILL); /* should the test fail */
      test_wait_until (has_printed, command, 5000);
      if (write (ready[1], "x", 1) != 1)
        abort ();
      for (;;)
        pause ();
    }

  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  test_wait_until (something_runs, (gpointer) "331.25", 5000);
  kill (agent, SIGKILL);
  g_assert_cmpint (waitpid (agent, NULL, 0), ==, agent);
  test_wait_until (nothing_is_left, (gpointer) "331.25", 5000);
  close (ready[0]);
  close (ready[1]);
}

/* Not even when a fork of it holds its sockets. */
static void
test_agent_killed_after_fork (void)
{
  int ready[2];
  pid_t agent;
  pid_t copy;

  g_assert_cmpint (pipe (ready), ==, 0);
  agent = fork ();
  if (agent == 0)
    {
      DevboxLauncher *launcher = test_launcher_new ();
      DevboxServerCommand *command = test_start_shell (launcher, stubborn);

      prctl (PR_SET_PDEATHSIG, SIGKILL); /* should the test fail */
      test_wait_until (has_printed, command, 5000);
      copy = fork ();
      prctl (PR_SET_PDEATHSIG, copy == 0 ? 0 : SIGKILL);
      if (copy != 0 && write (ready[1], &copy, sizeof copy) != sizeof copy)
        abort ();
      for (;;)
        pause ();
    }

  g_assert_cmpint (read (ready[0], &copy, sizeof copy), ==, sizeof copy);
  test_wait_until (something_runs, (gpointer) "331.25", 5000);
  kill (agent, SIGKILL);
  g_assert_cmpint (waitpid (agent, NULL, 0), ==, agent);
  test_wait_until (nothing_is_left, (gpointer) "331.25", 5000);
  kill (copy, SIGKILL);
  close (ready[0]);
  close (ready[1]);
}

static void
test_no_helper (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_launcher_new ("/nonexistent/devbox-launcher", &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR);
  g_assert_nonnull (strstr (error->message, "/nonexistent/devbox-launcher"));
}

static void
count_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  ++*(guint *) user_data;
}

/* What is no launcher at all ends every command with a reason, and may be tried again. */
static void
test_wrong_helper (void)
{
  g_autoptr (GError) error = NULL;
  guint n_warnings = 0;
  guint handler = g_log_set_handler ("DevboxServer", G_LOG_LEVEL_WARNING, count_warning, &n_warnings);
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  DevboxLauncher *launcher = devbox_launcher_new ("/bin/true", &error);

  g_assert_no_error (error);
  test_wait_until (is_dead, launcher, 5000);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (DevboxServerCommand) command = test_run_shell (launcher, "true");

      g_assert_cmpint (devbox_server_command_get_state (command), ==, DEVBOX_COMMAND_FAILED_TO_START);
      g_assert_error (devbox_server_command_get_error (command), DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR);
    }
  devbox_launcher_unref (launcher);

  g_assert_cmpuint (n_warnings, >=, 3);
  g_log_set_always_fatal (fatal);
  g_log_remove_handler ("DevboxServer", handler);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_timeout_add (10, wake, NULL); /* conditions that no event tells of */

  g_test_add_func ("/launcher-faults/helper-killed", test_helper_killed);
  g_test_add_func ("/launcher-faults/helper-killed/unheard", test_helper_killed_unheard);
  g_test_add_func ("/launcher-faults/helper-killed/on-the-way", test_helper_killed_on_the_way);
  g_test_add_func ("/launcher-faults/supervisor-killed", test_supervisor_killed);
  g_test_add_func ("/launcher-faults/supervisor-stopped", test_supervisor_stopped);
  g_test_add_func ("/launcher-faults/helper-signals", test_helper_signals);
  g_test_add_func ("/launcher-faults/unref-in-callback", test_unref_in_callback);
  g_test_add_func ("/launcher-faults/unref-with-commands", test_unref_with_commands);
  g_test_add_func ("/launcher-faults/agent-killed", test_agent_killed);
  g_test_add_func ("/launcher-faults/agent-killed/after-fork", test_agent_killed_after_fork);
  g_test_add_func ("/launcher-faults/no-helper", test_no_helper);
  g_test_add_func ("/launcher-faults/wrong-helper", test_wrong_helper);

  return g_test_run ();
}
