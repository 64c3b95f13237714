/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-glib.h"
#include "devbox-monitor-link-private.h"
#include "devbox-monitor-queue-private.h"
#include "scripted-server.h"

#define PATIENCE_US (10 * G_TIME_SPAN_SECOND)

typedef struct
{
  ScriptedServer *server;
  DevboxClient *client;
  DevboxInstance *instance;
  GString *log;    /* what the monitor told */
  GThread *thread; /* and where */
  DevboxFileMonitor *monitor;
  guint n_threads; /* that ran before */
} Fixture;

static gboolean
wake_up (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

/* Runs the main context until the condition holds. */
#define WAIT_UNTIL(condition)                                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    const gint64 give_up = g_get_monotonic_time () + PATIENCE_US;                                                      \
    const guint ticker = g_timeout_add (2, wake_up, NULL);                                                             \
    while (!(condition) && g_get_monotonic_time () < give_up)                                                          \
      g_main_context_iteration (NULL, TRUE);                                                                           \
    g_source_remove (ticker);                                                                                          \
    g_assert_true (condition);                                                                                         \
  }                                                                                                                    \
  G_STMT_END

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  devbox_monitor_link_timing = (DevboxSocketLinkTiming){
    .first_delay_ms = 20,
    .last_delay_ms = 80,
    .ping_interval_s = 20,
    .max_message_size = 128 * 1024,
    .silence_ms = 60000,
  };
  fixture->n_threads = devbox_io_thread_get_n_running ();
  fixture->server = scripted_server_new ();
  fixture->client = devbox_client_new ();
  fixture->instance = devbox_instance_new_for_agent_with_client (fixture->client,
                                                                 scripted_server_get_url (fixture->server), "s3cret");
  fixture->log = g_string_new (NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_clear_object (&fixture->monitor);
  g_clear_object (&fixture->instance);
  g_object_add_weak_pointer (G_OBJECT (fixture->client), (gpointer *) &fixture->client);
  g_object_unref (fixture->client);
  g_assert_null (fixture->client);
  WAIT_UNTIL (devbox_io_thread_get_n_running () <= fixture->n_threads);
  g_string_free (fixture->log, TRUE);
  scripted_server_free (fixture->server);
}

static gboolean
set_flag (gpointer flag)
{
  *(gboolean *) flag = TRUE;

  return G_SOURCE_REMOVE;
}

static void
run_for (guint ms)
{
  gboolean over = FALSE;

  g_timeout_add (ms, set_flag, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

static void
on_changed (DevboxFileMonitor *monitor,
            const char *path,
            const char *old_path,
            GFileMonitorEvent event,
            Fixture *fixture)
{
  g_autofree char *name = g_enum_to_string (G_TYPE_FILE_MONITOR_EVENT, event);

  fixture->thread = g_thread_self ();
  g_string_append_printf (fixture->log, "%s %s %s\n", name + strlen ("G_FILE_MONITOR_EVENT_"), path,
                          old_path != NULL ? old_path : "-");
}

static void
on_overflow (DevboxFileMonitor *monitor, const char *path, Fixture *fixture)
{
  fixture->thread = g_thread_self ();
  g_string_append_printf (fixture->log, "overflow %s\n", path);
}

static void
on_closed (DevboxFileMonitor *monitor, const GError *error, Fixture *fixture)
{
  fixture->thread = g_thread_self ();
  g_string_append_printf (fixture->log, "closed %s\n", error != NULL ? devbox_error_to_string (error->code) : "-");
}

static void
listen_to (Fixture *fixture)
{
  g_signal_connect (fixture->monitor, "changed", G_CALLBACK (on_changed), fixture);
  g_signal_connect (fixture->monitor, "overflow", G_CALLBACK (on_overflow), fixture);
  g_signal_connect (fixture->monitor, "closed", G_CALLBACK (on_closed), fixture);
}

static void
start (Fixture *fixture, const char *path, DevboxFileMonitorFlags flags)
{
  g_autoptr (GError) error = NULL;

  fixture->monitor = devbox_instance_monitor_files_sync (fixture->instance, path, flags, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (DEVBOX_IS_FILE_MONITOR (fixture->monitor));
}

static void
start_and_listen (Fixture *fixture)
{
  start (fixture, ".", DEVBOX_FILE_MONITOR_FLAGS_NONE);
  listen_to (fixture);
}

static void
assert_log (Fixture *fixture, const char *expected)
{
  g_assert_cmpstr (fixture->log->str, ==, expected);
  if (expected[0] != '\0')
    g_assert_true (fixture->thread == g_thread_self ());
}

static void
take_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

#define CHANGE(type, path)                                                                                             \
  "{\"type\":\"file-change\",\"event\":{\"type\":\"" type "\",\"path\":\"" path "\",\"timestamp\":1}}"

static void
test_start (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *path;
    DevboxFileMonitorFlags flags;
    const char *message;
  } cases[] = {
    { ".", DEVBOX_FILE_MONITOR_FLAGS_NONE,
      "{\"type\":\"watch\",\"path\":\".\",\"renames\":true,\"recursive\":true,\"dotfiles\":false}" },
    { "a\"b", DEVBOX_FILE_MONITOR_FLAGS_DOT_FILES | DEVBOX_FILE_MONITOR_FLAGS_NO_RECURSION,
      "{\"type\":\"watch\",\"path\":\"a\\\"b\",\"renames\":true,\"recursive\":false,\"dotfiles\":true}" },
  };
  g_autofree char *authorization = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *message = NULL;
      g_autofree char *path = NULL;
      gboolean cancelled;

      start (fixture, cases[i].path, cases[i].flags);
      message = scripted_server_dup_watch (fixture->server);
      g_assert_cmpstr (message, ==, cases[i].message);
      g_object_get (fixture->monitor, "path", &path, "cancelled", &cancelled, NULL);
      g_assert_cmpstr (path, ==, cases[i].path);
      g_assert_false (cancelled);
      g_clear_object (&fixture->monitor);
    }
  authorization = scripted_server_dup_authorization (fixture->server);
  g_assert_cmpstr (authorization, ==, "Bearer s3cret");
}

static void
test_start_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  devbox_instance_monitor_files_async (fixture->instance, "", DEVBOX_FILE_MONITOR_FLAGS_NONE, NULL, take_result,
                                       &result);
  WAIT_UNTIL (result != NULL);
  fixture->monitor = devbox_instance_monitor_files_finish (fixture->instance, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (scripted_server_get_n_watches (fixture->server), ==, 1);
}

static void
test_events (Fixture *fixture, gconstpointer unused)
{
  start_and_listen (fixture);
  scripted_server_send (fixture->server, CHANGE ("add", "a"));
  scripted_server_send (fixture->server, CHANGE ("change", "a"));
  scripted_server_send (fixture->server, CHANGE ("newer-than-us", "a"));
  scripted_server_send (fixture->server, "{\"type\":\"log\",\"log\":{}}");
  scripted_server_send (fixture->server,
                        "{\"type\":\"file-change\",\"event\":{\"type\":\"rename\",\"path\":\"b\",\"oldPath\":\"a\"}}");
  scripted_server_send (fixture->server, CHANGE ("unlink", "b"));
  scripted_server_send (fixture->server, "{\"type\":\"overflow\",\"path\":\"sub\"}");
  WAIT_UNTIL (strstr (fixture->log->str, "overflow") != NULL);
  assert_log (fixture, "CREATED a -\nCHANGED a -\nRENAMED b a\nDELETED b -\noverflow sub\n");
}

/* What the agent tells before a handler is there waits for it. */
static void
test_late_handler (Fixture *fixture, gconstpointer unused)
{
  start (fixture, ".", DEVBOX_FILE_MONITOR_FLAGS_NONE);
  scripted_server_send (fixture->server, CHANGE ("add", "a"));
  run_for (50);
  listen_to (fixture);
  scripted_server_send (fixture->server, CHANGE ("unlink", "a"));
  WAIT_UNTIL (strstr (fixture->log->str, "DELETED") != NULL);
  assert_log (fixture, "CREATED a -\nDELETED a -\n");
}

static gpointer
start_in_context (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  start_and_listen (fixture);
  scripted_server_send (fixture->server, CHANGE ("add", "a"));
  while (fixture->log->len == 0)
    g_main_context_iteration (context, TRUE);
  assert_log (fixture, "CREATED a -\n");
  g_clear_object (&fixture->monitor);
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_context (Fixture *fixture, gconstpointer unused)
{
  g_thread_join (g_thread_new ("test", start_in_context, fixture));
}

static void
cancel_now (DevboxFileMonitor *monitor)
{
  g_assert_true (devbox_file_monitor_cancel (monitor));
}

static void
test_cancel (Fixture *fixture, gconstpointer unused)
{
  guint n_notified = 0;

  start_and_listen (fixture);
  g_signal_connect (fixture->monitor, "changed", G_CALLBACK (cancel_now), NULL);
  g_signal_connect_swapped (fixture->monitor, "notify::cancelled", G_CALLBACK (set_flag), &n_notified);
  scripted_server_send (fixture->server, CHANGE ("add", "a"));
  scripted_server_send (fixture->server, CHANGE ("add", "b"));
  scripted_server_send (fixture->server, "{\"type\":\"overflow\",\"path\":\"\"}");
  WAIT_UNTIL (devbox_file_monitor_is_cancelled (fixture->monitor));
  WAIT_UNTIL (scripted_server_get_n_watchers (fixture->server) == 0);
  devbox_client_close (fixture->client);
  run_for (50);
  assert_log (fixture, "CREATED a -\n");
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_true (devbox_file_monitor_cancel (fixture->monitor));
}

static void
test_last_reference (Fixture *fixture, gconstpointer unused)
{
  start_and_listen (fixture);
  scripted_server_send (fixture->server, CHANGE ("add", "a"));
  g_object_add_weak_pointer (G_OBJECT (fixture->monitor), (gpointer *) &fixture->monitor);
  g_object_unref (fixture->monitor);
  g_assert_null (fixture->monitor);
  WAIT_UNTIL (scripted_server_get_n_watchers (fixture->server) == 0);
  assert_log (fixture, "");
}

static void
drop_monitor (Fixture *fixture)
{
  g_clear_object (&fixture->monitor);
}

static void
test_last_reference_in_handler (Fixture *fixture, gconstpointer unused)
{
  start_and_listen (fixture);
  g_signal_connect_swapped (fixture->monitor, "changed", G_CALLBACK (drop_monitor), fixture);
  scripted_server_send (fixture->server, CHANGE ("add", "a"));
  scripted_server_send (fixture->server, CHANGE ("add", "b"));
  WAIT_UNTIL (fixture->monitor == NULL);
  WAIT_UNTIL (scripted_server_get_n_watchers (fixture->server) == 0);
  g_assert_true (g_str_has_prefix (fixture->log->str, "CREATED a -\n"));
}

static void
test_client_closed (Fixture *fixture, gconstpointer unused)
{
  start_and_listen (fixture);
  scripted_server_send (fixture->server, CHANGE ("add", "a"));
  WAIT_UNTIL (fixture->log->len > 0);
  devbox_client_close (fixture->client);
  WAIT_UNTIL (strstr (fixture->log->str, "closed") != NULL);
  assert_log (fixture, "CREATED a -\nclosed -\n");
  g_assert_false (devbox_file_monitor_is_cancelled (fixture->monitor));
}

static void
test_closed_before (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  devbox_client_close (fixture->client);
  g_assert_null (devbox_instance_monitor_files_sync (fixture->instance, ".", 0, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  g_clear_error (&error);

  devbox_instance_monitor_files_async (fixture->instance, ".", 0, NULL, take_result, &result);
  WAIT_UNTIL (result != NULL);
  g_assert_null (devbox_instance_monitor_files_finish (fixture->instance, result, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
}

static void
test_closed_meanwhile (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  scripted_server_answer_watch (fixture->server, NULL);
  devbox_instance_monitor_files_async (fixture->instance, ".", 0, NULL, take_result, &result);
  WAIT_UNTIL (scripted_server_get_n_watches (fixture->server) == 1);
  devbox_client_close (fixture->client);
  WAIT_UNTIL (result != NULL);
  g_assert_null (devbox_instance_monitor_files_finish (fixture->instance, result, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
}

static void
test_reconnect (Fixture *fixture, gconstpointer unused)
{
  start_and_listen (fixture);
  for (guint i = 1; i <= 3; i++)
    {
      scripted_server_drop_watchers (fixture->server);
      WAIT_UNTIL (scripted_server_get_n_watches (fixture->server) == i + 1);
      scripted_server_send (fixture->server, CHANGE ("add", "a"));
      WAIT_UNTIL (g_str_has_suffix (fixture->log->str, "CREATED a -\n"));
      assert_log (fixture, "overflow .\nCREATED a -\n");
      g_string_set_size (fixture->log, 0);
    }
}

/* An agent that is away for a while is tried again and again; nothing is told until it is back. */
static void
test_away (Fixture *fixture, gconstpointer unused)
{
  start_and_listen (fixture);
  scripted_server_refuse_watch (fixture->server, SOUP_STATUS_SERVICE_UNAVAILABLE);
  scripted_server_drop_watchers (fixture->server);
  run_for (200);
  assert_log (fixture, "");
  scripted_server_refuse_watch (fixture->server, 0);
  WAIT_UNTIL (fixture->log->len > 0);
  assert_log (fixture, "overflow .\n");
}

static void
test_refused_later (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    guint status;
    const char *answer;
    const char *log;
  } cases[] = {
    { 401, NULL, "closed AUTHENTICATION_FAILED\n" },
    { 404, NULL, "closed DEVBOX_NOT_FOUND\n" },
    { 0, "{\"success\":false,\"error\":\"gone\",\"code\":\"FILE_NOT_FOUND\"}", "closed FILE_NOT_FOUND\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_string_set_size (fixture->log, 0);
      start_and_listen (fixture);
      if (cases[i].status != 0)
        scripted_server_refuse_watch (fixture->server, cases[i].status);
      else
        scripted_server_answer_watch (fixture->server, cases[i].answer);
      scripted_server_drop_watchers (fixture->server);
      WAIT_UNTIL (fixture->log->len > 0);
      assert_log (fixture, cases[i].log);
      scripted_server_refuse_watch (fixture->server, 0);
      g_clear_object (&fixture->monitor);
    }
}

static void
test_refused (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    guint status;
    const char *answer;
    DevboxError code;
  } cases[] = {
    { 401, NULL, DEVBOX_ERROR_AUTHENTICATION_FAILED },
    { 404, NULL, DEVBOX_ERROR_DEVBOX_NOT_FOUND },
    { 503, NULL, DEVBOX_ERROR_SERVER_UNAVAILABLE },
    { 0, "{\"success\":false,\"error\":\"no such path\"}", DEVBOX_ERROR_DEVBOX_OPERATION_FAILED },
    { 0, "{\"success\":false,\"error\":\"no such path\",\"code\":\"FILE_NOT_FOUND\"}", DEVBOX_ERROR_FILE_NOT_FOUND },
    { 0, "nonsense", DEVBOX_ERROR_INTERNAL_ERROR },
    { 0, "{\"success\":1}", DEVBOX_ERROR_INTERNAL_ERROR },
    { 0, "{\"type\":\"file-change\",\"event\":7}", DEVBOX_ERROR_INTERNAL_ERROR },
    { 0, "{\"type\":\"file-change\",\"event\":{\"type\":\"rename\",\"path\":\"a\"}}", DEVBOX_ERROR_INTERNAL_ERROR },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxErrorInfo) info = NULL;

      scripted_server_refuse_watch (fixture->server, cases[i].status);
      if (cases[i].answer != NULL)
        scripted_server_answer_watch (fixture->server, cases[i].answer);
      g_assert_null (devbox_instance_monitor_files_sync (fixture->instance, "a", 0, NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, (int) cases[i].code);
      info = devbox_error_info_from_error (error);
      g_assert_cmpstr (devbox_error_info_get_path (info), ==, "a");
      g_assert_cmpuint (devbox_error_info_get_http_status (info), ==, cases[i].status);
    }
}

static void
test_not_utf8 (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_instance_monitor_files_sync (fixture->instance, "\xff", 0, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
}

static void
test_nobody (void)
{
  g_autoptr (DevboxInstance) instance = devbox_instance_new_for_agent ("http://127.0.0.1:1", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_instance_monitor_files_sync (instance, ".", 0, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
}

static void
test_silent (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  scripted_server_answer_watch (fixture->server, NULL);
  devbox_client_set_timeout (fixture->client, 100);
  g_assert_null (devbox_instance_monitor_files_sync (fixture->instance, ".", 0, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
}

static void
test_start_cancelled (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  scripted_server_answer_watch (fixture->server, NULL);
  devbox_instance_monitor_files_async (fixture->instance, ".", 0, cancellable, take_result, &result);
  WAIT_UNTIL (scripted_server_get_n_watches (fixture->server) == 1);
  g_cancellable_cancel (cancellable);
  WAIT_UNTIL (result != NULL);
  g_assert_null (devbox_instance_monitor_files_finish (fixture->instance, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  WAIT_UNTIL (scripted_server_get_n_watchers (fixture->server) == 0);

  g_assert_null (devbox_instance_monitor_files_sync (fixture->instance, ".", 0, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (30 * 1000);
  g_cancellable_cancel (cancellable);

  return NULL;
}

static void
test_start_cancelled_sync (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GThread *thread;

  scripted_server_answer_watch (fixture->server, NULL);
  thread = g_thread_new ("cancel", cancel_soon, cancellable);
  g_assert_null (devbox_instance_monitor_files_sync (fixture->instance, ".", 0, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
}

/* Starts that are cancelled, or whose result nobody takes, at any moment: all end, and nothing is left. */
static void
test_start_at_random (Fixture *fixture, gconstpointer unused)
{
  GAsyncResult *results[50] = { NULL };

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();

      devbox_instance_monitor_files_async (fixture->instance, ".", 0, cancellable, take_result, &results[i]);
      g_usleep (g_test_rand_int_range (0, 3000));
      if (g_test_rand_bit ())
        g_cancellable_cancel (cancellable);
      else
        WAIT_UNTIL (results[i] != NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      WAIT_UNTIL (results[i] != NULL);
      g_clear_object (&results[i]);
    }
  WAIT_UNTIL (scripted_server_get_n_watchers (fixture->server) == 0);
}

/* A message that makes no sense ends the connection, not the monitor. */
static void
test_malformed (Fixture *fixture, gconstpointer unused)
{
  start_and_listen (fixture);
  scripted_server_send (fixture->server, "{\"type\":\"file-change\"");
  WAIT_UNTIL (fixture->log->len > 0);
  assert_log (fixture, "overflow .\n");
  g_string_set_size (fixture->log, 0);
  scripted_server_send_binary (fixture->server, "\xff\xfe", 2);
  WAIT_UNTIL (fixture->log->len > 0);
  assert_log (fixture, "overflow .\n");
}

/* Of two agents with nothing to tell, one no longer answers pings (which libsoup sends with up to a second's delay). */
static void
test_dead_agent (Fixture *fixture, gconstpointer unused)
{
  Fixture other = { NULL };

  devbox_monitor_link_timing.ping_interval_s = 1;
  devbox_monitor_link_timing.silence_ms = 2500;
  start_and_listen (fixture);
  set_up (&other, NULL);
  devbox_monitor_link_timing.ping_interval_s = 1;
  devbox_monitor_link_timing.silence_ms = 2500;
  start_and_listen (&other);
  scripted_server_freeze (fixture->server, 3000);
  WAIT_UNTIL (fixture->log->len > 0);
  assert_log (fixture, "overflow .\n");
  assert_log (&other, "");
  tear_down (&other, NULL);
}

static gboolean
always_heard (GObject *target)
{
  return TRUE;
}

static void
log_item (GObject *target, const DevboxMonitorItem *item)
{
  g_string_append_printf (g_object_get_data (target, "log"), "%s %s\n",
                          item->kind == DEVBOX_MONITOR_ITEM_OVERFLOW ? "overflow" : "changed", item->path);
}

static const DevboxMonitorQueueFuncs log_funcs = { always_heard, log_item };

/* A program that does not keep up gets one overflow, and memory stays bounded. */
static void
test_flood (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GObject) target = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (DevboxMonitorQueue) queue = devbox_monitor_queue_new (context, target, &log_funcs, "root");

  g_object_set_data (target, "log", log);
  for (guint i = 0; i < DEVBOX_MONITOR_QUEUE_LIMIT; i++)
    devbox_monitor_queue_push_changed (queue, G_FILE_MONITOR_EVENT_CREATED, "early", NULL);
  devbox_monitor_queue_push_changed (queue, G_FILE_MONITOR_EVENT_CREATED, "one too many", NULL);
  devbox_monitor_queue_push_changed (queue, G_FILE_MONITOR_EVENT_CREATED, "late", NULL);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_cmpstr (log->str, ==, "overflow root\nchanged late\n");

  /* Once shut it takes what comes, and lets it go. */
  g_string_set_size (log, 0);
  devbox_monitor_queue_push_overflow (queue, "a");
  devbox_monitor_queue_shut (queue);
  devbox_monitor_queue_push_changed (queue, G_FILE_MONITOR_EVENT_CREATED, "a", NULL);
  devbox_monitor_queue_push_closed (queue, NULL);
  g_assert_false (g_main_context_iteration (context, FALSE));
  g_assert_cmpstr (log->str, ==, "");
}

/* All of a burst comes, in its order, and the rest of the main loop has its turns. */
static void
test_burst (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GString) expected = g_string_new (NULL);

  start_and_listen (fixture);
  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *message = g_strdup_printf (CHANGE ("add", "%u"), i);

      scripted_server_send (fixture->server, message);
      g_string_append_printf (expected, "CREATED %u -\n", i);
    }
  WAIT_UNTIL (fixture->log->len >= expected->len);
  assert_log (fixture, expected->str);
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  /* SoupServer, which the test's own server is made of, warns of a client that leaves before it is accepted. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  g_log_set_fatal_mask ("Devbox", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);

  ADD ("/file-monitor/start", test_start);
  ADD ("/file-monitor/start-async", test_start_async);
  ADD ("/file-monitor/events", test_events);
  ADD ("/file-monitor/late-handler", test_late_handler);
  ADD ("/file-monitor/context", test_context);
  ADD ("/file-monitor/cancel", test_cancel);
  ADD ("/file-monitor/last-reference", test_last_reference);
  ADD ("/file-monitor/last-reference-in-handler", test_last_reference_in_handler);
  ADD ("/file-monitor/client-closed", test_client_closed);
  ADD ("/file-monitor/closed-before", test_closed_before);
  ADD ("/file-monitor/closed-meanwhile", test_closed_meanwhile);
  ADD ("/file-monitor/reconnect", test_reconnect);
  ADD ("/file-monitor/away", test_away);
  ADD ("/file-monitor/refused", test_refused);
  ADD ("/file-monitor/refused-later", test_refused_later);
  ADD ("/file-monitor/not-utf8", test_not_utf8);
  g_test_add_func ("/file-monitor/nobody", test_nobody);
  ADD ("/file-monitor/silent", test_silent);
  ADD ("/file-monitor/start-cancelled", test_start_cancelled);
  ADD ("/file-monitor/start-cancelled-sync", test_start_cancelled_sync);
  ADD ("/file-monitor/start-at-random", test_start_at_random);
  ADD ("/file-monitor/malformed", test_malformed);
  ADD ("/file-monitor/dead-agent", test_dead_agent);
  ADD ("/file-monitor/burst", test_burst);
  g_test_add_func ("/file-monitor/flood", test_flood);

  return g_test_run ();
}
