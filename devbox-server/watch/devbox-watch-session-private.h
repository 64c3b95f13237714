/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-tree-watcher-private.h"
#include "devbox-workspace-private.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* The watches of one WebSocket, in the classic dialect (docs/wire.md, WS /ws). It keeps itself alive until the socket
 * is closed; all of it happens in the context that was the thread's default when it was made. Reference counted. */
typedef struct _DevboxWatchSession DevboxWatchSession;

typedef struct
{
  guint max_watches;          /* 128 */
  guint max_unsent_events;    /* 1,000; past it events are dropped, and an overflow tells so once there is room */
  gsize max_unsent_bytes;     /* 4 MiB, replies included */
  guint stall_timeout_ms;     /* nothing of what is unsent could be sent for so long: closed with 1013, 30 s */
  guint close_timeout_ms;     /* the closing handshake, 5 s */
  guint keepalive_interval_s; /* between pings, 30 s */
  guint pong_timeout_ms;      /* nothing was heard for so long: closed, 75 s */
  guint check_interval_ms;    /* how often the deadlines are looked at, 5 s */
} DevboxWatchLimits;

#define DEVBOX_WATCH_LIMITS_INIT                                                                                       \
  {                                                                                                                    \
    .max_watches = 128, .max_unsent_events = 1000, .max_unsent_bytes = 4 * 1024 * 1024, .stall_timeout_ms = 30000,     \
    .close_timeout_ms = 5000, .keepalive_interval_s = 30, .pong_timeout_ms = 75000, .check_interval_ms = 5000          \
  }

/* connection: open, on a DevboxWebsocketStream. limits NULL: the above. */
DevboxWatchSession *devbox_watch_session_new (SoupWebsocketConnection *connection,
                                              DevboxTreeWatcher *watcher,
                                              DevboxWorkspace *workspace,
                                              const DevboxWatchLimits *limits);
DevboxWatchSession *devbox_watch_session_ref (DevboxWatchSession *self);
void devbox_watch_session_unref (DevboxWatchSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxWatchSession, devbox_watch_session_unref)

/* Told once, when the socket is closed and nothing of the session is left. */
typedef void (*DevboxWatchSessionFunc) (DevboxWatchSession *self, gpointer user_data);
void devbox_watch_session_set_closed_func (DevboxWatchSession *self, DevboxWatchSessionFunc func, gpointer user_data);
/* Begins the closing handshake and cuts the connection when that takes too long. */
void devbox_watch_session_close (DevboxWatchSession *self, gushort code, const char *reason);
guint devbox_watch_session_get_n_watches (DevboxWatchSession *self);

G_END_DECLS
