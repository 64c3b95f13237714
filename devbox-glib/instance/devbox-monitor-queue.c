/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-monitor-queue-private.h"

#define ITEMS_PER_TURN 100
#define FIRST_DELAY_US (5 * G_TIME_SPAN_MILLISECOND)
#define LAST_DELAY_US (250 * G_TIME_SPAN_MILLISECOND)

struct _DevboxMonitorQueue
{
  gatomicrefcount ref_count;
  GWeakRef target;
  const DevboxMonitorQueueFuncs *funcs;
  char *path;

  /* Touched in the context alone. */
  gint64 delay_us; /* until we look again whether anybody listens; 0: somebody did */

  GMutex mutex; /* guards what follows */
  GQueue items;
  GSource *source; /* NULL: shut */
};

static void
item_free (gpointer data)
{
  DevboxMonitorItem *item = data;

  g_free (item->path);
  g_free (item->old_path);
  g_clear_error (&item->error);
  g_free (item);
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);

  return callback (user_data);
}

static GSourceFuncs source_funcs = { .dispatch = source_dispatch };

static void
wake_up_at (DevboxMonitorQueue *self, gint64 ready_time)
{
  g_mutex_lock (&self->mutex);
  if (self->source != NULL && self->items.length > 0)
    g_source_set_ready_time (self->source, ready_time);
  g_mutex_unlock (&self->mutex);
}

static DevboxMonitorItem *
pop (DevboxMonitorQueue *self)
{
  DevboxMonitorItem *item;

  g_mutex_lock (&self->mutex);
  item = self->source != NULL ? g_queue_pop_head (&self->items) : NULL;
  g_mutex_unlock (&self->mutex);

  return item;
}

/* A program connects its handlers when it gets the monitor, which may be some turns of its loop after the agent began
 * to tell. No signal says that a handler was connected, so look again, ever more seldom. */
static gboolean
is_heard (DevboxMonitorQueue *self, GObject *target)
{
  if (self->delay_us == 0)
    return TRUE;
  if (self->funcs->is_heard (target))
    {
      self->delay_us = 0;
      return TRUE;
    }

  wake_up_at (self, g_get_monotonic_time () + self->delay_us);
  self->delay_us = MIN (2 * self->delay_us, LAST_DELAY_US);

  return FALSE;
}

static gboolean
deliver_some (gpointer data)
{
  DevboxMonitorQueue *self = data;
  g_autoptr (GObject) target = g_weak_ref_get (&self->target);
  DevboxMonitorItem *item;

  if (target == NULL || !is_heard (self, target))
    return G_SOURCE_CONTINUE;

  for (guint i = 0; i < ITEMS_PER_TURN && (item = pop (self)) != NULL; i++)
    {
      self->funcs->deliver (target, item);
      item_free (item);
    }
  wake_up_at (self, 0);

  return G_SOURCE_CONTINUE;
}

DevboxMonitorQueue *
devbox_monitor_queue_new (GMainContext *context,
                          GObject *target,
                          const DevboxMonitorQueueFuncs *funcs,
                          const char *path)
{
  DevboxMonitorQueue *self = g_new0 (DevboxMonitorQueue, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_weak_ref_init (&self->target, target);
  g_mutex_init (&self->mutex);
  g_queue_init (&self->items);
  self->funcs = funcs;
  self->path = g_strdup (path);
  self->delay_us = FIRST_DELAY_US;

  self->source = g_source_new (&source_funcs, sizeof (GSource));
  g_source_set_static_name (self->source, "[devbox] file monitor");
  g_source_set_callback (self->source, deliver_some, devbox_monitor_queue_ref (self),
                         (GDestroyNotify) devbox_monitor_queue_unref);
  g_source_attach (self->source, context);

  return self;
}

DevboxMonitorQueue *
devbox_monitor_queue_ref (DevboxMonitorQueue *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_monitor_queue_unref (DevboxMonitorQueue *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_pointer (&self->source, g_source_unref);
  g_queue_clear_full (&self->items, item_free);
  g_weak_ref_clear (&self->target);
  g_mutex_clear (&self->mutex);
  g_free (self->path);
  g_free (self);
}

/* When too much waits, all of it makes way for one overflow. */
static void
make_room (DevboxMonitorQueue *self, DevboxMonitorItem *item)
{
  if (item->kind == DEVBOX_MONITOR_ITEM_CLOSED || self->items.length < DEVBOX_MONITOR_QUEUE_LIMIT)
    return;

  g_queue_clear_full (&self->items, item_free);
  item->kind = DEVBOX_MONITOR_ITEM_OVERFLOW;
  g_free (item->path);
  item->path = g_strdup (self->path);
}

/* Takes item. */
static void
push (DevboxMonitorQueue *self, DevboxMonitorItem *item)
{
  g_mutex_lock (&self->mutex);
  if (self->source != NULL)
    {
      make_room (self, item);
      g_queue_push_tail (&self->items, g_steal_pointer (&item));
      /* Else it is awake, or waits for somebody to listen. */
      if (self->items.length == 1)
        g_source_set_ready_time (self->source, 0);
    }
  g_mutex_unlock (&self->mutex);

  if (item != NULL)
    item_free (item);
}

void
devbox_monitor_queue_push_changed (DevboxMonitorQueue *self,
                                   GFileMonitorEvent event,
                                   const char *path,
                                   const char *old_path)
{
  DevboxMonitorItem *item = g_new0 (DevboxMonitorItem, 1);

  item->kind = DEVBOX_MONITOR_ITEM_CHANGED;
  item->event = event;
  item->path = g_strdup (path);
  item->old_path = g_strdup (old_path);
  push (self, item);
}

void
devbox_monitor_queue_push_overflow (DevboxMonitorQueue *self, const char *path)
{
  DevboxMonitorItem *item = g_new0 (DevboxMonitorItem, 1);

  item->kind = DEVBOX_MONITOR_ITEM_OVERFLOW;
  item->path = g_strdup (path);
  push (self, item);
}

void
devbox_monitor_queue_push_closed (DevboxMonitorQueue *self, const GError *error)
{
  DevboxMonitorItem *item = g_new0 (DevboxMonitorItem, 1);

  item->kind = DEVBOX_MONITOR_ITEM_CLOSED;
  item->error = error != NULL ? g_error_copy (error) : NULL;
  push (self, item);
}

void
devbox_monitor_queue_shut (DevboxMonitorQueue *self)
{
  g_autoptr (GSource) source = NULL;

  g_mutex_lock (&self->mutex);
  source = g_steal_pointer (&self->source);
  g_queue_clear_full (&self->items, item_free);
  g_mutex_unlock (&self->mutex);

  if (source != NULL)
    g_source_destroy (source);
}
