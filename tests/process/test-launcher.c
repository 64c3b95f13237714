/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-error-private.h"
#include "process-test-util.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static DevboxLauncher *launcher;

#define assert_exited(command, code)                                                                                   \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_assert_cmpint (devbox_server_command_get_state (command), ==, DEVBOX_COMMAND_EXITED);                            \
    g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, (code));                                       \
    g_assert_cmpint (devbox_server_command_get_term_signal (command), ==, 0);                                          \
    g_assert_null (devbox_server_command_get_error (command));                                                         \
  }                                                                                                                    \
  G_STMT_END

#define assert_stdout(command, text) test_assert_output ((command), DEVBOX_OUTPUT_STDOUT, (text))

static void
assert_stdout_bytes (DevboxServerCommand *command, const char *expected, gsize size)
{
  g_autoptr (GString) output = test_dup_output (command, DEVBOX_OUTPUT_STDOUT);

  g_assert_cmpmem (output->str, output->len, expected, size);
}

static void
test_output (void)
{
  g_autoptr (DevboxServerCommand) command = test_run_shell (launcher, "echo out; echo err >&2; exit 7");

  assert_exited (command, 7);
  assert_stdout (command, "out\n");
  test_assert_output (command, DEVBOX_OUTPUT_STDERR, "err\n");
  g_assert_false (test_is_truncated (command, DEVBOX_OUTPUT_STDOUT));
  g_assert_false (devbox_server_command_get_timed_out (command));
  g_assert_cmpint (devbox_server_command_get_pid (command), >, 1);
  g_assert_cmpint (devbox_server_command_get_duration (command), >, 0);
  g_assert_cmpint (ABS (devbox_server_command_get_start_time (command) - g_get_real_time ()), <, 60 * G_USEC_PER_SEC);
}

static void
test_argv_exact (void)
{
  const char *const argv[]
      = { "/usr/bin/printf", "<%s>", "; touch x", "$HOME", "a b", "", "'\"\\", "\xff\xfe", "*", NULL };
  g_autoptr (DevboxServerCommand) command = test_run (launcher, &(DevboxCommandSpec){ .argv = argv });

  assert_exited (command, 0);
  assert_stdout (command, "<; touch x><$HOME><a b><><'\"\\><\xff\xfe><*>");
}

static void
test_large_argv (void)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *piece = g_strnfill (100 * 1024, 'x');
  g_autofree char *expected = NULL;
  g_autoptr (DevboxServerCommand) command = NULL;

  g_ptr_array_add (argv, (char *) "/bin/sh");
  g_ptr_array_add (argv, (char *) "-c");
  g_ptr_array_add (argv, (char *) "printf '%s' \"$*\" | wc -c");
  g_ptr_array_add (argv, (char *) "sh");
  for (guint i = 0; i < 17; i++)
    g_ptr_array_add (argv, piece);
  g_ptr_array_add (argv, NULL);

  command = test_run (launcher, &(DevboxCommandSpec){ .argv = (const char *const *) argv->pdata });
  expected = g_strdup_printf ("%d\n", 17 * 100 * 1024 + 16);
  assert_exited (command, 0);
  assert_stdout (command, expected);
}

static void
test_too_large_argv (void)
{
  g_autofree char *huge = g_strnfill (4 * 1024 * 1024, 'x');
  const char *const argv[] = { "/bin/true", huge, NULL };
  g_autoptr (DevboxServerCommand) command = test_run (launcher, &(DevboxCommandSpec){ .argv = argv });

  g_assert_cmpint (devbox_server_command_get_state (command), ==, DEVBOX_COMMAND_FAILED_TO_START);
  g_assert_error (devbox_server_command_get_error (command), DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
}

static void
write_program (const char *folder, const char *name, const char *text, int mode)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* PATH is the command's own, relative elements count from its folder, and a file without execute permission is passed
 * over. */
static void
test_path_lookup (void)
{
  g_autofree char *first = g_dir_make_tmp ("devbox-path-XXXXXX", NULL);
  g_autofree char *second = g_dir_make_tmp ("devbox-path-XXXXXX", NULL);
  g_autofree char *variable = g_strdup_printf ("PATH=/nonexistent:%s:.", first);
  const char *const argv[] = { "devbox-test-tool", NULL };
  const char *const envp[] = { variable, NULL };
  g_autoptr (DevboxServerCommand) command = NULL;
  g_autoptr (DevboxServerCommand) denied = NULL;
  g_autoptr (DevboxServerCommand) without = NULL;

  write_program (first, "devbox-test-tool", "#!/bin/sh\necho first\n", 0644);
  write_program (second, "devbox-test-tool", "#!/bin/sh\necho second\n", 0755);

  command = test_run (launcher, &(DevboxCommandSpec){ .argv = argv, .envp = envp, .cwd = second });
  assert_exited (command, 0);
  assert_stdout (command, "second\n");

  denied = test_run (launcher, &(DevboxCommandSpec){ .argv = argv, .envp = envp, .cwd = "/" });
  g_assert_cmpint (devbox_server_command_get_state (denied), ==, DEVBOX_COMMAND_FAILED_TO_START);
  g_assert_nonnull (strstr (devbox_server_command_get_error (denied)->message, g_strerror (EACCES)));

  without = test_run (launcher, &(DevboxCommandSpec){ .argv = (const char *const[]){ "true", NULL },
                                                      .envp = (const char *const[]){ NULL } });
  assert_exited (without, 0);

  remove_folder (first);
  remove_folder (second);
}

static void
assert_cannot_start (const char *program, const char *cwd, int cwd_fd, int expected_errno, const char *named)
{
  const char *const argv[] = { program, NULL };
  g_autoptr (DevboxServerCommand) command
      = test_run (launcher, &(DevboxCommandSpec){ .argv = argv, .cwd = cwd, .cwd_fd = cwd_fd });
  const GError *error = devbox_server_command_get_error (command);

  g_assert_cmpint (devbox_server_command_get_state (command), ==, DEVBOX_COMMAND_FAILED_TO_START);
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_nonnull (strstr (error->message, g_strerror (expected_errno)));
  g_assert_nonnull (strstr (error->message, named));
  g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, -1);
  g_assert_cmpint (devbox_server_command_get_pid (command), ==, 0);
}

static void
test_cannot_start (void)
{
  g_autofree char *folder = g_dir_make_tmp ("devbox-exec-XXXXXX", NULL);
  g_autofree char *plain = g_build_filename (folder, "plain", NULL);
  g_autofree char *garbage = g_build_filename (folder, "garbage", NULL);
  int file;

  write_program (folder, "plain", "#!/bin/sh\n", 0644);
  write_program (folder, "garbage", "\x01\x02no format", 0755);

  assert_cannot_start ("/nonexistent/tool", NULL, -1, ENOENT, "/nonexistent/tool");
  assert_cannot_start ("devbox-no-such-tool", NULL, -1, ENOENT, "devbox-no-such-tool");
  assert_cannot_start ("", NULL, -1, ENOENT, "");
  assert_cannot_start (plain, NULL, -1, EACCES, plain);
  assert_cannot_start (folder, NULL, -1, EACCES, folder);
  assert_cannot_start (garbage, NULL, -1, ENOEXEC, garbage);
  assert_cannot_start ("/bin/true", "/nonexistent/folder", -1, ENOENT, "/nonexistent/folder");
  assert_cannot_start ("/bin/true", plain, -1, ENOTDIR, plain);

  file = open (plain, O_PATH | O_CLOEXEC);
  assert_cannot_start ("/bin/true", NULL, file, ENOTDIR, "/bin/true");
  close (file);
  remove_folder (folder);
}

static void
test_folder (void)
{
  g_autofree char *folder = g_dir_make_tmp ("devbox-cwd-XXXXXX", NULL);
  g_autofree char *expected = g_strdup_printf ("%s\n", folder);
  const char *const argv[] = { "/bin/pwd", NULL };
  int fd = open (folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (DevboxServerCommand) by_path
      = test_run (launcher, &(DevboxCommandSpec){ .argv = argv, .cwd = folder, .cwd_fd = -1 });
  g_autoptr (DevboxServerCommand) by_fd
      = test_start (launcher, &(DevboxCommandSpec){ .argv = argv, .cwd = "/", .cwd_fd = fd });

  close (fd); /* its own copy is used */
  test_wait_done (by_fd);
  assert_stdout (by_path, expected);
  assert_stdout (by_fd, expected);
  remove_folder (folder);
}

static guint64
read_signals (const char *status, const char *name)
{
  const char *line = strstr (status, name);

  g_assert_nonnull (line);

  return g_ascii_strtoull (line + strlen (name), NULL, 16);
}

static void
test_signals (void)
{
  g_autoptr (DevboxServerCommand) pipe = test_run_shell (launcher, "kill -PIPE $$; sleep 5");
  g_autoptr (DevboxServerCommand) term = test_run_shell (launcher, "kill -TERM $$; sleep 5");
  g_autoptr (DevboxServerCommand) state = test_run_shell (launcher, "cat /proc/self/status");
  g_autoptr (GString) status = test_dup_output (state, DEVBOX_OUTPUT_STDOUT);
  guint64 ignored = read_signals (status->str, "SigIgn:\t");

  g_assert_cmpint (devbox_server_command_get_state (pipe), ==, DEVBOX_COMMAND_SIGNALED);
  g_assert_cmpint (devbox_server_command_get_exit_code (pipe), ==, 141);
  g_assert_cmpint (devbox_server_command_get_term_signal (pipe), ==, SIGPIPE);
  g_assert_cmpint (devbox_server_command_get_exit_code (term), ==, 143);
  g_assert_null (devbox_server_command_get_error (term));

  /* posix_spawn () leaves the C library's own two, 32 and 33, ignored. */
  g_assert_cmphex (ignored & ~(G_GUINT64_CONSTANT (3) << 31), ==, 0);
  g_assert_cmphex (read_signals (status->str, "SigBlk:\t"), ==, 0);
  g_assert_cmphex (read_signals (status->str, "SigPnd:\t"), ==, 0);
}

static void
test_process_state (void)
{
  g_autoptr (DevboxServerCommand) descriptors
      = test_run (launcher, &(DevboxCommandSpec){ .argv = (const char *const[]){ "ls", "/proc/self/fd", NULL } });
  g_autoptr (DevboxServerCommand) session = test_run_shell (launcher, "cut -d' ' -f 6 /proc/$$/stat; echo $$");
  g_autoptr (DevboxServerCommand) files = NULL;
  g_autoptr (GString) output = test_dup_output (session, DEVBOX_OUTPUT_STDOUT);
  g_auto (GStrv) numbers = g_strsplit (output->str, "\n", 3);

  assert_stdout (descriptors, "0\n1\n2\n3\n"); /* the last one is ls's own */
  g_assert_cmpstr (numbers[0], ==, numbers[1]);

  devbox_launcher_set_open_files_limit (launcher, 123);
  files = test_run_shell (launcher, "ulimit -Sn");
  devbox_launcher_set_open_files_limit (launcher, 0);
  assert_stdout (files, "123\n");
}

static void
test_environment (void)
{
  g_autoptr (DevboxServerCommand) inherited = NULL;
  g_autoptr (DevboxServerCommand) given = NULL;
  g_auto (GStrv) before = g_strdupv ((char **) devbox_launcher_get_base_environment (launcher));
  g_auto (GStrv) changed = g_strdupv (before);

  changed = g_environ_setenv (changed, "TOKEN", "secret-marker", TRUE);
  changed = g_environ_setenv (changed, "DEVBOX_JWT_SECRET", "secret-marker", TRUE);
  changed = g_environ_setenv (changed, "NOTIFY_SOCKET", "secret-marker", TRUE);
  changed = g_environ_setenv (changed, "DBUS_SESSION_BUS_ADDRESS", "unix:path=/original", TRUE);
  devbox_launcher_set_base_environment (launcher, (const char *const *) changed);
  inherited = test_run_shell (launcher, "env");
  devbox_launcher_set_base_environment (launcher, (const char *const *) before);

  g_assert_false (test_output_contains (inherited, DEVBOX_OUTPUT_STDOUT, "secret-marker"));
  g_assert_false (test_output_contains (inherited, DEVBOX_OUTPUT_STDOUT, "DEVBOX_LAUNCHER="));
  g_assert_true (
      test_output_contains (inherited, DEVBOX_OUTPUT_STDOUT, "DBUS_SESSION_BUS_ADDRESS=unix:path=/original\n"));

  given = test_run (launcher, &(DevboxCommandSpec){ .argv = (const char *const[]){ "/usr/bin/env", NULL },
                                                    .envp = (const char *const[]){ "A=1", "B=x y", NULL } });
  assert_stdout (given, "A=1\nB=x y\n");
}

static void
test_input (void)
{
  const char *const cat[] = { "cat", NULL };
  g_autoptr (GBytes) text = g_bytes_new_static ("a\0b\xff", 4);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_autofree char *large = g_strnfill (3 * 1024 * 1024, 'y');
  g_autoptr (GBytes) large_bytes = g_bytes_new_static (large, 3 * 1024 * 1024);
  g_autoptr (DevboxServerCommand) small = test_run (launcher, &(DevboxCommandSpec){ .argv = cat, .input = text });
  g_autoptr (DevboxServerCommand) empty = test_run (launcher, &(DevboxCommandSpec){ .argv = cat, .input = nothing });
  g_autoptr (DevboxServerCommand) none = test_run_shell (launcher, "readlink /proc/self/fd/0; cat");
  g_autoptr (DevboxServerCommand) whole
      = test_run (launcher, &(DevboxCommandSpec){ .argv = cat, .input = large_bytes, .output_limit = 4 * 1024 * 1024 });

  assert_stdout_bytes (small, "a\0b\xff", 4);
  assert_exited (empty, 0);
  assert_stdout (none, "/dev/null\n");
  assert_stdout_bytes (whole, large, 3 * 1024 * 1024);
}

static void
test_input_unread (void)
{
  gsize size = 100 * 1024 * 1024;
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (size), size);
  g_autoptr (DevboxServerCommand) command
      = test_run (launcher, &(DevboxCommandSpec){ .argv = (const char *const[]){ "true", NULL }, .input = bytes });
  g_autoptr (DevboxServerCommand) part = test_run (
      launcher, &(DevboxCommandSpec){ .argv = (const char *const[]){ "head", "-c", "100000", NULL }, .input = bytes });

  assert_exited (command, 0);
  assert_exited (part, 0);
  g_assert_cmpuint (test_get_output_length (part, DEVBOX_OUTPUT_STDOUT), ==, 100000);
}

static void
test_flood (void)
{
  gsize before = test_get_resident (getpid ());
  const char *const argv[] = { "/bin/sh", "-c", "yes | head -c 300000000; yes error | head -c 2000000 >&2", NULL };
  g_autoptr (DevboxServerCommand) command
      = test_run (launcher, &(DevboxCommandSpec){ .argv = argv, .output_limit = 1000001 });

  assert_exited (command, 0);
  g_assert_cmpuint (test_get_output_length (command, DEVBOX_OUTPUT_STDOUT), ==, 1000001);
  g_assert_true (test_is_truncated (command, DEVBOX_OUTPUT_STDOUT));
  g_assert_true (test_is_truncated (command, DEVBOX_OUTPUT_STDERR));
  g_assert_cmpuint (test_get_resident (getpid ()), <, before + 16 * 1024);

  devbox_output_log_discard (devbox_server_command_get_log (command));
  g_assert_cmpuint (test_get_output_length (command, DEVBOX_OUTPUT_STDOUT), ==, 0);
  g_assert_true (test_is_truncated (command, DEVBOX_OUTPUT_STDOUT));
}

static void
test_output_exactly_at_limit (void)
{
  const char *const argv[] = { "printf", "12345", NULL };
  g_autoptr (DevboxServerCommand) command
      = test_run (launcher, &(DevboxCommandSpec){ .argv = argv, .output_limit = 5 });

  assert_stdout (command, "12345");
  g_assert_false (test_is_truncated (command, DEVBOX_OUTPUT_STDOUT));
}

static void
test_not_utf8 (void)
{
  g_autoptr (DevboxServerCommand) command = test_run_shell (launcher, "printf 'a\\377\\000\\200b'");

  assert_stdout_bytes (command,
                       "a\xff\0\x80"
                       "b",
                       5);
}

static void
test_time_out (void)
{
  const char *const argv[]
      = { "/bin/sh", "-c", "trap '' TERM; echo partial; (setsid sleep 321.25 &) ; sleep 321.25", NULL };
  gint64 before = g_get_monotonic_time ();
  g_autoptr (DevboxServerCommand) command
      = test_run (launcher, &(DevboxCommandSpec){ .argv = argv, .timeout_ms = 300 });

  g_assert_true (devbox_server_command_get_timed_out (command));
  g_assert_cmpint (devbox_server_command_get_state (command), ==, DEVBOX_COMMAND_SIGNALED);
  g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, 137);
  g_assert_cmpint (devbox_server_command_get_duration (command), >=, 300 * 1000);
  g_assert_cmpint (g_get_monotonic_time () - before, <, 2 * G_USEC_PER_SEC);
  assert_stdout (command, "partial\n");
  g_assert_cmpuint (test_count_processes ("321.25"), ==, 0);
}

/* The time runs where nobody is busy. */
static void
test_time_out_while_busy (void)
{
  const char *const argv[] = { "sleep", "10", NULL };
  g_autoptr (DevboxServerCommand) command
      = test_start (launcher, &(DevboxCommandSpec){ .argv = argv, .timeout_ms = 200 });

  g_usleep (600 * 1000);
  test_wait_done (command);
  g_assert_true (devbox_server_command_get_timed_out (command));
  g_assert_cmpint (devbox_server_command_get_duration (command), >=, 200 * 1000);
  g_assert_cmpint (devbox_server_command_get_duration (command), <, 500 * 1000);
}

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

static void
test_kill (void)
{
  g_autoptr (DevboxServerCommand) command = test_start_shell (
      launcher, "trap '' TERM; (setsid sh -c 'trap \"\" TERM; echo ready; sleep 322.25' &) ; sleep 322.25");

  test_wait_until (has_printed, command, 5000);
  devbox_server_command_kill (command);
  test_wait_done (command);
  g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, 137);
  g_assert_false (devbox_server_command_get_timed_out (command));
  g_assert_null (devbox_server_command_get_error (command));
  g_assert_cmpuint (test_count_processes ("322.25"), ==, 0);
  devbox_server_command_kill (command);
}

static void
test_kill_at_once (void)
{
  g_autoptr (DevboxServerCommand) command = test_start_shell (launcher, "sleep 323.25");

  devbox_server_command_kill (command);
  test_wait_done (command);
  g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, 137);
  g_assert_cmpuint (test_count_processes ("323.25"), ==, 0);
}

/* A signal reaches the command and what left its session. */
static void
test_send_signal (void)
{
  g_autoptr (DevboxServerCommand) command = test_start_shell (
      launcher, "setsid sh -c 'trap \"echo child; exit\" USR1; echo ready; while :; do sleep 0.01; done' & "
                "trap 'echo parent; wait; exit 3' USR1; while :; do sleep 0.01; done");

  test_wait_until (has_printed, command, 5000);
  devbox_server_command_send_signal (command, SIGUSR1);
  test_wait_done (command);
  assert_exited (command, 3);
  g_assert_true (test_output_contains (command, DEVBOX_OUTPUT_STDOUT, "child\n"));
  g_assert_true (test_output_contains (command, DEVBOX_OUTPUT_STDOUT, "parent\n"));
}

static void
test_usage (void)
{
  g_autoptr (DevboxServerCommand) command
      = test_run_shell (launcher, "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done");
  gint64 user_time, system_time, max_resident;

  devbox_server_command_get_usage (command, &user_time, &system_time, &max_resident);
  g_assert_cmpint (user_time + system_time, >, 1000);
  g_assert_cmpint (max_resident, >, 100);
}

static gboolean
nothing_is_left (gpointer data)
{
  return devbox_launcher_get_n_commands (data) == 0;
}

/* A background process that holds no pipe neither delays the end nor is ended by it; nor does one that holds the pipes,
 * beyond a moment, and it may go on writing. */
static void
test_background (void)
{
  g_autoptr (DevboxLauncher) own = test_launcher_new ();
  g_autofree char *folder = g_dir_make_tmp ("devbox-background-XXXXXX", NULL);
  g_autofree char *script = g_strdup_printf (
      "(setsid sh -c 'sleep 0.5; yes | head -c 200000; touch %s/survived; sleep 324.25' &); echo started", folder);
  g_autofree char *survived = g_build_filename (folder, "survived", NULL);
  g_autoptr (DevboxServerCommand) quiet
      = test_run_shell (own, "setsid sleep 324.25 >/dev/null 2>&1 </dev/null & echo started");
  DevboxServerCommand *loud = NULL;

  assert_exited (quiet, 0);
  assert_stdout (quiet, "started\n");
  g_assert_cmpint (devbox_server_command_get_duration (quiet), <, G_USEC_PER_SEC);

  loud = test_run_shell (own, script);
  assert_exited (loud, 0);
  assert_stdout (loud, "started\n");
  devbox_server_command_unref (loud);
  g_assert_cmpuint (devbox_launcher_get_n_commands (own), ==, 2);

  for (guint i = 0; i < 500 && !g_file_test (survived, G_FILE_TEST_EXISTS); i++)
    {
      g_usleep (10 * 1000);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  g_assert_true (g_file_test (survived, G_FILE_TEST_EXISTS));
  while (test_count_processes ("324.25") < 2) /* between fork and exec */
    g_usleep (1000);

  /* A kill after the end reaches what went on. */
  devbox_server_command_kill (quiet);
  g_clear_pointer (&own, devbox_launcher_unref);
  g_assert_cmpuint (test_count_processes ("324.25"), ==, 0);
  remove_folder (folder);
}

static void
test_background_ends (void)
{
  g_autoptr (DevboxServerCommand) command = test_run_shell (launcher, "sleep 0.2 >/dev/null 2>&1 &");

  assert_exited (command, 0);
  g_assert_cmpuint (devbox_launcher_get_n_commands (launcher), ==, 1);
  test_wait_until (nothing_is_left, launcher, 5000);
}

/* What tells of the start comes late where the processors are busy; that it started is not later for it. */
static void
test_duration_while_busy (void)
{
  const char *const argv[] = { "sleep", "0.02", NULL };
  DevboxServerCommand *commands[64];

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    commands[i] = test_start (launcher, &(DevboxCommandSpec){ .argv = argv });
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      test_wait_done (commands[i]);
      assert_exited (commands[i], 0);
      g_assert_cmpint (devbox_server_command_get_duration (commands[i]), >=, 20 * 1000);
      devbox_server_command_unref (commands[i]);
    }
}

static void
test_many_at_once (void)
{
  g_autoptr (GPtrArray) commands = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_server_command_unref);

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *script = g_strdup_printf ("echo %u; exit %u", i, i);

      g_ptr_array_add (commands, test_start_shell (launcher, script));
    }

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *expected = g_strdup_printf ("%u\n", i);

      test_wait_done (commands->pdata[i]);
      assert_exited (commands->pdata[i], (int) i);
      assert_stdout (commands->pdata[i], expected);
    }
}

static void
test_growth (void)
{
  const char *const argv[] = { "true", NULL };
  GPid helper = devbox_launcher_get_helper_pid (launcher);
  const guint n_runs = g_test_slow () ? 10000 : 1000;
  gsize resident = 0;
  guint descriptors = 0;
  guint helper_descriptors = 0;

  test_wait_until (nothing_is_left, launcher, 5000);
  for (guint i = 0; i < n_runs; i++)
    {
      g_autoptr (DevboxServerCommand) command = test_run (launcher, &(DevboxCommandSpec){ .argv = argv });

      assert_exited (command, 0);
      if (i == 10)
        {
          test_wait_until (nothing_is_left, launcher, 5000);
          descriptors = test_count_descriptors (getpid ());
          helper_descriptors = test_count_descriptors (helper);
        }
      if (i == n_runs / 10)
        resident = test_get_resident (getpid ());
    }

  test_wait_until (nothing_is_left, launcher, 5000);
  g_usleep (20 * 1000);
  g_assert_cmpuint (test_count_descriptors (getpid ()), ==, descriptors);
  g_assert_cmpuint (test_count_descriptors (helper), ==, helper_descriptors);
  g_assert_cmpuint (test_count_children (helper, TRUE), ==, 0);
  g_assert_cmpuint (test_count_children (helper, FALSE), ==, 0);
  g_assert_cmpuint (test_count_children (getpid (), TRUE), ==, 0);
  test_assert_growth (resident, 1024);
}

static void
count_call (gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
on_done_count (DevboxServerCommand *command, gpointer user_data)
{
  guint *counts = user_data;

  counts[0]++;
}

static void
count_destroy (gpointer user_data)
{
  count_call ((guint *) user_data + 1);
}

/* Whoever starts a command need not keep it to be told. */
static void
test_told_once (void)
{
  guint counts[2] = { 0 };
  const char *const argv[] = { "true", NULL };
  DevboxCommandSpec spec = { .argv = argv, .cwd_fd = -1, .output_limit = 1 };

  devbox_server_command_unref (devbox_launcher_start (launcher, &spec, on_done_count, counts, count_destroy));
  test_wait_until (nothing_is_left, launcher, 5000);
  g_assert_cmpuint (counts[0], ==, 1);
  g_assert_cmpuint (counts[1], ==, 1);
}

static void
test_is_alive (void)
{
  g_assert_true (devbox_launcher_is_alive (launcher));
  g_assert_cmpint (devbox_launcher_get_helper_pid (launcher), >, 1);
}

static void
test_running_state (void)
{
  g_autoptr (DevboxServerCommand) command = test_start_shell (launcher, "sleep 325.25");

  g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, -1);
  test_wait_until (is_running, command, 5000);
  g_assert_cmpint (devbox_server_command_get_pid (command), >, 1);
  g_assert_cmpint (kill (devbox_server_command_get_pid (command), 0), ==, 0);
  g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, -1);
  devbox_server_command_kill (command);
  test_wait_done (command);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  launcher = test_launcher_new ();

  g_test_add_func ("/launcher/alive", test_is_alive);
  g_test_add_func ("/launcher/output", test_output);
  g_test_add_func ("/launcher/argv/exact", test_argv_exact);
  g_test_add_func ("/launcher/argv/large", test_large_argv);
  g_test_add_func ("/launcher/argv/too-large", test_too_large_argv);
  g_test_add_func ("/launcher/path-lookup", test_path_lookup);
  g_test_add_func ("/launcher/cannot-start", test_cannot_start);
  g_test_add_func ("/launcher/folder", test_folder);
  g_test_add_func ("/launcher/signals", test_signals);
  g_test_add_func ("/launcher/process-state", test_process_state);
  g_test_add_func ("/launcher/environment", test_environment);
  g_test_add_func ("/launcher/input", test_input);
  g_test_add_func ("/launcher/input/unread", test_input_unread);
  g_test_add_func ("/launcher/output/flood", test_flood);
  g_test_add_func ("/launcher/output/at-limit", test_output_exactly_at_limit);
  g_test_add_func ("/launcher/output/not-utf8", test_not_utf8);
  g_test_add_func ("/launcher/time-out", test_time_out);
  g_test_add_func ("/launcher/time-out/busy", test_time_out_while_busy);
  g_test_add_func ("/launcher/running", test_running_state);
  g_test_add_func ("/launcher/kill", test_kill);
  g_test_add_func ("/launcher/kill/at-once", test_kill_at_once);
  g_test_add_func ("/launcher/send-signal", test_send_signal);
  g_test_add_func ("/launcher/usage", test_usage);
  g_test_add_func ("/launcher/background", test_background);
  g_test_add_func ("/launcher/background/ends", test_background_ends);
  g_test_add_func ("/launcher/many-at-once", test_many_at_once);
  g_test_add_func ("/launcher/duration", test_duration_while_busy);
  g_test_add_func ("/launcher/growth", test_growth);
  g_test_add_func ("/launcher/told-once", test_told_once);

  result = g_test_run ();
  devbox_launcher_unref (launcher);

  return result;
}
