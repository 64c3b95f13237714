/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-watch-private.h"

#include <string.h>

typedef enum
{
  READY_NOT_YET,
  READY_TO_TELL,
  READY_TOLD,
} ReadyState;

struct _DevboxTreeWatch
{
  gatomicrefcount ref_count;
  DevboxTreeWatcher *watcher;
  char *path; /* after the beginning only the watcher's thread looks at it */
  DevboxTreeWatchFlags flags;
  DevboxTreeWatchReadyFunc ready;

  GMutex lock;
  GSource *source; /* NULL once closed */
  ReadyState ready_state;
  GError *error;
  GArray *events; /* DevboxTreeEvent that own their strings */
  gsize n_path_bytes;
  GHashTable *joinable; /* path of an event in the queue, borrowed: a change of it says nothing new */
  gboolean overflowed;  /* the queue is one OVERFLOW, which stands for all that comes until it is told */
  gint64 next_time;     /* monotonic, when the queue would be emptied next if each time took its window */
};

typedef struct
{
  GSource source;
  DevboxTreeWatch *watch;
} WatchSource;

static void
event_clear (gpointer data)
{
  DevboxTreeEvent *event = data;

  g_free ((char *) event->path);
  g_free ((char *) event->old_path);
}

static GArray *
event_array_new (void)
{
  GArray *events = g_array_new (FALSE, FALSE, sizeof (DevboxTreeEvent));

  g_array_set_clear_func (events, event_clear);

  return events;
}

static gboolean
watch_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  DevboxTreeWatch *self = ((WatchSource *) source)->watch;
  g_autoptr (GArray) events = NULL;
  g_autoptr (GError) error = NULL;
  gboolean tell_ready;

  g_mutex_lock (&self->lock);
  g_source_set_ready_time (source, -1);
  tell_ready = self->ready_state == READY_TO_TELL;
  if (tell_ready)
    self->ready_state = READY_TOLD;
  error = g_steal_pointer (&self->error);
  g_hash_table_remove_all (self->joinable);
  events = g_steal_pointer (&self->events);
  self->events = event_array_new ();
  self->n_path_bytes = 0;
  self->overflowed = FALSE;
  self->next_time = MAX (self->next_time, g_get_monotonic_time ()) + DEVBOX_TREE_WATCH_WINDOW_US;
  g_mutex_unlock (&self->lock);

  if (tell_ready && self->ready != NULL)
    self->ready (error, user_data);
  if (events->len > 0 && !g_source_is_destroyed (source))
    ((DevboxTreeWatchFunc) (gpointer) callback) ((const DevboxTreeEvent *) (gpointer) events->data, events->len,
                                                 user_data);

  return G_SOURCE_CONTINUE;
}

static void
watch_source_finalize (GSource *source)
{
  devbox_tree_watch_unref (((WatchSource *) source)->watch);
}

static GSourceFuncs watch_source_funcs = {
  .dispatch = watch_source_dispatch,
  .finalize = watch_source_finalize,
};

DevboxTreeWatch *
devbox_tree_watch_new (DevboxTreeWatcher *watcher,
                       const char *path,
                       DevboxTreeWatchFlags flags,
                       GMainContext *context,
                       DevboxTreeWatchReadyFunc ready,
                       DevboxTreeWatchFunc func,
                       gpointer user_data,
                       GDestroyNotify destroy)
{
  g_autoptr (GMainContext) target
      = context != NULL ? g_main_context_ref (context) : g_main_context_ref_thread_default ();
  DevboxTreeWatch *self = g_new0 (DevboxTreeWatch, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->watcher = devbox_tree_watcher_ref (watcher);
  self->path = g_strdup (path);
  self->flags = flags;
  self->ready = ready;
  g_mutex_init (&self->lock);
  self->events = event_array_new ();
  self->joinable = g_hash_table_new (g_str_hash, g_str_equal);

  self->source = g_source_new (&watch_source_funcs, sizeof (WatchSource));
  ((WatchSource *) self->source)->watch = devbox_tree_watch_ref (self);
  g_source_set_static_name (self->source, "DevboxTreeWatch");
  g_source_set_callback (self->source, (GSourceFunc) (gpointer) func, user_data, destroy);
  g_source_attach (self->source, target);

  return self;
}

DevboxTreeWatch *
devbox_tree_watch_ref (DevboxTreeWatch *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_tree_watch_unref (DevboxTreeWatch *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->source == NULL);
  g_hash_table_unref (self->joinable);
  g_array_unref (self->events);
  g_clear_error (&self->error);
  g_mutex_clear (&self->lock);
  g_free (self->path);
  devbox_tree_watcher_unref (self->watcher);
  g_free (self);
}

DevboxTreeWatcher *
devbox_tree_watch_get_watcher (DevboxTreeWatch *self)
{
  return self->watcher;
}

const char *
devbox_tree_watch_get_path (DevboxTreeWatch *self)
{
  return self->path;
}

void
devbox_tree_watch_set_path (DevboxTreeWatch *self, const char *path)
{
  char *copy = g_strdup (path);

  g_free (self->path);
  self->path = copy;
}

DevboxTreeWatchFlags
devbox_tree_watch_get_flags (DevboxTreeWatch *self)
{
  return self->flags;
}

/* With the lock held. */
static void
wake_up (DevboxTreeWatch *self, gint64 time)
{
  if (self->source != NULL)
    g_source_set_ready_time (self->source, time);
}

void
devbox_tree_watch_start (DevboxTreeWatch *self)
{
  g_mutex_lock (&self->lock);
  self->ready_state = READY_TO_TELL;
  wake_up (self, 0);
  g_mutex_unlock (&self->lock);
}

void
devbox_tree_watch_fail (DevboxTreeWatch *self, const GError *error)
{
  g_mutex_lock (&self->lock);
  self->ready_state = READY_TO_TELL;
  self->error = g_error_copy (error);
  wake_up (self, 0);
  g_mutex_unlock (&self->lock);
}

static void
append_event (DevboxTreeWatch *self, DevboxTreeEventType type, const char *path, const char *old_path, gboolean is_dir)
{
  DevboxTreeEvent event = {
    .type = type,
    .path = g_strdup (path),
    .old_path = g_strdup (old_path),
    .is_dir = is_dir,
    .time = g_get_real_time (),
  };

  self->n_path_bytes += strlen (path) + (old_path != NULL ? strlen (old_path) : 0);
  g_array_append_val (self->events, event);

  switch (type)
    {
    case DEVBOX_TREE_EVENT_CREATED:
    case DEVBOX_TREE_EVENT_CHANGED:
      g_hash_table_replace (self->joinable, (gpointer) event.path, (gpointer) event.path);
      break;
    case DEVBOX_TREE_EVENT_RENAMED: /* of a folder: every path below it has another meaning now */
      g_hash_table_remove_all (self->joinable);
      break;
    default:
      g_hash_table_remove (self->joinable, path);
      break;
    }
}

static void
collapse (DevboxTreeWatch *self)
{
  g_hash_table_remove_all (self->joinable);
  g_array_set_size (self->events, 0);
  self->n_path_bytes = 0;
  append_event (self, DEVBOX_TREE_EVENT_OVERFLOW, self->path, NULL, TRUE);
  self->overflowed = TRUE;
}

void
devbox_tree_watch_push (DevboxTreeWatch *self,
                        DevboxTreeEventType type,
                        const char *path,
                        const char *old_path,
                        gboolean is_dir)
{
  gboolean was_empty;

  g_mutex_lock (&self->lock);

  if (self->source == NULL || (self->overflowed && type != DEVBOX_TREE_EVENT_ENDED)
      || (type == DEVBOX_TREE_EVENT_CHANGED && g_hash_table_contains (self->joinable, path)))
    {
      g_mutex_unlock (&self->lock);
      return;
    }

  was_empty = self->events->len == 0;
  append_event (self, type, path, old_path, is_dir);
  if (!self->overflowed && type != DEVBOX_TREE_EVENT_ENDED
      && (self->events->len > DEVBOX_TREE_WATCH_MAX_EVENTS || self->n_path_bytes > DEVBOX_TREE_WATCH_MAX_PATH_BYTES))
    collapse (self);
  if (was_empty && self->ready_state != READY_TO_TELL)
    wake_up (self, self->next_time - DEVBOX_TREE_WATCH_CREDIT * DEVBOX_TREE_WATCH_WINDOW_US);

  g_mutex_unlock (&self->lock);
}

void
devbox_tree_watch_close (DevboxTreeWatch *self)
{
  g_autoptr (GSource) source = NULL;

  g_mutex_lock (&self->lock);
  source = g_steal_pointer (&self->source);
  g_mutex_unlock (&self->lock);

  if (source != NULL)
    g_source_destroy (source);

  devbox_tree_watch_unref (self);
}
