/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-reply-queue-private.h"

#define HIGH (1024 * 1024) /* bytes that wait, at which the thread has to */

struct _DevboxHttpReplyQueue
{
  gatomicrefcount ref_count;
  GMainContext *context;
  char *content_type;
  char *file_name;
  DevboxHttpExchange *exchange; /* this and the next three in its thread alone */
  gboolean has_begun;
  gboolean is_full;   /* the connection will say when it takes more */
  gboolean has_ended; /* nothing more will come */

  GMutex lock;
  GCond changed;
  GQueue pieces; /* of GBytes */
  gsize size;
  gboolean is_waking;
};

DevboxHttpReplyQueue *
devbox_http_reply_queue_new (DevboxHttpExchange *exchange, const char *content_type, const char *file_name)
{
  DevboxHttpReplyQueue *self = g_new0 (DevboxHttpReplyQueue, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->context = g_main_context_ref_thread_default ();
  self->content_type = g_strdup (content_type);
  self->file_name = g_strdup (file_name);
  self->exchange = devbox_http_exchange_ref (exchange);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->pieces);

  return self;
}

DevboxHttpReplyQueue *
devbox_http_reply_queue_ref (DevboxHttpReplyQueue *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_http_reply_queue_unref (DevboxHttpReplyQueue *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_queue_clear_full (&self->pieces, (GDestroyNotify) g_bytes_unref);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_main_context_unref (self->context);
  devbox_http_exchange_unref (self->exchange);
  g_free (self->content_type);
  g_free (self->file_name);
  g_free (self);
}

static GBytes *
pop (DevboxHttpReplyQueue *self)
{
  GBytes *piece;

  g_mutex_lock (&self->lock);
  self->is_waking = FALSE;
  piece = g_queue_pop_head (&self->pieces);
  if (piece != NULL)
    self->size -= g_bytes_get_size (piece);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);

  return piece;
}

static void on_writable (DevboxHttpExchange *exchange, gpointer user_data);

static void
begin (DevboxHttpReplyQueue *self)
{
  if (self->has_begun)
    return;

  self->has_begun = TRUE;
  if (self->file_name != NULL)
    {
      g_autofree char *disposition = g_strdup_printf ("attachment; filename=\"%s\"", self->file_name);

      devbox_http_exchange_add_header (self->exchange, "Content-Disposition", disposition);
    }
  devbox_http_exchange_begin_reply (self->exchange, 200, self->content_type, -1);
  devbox_http_exchange_set_writable_func (self->exchange, on_writable, devbox_http_reply_queue_ref (self),
                                          (GDestroyNotify) devbox_http_reply_queue_unref);
}

/* As many as the connection takes. */
static void
send_pieces (DevboxHttpReplyQueue *self)
{
  while (!self->is_full)
    {
      g_autoptr (GBytes) piece = pop (self);

      if (piece == NULL)
        break;
      begin (self);
      self->is_full
          = !devbox_http_exchange_write (self->exchange, g_bytes_get_data (piece, NULL), g_bytes_get_size (piece));
    }

  if (!self->is_full && self->has_ended)
    {
      self->has_ended = FALSE;
      devbox_http_exchange_end_reply (self->exchange);
      devbox_http_exchange_set_writable_func (self->exchange, NULL, NULL, NULL);
    }
}

static void
on_writable (DevboxHttpExchange *exchange, gpointer user_data)
{
  g_autoptr (DevboxHttpReplyQueue) self = devbox_http_reply_queue_ref (user_data);

  self->is_full = FALSE;
  send_pieces (self);
}

static gboolean
on_pieces (gpointer user_data)
{
  send_pieces (user_data);

  return G_SOURCE_REMOVE;
}

static void
wake (DevboxHttpReplyQueue *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_pieces, devbox_http_reply_queue_ref (self),
                         (GDestroyNotify) devbox_http_reply_queue_unref);
  g_source_attach (source, self->context);
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  DevboxHttpReplyQueue *self = user_data;

  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

gboolean
devbox_http_reply_queue_push (DevboxHttpReplyQueue *self,
                              const void *data,
                              gsize size,
                              GCancellable *cancellable,
                              GError **error)
{
  gulong handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL);
  gboolean must_wake = FALSE;
  gboolean is_cancelled;

  g_mutex_lock (&self->lock);
  while (self->size >= HIGH && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait (&self->changed, &self->lock);
  is_cancelled = g_cancellable_set_error_if_cancelled (cancellable, error);
  if (!is_cancelled)
    {
      g_queue_push_tail (&self->pieces, g_bytes_new (data, size));
      self->size += size;
      must_wake = !self->is_waking;
      self->is_waking = TRUE;
    }
  g_mutex_unlock (&self->lock);

  g_cancellable_disconnect (cancellable, handler);
  if (must_wake)
    wake (self);

  return !is_cancelled;
}

gboolean
devbox_http_reply_queue_has_begun (DevboxHttpReplyQueue *self)
{
  gboolean has_pieces;

  g_mutex_lock (&self->lock);
  has_pieces = !g_queue_is_empty (&self->pieces);
  g_mutex_unlock (&self->lock);

  return self->has_begun || has_pieces;
}

void
devbox_http_reply_queue_end (DevboxHttpReplyQueue *self)
{
  self->has_ended = TRUE;
  send_pieces (self);
}

void
devbox_http_reply_queue_abort (DevboxHttpReplyQueue *self)
{
  devbox_http_exchange_abort (self->exchange);
}
