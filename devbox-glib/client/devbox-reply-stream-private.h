/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-io-thread-private.h"
#include "devbox-types.h"

G_BEGIN_DECLS

/* The body of a reply as its caller reads it: pollable, in any thread, one at a time. It keeps the client that the
 * reply comes from, and closes the pipe when it is closed or goes. */
#define DEVBOX_TYPE_REPLY_STREAM (devbox_reply_stream_get_type ())
G_DECLARE_FINAL_TYPE (DevboxReplyStream, devbox_reply_stream, DEVBOX, REPLY_STREAM, GInputStream)

GInputStream *
devbox_reply_stream_new (DevboxPipe *pipe, DevboxIoThread *thread, DevboxClient *client, DevboxEndpoint *endpoint);
/* An error that was made of what the stream gave, if it is such a stream. */
void devbox_reply_stream_redact_error (GInputStream *stream, GError *error);

G_END_DECLS
