/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the requests for logs and for output as it comes say, and what is made of lines, messages and events, hostile
 * ones among them. */
#include "agent-request-test-util.h"

#include "devbox-command-events-private.h"
#include "devbox-event-parser-private.h"
#include "devbox-glib.h"
#include "devbox-log-messages-private.h"
#include "devbox-log-queue-private.h"
#include "devbox-log-requests-private.h"
#include "devbox-run-streamed-request-private.h"

#include <string.h>

static void
test_log (void)
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

  test_request_assert_unsupported (request);
  test_request_assert_sent (request, TEST_AGENT_CURRENT, "GET", "/api/v1/sessions/%2E%2E/logs?tail=3", NULL);
  list = test_request_parse_json (
      request, 200,
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
  test_request_assert_fails (request, 200, "{\"status\":0,\"logs\":[1]}", DEVBOX_ERROR_INTERNAL_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":1404}", DEVBOX_ERROR_SESSION_NOT_FOUND);
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
test_run_streamed (void)
{
  DevboxClient *client = devbox_client_new ();
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("make");
  g_autoptr (DevboxRequest) request = devbox_run_streamed_request_new (client, command, NULL);

  test_request_assert_unsupported (request);
  test_request_assert_sent (request, TEST_AGENT_CURRENT, "POST", "/api/v1/process/sync-stream",
                            "{\"command\":\"/bin/sh\",\"args\":[\"-c\",\"make\"],\"timeout\":30}");
  g_assert_true (request->streams_reply && request->may_be_silent);
  test_request_assert_sent (request, TEST_AGENT_OURS, "POST", "/api/v1/process/sync-stream",
                            "{\"command\":\"/bin/sh\",\"args\":[\"-c\",\"make\"],\"timeout\":30}");
  g_assert_false (request->may_be_silent);
  test_request_assert_fails (request, 200, "{\"status\":1422,\"message\":\"no\"}", DEVBOX_ERROR_VALIDATION_ERROR);
  test_request_assert_fails (request, 200, "{\"status\":0}", DEVBOX_ERROR_INTERNAL_ERROR);

  g_clear_pointer (&request, devbox_request_free);
  g_assert_finalize_object (client);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/agent-processes/log", test_log);
  g_test_add_func ("/agent-processes/log/messages", test_log_messages);
  g_test_add_func ("/agent-processes/log/queue", test_queue);
  g_test_add_func ("/agent-processes/events", test_events);
  g_test_add_func ("/agent-processes/events/hostile", test_hostile_events);
  g_test_add_func ("/agent-processes/events/command", test_command_events);
  g_test_add_func ("/agent-processes/run/streamed", test_run_streamed);

  return g_test_run ();
}
