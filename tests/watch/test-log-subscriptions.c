/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logs that a socket follows, without an agent around it. The log of the fixture keeps 100 lines. */
#include "socket-fixture.h"

#include "devbox-wire-json-private.h"

#include <string.h>

#define TARGET "\"type\":\"process\",\"targetId\":\"" SOCKET_FIXTURE_ID "\""
#define SUBSCRIBE "{\"action\":\"subscribe\"," TARGET "}"
#define SUBSCRIBE_TAIL "{\"action\":\"subscribe\"," TARGET ",\"options\":{\"tail\":1000}}"
#define UNSUBSCRIBE "{\"action\":\"unsubscribe\"," TARGET "}"

static void
write_lines (SocketFixture *fixture, DevboxOutputStream stream, guint first, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *line = g_strdup_printf ("line %u\n", first + i);

      devbox_output_log_append (fixture->log, stream, line, strlen (line));
    }
}

static JsonObject *
receive (SocketFixture *fixture)
{
  g_autofree char *text = socket_fixture_receive_text (fixture);
  g_autoptr (GError) error = NULL;
  JsonObject *object = devbox_wire_json_parse_object (text, strlen (text), &error);

  g_assert_no_error (error);
  return object;
}

static void
expect_action (SocketFixture *fixture, const char *action)
{
  g_autoptr (JsonObject) answer = receive (fixture);

  g_assert_cmpstr (json_object_get_string_member_with_default (answer, "action", NULL), ==, action);
  g_assert_cmpstr (json_object_get_string_member (answer, "type"), ==, "process");
  g_assert_cmpstr (json_object_get_string_member (answer, "targetId"), ==, SOCKET_FIXTURE_ID);
}

static void
expect_end (SocketFixture *fixture)
{
  g_autoptr (JsonObject) answer = receive (fixture);

  g_assert_cmpstr (json_object_get_string_member_with_default (answer, "action", NULL), ==, "unsubscribed");
  g_assert_cmpstr (json_object_get_string_member_with_default (answer, "reason", NULL), ==, "ended");
}

static void
expect_line (SocketFixture *fixture, guint number, const char *level, gboolean is_history)
{
  g_autoptr (JsonObject) message = receive (fixture);
  JsonObject *log;
  g_autofree char *content = g_strdup_printf ("line %u\n", number);

  g_assert_cmpstr (json_object_get_string_member (message, "type"), ==, "log");
  g_assert_cmpstr (json_object_get_string_member (message, "dataType"), ==, "process");
  g_assert_cmpstr (json_object_get_string_member (message, "targetId"), ==, SOCKET_FIXTURE_ID);
  g_assert_cmpint (json_object_get_boolean_member (message, "isHistory"), ==, is_history);
  log = json_object_get_object_member (message, "log");
  g_assert_cmpstr (json_object_get_string_member (log, "content"), ==, content);
  g_assert_cmpstr (json_object_get_string_member (log, "level"), ==, level);
  g_assert_cmpint (json_object_get_int_member (log, "sequence"), ==, number);
  g_assert_cmpint (json_object_get_int_member (message, "sequence"), ==, number);
  g_assert_cmpint (ABS (json_object_get_int_member (log, "timestamp") - g_get_real_time () / G_USEC_PER_SEC), <, 60);
}

static void
expect_failure (SocketFixture *fixture, const char *text, int status)
{
  g_autoptr (JsonObject) answer = NULL;

  socket_fixture_send_text (fixture, text);
  answer = receive (fixture);
  g_assert_cmpint (json_object_get_int_member (answer, "status"), ==, status);
  g_assert_cmpstr (json_object_get_string_member (answer, "message"), !=, "");
}

static void
test_live (SocketFixture *fixture, gconstpointer data)
{
  write_lines (fixture, DEVBOX_OUTPUT_STDOUT, 1, 3);
  socket_fixture_send_text (fixture, SUBSCRIBE);
  expect_action (fixture, "subscribed");
  write_lines (fixture, DEVBOX_OUTPUT_STDOUT, 4, 1);
  write_lines (fixture, DEVBOX_OUTPUT_STDERR, 5, 1);
  write_lines (fixture, DEVBOX_OUTPUT_SYSTEM, 6, 1);
  expect_line (fixture, 4, "stdout", FALSE);
  expect_line (fixture, 5, "stderr", FALSE);
  expect_line (fixture, 6, "system", FALSE);

  devbox_output_log_end (fixture->log);
  expect_end (fixture);
  expect_failure (fixture, UNSUBSCRIBE, 1404);
}

static void
test_history (SocketFixture *fixture, gconstpointer data)
{
  write_lines (fixture, DEVBOX_OUTPUT_STDOUT, 1, 5);
  socket_fixture_send_text (fixture, "{\"action\":\"subscribe\"," TARGET ",\"options\":{\"tail\":2}}");
  expect_action (fixture, "subscribed");
  expect_line (fixture, 4, "stdout", TRUE);
  expect_line (fixture, 5, "stdout", TRUE);
  write_lines (fixture, DEVBOX_OUTPUT_STDOUT, 6, 1);
  expect_line (fixture, 6, "stdout", FALSE);

  socket_fixture_send_text (fixture, UNSUBSCRIBE);
  expect_action (fixture, "unsubscribed");
  write_lines (fixture, DEVBOX_OUTPUT_STDOUT, 7, 1);
  socket_fixture_send_text (fixture, SUBSCRIBE_TAIL);
  expect_action (fixture, "subscribed");
  for (guint i = 1; i <= 7; i++)
    expect_line (fixture, i, "stdout", TRUE);
}

static void
test_ended_before (SocketFixture *fixture, gconstpointer data)
{
  write_lines (fixture, DEVBOX_OUTPUT_STDERR, 1, 2);
  devbox_output_log_end (fixture->log);
  for (guint i = 0; i < 2; i++)
    {
      socket_fixture_send_text (fixture, SUBSCRIBE_TAIL);
      expect_action (fixture, "subscribed");
      expect_line (fixture, 1, "stderr", TRUE);
      expect_line (fixture, 2, "stderr", TRUE);
      expect_end (fixture);
    }
}

static void
test_levels (SocketFixture *fixture, gconstpointer data)
{
  write_lines (fixture, DEVBOX_OUTPUT_STDOUT, 1, 1);
  write_lines (fixture, DEVBOX_OUTPUT_STDERR, 2, 1);
  socket_fixture_send_text (fixture,
                            "{\"action\":\"subscribe\"," TARGET ",\"options\":{\"levels\":[\"stderr\"],\"tail\":9}}");
  expect_action (fixture, "subscribed");
  expect_line (fixture, 2, "stderr", TRUE);
  write_lines (fixture, DEVBOX_OUTPUT_STDOUT, 3, 1);
  write_lines (fixture, DEVBOX_OUTPUT_SYSTEM, 4, 1);
  write_lines (fixture, DEVBOX_OUTPUT_STDERR, 5, 1);
  expect_line (fixture, 5, "stderr", FALSE);
}

/* Bytes that are no text */
static void
test_bytes (SocketFixture *fixture, gconstpointer data)
{
  g_autoptr (JsonObject) message = NULL;
  JsonObject *log;

  socket_fixture_send_text (fixture, SUBSCRIBE);
  expect_action (fixture, "subscribed");
  devbox_output_log_append (fixture->log, DEVBOX_OUTPUT_STDOUT, "a\xff\0b\n", 5);
  message = receive (fixture);
  log = json_object_get_object_member (message, "log");
  g_assert_cmpstr (json_object_get_string_member (log, "content"), ==, "a\uFFFD\uFFFDb\n");
  g_assert_cmpstr (json_object_get_string_member (log, "contentBase64"), ==, "Yf8AYgo=");
}

static void
test_list (SocketFixture *fixture, gconstpointer data)
{
  g_autoptr (JsonObject) empty = NULL;
  g_autoptr (JsonObject) answer = NULL;
  JsonArray *subscriptions;
  JsonObject *subscription;

  socket_fixture_send_text (fixture, "{\"action\":\"list\"}");
  empty = receive (fixture);
  g_assert_cmpint (json_array_get_length (json_object_get_array_member (empty, "subscriptions")), ==, 0);

  socket_fixture_send_text (fixture, "{\"action\":\"subscribe\"," TARGET ",\"options\":{\"levels\":[\"stdout\"]}}");
  expect_action (fixture, "subscribed");
  socket_fixture_send_text (fixture, "{\"action\":\"list\"}");
  answer = receive (fixture);
  g_assert_cmpstr (json_object_get_string_member (answer, "type"), ==, "list");
  subscriptions = json_object_get_array_member (answer, "subscriptions");
  g_assert_cmpint (json_array_get_length (subscriptions), ==, 1);
  subscription = json_array_get_object_element (subscriptions, 0);
  g_assert_cmpstr (json_object_get_string_member (subscription, "id"), ==, "process:" SOCKET_FIXTURE_ID);
  g_assert_cmpstr (json_object_get_string_member (subscription, "type"), ==, "process");
  g_assert_cmpstr (json_object_get_string_member (subscription, "targetId"), ==, SOCKET_FIXTURE_ID);
  g_assert_cmpint (json_array_get_length (json_object_get_array_member (subscription, "logLevels")), ==, 1);
  g_assert_true (json_object_get_boolean_member (subscription, "active"));
}

static void
test_refusals (SocketFixture *fixture, gconstpointer data)
{
  expect_failure (fixture, "{\"action\":\"subscribe\",\"type\":\"process\",\"targetId\":\"unknown\"}", 1404);
  expect_failure (fixture, "{\"action\":\"subscribe\",\"type\":\"session\",\"targetId\":\"" SOCKET_FIXTURE_ID "\"}",
                  1404);
  expect_failure (fixture, UNSUBSCRIBE, 1404);
  expect_failure (fixture, "{\"action\":\"subscribe\",\"type\":\"file\",\"targetId\":\"x\"}", 1400);
  expect_failure (fixture, "{\"action\":\"subscribe\",\"type\":\"process\"}", 1400);
  expect_failure (fixture, "{\"action\":\"subscribe\",\"targetId\":\"x\"}", 1400);
  expect_failure (fixture, "{\"action\":\"subscribe\",\"type\":1,\"targetId\":\"x\"}", 1400);
  expect_failure (fixture, "{\"action\":\"subscribe\"," TARGET ",\"options\":[]}", 1400);
  expect_failure (fixture, "{\"action\":\"subscribe\"," TARGET ",\"options\":{\"levels\":[\"info\"]}}", 1400);
  expect_failure (fixture, "{\"action\":\"subscribe\"," TARGET ",\"options\":{\"levels\":\"stdout\"}}", 1400);
  expect_failure (fixture, "{\"action\":\"subscribe\"," TARGET ",\"options\":{\"tail\":-1}}", 1400);
  expect_failure (fixture, "{\"action\":\"subscribe\"," TARGET ",\"options\":{\"tail\":\"1\"}}", 1400);
  expect_failure (fixture, "{\"action\":\"start\"," TARGET "}", 1400);
  expect_failure (fixture, "{\"action\":null}", 1400);
  expect_failure (fixture, "{\"action\":7,\"type\":\"watch\",\"path\":\"\"}", 1400);

  socket_fixture_send_text (fixture, SUBSCRIBE);
  expect_action (fixture, "subscribed");
  expect_failure (fixture, SUBSCRIBE, 1400);
}

/* Nobody is asked once those who know the logs are gone. */
static void
test_closed_finder (SocketFixture *fixture, gconstpointer data)
{
  devbox_log_finder_close (fixture->log_finder);
  expect_failure (fixture, SUBSCRIBE, 1404);
}

/* A reader that reads nothing holds up little; then it is told of the lines that left the log meanwhile, of those that
 * are still there, and of the end. */
static void
test_gap (SocketFixture *fixture, gconstpointer data)
{
  g_autofree char *line = g_strnfill (20000, 'x');
  guint n_lines = 1000;
  guint64 next = 1;
  gboolean has_gap = FALSE;

  line[19999] = '\n';
  socket_fixture_send_text (fixture, SUBSCRIBE);
  expect_action (fixture, "subscribed");
  for (guint i = 0; i < n_lines; i++)
    {
      devbox_output_log_append (fixture->log, DEVBOX_OUTPUT_STDOUT, line, 20000);
      socket_fixture_turn ();
    }
  devbox_output_log_end (fixture->log);

  for (;;)
    {
      g_autoptr (JsonObject) message = receive (fixture);

      if (json_object_has_member (message, "action"))
        break;
      g_assert_cmpint (json_object_get_int_member (message, "sequence"), ==, next);
      if (strcmp (json_object_get_string_member (message, "type"), "gap") == 0)
        {
          has_gap = TRUE;
          next += json_object_get_int_member (message, "missed");
        }
      else
        next++;
    }
  g_assert_true (has_gap);
  g_assert_cmpint (next, ==, n_lines + 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/watch/logs/live", SocketFixture, NULL, socket_fixture_set_up, test_live, socket_fixture_tear_down);
  g_test_add ("/watch/logs/history", SocketFixture, NULL, socket_fixture_set_up, test_history,
              socket_fixture_tear_down);
  g_test_add ("/watch/logs/ended-before", SocketFixture, NULL, socket_fixture_set_up, test_ended_before,
              socket_fixture_tear_down);
  g_test_add ("/watch/logs/levels", SocketFixture, NULL, socket_fixture_set_up, test_levels, socket_fixture_tear_down);
  g_test_add ("/watch/logs/bytes", SocketFixture, NULL, socket_fixture_set_up, test_bytes, socket_fixture_tear_down);
  g_test_add ("/watch/logs/list", SocketFixture, NULL, socket_fixture_set_up, test_list, socket_fixture_tear_down);
  g_test_add ("/watch/logs/refusals", SocketFixture, NULL, socket_fixture_set_up, test_refusals,
              socket_fixture_tear_down);
  g_test_add ("/watch/logs/closed-finder", SocketFixture, NULL, socket_fixture_set_up, test_closed_finder,
              socket_fixture_tear_down);
  g_test_add ("/watch/logs/gap", SocketFixture, NULL, socket_fixture_set_up, test_gap, socket_fixture_tear_down);

  return g_test_run ();
}
