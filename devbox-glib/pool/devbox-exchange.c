/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-exchange-private.h"

#include "devbox-body-stream-private.h"
#include "devbox-error-private.h"

#include <glib/gi18n-lib.h>

/* Read at most so much before others get their turn. */
#define READ_TURN (256 * 1024)
#define READ_SIZE (64 * 1024)
#define FIRST_READ_SIZE (4 * 1024)
#define MAX_INFORMATIONAL 16

struct _DevboxExchange
{
  DevboxIoThread *thread;
  SoupSession *session;
  SoupMessage *message;
  DevboxExchangeDone done;
  gpointer data;

  GCancellable *cancellable;
  GSocket **socket; /* of the connection, which may be older than the exchange */
  gboolean is_aborted;

  GBytes *request_body; /* borrowed */
  char *content_type;
  GInputStream *request_stream;

  gboolean was_sent;
  gboolean was_answered;
  gboolean was_misdirected;
  guint n_informational;

  GInputStream *stream;
  GSource *source;
  gboolean is_yielding; /* the source is for the next turn, not for the socket */
  guint8 *buffer;
  gsize length;
  gsize size;
  gsize max_size;
  goffset declared_size; /* -1: not declared */
};

static void
detach_request_body (DevboxExchange *self)
{
  if (self->request_stream != NULL)
    devbox_body_stream_detach (DEVBOX_BODY_STREAM (self->request_stream));
  g_clear_object (&self->request_stream);
  self->request_body = NULL;
}

static void
clear_source (DevboxExchange *self)
{
  if (self->source == NULL)
    return;

  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

/* With its socket shut down nothing that libsoup and TLS still do with the connection can wait for the peer, and the
 * peer knows at once. */
static void
shut_down (DevboxExchange *self)
{
  if (*self->socket != NULL)
    g_socket_shutdown (*self->socket, TRUE, TRUE, NULL);
}

/* Takes the error. */
static void
finish (DevboxExchange *self, GBytes *body, GError *error)
{
  if (error != NULL)
    shut_down (self);

  clear_source (self);
  g_signal_handlers_disconnect_by_data (self->message, self);
  detach_request_body (self);
  if (self->stream != NULL)
    g_input_stream_close (self->stream, NULL, NULL);

  self->done (self, body, error, self->data);

  g_clear_error (&error);
  g_clear_object (&self->stream);
  g_free (self->buffer);
  g_free (self->content_type);
  g_object_unref (self->cancellable);
  g_object_unref (self->message);
  g_object_unref (self->session);
  devbox_io_thread_release (self->thread);
  g_free (self);
}

static void
finish_with_body (DevboxExchange *self)
{
  g_autoptr (GBytes) body = g_bytes_new_take (g_realloc (g_steal_pointer (&self->buffer), self->length), self->length);
  finish (self, body, NULL);
}

static void
finish_aborted (DevboxExchange *self)
{
  finish (self, NULL, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The exchange was aborted")));
}

static void
finish_too_large (DevboxExchange *self)
{
  g_autofree char *limit = g_format_size_full (self->max_size, G_FORMAT_SIZE_LONG_FORMAT);

  finish (self, NULL,
          /* Translators: %s is a size such as "1.0 MB (1048576 bytes)" */
          devbox_error_new (DEVBOX_ERROR_FILE_TOO_LARGE, NULL, _ ("The reply is larger than the limit of %s"), limit));
}

/* libsoup takes a body that ends early for a whole one when the server closes the connection after it. */
static void
finish_at_end (DevboxExchange *self)
{
  if (self->declared_size >= 0 && (guint64) self->length != (guint64) self->declared_size)
    finish (self, NULL,
            g_error_new_literal (G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, _ ("The reply ended before it was complete")));
  else
    finish_with_body (self);
}

/* Room for what is known to come, but never much more than what has come: the declared size may be a lie. */
static void
ensure_room (DevboxExchange *self)
{
  gsize wanted;

  if (self->size - self->length >= FIRST_READ_SIZE)
    return;

  wanted = MAX (2 * self->size, FIRST_READ_SIZE);
  if (self->declared_size >= 0)
    {
      gsize missing = (gsize) self->declared_size - MIN (self->length, (gsize) self->declared_size);

      wanted = MIN (MAX (wanted, READ_SIZE), self->length + missing + FIRST_READ_SIZE);
    }

  self->size = wanted;
  self->buffer = g_realloc (self->buffer, self->size);
}

static gboolean read_some (gpointer data);

static gboolean
stream_is_ready (GObject *stream, gpointer data)
{
  return read_some (data);
}

static void
attach_source (DevboxExchange *self, GSource *source, const char *name)
{
  clear_source (self);

  self->source = source;
  g_source_set_static_name (source, name);
  g_source_attach (source, g_main_context_get_thread_default ());
}

/* The source that waits for the socket stays while it is the right one: that is when nothing lies in libsoup's buffers.
 */
static gboolean
wait_for_socket (DevboxExchange *self)
{
  GSource *source;

  if (self->source != NULL && !self->is_yielding)
    return G_SOURCE_CONTINUE;

  source = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (self->stream), NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (stream_is_ready), self, NULL);
  attach_source (self, source, "[devbox] read reply");
  self->is_yielding = FALSE;

  return G_SOURCE_REMOVE;
}

static gboolean
yield_to_others (DevboxExchange *self)
{
  GSource *source;

  if (self->source != NULL && self->is_yielding)
    return G_SOURCE_CONTINUE;

  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, read_some, self, NULL);
  attach_source (self, source, "[devbox] read more of reply");
  self->is_yielding = TRUE;

  return G_SOURCE_REMOVE;
}

static gboolean
read_some (gpointer data)
{
  DevboxExchange *self = data;
  gsize n_read_in_turn = 0;

  while (n_read_in_turn < READ_TURN)
    {
      GError *error = NULL;
      gssize n_read;

      ensure_room (self);
      n_read = g_pollable_input_stream_read_nonblocking (
          G_POLLABLE_INPUT_STREAM (self->stream), self->buffer + self->length, self->size - self->length, NULL, &error);
      if (n_read == 0)
        {
          finish_at_end (self);
          return G_SOURCE_REMOVE;
        }
      if (n_read < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_error_free (error);
          return wait_for_socket (self);
        }
      if (n_read < 0)
        {
          finish (self, NULL, error);
          return G_SOURCE_REMOVE;
        }

      self->length += n_read;
      n_read_in_turn += n_read;
      if (self->length > self->max_size)
        {
          finish_too_large (self);
          return G_SOURCE_REMOVE;
        }
    }

  return yield_to_others (self);
}

static gboolean
has_too_many_informational (DevboxExchange *self)
{
  return self->n_informational > MAX_INFORMATIONAL;
}

static goffset
get_declared_size (DevboxExchange *self)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (self->message);
  SoupStatus status = soup_message_get_status (self->message);

  if (soup_message_get_method (self->message) == SOUP_METHOD_HEAD || status == SOUP_STATUS_NO_CONTENT
      || status == SOUP_STATUS_NOT_MODIFIED
      || soup_message_headers_get_encoding (headers) != SOUP_ENCODING_CONTENT_LENGTH)
    return -1;

  return soup_message_headers_get_content_length (headers);
}

/* The reply's head is there, or will not come. */
static void
sent_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  DevboxExchange *self = data;
  g_autoptr (GError) error = NULL;

  self->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);

  if (self->is_aborted)
    finish_aborted (self);
  else if (self->was_misdirected)
    finish_with_body (self);
  else if (has_too_many_informational (self))
    finish (self, NULL,
            g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("The server sends no final reply")));
  else if (self->stream == NULL)
    finish (self, NULL, g_steal_pointer (&error));
  else
    {
      self->declared_size = get_declared_size (self);
      if (self->declared_size >= 0 && (guint64) self->declared_size > self->max_size)
        finish_too_large (self);
      else
        read_some (self);
    }
}

/* libsoup has a connection, and writes. */
static void
starting_cb (SoupMessage *message, gpointer data)
{
  DevboxExchange *self = data;

  self->was_sent = TRUE;
}

static void
got_headers_cb (SoupMessage *message, gpointer data)
{
  DevboxExchange *self = data;

  self->was_answered = TRUE;

  /* libsoup would read this reply into memory whatever its size, and then send the request again without its body. */
  if (soup_message_get_status (message) == SOUP_STATUS_MISDIRECTED_REQUEST)
    {
      self->was_misdirected = TRUE;
      g_cancellable_cancel (self->cancellable);
    }
}

/* libsoup reads such replies in a loop of its own, for as long as they come. */
static void
got_informational_cb (SoupMessage *message, gpointer data)
{
  DevboxExchange *self = data;

  self->was_answered = TRUE;
  self->n_informational++;
  if (has_too_many_informational (self))
    {
      shut_down (self);
      g_cancellable_cancel (self->cancellable);
    }
}

static void
network_event_cb (SoupMessage *message, GSocketClientEvent event, GIOStream *connection, gpointer data)
{
  DevboxExchange *self = data;
  static const char *const protocols[] = { "http/1.1", NULL };

  if (event == G_SOCKET_CLIENT_CONNECTED && G_IS_SOCKET_CONNECTION (connection))
    g_set_object (self->socket, g_socket_connection_get_socket (G_SOCKET_CONNECTION (connection)));
  else if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING && G_IS_TLS_CONNECTION (connection))
    g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (connection), protocols);
}

static void
set_request_body (DevboxExchange *self)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (self->request_body, &size);

  g_clear_object (&self->request_stream);
  self->request_stream = devbox_body_stream_new (data, size);
  soup_message_set_request_body (self->message, self->content_type, self->request_stream, (gssize) size);
}

/* libsoup itself sends a GET, PUT or DELETE once more when a connection that it reused was closed; the body begins
 * anew. */
static void
restarted_cb (SoupMessage *message, gpointer data)
{
  DevboxExchange *self = data;

  if (self->request_body != NULL)
    set_request_body (self);
}

DevboxExchange *
devbox_exchange_start (DevboxIoThread *thread,
                       SoupSession *session,
                       GSocket **socket,
                       SoupMessage *message,
                       GBytes *body,
                       const char *content_type,
                       gsize max_reply_size,
                       DevboxExchangeDone done,
                       gpointer data)
{
  DevboxExchange *self = g_new0 (DevboxExchange, 1);

  self->thread = thread;
  self->session = g_object_ref (session);
  self->socket = socket;
  self->message = g_object_ref (message);
  self->cancellable = g_cancellable_new ();
  self->done = done;
  self->data = data;
  self->max_size = max_reply_size;
  self->declared_size = -1;
  self->request_body = body;
  self->content_type = g_strdup (content_type);

  /* The reply to a refused token must not be gathered by libsoup, without limit, to try once more. */
  soup_message_disable_feature (message, SOUP_TYPE_AUTH_MANAGER);
  /* So that a POST may go over a connection that was used before; it is not sent twice for that. */
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_IDEMPOTENT);

  g_signal_connect (message, "starting", G_CALLBACK (starting_cb), self);
  g_signal_connect (message, "got-headers", G_CALLBACK (got_headers_cb), self);
  g_signal_connect (message, "got-informational", G_CALLBACK (got_informational_cb), self);
  g_signal_connect (message, "network-event", G_CALLBACK (network_event_cb), self);
  if (body != NULL)
    {
      set_request_body (self);
      g_signal_connect (message, "restarted", G_CALLBACK (restarted_cb), self);
    }

  devbox_io_thread_hold (thread);
  soup_session_send_async (session, message, G_PRIORITY_DEFAULT, self->cancellable, sent_cb, self);

  return self;
}

void
devbox_exchange_abort (DevboxExchange *self)
{
  if (self->is_aborted)
    return;

  self->is_aborted = TRUE;
  detach_request_body (self);
  shut_down (self);

  if (self->stream != NULL)
    finish_aborted (self);
  else
    g_cancellable_cancel (self->cancellable);
}

SoupMessage *
devbox_exchange_get_message (DevboxExchange *self)
{
  return self->message;
}

gboolean
devbox_exchange_was_sent (DevboxExchange *self)
{
  return self->was_sent;
}

gboolean
devbox_exchange_was_answered (DevboxExchange *self)
{
  SoupMessageMetrics *metrics = soup_message_get_metrics (self->message);

  return self->was_answered || (metrics != NULL && soup_message_metrics_get_response_start (metrics) != 0);
}
