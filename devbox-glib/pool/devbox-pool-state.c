/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-pool-state-private.h"

/* A program that shows the counters is told so often, however many calls it makes. */
#define NOTIFY_INTERVAL_MS 100

struct _DevboxPoolState
{
  gatomicrefcount ref_count;
  GMutex mutex;

  DevboxPoolSettings settings;
  DevboxPoolCounters counters;

  GWeakRef object;
  void (*changed) (GObject *object);
  GMainContext *context; /* NULL once disconnected */
  GSource *notification; /* NULL: none is on its way */
  gint64 last_notification;
};

DevboxPoolState *
devbox_pool_state_new (GMainContext *context, GObject *object, void (*changed) (GObject *object))
{
  DevboxPoolState *self = g_new0 (DevboxPoolState, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_weak_ref_init (&self->object, object);
  self->changed = changed;
  self->context = g_main_context_ref (context);
  self->last_notification = G_MININT64;

  return self;
}

DevboxPoolState *
devbox_pool_state_ref (DevboxPoolState *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_pool_state_unref (DevboxPoolState *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->context == NULL);

  g_weak_ref_clear (&self->object);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* A notification that nobody will dispatch must not keep its context, which it would keep itself. */
void
devbox_pool_state_disconnect (DevboxPoolState *self)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GSource) notification = NULL;

  g_mutex_lock (&self->mutex);
  context = g_steal_pointer (&self->context);
  notification = g_steal_pointer (&self->notification);
  g_mutex_unlock (&self->mutex);

  if (notification != NULL)
    g_source_destroy (notification);
}

static gboolean
notify (gpointer data)
{
  DevboxPoolState *self = data;
  g_autoptr (GSource) notification = NULL;
  g_autoptr (GObject) object = NULL;

  g_mutex_lock (&self->mutex);
  notification = g_steal_pointer (&self->notification);
  self->last_notification = g_get_monotonic_time ();
  g_mutex_unlock (&self->mutex);

  object = g_weak_ref_get (&self->object);
  if (object != NULL)
    self->changed (object);

  return G_SOURCE_REMOVE;
}

/* With the lock held, the context is there: devbox_pool_state_disconnect () takes it under the same lock. */
static void
schedule_notification_locked (DevboxPoolState *self)
{
  gint64 now;
  gint64 due;

  if (self->context == NULL || self->notification != NULL)
    return;

  now = g_get_monotonic_time ();
  due = self->last_notification == G_MININT64 ? now : self->last_notification + NOTIFY_INTERVAL_MS * 1000;

  self->notification = g_timeout_source_new (due > now ? (guint) ((due - now + 999) / 1000) : 0);
  g_source_set_static_name (self->notification, "[devbox] pool notify");
  g_source_set_callback (self->notification, notify, devbox_pool_state_ref (self),
                         (GDestroyNotify) devbox_pool_state_unref);
  g_source_attach (self->notification, self->context);
}

void
devbox_pool_state_get_settings (DevboxPoolState *self, DevboxPoolSettings *settings)
{
  g_mutex_lock (&self->mutex);
  *settings = self->settings;
  g_mutex_unlock (&self->mutex);
}

void
devbox_pool_state_set_settings (DevboxPoolState *self, const DevboxPoolSettings *settings)
{
  g_mutex_lock (&self->mutex);
  self->settings = *settings;
  g_mutex_unlock (&self->mutex);
}

void
devbox_pool_state_get_counters (DevboxPoolState *self, DevboxPoolCounters *counters)
{
  g_mutex_lock (&self->mutex);
  *counters = self->counters;
  g_mutex_unlock (&self->mutex);
}

void
devbox_pool_state_count_connections (DevboxPoolState *self, int total, int active)
{
  g_mutex_lock (&self->mutex);
  self->counters.n_total += total;
  self->counters.n_active += active;
  schedule_notification_locked (self);
  g_mutex_unlock (&self->mutex);
}

void
devbox_pool_state_count_operation (DevboxPoolState *self, gboolean was_reused, guint64 n_bytes)
{
  g_mutex_lock (&self->mutex);
  self->counters.n_operations++;
  self->counters.n_reused += was_reused ? 1 : 0;
  self->counters.bytes_transferred += n_bytes;
  schedule_notification_locked (self);
  g_mutex_unlock (&self->mutex);
}
