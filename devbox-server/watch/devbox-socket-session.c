/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-socket-session-private.h"

#include "devbox-clear-source-private.h"
#include "devbox-http-upgraded-stream-private.h"
#include "devbox-libsoup-private.h"
#include "devbox-log-subscriptions-private.h"
#include "devbox-suspend-clock-private.h"
#include "devbox-watch-message-private.h"
#include "devbox-watch-queue-private.h"
#include "devbox-watch-set-private.h"

static const DevboxSocketPatience usual_patience = { .stall_ms = 30000, .ping_interval_s = 30, .silence_ms = 75000 };

typedef struct
{
  SoupWebsocketConnection *connection;
  DevboxWatchQueue *queue;
  DevboxWatchSet *watches;
  DevboxLogSubscriptions *logs;
  GSource *silence;
  guint silence_ms;
} DevboxSocketSession;

static void
session_free (DevboxSocketSession *self)
{
  devbox_watch_set_free (self->watches);
  devbox_log_subscriptions_free (self->logs);
  devbox_watch_queue_free (self->queue);
  devbox_clear_source (&self->silence);
  g_signal_handlers_disconnect_by_data (self->connection, self);
  g_object_unref (self->connection);
  g_free (self);
}

/* An `action` makes a message one of the current dialect, whatever else it has. */
static void
on_text (DevboxSocketSession *self, const char *text, gsize size)
{
  if (devbox_watch_request_is_current (text, size))
    devbox_log_subscriptions_handle (self->logs, text, size);
  else
    devbox_watch_set_handle (self->watches, text, size);
}

static void
hear_from_peer (DevboxSocketSession *self)
{
  devbox_suspend_timeout_restart (self->silence, self->silence_ms);
}

static void
on_message (SoupWebsocketConnection *connection, SoupWebsocketDataType type, GBytes *message, gpointer user_data)
{
  DevboxSocketSession *self = user_data;

  hear_from_peer (self);
  if (devbox_libsoup.websocket_connection_get_state (connection) != SOUP_WEBSOCKET_STATE_OPEN)
    return;

  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    on_text (self, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  else
    devbox_libsoup.websocket_connection_close (connection, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA, NULL);
}

static void
on_pong (SoupWebsocketConnection *connection, GBytes *message, gpointer user_data)
{
  hear_from_peer (user_data);
}

/* A peer that takes nothing will not take a close frame either: the socket itself is shut, and `closed` follows.
 * (libsoup would not send 1013.) */
static void
drop_peer (DevboxSocketSession *self)
{
  GIOStream *stream = devbox_libsoup.websocket_connection_get_io_stream (self->connection);

  if (devbox_libsoup.websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    devbox_libsoup.websocket_connection_close (self->connection, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  devbox_http_upgraded_stream_shut (DEVBOX_HTTP_UPGRADED_STREAM (stream));
}

static void
on_stalled (gpointer user_data)
{
  drop_peer (user_data);
}

static void
on_room (gpointer user_data)
{
  DevboxSocketSession *self = user_data;

  devbox_log_subscriptions_continue (self->logs);
}

static gboolean
on_silence (gpointer user_data)
{
  drop_peer (user_data);

  return G_SOURCE_REMOVE;
}

static void
on_closed (SoupWebsocketConnection *connection, gpointer user_data)
{
  session_free (user_data);
}

void
devbox_socket_session_start (SoupWebsocketConnection *connection,
                             DevboxTreeWatcher *watcher,
                             DevboxWorkspace *workspace,
                             DevboxLogFinder *log_finder,
                             const DevboxSocketPatience *patience)
{
  DevboxSocketSession *self = g_new0 (DevboxSocketSession, 1);

  if (patience == NULL)
    patience = &usual_patience;
  self->connection = g_object_ref (connection);
  self->queue = devbox_watch_queue_new (connection, patience->stall_ms, on_stalled, self);
  devbox_watch_queue_set_room_func (self->queue, on_room, self);
  self->watches = devbox_watch_set_new (self->queue, watcher, workspace);
  self->logs = devbox_log_subscriptions_new (self->queue, log_finder);

  self->silence_ms = patience->silence_ms;
  self->silence = devbox_suspend_timeout_new (self->silence_ms);
  g_source_set_static_name (self->silence, "[devbox-server] WebSocket silence");
  g_source_set_callback (self->silence, on_silence, self, NULL);
  g_source_attach (self->silence, g_main_context_get_thread_default ());
  devbox_libsoup.websocket_connection_set_keepalive_interval (connection, patience->ping_interval_s);

  g_signal_connect (connection, "message", G_CALLBACK (on_message), self);
  g_signal_connect (connection, "pong", G_CALLBACK (on_pong), self);
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
}
