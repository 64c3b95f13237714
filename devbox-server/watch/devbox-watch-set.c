/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-watch-set-private.h"

#include "devbox-watch-message-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>

#define MAX_WATCHES 128
#define MAX_STARTING MAX_WATCHES /* the tree watcher takes them in one after the other, in its own time */

struct _DevboxWatchSet
{
  DevboxWatchQueue *queue;
  DevboxTreeWatcher *watcher;
  DevboxWorkspace *workspace;
  GHashTable *watches; /* path → Watch */
  GPtrArray *dropped;  /* (element-type Watch) not wanted any more, but not ready yet either */
  guint n_starting;    /* of both */
  guint64 sequence;
};

typedef struct
{
  DevboxWatchSet *set;
  DevboxTreeWatch *tree_watch;
  char *path;
  char *sent_path;
  char *stop_path; /* of an unwatch that came before the watch was ready: as it was sent */
  gboolean renames;
  gboolean is_ready;
  gboolean overflowed; /* events of this watch are dropped until there is room */
} Watch;

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  g_free (watch->path);
  g_free (watch->sent_path);
  g_free (watch->stop_path);
  g_free (watch);
}

/* The rest is freed by the tree watch, once it calls nobody any more. */
static void
watch_cancel (gpointer data)
{
  Watch *watch = data;

  devbox_tree_watch_cancel (watch->tree_watch);
}

/* A watch that still waits for its turn with the tree watcher goes on to wait, and to count, so that nobody fills that
 * queue by asking for watches and dropping them. */
static void
watch_drop (gpointer data)
{
  Watch *watch = data;

  if (watch->is_ready)
    watch_cancel (watch);
  else
    g_ptr_array_add (watch->set->dropped, watch);
}

DevboxWatchSet *
devbox_watch_set_new (DevboxWatchQueue *queue, DevboxTreeWatcher *watcher, DevboxWorkspace *workspace)
{
  DevboxWatchSet *self = g_new0 (DevboxWatchSet, 1);

  self->queue = queue;
  self->watcher = devbox_tree_watcher_ref (watcher);
  self->workspace = devbox_workspace_ref (workspace);
  self->watches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, watch_drop);
  self->dropped = g_ptr_array_new_with_free_func (watch_cancel);

  return self;
}

void
devbox_watch_set_free (DevboxWatchSet *self)
{
  g_hash_table_unref (self->watches);
  g_ptr_array_unref (self->dropped);
  devbox_tree_watcher_unref (self->watcher);
  devbox_workspace_unref (self->workspace);
  g_free (self);
}

/* One message says what all those that are dropped from here on would have. */
static void
drop_events (Watch *watch, gint64 time)
{
  watch->overflowed = TRUE;
  devbox_watch_queue_push_answer (watch->set->queue, devbox_watch_format_overflow (watch->path, time));
}

static void
tell_change (Watch *watch, const char *kind, const DevboxTreeEvent *event, const char *path, const char *old_path)
{
  DevboxWatchSet *self = watch->set;
  GString *text;

  if (watch->overflowed)
    return;

  text = devbox_watch_format_change (kind, event, path, old_path, ++self->sequence);
  if (!devbox_watch_queue_push_event (self->queue, text))
    drop_events (watch, event->time);
}

static void
tell_rename (Watch *watch, const DevboxTreeEvent *event)
{
  if (watch->renames)
    tell_change (watch, "rename", event, event->path, event->old_path);
  else
    {
      tell_change (watch, "unlink", event, event->old_path, NULL);
      tell_change (watch, "add", event, event->path, NULL);
    }
}

static void
tell_overflow (Watch *watch, const DevboxTreeEvent *event)
{
  if (!devbox_watch_queue_push_event (watch->set->queue, devbox_watch_format_overflow (event->path, event->time)))
    drop_events (watch, event->time);
}

static void
tell (Watch *watch, const DevboxTreeEvent *event)
{
  switch (event->type)
    {
    case DEVBOX_TREE_EVENT_CREATED:
      tell_change (watch, "add", event, event->path, NULL);
      break;
    case DEVBOX_TREE_EVENT_CHANGED:
      tell_change (watch, "change", event, event->path, NULL);
      break;
    case DEVBOX_TREE_EVENT_DELETED:
      tell_change (watch, "unlink", event, event->path, NULL);
      break;
    case DEVBOX_TREE_EVENT_RENAMED:
      tell_rename (watch, event);
      break;
    case DEVBOX_TREE_EVENT_OVERFLOW:
      tell_overflow (watch, event);
      break;
    case DEVBOX_TREE_EVENT_ENDED:
      tell_change (watch, "unlink", event, watch->path, NULL);
      g_hash_table_remove (watch->set->watches, watch->path);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
on_events (const DevboxTreeEvent *events, guint n_events, gpointer user_data)
{
  Watch *watch = user_data;

  /* Room again. The peer may have taken the first overflow before the last event was dropped, so it is told once more.
   */
  if (watch->overflowed && devbox_watch_queue_get_length (watch->set->queue) < DEVBOX_WATCH_QUEUE_MAX_MESSAGES / 2)
    {
      drop_events (watch, events[0].time);
      watch->overflowed = FALSE;
    }

  for (guint i = 0; i < n_events; i++)
    tell (watch, &events[i]);
}

/* Each request is answered, also where another has overtaken it. */
static void
answer_ready (Watch *watch, const GError *error)
{
  DevboxWatchQueue *queue = watch->set->queue;

  if (error == NULL)
    devbox_watch_queue_push_answer (queue, devbox_watch_format_done (TRUE, watch->sent_path));
  else
    devbox_watch_queue_push_answer (queue, devbox_watch_format_refusal (TRUE, watch->sent_path, error));

  if (watch->stop_path != NULL)
    devbox_watch_queue_push_answer (queue, devbox_watch_format_done (FALSE, watch->stop_path));
}

static void
on_ready (const GError *error, gpointer user_data)
{
  Watch *watch = user_data;
  DevboxWatchSet *self = watch->set;

  self->n_starting--;
  answer_ready (watch, error);
  if (g_ptr_array_remove_fast (self->dropped, watch))
    return;

  watch->is_ready = TRUE;
  if (error != NULL)
    g_hash_table_remove (self->watches, watch->path);
}

static gboolean
start_watch (DevboxWatchSet *self, const DevboxWatchRequest *request, GError **error)
{
  Watch *watch;

  /* To watch a path again replaces its options. */
  g_hash_table_remove (self->watches, request->path);
  if (self->n_starting >= MAX_STARTING)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
                   _ ("%d watches of this connection are still starting: wait for them"), MAX_STARTING);
      return FALSE;
    }
  if (g_hash_table_size (self->watches) >= MAX_WATCHES)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED, _ ("A connection watches at most %d paths"),
                   MAX_WATCHES);
      return FALSE;
    }

  watch = g_new0 (Watch, 1);
  watch->set = self;
  watch->path = g_strdup (request->path);
  watch->sent_path = g_strdup (request->sent_path);
  watch->renames = request->renames;
  watch->tree_watch = devbox_tree_watcher_watch (self->watcher, request->path, request->flags, NULL, on_ready,
                                                 on_events, watch, watch_free);
  g_hash_table_insert (self->watches, g_strdup (request->path), watch);
  self->n_starting++;

  return TRUE;
}

static gboolean
stop_watch (DevboxWatchSet *self, const DevboxWatchRequest *request, GError **error)
{
  Watch *watch = g_hash_table_lookup (self->watches, request->path);

  if (watch == NULL)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” is not watched by this connection"),
                   request->sent_path);
      return FALSE;
    }

  if (watch->is_ready)
    devbox_watch_queue_push_answer (self->queue, devbox_watch_format_done (FALSE, request->sent_path));
  else
    watch->stop_path = g_strdup (request->sent_path);
  g_hash_table_remove (self->watches, request->path);

  return TRUE;
}

void
devbox_watch_set_handle (DevboxWatchSet *self, const char *text, gsize size)
{
  g_auto (DevboxWatchRequest) request = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean done;

  done = devbox_watch_request_parse (&request, text, size, self->workspace, &error)
         && (request.is_watch ? start_watch (self, &request, &error) : stop_watch (self, &request, &error));
  if (!done)
    devbox_watch_queue_push_answer (self->queue,
                                    devbox_watch_format_refusal (request.is_watch, request.sent_path, error));
}
