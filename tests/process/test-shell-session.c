/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-session-table-private.h"
#include "devbox-shell-private.h"
#include "devbox-wire-error-private.h"
#include "process-test-util.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

typedef struct
{
  DevboxLauncher *launcher;
  DevboxSessionTable *table;
} Fixture;

typedef struct
{
  gboolean told;
  guint n_destroyed;
  int exit_code;
  gboolean timed_out;
  gboolean shell_replaced;
  char *output;
  GError *error;
} Answer;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->launcher = devbox_launcher_new (data, &error);
  g_assert_no_error (error);
  fixture->table = devbox_session_table_new (fixture->launcher);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->table, devbox_session_table_free);
  devbox_launcher_unref (fixture->launcher);
}

static void
on_answer (DevboxShellSession *session, const DevboxShellResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  char buffer[256];
  gsize size
      = result->log != NULL ? devbox_output_log_read (result->log, DEVBOX_OUTPUT_STDOUT, 0, buffer, sizeof buffer) : 0;

  g_assert_false (answer->told);
  answer->told = TRUE;
  answer->exit_code = result->exit_code;
  answer->timed_out = result->timed_out;
  answer->shell_replaced = result->shell_replaced;
  answer->output = g_strndup (buffer, size);
  answer->error = result->error != NULL ? g_error_copy (result->error) : NULL;
}

static void
on_destroy (gpointer user_data)
{
  Answer *answer = user_data;

  answer->n_destroyed++;
}

static void
answer_clear (Answer *answer)
{
  g_clear_pointer (&answer->output, g_free);
  g_clear_error (&answer->error);
  memset (answer, 0, sizeof *answer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static gboolean
is_told (gpointer answer)
{
  return ((Answer *) answer)->told;
}

static gboolean
has_ended (gpointer session)
{
  return devbox_shell_session_has_ended (session);
}

static DevboxShellSession *
create_with (Fixture *fixture, const char *program)
{
  g_auto (Answer) answer = { 0 };
  g_autoptr (GError) error = NULL;
  DevboxShellSession *session
      = devbox_session_table_create (fixture->table, program, &(DevboxCommandSpec){ .cwd_fd = -1, .cwd = "/" }, NULL,
                                     on_answer, &answer, on_destroy, &error);

  g_assert_no_error (error);
  test_wait_until (is_told, &answer, 5000);
  g_assert_no_error (answer.error);
  g_assert_cmpuint (answer.n_destroyed, ==, 1);

  return session;
}

static DevboxShellSession *
create (Fixture *fixture)
{
  g_autofree char *program = devbox_shell_find_program (NULL, NULL);

  return create_with (fixture, program);
}

static void
start (DevboxShellSession *session, const char *command, guint timeout_ms, Answer *answer)
{
  g_autoptr (GError) error = NULL;

  devbox_shell_session_exec (session, command, timeout_ms, on_answer, answer, on_destroy, &error);
  g_assert_no_error (error);
}

static void
run (DevboxShellSession *session, const char *command, guint timeout_ms, Answer *answer)
{
  answer_clear (answer);
  start (session, command, timeout_ms, answer);
  test_wait_until (is_told, answer, 10000);
  g_assert_cmpuint (answer->n_destroyed, ==, 1);
}

static void
test_exec (Fixture *fixture, gconstpointer data)
{
  DevboxShellSession *session = create (fixture);
  g_auto (Answer) answer = { 0 };

  run (session, "cd /usr; X=1; echo one; (exit 3)", 0, &answer);
  g_assert_cmpstr (answer.output, ==, "one\n");
  g_assert_cmpint (answer.exit_code, ==, 3);
  g_assert_cmpstr (devbox_shell_session_get_folder (session), ==, "/usr");

  run (session, "echo $X $PWD", 0, &answer);
  g_assert_cmpstr (answer.output, ==, "1 /usr\n");
}

/* Callbacks may ask for more, and they are told in order. */
static void
on_answer_ask_more (DevboxShellSession *session, const DevboxShellResult *result, gpointer user_data)
{
  start (session, "echo second", 0, user_data);
}

static void
test_reentrant (Fixture *fixture, gconstpointer data)
{
  DevboxShellSession *session = create (fixture);
  g_auto (Answer) answer = { 0 };

  devbox_shell_session_exec (session, "echo first", 0, on_answer_ask_more, &answer, NULL, NULL);
  test_wait_until (is_told, &answer, 5000);
  g_assert_cmpstr (answer.output, ==, "second\n");
}

/* One that waits is never begun; one that runs is ended, and the next one has its turn. */
static void
test_abandon (Fixture *fixture, gconstpointer data)
{
  DevboxShellSession *session = create (fixture);
  g_auto (Answer) running = { 0 };
  g_auto (Answer) waiting = { 0 };
  g_auto (Answer) last = { 0 };

  start (session, "sleep 781.25", 0, &running);
  start (session, "X=begun", 0, &waiting);
  start (session, "echo ${X-never}", 0, &last);
  devbox_shell_session_abandon (session, &waiting);
  g_assert_true (waiting.told);
  g_assert_error (waiting.error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT);
  devbox_shell_session_abandon (session, &running);
  devbox_shell_session_abandon (session, &running);
  test_wait_until (is_told, &last, 5000);
  g_assert_true (running.told);
  g_assert_cmpstr (last.output, ==, "never\n");
  g_assert_cmpuint (test_count_processes ("781.25"), ==, 0);
}

/* A shell that takes its time to say whether a text is well-formed. */
static char *
make_slow_shell (const char *folder)
{
  const char script[] = "#!/bin/sh\ncase $1 in -n) exec sleep 783.25 ;; *) exec /bin/sh \"$@\" ;; esac\n";
  char *program = g_build_filename (folder, "slow-shell", NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (program, script, -1, G_FILE_SET_CONTENTS_NONE, 0755, &error);
  g_assert_no_error (error);

  return program;
}

static gboolean
is_checking (gpointer user_data)
{
  return test_count_processes ("783.25") == 1;
}

static gboolean
is_not_checking (gpointer user_data)
{
  return test_count_processes ("783.25") == 0;
}

/* Its supervisor knows; whoever listens to that one is told in the next turn of the loop. */
static void
kill_and_wait (GPid pid)
{
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  for (guint i = 0; kill (pid, 0) == 0; i++)
    {
      g_assert_cmpuint (i, <, 3000);
      g_usleep (1000);
    }
}

/* Nobody waits for what the check would say, which is not told to whatever comes next when the shell dies meanwhile. */
static void
test_abandon_check (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp ("devbox-shell-XXXXXX", NULL);
  g_autofree char *program = make_slow_shell (folder);
  DevboxShellSession *session = create_with (fixture, program);

  for (guint kills_shell = 0; kills_shell < 2; kills_shell++)
    {
      g_auto (Answer) answer = { 0 };
      g_auto (Answer) next = { 0 };
      GPid pid;

      run (session, "echo $$", 0, &answer);
      pid = (GPid) g_ascii_strtoll (answer.output, NULL, 10);
      answer_clear (&answer);

      start (session, "echo complaint >&2; (exit 2)", 0, &answer);
      start (session, "echo next", 0, &next);
      test_wait_until (is_checking, NULL, 5000);
      if (kills_shell)
        kill_and_wait (pid);
      devbox_shell_session_abandon (session, &answer);
      test_wait_until (is_told, &next, 3000);
      g_assert_true (answer.told);
      g_assert_cmpint (answer.shell_replaced, ==, kills_shell);
      g_assert_cmpstr (next.output, ==, "next\n");
    }
  test_wait_until (is_not_checking, NULL, 3000); /* it was killed, which takes its time on a busy machine */

  g_unlink (program);
  g_rmdir (folder);
}

/* Only what the command itself has started is ended. */
static void
test_time_out (Fixture *fixture, gconstpointer data)
{
  DevboxShellSession *session = create (fixture);
  g_auto (Answer) answer = { 0 };

  run (session, "sleep 782.25 & (setsid sleep 782.25 &); sleep 0.2", 0, &answer);
  g_assert_cmpuint (test_count_processes ("782.25"), ==, 2);
  run (session, "sleep 782.75 & (setsid sleep 782.75 &); sleep 782.75", 300, &answer);
  g_assert_true (answer.timed_out);
  g_assert_false (answer.shell_replaced);
  run (session, "sleep 0.1", 0, &answer);
  g_assert_cmpuint (test_count_processes ("782.75"), ==, 0);
  g_assert_cmpuint (test_count_processes ("782.25"), ==, 2);
}

/* What comes behind a pipeline does not run once the time is over, whichever part of it ends first. */
static void
test_time_out_of_pipeline (Fixture *fixture, gconstpointer data)
{
  static const char *const programs[] = { NULL, "sh" };
  DevboxShellSession *busy[4];
  Answer busy_answers[G_N_ELEMENTS (busy)] = { 0 };

  /* Where each has a processor for itself, all are told before the first one can go on. */
  for (guint i = 0; i < G_N_ELEMENTS (busy); i++)
    {
      busy[i] = create (fixture);
      start (busy[i], "while :; do :; done", 0, &busy_answers[i]);
    }

  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      g_autofree char *program = devbox_shell_find_program (programs[i], NULL);
      DevboxShellSession *session = create_with (fixture, program);
      g_auto (Answer) answer = { 0 };

      for (guint round = 0; round < 30; round++)
        {
          run (session, "echo begun; sleep 783.25 | cat | cat; echo more", 20, &answer);
          g_assert_true (answer.timed_out);
          /* "begun" may be too late, too. */
          g_assert_null (strstr (answer.output, "more"));
        }
    }

  for (guint i = 0; i < G_N_ELEMENTS (busy); i++)
    {
      devbox_shell_session_terminate (busy[i]);
      test_wait_until (is_told, &busy_answers[i], 5000);
      answer_clear (&busy_answers[i]);
    }
}

static void
test_replaced (Fixture *fixture, gconstpointer data)
{
  DevboxShellSession *session = create (fixture);
  g_auto (Answer) answer = { 0 };

  run (session, "cd /usr; export X='a  b'; trap '' INT; while :; do :; done", 100, &answer);
  g_assert_true (answer.shell_replaced);
  run (session, "echo \"${X-unset}\" $PWD", 0, &answer);
  g_assert_cmpstr (answer.output, ==, "unset /\n"); /* as they were after the last command that came to its end */

  run (session, "cd /usr; export X='a  b'", 0, &answer);
  run (session, "trap '' INT; while :; do :; done", 100, &answer);
  g_assert_true (answer.shell_replaced);
  run (session, "echo \"$X\" $PWD", 0, &answer);
  g_assert_cmpstr (answer.output, ==, "a  b /usr\n");
}

static void
test_terminate (Fixture *fixture, gconstpointer data)
{
  DevboxShellSession *session = create (fixture);
  g_auto (Answer) running = { 0 };
  g_auto (Answer) waiting = { 0 };
  g_autoptr (GError) error = NULL;

  start (session, "sleep 783.5 & sleep 783.5", 0, &running);
  start (session, "true", 0, &waiting);
  devbox_shell_session_terminate (session);
  test_wait_until (has_ended, session, 5000);
  g_assert_error (running.error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT);
  g_assert_error (waiting.error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT);
  g_assert_cmpuint (test_count_processes ("783.5"), ==, 0);
  g_assert_true (devbox_output_log_has_ended (devbox_shell_session_get_log (session)));

  answer_clear (&waiting);
  g_assert_false (devbox_shell_session_exec (session, "true", 0, on_answer, &waiting, on_destroy, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT);
  g_assert_cmpuint (waiting.n_destroyed, ==, 1);
  g_assert_false (waiting.told);
}

static void
test_limit (Fixture *fixture, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };
  g_autoptr (GError) error = NULL;
  DevboxShellSession *session;

  devbox_session_table_set_max_sessions (fixture->table, 1);
  session = create (fixture);
  g_assert_null (devbox_session_table_create (fixture->table, "/bin/sh",
                                              &(DevboxCommandSpec){ .cwd_fd = -1, .cwd = "/" }, NULL, on_answer,
                                              &answer, on_destroy, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED);
  g_assert_cmpuint (answer.n_destroyed, ==, 1);

  devbox_shell_session_terminate (session);
  test_wait_until (has_ended, session, 5000);
  create (fixture);
}

typedef struct
{
  DevboxSessionTable *table;
  const char *id;
} Lookup;

static gboolean
is_gone (gpointer data)
{
  Lookup *lookup = data;

  return devbox_session_table_lookup (lookup->table, lookup->id) == NULL;
}

static void
test_retention (Fixture *fixture, gconstpointer data)
{
  DevboxShellSession *session = create (fixture);
  g_autofree char *id = g_strdup (devbox_shell_session_get_id (session));
  Lookup lookup = { fixture->table, id };
  g_auto (Answer) answer = { 0 };

  devbox_session_table_set_retention (fixture->table, 200);
  run (session, "exit 4", 0, &answer);
  g_assert_cmpint (answer.exit_code, ==, 4);
  g_assert_true (devbox_session_table_lookup (fixture->table, id) == session);
  test_wait_until (is_gone, &lookup, 5000);
}

/* Its supervisor, its helper: whatever is lost, the session has ended and says so. */
static void
test_helper_killed (Fixture *fixture, gconstpointer data)
{
  DevboxShellSession *session = create (fixture);
  g_auto (Answer) answer = { 0 };

  start (session, "sleep 784.5", 0, &answer);
  g_test_expect_message ("DevboxServer", G_LOG_LEVEL_WARNING, "*ended unexpectedly*");
  kill (devbox_launcher_get_helper_pid (fixture->launcher), SIGKILL);
  test_wait_until (is_told, &answer, 8000);
  g_test_assert_expected_messages ();
  g_assert_true (devbox_shell_session_has_ended (session));

  session = create (fixture);
  answer_clear (&answer);
  run (session, "echo anew", 0, &answer);
  g_assert_cmpstr (answer.output, ==, "anew\n");
}

/* The table may go at any time: nobody is told, and nothing is left. */
static void
test_table_freed (Fixture *fixture, gconstpointer data)
{
  DevboxShellSession *session = create (fixture);
  g_auto (Answer) running = { 0 };
  g_auto (Answer) waiting = { 0 };

  start (session, "sleep 785.5", 0, &running);
  start (session, "true", 0, &waiting);
  g_clear_pointer (&fixture->table, devbox_session_table_free);
  g_assert_false (running.told || waiting.told);
  g_assert_cmpuint (running.n_destroyed + waiting.n_destroyed, ==, 2);
}

static void
test_find_program (void)
{
  const char *const refused[] = { "no-such-shell", "bin/sh", "./sh", "", "/", "/etc/passwd", NULL };
  g_autoptr (GError) none = NULL;
  g_autofree char *found = devbox_shell_find_program ("sh", &none);

  g_assert_true (g_path_is_absolute (found));
  for (guint i = 0; refused[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (devbox_shell_find_program (refused[i], &error));
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add ("/shell-session/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("exec", test_exec);
  g_test_add ("/shell-session/exec/slow-helper", Fixture, SLOW_LAUNCHER, set_up, test_exec, tear_down);
  ADD ("reentrant", test_reentrant);
  ADD ("abandon", test_abandon);
  ADD ("abandon-check", test_abandon_check);
  ADD ("time-out", test_time_out);
  ADD ("time-out/pipeline", test_time_out_of_pipeline);
  ADD ("replaced", test_replaced);
  ADD ("terminate", test_terminate);
  ADD ("limit", test_limit);
  ADD ("retention", test_retention);
  ADD ("helper-killed", test_helper_killed);
  ADD ("table-freed", test_table_freed);
#undef ADD
  g_test_add_func ("/shell-session/find-program", test_find_program);

  return g_test_run ();
}
