/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-piece-reply-private.h"

#include "devbox-http-replies-private.h"

#define LITTLE (64 * 1024)

typedef struct
{
  GString *json; /* made, and not sent yet */
  DevboxPieceFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
} PieceReply;

static void
piece_reply_clear (gpointer data)
{
  PieceReply *self = data;

  g_string_free (self->json, TRUE);
  self->destroy (self->user_data);
}

static void
piece_reply_unref (gpointer self)
{
  g_rc_box_release_full (self, piece_reply_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PieceReply, piece_reply_unref)

/* Sends pieces until the connection takes no more. */
static void
send_pieces (DevboxHttpExchange *exchange, gpointer user_data)
{
  PieceReply *self = user_data;
  gboolean takes_more = TRUE;
  gboolean more = TRUE;

  while (more && takes_more)
    {
      more = self->func (self->json, self->user_data);
      takes_more = devbox_http_exchange_write (exchange, self->json->str, self->json->len);
      g_string_truncate (self->json, 0);
    }

  if (!more)
    {
      devbox_http_exchange_set_writable_func (exchange, NULL, NULL, NULL);
      devbox_http_exchange_end_reply (exchange);
    }
}

void
devbox_piece_reply_send (DevboxHttpExchange *exchange,
                         guint status,
                         GString *head,
                         DevboxPieceFunc func,
                         gpointer user_data,
                         GDestroyNotify destroy)
{
  g_autoptr (PieceReply) self = g_rc_box_new0 (PieceReply);
  gboolean more = TRUE;

  self->json = head;
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;

  /* Whatever is answered to a client that has gone does not reach it. */
  while (more && self->json->len <= LITTLE && !devbox_http_exchange_is_closed (exchange))
    more = func (self->json, user_data);
  if (!more || devbox_http_exchange_is_closed (exchange))
    {
      devbox_http_reply_json (exchange, status, self->json);
      return;
    }

  devbox_http_exchange_begin_reply (exchange, status, "application/json", -1);
  devbox_http_exchange_set_writable_func (exchange, send_pieces, g_rc_box_acquire (self), piece_reply_unref);
  send_pieces (exchange, self);
}
