/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-exchange-private.h"

#include "devbox-base64-text-private.h"
#include "devbox-body-stream-private.h"
#include "devbox-piped-body-private.h"
#include "devbox-reply-reader-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_INFORMATIONAL 16

struct _DevboxExchange
{
  DevboxIoThread *thread;
  SoupSession *session;
  SoupMessage *message;
  DevboxExchangePour pour;
  DevboxExchangeDone done;
  gpointer data;
  gsize max_reply_size;

  GCancellable *cancellable;
  GSocket **socket; /* of the connection, which may be older than the exchange */
  gboolean is_aborted;

  /* The body of the request: bytes, or a pipe. */
  GBytes *request_body; /* borrowed */
  DevboxPipe *body_pipe;
  goffset body_pipe_size;
  char *body_head;
  char *body_tail;
  char *content_type;
  GInputStream *request_stream;
  GSource *refusal_source; /* while a piped body is sent */

  gboolean was_sent;
  gboolean was_answered;
  gboolean was_misdirected;
  gboolean was_cut;
  guint n_informational;

  DevboxReplyReader *reader;
};

static void
clear_refusal_source (DevboxExchange *self)
{
  if (self->refusal_source == NULL)
    return;

  g_source_destroy (self->refusal_source);
  g_clear_pointer (&self->refusal_source, g_source_unref);
}

/* libsoup may keep the stream for a while; what the caller lent goes back now. */
static void
let_go_of_stream (DevboxExchange *self)
{
  clear_refusal_source (self);
  if (DEVBOX_IS_PIPED_BODY (self->request_stream))
    devbox_piped_body_detach (DEVBOX_PIPED_BODY (self->request_stream));
  else if (self->request_stream != NULL)
    devbox_body_stream_detach (DEVBOX_BODY_STREAM (self->request_stream));
  g_clear_object (&self->request_stream);
}

static void
detach_request_body (DevboxExchange *self)
{
  let_go_of_stream (self);
  self->request_body = NULL;
}

/* With its socket shut down nothing that libsoup and TLS still do with the connection can wait for the peer, and the
 * peer knows at once. */
static void
shut_down (DevboxExchange *self)
{
  if (*self->socket != NULL)
    g_socket_shutdown (*self->socket, TRUE, TRUE, NULL);
}

/* A body that its source could not bring to its end is the reason, whatever came of it. Takes the error. */
static GError *
find_reason (DevboxExchange *self, GError *error)
{
  GError *reason = self->body_pipe != NULL && !self->is_aborted ? devbox_pipe_dup_error (self->body_pipe) : NULL;

  if (reason == NULL)
    return error;

  g_error_free (error);

  return reason;
}

/* Takes the error. */
static void
finish (DevboxExchange *self, GBytes *body, GError *error)
{
  if (error != NULL)
    {
      shut_down (self);
      error = find_reason (self, error);
    }

  g_signal_handlers_disconnect_by_data (self->message, self);
  detach_request_body (self);

  self->done (self, body, error, self->data);

  g_clear_error (&error);
  g_clear_pointer (&self->reader, devbox_reply_reader_free);
  g_clear_pointer (&self->body_pipe, devbox_pipe_unref);
  g_free (self->body_head);
  g_free (self->body_tail);
  g_free (self->content_type);
  g_object_unref (self->cancellable);
  g_object_unref (self->message);
  g_object_unref (self->session);
  devbox_io_thread_release (self->thread);
  g_free (self);
}

static void
finish_aborted (DevboxExchange *self)
{
  finish (self, NULL, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The exchange was aborted")));
}

static void
finish_without_body (DevboxExchange *self)
{
  g_autoptr (GBytes) body = g_bytes_new (NULL, 0);

  finish (self, body, NULL);
}

static void
reader_is_done (GBytes *body, GError *error, gpointer data)
{
  finish (data, body, error);
  g_clear_pointer (&body, g_bytes_unref);
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

static void
read_reply (DevboxExchange *self, GInputStream *stream)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (self->message);
  g_autoptr (DevboxPipe) pipe = NULL;
  guint silence_ms = 0;

  self->reader = devbox_reply_reader_new (self->thread, stream, soup_message_headers_get_encoding (headers),
                                          get_declared_size (self), reader_is_done, self);
  if (self->pour != NULL)
    pipe = self->pour (self, &silence_ms, self->data);

  if (pipe != NULL)
    {
      detach_request_body (self);
      devbox_reply_reader_pour (self->reader, pipe, silence_ms);
    }
  else
    devbox_reply_reader_gather (self->reader, self->max_reply_size);
}

/* The reply's head is there, or will not come. */
static void
sent_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  DevboxExchange *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);

  if (self->is_aborted)
    finish_aborted (self);
  else if (self->was_misdirected)
    finish_without_body (self);
  else if (has_too_many_informational (self))
    finish (self, NULL,
            g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("The server sends no final reply")));
  else if (stream == NULL)
    finish (self, NULL, g_steal_pointer (&error));
  else
    read_reply (self, stream);
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

/* Whether what waits to be read is the head of a refusal. Over TLS nobody can tell. */
static gboolean
sees_refusal (GSocket *socket)
{
  static const char version[] = "HTTP/1.1 ";
  char start[sizeof (version)];
  gssize n;

  n = recv (g_socket_get_fd (socket), start, sizeof (start), MSG_PEEK | MSG_DONTWAIT);

  return n == sizeof (start) && memcmp (start, version, strlen (version)) == 0
         && (start[strlen (version)] == '4' || start[strlen (version)] == '5');
}

/* libsoup reads no reply before it has sent all of the body. A server that has refused it will not read the rest, but
 * close the connection, and its reply with it. */
static gboolean
server_speaks (GSocket *socket, GIOCondition condition, gpointer data)
{
  DevboxExchange *self = data;

  if (sees_refusal (socket))
    self->was_cut = devbox_piped_body_cut (DEVBOX_PIPED_BODY (self->request_stream));
  clear_refusal_source (self);

  return G_SOURCE_REMOVE;
}

static void
piped_body_cb (DevboxPipedBodyEvent event, gpointer data)
{
  DevboxExchange *self = data;

  if (event == DEVBOX_PIPED_BODY_FAILS)
    {
      shut_down (self);
      return;
    }

  if (*self->socket == NULL)
    return;

  self->refusal_source = g_socket_create_source (*self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->refusal_source, G_SOURCE_FUNC (server_speaks), self, NULL);
  g_source_attach (self->refusal_source, devbox_io_thread_get_context (self->thread));
}

static void
set_piped_body (DevboxExchange *self)
{
  goffset size = self->body_pipe_size;

  if (self->body_head != NULL && size >= 0)
    size = devbox_base64_text_get_size (self->body_head, self->body_tail, size);
  self->request_stream
      = G_INPUT_STREAM (devbox_piped_body_new (self->body_pipe, self->body_head, self->body_tail, piped_body_cb, self));
  soup_message_set_request_body (self->message, self->content_type, self->request_stream, size);
}

static void
set_request_body (DevboxExchange *self)
{
  gsize size;
  const guint8 *data;

  let_go_of_stream (self);
  if (self->body_pipe != NULL)
    {
      set_piped_body (self);
      return;
    }

  data = g_bytes_get_data (self->request_body, &size);
  if (self->body_head != NULL)
    {
      self->request_stream = devbox_body_stream_new_base64 (data, size, self->body_head, self->body_tail);
      size = (gsize) devbox_base64_text_get_size (self->body_head, self->body_tail, (goffset) size);
    }
  else
    self->request_stream = devbox_body_stream_new (data, size);
  soup_message_set_request_body (self->message, self->content_type, self->request_stream, (gssize) size);
}

/* libsoup itself sends a GET, PUT or DELETE once more when a connection that it reused was closed; the body begins
 * anew. */
static void
restarted_cb (SoupMessage *message, gpointer data)
{
  DevboxExchange *self = data;

  if (self->body_pipe != NULL && !devbox_pipe_rewind (self->body_pipe))
    g_cancellable_cancel (self->cancellable);
  else if (self->body_pipe != NULL || self->request_body != NULL)
    set_request_body (self);
}

DevboxExchange *
devbox_exchange_start (DevboxIoThread *thread,
                       SoupSession *session,
                       GSocket **socket,
                       const DevboxExchangeRequest *request,
                       DevboxExchangePour pour,
                       DevboxExchangeDone done,
                       gpointer data)
{
  DevboxExchange *self = g_new0 (DevboxExchange, 1);

  self->thread = thread;
  self->session = g_object_ref (session);
  self->socket = socket;
  self->message = g_object_ref (request->message);
  self->cancellable = g_cancellable_new ();
  self->pour = pour;
  self->done = done;
  self->data = data;
  self->max_reply_size = request->max_reply_size;
  self->request_body = request->body;
  self->body_pipe = request->body_pipe != NULL ? devbox_pipe_ref (request->body_pipe) : NULL;
  self->body_pipe_size = request->body_pipe_size;
  self->body_head = g_strdup (request->body_head);
  self->body_tail = g_strdup (request->body_tail);
  self->content_type = g_strdup (request->content_type);

  /* The reply to a refused token must not be gathered by libsoup, without limit, to try once more. */
  soup_message_disable_feature (self->message, SOUP_TYPE_AUTH_MANAGER);
  /* So that a POST may go over a connection that was used before; it is not sent twice for that. */
  soup_message_add_flags (self->message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_IDEMPOTENT);

  g_signal_connect (self->message, "starting", G_CALLBACK (starting_cb), self);
  g_signal_connect (self->message, "got-headers", G_CALLBACK (got_headers_cb), self);
  g_signal_connect (self->message, "got-informational", G_CALLBACK (got_informational_cb), self);
  g_signal_connect (self->message, "network-event", G_CALLBACK (network_event_cb), self);
  if (self->request_body != NULL || self->body_pipe != NULL)
    {
      set_request_body (self);
      g_signal_connect (self->message, "restarted", G_CALLBACK (restarted_cb), self);
    }

  devbox_io_thread_hold (thread);
  soup_session_send_async (session, self->message, G_PRIORITY_DEFAULT, self->cancellable, sent_cb, self);

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

  if (self->reader != NULL)
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

gboolean
devbox_exchange_was_sent_whole (DevboxExchange *self)
{
  return !self->was_cut;
}

guint64
devbox_exchange_get_n_read (DevboxExchange *self)
{
  return self->reader != NULL ? devbox_reply_reader_get_n_read (self->reader) : 0;
}
