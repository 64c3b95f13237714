/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* What waits to be sent on one WebSocket, bounded: what is given to SoupWebsocketConnection at a time is little. The
 * connection must stand on a DevboxWebsocketStream, and all messages on it must go through here. */
typedef struct _DevboxWatchQueue DevboxWatchQueue;

/* Told in the context, not from inside any call, when something was sent: there is room again. */
typedef void (*DevboxWatchQueueFunc) (gpointer user_data);

DevboxWatchQueue *
devbox_watch_queue_new (SoupWebsocketConnection *connection, DevboxWatchQueueFunc sent, gpointer user_data);
void devbox_watch_queue_free (DevboxWatchQueue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxWatchQueue, devbox_watch_queue_free)

void devbox_watch_queue_push (DevboxWatchQueue *self, const char *text, gsize size);
guint devbox_watch_queue_get_n_messages (DevboxWatchQueue *self); /* unsent */
gsize devbox_watch_queue_get_n_bytes (DevboxWatchQueue *self);
/* Monotonic: when something was last sent, or when there began to be something to send; 0 when there is nothing. */
gint64 devbox_watch_queue_get_move_time (DevboxWatchQueue *self);

G_END_DECLS
