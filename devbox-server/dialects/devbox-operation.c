/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-operation-private.h"

typedef struct
{
  DevboxHttpExchange *exchange;
  DevboxWorkFunc work;
  DevboxOperationReplyFunc reply;
  gpointer data;
  GDestroyNotify destroy;
} Operation;

static void
finish (gpointer data, const GError *error)
{
  Operation *self = data;

  devbox_http_exchange_set_closed_func (self->exchange, NULL, NULL, NULL);
  self->reply (self->exchange, self->data, error);
  if (self->destroy != NULL)
    self->destroy (self->data);
  devbox_http_exchange_unref (self->exchange);
  g_free (self);
}

static gboolean
work (gpointer data, GCancellable *cancellable, GError **error)
{
  Operation *self = data;

  return self->work (self->data, cancellable, error);
}

static void
on_client_gone (DevboxHttpExchange *exchange, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

void
devbox_operation_run (DevboxWorkers *workers,
                      DevboxHttpExchange *exchange,
                      DevboxWorkFunc func,
                      DevboxOperationReplyFunc reply,
                      gpointer data,
                      GDestroyNotify destroy)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Operation *self = g_new0 (Operation, 1);

  self->exchange = devbox_http_exchange_ref (exchange);
  self->work = func;
  self->reply = reply;
  self->data = data;
  self->destroy = destroy;

  if (devbox_http_exchange_is_closed (exchange))
    g_cancellable_cancel (cancellable);
  if (devbox_workers_push (workers, work, finish, self, cancellable, &error))
    devbox_http_exchange_set_closed_func (exchange, on_client_gone, g_steal_pointer (&cancellable), g_object_unref);
  else
    finish (self, error);
}
