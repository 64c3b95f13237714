/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-session-private.h"

#include "devbox-enum-types.h"
#include "devbox-notifier-private.h"

/**
 * DevboxSessionStatus:
 * @DEVBOX_SESSION_STATUS_UNKNOWN: the agent says what this library does not know
 * @DEVBOX_SESSION_STATUS_ACTIVE: it waits for lines, or runs one
 * @DEVBOX_SESSION_STATUS_TERMINATED: it has ended
 *
 * Whether a [class@Session] lives.
 *
 * Since: 1.0
 */

/**
 * DevboxSession:
 *
 * A shell in a devbox that lives on from one command to the next.
 *
 * [method@Instance.create_session_async] starts one. Each line that [method@Session.run_async] runs finds the folder,
 * the variables, the functions and the jobs that those before it have left. A session ends with
 * [method@Session.terminate_async] or by itself, as with `exit`; dropping the object does nothing to it.
 *
 * The properties tell what the agent said last: they change, in the main context that was the thread-default one when
 * the session was asked for, when a call on it learns of something new. All functions may be called in any thread.
 *
 * ```c
 * g_autoptr (DevboxSession) session = devbox_instance_create_session_sync (instance, "src", NULL, NULL, NULL, &error);
 * g_autoptr (DevboxCommandResult) result = NULL;
 *
 * if (session != NULL && devbox_session_change_directory_sync (session, "lib", NULL, &error))
 *   result = devbox_session_run_sync (session, "pwd", 0, NULL, &error);
 * ```
 *
 * Since: 1.0
 */
struct _DevboxSession
{
  GObject parent_instance;

  DevboxAgentHandle *handle;
  DevboxNotifier *notifier;
  char *id;    /* never changes */
  char *shell; /* never changes */

  GMutex mutex; /* guards what follows */
  DevboxSessionState state;
  guint64 changed; /* one bit for each property that is still to be notified */
};

G_DEFINE_FINAL_TYPE (DevboxSession, devbox_session, G_TYPE_OBJECT)

enum
{
  PROP_IDENTIFIER = 1,
  PROP_SHELL,
  PROP_CWD,
  PROP_ENVIRON,
  PROP_STATUS,
  PROP_CREATED,
  PROP_LAST_USED,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
devbox_session_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxSession *self = DEVBOX_SESSION (object);

  switch (property_id)
    {
    case PROP_IDENTIFIER:
      g_value_set_string (value, devbox_session_get_identifier (self));
      break;
    case PROP_SHELL:
      g_value_set_string (value, devbox_session_get_shell (self));
      break;
    case PROP_CWD:
      g_value_take_string (value, devbox_session_dup_cwd (self));
      break;
    case PROP_ENVIRON:
      g_value_take_boxed (value, devbox_session_dup_environ (self));
      break;
    case PROP_STATUS:
      g_value_set_enum (value, devbox_session_get_status (self));
      break;
    case PROP_CREATED:
      g_value_take_boxed (value, devbox_session_get_created (self));
      break;
    case PROP_LAST_USED:
      g_value_take_boxed (value, devbox_session_get_last_used (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_session_finalize (GObject *object)
{
  DevboxSession *self = DEVBOX_SESSION (object);

  if (self->notifier != NULL)
    devbox_notifier_disconnect (self->notifier);
  g_clear_pointer (&self->notifier, devbox_notifier_unref);
  g_clear_pointer (&self->handle, devbox_agent_handle_unref);
  devbox_session_state_clear (&self->state);
  g_mutex_clear (&self->mutex);
  g_free (self->id);
  g_free (self->shell);

  G_OBJECT_CLASS (devbox_session_parent_class)->finalize (object);
}

static void
devbox_session_class_init (DevboxSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_session_get_property;
  object_class->finalize = devbox_session_finalize;

  /**
   * DevboxSession:identifier:
   *
   * How the agent calls the session.
   *
   * Since: 1.0
   */
  properties[PROP_IDENTIFIER] = g_param_spec_string ("identifier", NULL, NULL, NULL, flags);

  /**
   * DevboxSession:shell:
   *
   * The program that is the shell, as the agent tells it.
   *
   * Since: 1.0
   */
  properties[PROP_SHELL] = g_param_spec_string ("shell", NULL, NULL, NULL, flags);

  /**
   * DevboxSession:cwd:
   *
   * The folder in which the session was after the last line.
   *
   * Since: 1.0
   */
  properties[PROP_CWD] = g_param_spec_string ("cwd", NULL, NULL, NULL, flags);

  /**
   * DevboxSession:environ:
   *
   * The variables that the session was given, as `NAME=value`; %NULL if the agent did not tell. The shell has others.
   *
   * Since: 1.0
   */
  properties[PROP_ENVIRON] = g_param_spec_boxed ("environ", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * DevboxSession:status:
   *
   * Whether the session lives.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS]
      = g_param_spec_enum ("status", NULL, NULL, DEVBOX_TYPE_SESSION_STATUS, DEVBOX_SESSION_STATUS_UNKNOWN, flags);

  /**
   * DevboxSession:created:
   *
   * When the session began, by the clock of the devbox; %NULL if the agent did not tell.
   *
   * Since: 1.0
   */
  properties[PROP_CREATED] = g_param_spec_boxed ("created", NULL, NULL, G_TYPE_DATE_TIME, flags);

  /**
   * DevboxSession:last-used:
   *
   * When the session was used last, by the clock of the devbox; %NULL if the agent did not tell.
   *
   * Since: 1.0
   */
  properties[PROP_LAST_USED] = g_param_spec_boxed ("last-used", NULL, NULL, G_TYPE_DATE_TIME, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_session_init (DevboxSession *self)
{
  g_mutex_init (&self->mutex);
}

static void
notify_changes (GObject *object)
{
  DevboxSession *self = DEVBOX_SESSION (object);
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

DevboxSession *
devbox_session_new_from_state (DevboxAgentHandle *handle, DevboxSessionState *state)
{
  DevboxSession *self = g_object_new (DEVBOX_TYPE_SESSION, NULL);

  self->handle = devbox_agent_handle_ref (handle);
  self->notifier = devbox_notifier_new (handle->context, G_OBJECT (self), 0, notify_changes);
  self->id = g_steal_pointer (&state->id);
  self->shell = g_steal_pointer (&state->shell);
  self->state = *state;
  *state = (DevboxSessionState){ 0 };

  return self;
}

DevboxAgentHandle *
devbox_session_get_handle (DevboxSession *self)
{
  return self->handle;
}

/* Where there is something new of a kind, it takes the place of the old. */
static gboolean
take_text (char **old, char **new)
{
  if (*new == NULL || g_strcmp0 (*old, *new) == 0)
    return FALSE;

  g_free (*old);
  *old = g_steal_pointer (new);
  return TRUE;
}

static gboolean
take_strings (GStrv *old, GStrv *new)
{
  if (*new == NULL || (*old != NULL && g_strv_equal ((const char *const *) *old, (const char *const *) *new)))
    return FALSE;

  g_strfreev (*old);
  *old = g_steal_pointer (new);
  return TRUE;
}

static gboolean
take_time (GDateTime **old, GDateTime **new)
{
  if (*new == NULL || (*old != NULL && g_date_time_equal (*old, *new)))
    return FALSE;

  g_clear_pointer (old, g_date_time_unref);
  *old = g_steal_pointer (new);
  return TRUE;
}

/* What has ended never lives again: the answer to an older question may come late. */
static gboolean
take_status (DevboxSessionStatus *old, DevboxSessionStatus new)
{
  if (new == DEVBOX_SESSION_STATUS_UNKNOWN || new == *old || *old == DEVBOX_SESSION_STATUS_TERMINATED)
    return FALSE;

  *old = new;
  return TRUE;
}

void
devbox_session_update (DevboxSession *self, DevboxSessionState *state)
{
  g_mutex_lock (&self->mutex);
  if (take_text (&self->state.cwd, &state->cwd))
    self->changed |= G_GUINT64_CONSTANT (1) << PROP_CWD;
  if (take_strings (&self->state.environment, &state->environment))
    self->changed |= G_GUINT64_CONSTANT (1) << PROP_ENVIRON;
  if (take_status (&self->state.status, state->status))
    self->changed |= G_GUINT64_CONSTANT (1) << PROP_STATUS;
  if (take_time (&self->state.created, &state->created))
    self->changed |= G_GUINT64_CONSTANT (1) << PROP_CREATED;
  if (take_time (&self->state.last_used, &state->last_used))
    self->changed |= G_GUINT64_CONSTANT (1) << PROP_LAST_USED;
  if (self->changed != 0)
    devbox_notifier_schedule (self->notifier);
  g_mutex_unlock (&self->mutex);
}

/**
 * devbox_session_get_identifier:
 * @self: a session
 *
 * Gets how the agent calls the session.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
devbox_session_get_identifier (DevboxSession *self)
{
  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);

  return self->id;
}

/**
 * devbox_session_get_shell:
 * @self: a session
 *
 * Gets the program that is the shell.
 *
 * Returns: (transfer none) (nullable): its path as the agent tells it, or %NULL if it does not
 *
 * Since: 1.0
 */
const char *
devbox_session_get_shell (DevboxSession *self)
{
  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);

  return self->shell;
}

/**
 * devbox_session_dup_cwd:
 * @self: a session
 *
 * Gets the folder in which the session was after the last line that it ran.
 *
 * Returns: (transfer full) (nullable): an absolute path in the devbox, or %NULL if the agent did not tell
 *
 * Since: 1.0
 */
char *
devbox_session_dup_cwd (DevboxSession *self)
{
  char *value;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);

  g_mutex_lock (&self->mutex);
  value = g_strdup (self->state.cwd);
  g_mutex_unlock (&self->mutex);

  return value;
}

/**
 * devbox_session_dup_environ:
 * @self: a session
 *
 * Gets the variables that the session was given. The shell has others.
 *
 * Returns: (transfer full) (nullable) (array zero-terminated=1): the variables as `NAME=value`, or %NULL if the agent
 * did not tell
 *
 * Since: 1.0
 */
GStrv
devbox_session_dup_environ (DevboxSession *self)
{
  GStrv value;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);

  g_mutex_lock (&self->mutex);
  value = g_strdupv (self->state.environment);
  g_mutex_unlock (&self->mutex);

  return value;
}

/**
 * devbox_session_get_status:
 * @self: a session
 *
 * Gets whether the session lives, as the agent said last.
 *
 * Returns: the status
 *
 * Since: 1.0
 */
DevboxSessionStatus
devbox_session_get_status (DevboxSession *self)
{
  DevboxSessionStatus value;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), DEVBOX_SESSION_STATUS_UNKNOWN);

  g_mutex_lock (&self->mutex);
  value = self->state.status;
  g_mutex_unlock (&self->mutex);

  return value;
}

/**
 * devbox_session_get_created:
 * @self: a session
 *
 * Gets when the session began, by the clock of the devbox.
 *
 * Returns: (transfer full) (nullable): the time, or %NULL if the agent did not tell
 *
 * Since: 1.0
 */
GDateTime *
devbox_session_get_created (DevboxSession *self)
{
  GDateTime *value;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);

  g_mutex_lock (&self->mutex);
  value = self->state.created != NULL ? g_date_time_ref (self->state.created) : NULL;
  g_mutex_unlock (&self->mutex);

  return value;
}

/**
 * devbox_session_get_last_used:
 * @self: a session
 *
 * Gets when the session was used last, by the clock of the devbox.
 *
 * Returns: (transfer full) (nullable): the time, or %NULL if the agent did not tell
 *
 * Since: 1.0
 */
GDateTime *
devbox_session_get_last_used (DevboxSession *self)
{
  GDateTime *value;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);

  g_mutex_lock (&self->mutex);
  value = self->state.last_used != NULL ? g_date_time_ref (self->state.last_used) : NULL;
  g_mutex_unlock (&self->mutex);

  return value;
}
