/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A stream between SoupWebsocketConnection, which queues without bound and tells nobody, and the socket. It follows the
 * frames that pass and so knows how many messages have left. */
#define DEVBOX_TYPE_WEBSOCKET_STREAM (devbox_websocket_stream_get_type ())
G_DECLARE_FINAL_TYPE (DevboxWebsocketStream, devbox_websocket_stream, DEVBOX, WEBSOCKET_STREAM, GIOStream)

GIOStream *devbox_websocket_stream_new (GIOStream *base); /* whose streams are pollable */

/* Data frames whose last byte was taken by the base. */
guint64 devbox_websocket_stream_get_n_sent (DevboxWebsocketStream *self);
/* Monotonic, of the last byte that was taken; 0: none yet. */
gint64 devbox_websocket_stream_get_write_time (DevboxWebsocketStream *self);

/* Told when n-sent has grown, from inside the write: not the place to send. */
typedef void (*DevboxWebsocketSentFunc) (gpointer user_data);
void
devbox_websocket_stream_set_sent_func (DevboxWebsocketStream *self, DevboxWebsocketSentFunc func, gpointer user_data);

G_END_DECLS
