/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-io-thread-private.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* One message sent over one session, and its reply read whole, within a limit. Lives in the I/O thread. It holds that
 * thread until libsoup has let go of the message, also after it was aborted. */
typedef struct _DevboxExchange DevboxExchange;

/* Called once, never from within devbox_exchange_start (); the exchange is gone when it returns. Exactly one of body
 * and error is set. The error is of libsoup and GIO, or a DevboxError; G_IO_ERROR_CANCELLED when it was aborted. */
typedef void (*DevboxExchangeDone) (DevboxExchange *exchange, GBytes *body, const GError *error, gpointer data);

/* The body is borrowed until `done` is called or the exchange aborted; it may be NULL. `socket` is where the connection
 * keeps its own. */
DevboxExchange *devbox_exchange_start (DevboxIoThread *thread,
                                       SoupSession *session,
                                       GSocket **socket,
                                       SoupMessage *message,
                                       GBytes *body,
                                       const char *content_type,
                                       gsize max_reply_size,
                                       DevboxExchangeDone done,
                                       gpointer data);
/* Ends it as soon as libsoup lets go of it; `done` follows, perhaps at once. */
void devbox_exchange_abort (DevboxExchange *self);

SoupMessage *devbox_exchange_get_message (DevboxExchange *self);
/* Whether anything of the request went out. */
gboolean devbox_exchange_was_sent (DevboxExchange *self);
/* Whether anything of a reply has arrived; the first part of a head counts when the message collects metrics. */
gboolean devbox_exchange_was_answered (DevboxExchange *self);

G_END_DECLS
