/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-log-reader-private.h"

#include "devbox-call-core-private.h"
#include "devbox-client.h"
#include "devbox-command-events-private.h"
#include "devbox-command-result.h"
#include "devbox-error-private.h"
#include "devbox-event-parser-private.h"
#include "devbox-reply-stream-private.h"

#include <glib/gi18n-lib.h>

#define PIECE (16 * 1024)

/**
 * DevboxLogReader:
 *
 * Tells what a process, a session or a command writes, entry by entry, as it comes.
 *
 * [method@Process.open_log_async] and [method@Session.open_log_async] follow a log, whose entries are lines;
 * [method@Instance.run_streamed_async] follows a command that it runs, whose entries are pieces of any size.
 * [method@LogReader.next_entry_async] waits for the next one.
 *
 * A log is followed through losses of the network: the reader connects again by itself, goes on where it was, and tells
 * in [method@LogEntry.get_n_missed] what the agent no longer had. If the agent stays away for longer than
 * [property@Client:timeout], or no longer knows the log, the reader fails; it never takes the end of a connection for
 * the end of a log. A reader that is not read holds a few MiB at most; then the rest stays with the agent.
 *
 * Some agents, such as today's in the devboxes of Sealos, do not tell that a log has ended. There the reader waits on,
 * and [method@Process.wait_async] tells of the end of the process.
 *
 * A reader that runs a command ends the command, with all that belongs to it, when it is closed or the last reference
 * to it is dropped before the end; the command waits while nobody reads. A connection that breaks cannot be made again
 * then: the reader fails.
 *
 * ```c
 * g_autoptr (DevboxLogReader) reader = devbox_process_open_log_sync (process, 0, NULL, &error);
 * DevboxLogEntry *entry;
 *
 * while ((entry = devbox_log_reader_next_entry_sync (reader, NULL, &error)) != NULL)
 *   {
 *     g_print ("%s", devbox_log_entry_get_text (entry));
 *     g_object_unref (entry);
 *   }
 * ```
 *
 * In Python, `async for entry in reader:` goes through the entries.
 *
 * Since: 1.0
 */
struct _DevboxLogReader
{
  GObject parent_instance;

  DevboxClient *client;
  DevboxLogQueue *queue;
  int is_closed;
  int is_busy;

  /* One that follows a log. */
  DevboxLogLink *link;
  gulong close_id;

  /* One that follows a command; in the thread of whoever reads. */
  GInputStream *stream;
  DevboxEventParser *parser;
  char *subject;
  guint timeout_ms;
  gint64 n_entries;
  gboolean is_complete;

  GMutex mutex;          /* guards what follows */
  GCancellable *reading; /* from the stream, or NULL */
  gulong cancelled_id;   /* of the caller's cancellable */
  DevboxCommandResult *result;
  guint64 n_missed;
};

G_DEFINE_FINAL_TYPE (DevboxLogReader, devbox_log_reader, G_TYPE_OBJECT)

enum
{
  PROP_RESULT = 1,
  PROP_N_MISSED,
  PROP_CLOSED,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
cancel_reading (GCancellable *cancellable, gpointer reading)
{
  g_cancellable_cancel (reading);
}

static gboolean
stop_link (gpointer link)
{
  devbox_log_link_stop (link);

  return G_SOURCE_REMOVE;
}

static gboolean
resume_link (gpointer link)
{
  devbox_log_link_resume (link);

  return G_SOURCE_REMOVE;
}

static void
invoke_for_link (DevboxLogReader *self, GSourceFunc func)
{
  devbox_client_invoke (self->client, func, devbox_log_link_ref (self->link), (GDestroyNotify) devbox_log_link_unref);
}

/* A read from the stream ends when the caller cancels the call, and when the reader is closed. */
static GCancellable *
begin_reading (DevboxLogReader *self, GCancellable *cancellable)
{
  GCancellable *reading = g_cancellable_new ();
  gulong id = 0;

  if (cancellable != NULL)
    id = g_cancellable_connect (cancellable, G_CALLBACK (cancel_reading), g_object_ref (reading), g_object_unref);

  g_mutex_lock (&self->mutex);
  self->reading = reading;
  self->cancelled_id = id;
  g_mutex_unlock (&self->mutex);

  if (devbox_log_reader_is_closed (self))
    g_cancellable_cancel (reading);

  return reading;
}

static void
end_reading (DevboxLogReader *self, GCancellable *cancellable)
{
  g_autoptr (GCancellable) reading = NULL;
  gulong id;

  g_mutex_lock (&self->mutex);
  reading = g_steal_pointer (&self->reading);
  id = self->cancelled_id;
  self->cancelled_id = 0;
  g_mutex_unlock (&self->mutex);

  /* Not g_cancellable_disconnect (), which would wait for the handler. */
  if (id != 0)
    g_signal_handler_disconnect (cancellable, id);
}

static void
stop_reading (DevboxLogReader *self)
{
  g_autoptr (GCancellable) reading = NULL;

  g_mutex_lock (&self->mutex);
  g_set_object (&reading, self->reading);
  g_mutex_unlock (&self->mutex);

  if (reading != NULL)
    g_cancellable_cancel (reading);
  else if (g_atomic_int_get (&self->is_busy) == 0)
    g_input_stream_close (self->stream, NULL, NULL); /* which does not wait */
}

static void
stop (DevboxLogReader *self)
{
  if (self->queue != NULL)
    devbox_log_queue_shut (self->queue);
  if (self->link != NULL)
    {
      devbox_client_remove_close_func (self->client, self->close_id);
      invoke_for_link (self, stop_link);
    }
  if (self->stream != NULL)
    stop_reading (self);
}

static void
devbox_log_reader_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxLogReader *self = DEVBOX_LOG_READER (object);

  switch (property_id)
    {
    case PROP_RESULT:
      g_mutex_lock (&self->mutex);
      g_value_set_object (value, self->result);
      g_mutex_unlock (&self->mutex);
      break;
    case PROP_N_MISSED:
      g_value_set_uint64 (value, devbox_log_reader_get_n_missed (self));
      break;
    case PROP_CLOSED:
      g_value_set_boolean (value, devbox_log_reader_is_closed (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_log_reader_dispose (GObject *object)
{
  DevboxLogReader *self = DEVBOX_LOG_READER (object);

  if (g_atomic_int_compare_and_exchange (&self->is_closed, FALSE, TRUE))
    stop (self);

  G_OBJECT_CLASS (devbox_log_reader_parent_class)->dispose (object);
}

static void
devbox_log_reader_finalize (GObject *object)
{
  DevboxLogReader *self = DEVBOX_LOG_READER (object);

  g_clear_pointer (&self->link, devbox_log_link_unref);
  g_clear_pointer (&self->queue, devbox_log_queue_unref);
  g_clear_pointer (&self->parser, devbox_event_parser_free);
  g_clear_object (&self->stream);
  g_clear_object (&self->result);
  g_clear_object (&self->client);
  g_mutex_clear (&self->mutex);
  g_free (self->subject);

  G_OBJECT_CLASS (devbox_log_reader_parent_class)->finalize (object);
}

static void
devbox_log_reader_class_init (DevboxLogReaderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = devbox_log_reader_get_property;
  object_class->dispose = devbox_log_reader_dispose;
  object_class->finalize = devbox_log_reader_finalize;

  /**
   * DevboxLogReader:result:
   *
   * What became of the command that [method@Instance.run_streamed_async] runs; %NULL until its end was read.
   *
   * Since: 1.0
   */
  properties[PROP_RESULT] = g_param_spec_object ("result", NULL, NULL, DEVBOX_TYPE_COMMAND_RESULT,
                                                 G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxLogReader:n-missed:
   *
   * How many entries are missing among those that were read, because the agent no longer had them.
   *
   * Since: 1.0
   */
  properties[PROP_N_MISSED] = g_param_spec_uint64 ("n-missed", NULL, NULL, 0, G_MAXUINT64, 0,
                                                   G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxLogReader:closed:
   *
   * Whether [method@LogReader.close] was called.
   *
   * Since: 1.0
   */
  properties[PROP_CLOSED] = g_param_spec_boolean ("closed", NULL, NULL, FALSE,
                                                  G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_log_reader_init (DevboxLogReader *self)
{
  g_mutex_init (&self->mutex);
}

/* In the I/O thread, which is where stop () has the last word as well. */
static void
client_closed (gpointer link, gpointer unused)
{
  devbox_log_link_stop (link);
}

/* Without the client, which may be gone before the I/O thread gets to it. */
typedef struct
{
  DevboxLogLink *link;
  DevboxClientCore *core; /* outlives what is invoked in its thread */
  guint timeout_ms;
} Start;

static gboolean
start_link (gpointer data)
{
  Start *start = data;

  devbox_log_link_start (start->link, start->core, start->timeout_ms);

  return G_SOURCE_REMOVE;
}

static void
start_free (gpointer data)
{
  Start *start = data;

  devbox_log_link_unref (start->link);
  g_free (start);
}

DevboxLogReader *
devbox_log_reader_new_for_log (DevboxAgentHandle *handle, const DevboxLogTarget *target)
{
  DevboxLogReader *self = g_object_new (DEVBOX_TYPE_LOG_READER, NULL);
  DevboxClientCore *core = devbox_client_get_core (handle->client);
  Start *start;

  self->client = g_object_ref (handle->client);
  self->queue = devbox_log_queue_new ();
  self->link = devbox_log_link_new (devbox_client_core_get_thread (core), handle->agent, target, self->queue);
  self->close_id = devbox_client_add_close_func (self->client, client_closed, self->link);

  start = g_new0 (Start, 1);
  start->link = devbox_log_link_ref (self->link);
  start->core = core;
  start->timeout_ms = devbox_client_get_timeout (self->client);
  devbox_client_invoke (self->client, start_link, start, start_free);

  return self;
}

static void
set_result (DevboxLogReader *self, DevboxCommandResult *result)
{
  g_mutex_lock (&self->mutex);
  g_set_object (&self->result, result);
  g_mutex_unlock (&self->mutex);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RESULT]);
}

/* The agent has one event for all that goes wrong. What a command never wrote a word before, it did not get to. */
static GError *
make_failure (DevboxLogReader *self, const DevboxCommandEvent *event)
{
  DevboxError code = DEVBOX_ERROR_DEVBOX_OPERATION_FAILED;

  if (event->duration_ms >= self->timeout_ms)
    code = DEVBOX_ERROR_OPERATION_TIMEOUT;
  else if (self->n_entries == 0)
    code = DEVBOX_ERROR_VALIDATION_ERROR;

  return devbox_error_new (code, &(DevboxErrorDetails){ .path = self->subject }, "%s", event->message);
}

static gboolean
take_event (const char *name, const char *data, gsize size, gpointer user_data, GError **error)
{
  DevboxLogReader *self = user_data;
  g_auto (DevboxCommandEvent) event = DEVBOX_COMMAND_EVENT_INIT;

  if (self->is_complete)
    return TRUE;
  if (!devbox_command_event_parse (&event, name, data, size, self->n_entries + 1, error))
    return FALSE;

  switch (event.kind)
    {
    case DEVBOX_COMMAND_EVENT_OUTPUT:
      self->n_entries++;
      devbox_log_queue_push (self->queue, g_steal_pointer (&event.entry));
      break;
    case DEVBOX_COMMAND_EVENT_COMPLETE:
      self->is_complete = TRUE;
      set_result (self, event.result);
      break;
    case DEVBOX_COMMAND_EVENT_FAILED:
      g_propagate_error (error, make_failure (self, &event));
      return FALSE;
    case DEVBOX_COMMAND_EVENT_OTHER:
    default:
      break;
    }

  return TRUE;
}

DevboxLogReader *
devbox_log_reader_new_for_command (DevboxClient *client, GInputStream *stream, const char *subject, guint timeout_ms)
{
  DevboxLogReader *self = g_object_new (DEVBOX_TYPE_LOG_READER, NULL);

  self->client = g_object_ref (client);
  self->queue = devbox_log_queue_new ();
  self->stream = stream;
  self->parser = devbox_event_parser_new (take_event, self);
  self->subject = g_strdup (subject);
  self->timeout_ms = timeout_ms;

  return self;
}

/* Takes what came from the stream, or the error instead; FALSE: that was the end. */
static gboolean
take_piece (DevboxLogReader *self, GBytes *piece, GError *failure)
{
  const DevboxErrorDetails details = { .path = self->subject };
  g_autoptr (GBytes) owned_piece G_GNUC_UNUSED = piece;
  g_autoptr (GError) error = failure;

  if (piece != NULL && g_bytes_get_size (piece) > 0)
    {
      gsize size;
      const char *bytes = g_bytes_get_data (piece, &size);

      if (devbox_event_parser_feed (self->parser, bytes, size, &error))
        return TRUE;
    }
  else if (piece != NULL && !self->is_complete)
    {
      error = devbox_error_new (DEVBOX_ERROR_CONNECTION_FAILED, &details, "%s",
                                _ ("The agent closed the connection before it told how the command ended"));
    }

  if (error != NULL)
    {
      error = devbox_error_complete (g_steal_pointer (&error), &details);
      devbox_reply_stream_redact_error (self->stream, error);
    }
  devbox_log_queue_end (self->queue, error);
  return FALSE;
}

static gboolean
set_busy (DevboxLogReader *self, GError **error)
{
  if (g_atomic_int_compare_and_exchange (&self->is_busy, FALSE, TRUE))
    return TRUE;

  devbox_error_set (error, DEVBOX_ERROR_CONFLICT, NULL, "%s", _ ("Another call on the log reader is under way"));
  return FALSE;
}

/* A reader that was closed meanwhile could not close what was being read from. */
static void
set_idle (DevboxLogReader *self)
{
  g_atomic_int_set (&self->is_busy, FALSE);
  if (self->stream != NULL && devbox_log_reader_is_closed (self))
    g_input_stream_close (self->stream, NULL, NULL); /* which does not wait */
}

/* FALSE: there is nothing yet. */
static gboolean
take (DevboxLogReader *self, DevboxLogEntry **entry, GError **error)
{
  gboolean is_drained;

  if (devbox_log_queue_take (self->queue, entry, &is_drained, error) == DEVBOX_LOG_QUEUE_EMPTY)
    return FALSE;

  if (is_drained && self->link != NULL && !devbox_log_reader_is_closed (self))
    invoke_for_link (self, resume_link);
  if (*entry != NULL && devbox_log_entry_get_n_missed (*entry) > 0)
    {
      g_mutex_lock (&self->mutex);
      self->n_missed += devbox_log_entry_get_n_missed (*entry);
      g_mutex_unlock (&self->mutex);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_MISSED]);
    }

  return TRUE;
}

static void take_or_wait (GTask *task);

static gboolean
on_queue (gpointer user_data)
{
  take_or_wait (g_object_ref (user_data));

  return G_SOURCE_REMOVE;
}

static void
on_piece (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  DevboxLogReader *self = g_task_get_source_object (task);
  GError *error = NULL;
  GBytes *piece = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);

  end_reading (self, g_task_get_cancellable (task));
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_error_free (error); /* that of the call: the next one reads on */
  else
    take_piece (self, piece, error);
  take_or_wait (task);
}

static void
wait_for_more (DevboxLogReader *self, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GSource) source = NULL;

  if (self->stream != NULL)
    {
      g_input_stream_read_bytes_async (self->stream, PIECE, g_task_get_priority (task),
                                       begin_reading (self, cancellable), on_piece, task);
      return;
    }

  source = devbox_log_queue_create_source (self->queue, cancellable);
  g_source_set_priority (source, g_task_get_priority (task));
  g_source_set_callback (source, on_queue, task, g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

/* Takes the task. */
static void
take_or_wait (GTask *task)
{
  DevboxLogReader *self = g_task_get_source_object (task);
  g_autoptr (GTask) owned = task;
  DevboxLogEntry *entry = NULL;
  GError *error = NULL;

  if (!g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error) && !take (self, &entry, &error))
    {
      wait_for_more (self, g_steal_pointer (&owned));
      return;
    }

  set_idle (self);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, entry, g_object_unref);
}

/**
 * devbox_log_reader_next_entry_async:
 * @self: a reader
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when there is an entry, or the log has ended
 * @user_data: what to give to @callback
 *
 * Waits for the next entry, for as long as it takes.
 *
 * There can be one such call at a time. After one that was cancelled nothing is lost: the next one goes on.
 *
 * Since: 1.0
 */
void
devbox_log_reader_next_entry_async (DevboxLogReader *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_LOG_READER (self));
  g_return_if_fail (self->client != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_log_reader_next_entry_async);
  g_task_set_check_cancellable (task, FALSE);

  if (set_busy (self, &error))
    take_or_wait (g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

/**
 * devbox_log_reader_next_entry_finish:
 * @self: a reader
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@LogReader.next_entry_async].
 *
 * %NULL without an error is the end: the process or session has ended and this was all of its log, the command has
 * ended and [method@LogReader.get_result] tells how, or [method@LogReader.close] was called. Errors come after all
 * entries that there were, and stay: %DEVBOX_ERROR_CONNECTION_FAILED or %DEVBOX_ERROR_CONNECTION_TIMEOUT if the agent
 * went away, or the client is closed; %DEVBOX_ERROR_PROCESS_NOT_FOUND or %DEVBOX_ERROR_SESSION_NOT_FOUND if it forgot
 * whose log it is; %DEVBOX_ERROR_OPERATION_TIMEOUT if the command ran into its time limit;
 * %DEVBOX_ERROR_VALIDATION_ERROR if it cannot be started; %DEVBOX_ERROR_CONFLICT, which does not stay, if there is
 * another call.
 *
 * Returns: (transfer full) (nullable): the entry; %NULL at the end, or if @error is set
 *
 * Since: 1.0
 */
DevboxLogEntry *
devbox_log_reader_next_entry_finish (DevboxLogReader *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_LOG_READER (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/* FALSE: it was cancelled. */
static gboolean
wait_for_more_sync (DevboxLogReader *self, GCancellable *cancellable, GError **error)
{
  GError *failure = NULL;
  GBytes *piece;

  if (self->stream == NULL)
    {
      devbox_log_queue_wait (self->queue, cancellable);
      return !g_cancellable_set_error_if_cancelled (cancellable, error);
    }

  piece = g_input_stream_read_bytes (self->stream, PIECE, begin_reading (self, cancellable), &failure);
  end_reading (self, cancellable);
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_error_free (failure);
  else
    take_piece (self, piece, failure);

  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* (nullable): NULL without an error is the end. */
static DevboxLogEntry *
next_entry (DevboxLogReader *self, GCancellable *cancellable, GError **error)
{
  DevboxLogEntry *entry = NULL;

  if (devbox_client_in_io_thread (self->client))
    {
      devbox_error_set (error, DEVBOX_ERROR_INTERNAL_ERROR, NULL, "%s",
                        _ ("A blocking call was made in the thread that it would wait for"));
      return NULL;
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error) || !set_busy (self, error))
    return NULL;

  while (!take (self, &entry, error) && wait_for_more_sync (self, cancellable, error))
    ;
  set_idle (self);

  return entry;
}

/**
 * devbox_log_reader_next_entry_sync:
 * @self: a reader
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Waits for the next entry, for as long as it takes.
 *
 * See [method@LogReader.next_entry_finish] for the end and the errors.
 *
 * Returns: (transfer full) (nullable): the entry; %NULL at the end, or if @error is set
 *
 * Since: 1.0
 */
DevboxLogEntry *
devbox_log_reader_next_entry_sync (DevboxLogReader *self, GCancellable *cancellable, GError **error)
{
  GError *cause = NULL;
  DevboxLogEntry *entry;

  g_return_val_if_fail (DEVBOX_IS_LOG_READER (self), NULL);
  g_return_val_if_fail (self->client != NULL, NULL); /* bindings can make one that reads nothing */

  entry = next_entry (self, cancellable, &cause);
  if (cause != NULL)
    devbox_client_fail (cause, error);

  return entry;
}

/**
 * devbox_log_reader_get_result:
 * @self: a reader
 *
 * Gets what became of the command that [method@Instance.run_streamed_async] runs.
 *
 * The result has no output of its own, since all of it went through the reader.
 *
 * Returns: (transfer none) (nullable): the result; %NULL until the end was read, and of the log of a process or session
 *
 * Since: 1.0
 */
DevboxCommandResult *
devbox_log_reader_get_result (DevboxLogReader *self)
{
  DevboxCommandResult *result;

  g_return_val_if_fail (DEVBOX_IS_LOG_READER (self), NULL);

  g_mutex_lock (&self->mutex);
  result = self->result; /* it is set once */
  g_mutex_unlock (&self->mutex);

  return result;
}

/**
 * devbox_log_reader_get_n_missed:
 * @self: a reader
 *
 * Gets how many entries are missing among those that were read.
 *
 * Returns: the sum of [method@LogEntry.get_n_missed]
 *
 * Since: 1.0
 */
guint64
devbox_log_reader_get_n_missed (DevboxLogReader *self)
{
  guint64 n_missed;

  g_return_val_if_fail (DEVBOX_IS_LOG_READER (self), 0);

  g_mutex_lock (&self->mutex);
  n_missed = self->n_missed;
  g_mutex_unlock (&self->mutex);

  return n_missed;
}

/**
 * devbox_log_reader_is_closed:
 * @self: a reader
 *
 * Tells whether [method@LogReader.close] was called.
 *
 * Returns: %TRUE if it was
 *
 * Since: 1.0
 */
gboolean
devbox_log_reader_is_closed (DevboxLogReader *self)
{
  g_return_val_if_fail (DEVBOX_IS_LOG_READER (self), FALSE);

  return g_atomic_int_get (&self->is_closed);
}

/**
 * devbox_log_reader_close:
 * @self: a reader
 *
 * Reads no more: what waits is dropped, and a call that waits ends.
 *
 * A command that the reader runs is ended. Dropping the last reference does the same.
 *
 * Since: 1.0
 */
void
devbox_log_reader_close (DevboxLogReader *self)
{
  g_return_if_fail (DEVBOX_IS_LOG_READER (self));

  if (g_atomic_int_compare_and_exchange (&self->is_closed, FALSE, TRUE))
    {
      stop (self);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLOSED]);
    }
}
