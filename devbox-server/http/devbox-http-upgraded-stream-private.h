/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-traffic-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* The socket of a WebSocket as SoupWebsocketConnection meets it, with the limits that libsoup lacks. What comes in
 * passes a DevboxWireFrames, and reading fails with its error. A turn of the main loop gets one frame at most, so that
 * no peer keeps the loop to itself. After a ping nothing more is read until the socket can be written, so that pongs
 * never pile up; and a peer that goes on to send while it takes nothing is given up (RATE_LIMITED). What goes out
 * passes a DevboxHttpUpgradedOutput. Non-blocking only; of the context that is the thread default when it is made. */
#define DEVBOX_TYPE_HTTP_UPGRADED_STREAM (devbox_http_upgraded_stream_get_type ())
G_DECLARE_FINAL_TYPE (DevboxHttpUpgradedStream, devbox_http_upgraded_stream, DEVBOX, HTTP_UPGRADED_STREAM, GIOStream)

/* traffic: where both directions are counted, or NULL. */
GIOStream *
devbox_http_upgraded_stream_new (GSocketConnection *connection, gsize max_message_size, DevboxHttpTraffic *traffic);
/* Ends both directions at once, whatever still waits to be sent; a reader and a writer see it. */
void devbox_http_upgraded_stream_shut (DevboxHttpUpgradedStream *self);

G_END_DECLS
