/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-traffic-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* The output of a WebSocket's socket, which libsoup shares with whoever writes whole frames beside it: a write is taken
 * as a whole or not at all (WOULD_BLOCK), and what the socket does not take yet waits here, so that the frames of the
 * two never cut into each other. At most one write waits. Non-blocking writes only; pollable like the socket, though
 * writable only once nothing waits. */
#define DEVBOX_TYPE_HTTP_UPGRADED_OUTPUT (devbox_http_upgraded_output_get_type ())
G_DECLARE_FINAL_TYPE (DevboxHttpUpgradedOutput,
                      devbox_http_upgraded_output,
                      DEVBOX,
                      HTTP_UPGRADED_OUTPUT,
                      GOutputStream)

/* output: that of the socket. What waits is sent from the context that is the thread default now. What leaves is
 * counted in traffic, which may be NULL. */
GOutputStream *devbox_http_upgraded_output_new (GOutputStream *output, DevboxHttpTraffic *traffic);

G_END_DECLS
