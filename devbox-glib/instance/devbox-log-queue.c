/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-log-queue-private.h"

/* As much as an agent keeps: a reader that fell behind then has all of that to catch up with. */
#define MAX_ENTRIES 10000
#define MAX_SIZE (4 * 1024 * 1024)

struct _DevboxLogQueue
{
  gatomicrefcount ref_count;

  GMutex mutex; /* guards all that follows */
  GCond cond;
  GQueue entries;
  gsize size;
  gboolean is_full;
  gboolean has_ended;
  GError *error;
  GSource *source; /* of who waits, or NULL */
};

DevboxLogQueue *
devbox_log_queue_new (void)
{
  DevboxLogQueue *self = g_new0 (DevboxLogQueue, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  g_queue_init (&self->entries);

  return self;
}

DevboxLogQueue *
devbox_log_queue_ref (DevboxLogQueue *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_log_queue_unref (DevboxLogQueue *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_queue_clear_full (&self->entries, g_object_unref);
  g_clear_error (&self->error);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static gboolean
has_something_locked (DevboxLogQueue *self)
{
  return self->entries.length > 0 || self->has_ended;
}

static void
wake_up_locked (DevboxLogQueue *self)
{
  if (self->source != NULL)
    g_source_set_ready_time (self->source, 0);
  g_cond_broadcast (&self->cond);
}

gboolean
devbox_log_queue_push (DevboxLogQueue *self, DevboxLogEntry *entry)
{
  gboolean is_full;

  g_mutex_lock (&self->mutex);
  if (self->has_ended)
    {
      g_object_unref (entry);
    }
  else
    {
      g_queue_push_tail (&self->entries, entry);
      self->size += devbox_log_entry_get_size (entry);
      self->is_full |= self->entries.length >= MAX_ENTRIES || self->size >= MAX_SIZE;
      wake_up_locked (self);
    }
  is_full = self->is_full;
  g_mutex_unlock (&self->mutex);

  return is_full;
}

void
devbox_log_queue_end (DevboxLogQueue *self, const GError *error)
{
  g_mutex_lock (&self->mutex);
  if (!self->has_ended)
    {
      self->has_ended = TRUE;
      self->error = error != NULL ? g_error_copy (error) : NULL;
      wake_up_locked (self);
    }
  g_mutex_unlock (&self->mutex);
}

void
devbox_log_queue_shut (DevboxLogQueue *self)
{
  g_mutex_lock (&self->mutex);
  self->has_ended = TRUE;
  g_clear_error (&self->error);
  g_queue_clear_full (&self->entries, g_object_unref);
  wake_up_locked (self);
  g_mutex_unlock (&self->mutex);
}

static gboolean
drain_locked (DevboxLogQueue *self)
{
  if (!self->is_full || self->entries.length > MAX_ENTRIES / 2 || self->size > MAX_SIZE / 2)
    return FALSE;

  self->is_full = FALSE;
  return TRUE;
}

DevboxLogQueueState
devbox_log_queue_take (DevboxLogQueue *self, DevboxLogEntry **entry, gboolean *is_drained, GError **error)
{
  DevboxLogQueueState state = DEVBOX_LOG_QUEUE_EMPTY;

  g_mutex_lock (&self->mutex);
  *entry = g_queue_pop_head (&self->entries);
  if (*entry != NULL)
    {
      self->size -= devbox_log_entry_get_size (*entry);
      state = DEVBOX_LOG_QUEUE_ENTRY;
    }
  else if (self->error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->error));
      state = DEVBOX_LOG_QUEUE_FAILED;
    }
  else if (self->has_ended)
    {
      state = DEVBOX_LOG_QUEUE_END;
    }
  *is_drained = drain_locked (self);
  g_mutex_unlock (&self->mutex);

  return state;
}

typedef struct
{
  GSource parent;
  DevboxLogQueue *queue;
} QueueSource;

static gboolean
queue_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);

  return callback (user_data);
}

static void
queue_source_finalize (GSource *source)
{
  devbox_log_queue_unref (((QueueSource *) source)->queue);
}

/* The queue refers to the source only between these two. */
static void
queue_source_dispose (GSource *source)
{
  DevboxLogQueue *queue = ((QueueSource *) source)->queue;

  g_mutex_lock (&queue->mutex);
  if (queue->source == source)
    queue->source = NULL;
  g_mutex_unlock (&queue->mutex);
}

static GSourceFuncs queue_source_funcs = {
  .dispatch = queue_source_dispatch,
  .finalize = queue_source_finalize,
};

GSource *
devbox_log_queue_create_source (DevboxLogQueue *self, GCancellable *cancellable)
{
  GSource *source = g_source_new (&queue_source_funcs, sizeof (QueueSource));

  ((QueueSource *) source)->queue = devbox_log_queue_ref (self);
  g_source_set_dispose_function (source, queue_source_dispose);
  g_source_set_static_name (source, "[devbox] log");
  if (cancellable != NULL)
    {
      g_autoptr (GSource) child = g_cancellable_source_new (cancellable);

      g_source_set_dummy_callback (child);
      g_source_add_child_source (source, child);
    }

  g_mutex_lock (&self->mutex);
  self->source = source;
  if (has_something_locked (self))
    g_source_set_ready_time (source, 0);
  g_mutex_unlock (&self->mutex);

  return source;
}

static void
wake_up (GCancellable *cancellable, gpointer data)
{
  DevboxLogQueue *self = data;

  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

void
devbox_log_queue_wait (DevboxLogQueue *self, GCancellable *cancellable)
{
  gulong id = 0;

  if (cancellable != NULL)
    id = g_cancellable_connect (cancellable, G_CALLBACK (wake_up), devbox_log_queue_ref (self),
                                (GDestroyNotify) devbox_log_queue_unref);

  g_mutex_lock (&self->mutex);
  while (!has_something_locked (self) && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);

  /* Not g_cancellable_disconnect (), which would wait for the handler. */
  if (id != 0)
    g_signal_handler_disconnect (cancellable, id);
}
