/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands and processes: how they are run, waited for and ended, and what their logs tell. */
#include "calls.h"

#include <signal.h>
#include <string.h>

static void
check_command_result (DevboxCommandResult *result, int exit_code, const char *out, const char *err)
{
  const int pid = devbox_command_result_get_pid (result);
  const guint64 duration = devbox_command_result_get_duration (result);
  g_autoptr (GBytes) out_bytes = calls_make_bytes (out);
  g_autoptr (GBytes) err_bytes = calls_make_bytes (err);

  calls_assert_properties (result, "exit-code", exit_code, "successful", exit_code == 0, "stdout", out_bytes, "stderr",
                           err_bytes, "stdout-text", out, "stderr-text", err, "duration", duration, "pid", pid,
                           "truncated", FALSE, NULL);
  g_assert_cmpint (devbox_command_result_get_exit_code (result), ==, exit_code);
  g_assert_true (devbox_command_result_get_successful (result) == (exit_code == 0));
  g_assert_true (g_bytes_equal (devbox_command_result_get_stdout (result), out_bytes));
  g_assert_true (g_bytes_equal (devbox_command_result_get_stderr (result), err_bytes));
  g_assert_cmpstr (devbox_command_result_get_stdout_text (result), ==, out);
  g_assert_cmpstr (devbox_command_result_get_stderr_text (result), ==, err);
  g_assert_cmpuint (duration, <, 60 * 1000);
  g_assert_cmpint (pid, >, 0);
  g_assert_false (devbox_command_result_get_truncated (result));
}

static void
check_command (DevboxCommand *command, const char *const *argv, const char *const *environment)
{
  calls_assert_properties (command, "argv", argv, "shell-line", NULL, "cwd", "/", "environ", environment, "timeout",
                           5000, NULL);
  g_assert_cmpstrv (devbox_command_get_argv (command), argv);
  g_assert_null (devbox_command_get_shell_line (command));
  g_assert_cmpstr (devbox_command_get_cwd (command), ==, "/");
  g_assert_cmpstrv (devbox_command_get_environ (command), environment);
  g_assert_cmpstr (devbox_command_getenv (command, "KEPT"), ==, "as it is");
  g_assert_null (devbox_command_getenv (command, "GONE"));
  g_assert_cmpuint (devbox_command_get_timeout (command), ==, 5000);
}

static void
test_run (Calls *self)
{
  static const char *const argv[] = { "sh", "-c", "echo \"$KEPT, $1\"; echo bad >&2; exit 3", "sh", "a  b", NULL };
  static const char *const environment[] = { "KEPT=as it is", NULL };
  g_autoptr (DevboxCommand) command = devbox_command_new (argv);
  g_autoptr (DevboxCommand) shell = calls_make_shell ("printf '%s' \"$PWD\"");
  g_autoptr (DevboxCommandResult) failed = NULL;
  g_autoptr (DevboxCommandResult) done = NULL;

  devbox_command_setenv (command, "KEPT", "as it is", TRUE);
  devbox_command_setenv (command, "KEPT", "changed", FALSE);
  devbox_command_setenv (command, "GONE", "soon", TRUE);
  devbox_command_unsetenv (command, "GONE");
  devbox_command_set_cwd (command, "/");
  devbox_command_set_timeout (command, 5000);
  check_command (command, argv, environment);
  devbox_command_set_cwd (command, NULL);
  failed = CALL (devbox_instance_run, self->box, command, NULL);
  check_command_result (failed, 3, "as it is, a  b\n", "bad\n");

  g_assert_cmpstr (devbox_command_get_shell_line (shell), ==, "printf '%s' \"$PWD\"");
  done = CALL (devbox_client_run, self->client, CALLS_BOX, shell, NULL);
  g_assert_true (g_path_is_absolute (devbox_command_result_get_stdout_text (done)));
  check_command_result (done, 0, devbox_command_result_get_stdout_text (done), "");
}

static void
check_entry (DevboxLogEntry *entry, DevboxLogLevel level, const char *text, gint64 sequence)
{
  g_autoptr (GBytes) bytes = calls_make_bytes (text);
  GDateTime *time = devbox_log_entry_get_time (entry);

  calls_assert_properties (entry, "level", level, "text", text, "bytes", bytes, "time", time, "sequence", sequence,
                           "n-missed", G_GUINT64_CONSTANT (0), NULL);
  g_assert_cmpint (devbox_log_entry_get_level (entry), ==, level);
  g_assert_cmpstr (devbox_log_entry_get_text (entry), ==, text);
  g_assert_true (g_bytes_equal (devbox_log_entry_get_bytes (entry), bytes));
  g_assert_cmpint (devbox_log_entry_get_sequence (entry), ==, sequence);
  g_assert_cmpuint (devbox_log_entry_get_n_missed (entry), ==, 0);
}

static void
check_next (DevboxLogReader *reader, DevboxLogLevel level, const char *text, gint64 sequence)
{
  g_autoptr (DevboxLogEntry) entry = CALL (devbox_log_reader_next_entry, reader, NULL);

  g_assert_nonnull (entry);
  check_entry (entry, level, text, sequence);
}

static void
test_run_streamed (Calls *self)
{
  g_autoptr (DevboxCommand) command = calls_make_shell ("echo out; sleep 0.05; echo err >&2; exit 4");
  g_autoptr (DevboxLogReader) reader = CALL (devbox_instance_run_streamed, self->box, command, NULL);
  DevboxCommandResult *result;

  calls_assert_properties (reader, "result", NULL, "n-missed", G_GUINT64_CONSTANT (0), "closed", FALSE, NULL);
  check_next (reader, DEVBOX_LOG_LEVEL_STDOUT, "out\n", 1);
  g_assert_null (devbox_log_reader_get_result (reader));
  check_next (reader, DEVBOX_LOG_LEVEL_STDERR, "err\n", 2);
  g_assert_null (CALL (devbox_log_reader_next_entry, reader, NULL));

  result = devbox_log_reader_get_result (reader);
  calls_assert_properties (reader, "result", result, "n-missed", G_GUINT64_CONSTANT (0), "closed", FALSE, NULL);
  g_assert_cmpint (devbox_command_result_get_exit_code (result), ==, 4);
  g_assert_cmpuint (devbox_command_result_get_duration (result), >=, 50);
  devbox_log_reader_close (reader);
  g_assert_true (devbox_log_reader_is_closed (reader));
}

static DevboxProcess *
spawn (Calls *self, const char *line)
{
  g_autoptr (DevboxCommand) command = calls_make_shell (line);

  return CALL (devbox_instance_spawn, self->box, command, NULL);
}

static void
assert_process_properties (DevboxProcess *process)
{
  g_autoptr (GDateTime) start = devbox_process_get_start_time (process);
  g_autoptr (GDateTime) end = devbox_process_get_end_time (process);
  g_autoptr (GBytes) out = devbox_process_get_stdout (process);
  g_autoptr (GBytes) err = devbox_process_get_stderr (process);

  calls_assert_properties (process, "identifier", devbox_process_get_identifier (process), "pid",
                           devbox_process_get_pid (process), "command", devbox_process_get_command (process), "status",
                           devbox_process_get_status (process), "status-text", devbox_process_get_status_text (process),
                           "exit-status", devbox_process_get_exit_status (process), "term-sig",
                           devbox_process_get_term_sig (process), "start-time", start, "end-time", end, "running-time",
                           devbox_process_get_running_time (process), "cpu", devbox_process_get_cpu (process), "memory",
                           devbox_process_get_memory (process), "stdout", out, "stderr", err, "truncated",
                           devbox_process_get_truncated (process), NULL);
  g_assert_cmpuint (strlen (devbox_process_get_identifier (process)), ==, 8);
  g_assert_cmpint (devbox_process_get_pid (process), >, 0);
}

/* A process of which the agent was asked. */
static void
assert_started (DevboxProcess *process)
{
  g_autoptr (GDateTime) start = devbox_process_get_start_time (process);

  assert_process_properties (process);
  calls_assert_recent (start);
}

static void
assert_output (DevboxProcess *process, const char *out, const char *err)
{
  calls_assert_text (devbox_process_get_stdout (process), out);
  calls_assert_text (devbox_process_get_stderr (process), err);
  g_assert_false (devbox_process_get_truncated (process));
}

static void
test_process (Calls *self)
{
  static const char *const line = "echo out; echo err >&2; read end <pipe; exit $end";
  g_autofree char *nothing = calls_say (self, "rm -f pipe; mkfifo pipe");
  g_autoptr (DevboxProcess) process = spawn (self, line);
  g_autoptr (DevboxProcess) by_instance = NULL;
  g_autoptr (DevboxProcess) by_name = NULL;
  g_autoptr (GListModel) processes = NULL;
  g_autoptr (DevboxProcess) listed = NULL;
  const char *id = devbox_process_get_identifier (process);
  const int pid = devbox_process_get_pid (process);

  g_assert_cmpstr (nothing, ==, "");
  assert_process_properties (process);
  g_assert_cmpstr (devbox_process_get_command (process), ==, line);
  g_assert_cmpint (devbox_process_get_status (process), ==, DEVBOX_PROCESS_STATUS_RUNNING);
  g_assert_cmpstr (devbox_process_get_status_text (process), ==, "running");
  g_assert_cmpint (devbox_process_get_exit_status (process), ==, -1);
  g_assert_false (devbox_process_get_if_exited (process));

  by_instance = CALL (devbox_instance_get_process_status, self->box, pid, NULL);
  g_assert_cmpstr (devbox_process_get_identifier (by_instance), ==, id);
  assert_started (by_instance);
  by_name = CALL (devbox_client_get_process_status, self->client, CALLS_BOX, pid, NULL);
  g_assert_cmpstr (devbox_process_get_identifier (by_name), ==, id);
  g_assert_cmpuint (devbox_process_get_memory (by_name), >, 0);
  processes = CALL (devbox_instance_list_processes, self->box, NULL);
  g_assert_true (g_list_model_get_item_type (processes) == DEVBOX_TYPE_PROCESS);
  listed = g_object_ref (calls_find_item (processes, "identifier", id));
  g_assert_cmpint (devbox_process_get_pid (listed), ==, pid);
  assert_started (listed);

  g_free (calls_say (self, "echo 7 >pipe; rm pipe"));
  g_assert_true (CALL (devbox_process_wait, process, NULL));
  g_assert_true (devbox_process_get_if_exited (process));
  g_assert_cmpint (devbox_process_get_exit_status (process), ==, 7);
  g_assert_false (devbox_process_get_successful (process));
  g_assert_true (CALL (devbox_process_refresh, by_instance, NULL));
  assert_started (by_instance);
  assert_output (by_instance, "out\n", "err\n");
  g_assert_cmpint (devbox_process_get_status (by_instance), ==, DEVBOX_PROCESS_STATUS_FAILED);
}

static void
test_wait_check (Calls *self)
{
  g_autoptr (DevboxProcess) good = spawn (self, "sleep 0.02");
  g_autoptr (DevboxProcess) bad = spawn (self, "sleep 0.02; exit 5");
  g_autoptr (GError) error = NULL;

  g_assert_true (CALL (devbox_process_wait_check, good, NULL));
  g_assert_true (devbox_process_get_successful (good));
  g_assert_cmpint (devbox_process_get_exit_status (good), ==, 0);
  g_assert_false (TRY_CALL (&error, devbox_process_wait_check, bad, NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_DEVBOX_OPERATION_FAILED);
  g_assert_cmpint (devbox_process_get_exit_status (bad), ==, 5);
}

static void
test_signals (Calls *self)
{
  g_autoptr (DevboxProcess) process
      = spawn (self, "exec 2>/dev/null; trap 'echo caught' USR1; echo ready; while :; do sleep 0.01; done");
  g_autoptr (DevboxLogReader) reader = CALL (devbox_process_open_log, process, 0, NULL);
  g_autoptr (GListModel) entries = NULL;

  check_next (reader, DEVBOX_LOG_LEVEL_STDOUT, "ready\n", 1);
  g_assert_true (CALL (devbox_process_send_signal, process, SIGUSR1, NULL));
  check_next (reader, DEVBOX_LOG_LEVEL_STDOUT, "caught\n", 2);

  g_assert_true (CALL (devbox_process_force_exit, process, NULL));
  g_assert_true (CALL (devbox_process_wait, process, NULL));
  g_assert_cmpint (devbox_process_get_status (process), ==, DEVBOX_PROCESS_STATUS_KILLED);
  g_assert_true (devbox_process_get_if_signaled (process));
  g_assert_cmpint (devbox_process_get_term_sig (process), ==, SIGKILL);
  g_assert_cmpint (devbox_process_get_exit_status (process), ==, 128 + SIGKILL);
  assert_process_properties (process);
  g_assert_null (CALL (devbox_log_reader_next_entry, reader, NULL));
  g_assert_cmpuint (devbox_log_reader_get_n_missed (reader), ==, 0);
  g_assert_false (devbox_log_reader_is_closed (reader));

  entries = CALL (devbox_process_load_log, process, 1, NULL);
  g_assert_true (g_list_model_get_item_type (entries) == DEVBOX_TYPE_LOG_ENTRY);
  g_assert_cmpuint (g_list_model_get_n_items (entries), ==, 1);
  /* Only a log that is followed tells how many entries there were. */
  check_entry (calls_peek_item (entries, 0), DEVBOX_LOG_LEVEL_STDOUT, "caught\n", -1);
}

static void
test_listening (Calls *self)
{
  g_autoptr (DevboxProcess) process = spawn (self, "exec /usr/bin/python3 -uc 'import socket, time\n"
                                                   "server = socket.create_server ((\"0.0.0.0\", 0))\n"
                                                   "print (server.getsockname ()[1])\n"
                                                   "time.sleep (60)'");
  g_autoptr (DevboxLogReader) reader = CALL (devbox_process_open_log, process, 0, NULL);
  g_autoptr (DevboxLogEntry) entry = CALL (devbox_log_reader_next_entry, reader, NULL);
  g_autoptr (GListModel) ports = CALL (devbox_instance_list_listening_ports, self->box, NULL);
  const guint number = (guint) g_ascii_strtoull (devbox_log_entry_get_text (entry), NULL, 10);
  gboolean is_found = FALSE;

  g_assert_true (g_list_model_get_item_type (ports) == DEVBOX_TYPE_PORT);
  for (guint i = 0; i < g_list_model_get_n_items (ports); i++)
    is_found = is_found || devbox_port_get_number (calls_peek_item (ports, i)) == number;
  g_assert_true (is_found);
  g_assert_true (CALL (devbox_process_force_exit, process, NULL));
}

const CallsCase calls_process_cases[] = {
  { "processes/run", test_run },
  { "processes/run-streamed", test_run_streamed },
  { "processes/process", test_process },
  { "processes/wait-check", test_wait_check },
  { "processes/signals", test_signals },
  { "processes/listening", test_listening },
  { NULL },
};
