/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-socket-handshake-private.h"

#include "devbox-framed-stream-private.h"

#include <glib/gi18n-lib.h>

#define MAX_INFORMATIONAL 16

typedef struct
{
  SoupMessage *message;
  GCancellable *cancellable;
  gsize max_message_size;
  GSocket *socket;
  guint n_informational;
} Handshake;

static void
handshake_free (gpointer data)
{
  Handshake *self = data;

  g_signal_handlers_disconnect_by_data (self->message, self);
  g_object_unref (self->message);
  g_object_unref (self->cancellable);
  g_clear_object (&self->socket);
  g_free (self);
}

/* Without the socket, libsoup's own loops end. */
static void
give_up (Handshake *self)
{
  if (self->socket != NULL)
    g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  g_cancellable_cancel (self->cancellable);
}

static void
got_informational_cb (SoupMessage *message, gpointer data)
{
  Handshake *self = data;

  self->n_informational++;
  if (self->n_informational > MAX_INFORMATIONAL)
    give_up (self);
}

static void
got_headers_cb (SoupMessage *message, gpointer data)
{
  if (soup_message_get_status (message) != SOUP_STATUS_SWITCHING_PROTOCOLS)
    give_up (data);
}

static void
network_event_cb (SoupMessage *message, GSocketClientEvent event, GIOStream *connection, gpointer data)
{
  Handshake *self = data;

  if (event == G_SOCKET_CLIENT_CONNECTED && G_IS_SOCKET_CONNECTION (connection))
    g_set_object (&self->socket, g_socket_connection_get_socket (G_SOCKET_CONNECTION (connection)));
}

/* libsoup gives a connection that reads already, and no stream. That one is stopped before its first turn, and another
 * one made over the same stream, which it keeps open. */
static SoupWebsocketConnection *
limit_messages (SoupWebsocketConnection *connection, gsize max_message_size)
{
  GSource *source = g_main_context_find_source_by_user_data (g_main_context_get_thread_default (), connection);
  g_autoptr (GIOStream) stream = NULL;

  /* Another libsoup may keep it elsewhere: then its own limit, that of one frame, has to do. */
  if (source == NULL)
    return g_object_ref (connection);

  g_source_destroy (source);
  stream = devbox_framed_stream_new (soup_websocket_connection_get_io_stream (connection), max_message_size,
                                     G_OBJECT (connection));

  return soup_websocket_connection_new (
      stream, soup_websocket_connection_get_uri (connection), SOUP_WEBSOCKET_CONNECTION_CLIENT,
      soup_websocket_connection_get_origin (connection), soup_websocket_connection_get_protocol (connection), NULL);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Handshake *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (SoupWebsocketConnection) connection
      = soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &error);

  if (connection != NULL)
    {
      g_task_return_pointer (task, limit_messages (connection, self->max_message_size), g_object_unref);
      return;
    }
  if (self->n_informational > MAX_INFORMATIONAL)
    {
      g_clear_error (&error);
      g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("The server sends no final reply"));
    }
  g_task_return_error (task, error);
}

void
devbox_socket_handshake_start (SoupSession *session,
                               SoupMessage *message,
                               gsize max_message_size,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, data);
  Handshake *self = g_new0 (Handshake, 1);

  self->message = g_object_ref (message);
  self->cancellable = g_object_ref (cancellable);
  self->max_message_size = max_message_size;
  g_task_set_source_tag (task, devbox_socket_handshake_start);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, self, handshake_free);

  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  soup_message_disable_feature (message, SOUP_TYPE_AUTH_MANAGER);
  /* Inflating knows no bound. */
  soup_message_disable_feature (message, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  g_signal_connect (message, "network-event", G_CALLBACK (network_event_cb), self);
  g_signal_connect (message, "got-informational", G_CALLBACK (got_informational_cb), self);
  g_signal_connect (message, "got-headers", G_CALLBACK (got_headers_cb), self);

  soup_session_websocket_connect_async (session, message, NULL, NULL, G_PRIORITY_DEFAULT, cancellable, connected_cb,
                                        task);
}

SoupWebsocketConnection *
devbox_socket_handshake_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
