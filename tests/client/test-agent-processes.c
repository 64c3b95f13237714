/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the requests about commands, processes, sessions and ports say in each dialect, and what they make of replies,
 * hostile ones among them. */
#include "agent-request-test-util.h"

#include "devbox-glib.h"
#include "devbox-list-ports-request-private.h"
#include "devbox-process-requests-private.h"
#include "devbox-run-request-private.h"
#include "devbox-session-requests-private.h"

#include <string.h>

#define PROCESS(id, pid, status, code)                                                                                 \
  "{\"processId\":\"" id "\",\"pid\":" pid ",\"command\":\"c\",\"processStatus\":\"" status "\",\"exitCode\":" code    \
  ",\"startTime\":\"2026-11-22T10:00:00Z\",\"endTime\":null}"

typedef struct
{
  DevboxClient *client;
  DevboxAgent *agent;
  DevboxAgentHandle *handle;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxEndpoint) endpoint = devbox_endpoint_new ("http://127.0.0.1:1", NULL, NULL);

  fixture->client = devbox_client_new ();
  fixture->agent = devbox_agent_new_for_endpoint (endpoint);
  fixture->handle = devbox_agent_handle_new (fixture->client, fixture->agent);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  devbox_agent_handle_unref (fixture->handle);
  devbox_agent_unref (fixture->agent);
  g_assert_finalize_object (fixture->client);
}

static DevboxCommand *
command_new (const char *first, const char *second)
{
  const char *argv[] = { first, second, NULL };

  return devbox_command_new (argv);
}

static void
test_run_classic (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxCommand) command = command_new ("ls", "-l");
  g_autoptr (DevboxRequest) request = devbox_run_request_new (command, 1000, NULL);
  g_autoptr (DevboxCommandResult) result = NULL;

  g_assert_cmpuint (request->timeout_ms, ==, 31000);
  test_request_assert_sent (request, TEST_AGENT_OURS, "POST", "/process/exec",
                            "{\"command\":\"ls\",\"args\":[\"-l\"],\"timeout\":30000}");
  result = test_request_parse_json (
      request, 200, "{\"pid\":7,\"exitCode\":137,\"stdout\":\"a\",\"stderr\":\"b\",\"duration\":12}", NULL);
  g_assert_cmpint (devbox_command_result_get_exit_code (result), ==, 137);
  g_assert_cmpint (devbox_command_result_get_pid (result), ==, 7);
  g_assert_cmpuint (devbox_command_result_get_duration (result), ==, 12);
}

static void
test_run_current (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxCommand) command = command_new ("ls", "-l");
  g_autoptr (DevboxRequest) request = NULL;
  g_autoptr (DevboxCommandResult) result = NULL;
  g_autoptr (DevboxCommandResult) nested = NULL;

  devbox_command_set_timeout (command, 1001);
  devbox_command_set_cwd (command, "d");
  devbox_command_setenv (command, "A", "\"", TRUE);
  request = devbox_run_request_new (command, 0, NULL);
  g_assert_cmpuint (request->timeout_ms, ==, 0);
  test_request_assert_sent (
      request, TEST_AGENT_CURRENT, "POST", "/api/v1/process/exec-sync",
      "{\"command\":\"ls\",\"args\":[\"-l\"],\"cwd\":\"d\",\"env\":{\"A\":\"\\\"\"},\"timeout\":2}");
  result = test_request_parse_json (
      request, 200,
      "{\"status\":0,\"exitCode\":null,\"stdout\":\"\",\"stdoutBase64\":\"AP8=\",\"stderr\":\"b\","
      "\"durationMs\":12,\"truncated\":true}",
      NULL);
  g_assert_cmpint (devbox_command_result_get_exit_code (result), ==, -1);
  g_assert_cmpmem (g_bytes_get_data (devbox_command_result_get_stdout (result), NULL), 2, "\0\xff", 2);
  g_assert_true (devbox_command_result_get_truncated (result));
  nested = test_request_parse_json (request, 200,
                                    "{\"status\":0,\"Data\":{\"exitCode\":3,\"stdout\":\"x\",\"stderr\":\"\"}}", NULL);
  g_assert_cmpint (devbox_command_result_get_exit_code (nested), ==, 3);
}

static void
test_run_current_words (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxCommand) line = devbox_command_new_for_shell ("a | b");
  g_autoptr (DevboxCommand) plain = command_new ("/bin/a_b-c.d+e", NULL);
  g_autoptr (DevboxCommand) odd = command_new ("it's; $x", NULL);
  g_autoptr (DevboxRequest) line_request = devbox_run_request_new (line, 0, NULL);
  g_autoptr (DevboxRequest) plain_request = devbox_run_request_new (plain, 0, NULL);
  g_autoptr (DevboxRequest) odd_request = devbox_run_request_new (odd, 0, NULL);

  test_request_assert_sent (line_request, TEST_AGENT_CURRENT, "POST", "/api/v1/process/exec-sync",
                            "{\"command\":\"/bin/sh\",\"args\":[\"-c\",\"a | b\"],\"timeout\":30}");
  test_request_assert_sent (line_request, TEST_AGENT_OURS, "POST", "/process/exec",
                            "{\"command\":\"a | b\",\"shell\":true,\"timeout\":30000}");
  test_request_assert_sent (plain_request, TEST_AGENT_CURRENT, "POST", "/api/v1/process/exec-sync",
                            "{\"command\":\"/bin/a_b-c.d+e\",\"timeout\":30}");
  test_request_assert_sent (odd_request, TEST_AGENT_CURRENT, "POST", "/api/v1/process/exec-sync",
                            "{\"command\":\"'it'\\\\''s; $x'\",\"timeout\":30}");
}

static void
test_run_current_failures (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxCommand) command = command_new ("ls", NULL);
  g_autoptr (DevboxRequest) request = NULL;
  g_autoptr (DevboxErrorInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  DevboxCommandResult *partial;

  devbox_command_set_timeout (command, 1);
  request = devbox_run_request_new (command, 0, NULL);
  g_assert_true (request->prepare (request, test_agent_get_features (TEST_AGENT_CURRENT), NULL));
  test_request_assert_fails (request, 200,
                             "{\"status\":1600,\"message\":\"no\",\"exitCode\":127,\"stdout\":\"\",\"stderr\":\"no\"}",
                             DEVBOX_ERROR_VALIDATION_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":1600,\"message\":\"no\"}",
                             DEVBOX_ERROR_DEVBOX_OPERATION_FAILED);
  test_request_assert_fails (request, 200, "{\"status\":1403,\"message\":\"no\"}",
                             DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED);
  test_request_assert_fails (request, 422, "", DEVBOX_ERROR_VALIDATION_ERROR);
  test_request_assert_fails (request, 200, "nonsense", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":0,\"stdout\":1,\"stderr\":\"\"}", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":0,\"stdout\":\"\",\"stdoutBase64\":\"?\",\"stderr\":\"\"}",
                             DEVBOX_ERROR_INTERNAL_ERROR);

  g_usleep (5000);
  g_assert_null (test_request_parse_json (
      request, 200, "{\"status\":1500,\"message\":\"late\",\"exitCode\":null,\"stdout\":\"some\",\"stderr\":\"\"}",
      &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
  info = devbox_error_info_from_error (error);
  partial = devbox_error_info_get_command_result (info);
  g_assert_cmpstr (devbox_command_result_get_stdout_text (partial), ==, "some");
}

static void
test_spawn (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxCommand) command = command_new ("make", "-j2");
  g_autoptr (DevboxRequest) request = devbox_spawn_request_new (fixture->handle, command, NULL);
  g_autoptr (DevboxProcess) process = NULL;

  test_request_assert_unsupported (request);
  test_request_assert_sent (request, TEST_AGENT_CURRENT, "POST", "/api/v1/process/exec",
                            "{\"command\":\"make\",\"args\":[\"-j2\"],\"timeout\":30}");
  process = test_request_parse_json (
      request, 200, "{\"status\":0,\"processId\":\"abc\",\"pid\":5,\"processStatus\":\"running\"}", NULL);
  g_assert_cmpstr (devbox_process_get_identifier (process), ==, "abc");
  g_assert_cmpstr (devbox_process_get_command (process), ==, "make");
  g_assert_cmpint (devbox_process_get_status (process), ==, DEVBOX_PROCESS_STATUS_RUNNING);
  g_assert_null (devbox_process_get_stdout (process));
  test_request_assert_fails (request, 200, "{\"status\":1600,\"message\":\"no such program\"}",
                             DEVBOX_ERROR_VALIDATION_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":0,\"processId\":\"\",\"processStatus\":\"running\"}",
                             DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":0,\"pid\":5}", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 401, "", DEVBOX_ERROR_AUTHENTICATION_FAILED);
}

static void
test_list (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxRequest) request = devbox_list_processes_request_new (fixture->handle);
  g_autoptr (GListModel) list = NULL;
  g_autoptr (GListModel) empty = NULL;
  g_autoptr (DevboxProcess) process = NULL;
  g_autoptr (GDateTime) start = NULL;

  test_request_assert_unsupported (request);
  test_request_assert_sent (request, TEST_AGENT_CURRENT, "GET", "/api/v1/process/list", NULL);
  list = test_request_parse_json (request, 200,
                                  "{\"status\":0,\"processes\":[" PROCESS ("a", "1", "running", "null") "," PROCESS (
                                      "b", "2", "Killed", "143") "]}",
                                  NULL);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 2);
  process = g_list_model_get_item (list, 1);
  g_assert_true (devbox_process_get_if_signaled (process));
  g_assert_cmpint (devbox_process_get_term_sig (process), ==, 15);
  start = devbox_process_get_start_time (process);
  g_assert_cmpint (g_date_time_to_unix (start), ==, 1795341600);
  empty = test_request_parse_json (request, 200, "{\"status\":0,\"processes\":null}", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (empty), ==, 0);
  test_request_assert_fails (request, 200, "{\"status\":0,\"processes\":[1]}", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":0,\"processes\":{}}", DEVBOX_ERROR_INTERNAL_ERROR);
}

#define CLASSIC_STATUS                                                                                                 \
  "{\"pid\":5,\"status\":\"running\",\"startTime\":1795341600250,\"runningTime\":700,\"cpu\":12.5,\"memory\":4096,"    \
  "\"stdout\":\"so far\",\"stderr\":\"\"}"

static void
test_status_by_pid (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxRequest) request = devbox_process_status_request_new (fixture->handle, 5, NULL);
  g_autoptr (DevboxProcess) process = NULL;
  g_autoptr (GBytes) output = NULL;
  guint delay_ms = 1;

  test_request_assert_sent (request, TEST_AGENT_OURS, "GET", "/process/status/5", NULL);
  g_assert_true (test_request_step_json (request, CLASSIC_STATUS, &delay_ms));
  g_assert_cmpuint (delay_ms, ==, 0);
  test_request_assert_sent (request, TEST_AGENT_OURS, "GET", "/api/v1/process/list", NULL);
  g_assert_false (test_request_step_json (request, "{\"status\":0,\"processes\":[]}", &delay_ms));
  process = test_request_parse_json (
      request, 200, "{\"status\":0,\"processes\":[" PROCESS ("abc", "5", "running", "null") "]}", NULL);
  g_assert_cmpstr (devbox_process_get_identifier (process), ==, "abc");
  g_assert_cmpuint (devbox_process_get_cpu (process), ==, 125);
  g_assert_cmpuint (devbox_process_get_memory (process), ==, 4096);
  g_assert_cmpuint (devbox_process_get_running_time (process), ==, 700);
  output = devbox_process_get_stdout (process);
  g_assert_cmpmem (g_bytes_get_data (output, NULL), g_bytes_get_size (output), "so far", 6);
}

static void
test_status_of_another_process (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxRequest) request = devbox_process_status_request_new (fixture->handle, 5, NULL);
  g_autoptr (DevboxProcess) process = NULL;
  guint delay_ms;

  test_request_assert_sent (request, TEST_AGENT_OURS, "GET", "/process/status/5", NULL);
  g_assert_true (
      test_request_step_json (request, "{\"pid\":5,\"status\":\"failed\",\"exitCode\":2,\"startTime\":1}", &delay_ms));
  process = test_request_parse_json (
      request, 200, "{\"status\":0,\"processes\":[" PROCESS ("old", "5", "running", "null") "]}", NULL);
  g_assert_null (devbox_process_get_identifier (process));
  g_assert_cmpint (devbox_process_get_exit_status (process), ==, 2);
}

static void
test_status_in_one_dialect (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxRequest) old = devbox_process_status_request_new (fixture->handle, 5, NULL);
  g_autoptr (DevboxRequest) new = devbox_process_status_request_new (fixture->handle, 5, NULL);
  g_autoptr (DevboxProcess) process = NULL;
  g_autoptr (DevboxProcess) listed = NULL;
  guint delay_ms;

  test_request_assert_sent (old, TEST_AGENT_CLASSIC, "GET", "/process/status/5", NULL);
  g_assert_false (test_request_step_json (old, CLASSIC_STATUS, &delay_ms));
  process = test_request_parse_json (old, 200, CLASSIC_STATUS, NULL);
  g_assert_null (devbox_process_get_identifier (process));
  test_request_assert_fails (old, 404, "{\"code\":\"PROCESS_NOT_FOUND\"}", DEVBOX_ERROR_PROCESS_NOT_FOUND);
  test_request_assert_fails (old, 404, "", DEVBOX_ERROR_PROCESS_NOT_FOUND);
  test_request_assert_fails (old, 200, "{\"pid\":0,\"status\":\"running\"}", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (old, 200, "{\"pid\":1,\"status\":\"running\",\"memory\":-1}", DEVBOX_ERROR_INTERNAL_ERROR);

  test_request_assert_sent (new, TEST_AGENT_CURRENT, "GET", "/api/v1/process/list", NULL);
  listed = test_request_parse_json (new, 200, "{\"status\":0,\"processes\":[" PROCESS ("abc", "5", "failed", "1") "]}",
                                    NULL);
  g_assert_cmpint (devbox_process_get_exit_status (listed), ==, 1);
  test_request_assert_fails (new, 200, "{\"status\":0,\"processes\":[]}", DEVBOX_ERROR_PROCESS_NOT_FOUND);

  g_assert_null (devbox_process_status_request_new (fixture->handle, -1, NULL));
}

static DevboxProcess *
process_new (Fixture *fixture, const char *id)
{
  g_auto (DevboxProcessState) state = DEVBOX_PROCESS_STATE_INIT;

  state.id = g_strdup (id);
  state.pid = 5;
  state.status = DEVBOX_PROCESS_STATUS_RUNNING;

  return devbox_process_new_from_state (fixture->handle, &state);
}

static void
test_refresh (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxProcess) process = process_new (fixture, "a/.");
  g_autoptr (DevboxRequest) request = devbox_process_refresh_request_new (process, DEVBOX_PROCESS_QUESTION_ALL, NULL);
  guint delay_ms = 1;
  guint answer;

  test_request_assert_sent (request, TEST_AGENT_OURS, "GET", "/api/v1/process/a%2F./status", NULL);
  g_assert_true (test_request_step_json (request,
                                         "{\"status\":0,\"processId\":\"a/.\",\"pid\":5,\"processStatus\":\"running\","
                                         "\"startTime\":\"2026-11-22T10:00:00Z\"}",
                                         &delay_ms));
  test_request_assert_sent (request, TEST_AGENT_OURS, "GET", "/process/status/5", NULL);
  g_assert_false (test_request_step_json (request, CLASSIC_STATUS, &delay_ms));
  answer = GPOINTER_TO_UINT (test_request_parse_json (request, 200, CLASSIC_STATUS, NULL));
  g_assert_cmpuint (answer, ==,
                    DEVBOX_PROCESS_ANSWER_DONE | DEVBOX_PROCESS_ANSWER_RUNS | DEVBOX_PROCESS_ANSWER_TELLS_END);
  g_assert_cmpuint (devbox_process_get_memory (process), ==, 4096);
}

#define RUNNING "{\"status\":0,\"processId\":\"abc\",\"processStatus\":\"running\"}"
#define FAILED "{\"status\":0,\"processId\":\"abc\",\"processStatus\":\"failed\",\"exitCode\":1}"

static void
test_wait (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxProcess) process = process_new (fixture, "abc");
  g_autoptr (DevboxRequest) request = devbox_process_refresh_request_new (process, DEVBOX_PROCESS_QUESTION_END, NULL);
  guint first = 0;
  guint second = 0;

  g_assert_cmpuint (request->timeout_ms, ==, G_MAXUINT);
  test_request_assert_sent (request, TEST_AGENT_CURRENT, "GET", "/api/v1/process/abc/status", NULL);
  g_assert_true (test_request_step_json (request, RUNNING, &first));
  g_assert_true (test_request_step_json (request, RUNNING, &second));
  g_assert_cmpuint (second, ==, 2 * first);
  g_assert_false (test_request_step_json (request, FAILED, &first));
  g_assert_cmpuint (GPOINTER_TO_UINT (test_request_parse_json (request, 200, FAILED, NULL)), ==,
                    DEVBOX_PROCESS_ANSWER_DONE);
  g_assert_cmpint (devbox_process_get_exit_status (process), ==, 1);
  test_request_assert_fails (request, 200, "{\"status\":1404,\"message\":\"no\"}", DEVBOX_ERROR_PROCESS_NOT_FOUND);
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer names)
{
  g_string_append_printf (names, "%s ", pspec->name);
}

static void
test_update (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxProcess) process = process_new (fixture, "abc");
  g_autoptr (GString) names = g_string_new (NULL);
  g_auto (DevboxProcessState) same = { .status = DEVBOX_PROCESS_STATUS_RUNNING, .exit_code = -1 };
  g_auto (DevboxProcessState) ended = { .status = DEVBOX_PROCESS_STATUS_KILLED, .exit_code = 137 };
  g_auto (DevboxProcessState) late = { .status = DEVBOX_PROCESS_STATUS_RUNNING, .exit_code = -1 };

  g_signal_connect (process, "notify", G_CALLBACK (on_notify), names);
  devbox_process_update (process, &same);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  devbox_process_update (process, &ended);
  devbox_process_update (process, &late);
  g_assert_cmpint (devbox_process_get_term_sig (process), ==, 9);
  g_assert_cmpstr (names->str, ==, "");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_nonnull (strstr (names->str, "status "));
  g_assert_nonnull (strstr (names->str, "term-sig "));
  g_assert_null (strstr (names->str, "memory"));
}

static void
test_signal (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxProcess) process = process_new (fixture, "abc");
  g_autoptr (DevboxProcess) nameless = process_new (fixture, NULL);
  g_autoptr (DevboxRequest) term = devbox_process_signal_request_new (process, 15, NULL);
  g_autoptr (DevboxRequest) real_time = devbox_process_signal_request_new (process, 34, NULL);
  g_autoptr (GError) error = NULL;

  test_request_assert_unsupported (term);
  test_request_assert_sent (term, TEST_AGENT_OURS, "POST", "/api/v1/process/abc/kill?signal=SIGTERM", NULL);
  test_request_assert_sent (real_time, TEST_AGENT_OURS, "POST", "/api/v1/process/abc/kill?signal=34", NULL);
  g_assert_nonnull (test_request_parse_json (term, 200, "{\"status\":0,\"success\":true}", NULL));
  test_request_assert_fails (term, 200, "{\"status\":1409}", DEVBOX_ERROR_CONFLICT);
  test_request_assert_fails (term, 200, "{\"status\":1404}", DEVBOX_ERROR_PROCESS_NOT_FOUND);
  g_assert_null (devbox_process_signal_request_new (process, 0, NULL));
  g_assert_null (devbox_process_signal_request_new (process, 65, NULL));
  g_assert_null (devbox_process_signal_request_new (nameless, 9, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
}

static void
test_sessions (Fixture *fixture, gconstpointer unused)
{
  const char *const variables[] = { "A=b", "C=", NULL };
  const char *const wrong[] = { "1=b", NULL };
  g_autoptr (DevboxRequest) plain = devbox_create_session_request_new (fixture->handle, NULL, NULL, NULL, NULL);
  g_autoptr (DevboxRequest) full = devbox_create_session_request_new (fixture->handle, "d", variables, "zsh", NULL);
  g_autoptr (DevboxRequest) list = devbox_list_sessions_request_new (fixture->handle);
  g_autoptr (DevboxRequest) get = devbox_get_session_request_new (fixture->handle, "s/1", NULL);
  g_autoptr (DevboxRequest) run = NULL;
  g_autoptr (DevboxRequest) endless = NULL;
  g_autoptr (DevboxRequest) cd = NULL;
  g_autoptr (DevboxRequest) set = NULL;
  g_autoptr (DevboxRequest) end = NULL;
  g_autoptr (DevboxSession) session = NULL;
  g_autoptr (GListModel) sessions = NULL;
  g_autoptr (DevboxCommandResult) result = NULL;
  g_autofree char *cwd = NULL;

  test_request_assert_unsupported (plain);
  test_request_assert_sent (plain, TEST_AGENT_CURRENT, "POST", "/api/v1/sessions/create", "{}");
  test_request_assert_sent (full, TEST_AGENT_CURRENT, "POST", "/api/v1/sessions/create",
                            "{\"workingDir\":\"d\",\"shell\":\"zsh\",\"env\":{\"A\":\"b\",\"C\":\"\"}}");
  test_request_assert_sent (list, TEST_AGENT_CURRENT, "GET", "/api/v1/sessions", NULL);
  test_request_assert_sent (get, TEST_AGENT_CURRENT, "GET", "/api/v1/sessions/s%2F1", NULL);
  g_assert_null (devbox_create_session_request_new (fixture->handle, NULL, wrong, NULL, NULL));
  g_assert_null (devbox_create_session_request_new (fixture->handle, "", NULL, NULL, NULL));
  g_assert_null (devbox_get_session_request_new (fixture->handle, "\xff", NULL));

  session = test_request_parse_json (
      get, 200,
      "{\"status\":0,\"sessionId\":\"s1\",\"shell\":\"/bin/sh\",\"cwd\":\"/w\",\"env\":{\"A\":\"b\"},"
      "\"sessionStatus\":\"active\",\"createdAt\":1795341600,\"lastUsedAt\":1795341600000}",
      NULL);
  g_assert_cmpstr (devbox_session_get_shell (session), ==, "/bin/sh");
  test_request_assert_fails (get, 200, "{\"status\":1404}", DEVBOX_ERROR_SESSION_NOT_FOUND);
  test_request_assert_fails (get, 200, "{\"status\":0,\"sessionId\":\"s\",\"env\":{\"A\":1}}",
                             DEVBOX_ERROR_INTERNAL_ERROR);
  sessions = test_request_parse_json (
      list, 200, "{\"status\":0,\"sessions\":[{\"sessionId\":\"a\"},{\"sessionId\":\"b\"}]}", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (sessions), ==, 2);
  test_request_assert_fails (list, 200, "{\"status\":0,\"sessions\":[[]]}", DEVBOX_ERROR_INTERNAL_ERROR);

  run = devbox_session_run_request_new (session, "ls", 1500, NULL);
  endless = devbox_session_run_request_new (session, "ls", 0, NULL);
  g_assert_cmpuint (endless->timeout_ms, ==, G_MAXUINT);
  test_request_assert_sent (run, TEST_AGENT_CURRENT, "POST", "/api/v1/sessions/s1/exec",
                            "{\"command\":\"ls\",\"timeout\":2}");
  result = test_request_parse_json (
      run, 200,
      "{\"status\":0,\"exitCode\":2,\"duration\":5,\"workingDir\":\"/w/d\",\"sessionStatus\":\"terminated\","
      "\"stdout\":\"o\",\"stderr\":\"e\"}",
      NULL);
  g_assert_cmpint (devbox_command_result_get_exit_code (result), ==, 2);
  cwd = devbox_session_dup_cwd (session);
  g_assert_cmpstr (cwd, ==, "/w/d");
  g_assert_cmpint (devbox_session_get_status (session), ==, DEVBOX_SESSION_STATUS_TERMINATED);
  test_request_assert_fails (run, 200, "{\"status\":1600,\"message\":\"syntax\"}", DEVBOX_ERROR_VALIDATION_ERROR);
  test_request_assert_fails (run, 200, "{\"status\":1409}", DEVBOX_ERROR_CONFLICT);
  test_request_assert_fails (run, 429, "", DEVBOX_ERROR_RATE_LIMITED);
  test_request_assert_fails (run, 200, "{\"status\":0,\"exitCode\":2}", DEVBOX_ERROR_INTERNAL_ERROR);

  cd = devbox_session_cd_request_new (session, "..", NULL);
  test_request_assert_sent (cd, TEST_AGENT_CURRENT, "POST", "/api/v1/sessions/s1/cd", "{\"path\":\"..\"}");
  test_request_assert_fails (cd, 200, "{\"status\":1404,\"message\":\"no such folder\"}", DEVBOX_ERROR_FILE_NOT_FOUND);
  set = devbox_session_environ_request_new (session, variables, NULL);
  test_request_assert_sent (set, TEST_AGENT_CURRENT, "POST", "/api/v1/sessions/s1/env",
                            "{\"env\":{\"A\":\"b\",\"C\":\"\"}}");
  end = devbox_session_terminate_request_new (session);
  test_request_assert_sent (end, TEST_AGENT_CURRENT, "POST", "/api/v1/sessions/s1/terminate", NULL);
}

static void
test_ports (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxRequest) request = devbox_list_ports_request_new ();
  g_autoptr (GListModel) ports = NULL;
  g_autoptr (DevboxPort) port = NULL;

  test_request_assert_unsupported (request);
  test_request_assert_sent (request, TEST_AGENT_CURRENT, "GET", "/api/v1/ports", NULL);
  ports = test_request_parse_json (request, 200, "{\"status\":0,\"ports\":[80,8080.0]}", NULL);
  port = g_list_model_get_item (ports, 1);
  g_assert_cmpuint (devbox_port_get_number (port), ==, 8080);
  test_request_assert_fails (request, 200, "{\"status\":0,\"ports\":[0]}", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":0,\"ports\":[65536]}", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":0,\"ports\":[\"80\"]}", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":0,\"ports\":80}", DEVBOX_ERROR_INTERNAL_ERROR);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, test) g_test_add ("/agent-processes/" path, Fixture, NULL, set_up, test, tear_down)
  ADD ("run/classic", test_run_classic);
  ADD ("run/current", test_run_current);
  ADD ("run/current/words", test_run_current_words);
  ADD ("run/current/failures", test_run_current_failures);
  ADD ("spawn", test_spawn);
  ADD ("list", test_list);
  ADD ("status/by-pid", test_status_by_pid);
  ADD ("status/of-another", test_status_of_another_process);
  ADD ("status/in-one-dialect", test_status_in_one_dialect);
  ADD ("refresh", test_refresh);
  ADD ("wait", test_wait);
  ADD ("update", test_update);
  ADD ("signal", test_signal);
  ADD ("sessions", test_sessions);
  ADD ("ports", test_ports);
#undef ADD

  return g_test_run ();
}
