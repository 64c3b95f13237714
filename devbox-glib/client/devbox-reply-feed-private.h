/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-client-core-private.h"
#include "devbox-error-private.h"

G_BEGIN_DECLS

/* What is left of a call in the I/O thread when its caller has got the reply as a stream: takes over the ticket with
 * its connection, whose exchange pours the reply into the pipe, until its end, or that of the client, or until nobody
 * reads any more. The address and the details are for the error that the pipe may end with; all is copied. */
void devbox_reply_feed_start (DevboxClientCore *core,
                              DevboxTicket *ticket,
                              DevboxConnection *connection,
                              DevboxPipe *pipe,
                              const char *address,
                              const DevboxErrorDetails *details);

G_END_DECLS
