/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-io-thread-private.h"
#include "devbox-pipe-private.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* One message sent over one session, and its reply read whole: gathered within a limit, or poured into a pipe. Lives in
 * the I/O thread. It holds that thread until libsoup has let go of the message, also after it was aborted. */
typedef struct _DevboxExchange DevboxExchange;

/* What an exchange sends, and what becomes of the reply. The exchange keeps the message, and the pipe of the body while
 * it is needed; it borrows the rest until it is done, aborted, or pours. */
typedef struct
{
  SoupMessage *message;

  GBytes *body;           /* or NULL */
  DevboxPipe *body_pipe;  /* instead; or NULL. Its reader may have to go back: see devbox_pipe_rewind () */
  goffset body_pipe_size; /* what it brings, -1: unknown */
  const char *body_head;  /* of a JSON text in which that stands in base64, or NULL: it stands for itself */
  const char *body_tail;
  const char *content_type;

  gsize max_reply_size; /* of one that is gathered */
} DevboxExchangeRequest;

/* Called at the head of a reply, if the request has it so. Returns the pipe that the body goes to, whose end is for
 * `done` to tell (transfer full), and sets the time after which the server's silence is an error, 0 for none; or NULL
 * when the reply is to be gathered. */
typedef DevboxPipe *(*DevboxExchangePour) (DevboxExchange *exchange, guint *silence_ms, gpointer data);

/* Called once, never from within devbox_exchange_start (); the exchange is gone when it returns. Exactly one of body
 * and error is set; or none when the body went into the pipe. The error is of libsoup and GIO, or a DevboxError;
 * G_IO_ERROR_CANCELLED when it was aborted, or nobody reads from the pipe any more. */
typedef void (*DevboxExchangeDone) (DevboxExchange *exchange, GBytes *body, const GError *error, gpointer data);

/* `socket` is where the connection keeps its own. */
DevboxExchange *devbox_exchange_start (DevboxIoThread *thread,
                                       SoupSession *session,
                                       GSocket **socket,
                                       const DevboxExchangeRequest *request,
                                       DevboxExchangePour pour, /* or NULL */
                                       DevboxExchangeDone done,
                                       gpointer data);
/* Ends it as soon as libsoup lets go of it; `done` follows, perhaps at once. */
void devbox_exchange_abort (DevboxExchange *self);

SoupMessage *devbox_exchange_get_message (DevboxExchange *self);
/* Whether anything of the request went out. */
gboolean devbox_exchange_was_sent (DevboxExchange *self);
/* Whether anything of a reply has arrived; the first part of a head counts when the message collects metrics. */
gboolean devbox_exchange_was_answered (DevboxExchange *self);
/* Whether all of the request went out: when the server refuses a body half way, the rest of it is not sent. */
gboolean devbox_exchange_was_sent_whole (DevboxExchange *self);
guint64 devbox_exchange_get_n_read (DevboxExchange *self); /* of the body of the reply */

G_END_DECLS
