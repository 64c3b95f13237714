/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-monitor-private.h"

#include "devbox-call-core-private.h"
#include "devbox-client.h"
#include "devbox-error-private.h"
#include "devbox-monitor-link-private.h"
#include "devbox-monitor-queue-private.h"

#include <glib/gi18n-lib.h>

/**
 * DevboxFileMonitorFlags:
 * @DEVBOX_FILE_MONITOR_FLAGS_NONE: watch the folder and all that is below it, but for names that begin with a dot
 * @DEVBOX_FILE_MONITOR_FLAGS_DOT_FILES: watch names that begin with a dot as well
 * @DEVBOX_FILE_MONITOR_FLAGS_NO_RECURSION: watch only what is directly in the folder
 *
 * What a [class@FileMonitor] tells of.
 *
 * Since: 1.0
 */

/**
 * DevboxFileMonitor:
 *
 * Tells of changes to the files of a devbox.
 *
 * Get one from [method@Instance.monitor_files_async] and connect to [signal@FileMonitor::changed]. The agent watches
 * from the moment in which that call ends, and what it tells is kept until a handler of any signal is there. Signals
 * come in the order of the events, in the main context that was the thread-default one when the monitor was asked for.
 *
 * A monitor lives through losses of the network and restarts of the agent: it connects again by itself, first after
 * half a second, then ever more slowly, up to every 30 seconds, and then emits [signal@FileMonitor::overflow], since
 * nobody knows what happened meanwhile. It gives up, with [signal@FileMonitor::closed], when the agent refuses to watch
 * any longer, or when the client is closed.
 *
 * A monitor ends with [method@FileMonitor.cancel], or when the last reference to it is dropped.
 *
 * Since: 1.0
 */
struct _DevboxFileMonitor
{
  GObject parent_instance;

  char *path;
  DevboxClient *client;
  DevboxMonitorQueue *queue;
  DevboxMonitorLink *link;
  gulong close_id;
  gint cancelled;
};

G_DEFINE_FINAL_TYPE (DevboxFileMonitor, devbox_file_monitor, G_TYPE_OBJECT)

enum
{
  PROP_PATH = 1,
  PROP_CANCELLED,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

enum
{
  SIGNAL_CHANGED,
  SIGNAL_OVERFLOW,
  SIGNAL_CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static gboolean
is_heard (GObject *target)
{
  for (guint i = 0; i < N_SIGNALS; i++)
    {
      if (g_signal_has_handler_pending (target, signals[i], 0, TRUE))
        return TRUE;
    }

  return FALSE;
}

static void
deliver (GObject *target, const DevboxMonitorItem *item)
{
  switch (item->kind)
    {
    case DEVBOX_MONITOR_ITEM_CHANGED:
      g_signal_emit (target, signals[SIGNAL_CHANGED], 0, item->path, item->old_path, item->event);
      break;
    case DEVBOX_MONITOR_ITEM_OVERFLOW:
      g_signal_emit (target, signals[SIGNAL_OVERFLOW], 0, item->path);
      break;
    case DEVBOX_MONITOR_ITEM_CLOSED:
      g_signal_emit (target, signals[SIGNAL_CLOSED], 0, item->error);
      break;
    default:
      g_assert_not_reached ();
    }
}

static const DevboxMonitorQueueFuncs queue_funcs = { is_heard, deliver };

static gboolean
stop_link (gpointer link)
{
  devbox_monitor_link_stop (link, NULL);

  return G_SOURCE_REMOVE;
}

static void
stop (DevboxFileMonitor *self)
{
  devbox_monitor_queue_shut (self->queue);
  devbox_client_remove_close_func (self->client, self->close_id);
  devbox_client_invoke (self->client, stop_link, devbox_monitor_link_ref (self->link),
                        (GDestroyNotify) devbox_monitor_link_unref);
}

static void
devbox_file_monitor_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxFileMonitor *self = DEVBOX_FILE_MONITOR (object);

  switch (property_id)
    {
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_CANCELLED:
      g_value_set_boolean (value, devbox_file_monitor_is_cancelled (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_file_monitor_dispose (GObject *object)
{
  DevboxFileMonitor *self = DEVBOX_FILE_MONITOR (object);

  if (self->link != NULL && g_atomic_int_compare_and_exchange (&self->cancelled, FALSE, TRUE))
    stop (self);

  G_OBJECT_CLASS (devbox_file_monitor_parent_class)->dispose (object);
}

static void
devbox_file_monitor_finalize (GObject *object)
{
  DevboxFileMonitor *self = DEVBOX_FILE_MONITOR (object);

  g_clear_pointer (&self->link, devbox_monitor_link_unref);
  g_clear_pointer (&self->queue, devbox_monitor_queue_unref);
  g_clear_object (&self->client);
  g_free (self->path);

  G_OBJECT_CLASS (devbox_file_monitor_parent_class)->finalize (object);
}

static void
devbox_file_monitor_class_init (DevboxFileMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = devbox_file_monitor_get_property;
  object_class->dispose = devbox_file_monitor_dispose;
  object_class->finalize = devbox_file_monitor_finalize;

  /**
   * DevboxFileMonitor:path:
   *
   * What is watched: a path in the workspace.
   *
   * Since: 1.0
   */
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxFileMonitor:cancelled:
   *
   * Whether [method@FileMonitor.cancel] was called.
   *
   * Since: 1.0
   */
  properties[PROP_CANCELLED] = g_param_spec_boolean (
      "cancelled", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  /**
   * DevboxFileMonitor::changed:
   * @self: the monitor
   * @path: the file or folder, relative to the workspace
   * @old_path: (nullable): what it was called before, for %G_FILE_MONITOR_EVENT_RENAMED alone
   * @event: what happened: %G_FILE_MONITOR_EVENT_CREATED, %G_FILE_MONITOR_EVENT_CHANGED, %G_FILE_MONITOR_EVENT_DELETED
   * or %G_FILE_MONITOR_EVENT_RENAMED
   *
   * Something happened to a file or folder.
   *
   * In a name that is not UTF-8, U+FFFD stands for every byte that was not part of a character.
   *
   * Since: 1.0
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", DEVBOX_TYPE_FILE_MONITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_FILE_MONITOR_EVENT);

  /**
   * DevboxFileMonitor::overflow:
   * @self: the monitor
   * @path: the folder, relative to the workspace, below which events are missing; empty for the workspace itself
   *
   * Events were lost: look at the files again.
   *
   * This happens when more changed than the agent could follow, when more than 10,000 events waited for the program,
   * and after the connection to the agent was lost and made again.
   *
   * Since: 1.0
   */
  signals[SIGNAL_OVERFLOW] = g_signal_new ("overflow", DEVBOX_TYPE_FILE_MONITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 1, G_TYPE_STRING);

  /**
   * DevboxFileMonitor::closed:
   * @self: the monitor
   * @error: (nullable): why the agent no longer watches, or %NULL if the client was closed
   *
   * The monitor has ended, and not by [method@FileMonitor.cancel]; no signal follows.
   *
   * Since: 1.0
   */
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", DEVBOX_TYPE_FILE_MONITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
devbox_file_monitor_init (DevboxFileMonitor *self)
{
}

/* In the I/O thread, which is where stop () has the last word as well. */
static void
client_closed (gpointer link, gpointer unused)
{
  devbox_monitor_link_stop (link, NULL);
}

static DevboxFileMonitor *
devbox_file_monitor_new (const DevboxFileMonitorTarget *target)
{
  DevboxFileMonitor *self = g_object_new (DEVBOX_TYPE_FILE_MONITOR, NULL);
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  self->path = g_strdup (target->path);
  self->client = g_object_ref (target->client);
  self->queue = devbox_monitor_queue_new (context, G_OBJECT (self), &queue_funcs, target->path);
  self->link = devbox_monitor_link_new (devbox_client_core_get_thread (devbox_client_get_core (self->client)),
                                        target->agent, target->path, target->flags, self->queue);
  self->close_id = devbox_client_add_close_func (self->client, client_closed, self->link);

  return self;
}

/* Goes to the I/O thread and comes back with the outcome, so that its references end where they began. */
typedef struct
{
  DevboxFileMonitor *monitor;
  guint timeout_ms;
  GCancellable *cancellable;
  gulong cancel_id;
  GError *error;

  GTask *task; /* NULL: somebody waits */
  gboolean done;
  GMutex mutex;
  GCond cond;
} Start;

static gboolean
cancel_link (gpointer link)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Operation was cancelled"));

  devbox_monitor_link_stop (link, error);

  return G_SOURCE_REMOVE;
}

static void
cancelled (GCancellable *cancellable, gpointer user_data)
{
  DevboxFileMonitor *monitor = user_data;

  devbox_client_invoke (monitor->client, cancel_link, devbox_monitor_link_ref (monitor->link),
                        (GDestroyNotify) devbox_monitor_link_unref);
}

static void
start_init (Start *self, const DevboxFileMonitorTarget *target, GCancellable *cancellable)
{
  self->monitor = devbox_file_monitor_new (target);
  self->timeout_ms = devbox_client_get_timeout (target->client);
  if (cancellable == NULL)
    return;

  self->cancellable = g_object_ref (cancellable);
  self->cancel_id
      = g_cancellable_connect (cancellable, G_CALLBACK (cancelled), g_object_ref (self->monitor), g_object_unref);
}

/* Not g_cancellable_disconnect (), which waits for handlers that run in other threads: ours may come late. */
static void
start_forget_cancellable (Start *self)
{
  if (self->cancel_id != 0)
    g_signal_handler_disconnect (self->cancellable, self->cancel_id);
  self->cancel_id = 0;
}

/* (transfer full): the monitor, or NULL and an error. */
static DevboxFileMonitor *
start_finish (Start *self, GError **error)
{
  g_autoptr (DevboxFileMonitor) monitor = g_steal_pointer (&self->monitor);

  start_forget_cancellable (self);
  if (self->error == NULL)
    g_cancellable_set_error_if_cancelled (self->cancellable, &self->error);
  g_clear_object (&self->cancellable);

  if (self->error == NULL)
    return g_steal_pointer (&monitor);

  g_propagate_error (error, g_steal_pointer (&self->error));
  return NULL;
}

static gboolean
return_task (gpointer data)
{
  Start *start = data;
  g_autoptr (GTask) task = g_steal_pointer (&start->task);
  GError *error = NULL;
  DevboxFileMonitor *monitor = start_finish (start, &error);

  if (monitor != NULL)
    g_task_return_pointer (task, monitor, g_object_unref);
  else
    g_task_return_error (task, error);

  return G_SOURCE_REMOVE;
}

/* If the context of the task ends first, all that is left is to drop what it was given. */
static void
start_free (gpointer data)
{
  Start *start = data;

  start_forget_cancellable (start);
  g_clear_object (&start->cancellable);
  g_clear_object (&start->monitor);
  g_clear_object (&start->task);
  g_clear_error (&start->error);
  g_free (start);
}

/* In the I/O thread. */
static void
started (const GError *error, gpointer user_data)
{
  Start *start = user_data;

  start->error = error != NULL ? g_error_copy (error) : NULL;
  if (start->task != NULL)
    {
      g_autoptr (GSource) source = g_idle_source_new ();

      g_source_set_priority (source, g_task_get_priority (start->task));
      g_source_set_static_name (source, "[devbox] file monitor started");
      g_source_set_callback (source, return_task, start, start_free);
      g_source_attach (source, g_task_get_context (start->task));
    }
  else
    {
      g_mutex_lock (&start->mutex);
      start->done = TRUE;
      g_cond_signal (&start->cond);
      g_mutex_unlock (&start->mutex);
    }
}

static gboolean
start_link (gpointer data)
{
  Start *start = data;
  DevboxFileMonitor *monitor = start->monitor;
  DevboxSocketLinkTiming timing = devbox_monitor_link_timing;

  timing.handshake_ms = start->timeout_ms;
  devbox_monitor_link_start (monitor->link, devbox_client_get_core (monitor->client), &timing, started, start);

  return G_SOURCE_REMOVE;
}

/* The client that the monitor holds keeps the I/O thread. */
static void
start_run (Start *start)
{
  devbox_client_invoke (start->monitor->client, start_link, start, NULL);
}

/* What is to be watched, until it is known where. */
typedef struct
{
  DevboxClient *client;
  DevboxAgent *agent;
  char *path;
  DevboxFileMonitorFlags flags;
} Watch;

static void
watch_free (gpointer data)
{
  Watch *self = data;

  g_object_unref (self->client);
  devbox_agent_unref (self->agent);
  g_free (self->path);
  g_free (self);
}

static DevboxRequest *
find_agent (const DevboxFileMonitorTarget *target)
{
  DevboxRequest *request = devbox_request_new_for_endpoint ();

  request->subject = g_strdup (target->path);

  return request;
}

static void
found_agent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Watch *watch = g_task_get_task_data (task);
  g_autoptr (DevboxEndpoint) endpoint = NULL;
  GError *error = NULL;
  Start *start;

  endpoint = g_task_propagate_pointer (G_TASK (result), &error);
  if (endpoint == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  start = g_new0 (Start, 1);
  start->task = g_object_ref (task);
  start_init (start, &(DevboxFileMonitorTarget){ watch->client, watch->agent, watch->path, watch->flags },
              g_task_get_cancellable (task));
  start_run (start);
}

void
devbox_file_monitor_start_async (const DevboxFileMonitorTarget *target, GTask *task)
{
  g_autoptr (GTask) search = NULL;
  Watch *watch = g_new0 (Watch, 1);

  watch->client = g_object_ref (target->client);
  watch->agent = devbox_agent_ref (target->agent);
  watch->path = g_strdup (target->path);
  watch->flags = target->flags;
  g_task_set_task_data (task, watch, watch_free);

  search = g_task_new (NULL, g_task_get_cancellable (task), found_agent, g_object_ref (task));
  g_task_set_source_tag (search, devbox_file_monitor_start_async);
  devbox_client_call_agent_async (target->client, target->agent, find_agent (target), search);
}

DevboxFileMonitor *
devbox_file_monitor_start_sync (const DevboxFileMonitorTarget *target, GCancellable *cancellable, GError **error)
{
  g_autoptr (DevboxEndpoint) endpoint = NULL;
  Start start = { 0 };

  endpoint = devbox_client_call_agent_sync (target->client, target->agent, find_agent (target), cancellable, error);
  if (endpoint == NULL)
    return NULL;

  g_mutex_init (&start.mutex);
  g_cond_init (&start.cond);
  start_init (&start, target, cancellable);
  start_run (&start);

  g_mutex_lock (&start.mutex);
  while (!start.done)
    g_cond_wait (&start.cond, &start.mutex);
  g_mutex_unlock (&start.mutex);
  g_mutex_clear (&start.mutex);
  g_cond_clear (&start.cond);

  return start_finish (&start, error);
}

/**
 * devbox_file_monitor_get_path:
 * @self: a monitor
 *
 * Gets what is watched.
 *
 * Returns: (transfer none): the path in the workspace, as it was given to [method@Instance.monitor_files_async]
 *
 * Since: 1.0
 */
const char *
devbox_file_monitor_get_path (DevboxFileMonitor *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_MONITOR (self), NULL);

  return self->path;
}

/**
 * devbox_file_monitor_cancel:
 * @self: a monitor
 *
 * Ends the monitor: no signal is emitted any more, not even for what is already known.
 *
 * Dropping the last reference does the same.
 *
 * Returns: always %TRUE
 *
 * Since: 1.0
 */
gboolean
devbox_file_monitor_cancel (DevboxFileMonitor *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_MONITOR (self), FALSE);

  if (g_atomic_int_compare_and_exchange (&self->cancelled, FALSE, TRUE))
    {
      if (self->link != NULL) /* bindings can make one that watches nothing */
        stop (self);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CANCELLED]);
    }

  return TRUE;
}

/**
 * devbox_file_monitor_is_cancelled:
 * @self: a monitor
 *
 * Tells whether [method@FileMonitor.cancel] was called.
 *
 * Returns: %TRUE if it was
 *
 * Since: 1.0
 */
gboolean
devbox_file_monitor_is_cancelled (DevboxFileMonitor *self)
{
  g_return_val_if_fail (DEVBOX_IS_FILE_MONITOR (self), FALSE);

  return g_atomic_int_get (&self->cancelled);
}
