/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-server.h"

#include <string.h>

struct _ScriptedServer
{
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  SoupServer *server;
  char *url;

  GMutex mutex; /* guards what follows */
  GCond cond;
  guint status;
  GBytes *reply;
  char *capabilities;
  char *path;
  GBytes *body;
  char *authorization;
  guint n_requests;
  char *watch_answer;
  char *watch;
  guint n_watches;

  GPtrArray *watchers;   /* the thread's own */
  GPtrArray *unanswered; /* the thread's own */
};

static void
note_request (ScriptedServer *self, SoupServerMessage *message, const char *path)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (message));

  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->path);
  g_free (self->authorization);
  self->body = g_steal_pointer (&body);
  self->path = g_strdup (path);
  self->authorization = g_strdup (soup_message_headers_get_one (headers, "Authorization"));
  self->n_requests++;
}

static void
answer_health (ScriptedServer *self, SoupServerMessage *message)
{
  g_autofree char *text = g_strdup_printf ("{\"status\":\"healthy\",\"capabilities\":%s}", self->capabilities);

  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, text, strlen (text));
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  ScriptedServer *self = user_data;
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  if (self->capabilities != NULL && strcmp (path, "/health") == 0)
    {
      answer_health (self, message);
      return;
    }

  note_request (self, message, path);
  if (self->reply == NULL)
    {
      soup_server_message_pause (message);
      g_ptr_array_add (self->unanswered, g_object_ref (message));
      return;
    }

  soup_server_message_set_status (message, self->status, NULL);
  soup_message_headers_set_content_type (soup_server_message_get_response_headers (message), "application/json", NULL);
  if (g_bytes_get_size (self->reply) > 0)
    soup_message_body_append_bytes (soup_server_message_get_response_body (message), self->reply);
}

static void
on_refused (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  soup_server_message_set_status (message, GPOINTER_TO_UINT (user_data), NULL);
}

static void
on_watch (SoupWebsocketConnection *connection, SoupWebsocketDataType type, GBytes *message, gpointer user_data)
{
  ScriptedServer *self = user_data;
  g_autofree char *answer = NULL;

  g_mutex_lock (&self->mutex);
  g_free (self->watch);
  self->watch = g_strndup (g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  self->n_watches++;
  answer = g_strdup (self->watch_answer);
  g_mutex_unlock (&self->mutex);

  if (answer != NULL)
    soup_websocket_connection_send_text (connection, answer);
}

static void
on_watcher_closed (SoupWebsocketConnection *connection, gpointer user_data)
{
  ScriptedServer *self = user_data;

  g_ptr_array_remove_fast (self->watchers, connection);
}

static void
on_watcher (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            SoupWebsocketConnection *connection,
            gpointer user_data)
{
  ScriptedServer *self = user_data;

  g_mutex_lock (&self->mutex);
  note_request (self, message, path);
  g_mutex_unlock (&self->mutex);

  g_assert_null (
      soup_message_headers_get_list (soup_server_message_get_request_headers (message), "Sec-WebSocket-Extensions"));
  g_ptr_array_add (self->watchers, g_object_ref (connection));
  g_signal_connect (connection, "message", G_CALLBACK (on_watch), self);
  g_signal_connect (connection, "closed", G_CALLBACK (on_watcher_closed), self);
}

static gpointer
run (gpointer data)
{
  ScriptedServer *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);

  return NULL;
}

typedef struct
{
  ScriptedServer *server;
  GSourceFunc func;
  gpointer data;
  gboolean done;
} Job;

static gboolean
do_job (gpointer data)
{
  Job *job = data;

  job->func (job);
  g_mutex_lock (&job->server->mutex);
  job->done = TRUE;
  g_cond_broadcast (&job->server->cond);
  g_mutex_unlock (&job->server->mutex);

  return G_SOURCE_REMOVE;
}

static void
in_thread (ScriptedServer *self, GSourceFunc func, gpointer data)
{
  Job job = { self, func, data, FALSE };
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, do_job, &job, NULL);
  g_source_attach (source, self->context);
  g_mutex_lock (&self->mutex);
  while (!job.done)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

static gboolean
set_up (gpointer data)
{
  ScriptedServer *self = ((Job *) data)->server;
  g_autoptr (GError) error = NULL;
  GSList *uris;

  self->server = soup_server_new (NULL, NULL);
  soup_server_remove_websocket_extension (self->server, SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
  soup_server_add_handler (self->server, "/", on_request, self, NULL);
  soup_server_add_websocket_handler (self->server, "/ws", NULL, NULL, on_watcher, self, NULL);
  soup_server_listen_local (self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);

  uris = soup_server_get_uris (self->server);
  self->url = g_uri_to_string (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);

  return G_SOURCE_REMOVE;
}

/* SoupServer warns of a client that has left before it was looked at. */
static gboolean
is_fatal (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  return g_strcmp0 (domain, "libsoup") != 0 || (level & G_LOG_LEVEL_CRITICAL) != 0;
}

ScriptedServer *
scripted_server_new (void)
{
  ScriptedServer *self = g_new0 (ScriptedServer, 1);

  g_test_log_set_fatal_handler (is_fatal, NULL);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->watchers = g_ptr_array_new_with_free_func (g_object_unref);
  self->unanswered = g_ptr_array_new_with_free_func (g_object_unref);
  self->watch_answer = g_strdup ("{\"success\":true,\"type\":\"watch\",\"path\":\".\",\"status\":\"started\"}");
  self->capabilities = g_strdup ("[\"classic\"]");
  self->thread = g_thread_new ("scripted-server", run, self);
  in_thread (self, set_up, NULL);

  return self;
}

static gboolean
tear_down (gpointer data)
{
  ScriptedServer *self = ((Job *) data)->server;

  for (guint i = 0; i < self->watchers->len; i++)
    g_signal_handlers_disconnect_by_data (self->watchers->pdata[i], self);
  g_clear_pointer (&self->watchers, g_ptr_array_unref);
  soup_server_disconnect (self->server);
  g_clear_pointer (&self->unanswered, g_ptr_array_unref);
  g_clear_object (&self->server);
  g_main_loop_quit (self->loop);

  return G_SOURCE_REMOVE;
}

void
scripted_server_free (ScriptedServer *self)
{
  in_thread (self, tear_down, NULL);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_unref (self->context);
  g_clear_pointer (&self->reply, g_bytes_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self->url);
  g_free (self->capabilities);
  g_free (self->path);
  g_free (self->authorization);
  g_free (self->watch_answer);
  g_free (self->watch);
  g_free (self);
}

const char *
scripted_server_get_url (ScriptedServer *self)
{
  return self->url;
}

void
scripted_server_reply_bytes (ScriptedServer *self, guint status, GBytes *body)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  g_clear_pointer (&self->reply, g_bytes_unref);
  self->status = status;
  self->reply = body != NULL ? g_bytes_ref (body) : NULL;
}

void
scripted_server_reply (ScriptedServer *self, guint status, const char *body)
{
  g_autoptr (GBytes) bytes = body != NULL ? g_bytes_new (body, strlen (body)) : NULL;

  scripted_server_reply_bytes (self, status, bytes);
}

void
scripted_server_set_capabilities (ScriptedServer *self, const char *capabilities)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  g_free (self->capabilities);
  self->capabilities = g_strdup (capabilities);
}

char *
scripted_server_dup_path (ScriptedServer *self)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return g_strdup (self->path);
}

GBytes *
scripted_server_ref_body (ScriptedServer *self)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return g_bytes_ref (self->body);
}

char *
scripted_server_dup_body (ScriptedServer *self)
{
  g_autoptr (GBytes) body = scripted_server_ref_body (self);

  return g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
}

char *
scripted_server_dup_authorization (ScriptedServer *self)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return g_strdup (self->authorization);
}

guint
scripted_server_get_n_requests (ScriptedServer *self)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return self->n_requests;
}

void
scripted_server_answer_watch (ScriptedServer *self, const char *message)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  g_free (self->watch_answer);
  self->watch_answer = g_strdup (message);
}

static gboolean
refuse (gpointer data)
{
  Job *job = data;
  ScriptedServer *self = job->server;

  soup_server_remove_handler (self->server, "/ws");
  if (job->data != NULL)
    soup_server_add_handler (self->server, "/ws", on_refused, job->data, NULL);
  else
    soup_server_add_websocket_handler (self->server, "/ws", NULL, NULL, on_watcher, self, NULL);

  return G_SOURCE_REMOVE;
}

void
scripted_server_refuse_watch (ScriptedServer *self, guint status)
{
  in_thread (self, refuse, GUINT_TO_POINTER (status));
}

static gboolean
send_text (gpointer data)
{
  Job *job = data;

  for (guint i = 0; i < job->server->watchers->len; i++)
    soup_websocket_connection_send_text (job->server->watchers->pdata[i], job->data);

  return G_SOURCE_REMOVE;
}

void
scripted_server_send (ScriptedServer *self, const char *message)
{
  in_thread (self, send_text, (gpointer) message);
}

static gboolean
send_bytes (gpointer data)
{
  Job *job = data;

  for (guint i = 0; i < job->server->watchers->len; i++)
    soup_websocket_connection_send_message (job->server->watchers->pdata[i], SOUP_WEBSOCKET_DATA_BINARY,
                                            (GBytes *) job->data);

  return G_SOURCE_REMOVE;
}

void
scripted_server_send_binary (ScriptedServer *self, const void *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  in_thread (self, send_bytes, bytes);
}

static gboolean
drop (gpointer data)
{
  ScriptedServer *self = ((Job *) data)->server;

  for (guint i = 0; i < self->watchers->len; i++)
    {
      SoupWebsocketConnection *connection = self->watchers->pdata[i];

      g_signal_handlers_disconnect_by_data (connection, self);
      g_io_stream_close (soup_websocket_connection_get_io_stream (connection), NULL, NULL);
    }
  g_ptr_array_set_size (self->watchers, 0);

  return G_SOURCE_REMOVE;
}

void
scripted_server_drop_watchers (ScriptedServer *self)
{
  in_thread (self, drop, NULL);
}

static gboolean
count_watchers (gpointer data)
{
  Job *job = data;

  *(guint *) job->data = job->server->watchers->len;

  return G_SOURCE_REMOVE;
}

guint
scripted_server_get_n_watchers (ScriptedServer *self)
{
  guint n_watchers;

  in_thread (self, count_watchers, &n_watchers);

  return n_watchers;
}

guint
scripted_server_get_n_watches (ScriptedServer *self)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return self->n_watches;
}

char *
scripted_server_dup_watch (ScriptedServer *self)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return g_strdup (self->watch);
}

static gboolean
freeze (gpointer data)
{
  g_usleep (GPOINTER_TO_UINT (data) * 1000);

  return G_SOURCE_REMOVE;
}

void
scripted_server_freeze (ScriptedServer *self, guint ms)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, freeze, GUINT_TO_POINTER (ms), NULL);
  g_source_attach (source, self->context);
}
