/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

G_BEGIN_DECLS

/* Appends the next piece, some 10 KiB. FALSE: that was the last one. */
typedef gboolean (*DevboxPieceFunc) (GString *json, gpointer user_data);

/* Answers with JSON that may be too much to have at once: it is made piece by piece, as fast as the client takes it.
 * Little is answered at once, with its length. Takes head, which is its beginning, and user_data. */
void devbox_piece_reply_send (DevboxHttpExchange *exchange,
                              guint status,
                              GString *head,
                              DevboxPieceFunc func,
                              gpointer user_data,
                              GDestroyNotify destroy);

G_END_DECLS
