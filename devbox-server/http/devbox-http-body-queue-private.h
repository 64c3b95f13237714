/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

G_BEGIN_DECLS

/* The body of a request for a thread to read as it comes: at most 1 MiB waits for the thread, and while it does not
 * read, the client has to wait. Reference counted, thread safe but for read (). */
typedef struct _DevboxHttpBodyQueue DevboxHttpBodyQueue;

/* Reads the body of the exchange; limit as for devbox_http_exchange_read_body (). In the engine's thread, whose context
 * must be the thread default. */
DevboxHttpBodyQueue *devbox_http_body_queue_new (DevboxHttpExchange *exchange, goffset limit);
DevboxHttpBodyQueue *devbox_http_body_queue_ref (DevboxHttpBodyQueue *self);
void devbox_http_body_queue_unref (DevboxHttpBodyQueue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxHttpBodyQueue, devbox_http_body_queue_unref)

/* The next piece, waited for; NULL at the end, and with an error when the body was cut off or the cancellable was
 * cancelled. In the one thread that reads. */
GBytes *devbox_http_body_queue_take (DevboxHttpBodyQueue *self, GCancellable *cancellable, GError **error);

G_END_DECLS
