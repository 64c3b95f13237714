/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command.h"

#include "devbox-secret-private.h"

#include <string.h>

#define DEFAULT_TIMEOUT_MS 30000

/**
 * DevboxCommand:
 *
 * A command to run in a devbox, with [method@Instance.run_async].
 *
 * A command is either a vector of arguments, which no shell ever sees, or one line for `/bin/sh`. It runs in the
 * workspace unless [property@Command:cwd] says otherwise, and with the environment of the agent plus the variables that
 * were set here. It always has a time limit, [property@Command:timeout]: when that is over, the agent ends the
 * command together with everything that it started.
 *
 * A `DevboxCommand` can be run any number of times. Running it takes a copy: what is changed afterwards counts for the
 * next run. It is not thread safe: set it up in one thread.
 *
 * ```c
 * g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("make -j2 2>&1 | tail");
 *
 * devbox_command_set_cwd (command, "src");
 * devbox_command_setenv (command, "LANG", "C.UTF-8", TRUE);
 * devbox_command_set_timeout (command, 10 * 60 * 1000);
 * ```
 *
 * Since: 1.0
 */
struct _DevboxCommand
{
  GObject parent_instance;

  GStrv argv;
  char *shell_line;
  char *cwd;
  GStrv environment;
  guint timeout_ms;
};

G_DEFINE_FINAL_TYPE (DevboxCommand, devbox_command, G_TYPE_OBJECT)

enum
{
  PROP_ARGV = 1,
  PROP_SHELL_LINE,
  PROP_CWD,
  PROP_ENVIRON,
  PROP_TIMEOUT,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
devbox_command_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxCommand *self = DEVBOX_COMMAND (object);

  switch (property_id)
    {
    case PROP_ARGV:
      g_value_set_boxed (value, self->argv);
      break;
    case PROP_SHELL_LINE:
      g_value_set_string (value, self->shell_line);
      break;
    case PROP_CWD:
      g_value_set_string (value, self->cwd);
      break;
    case PROP_ENVIRON:
      g_value_set_boxed (value, self->environment);
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, self->timeout_ms);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_command_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  DevboxCommand *self = DEVBOX_COMMAND (object);

  switch (property_id)
    {
    case PROP_ARGV:
      self->argv = g_value_dup_boxed (value);
      break;
    case PROP_SHELL_LINE:
      self->shell_line = g_value_dup_string (value);
      break;
    case PROP_CWD:
      devbox_command_set_cwd (self, g_value_get_string (value));
      break;
    case PROP_ENVIRON:
      devbox_command_set_environ (self, g_value_get_boxed (value));
      break;
    case PROP_TIMEOUT:
      devbox_command_set_timeout (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_command_finalize (GObject *object)
{
  DevboxCommand *self = DEVBOX_COMMAND (object);

  g_strfreev (self->argv);
  g_free (self->shell_line);
  g_free (self->cwd);
  devbox_secret_free_strv (self->environment);

  G_OBJECT_CLASS (devbox_command_parent_class)->finalize (object);
}

static void
devbox_command_class_init (DevboxCommandClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = devbox_command_get_property;
  object_class->set_property = devbox_command_set_property;
  object_class->finalize = devbox_command_finalize;

  /**
   * DevboxCommand:argv:
   *
   * The program and its arguments, or %NULL if the command is a line for the shell.
   *
   * Since: 1.0
   */
  properties[PROP_ARGV] = g_param_spec_boxed ("argv", NULL, NULL, G_TYPE_STRV,
                                              G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxCommand:shell-line:
   *
   * The line for `/bin/sh`, or %NULL if the command is a vector of arguments.
   *
   * Since: 1.0
   */
  properties[PROP_SHELL_LINE] = g_param_spec_string (
      "shell-line", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxCommand:cwd:
   *
   * The folder in which the command runs, or %NULL for the workspace.
   *
   * A relative path counts from the workspace and has to stay in it; an absolute one is a path of the devbox.
   *
   * Since: 1.0
   */
  properties[PROP_CWD] = g_param_spec_string ("cwd", NULL, NULL, NULL,
                                              G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxCommand:environ:
   *
   * What the command gets on top of the environment of the agent, as `NAME=value`; %NULL if nothing was set.
   *
   * Since: 1.0
   */
  properties[PROP_ENVIRON] = g_param_spec_boxed ("environ", NULL, NULL, G_TYPE_STRV,
                                                 G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxCommand:timeout:
   *
   * How long the command may run, in milliseconds.
   *
   * Since: 1.0
   */
  properties[PROP_TIMEOUT] = g_param_spec_uint ("timeout", NULL, NULL, 1, G_MAXUINT, DEFAULT_TIMEOUT_MS,
                                                G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_command_init (DevboxCommand *self)
{
  self->timeout_ms = DEFAULT_TIMEOUT_MS;
}

/**
 * devbox_command_new:
 * @argv: (array zero-terminated=1): the program and its arguments, in UTF-8
 *
 * Makes a command of a program and its arguments.
 *
 * No shell sees them, so nothing needs quoting. The program is looked up in the `PATH` of the devbox unless it holds a
 * slash. An empty @argv is told, as %DEVBOX_ERROR_VALIDATION_ERROR, by the call that runs the command.
 *
 * Returns: (transfer full): a new command
 *
 * Since: 1.0
 */
DevboxCommand *
devbox_command_new (const char *const *argv)
{
  g_return_val_if_fail (argv != NULL, NULL);

  return g_object_new (DEVBOX_TYPE_COMMAND, "argv", argv, NULL);
}

/**
 * devbox_command_new_for_shell:
 * @command_line: what to give to `/bin/sh -c`, in UTF-8
 *
 * Makes a command of a line for the shell of the devbox.
 *
 * Use [func@GLib.shell_quote] for what comes from elsewhere, or better [ctor@Command.new].
 *
 * Returns: (transfer full): a new command
 *
 * Since: 1.0
 */
DevboxCommand *
devbox_command_new_for_shell (const char *command_line)
{
  g_return_val_if_fail (command_line != NULL, NULL);

  return g_object_new (DEVBOX_TYPE_COMMAND, "shell-line", command_line, NULL);
}

/**
 * devbox_command_get_argv:
 * @self: a command
 *
 * Gets the program and its arguments.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the arguments, or %NULL for a line for the shell
 *
 * Since: 1.0
 */
const char *const *
devbox_command_get_argv (DevboxCommand *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND (self), NULL);

  return (const char *const *) self->argv;
}

/**
 * devbox_command_get_shell_line:
 * @self: a command
 *
 * Gets the line for the shell.
 *
 * Returns: (transfer none) (nullable): the line, or %NULL if the command is a vector of arguments
 *
 * Since: 1.0
 */
const char *
devbox_command_get_shell_line (DevboxCommand *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND (self), NULL);

  return self->shell_line;
}

/**
 * devbox_command_get_cwd:
 * @self: a command
 *
 * Gets the folder in which the command runs.
 *
 * Returns: (transfer none) (nullable): the folder, or %NULL for the workspace
 *
 * Since: 1.0
 */
const char *
devbox_command_get_cwd (DevboxCommand *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND (self), NULL);

  return self->cwd;
}

/**
 * devbox_command_set_cwd:
 * @self: a command
 * @cwd: (nullable): a folder, in UTF-8, or %NULL for the workspace
 *
 * Sets the folder in which the command runs.
 *
 * Since: 1.0
 */
void
devbox_command_set_cwd (DevboxCommand *self, const char *cwd)
{
  g_return_if_fail (DEVBOX_IS_COMMAND (self));

  if (g_strcmp0 (self->cwd, cwd) == 0)
    return;

  g_free (self->cwd);
  self->cwd = g_strdup (cwd);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CWD]);
}

/**
 * devbox_command_get_environ:
 * @self: a command
 *
 * Gets the variables that were set here, as `NAME=value`.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the variables, or %NULL if there are none
 *
 * Since: 1.0
 */
const char *const *
devbox_command_get_environ (DevboxCommand *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND (self), NULL);

  return (const char *const *) self->environment;
}

static void
take_environment (DevboxCommand *self, GStrv environment)
{
  devbox_secret_free_strv (self->environment);
  if (environment != NULL && environment[0] == NULL)
    g_clear_pointer (&environment, g_strfreev);
  self->environment = environment;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ENVIRON]);
}

/**
 * devbox_command_set_environ:
 * @self: a command
 * @environment: (nullable) (array zero-terminated=1): variables as `NAME=value`, or %NULL
 *
 * Sets what the command gets on top of the environment of the agent, in place of all that was set here before.
 *
 * Since: 1.0
 */
void
devbox_command_set_environ (DevboxCommand *self, const char *const *environment)
{
  g_return_if_fail (DEVBOX_IS_COMMAND (self));

  if (environment != (const char *const *) self->environment)
    take_environment (self, g_strdupv ((GStrv) environment));
}

/**
 * devbox_command_getenv:
 * @self: a command
 * @variable: a name
 *
 * Looks up a variable among those that were set.
 *
 * The environment of the agent, which the command gets as well, is not known here.
 *
 * Returns: (transfer none) (nullable): the value, or %NULL if it was not set here
 *
 * Since: 1.0
 */
const char *
devbox_command_getenv (DevboxCommand *self, const char *variable)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND (self), NULL);
  g_return_val_if_fail (variable != NULL, NULL);

  return g_environ_getenv (self->environment, variable);
}

/**
 * devbox_command_setenv:
 * @self: a command
 * @variable: a name, which must not hold `=`
 * @value: the value, in UTF-8
 * @overwrite: whether to replace a value that was set here before
 *
 * Sets a variable for the command, over what the agent has under that name.
 *
 * Names are made of letters, digits and `_`, and do not begin with a digit; the agent refuses others with
 * %DEVBOX_ERROR_VALIDATION_ERROR.
 *
 * Since: 1.0
 */
void
devbox_command_setenv (DevboxCommand *self, const char *variable, const char *value, gboolean overwrite)
{
  g_return_if_fail (DEVBOX_IS_COMMAND (self));
  g_return_if_fail (variable != NULL && variable[0] != '\0' && strchr (variable, '=') == NULL);
  g_return_if_fail (value != NULL);

  if (overwrite || g_environ_getenv (self->environment, variable) == NULL)
    take_environment (self, g_environ_setenv (g_strdupv (self->environment), variable, value, TRUE));
}

/**
 * devbox_command_unsetenv:
 * @self: a command
 * @variable: a name, which must not hold `=`
 *
 * Takes back what [method@Command.setenv] did.
 *
 * A variable that the agent itself has is left as it is.
 *
 * Since: 1.0
 */
void
devbox_command_unsetenv (DevboxCommand *self, const char *variable)
{
  g_return_if_fail (DEVBOX_IS_COMMAND (self));
  g_return_if_fail (variable != NULL && variable[0] != '\0' && strchr (variable, '=') == NULL);

  if (g_environ_getenv (self->environment, variable) != NULL)
    take_environment (self, g_environ_unsetenv (g_strdupv (self->environment), variable));
}

/**
 * devbox_command_get_timeout:
 * @self: a command
 *
 * Gets how long the command may run.
 *
 * Returns: the time limit, in milliseconds; 30,000 unless another was set
 *
 * Since: 1.0
 */
guint
devbox_command_get_timeout (DevboxCommand *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND (self), 0);

  return self->timeout_ms;
}

/**
 * devbox_command_set_timeout:
 * @self: a command
 * @timeout_ms: the time limit, in milliseconds; at least 1, and for `devbox-server` at most 86,400,000, which is a day
 *
 * Sets how long the command may run.
 *
 * After that time the agent ends the command and everything it started, and the call fails with
 * %DEVBOX_ERROR_OPERATION_TIMEOUT; what was printed so far is in [method@ErrorInfo.get_command_result].
 *
 * Since: 1.0
 */
void
devbox_command_set_timeout (DevboxCommand *self, guint timeout_ms)
{
  g_return_if_fail (DEVBOX_IS_COMMAND (self));
  g_return_if_fail (timeout_ms > 0);

  if (self->timeout_ms == timeout_ms)
    return;

  self->timeout_ms = timeout_ms;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TIMEOUT]);
}
