/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-body-queue-private.h"

#define HIGH (1024 * 1024) /* bytes that wait, at which the client has to */
#define LOW (256 * 1024)

struct _DevboxHttpBodyQueue
{
  gatomicrefcount ref_count;
  GMainContext *context;
  DevboxHttpExchange *exchange; /* in its thread alone; NULL once the body is over */

  GMutex lock;
  GCond changed;
  GQueue pieces; /* of GBytes */
  gsize size;
  gboolean is_paused;
  gboolean has_ended;
  GError *error;
};

DevboxHttpBodyQueue *
devbox_http_body_queue_ref (DevboxHttpBodyQueue *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_http_body_queue_unref (DevboxHttpBodyQueue *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_queue_clear_full (&self->pieces, (GDestroyNotify) g_bytes_unref);
  g_clear_error (&self->error);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
end (DevboxHttpBodyQueue *self, const GError *error)
{
  g_mutex_lock (&self->lock);
  self->has_ended = TRUE;
  if (error != NULL)
    self->error = g_error_copy (error);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* TRUE when the client has to wait. */
static gboolean
add_piece (DevboxHttpBodyQueue *self, const guint8 *data, gsize size)
{
  gboolean is_full;

  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->pieces, g_bytes_new (data, size));
  self->size += size;
  is_full = self->size >= HIGH;
  self->is_paused = is_full;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);

  return is_full;
}

static void
on_body (DevboxHttpExchange *exchange,
         DevboxHttpBodyEvent event,
         const guint8 *data,
         gsize size,
         const GError *error,
         gpointer user_data)
{
  DevboxHttpBodyQueue *self = user_data;

  if (event != DEVBOX_HTTP_BODY_DATA)
    end (self, error);
  else if (add_piece (self, data, size))
    devbox_http_exchange_pause_body (exchange);
}

/* The engine is done with the body, and may be so with the exchange. */
static void
on_body_over (gpointer data)
{
  DevboxHttpBodyQueue *self = data;
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "the exchange ended before its body");

  if (!self->has_ended)
    end (self, error);
  g_clear_pointer (&self->exchange, devbox_http_exchange_unref);
  devbox_http_body_queue_unref (self);
}

DevboxHttpBodyQueue *
devbox_http_body_queue_new (DevboxHttpExchange *exchange, goffset limit)
{
  DevboxHttpBodyQueue *self = g_new0 (DevboxHttpBodyQueue, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->context = g_main_context_ref_thread_default ();
  self->exchange = devbox_http_exchange_ref (exchange);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->pieces);
  devbox_http_exchange_read_body (exchange, limit, on_body, devbox_http_body_queue_ref (self), on_body_over);

  return self;
}

static gboolean
on_resume (gpointer user_data)
{
  DevboxHttpBodyQueue *self = user_data;

  if (self->exchange != NULL)
    devbox_http_exchange_resume_body (self->exchange);

  return G_SOURCE_REMOVE;
}

static void
resume (DevboxHttpBodyQueue *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_resume, devbox_http_body_queue_ref (self),
                         (GDestroyNotify) devbox_http_body_queue_unref);
  g_source_attach (source, self->context);
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  DevboxHttpBodyQueue *self = user_data;

  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static GBytes *
pop (DevboxHttpBodyQueue *self, GCancellable *cancellable, gboolean *may_resume, GError **error)
{
  GBytes *piece;

  while (g_queue_is_empty (&self->pieces) && !self->has_ended && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait (&self->changed, &self->lock);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  piece = g_queue_pop_head (&self->pieces);
  if (piece == NULL && self->error != NULL)
    g_propagate_error (error, g_error_copy (self->error));
  if (piece == NULL)
    return NULL;

  self->size -= g_bytes_get_size (piece);
  *may_resume = self->is_paused && self->size <= LOW;
  if (*may_resume)
    self->is_paused = FALSE;

  return piece;
}

GBytes *
devbox_http_body_queue_take (DevboxHttpBodyQueue *self, GCancellable *cancellable, GError **error)
{
  gulong handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL);
  gboolean may_resume = FALSE;
  GBytes *piece;

  g_mutex_lock (&self->lock);
  piece = pop (self, cancellable, &may_resume, error);
  g_mutex_unlock (&self->lock);

  g_cancellable_disconnect (cancellable, handler);
  if (may_resume)
    resume (self);

  return piece;
}
