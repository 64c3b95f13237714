/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-process-private.h"

#include "devbox-enum-types.h"
#include "devbox-notifier-private.h"
#include "devbox-request-checks-private.h"

#include <glib/gi18n-lib.h>

/**
 * DevboxProcessStatus:
 * @DEVBOX_PROCESS_STATUS_UNKNOWN: the agent lost sight of the process, or says what this library does not know
 * @DEVBOX_PROCESS_STATUS_RUNNING: it runs
 * @DEVBOX_PROCESS_STATUS_COMPLETED: it has ended with the exit code 0
 * @DEVBOX_PROCESS_STATUS_FAILED: it has ended with another exit code
 * @DEVBOX_PROCESS_STATUS_KILLED: a signal has ended it
 *
 * What has become of a [class@Process].
 *
 * Since: 1.0
 */

/**
 * DevboxProcess:
 *
 * A command that runs in a devbox, or has run there.
 *
 * [method@Instance.spawn_async] starts one, [method@Instance.list_processes_async] and
 * [method@Instance.get_process_status_async] find those that there are. With a process go all that it has started:
 * signals reach the whole tree.
 *
 * The properties tell what the agent said last: they change, in the main context that was the thread-default one when
 * the process was asked for, when [method@Process.refresh_async] or another call on it learns of something new. To see
 * the end, call [method@Process.wait_async], which does not ask again and again where the agent can tell; dropping the
 * object does nothing to the process itself. All functions may be called in any thread.
 *
 * ```c
 * g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("make -j2");
 * g_autoptr (DevboxProcess) process = NULL;
 *
 * devbox_command_set_timeout (command, 60 * 60 * 1000);
 * process = devbox_instance_spawn_sync (instance, command, NULL, &error);
 * if (process != NULL && devbox_process_wait_sync (process, NULL, &error))
 *   g_print ("It ended with %d\n", devbox_process_get_exit_status (process));
 * ```
 *
 * Since: 1.0
 */
struct _DevboxProcess
{
  GObject parent_instance;

  DevboxAgentHandle *handle;
  DevboxNotifier *notifier;
  char *id;      /* never changes */
  char *command; /* never changes */
  int pid;       /* never changes */

  GMutex mutex; /* guards what follows */
  DevboxProcessState state;
  guint64 changed; /* one bit for each property that is still to be notified */
};

G_DEFINE_FINAL_TYPE (DevboxProcess, devbox_process, G_TYPE_OBJECT)

enum
{
  PROP_IDENTIFIER = 1,
  PROP_PID,
  PROP_COMMAND,
  PROP_STATUS,
  PROP_STATUS_TEXT,
  PROP_EXIT_STATUS,
  PROP_TERM_SIG,
  PROP_START_TIME,
  PROP_END_TIME,
  PROP_RUNNING_TIME,
  PROP_CPU,
  PROP_MEMORY,
  PROP_STDOUT,
  PROP_STDERR,
  PROP_TRUNCATED,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
devbox_process_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxProcess *self = DEVBOX_PROCESS (object);

  switch (property_id)
    {
    case PROP_IDENTIFIER:
      g_value_set_string (value, devbox_process_get_identifier (self));
      break;
    case PROP_PID:
      g_value_set_int (value, devbox_process_get_pid (self));
      break;
    case PROP_COMMAND:
      g_value_set_string (value, devbox_process_get_command (self));
      break;
    case PROP_STATUS:
      g_value_set_enum (value, devbox_process_get_status (self));
      break;
    case PROP_STATUS_TEXT:
      g_value_set_string (value, devbox_process_get_status_text (self));
      break;
    case PROP_EXIT_STATUS:
      g_value_set_int (value, devbox_process_get_exit_status (self));
      break;
    case PROP_TERM_SIG:
      g_value_set_int (value, devbox_process_get_term_sig (self));
      break;
    case PROP_START_TIME:
      g_value_take_boxed (value, devbox_process_get_start_time (self));
      break;
    case PROP_END_TIME:
      g_value_take_boxed (value, devbox_process_get_end_time (self));
      break;
    case PROP_RUNNING_TIME:
      g_value_set_uint64 (value, devbox_process_get_running_time (self));
      break;
    case PROP_CPU:
      g_value_set_uint (value, devbox_process_get_cpu (self));
      break;
    case PROP_MEMORY:
      g_value_set_uint64 (value, devbox_process_get_memory (self));
      break;
    case PROP_STDOUT:
      g_value_take_boxed (value, devbox_process_get_stdout (self));
      break;
    case PROP_STDERR:
      g_value_take_boxed (value, devbox_process_get_stderr (self));
      break;
    case PROP_TRUNCATED:
      g_value_set_boolean (value, devbox_process_get_truncated (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_process_finalize (GObject *object)
{
  DevboxProcess *self = DEVBOX_PROCESS (object);

  if (self->notifier != NULL)
    devbox_notifier_disconnect (self->notifier);
  g_clear_pointer (&self->notifier, devbox_notifier_unref);
  g_clear_pointer (&self->handle, devbox_agent_handle_unref);
  devbox_process_state_clear (&self->state);
  g_mutex_clear (&self->mutex);
  g_free (self->id);
  g_free (self->command);

  G_OBJECT_CLASS (devbox_process_parent_class)->finalize (object);
}

static void
devbox_process_class_init (DevboxProcessClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_process_get_property;
  object_class->finalize = devbox_process_finalize;

  /**
   * DevboxProcess:identifier:
   *
   * How the agent calls the process, or %NULL if it gave it no name: only what runs in the background has one.
   *
   * Since: 1.0
   */
  properties[PROP_IDENTIFIER] = g_param_spec_string ("identifier", NULL, NULL, NULL, flags);

  /**
   * DevboxProcess:pid:
   *
   * The process id in the devbox, 0 if it is not known.
   *
   * Since: 1.0
   */
  properties[PROP_PID] = g_param_spec_int ("pid", NULL, NULL, 0, G_MAXINT, 0, flags);

  /**
   * DevboxProcess:command:
   *
   * The command line, of a long one the beginning; %NULL if the agent did not tell it.
   *
   * Since: 1.0
   */
  properties[PROP_COMMAND] = g_param_spec_string ("command", NULL, NULL, NULL, flags);

  /**
   * DevboxProcess:status:
   *
   * What has become of the process.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS]
      = g_param_spec_enum ("status", NULL, NULL, DEVBOX_TYPE_PROCESS_STATUS, DEVBOX_PROCESS_STATUS_UNKNOWN, flags);

  /**
   * DevboxProcess:status-text:
   *
   * The status as a word: `unknown`, `running`, `completed`, `failed` or `killed`.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS_TEXT] = g_param_spec_string ("status-text", NULL, NULL, NULL, flags);

  /**
   * DevboxProcess:exit-status:
   *
   * The exit code, -1 while there is none: 128 + n after signal n.
   *
   * Since: 1.0
   */
  properties[PROP_EXIT_STATUS]
      = g_param_spec_int ("exit-status", NULL, NULL, G_MININT, G_MAXINT, DEVBOX_PROCESS_NO_EXIT_CODE, flags);

  /**
   * DevboxProcess:term-sig:
   *
   * The number of the signal that has ended the process, or 0.
   *
   * Since: 1.0
   */
  properties[PROP_TERM_SIG] = g_param_spec_int ("term-sig", NULL, NULL, 0, G_MAXINT, 0, flags);

  /**
   * DevboxProcess:start-time:
   *
   * When the process was started, by the clock of the devbox; %NULL if the agent did not tell.
   *
   * Since: 1.0
   */
  properties[PROP_START_TIME] = g_param_spec_boxed ("start-time", NULL, NULL, G_TYPE_DATE_TIME, flags);

  /**
   * DevboxProcess:end-time:
   *
   * When the process ended, by the clock of the devbox; %NULL if it runs, or the agent did not tell.
   *
   * Since: 1.0
   */
  properties[PROP_END_TIME] = g_param_spec_boxed ("end-time", NULL, NULL, G_TYPE_DATE_TIME, flags);

  /**
   * DevboxProcess:running-time:
   *
   * How long the process ran, or has been running when the agent was asked, in milliseconds.
   *
   * Since: 1.0
   */
  properties[PROP_RUNNING_TIME] = g_param_spec_uint64 ("running-time", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxProcess:cpu:
   *
   * How much of a processor the process itself took on average while it ran, in millicores; 0 if the agent did not
   * tell.
   *
   * Since: 1.0
   */
  properties[PROP_CPU] = g_param_spec_uint ("cpu", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * DevboxProcess:memory:
   *
   * The memory that the process itself held, in bytes; 0 if the agent did not tell.
   *
   * Since: 1.0
   */
  properties[PROP_MEMORY] = g_param_spec_uint64 ("memory", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxProcess:stdout:
   *
   * What the process has written to its standard output; %NULL if the agent did not tell.
   *
   * Since: 1.0
   */
  properties[PROP_STDOUT] = g_param_spec_boxed ("stdout", NULL, NULL, G_TYPE_BYTES, flags);

  /**
   * DevboxProcess:stderr:
   *
   * What the process has written to its standard error; %NULL if the agent did not tell.
   *
   * Since: 1.0
   */
  properties[PROP_STDERR] = g_param_spec_boxed ("stderr", NULL, NULL, G_TYPE_BYTES, flags);

  /**
   * DevboxProcess:truncated:
   *
   * Whether the process wrote more than the agent keeps.
   *
   * Since: 1.0
   */
  properties[PROP_TRUNCATED] = g_param_spec_boolean ("truncated", NULL, NULL, FALSE, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_process_init (DevboxProcess *self)
{
  g_mutex_init (&self->mutex);
  self->state = (DevboxProcessState) DEVBOX_PROCESS_STATE_INIT;
}

static void
notify_changes (GObject *object)
{
  DevboxProcess *self = DEVBOX_PROCESS (object);
  guint64 changed;

  g_mutex_lock (&self->mutex);
  changed = self->changed;
  self->changed = 0;
  g_mutex_unlock (&self->mutex);

  g_object_freeze_notify (object);
  for (guint i = 1; i < N_PROPERTIES; i++)
    {
      if (changed & (G_GUINT64_CONSTANT (1) << i))
        g_object_notify_by_pspec (object, properties[i]);
    }
  g_object_thaw_notify (object);
}

DevboxProcess *
devbox_process_new_from_state (DevboxAgentHandle *handle, DevboxProcessState *state)
{
  DevboxProcess *self = g_object_new (DEVBOX_TYPE_PROCESS, NULL);

  self->handle = devbox_agent_handle_ref (handle);
  self->notifier = devbox_notifier_new (handle->context, G_OBJECT (self), 0, notify_changes);
  self->id = g_steal_pointer (&state->id);
  self->command = g_steal_pointer (&state->command);
  self->pid = state->pid;
  self->state = *state;
  *state = (DevboxProcessState) DEVBOX_PROCESS_STATE_INIT;

  return self;
}

DevboxAgentHandle *
devbox_process_get_handle (DevboxProcess *self)
{
  return self->handle;
}

gboolean
devbox_process_check_identifier (DevboxProcess *self, GError **error)
{
  g_autofree char *pid = NULL;

  if (self->id != NULL)
    return TRUE;

  pid = g_strdup_printf ("%d", self->pid);
  return devbox_request_refuse (
      error, pid, _ ("The process %d was not started in the background: the agent gave it no identifier"), self->pid);
}

static gboolean
times_equal (GDateTime *a, GDateTime *b)
{
  return a == NULL || b == NULL ? a == b : g_date_time_equal (a, b);
}

static gboolean
bytes_equal (GBytes *a, GBytes *b)
{
  return a == NULL || b == NULL ? a == b : g_bytes_equal (a, b);
}

static void
note_changes (DevboxProcess *self, const DevboxProcessState *old, const DevboxProcessState *new)
{
  const gboolean changed[N_PROPERTIES] = {
    [PROP_STATUS] = old->status != new->status,
    [PROP_STATUS_TEXT] = old->status != new->status,
    [PROP_EXIT_STATUS] = old->exit_code != new->exit_code,
    [PROP_TERM_SIG] = devbox_process_state_get_term_sig (old) != devbox_process_state_get_term_sig (new),
    [PROP_START_TIME] = !times_equal (old->start_time, new->start_time),
    [PROP_END_TIME] = !times_equal (old->end_time, new->end_time),
    [PROP_RUNNING_TIME] = old->running_time_ms != new->running_time_ms,
    [PROP_CPU] = old->cpu != new->cpu,
    [PROP_MEMORY] = old->memory != new->memory,
    [PROP_STDOUT] = !bytes_equal (old->output, new->output),
    [PROP_STDERR] = !bytes_equal (old->errors, new->errors),
    [PROP_TRUNCATED] = old->truncated != new->truncated,
  };

  for (guint i = 1; i < N_PROPERTIES; i++)
    {
      if (changed[i])
        self->changed |= G_GUINT64_CONSTANT (1) << i;
    }
}

/* The state of a short question has no output, and only the second in which it began. */
static void
keep_what_is_known (DevboxProcessState *old, DevboxProcessState *new)
{
  if (new->output == NULL && old->output != NULL)
    {
      new->output = g_bytes_ref (old->output);
      new->errors = old->errors != NULL ? g_bytes_ref (old->errors) : NULL;
      new->truncated = old->truncated;
    }
  if (old->start_time != NULL)
    {
      g_clear_pointer (&new->start_time, g_date_time_unref);
      new->start_time = g_date_time_ref (old->start_time);
    }
  if (new->end_time == NULL && old->end_time != NULL)
    new->end_time = g_date_time_ref (old->end_time);
}

/* What has ended never runs again: the answer to an older question may come late. */
void
devbox_process_update (DevboxProcess *self, DevboxProcessState *state)
{
  g_auto (DevboxProcessState) old = DEVBOX_PROCESS_STATE_INIT;

  g_mutex_lock (&self->mutex);
  if (state->status != DEVBOX_PROCESS_STATUS_RUNNING || self->state.exit_code == DEVBOX_PROCESS_NO_EXIT_CODE)
    {
      keep_what_is_known (&self->state, state);
      note_changes (self, &self->state, state);
      old = self->state;
      self->state = *state;
      *state = (DevboxProcessState) DEVBOX_PROCESS_STATE_INIT;
    }
  if (self->changed != 0)
    devbox_notifier_schedule (self->notifier);
  g_mutex_unlock (&self->mutex);
}

const DevboxProcessState *
devbox_process_lock_state (DevboxProcess *self)
{
  g_mutex_lock (&self->mutex);

  return &self->state;
}

void
devbox_process_unlock_state (DevboxProcess *self)
{
  g_mutex_unlock (&self->mutex);
}

/**
 * devbox_process_get_identifier:
 * @self: a process
 *
 * Gets how the agent calls the process.
 *
 * Only what runs in the background has a name, and only what has one can be sent signals and has a log.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL
 *
 * Since: 1.0
 */
const char *
devbox_process_get_identifier (DevboxProcess *self)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), NULL);

  return self->id;
}

/**
 * devbox_process_get_pid:
 * @self: a process
 *
 * Gets the process id that the process has, or had, in the devbox.
 *
 * Returns: the process id, or 0 if it is not known
 *
 * Since: 1.0
 */
int
devbox_process_get_pid (DevboxProcess *self)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), 0);

  return self->pid;
}

/**
 * devbox_process_get_command:
 * @self: a process
 *
 * Gets the command line, of a long one the beginning.
 *
 * Returns: (transfer none) (nullable): the command line, or %NULL if the agent did not tell it
 *
 * Since: 1.0
 */
const char *
devbox_process_get_command (DevboxProcess *self)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), NULL);

  return self->command;
}
