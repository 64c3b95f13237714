/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-log-finder-private.h"
#include "devbox-tree-watcher-private.h"
#include "devbox-workspace-private.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

typedef struct
{
  guint stall_ms; /* a peer that took nothing for so long, although something waited for it, is dropped */
  guint ping_interval_s;
  guint silence_ms; /* and so is one that said nothing, not even a pong */
} DevboxSocketPatience;

/* Serves one WebSocket on `/ws`: the files that it watches and the logs that it follows, in the dialect of each
 * message. It lives as long as the socket, and needs nobody to keep it. patience NULL: 30 s, 30 s and 75 s, which is
 * two pings that went unanswered. */
void devbox_socket_session_start (SoupWebsocketConnection *connection,
                                  DevboxTreeWatcher *watcher,
                                  DevboxWorkspace *workspace,
                                  DevboxLogFinder *log_finder,
                                  const DevboxSocketPatience *patience);

G_END_DECLS
