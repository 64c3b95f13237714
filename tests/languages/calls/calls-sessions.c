/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions, and their logs. */
#include "calls.h"

static void
assert_session_properties (DevboxSession *session)
{
  g_autofree char *cwd = devbox_session_dup_cwd (session);
  g_auto (GStrv) environment = devbox_session_dup_environ (session);
  g_autoptr (GDateTime) created = devbox_session_get_created (session);
  g_autoptr (GDateTime) last_used = devbox_session_get_last_used (session);

  calls_assert_properties (session, "identifier", devbox_session_get_identifier (session), "shell",
                           devbox_session_get_shell (session), "cwd", cwd, "environ", environment, "status",
                           devbox_session_get_status (session), "created", created, "last-used", last_used, NULL);
  g_assert_cmpstr (devbox_session_get_shell (session), ==, "/bin/sh");
}

/* A session of which the agent was asked. */
static void
assert_used (DevboxSession *session)
{
  g_autoptr (GDateTime) created = devbox_session_get_created (session);
  g_autoptr (GDateTime) last_used = devbox_session_get_last_used (session);

  assert_session_properties (session);
  calls_assert_recent (created);
  calls_assert_recent (last_used);
}

static void
check_line (DevboxSession *session, const char *line, int exit_code, const char *out)
{
  g_autoptr (DevboxCommandResult) result = CALL (devbox_session_run, session, line, 10000, NULL);

  g_assert_cmpint (devbox_command_result_get_exit_code (result), ==, exit_code);
  g_assert_cmpstr (devbox_command_result_get_stdout_text (result), ==, out);
}

static void
check_folder (DevboxSession *session, const char *name)
{
  g_autofree char *cwd = devbox_session_dup_cwd (session);
  g_autofree char *base = g_path_get_basename (cwd);

  g_assert_true (g_path_is_absolute (cwd));
  g_assert_cmpstr (base, ==, name);
}

static void
test_session (Calls *self)
{
  static const char *const environment[] = { "GIVEN=yes", NULL };
  static const char *const more[] = { "MORE=b c", NULL };
  g_autoptr (DevboxSession) session = NULL;
  g_autoptr (DevboxSession) same = NULL;
  g_autoptr (GListModel) sessions = NULL;
  g_auto (GStrv) all = NULL;

  g_free (calls_say (self, "mkdir -p sessions/deep"));
  session = CALL (devbox_instance_create_session, self->box, "sessions", environment, "/bin/sh", NULL);
  assert_session_properties (session);
  check_folder (session, "sessions");
  g_assert_cmpint (devbox_session_get_status (session), ==, DEVBOX_SESSION_STATUS_ACTIVE);
  check_line (session, "X=1; echo $GIVEN $X", 0, "yes 1\n");
  check_line (session, "echo $X; false", 1, "1\n");
  g_assert_true (CALL (devbox_session_change_directory, session, "deep", NULL));
  check_folder (session, "deep");
  g_assert_true (CALL (devbox_session_set_environ, session, more, NULL));
  check_line (session, "echo \"$GIVEN $MORE\"", 0, "yes b c\n");

  same = CALL (devbox_instance_get_session, self->box, devbox_session_get_identifier (session), NULL);
  assert_used (same);
  check_folder (same, "deep");
  all = devbox_session_dup_environ (same);
  g_assert_true (g_strv_contains ((const char *const *) all, "GIVEN=yes"));
  g_assert_true (g_strv_contains ((const char *const *) all, "MORE=b c"));
  sessions = CALL (devbox_instance_list_sessions, self->box, NULL);
  g_assert_true (g_list_model_get_item_type (sessions) == DEVBOX_TYPE_SESSION);
  assert_used (calls_find_item (sessions, "identifier", devbox_session_get_identifier (session)));

  g_assert_true (CALL (devbox_session_terminate, session, NULL));
  g_assert_cmpint (devbox_session_get_status (session), ==, DEVBOX_SESSION_STATUS_TERMINATED);
  g_assert_cmpint (devbox_session_get_status (same), ==, DEVBOX_SESSION_STATUS_ACTIVE);
  g_assert_true (CALL (devbox_session_refresh, same, NULL));
  g_assert_cmpint (devbox_session_get_status (same), ==, DEVBOX_SESSION_STATUS_TERMINATED);
  g_assert_true (CALL (devbox_instance_delete_file, self->box, "sessions", TRUE, NULL));
}

/* Whether the log tells of it before it ends. */
static gboolean
find_said (DevboxLogReader *reader, const char *text)
{
  g_autoptr (DevboxLogEntry) entry = NULL;

  while ((entry = CALL (devbox_log_reader_next_entry, reader, NULL)) != NULL)
    {
      if (devbox_log_entry_get_level (entry) == DEVBOX_LOG_LEVEL_STDOUT
          && g_str_equal (devbox_log_entry_get_text (entry), text))
        return TRUE;
      g_clear_object (&entry);
    }

  return FALSE;
}

static void
test_log (Calls *self)
{
  g_autoptr (DevboxSession) session = CALL (devbox_instance_create_session, self->box, NULL, NULL, NULL, NULL);
  g_autoptr (DevboxLogReader) reader = NULL;
  g_autoptr (GListModel) entries = NULL;
  g_autoptr (DevboxLogEntry) after = NULL;

  check_line (session, "echo one", 0, "one\n");
  reader = CALL (devbox_session_open_log, session, 0, NULL);
  g_assert_true (find_said (reader, "one\n"));
  check_line (session, "echo two", 0, "two\n");
  g_assert_true (find_said (reader, "two\n"));

  entries = CALL (devbox_session_load_log, session, 0, NULL);
  g_assert_nonnull (calls_find_item (entries, "text", "one\n"));
  g_assert_nonnull (calls_find_item (entries, "text", "two\n"));
  g_assert_null (calls_find_item (entries, "text", "three\n"));

  devbox_log_reader_close (reader);
  g_assert_true (devbox_log_reader_is_closed (reader));
  after = CALL (devbox_log_reader_next_entry, reader, NULL);
  g_assert_null (after);
  g_assert_true (CALL (devbox_session_terminate, session, NULL));
}

const CallsCase calls_session_cases[] = {
  { "sessions/session", test_session },
  { "sessions/log", test_log },
  { NULL },
};
