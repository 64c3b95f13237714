/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

/* Calls to an agent whose body is the next `size` bytes of a stream of the caller's, or all that is left of it when
 * `size` is -1. The stream is read, and released, where the caller is: an async call reads it asynchronously in the
 * task's context, a blocking one in a context of its own in the thread that waits. The call ends no sooner than the
 * last read. A stream that fails ends the call with FILE_TRANSFER_FAILED, and the reason as its cause. */

void devbox_body_feed_call_async (DevboxClient *client,
                                  DevboxAgent *agent,
                                  GTask *task,
                                  DevboxRequest *request,
                                  GInputStream *contents,
                                  goffset size);
gpointer devbox_body_feed_call_sync (DevboxClient *client,
                                     DevboxAgent *agent,
                                     DevboxRequest *request,
                                     GInputStream *contents,
                                     goffset size,
                                     GCancellable *cancellable,
                                     GError **error);

G_END_DECLS
