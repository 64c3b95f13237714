/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the requests about commands, processes, sessions, logs and ports say in each dialect, and what they make of
 * replies, hostile ones among them. */
#include "devbox-command-events-private.h"
#include "devbox-event-parser-private.h"
#include "devbox-glib.h"
#include "devbox-list-ports-request-private.h"
#include "devbox-log-messages-private.h"
#include "devbox-log-queue-private.h"
#include "devbox-log-requests-private.h"
#include "devbox-process-requests-private.h"
#include "devbox-run-request-private.h"
#include "devbox-run-streamed-request-private.h"
#include "devbox-session-requests-private.h"

#include <string.h>

#define PROCESS(id, pid, status, code)                                                                                 \
  "{\"processId\":\"" id "\",\"pid\":" pid ",\"command\":\"c\",\"processStatus\":\"" status "\",\"exitCode\":" code    \
  ",\"startTime\":\"2026-11-22T10:00:00Z\",\"endTime\":null}"

static const DevboxAgentFeatures classic = { .dialects = DEVBOX_DIALECT_CLASSIC };
static const DevboxAgentFeatures current = { .dialects = DEVBOX_DIALECT_CURRENT };
static char *own_capabilities[] = { "classic", "current", NULL };
static const DevboxAgentFeatures both
    = { .dialects = DEVBOX_DIALECT_CLASSIC | DEVBOX_DIALECT_CURRENT, .capabilities = own_capabilities };

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

static void
assert_sent (DevboxRequest *request,
             const DevboxAgentFeatures *features,
             const char *method,
             const char *path,
             const char *body)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (request->prepare (request, features, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (request->method, ==, method);
  g_assert_cmpstr (request->path, ==, path);
  if (body == NULL)
    {
      g_assert_null (request->body);
      return;
    }

  g_assert_cmpmem (g_bytes_get_data (request->body, NULL), g_bytes_get_size (request->body), body, strlen (body));
  g_assert_cmpstr (request->content_type, ==, "application/json");
}

static void
assert_unsupported (DevboxRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxErrorInfo) info = NULL;

  g_assert_false (request->prepare (request, &classic, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  info = devbox_error_info_from_error (error);
  g_assert_cmpstr (devbox_error_info_get_code_name (info), ==, "NOT_SUPPORTED");
}

static DevboxReply
make_reply (guint status, const char *body, GBytes **bytes)
{
  *bytes = g_bytes_new (body, strlen (body));

  return (DevboxReply){ .status = status, .body = *bytes, .request_id = "r" };
}

static gpointer
parse (DevboxRequest *request, guint status, const char *body, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  const DevboxReply reply = make_reply (status, body, &bytes);

  return request->parse (request, &reply, error);
}

static gboolean
step (DevboxRequest *request, guint status, const char *body, guint *delay_ms)
{
  g_autoptr (GBytes) bytes = NULL;
  const DevboxReply reply = make_reply (status, body, &bytes);

  return request->step (request, &reply, NULL, delay_ms);
}

static void
assert_fails (DevboxRequest *request, guint status, const char *body, DevboxError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (parse (request, status, body, &error));
  g_assert_error (error, DEVBOX_ERROR, (int) code);
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
  assert_sent (request, &both, "POST", "/process/exec", "{\"command\":\"ls\",\"args\":[\"-l\"],\"timeout\":30000}");
  result = parse (request, 200, "{\"pid\":7,\"exitCode\":137,\"stdout\":\"a\",\"stderr\":\"b\",\"duration\":12}", NULL);
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
  assert_sent (request, &current, "POST", "/api/v1/process/exec-sync",
               "{\"command\":\"ls\",\"args\":[\"-l\"],\"cwd\":\"d\",\"env\":{\"A\":\"\\\"\"},\"timeout\":2}");
  result = parse (request, 200,
                  "{\"status\":0,\"exitCode\":null,\"stdout\":\"\",\"stdoutBase64\":\"AP8=\",\"stderr\":\"b\","
                  "\"durationMs\":12,\"truncated\":true}",
                  NULL);
  g_assert_cmpint (devbox_command_result_get_exit_code (result), ==, -1);
  g_assert_cmpmem (g_bytes_get_data (devbox_command_result_get_stdout (result), NULL), 2, "\0\xff", 2);
  g_assert_true (devbox_command_result_get_truncated (result));
  nested = parse (request, 200, "{\"status\":0,\"Data\":{\"exitCode\":3,\"stdout\":\"x\",\"stderr\":\"\"}}", NULL);
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

  assert_sent (line_request, &current, "POST", "/api/v1/process/exec-sync",
               "{\"command\":\"/bin/sh\",\"args\":[\"-c\",\"a | b\"],\"timeout\":30}");
  assert_sent (line_request, &both, "POST", "/process/exec",
               "{\"command\":\"a | b\",\"shell\":true,\"timeout\":30000}");
  assert_sent (plain_request, &current, "POST", "/api/v1/process/exec-sync",
               "{\"command\":\"/bin/a_b-c.d+e\",\"timeout\":30}");
  assert_sent (odd_request, &current, "POST", "/api/v1/process/exec-sync",
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
  g_assert_true (request->prepare (request, &current, NULL));
  assert_fails (request, 200, "{\"status\":1600,\"message\":\"no\",\"exitCode\":127,\"stdout\":\"\",\"stderr\":\"no\"}",
                DEVBOX_ERROR_VALIDATION_ERROR);
  assert_fails (request, 200, "{\"status\":1600,\"message\":\"no\"}", DEVBOX_ERROR_DEVBOX_OPERATION_FAILED);
  assert_fails (request, 200, "{\"status\":1403,\"message\":\"no\"}", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED);
  assert_fails (request, 422, "", DEVBOX_ERROR_VALIDATION_ERROR);
  assert_fails (request, 200, "nonsense", DEVBOX_ERROR_INTERNAL_ERROR);
  assert_fails (request, 200, "{\"status\":0,\"stdout\":1,\"stderr\":\"\"}", DEVBOX_ERROR_INTERNAL_ERROR);
  assert_fails (request, 200, "{\"status\":0,\"stdout\":\"\",\"stdoutBase64\":\"?\",\"stderr\":\"\"}",
                DEVBOX_ERROR_INTERNAL_ERROR);

  g_usleep (5000);
  g_assert_null (parse (request, 200,
                        "{\"status\":1500,\"message\":\"late\",\"exitCode\":null,\"stdout\":\"some\",\"stderr\":\"\"}",
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

  assert_unsupported (request);
  assert_sent (request, &current, "POST", "/api/v1/process/exec",
               "{\"command\":\"make\",\"args\":[\"-j2\"],\"timeout\":30}");
  process = parse (request, 200, "{\"status\":0,\"processId\":\"abc\",\"pid\":5,\"processStatus\":\"running\"}", NULL);
  g_assert_cmpstr (devbox_process_get_identifier (process), ==, "abc");
  g_assert_cmpstr (devbox_process_get_command (process), ==, "make");
  g_assert_cmpint (devbox_process_get_status (process), ==, DEVBOX_PROCESS_STATUS_RUNNING);
  g_assert_null (devbox_process_get_stdout (process));
  assert_fails (request, 200, "{\"status\":1600,\"message\":\"no such program\"}", DEVBOX_ERROR_VALIDATION_ERROR);
  assert_fails (request, 200, "{\"status\":0,\"processId\":\"\",\"processStatus\":\"running\"}",
                DEVBOX_ERROR_INTERNAL_ERROR);
  assert_fails (request, 200, "{\"status\":0,\"pid\":5}", DEVBOX_ERROR_INTERNAL_ERROR);
  assert_fails (request, 401, "", DEVBOX_ERROR_AUTHENTICATION_FAILED);
}

static void
test_list (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxRequest) request = devbox_list_processes_request_new (fixture->handle);
  g_autoptr (GListModel) list = NULL;
  g_autoptr (GListModel) empty = NULL;
  g_autoptr (DevboxProcess) process = NULL;
  g_autoptr (GDateTime) start = NULL;

  assert_unsupported (request);
  assert_sent (request, &current, "GET", "/api/v1/process/list", NULL);
  list = parse (request, 200,
                "{\"status\":0,\"processes\":[" PROCESS ("a", "1", "running", "null") "," PROCESS ("b", "2", "Killed",
                                                                                                   "143") "]}",
                NULL);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 2);
  process = g_list_model_get_item (list, 1);
  g_assert_true (devbox_process_get_if_signaled (process));
  g_assert_cmpint (devbox_process_get_term_sig (process), ==, 15);
  start = devbox_process_get_start_time (process);
  g_assert_cmpint (g_date_time_to_unix (start), ==, 1795341600);
  empty = parse (request, 200, "{\"status\":0,\"processes\":null}", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (empty), ==, 0);
  assert_fails (request, 200, "{\"status\":0,\"processes\":[1]}", DEVBOX_ERROR_INTERNAL_ERROR);
  assert_fails (request, 200, "{\"status\":0,\"processes\":{}}", DEVBOX_ERROR_INTERNAL_ERROR);
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

  assert_sent (request, &both, "GET", "/process/status/5", NULL);
  g_assert_true (step (request, 200, CLASSIC_STATUS, &delay_ms));
  g_assert_cmpuint (delay_ms, ==, 0);
  assert_sent (request, &both, "GET", "/api/v1/process/list", NULL);
  g_assert_false (step (request, 200, "{\"status\":0,\"processes\":[]}", &delay_ms));
  process = parse (request, 200, "{\"status\":0,\"processes\":[" PROCESS ("abc", "5", "running", "null") "]}", NULL);
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

  assert_sent (request, &both, "GET", "/process/status/5", NULL);
  g_assert_true (step (request, 200, "{\"pid\":5,\"status\":\"failed\",\"exitCode\":2,\"startTime\":1}", &delay_ms));
  process = parse (request, 200, "{\"status\":0,\"processes\":[" PROCESS ("old", "5", "running", "null") "]}", NULL);
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

  assert_sent (old, &classic, "GET", "/process/status/5", NULL);
  g_assert_false (step (old, 200, CLASSIC_STATUS, &delay_ms));
  process = parse (old, 200, CLASSIC_STATUS, NULL);
  g_assert_null (devbox_process_get_identifier (process));
  assert_fails (old, 404, "{\"code\":\"PROCESS_NOT_FOUND\"}", DEVBOX_ERROR_PROCESS_NOT_FOUND);
  assert_fails (old, 404, "", DEVBOX_ERROR_PROCESS_NOT_FOUND);
  assert_fails (old, 200, "{\"pid\":0,\"status\":\"running\"}", DEVBOX_ERROR_INTERNAL_ERROR);
  assert_fails (old, 200, "{\"pid\":1,\"status\":\"running\",\"memory\":-1}", DEVBOX_ERROR_INTERNAL_ERROR);

  assert_sent (new, &current, "GET", "/api/v1/process/list", NULL);
  listed = parse (new, 200, "{\"status\":0,\"processes\":[" PROCESS ("abc", "5", "failed", "1") "]}", NULL);
  g_assert_cmpint (devbox_process_get_exit_status (listed), ==, 1);
  assert_fails (new, 200, "{\"status\":0,\"processes\":[]}", DEVBOX_ERROR_PROCESS_NOT_FOUND);

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

  assert_sent (request, &both, "GET", "/api/v1/process/a%2F./status", NULL);
  g_assert_true (step (request, 200,
                       "{\"status\":0,\"processId\":\"a/.\",\"pid\":5,\"processStatus\":\"running\","
                       "\"startTime\":\"2026-11-22T10:00:00Z\"}",
                       &delay_ms));
  assert_sent (request, &both, "GET", "/process/status/5", NULL);
  g_assert_false (step (request, 200, CLASSIC_STATUS, &delay_ms));
  answer = GPOINTER_TO_UINT (parse (request, 200, CLASSIC_STATUS, NULL));
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
  assert_sent (request, &current, "GET", "/api/v1/process/abc/status", NULL);
  g_assert_true (step (request, 200, RUNNING, &first));
  g_assert_true (step (request, 200, RUNNING, &second));
  g_assert_cmpuint (second, ==, 2 * first);
  g_assert_false (step (request, 200, FAILED, &first));
  g_assert_cmpuint (GPOINTER_TO_UINT (parse (request, 200, FAILED, NULL)), ==, DEVBOX_PROCESS_ANSWER_DONE);
  g_assert_cmpint (devbox_process_get_exit_status (process), ==, 1);
  assert_fails (request, 200, "{\"status\":1404,\"message\":\"no\"}", DEVBOX_ERROR_PROCESS_NOT_FOUND);
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

  assert_unsupported (term);
  assert_sent (term, &both, "POST", "/api/v1/process/abc/kill?signal=SIGTERM", NULL);
  assert_sent (real_time, &both, "POST", "/api/v1/process/abc/kill?signal=34", NULL);
  g_assert_nonnull (parse (term, 200, "{\"status\":0,\"success\":true}", NULL));
  assert_fails (term, 200, "{\"status\":1409}", DEVBOX_ERROR_CONFLICT);
  assert_fails (term, 200, "{\"status\":1404}", DEVBOX_ERROR_PROCESS_NOT_FOUND);
  g_assert_null (devbox_process_signal_request_new (process, 0, NULL));
  g_assert_null (devbox_process_signal_request_new (process, 65, NULL));
  g_assert_null (devbox_process_signal_request_new (nameless, 9, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
}

static void
test_log (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxRequest) request = devbox_load_log_request_new (DEVBOX_LOG_SUBJECT_SESSION, "..", 3);
  g_autoptr (GListModel) list = NULL;
  static const struct
  {
    DevboxLogLevel level;
    const char *text;
  } expected[] = {
    { DEVBOX_LOG_LEVEL_STDOUT, "a\n" },   { DEVBOX_LOG_LEVEL_STDERR, "b" },       { DEVBOX_LOG_LEVEL_SYSTEM, "c" },
    { DEVBOX_LOG_LEVEL_STDOUT, "plain" }, { DEVBOX_LOG_LEVEL_STDOUT, "[odd] x" }, { DEVBOX_LOG_LEVEL_STDOUT, "[" },
    { DEVBOX_LOG_LEVEL_STDOUT, "" },
  };

  assert_unsupported (request);
  assert_sent (request, &current, "GET", "/api/v1/sessions/%2E%2E/logs?tail=3", NULL);
  list = parse (request, 200,
                "{\"status\":0,\"logs\":[\"[stdout] a\\n\",\"[stderr] b\",\"[system]c\",\"plain\",\"[odd] x\",\"[\","
                "\"\"]}",
                NULL);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (DevboxLogEntry) entry = g_list_model_get_item (list, i);

      g_assert_cmpint (devbox_log_entry_get_level (entry), ==, expected[i].level);
      g_assert_cmpstr (devbox_log_entry_get_text (entry), ==, expected[i].text);
      g_assert_cmpint (devbox_log_entry_get_sequence (entry), ==, -1);
      g_assert_null (devbox_log_entry_get_time (entry));
    }
  assert_fails (request, 200, "{\"status\":0,\"logs\":[1]}", DEVBOX_ERROR_INTERNAL_ERROR);
  assert_fails (request, 200, "{\"status\":1404}", DEVBOX_ERROR_SESSION_NOT_FOUND);
}

static void
test_log_messages (void)
{
  g_autofree char *subscription = devbox_log_message_new (DEVBOX_LOG_SUBJECT_PROCESS, "a\"b", 7, FALSE);
  g_autofree char *quiet = devbox_log_message_new (DEVBOX_LOG_SUBJECT_SESSION, "s", 1, TRUE);
  static const struct
  {
    const char *text;
    gboolean valid;
    DevboxLogReplyKind kind;
  } cases[] = {
    { "{\"action\":\"subscribed\",\"type\":\"process\"}", TRUE, DEVBOX_LOG_REPLY_STARTED },
    { "{\"action\":\"unsubscribed\",\"reason\":\"ended\"}", TRUE, DEVBOX_LOG_REPLY_ENDED },
    { "{\"action\":\"unsubscribed\"}", TRUE, DEVBOX_LOG_REPLY_OTHER },
    { "{\"action\":\"new\"}", TRUE, DEVBOX_LOG_REPLY_OTHER },
    { "{\"status\":1404,\"message\":\"no\"}", TRUE, DEVBOX_LOG_REPLY_REFUSED },
    { "{\"status\":429}", TRUE, DEVBOX_LOG_REPLY_REFUSED },
    { "{\"status\":0}", TRUE, DEVBOX_LOG_REPLY_OTHER },
    { "{\"type\":\"list\"}", TRUE, DEVBOX_LOG_REPLY_OTHER },
    { "{\"type\":\"gap\",\"missed\":3}", TRUE, DEVBOX_LOG_REPLY_GAP },
    { "{\"type\":\"log\",\"log\":{\"level\":\"stderr\",\"content\":\"x\"}}", TRUE, DEVBOX_LOG_REPLY_ENTRY },
    { "{\"type\":\"log\",\"log\":{\"level\":\"new\",\"content\":\"x\"}}", TRUE, DEVBOX_LOG_REPLY_OTHER },
    { "{\"type\":\"gap\",\"missed\":-3}", FALSE, 0 },
    { "{\"type\":\"gap\"}", FALSE, 0 },
    { "{\"type\":\"log\"}", FALSE, 0 },
    { "{\"type\":\"log\",\"log\":{\"level\":\"stdout\"}}", FALSE, 0 },
    { "{\"type\":\"log\",\"log\":{\"level\":\"stdout\",\"content\":\"x\",\"sequence\":-1}}", FALSE, 0 },
    { "{\"type\":\"log\",\"log\":{\"level\":\"stdout\",\"content\":\"x\",\"contentBase64\":\"?\"}}", FALSE, 0 },
    { "{\"type\":\"log\",\"log\":{\"level\":\"stdout\",\"content\":\"x\",\"time\":\"soon\"}}", FALSE, 0 },
    { "{\"action\":1}", FALSE, 0 },
    { "[]", FALSE, 0 },
    { "", FALSE, 0 },
  };

  g_assert_cmpstr (subscription, ==,
                   "{\"action\":\"subscribe\",\"type\":\"process\",\"targetId\":\"a\\\"b\",\"options\":{\"levels\":["
                   "\"stdout\",\"stderr\",\"system\"],\"tail\":7}}");
  g_assert_cmpstr (quiet, ==,
                   "{\"action\":\"subscribe\",\"type\":\"session\",\"targetId\":\"s\",\"options\":{\"levels\":["
                   "\"system\"],\"tail\":1}}");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (DevboxLogReply) reply = DEVBOX_LOG_REPLY_INIT;
      g_autoptr (GError) error = NULL;
      const gboolean valid
          = devbox_log_reply_parse (&reply, DEVBOX_LOG_SUBJECT_PROCESS, cases[i].text, strlen (cases[i].text), &error);

      g_assert_cmpint (valid, ==, cases[i].valid);
      g_assert_cmpint (reply.kind, ==, cases[i].kind);
      if (!valid)
        g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR);
    }
}

static DevboxLogEntry *
entry_new (gint64 sequence)
{
  return devbox_log_entry_new (&(DevboxLogLine){ .text = "text", .sequence = sequence });
}

static void
test_queue (void)
{
  g_autoptr (DevboxLogQueue) queue = devbox_log_queue_new ();
  g_autoptr (GError) failure = g_error_new_literal (DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED, "gone");
  g_autoptr (GError) error = NULL;
  guint n_taken = 0;
  guint n_drained = 0;
  guint n_pushed = 0;
  gboolean is_drained;
  DevboxLogEntry *entry;

  g_assert_cmpint (devbox_log_queue_take (queue, &entry, &is_drained, NULL), ==, DEVBOX_LOG_QUEUE_EMPTY);
  while (!devbox_log_queue_push (queue, entry_new (n_pushed++)))
    ;
  g_assert_cmpuint (n_pushed, >, 1000);
  g_assert_cmpuint (n_pushed, <=, 10000);
  devbox_log_queue_end (queue, failure);
  devbox_log_queue_end (queue, NULL);
  g_assert_true (devbox_log_queue_push (queue, entry_new (0)));

  while (devbox_log_queue_take (queue, &entry, &is_drained, &error) == DEVBOX_LOG_QUEUE_ENTRY)
    {
      g_assert_cmpint (devbox_log_entry_get_sequence (entry), ==, n_taken++);
      n_drained += is_drained;
      g_object_unref (entry);
    }
  g_assert_cmpuint (n_taken, ==, n_pushed);
  g_assert_cmpuint (n_drained, ==, 1);
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  g_assert_cmpint (devbox_log_queue_take (queue, &entry, &is_drained, NULL), ==, DEVBOX_LOG_QUEUE_FAILED);
  devbox_log_queue_shut (queue);
  g_assert_cmpint (devbox_log_queue_take (queue, &entry, &is_drained, NULL), ==, DEVBOX_LOG_QUEUE_END);
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

  assert_unsupported (plain);
  assert_sent (plain, &current, "POST", "/api/v1/sessions/create", "{}");
  assert_sent (full, &current, "POST", "/api/v1/sessions/create",
               "{\"workingDir\":\"d\",\"shell\":\"zsh\",\"env\":{\"A\":\"b\",\"C\":\"\"}}");
  assert_sent (list, &current, "GET", "/api/v1/sessions", NULL);
  assert_sent (get, &current, "GET", "/api/v1/sessions/s%2F1", NULL);
  g_assert_null (devbox_create_session_request_new (fixture->handle, NULL, wrong, NULL, NULL));
  g_assert_null (devbox_create_session_request_new (fixture->handle, "", NULL, NULL, NULL));
  g_assert_null (devbox_get_session_request_new (fixture->handle, "\xff", NULL));

  session = parse (get, 200,
                   "{\"status\":0,\"sessionId\":\"s1\",\"shell\":\"/bin/sh\",\"cwd\":\"/w\",\"env\":{\"A\":\"b\"},"
                   "\"sessionStatus\":\"active\",\"createdAt\":1795341600,\"lastUsedAt\":1795341600000}",
                   NULL);
  g_assert_cmpstr (devbox_session_get_shell (session), ==, "/bin/sh");
  assert_fails (get, 200, "{\"status\":1404}", DEVBOX_ERROR_SESSION_NOT_FOUND);
  assert_fails (get, 200, "{\"status\":0,\"sessionId\":\"s\",\"env\":{\"A\":1}}", DEVBOX_ERROR_INTERNAL_ERROR);
  sessions = parse (list, 200, "{\"status\":0,\"sessions\":[{\"sessionId\":\"a\"},{\"sessionId\":\"b\"}]}", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (sessions), ==, 2);
  assert_fails (list, 200, "{\"status\":0,\"sessions\":[[]]}", DEVBOX_ERROR_INTERNAL_ERROR);

  run = devbox_session_run_request_new (session, "ls", 1500, NULL);
  endless = devbox_session_run_request_new (session, "ls", 0, NULL);
  g_assert_cmpuint (endless->timeout_ms, ==, G_MAXUINT);
  assert_sent (run, &current, "POST", "/api/v1/sessions/s1/exec", "{\"command\":\"ls\",\"timeout\":2}");
  result
      = parse (run, 200,
               "{\"status\":0,\"exitCode\":2,\"duration\":5,\"workingDir\":\"/w/d\",\"sessionStatus\":\"terminated\","
               "\"stdout\":\"o\",\"stderr\":\"e\"}",
               NULL);
  g_assert_cmpint (devbox_command_result_get_exit_code (result), ==, 2);
  cwd = devbox_session_dup_cwd (session);
  g_assert_cmpstr (cwd, ==, "/w/d");
  g_assert_cmpint (devbox_session_get_status (session), ==, DEVBOX_SESSION_STATUS_TERMINATED);
  assert_fails (run, 200, "{\"status\":1600,\"message\":\"syntax\"}", DEVBOX_ERROR_VALIDATION_ERROR);
  assert_fails (run, 200, "{\"status\":1409}", DEVBOX_ERROR_CONFLICT);
  assert_fails (run, 429, "", DEVBOX_ERROR_RATE_LIMITED);
  assert_fails (run, 200, "{\"status\":0,\"exitCode\":2}", DEVBOX_ERROR_INTERNAL_ERROR);

  cd = devbox_session_cd_request_new (session, "..", NULL);
  assert_sent (cd, &current, "POST", "/api/v1/sessions/s1/cd", "{\"path\":\"..\"}");
  assert_fails (cd, 200, "{\"status\":1404,\"message\":\"no such folder\"}", DEVBOX_ERROR_FILE_NOT_FOUND);
  set = devbox_session_environ_request_new (session, variables, NULL);
  assert_sent (set, &current, "POST", "/api/v1/sessions/s1/env", "{\"env\":{\"A\":\"b\",\"C\":\"\"}}");
  end = devbox_session_terminate_request_new (session);
  assert_sent (end, &current, "POST", "/api/v1/sessions/s1/terminate", NULL);
}

static void
test_ports (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxRequest) request = devbox_list_ports_request_new ();
  g_autoptr (GListModel) ports = NULL;
  g_autoptr (DevboxPort) port = NULL;

  assert_unsupported (request);
  assert_sent (request, &current, "GET", "/api/v1/ports", NULL);
  ports = parse (request, 200, "{\"status\":0,\"ports\":[80,8080.0]}", NULL);
  port = g_list_model_get_item (ports, 1);
  g_assert_cmpuint (devbox_port_get_number (port), ==, 8080);
  assert_fails (request, 200, "{\"status\":0,\"ports\":[0]}", DEVBOX_ERROR_INTERNAL_ERROR);
  assert_fails (request, 200, "{\"status\":0,\"ports\":[65536]}", DEVBOX_ERROR_INTERNAL_ERROR);
  assert_fails (request, 200, "{\"status\":0,\"ports\":[\"80\"]}", DEVBOX_ERROR_INTERNAL_ERROR);
  assert_fails (request, 200, "{\"status\":0,\"ports\":80}", DEVBOX_ERROR_INTERNAL_ERROR);
}

static gboolean
note_event (const char *name, const char *data, gsize size, gpointer log, GError **error)
{
  g_assert_cmpuint (strlen (data), ==, size);
  g_string_append_printf (log, "%s=%s;", name, data);
  if (strcmp (data, "stop") != 0)
    return TRUE;

  g_set_error_literal (error, DEVBOX_ERROR, DEVBOX_ERROR_CONFLICT, "stop");
  return FALSE;
}

static void
test_events (void)
{
  static const struct
  {
    const char *text;
    const char *events;
  } cases[] = {
    { "data: a\n\n", "message=a;" },
    { "data:a\r\n\r\n", "message=a;" },
    { "data: a\r\r", "message=a;" },
    { "\xef\xbb\xbf"
      "data: a\n\n",
      "message=a;" },
    { "event: x\ndata: a\ndata:  b\ndata\n\n", "x=a\n b\n;" },
    { "event: x\n\ndata: a\n\n", "message=a;" },
    { ": comment\nid: 1\nretry: 2\nother\ndata: a\n\n:\n\n", "message=a;" },
    { "event: x\nevent:\ndata: a\n\n", "message=a;" },
    { "data: a\n", "" },
    { "data: a\n\ndata: stop\n\ndata: b\n\n", "message=a;message=stop;" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (gsize piece = 1; piece < 8; piece++)
        {
          g_autoptr (GString) log = g_string_new (NULL);
          g_autoptr (DevboxEventParser) parser = devbox_event_parser_new (note_event, log);
          const gsize size = strlen (cases[i].text);

          for (gsize j = 0; j < size; j += piece)
            {
              if (!devbox_event_parser_feed (parser, cases[i].text + j, MIN (piece, size - j), NULL))
                break;
            }
          g_assert_cmpstr (log->str, ==, cases[i].events);
        }
    }
}

static void
test_hostile_events (void)
{
  g_autofree char *line = g_strnfill (DEVBOX_EVENT_PARSER_MAX_SIZE / 4, 'x');
  g_autofree char *field = g_strconcat ("data:", line, "\n", NULL);
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (DevboxEventParser) with_nul = devbox_event_parser_new (note_event, log);
  g_autoptr (GError) error = NULL;

  for (guint with_breaks = 0; with_breaks < 2; with_breaks++)
    {
      g_autoptr (DevboxEventParser) parser = devbox_event_parser_new (note_event, log);
      const char *text = with_breaks ? field : line;
      guint n_fed = 0;

      while (devbox_event_parser_feed (parser, text, strlen (text), &error))
        n_fed++;
      g_assert_cmpuint (n_fed, <=, 4);
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR);
      g_clear_error (&error);
    }

  g_assert_false (devbox_event_parser_feed (with_nul, "data: \0\n\n", 9, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR);
}

static void
test_command_events (void)
{
  static const struct
  {
    const char *name;
    const char *data;
    gboolean valid;
    DevboxCommandEventKind kind;
  } cases[] = {
    { "start", "{\"timestamp\":\"2026-11-22T10:00:00Z\"}", TRUE, DEVBOX_COMMAND_EVENT_OTHER },
    { "stdout", "{\"output\":\"x\",\"timestamp\":1795341600}", TRUE, DEVBOX_COMMAND_EVENT_OUTPUT },
    { "stderr", "{\"output\":\"x\",\"outputBase64\":\"/w==\"}", TRUE, DEVBOX_COMMAND_EVENT_OUTPUT },
    { "complete", "{\"exitCode\":0,\"duration\":3}", TRUE, DEVBOX_COMMAND_EVENT_COMPLETE },
    { "complete", "{\"exitCode\":null}", TRUE, DEVBOX_COMMAND_EVENT_COMPLETE },
    { "error", "{\"error\":\"no\",\"durationMs\":1}", TRUE, DEVBOX_COMMAND_EVENT_FAILED },
    { "message", "{}", TRUE, DEVBOX_COMMAND_EVENT_OTHER },
    { "stdout", "{}", FALSE, 0 },
    { "stdout", "{\"output\":\"x\",\"outputBase64\":\"!\"}", FALSE, 0 },
    { "complete", "{\"exitCode\":\"0\"}", FALSE, 0 },
    { "complete", "{\"exitCode\":0,\"duration\":-1}", FALSE, 0 },
    { "error", "{}", FALSE, 0 },
    { "start", "x", FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (DevboxCommandEvent) event = DEVBOX_COMMAND_EVENT_INIT;
      g_autoptr (GError) error = NULL;
      const gboolean valid
          = devbox_command_event_parse (&event, cases[i].name, cases[i].data, strlen (cases[i].data), 9, &error);

      g_assert_cmpint (valid, ==, cases[i].valid);
      g_assert_cmpint (event.kind, ==, cases[i].kind);
      if (event.kind == DEVBOX_COMMAND_EVENT_OUTPUT)
        g_assert_cmpint (devbox_log_entry_get_sequence (event.entry), ==, 9);
    }
}

static void
test_run_streamed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("make");
  g_autoptr (DevboxRequest) request = devbox_run_streamed_request_new (fixture->client, command, NULL);

  assert_unsupported (request);
  assert_sent (request, &current, "POST", "/api/v1/process/sync-stream",
               "{\"command\":\"/bin/sh\",\"args\":[\"-c\",\"make\"],\"timeout\":30}");
  g_assert_true (request->streams_reply && request->may_be_silent);
  assert_sent (request, &both, "POST", "/api/v1/process/sync-stream",
               "{\"command\":\"/bin/sh\",\"args\":[\"-c\",\"make\"],\"timeout\":30}");
  g_assert_false (request->may_be_silent);
  assert_fails (request, 200, "{\"status\":1422,\"message\":\"no\"}", DEVBOX_ERROR_VALIDATION_ERROR);
  assert_fails (request, 200, "{\"status\":0}", DEVBOX_ERROR_INTERNAL_ERROR);
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
  ADD ("run/streamed", test_run_streamed);
  ADD ("spawn", test_spawn);
  ADD ("list", test_list);
  ADD ("status/by-pid", test_status_by_pid);
  ADD ("status/of-another", test_status_of_another_process);
  ADD ("status/in-one-dialect", test_status_in_one_dialect);
  ADD ("refresh", test_refresh);
  ADD ("wait", test_wait);
  ADD ("update", test_update);
  ADD ("signal", test_signal);
  ADD ("log", test_log);
  ADD ("sessions", test_sessions);
  ADD ("ports", test_ports);
#undef ADD
  g_test_add_func ("/agent-processes/log/messages", test_log_messages);
  g_test_add_func ("/agent-processes/log/queue", test_queue);
  g_test_add_func ("/agent-processes/events", test_events);
  g_test_add_func ("/agent-processes/events/hostile", test_hostile_events);
  g_test_add_func ("/agent-processes/events/command", test_command_events);

  return g_test_run ();
}
