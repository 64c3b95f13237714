/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

G_BEGIN_DECLS

/* A reply that a thread writes as it comes to it: at most 1 MiB waits for the client, and while it does not read, the
 * thread has to wait. Nothing is sent before the first bytes are there, so that an error before them can still be an
 * answer. Reference counted, thread safe. */
typedef struct _DevboxHttpReplyQueue DevboxHttpReplyQueue;

/* In the engine's thread, whose context must be the thread default. file_name: what it is to be saved as, or NULL. */
DevboxHttpReplyQueue *
devbox_http_reply_queue_new (DevboxHttpExchange *exchange, const char *content_type, const char *file_name);
DevboxHttpReplyQueue *devbox_http_reply_queue_ref (DevboxHttpReplyQueue *self);
void devbox_http_reply_queue_unref (DevboxHttpReplyQueue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxHttpReplyQueue, devbox_http_reply_queue_unref)

/* In the one thread that writes: waits for room. FALSE when the client is gone or the cancellable was cancelled. */
gboolean devbox_http_reply_queue_push (DevboxHttpReplyQueue *self,
                                       const void *data,
                                       gsize size,
                                       GCancellable *cancellable,
                                       GError **error);

/* In the engine's thread, after the other one is done. The first is FALSE when nothing was pushed: then the exchange is
 * still to be answered, and none of the others may be called. */
gboolean devbox_http_reply_queue_has_begun (DevboxHttpReplyQueue *self);
void devbox_http_reply_queue_end (DevboxHttpReplyQueue *self);   /* once all of it was sent */
void devbox_http_reply_queue_abort (DevboxHttpReplyQueue *self); /* so that the client sees that something is missing */

G_END_DECLS
