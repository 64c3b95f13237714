/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-tree-watcher-private.h"
#include "devbox-workspace-private.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Serves one WebSocket on `/ws`: what it watches, and what it is told. It lives as long as the socket, and needs nobody to keep it. */
void devbox_watch_session_start (SoupWebsocketConnection *connection, DevboxTreeWatcher *watcher, DevboxWorkspace *workspace);

G_END_DECLS
