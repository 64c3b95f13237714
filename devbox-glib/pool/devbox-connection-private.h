/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-exchange-private.h"
#include "devbox-pool-state-private.h"
#include "devbox-tls-settings-private.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* A session as the library wants it: one connection, no time limits of its own, nothing that reads or answers replies
 * by itself. */
SoupSession *devbox_session_new (const char *user_agent);

/* One real connection to a server. Lives in the I/O thread; carries one exchange at a time. */
typedef struct _DevboxConnection DevboxConnection;

typedef struct
{
  SoupMessage *message;
  GBytes *body;        /* NULL on an error, and when it went into a pipe */
  guint64 n_read;      /* how long it is, as far as it came */
  const GError *error; /* of libsoup and GIO, or a DevboxError; NULL on success */
  gboolean was_reused; /* the connection was there before */
  gboolean was_sent;   /* a part of the request at least */
  gboolean was_answered;
} DevboxConnectionReply;

/* Called once, and never from within devbox_connection_send (). */
typedef void (*DevboxConnectionDone) (DevboxConnection *connection, const DevboxConnectionReply *reply, gpointer data);

/* The same as DevboxExchangePour. The receiver may name somebody else for the end. */
typedef DevboxPipe *(*DevboxConnectionPour) (DevboxConnection *connection,
                                             SoupMessage *message,
                                             guint *silence_ms,
                                             gpointer data);

/* The state is told how long each connection lived. */
/* tls: how the other side is recognised; NULL: as the system does. */
DevboxConnection *
devbox_connection_new (DevboxIoThread *thread, DevboxPoolState *state, const char *user_agent, DevboxTlsSettings *tls);
void devbox_connection_free (DevboxConnection *self); /* not while it carries an exchange */

void devbox_connection_send (DevboxConnection *self,
                             const DevboxExchangeRequest *request,
                             DevboxConnectionPour pour, /* or NULL */
                             DevboxConnectionDone done,
                             gpointer data);
/* While it carries an exchange: somebody else gets its end. */
void devbox_connection_hand_over (DevboxConnection *self, DevboxConnectionDone done, gpointer data);
/* Ends the exchange as soon as possible, perhaps at once; what the request lent is no longer used when
 * it returns. */
void devbox_connection_abort (DevboxConnection *self);
/* Drops what may be left of the connection: the next exchange makes a new one. */
void devbox_connection_renew (DevboxConnection *self);

gboolean devbox_connection_is_reusable (DevboxConnection *self);
guint64 devbox_connection_get_n_uses (DevboxConnection *self);
/* When the server will close it if nothing is sent, with a margin; G_MAXINT64 when it did not say. Monotonic µs. */
gint64 devbox_connection_get_expiry (DevboxConnection *self);
GSocket *devbox_connection_get_socket (DevboxConnection *self); /* NULL: never connected */

G_END_DECLS
