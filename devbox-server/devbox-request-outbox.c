/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-request-outbox-private.h"

#include "devbox-suspend-clock-private.h"

/* A program that connects a handler but runs no main loop loses signals, not memory. */
#define MAX_PENDING 1000

struct _DevboxRequestOutbox
{
  GWeakRef target;
  GMainContext *context;
  DevboxFinishedRequestFunc func;
  int n_pending; /* atomic */
};

typedef struct
{
  DevboxRequestOutbox *outbox;
  DevboxFinishedRequest request;
} Letter;

DevboxRequestOutbox *
devbox_request_outbox_new (GObject *target, GMainContext *context, DevboxFinishedRequestFunc func)
{
  DevboxRequestOutbox *self = g_atomic_rc_box_new0 (DevboxRequestOutbox);

  g_weak_ref_init (&self->target, target);
  self->context = g_main_context_ref (context);
  self->func = func;

  return self;
}

static void
outbox_clear (gpointer data)
{
  DevboxRequestOutbox *self = data;

  g_weak_ref_clear (&self->target);
  g_main_context_unref (self->context);
}

void
devbox_request_outbox_unref (DevboxRequestOutbox *self)
{
  g_atomic_rc_box_release_full (self, outbox_clear);
}

static void
letter_free (gpointer data)
{
  Letter *letter = data;

  g_atomic_int_add (&letter->outbox->n_pending, -1);
  devbox_request_outbox_unref (letter->outbox);
  g_free (letter->request.method);
  g_free (letter->request.path);
  g_free (letter);
}

static gboolean
deliver (gpointer data)
{
  Letter *letter = data;
  g_autoptr (GObject) target = g_weak_ref_get (&letter->outbox->target);

  if (target != NULL)
    letter->outbox->func (target, &letter->request);

  return G_SOURCE_REMOVE;
}

void
devbox_request_outbox_push (DevboxRequestOutbox *self, DevboxHttpExchange *exchange)
{
  g_autoptr (GSource) source = NULL;
  Letter *letter;

  if (g_atomic_int_get (&self->n_pending) >= MAX_PENDING)
    return;

  g_atomic_int_inc (&self->n_pending);
  letter = g_new0 (Letter, 1);
  letter->outbox = g_atomic_rc_box_acquire (self);
  letter->request.method = g_strdup (devbox_http_exchange_get_method (exchange));
  letter->request.path = g_strdup (devbox_http_exchange_get_path (exchange));
  letter->request.status = devbox_http_exchange_get_status (exchange);
  letter->request.bytes_sent = devbox_http_exchange_get_bytes_sent (exchange);
  letter->request.duration = devbox_suspend_clock_get_time () - devbox_http_exchange_get_begin_time (exchange);

  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[devbox-server] request-finished");
  g_source_set_callback (source, deliver, letter, letter_free);
  g_source_attach (source, self->context);
}
