/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-notifier-private.h"

struct _DevboxNotifier
{
  gatomicrefcount ref_count;
  GMutex mutex;

  GWeakRef object;
  guint interval_ms;
  void (*changed) (GObject *object);
  GMainContext *context; /* NULL once disconnected */
  GSource *source;       /* NULL: none is on its way */
  gint64 earliest;       /* for the next one */
};

DevboxNotifier *
devbox_notifier_new (GMainContext *context, GObject *object, guint interval_ms, void (*changed) (GObject *object))
{
  DevboxNotifier *self = g_new0 (DevboxNotifier, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_weak_ref_init (&self->object, object);
  self->interval_ms = interval_ms;
  self->changed = changed;
  self->context = g_main_context_ref (context);

  return self;
}

DevboxNotifier *
devbox_notifier_ref (DevboxNotifier *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_notifier_unref (DevboxNotifier *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->context == NULL);

  g_weak_ref_clear (&self->object);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
devbox_notifier_disconnect (DevboxNotifier *self)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GSource) source = NULL;

  g_mutex_lock (&self->mutex);
  context = g_steal_pointer (&self->context);
  source = g_steal_pointer (&self->source);
  g_mutex_unlock (&self->mutex);

  if (source != NULL)
    g_source_destroy (source);
}

static gboolean
notify (gpointer data)
{
  DevboxNotifier *self = data;
  g_autoptr (GSource) source = NULL;
  g_autoptr (GObject) object = NULL;

  g_mutex_lock (&self->mutex);
  source = g_steal_pointer (&self->source);
  self->earliest = g_get_monotonic_time () + self->interval_ms * G_TIME_SPAN_MILLISECOND;
  g_mutex_unlock (&self->mutex);

  object = g_weak_ref_get (&self->object);
  if (object != NULL)
    self->changed (object);

  return G_SOURCE_REMOVE;
}

void
devbox_notifier_schedule (DevboxNotifier *self)
{
  g_mutex_lock (&self->mutex);

  if (self->context != NULL && self->source == NULL)
    {
      gint64 left_ms = (self->earliest - g_get_monotonic_time () + 999) / G_TIME_SPAN_MILLISECOND;

      self->source = g_timeout_source_new ((guint) MAX (left_ms, 0));
      g_source_set_static_name (self->source, "[devbox] notify");
      g_source_set_callback (self->source, notify, devbox_notifier_ref (self), (GDestroyNotify) devbox_notifier_unref);
      g_source_attach (self->source, self->context);
    }

  g_mutex_unlock (&self->mutex);
}
