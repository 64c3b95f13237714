/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "http-test-server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_S 5

typedef struct
{
  HttpTestServer *server;
  DevboxHttpExchange *exchange; /* a reference */
  guint64 left;
  GSource *source;
  gboolean is_done;
} Job;

static guint64
get_number (DevboxHttpExchange *exchange, const char *name, guint64 fallback)
{
  const char *query = devbox_http_exchange_get_query (exchange);
  g_autoptr (GHashTable) params = query != NULL ? g_uri_parse_params (query, -1, "&", 0, NULL) : NULL;
  const char *value = params != NULL ? g_hash_table_lookup (params, name) : NULL;

  return value != NULL ? g_ascii_strtoull (value, NULL, 10) : fallback;
}

static void
reply_text (DevboxHttpExchange *exchange, guint status, const char *text)
{
  devbox_http_exchange_reply_data (exchange, status, "text/plain", text, strlen (text));
}

static Job *
job_new (HttpTestServer *server, DevboxHttpExchange *exchange)
{
  Job *job = g_new0 (Job, 1);

  job->server = server;
  job->exchange = devbox_http_exchange_ref (exchange);

  return job;
}

static void
job_free (gpointer data)
{
  Job *job = data;

  if (job->source != NULL)
    {
      g_source_destroy (job->source);
      g_source_unref (job->source);
    }
  devbox_http_exchange_unref (job->exchange);
  g_free (job);
}

static void
job_after (Job *job, guint ms, GSourceFunc func)
{
  if (job->source != NULL)
    {
      g_source_destroy (job->source);
      g_source_unref (job->source);
    }
  job->source = g_timeout_source_new (ms);
  g_source_set_callback (job->source, func, job, NULL);
  g_source_attach (job->source, job->server->context);
}

static gpointer
make_bytes (gsize size)
{
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = 'a' + i % 23;

  return data;
}

/* Bodies */

static void
count_body (DevboxHttpExchange *exchange,
            DevboxHttpBodyEvent event,
            const guint8 *data,
            gsize size,
            const GError *error,
            gpointer user_data)
{
  Job *job = user_data;
  g_autofree char *text = NULL;

  switch (event)
    {
    case DEVBOX_HTTP_BODY_DATA:
      g_assert_cmpuint (size, >, 0);
      g_assert_cmpuint (size, <=, 256 * 1024);
      job->left += size;
      break;
    case DEVBOX_HTTP_BODY_END:
      g_atomic_int_inc (&job->server->n_ended);
      text = g_strdup_printf ("%" G_GUINT64_FORMAT, job->left);
      reply_text (exchange, 200, text);
      break;
    case DEVBOX_HTTP_BODY_ABORTED:
    default:
      g_assert_nonnull (error);
      g_atomic_int_inc (&job->server->n_aborted);
      break;
    }
}

static gboolean
resume (gpointer user_data)
{
  Job *job = user_data;

  devbox_http_exchange_resume_body (job->exchange);

  return G_SOURCE_REMOVE;
}

static void
count_body_slowly (DevboxHttpExchange *exchange,
                   DevboxHttpBodyEvent event,
                   const guint8 *data,
                   gsize size,
                   const GError *error,
                   gpointer user_data)
{
  Job *job = user_data;

  if (event == DEVBOX_HTTP_BODY_DATA)
    {
      devbox_http_exchange_pause_body (exchange);
      job_after (job, get_number (exchange, "ms", 2), resume);
    }
  count_body (exchange, event, data, size, error, user_data);
}

static void
refuse_body (DevboxHttpExchange *exchange,
             DevboxHttpBodyEvent event,
             const guint8 *data,
             gsize size,
             const GError *error,
             gpointer user_data)
{
  Job *job = user_data;

  if (event == DEVBOX_HTTP_BODY_ABORTED)
    g_atomic_int_inc (&job->server->n_aborted);
  else
    reply_text (exchange, 403, "early");
}

static void
echo_body (DevboxHttpExchange *exchange, GBytes *body, gpointer user_data)
{
  HttpTestServer *self = user_data;

  g_atomic_int_inc (body != NULL ? &self->n_ended : &self->n_aborted);
  if (body != NULL)
    devbox_http_exchange_reply (exchange, 200, "application/octet-stream", body);
}

/* Replies */

static gboolean
reply_late (gpointer user_data)
{
  Job *job = user_data;

  g_clear_pointer (&job->source, g_source_unref);
  reply_text (job->exchange, 200, "late");
  job_free (job);

  return G_SOURCE_REMOVE;
}

static void
write_more (DevboxHttpExchange *exchange, gpointer user_data)
{
  Job *job = user_data;
  g_autofree guint8 *piece = NULL;
  gboolean takes_more = TRUE;

  if (job->is_done)
    return;
  piece = make_bytes (64 * 1024);
  while (job->left > 0 && takes_more)
    {
      gsize size = MIN (job->left, 64 * 1024);

      job->left -= size;
      takes_more = devbox_http_exchange_write (exchange, piece, size);
    }
  if (job->left == 0)
    {
      job->is_done = TRUE;
      devbox_http_exchange_end_reply (exchange);
    }
}

static void
count_closed (DevboxHttpExchange *exchange, gpointer user_data)
{
  HttpTestServer *self = user_data;

  g_atomic_int_inc (&self->n_closed);
}

static void
reply_to_nobody (DevboxHttpExchange *exchange, gpointer user_data)
{
  Job *job = user_data;

  g_assert_true (devbox_http_exchange_is_closed (exchange));
  g_atomic_int_inc (&job->server->n_closed);
  reply_text (exchange, 200, "nobody");
}

static void
reply_file (DevboxHttpExchange *exchange, gsize size, gsize file_size)
{
  int fd = memfd_create ("http-test", MFD_CLOEXEC);
  g_autofree guint8 *data = make_bytes (file_size);

  g_assert_cmpint (write (fd, data, file_size), ==, (gssize) file_size);
  devbox_http_exchange_reply_fd (exchange, 200, "application/octet-stream", fd, 0, size);
}

static void
reply_stream (HttpTestServer *self, DevboxHttpExchange *exchange, goffset length)
{
  Job *job = job_new (self, exchange);

  job->left = get_number (exchange, "size", 0);
  devbox_http_exchange_begin_reply (exchange, 200, "application/octet-stream", length);
  devbox_http_exchange_set_writable_func (exchange, write_more, job, job_free);
  devbox_http_exchange_set_closed_func (exchange, count_closed, self, NULL);
  write_more (exchange, job);
}

static void
reply_header (DevboxHttpExchange *exchange)
{
  const char *query = devbox_http_exchange_get_query (exchange);
  g_autoptr (GHashTable) params = g_uri_parse_params (query, -1, "&", 0, NULL);
  const char *name = g_hash_table_lookup (params, "name");
  g_autofree char *text = g_strdup_printf ("%u [%s]", devbox_http_exchange_count_header (exchange, name),
                                           devbox_http_exchange_get_header (exchange, name));

  devbox_http_exchange_add_header (exchange, "X-Added", "yes");
  reply_text (exchange, 200, text);
}

static void
reply_who (DevboxHttpExchange *exchange)
{
  g_autofree char *remote
      = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (devbox_http_exchange_get_remote_address (exchange)));
  g_autofree char *local
      = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (devbox_http_exchange_get_local_address (exchange)));
  g_autofree char *text = g_strdup_printf ("%s %s %s", remote, local, devbox_http_exchange_get_request_id (exchange));

  reply_text (exchange, 200, text);
}

static gboolean
set_true (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;

  return G_SOURCE_REMOVE;
}

static void
run_nested (HttpTestServer *self, guint ms)
{
  gboolean is_over = FALSE;
  g_autoptr (GSource) source = g_timeout_source_new (ms);

  g_source_set_callback (source, set_true, &is_over, NULL);
  g_source_attach (source, self->context);
  while (!is_over)
    g_main_context_iteration (self->context, TRUE);
}

typedef struct
{
  GBytes *body;
  gboolean is_over;
} NestedBody;

static void
keep_body (DevboxHttpExchange *exchange, GBytes *body, gpointer user_data)
{
  NestedBody *nested = user_data;

  nested->body = body != NULL ? g_bytes_ref (body) : NULL;
  nested->is_over = TRUE;
}

static void
echo_nested (HttpTestServer *self, DevboxHttpExchange *exchange)
{
  NestedBody nested = { 0 };

  devbox_http_exchange_collect_body (exchange, 1024 * 1024, keep_body, &nested);
  while (!nested.is_over)
    g_main_context_iteration (self->context, TRUE);
  if (nested.body != NULL)
    devbox_http_exchange_reply (exchange, 200, "text/plain", nested.body);
  g_clear_pointer (&nested.body, g_bytes_unref);
}

/* WebSockets */

static void
echo_message (SoupWebsocketConnection *websocket, int type, GBytes *message, gpointer user_data)
{
  /* Messages that came before the end are still delivered after it. */
  if (soup_websocket_connection_get_state (websocket) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_message (websocket, type, message);
}

static void
websocket_closed (SoupWebsocketConnection *websocket, gpointer user_data)
{
  HttpTestServer *self = user_data;

  g_atomic_int_add (&self->n_websockets, -1);
  g_object_unref (websocket);
}

static void
upgrade (HttpTestServer *self, DevboxHttpExchange *exchange)
{
  SoupWebsocketConnection *websocket = devbox_http_exchange_upgrade_websocket (exchange, NULL);

  if (websocket == NULL)
    return;
  g_atomic_int_inc (&self->n_websockets);
  g_signal_connect (websocket, "message", G_CALLBACK (echo_message), NULL);
  g_signal_connect (websocket, "closed", G_CALLBACK (websocket_closed), self);
  if (get_number (exchange, "early", 0) != 0)
    soup_websocket_connection_send_text (websocket, "early");
}

/* Routes */

static void
handle_body (HttpTestServer *self, DevboxHttpExchange *exchange, const char *path)
{
  goffset limit = (goffset) get_number (exchange, "limit", 64 * 1024 * 1024);
  Job *job;

  if (strcmp (path, "/echo") == 0)
    {
      devbox_http_exchange_collect_body (exchange, limit, echo_body, self);
      return;
    }
  job = job_new (self, exchange);
  if (strcmp (path, "/sink") == 0)
    devbox_http_exchange_read_body (exchange, limit, count_body, job, job_free);
  else if (strcmp (path, "/slow-sink") == 0)
    devbox_http_exchange_read_body (exchange, limit, count_body_slowly, job, job_free);
  else
    devbox_http_exchange_read_body (exchange, limit, refuse_body, job, job_free);
}

static void
handle_stream (HttpTestServer *self, DevboxHttpExchange *exchange, const char *path)
{
  guint64 size = get_number (exchange, "size", 0);

  if (strcmp (path, "/stream") == 0)
    {
      reply_stream (self, exchange, -1);
    }
  else if (strcmp (path, "/sized") == 0)
    {
      reply_stream (self, exchange, size);
    }
  else if (strcmp (path, "/flood") == 0)
    {
      g_autofree guint8 *data = make_bytes (size);

      devbox_http_exchange_begin_reply (exchange, 200, NULL, -1);
      devbox_http_exchange_write (exchange, data, size);
      devbox_http_exchange_end_reply (exchange);
    }
  else if (strcmp (path, "/abort-stream") == 0)
    {
      devbox_http_exchange_begin_reply (exchange, 200, NULL, -1);
      devbox_http_exchange_write (exchange, "part", 4);
      devbox_http_exchange_abort (exchange);
    }
  else
    {
      reply_text (exchange, 404, "not found");
    }
}

static void
handle_reply (HttpTestServer *self, DevboxHttpExchange *exchange, const char *path)
{
  guint64 size = get_number (exchange, "size", 0);

  if (strcmp (path, "/hello") == 0)
    reply_text (exchange, 200, "hello");
  else if (strcmp (path, "/late") == 0)
    job_after (job_new (self, exchange), get_number (exchange, "ms", 10), reply_late);
  else if (strcmp (path, "/refuse") == 0)
    reply_text (exchange, 403, "refused");
  else if (strcmp (path, "/header") == 0)
    reply_header (exchange);
  else if (strcmp (path, "/who") == 0)
    reply_who (exchange);
  else if (strcmp (path, "/big") == 0)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_take (make_bytes (size), size);

      devbox_http_exchange_reply (exchange, 200, "application/octet-stream", bytes);
    }
  else if (strcmp (path, "/fd") == 0)
    reply_file (exchange, size, size);
  else if (strcmp (path, "/shrunk") == 0)
    reply_file (exchange, size, size / 2);
  else if (strcmp (path, "/empty") == 0)
    devbox_http_exchange_reply (exchange, get_number (exchange, "status", 204), NULL, NULL);
  else if (strcmp (path, "/abort") == 0)
    devbox_http_exchange_abort (exchange);
  else
    handle_stream (self, exchange, path);
}

static void
exchange_freed (gpointer user_data)
{
  HttpTestServer *self = user_data;

  g_atomic_int_add (&self->n_living, -1);
}

static void
handle (DevboxHttpExchange *exchange, gpointer user_data)
{
  HttpTestServer *self = user_data;
  const char *path = devbox_http_exchange_get_path (exchange);

  g_atomic_int_inc (&self->n_handled);
  g_atomic_int_inc (&self->n_living);
  devbox_http_exchange_set_data (exchange, self, exchange_freed);
  g_assert_cmpuint (devbox_http_exchange_get_status (exchange), ==, 0);

  if (g_str_has_suffix (path, "echo") || g_str_has_suffix (path, "sink") || strcmp (path, "/early") == 0)
    {
      handle_body (self, exchange, path);
    }
  else if (strcmp (path, "/wait") == 0)
    {
      devbox_http_exchange_set_closed_func (exchange, reply_to_nobody, job_new (self, exchange), job_free);
    }
  else if (strcmp (path, "/nested") == 0)
    {
      run_nested (self, get_number (exchange, "ms", 20));
      reply_text (exchange, 200, "nested");
    }
  else if (strcmp (path, "/nested-body") == 0)
    {
      echo_nested (self, exchange);
    }
  else if (strcmp (path, "/ws") == 0)
    {
      upgrade (self, exchange);
    }
  else
    {
      handle_reply (self, exchange, path);
    }
}

static void
finished (DevboxHttpExchange *exchange, gpointer user_data)
{
  HttpTestServer *self = user_data;

  g_assert_nonnull (devbox_http_exchange_get_remote_address (exchange));
  g_assert_cmpint (devbox_http_exchange_get_begin_time (exchange), >, 0);
  g_atomic_int_set (&self->last_status, devbox_http_exchange_get_status (exchange));
  g_atomic_int_inc (&self->n_finished);
}

/* The thread */

static gpointer
run (gpointer user_data)
{
  HttpTestServer *self = user_data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);

  return NULL;
}

typedef struct
{
  GSourceFunc func;
  gpointer user_data;
  GMutex mutex;
  GCond cond;
  gboolean is_done;
} Call;

static gboolean
run_call (gpointer user_data)
{
  Call *call = user_data;

  call->func (call->user_data);
  g_mutex_lock (&call->mutex);
  call->is_done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->mutex);

  return G_SOURCE_REMOVE;
}

void
http_test_server_call (HttpTestServer *self, GSourceFunc func, gpointer user_data)
{
  Call call = { .func = func, .user_data = user_data };
  g_autoptr (GSource) source = g_idle_source_new ();

  g_mutex_init (&call.mutex);
  g_cond_init (&call.cond);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, run_call, &call, NULL);
  g_source_attach (source, self->context);
  g_mutex_lock (&call.mutex);
  while (!call.is_done)
    g_cond_wait (&call.cond, &call.mutex);
  g_mutex_unlock (&call.mutex);
  g_mutex_clear (&call.mutex);
  g_cond_clear (&call.cond);
}

static gboolean
start (gpointer user_data)
{
  HttpTestServer *self = user_data;
  g_autoptr (GError) error = NULL;
  GSocketAddress *address;

  self->listener = devbox_http_listener_new (self->context, &self->limits, handle, self, NULL);
  devbox_http_listener_set_finished_func (self->listener, finished, self, NULL);
  devbox_http_listener_listen (self->listener, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  address = devbox_http_listener_get_local_address (self->listener);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));

  return G_SOURCE_REMOVE;
}

HttpTestServer *
http_test_server_new (const DevboxHttpLimits *limits)
{
  static const DevboxHttpLimits usual = DEVBOX_HTTP_LIMITS_INIT;
  HttpTestServer *self = g_new0 (HttpTestServer, 1);

  self->limits = limits != NULL ? *limits : usual;
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("http-test-server", run, self);
  http_test_server_call (self, start, self);

  return self;
}

static gboolean
end (gpointer user_data)
{
  HttpTestServer *self = user_data;

  g_clear_pointer (&self->listener, devbox_http_listener_unref);
  /* What hangs on the closed sockets ends in the turns that follow. */
  for (guint i = 0; i < 200 && (g_atomic_int_get (&self->n_websockets) > 0 || g_atomic_int_get (&self->n_living) > 0);
       i++)
    {
      g_main_context_iteration (self->context, FALSE);
      g_usleep (1000);
    }
  g_main_loop_quit (self->loop);

  return G_SOURCE_REMOVE;
}

void
http_test_server_free (HttpTestServer *self)
{
  http_test_server_call (self, end, self);
  g_thread_join (self->thread);
  g_assert_cmpint (self->n_living, ==, 0);
  g_assert_cmpint (self->n_websockets, ==, 0);
  g_assert_cmpint (self->n_finished, ==, self->n_handled);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
stopped (gpointer user_data)
{
  HttpTestServer *self = user_data;

  g_atomic_int_inc (&self->is_stopped);
}

static gboolean
stop (gpointer user_data)
{
  HttpTestServer *self = user_data;

  devbox_http_listener_stop (self->listener, self->stop_grace_ms, stopped, self);

  return G_SOURCE_REMOVE;
}

void
http_test_server_stop (HttpTestServer *self, guint grace_ms)
{
  self->stop_grace_ms = grace_ms;
  http_test_server_call (self, stop, self);
}

typedef struct
{
  DevboxHttpListener *listener;
  guint count;
} Count;

static gboolean
count (gpointer user_data)
{
  Count *self = user_data;

  self->count = devbox_http_listener_get_n_connections (self->listener);

  return G_SOURCE_REMOVE;
}

guint
http_test_server_count_connections (HttpTestServer *self)
{
  Count result = { self->listener, 0 };

  http_test_server_call (self, count, &result);

  return result.count;
}

void
http_test_wait_for (int *counter, int value)
{
  for (guint i = 0; i < PATIENCE_S * 1000 && g_atomic_int_get (counter) != value; i++)
    g_usleep (1000);
  g_assert_cmpint (g_atomic_int_get (counter), ==, value);
}

/* The client */

int
http_test_connect (guint16 port)
{
  struct sockaddr_in address
      = { .sin_family = AF_INET, .sin_port = g_htons (port), .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  struct timeval patience = { .tv_sec = PATIENCE_S };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), ==, 0);
  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), ==, 0);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, 0);

  return fd;
}

void
http_test_send (int fd, const char *data, gssize size)
{
  gsize left = size >= 0 ? (gsize) size : strlen (data);

  while (left > 0)
    {
      gssize n = send (fd, data, left, MSG_NOSIGNAL);

      if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) /* refused in the middle */
        return;
      g_assert_cmpint (n, >, 0);
      data += n;
      left -= n;
    }
}

char *
http_test_read_to_end (int fd, gsize *size)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *buffer = g_malloc (65536);
  gssize n;

  while ((n = recv (fd, buffer, 65536, 0)) > 0)
    g_string_append_len (text, buffer, n);
  if (n < 0)
    g_assert_cmpint (errno, ==, ECONNRESET);
  if (size != NULL)
    *size = text->len;

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
read_exactly (int fd, GString *text, gsize size)
{
  gsize start = text->len;
  gsize done = 0;

  g_string_set_size (text, start + size);
  while (done < size)
    {
      gssize n = recv (fd, text->str + start + done, size - done, 0);

      g_assert_cmpint (n, >, 0);
      done += n;
    }
}

char *
http_test_read_reply (int fd)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *length;

  while (!g_str_has_suffix (text->str, "\r\n\r\n"))
    read_exactly (fd, text, 1);
  length = strstr (text->str, "Content-Length: ");
  if (length != NULL)
    read_exactly (fd, text, strtoul (length + strlen ("Content-Length: "), NULL, 10));

  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
http_test_request (guint16 port, const char *request)
{
  int fd = http_test_connect (port);
  char *reply;

  http_test_send (fd, request, -1);
  reply = http_test_read_to_end (fd, NULL);
  close (fd);

  return reply;
}

void
http_test_reset (int fd)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), ==, 0);
  close (fd);
}
