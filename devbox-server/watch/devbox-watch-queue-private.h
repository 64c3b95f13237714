/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Messages on their way into a WebSocket whose peer may read slowly or not at all. SoupWebsocketConnection queues
 * without bound; this writes to the stream below it when the socket takes something, so that what waits waits here and
 * can be counted. That stream must take a write as a whole, as DevboxHttpUpgradedOutput does. */
typedef struct _DevboxWatchQueue DevboxWatchQueue;

#define DEVBOX_WATCH_QUEUE_MAX_MESSAGES 1000
#define DEVBOX_WATCH_QUEUE_MAX_BYTES (4 * 1024 * 1024)

/* stalled: nothing could be sent for stall_ms although something waited. In the context that is the thread default now,
 * as the connection's is. */
DevboxWatchQueue *devbox_watch_queue_new (SoupWebsocketConnection *connection,
                                          guint stall_ms,
                                          GSourceOnceFunc stalled,
                                          gpointer user_data);
void devbox_watch_queue_free (DevboxWatchQueue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxWatchQueue, devbox_watch_queue_free)

/* Takes the text. FALSE: the queue is full, and the text was dropped. An answer is always taken; there are at most as
 * many as the peer asks for. */
gboolean devbox_watch_queue_push_event (DevboxWatchQueue *self, GString *text);
gboolean devbox_watch_queue_push_answer (DevboxWatchQueue *self, GString *text);
guint devbox_watch_queue_get_length (DevboxWatchQueue *self);

/* For who can wait with what it has to send: whether little waits here, and a function that is told, whenever some of
 * what waited has left, that it is so. */
gboolean devbox_watch_queue_has_room (DevboxWatchQueue *self);
void devbox_watch_queue_set_room_func (DevboxWatchQueue *self, GSourceOnceFunc func, gpointer user_data);

G_END_DECLS
