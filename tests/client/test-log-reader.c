/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a log reader makes of connections that break and of agents that say odd things. */
#include "devbox-glib.h"
#include "devbox-io-thread-private.h"
#include "devbox-log-link-private.h"
#include "scripted-server.h"

#include <string.h>

#define REPLY "{\"status\":0,\"sessionId\":\"s1\",\"sessionStatus\":\"active\"}"
#define SUBSCRIBED "{\"action\":\"subscribed\",\"type\":\"session\",\"targetId\":\"s1\"}"
#define LINE(number, text)                                                                                             \
  "{\"type\":\"log\",\"log\":{\"level\":\"stdout\",\"content\":\"" text "\",\"sequence\":" number "}}"
#define ENDED "{\"action\":\"unsubscribed\",\"reason\":\"ended\"}"

typedef struct
{
  ScriptedServer *server;
  DevboxClient *client;
  DevboxInstance *instance;
  DevboxLogReader *reader;
  guint n_threads;
} Fixture;

static void
wait_for_watches (Fixture *fixture, guint n_watches)
{
  while (scripted_server_get_n_watches (fixture->server) < n_watches)
    g_usleep (1000);
}

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxSession) session = NULL;
  g_autoptr (GError) error = NULL;

  devbox_log_link_timing.first_delay_ms = 10;
  devbox_log_link_timing.last_delay_ms = 40;
  fixture->n_threads = devbox_io_thread_get_n_running ();
  fixture->server = scripted_server_new ();
  scripted_server_set_capabilities (fixture->server, "[\"current\"]");
  scripted_server_reply (fixture->server, 200, REPLY);
  scripted_server_answer_watch (fixture->server, SUBSCRIBED);
  fixture->client = devbox_client_new ();
  devbox_client_set_timeout (fixture->client, 3000);
  fixture->instance
      = devbox_instance_new_for_agent_with_client (fixture->client, scripted_server_get_url (fixture->server), NULL);
  session = devbox_instance_get_session_sync (fixture->instance, "s1", NULL, &error);
  g_assert_no_error (error);
  fixture->reader = devbox_session_open_log_sync (session, 5, NULL, &error);
  g_assert_no_error (error);
  wait_for_watches (fixture, 1);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_clear_object (&fixture->reader);
  g_clear_object (&fixture->instance);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (fixture->client);
  while (devbox_io_thread_get_n_running () > fixture->n_threads)
    g_usleep (1000);
  scripted_server_free (fixture->server);
}

static void
assert_next (Fixture *fixture, gint64 sequence, const char *text, guint64 n_missed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxLogEntry) entry = devbox_log_reader_next_entry_sync (fixture->reader, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (entry);
  g_assert_cmpint (devbox_log_entry_get_sequence (entry), ==, sequence);
  g_assert_cmpstr (devbox_log_entry_get_text (entry), ==, text);
  g_assert_cmpuint (devbox_log_entry_get_n_missed (entry), ==, n_missed);
}

static void
assert_end (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_log_reader_next_entry_sync (fixture->reader, NULL, &error));
  g_assert_no_error (error);
}

static void
assert_fails (Fixture *fixture, DevboxError code)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (devbox_log_reader_next_entry_sync (fixture->reader, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, (int) code);
    }
}

static void
test_goes_on (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *first = scripted_server_dup_watch (fixture->server);
  g_autofree char *second = NULL;

  g_assert_nonnull (strstr (first, "\"tail\":5}"));
  scripted_server_send (fixture->server, LINE ("7", "a"));
  scripted_server_send (fixture->server, LINE ("8", "b"));
  assert_next (fixture, 7, "a", 0);
  scripted_server_drop_watchers (fixture->server);
  wait_for_watches (fixture, 2);
  second = scripted_server_dup_watch (fixture->server);
  g_assert_nonnull (strstr (second, "\"tail\":10000}"));
  scripted_server_send (fixture->server, LINE ("7", "a"));
  scripted_server_send (fixture->server, LINE ("8", "b"));
  scripted_server_send (fixture->server, LINE ("9", "c"));
  scripted_server_send (fixture->server, "{\"type\":\"gap\",\"missed\":2}");
  scripted_server_send (fixture->server, LINE ("12", "d"));
  scripted_server_send (fixture->server, ENDED);
  assert_next (fixture, 8, "b", 0);
  assert_next (fixture, 9, "c", 0);
  assert_next (fixture, 12, "d", 2);
  assert_end (fixture);
  g_assert_cmpuint (devbox_log_reader_get_n_missed (fixture->reader), ==, 2);
}

static void
test_forgotten (Fixture *fixture, gconstpointer unused)
{
  scripted_server_send (fixture->server, LINE ("1", "a"));
  scripted_server_answer_watch (fixture->server, "{\"status\":1404,\"message\":\"no such session\"}");
  assert_next (fixture, 1, "a", 0);
  scripted_server_drop_watchers (fixture->server);
  assert_fails (fixture, DEVBOX_ERROR_SESSION_NOT_FOUND);
}

static void
test_away (Fixture *fixture, gconstpointer unused)
{
  devbox_client_set_timeout (fixture->client, 100);
  g_clear_object (&fixture->reader);
  {
    g_autoptr (DevboxSession) session = devbox_instance_get_session_sync (fixture->instance, "s1", NULL, NULL);

    fixture->reader = devbox_session_open_log_sync (session, 0, NULL, NULL);
  }
  wait_for_watches (fixture, 2);
  scripted_server_send (fixture->server, LINE ("1", "a"));
  assert_next (fixture, 1, "a", 0);
  scripted_server_refuse_watch (fixture->server, 503);
  scripted_server_drop_watchers (fixture->server);
  assert_fails (fixture, DEVBOX_ERROR_SERVER_UNAVAILABLE);
}

static void
test_nonsense (Fixture *fixture, gconstpointer unused)
{
  scripted_server_send (fixture->server, LINE ("1", "a"));
  assert_next (fixture, 1, "a", 0);
  scripted_server_send (fixture->server, "nonsense");
  wait_for_watches (fixture, 2);
  scripted_server_send (fixture->server, LINE ("2", "b"));
  assert_next (fixture, 2, "b", 0);
}

static void
test_full (Fixture *fixture, gconstpointer unused)
{
  const guint n_lines = 10000;

  for (guint i = 1; i <= n_lines; i++)
    {
      g_autofree char *number = g_strdup_printf ("%u", i);
      g_autofree char *line = g_strconcat (
          "{\"type\":\"log\",\"log\":{\"level\":\"stdout\",\"content\":\"x\",\"sequence\":", number, "}}", NULL);

      scripted_server_send (fixture->server, line);
    }
  while (scripted_server_get_n_watchers (fixture->server) > 0) /* it hangs up */
    g_usleep (1000);
  g_assert_cmpuint (scripted_server_get_n_watches (fixture->server), ==, 1);

  for (guint i = 1; i <= n_lines; i++)
    assert_next (fixture, i, "x", 0);
  wait_for_watches (fixture, 2);
  scripted_server_send (fixture->server, LINE ("10000", "x"));
  scripted_server_send (fixture->server, LINE ("10001", "y"));
  assert_next (fixture, 10001, "y", 0);
}

static void
test_dropped_at_once (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (DevboxSession) session = devbox_instance_get_session_sync (fixture->instance, "s1", NULL, NULL);

  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (DevboxLogReader) reader = devbox_session_open_log_sync (session, 0, NULL, NULL);

      g_assert_nonnull (reader);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, test) g_test_add ("/log-reader/" path, Fixture, NULL, set_up, test, tear_down)
  ADD ("goes-on", test_goes_on);
  ADD ("forgotten", test_forgotten);
  ADD ("away", test_away);
  ADD ("nonsense", test_nonsense);
  ADD ("full", test_full);
  ADD ("dropped-at-once", test_dropped_at_once);
#undef ADD

  return g_test_run ();
}
