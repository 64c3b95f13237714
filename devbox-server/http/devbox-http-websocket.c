/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-connection-private.h"
#include "devbox-http-upgraded-stream-private.h"
#include "devbox-libsoup-private.h"
#include "devbox-wire-error-private.h"

#include <string.h>
#include <unistd.h>

#define MAX_MESSAGE_SIZE (64 * 1024)
#define KEY_LENGTH 24 /* 16 bytes in base64 */

static void
refuse (DevboxHttpExchange *self, guint status, const char *message)
{
  g_autofree char *body = devbox_http_status_format_error (status, message);

  if (status == 426)
    {
      devbox_http_exchange_add_header (self, "Upgrade", "websocket");
      devbox_http_exchange_add_header (self, "Sec-WebSocket-Version", "13");
    }
  devbox_http_exchange_close_after (self);
  devbox_http_exchange_reply_data (self, status, "application/json", body, strlen (body));
}

static gboolean
is_key (const char *key)
{
  g_autofree guchar *bytes = NULL;
  gsize size;

  if (key == NULL || strlen (key) != KEY_LENGTH
      || strspn (key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") != KEY_LENGTH - 2
      || strcmp (key + KEY_LENGTH - 2, "==") != 0)
    return FALSE;
  bytes = g_base64_decode (key, &size);

  return size == 16;
}

/* RFC 6455, 4.2.1 */
static gboolean
check_handshake (DevboxHttpExchange *self)
{
  const char *upgrade = devbox_http_exchange_get_header (self, "Upgrade");
  const char *version = devbox_http_exchange_get_header (self, "Sec-WebSocket-Version");

  if (upgrade == NULL || !self->says_upgrade || !devbox_http_list_has_token (upgrade, strlen (upgrade), "websocket"))
    refuse (self, 426, "this is a WebSocket: the request has to ask for an upgrade");
  else if (strcmp (self->method, "GET") != 0 || self->minor_version == 0 || self->content_length != 0)
    refuse (self, 400, "a WebSocket handshake is a GET in HTTP/1.1 without a body");
  else if (devbox_http_exchange_count_header (self, "Sec-WebSocket-Version") != 1 || strcmp (version, "13") != 0)
    refuse (self, 426, "Sec-WebSocket-Version is not 13");
  else if (devbox_http_exchange_count_header (self, "Sec-WebSocket-Key") != 1
           || !is_key (devbox_http_exchange_get_header (self, "Sec-WebSocket-Key")))
    refuse (self, 400, "Sec-WebSocket-Key is not 16 bytes in base64");
  else if (self->connection->input != NULL)
    refuse (self, 400, "frames came before the handshake was answered");
  else
    return TRUE;

  return FALSE;
}

static char *
make_accept (const char *key)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize size = sizeof digest;

  g_checksum_update (checksum, (const guchar *) key, -1);
  g_checksum_update (checksum, (const guchar *) "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", -1);
  g_checksum_get_digest (checksum, digest, &size);

  return g_base64_encode (digest, sizeof digest);
}

/* The whole of the 101 has to leave before the socket is given away. */
static gboolean
send_switching (DevboxHttpExchange *self, const char *protocol)
{
  g_autofree char *accept = make_accept (devbox_http_exchange_get_header (self, "Sec-WebSocket-Key"));
  g_autoptr (GString) head
      = g_string_new ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
  DevboxHttpConnection *connection = self->connection;

  g_string_append (head, devbox_http_engine_get_date_line (connection->engine));
  g_string_append_printf (head, "Sec-WebSocket-Accept: %s\r\n", accept);
  if (protocol != NULL)
    g_string_append_printf (head, "Sec-WebSocket-Protocol: %s\r\n", protocol);
  if (self->reply_headers != NULL)
    g_string_append_len (head, self->reply_headers->str, self->reply_headers->len);
  g_string_append (head, "\r\n");
  devbox_http_connection_send (connection, &(struct iovec){ head->str, head->len }, 1, NULL);

  return connection->output == NULL && !connection->is_broken;
}

static GIOStream *
take_stream (DevboxHttpExchange *self)
{
  DevboxHttpConnection *connection = self->connection;
  DevboxHttpEngine *engine = connection->engine;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) stream = NULL;
  g_autoptr (GError) error = NULL;
  int fd;

  connection->exchange = NULL;
  fd = devbox_http_connection_steal_fd (connection);
  socket = g_socket_new_from_fd (fd, &error);
  if (socket == NULL)
    {
      g_warning ("Cannot take the socket of a WebSocket: %s", error->message);
      close (fd);
      return NULL;
    }
  devbox_http_engine_adopt_upgraded (engine, socket, &self->peer);

  stream = g_socket_connection_factory_create_connection (socket);

  return devbox_http_upgraded_stream_new (stream, MAX_MESSAGE_SIZE, engine->traffic);
}

/* libsoup closes without a word when reading fails: it is told here, while there still is somebody to tell. */
static void
on_error (SoupWebsocketConnection *websocket, const GError *error, gpointer user_data)
{
  if (devbox_libsoup.websocket_connection_get_state (websocket) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  if (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_TOO_LARGE))
    devbox_libsoup.websocket_connection_close (websocket, SOUP_WEBSOCKET_CLOSE_TOO_BIG, NULL);
  else if (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR))
    devbox_libsoup.websocket_connection_close (websocket, SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR, NULL);
}

static SoupWebsocketConnection *
make_websocket (DevboxHttpExchange *self, GMainContext *context, GIOStream *stream, const char *protocol)
{
  g_autoptr (GUri) uri = g_uri_build (G_URI_FLAGS_ENCODED, "ws", NULL, "localhost", -1, self->path, self->query, NULL);
  SoupWebsocketConnection *websocket;

  /* Its sources belong to the context of the engine, whoever calls. */
  g_main_context_push_thread_default (context);
  websocket = devbox_libsoup.websocket_connection_new (
      stream, uri, SOUP_WEBSOCKET_CONNECTION_SERVER, devbox_http_exchange_get_header (self, "Origin"), protocol, NULL);
  g_main_context_pop_thread_default (context);
  devbox_libsoup.websocket_connection_set_max_incoming_payload_size (websocket, MAX_MESSAGE_SIZE);
  g_signal_connect (websocket, "error", G_CALLBACK (on_error), NULL);

  return websocket;
}

SoupWebsocketConnection *
devbox_http_exchange_upgrade_websocket (DevboxHttpExchange *self, const char *protocol)
{
  DevboxHttpConnection *connection = self->connection;
  DevboxHttpEngine *engine;
  SoupWebsocketConnection *websocket = NULL;
  g_autoptr (GIOStream) stream = NULL;

  if (connection == NULL || self->is_refused)
    return NULL;
  g_return_val_if_fail (self->reply_state == DEVBOX_HTTP_REPLY_NONE, NULL);
  if (!check_handshake (self))
    return NULL;
  if (!devbox_libsoup_load ())
    {
      refuse (self, 503, "a library that WebSockets need is not installed");
      return NULL;
    }

  if (!send_switching (self, protocol))
    {
      devbox_http_exchange_abort (self);
      return NULL;
    }
  self->status = 101;
  self->reply_state = DEVBOX_HTTP_REPLY_ENDED;
  engine = devbox_http_engine_ref (connection->engine);
  stream = take_stream (self);
  if (stream != NULL)
    websocket = make_websocket (self, engine->context, stream, protocol);
  devbox_http_exchange_finish (self, engine, FALSE, NULL);
  devbox_http_engine_unref (engine);

  return websocket;
}
