/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-agent-handle-private.h"

#include "devbox-client.h"

DevboxAgentHandle *
devbox_agent_handle_new (DevboxClient *client, DevboxAgent *agent)
{
  DevboxAgentHandle *self = g_new0 (DevboxAgentHandle, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->client = g_object_ref (client);
  self->agent = devbox_agent_ref (agent);
  self->context = g_main_context_ref_thread_default ();

  return self;
}

DevboxAgentHandle *
devbox_agent_handle_ref (DevboxAgentHandle *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_agent_handle_unref (DevboxAgentHandle *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_object_unref (self->client);
  devbox_agent_unref (self->agent);
  g_main_context_unref (self->context);
  g_free (self);
}

/* Shared with its source, which may be running in another thread while the object goes. */
struct _DevboxNotifier
{
  gatomicrefcount ref_count;
  GWeakRef object;
  GMainContext *context;

  GMutex mutex;
  GPtrArray *pending; /* of GParamSpec, which live as long as the class */
  GSource *source;    /* NULL: nothing is pending */
};

static void
notifier_unref (gpointer data)
{
  DevboxNotifier *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_weak_ref_clear (&self->object);
  g_main_context_unref (self->context);
  g_ptr_array_unref (self->pending);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

DevboxNotifier *
devbox_notifier_new (GObject *object, GMainContext *context)
{
  DevboxNotifier *self = g_new0 (DevboxNotifier, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->object, object);
  self->context = g_main_context_ref (context);
  g_mutex_init (&self->mutex);
  self->pending = g_ptr_array_new ();

  return self;
}

static gboolean
notify (gpointer data)
{
  DevboxNotifier *self = data;
  g_autoptr (GObject) object = g_weak_ref_get (&self->object);
  g_autoptr (GPtrArray) pending = NULL;

  g_mutex_lock (&self->mutex);
  pending = self->pending;
  self->pending = g_ptr_array_new ();
  g_clear_pointer (&self->source, g_source_unref);
  g_mutex_unlock (&self->mutex);

  if (object == NULL)
    return G_SOURCE_REMOVE;

  g_object_freeze_notify (object);
  for (guint i = 0; i < pending->len; i++)
    g_object_notify_by_pspec (object, pending->pdata[i]);
  g_object_thaw_notify (object);

  return G_SOURCE_REMOVE;
}

static void
start_locked (DevboxNotifier *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  self->source = g_idle_source_new ();
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->source, "[devbox] notify");
  g_source_set_callback (self->source, notify, self, notifier_unref);
  g_source_attach (self->source, self->context);
}

void
devbox_notifier_queue (DevboxNotifier *self, GParamSpec *pspec)
{
  g_mutex_lock (&self->mutex);
  if (!g_ptr_array_find (self->pending, pspec, NULL))
    g_ptr_array_add (self->pending, pspec);
  if (self->source == NULL)
    start_locked (self);
  g_mutex_unlock (&self->mutex);
}

void
devbox_notifier_free (DevboxNotifier *self)
{
  g_autoptr (GSource) source = NULL;

  g_mutex_lock (&self->mutex);
  source = g_steal_pointer (&self->source);
  g_mutex_unlock (&self->mutex);

  if (source != NULL)
    g_source_destroy (source);
  notifier_unref (self);
}
