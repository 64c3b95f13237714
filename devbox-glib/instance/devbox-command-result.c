/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-result-private.h"

/* Bytes, and the text of them, which is made when it is first asked for: a result is immutable and may be read from any
 * thread. */
typedef struct
{
  GBytes *bytes;
  char *text;
} Output;

/**
 * DevboxCommandResult:
 *
 * What became of a command that [method@Instance.run_async] ran to its end.
 *
 * A command that fails is a result, not an error: look at [method@CommandResult.get_exit_code] or
 * [method@CommandResult.get_successful]. A result never changes, and can be read from any thread.
 *
 * Since: 1.0
 */
struct _DevboxCommandResult
{
  GObject parent_instance;

  int exit_code;
  int pid;
  guint64 duration_ms;
  gboolean truncated;
  Output output;
  Output errors;
};

G_DEFINE_FINAL_TYPE (DevboxCommandResult, devbox_command_result, G_TYPE_OBJECT)

enum
{
  PROP_EXIT_CODE = 1,
  PROP_SUCCESSFUL,
  PROP_STDOUT,
  PROP_STDERR,
  PROP_STDOUT_TEXT,
  PROP_STDERR_TEXT,
  PROP_DURATION,
  PROP_PID,
  PROP_TRUNCATED,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static const char *
output_get_text (Output *self)
{
  char *text = g_atomic_pointer_get (&self->text);

  if (text == NULL)
    {
      gsize size;
      const char *data = g_bytes_get_data (self->bytes, &size);

      text = size > 0 ? g_utf8_make_valid (data, size) : g_strdup ("");
      if (!g_atomic_pointer_compare_and_exchange (&self->text, NULL, text))
        {
          g_free (text);
          text = g_atomic_pointer_get (&self->text);
        }
    }

  return text;
}

static void
output_clear (Output *self)
{
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_pointer (&self->text, g_free);
}

static void
devbox_command_result_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxCommandResult *self = DEVBOX_COMMAND_RESULT (object);

  switch (property_id)
    {
    case PROP_EXIT_CODE:
      g_value_set_int (value, self->exit_code);
      break;
    case PROP_SUCCESSFUL:
      g_value_set_boolean (value, devbox_command_result_get_successful (self));
      break;
    case PROP_STDOUT:
      g_value_set_boxed (value, self->output.bytes);
      break;
    case PROP_STDERR:
      g_value_set_boxed (value, self->errors.bytes);
      break;
    case PROP_STDOUT_TEXT:
      g_value_set_string (value, output_get_text (&self->output));
      break;
    case PROP_STDERR_TEXT:
      g_value_set_string (value, output_get_text (&self->errors));
      break;
    case PROP_DURATION:
      g_value_set_uint64 (value, self->duration_ms);
      break;
    case PROP_PID:
      g_value_set_int (value, self->pid);
      break;
    case PROP_TRUNCATED:
      g_value_set_boolean (value, self->truncated);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_command_result_finalize (GObject *object)
{
  DevboxCommandResult *self = DEVBOX_COMMAND_RESULT (object);

  output_clear (&self->output);
  output_clear (&self->errors);

  G_OBJECT_CLASS (devbox_command_result_parent_class)->finalize (object);
}

static void
devbox_command_result_class_init (DevboxCommandResultClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_command_result_get_property;
  object_class->finalize = devbox_command_result_finalize;

  /**
   * DevboxCommandResult:exit-code:
   *
   * The exit code: 128 + n after signal n, -1 if the time limit ended the command.
   *
   * Since: 1.0
   */
  properties[PROP_EXIT_CODE] = g_param_spec_int ("exit-code", NULL, NULL, G_MININT, G_MAXINT, 0, flags);

  /**
   * DevboxCommandResult:successful:
   *
   * Whether the exit code is 0.
   *
   * Since: 1.0
   */
  properties[PROP_SUCCESSFUL] = g_param_spec_boolean ("successful", NULL, NULL, FALSE, flags);

  /**
   * DevboxCommandResult:stdout:
   *
   * What the command wrote to its standard output.
   *
   * Since: 1.0
   */
  properties[PROP_STDOUT] = g_param_spec_boxed ("stdout", NULL, NULL, G_TYPE_BYTES, flags);

  /**
   * DevboxCommandResult:stderr:
   *
   * What the command wrote to its standard error.
   *
   * Since: 1.0
   */
  properties[PROP_STDERR] = g_param_spec_boxed ("stderr", NULL, NULL, G_TYPE_BYTES, flags);

  /**
   * DevboxCommandResult:stdout-text:
   *
   * The standard output as text: valid UTF-8, with U+FFFD for what was none.
   *
   * Since: 1.0
   */
  properties[PROP_STDOUT_TEXT] = g_param_spec_string ("stdout-text", NULL, NULL, NULL, flags);

  /**
   * DevboxCommandResult:stderr-text:
   *
   * The standard error as text: valid UTF-8, with U+FFFD for what was none.
   *
   * Since: 1.0
   */
  properties[PROP_STDERR_TEXT] = g_param_spec_string ("stderr-text", NULL, NULL, NULL, flags);

  /**
   * DevboxCommandResult:duration:
   *
   * How long the command ran, in milliseconds.
   *
   * Since: 1.0
   */
  properties[PROP_DURATION] = g_param_spec_uint64 ("duration", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxCommandResult:pid:
   *
   * The process id that the command had in the devbox, 0 if it is not known.
   *
   * Since: 1.0
   */
  properties[PROP_PID] = g_param_spec_int ("pid", NULL, NULL, 0, G_MAXINT, 0, flags);

  /**
   * DevboxCommandResult:truncated:
   *
   * Whether the command wrote more than the agent keeps.
   *
   * Since: 1.0
   */
  properties[PROP_TRUNCATED] = g_param_spec_boolean ("truncated", NULL, NULL, FALSE, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_command_result_init (DevboxCommandResult *self)
{
  self->output.bytes = g_bytes_new (NULL, 0);
  self->errors.bytes = g_bytes_new (NULL, 0);
}

DevboxCommandResult *
devbox_command_result_new (const DevboxCommandOutcome *outcome)
{
  DevboxCommandResult *self = g_object_new (DEVBOX_TYPE_COMMAND_RESULT, NULL);

  self->exit_code = outcome->exit_code;
  self->pid = outcome->pid;
  self->duration_ms = outcome->duration_ms;
  self->truncated = outcome->truncated;
  output_clear (&self->output);
  self->output.bytes = g_bytes_ref (outcome->output);
  output_clear (&self->errors);
  self->errors.bytes = g_bytes_ref (outcome->errors);

  return self;
}

/**
 * devbox_command_result_get_exit_code:
 * @self: a result
 *
 * Gets the exit code of the command.
 *
 * As in a shell, it is 128 + n if signal n ended the command. It is -1 in the partial result of a command that ran into
 * its time limit, see [method@ErrorInfo.get_command_result].
 *
 * Returns: the exit code
 *
 * Since: 1.0
 */
int
devbox_command_result_get_exit_code (DevboxCommandResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND_RESULT (self), DEVBOX_COMMAND_RESULT_NO_EXIT_CODE);

  return self->exit_code;
}

/**
 * devbox_command_result_get_successful:
 * @self: a result
 *
 * Tells whether the command ended with the exit code 0.
 *
 * Returns: %TRUE if it did
 *
 * Since: 1.0
 */
gboolean
devbox_command_result_get_successful (DevboxCommandResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND_RESULT (self), FALSE);

  return self->exit_code == 0;
}

/**
 * devbox_command_result_get_stdout:
 * @self: a result
 *
 * Gets what the command wrote to its standard output, byte for byte.
 *
 * In Python the result is a `bytes` object.
 *
 * Returns: (transfer none): the bytes
 *
 * Since: 1.0
 */
GBytes *
devbox_command_result_get_stdout (DevboxCommandResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND_RESULT (self), NULL);

  return self->output.bytes;
}

/**
 * devbox_command_result_get_stderr:
 * @self: a result
 *
 * Gets what the command wrote to its standard error, byte for byte.
 *
 * In Python the result is a `bytes` object.
 *
 * Returns: (transfer none): the bytes
 *
 * Since: 1.0
 */
GBytes *
devbox_command_result_get_stderr (DevboxCommandResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND_RESULT (self), NULL);

  return self->errors.bytes;
}

/**
 * devbox_command_result_get_stdout_text:
 * @self: a result
 *
 * Gets what the command wrote to its standard output, as text.
 *
 * The text is valid UTF-8: U+FFFD stands for every byte that was not part of a character, and for NUL.
 *
 * Returns: (transfer none): the text
 *
 * Since: 1.0
 */
const char *
devbox_command_result_get_stdout_text (DevboxCommandResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND_RESULT (self), NULL);

  return output_get_text (&self->output);
}

/**
 * devbox_command_result_get_stderr_text:
 * @self: a result
 *
 * Gets what the command wrote to its standard error, as text.
 *
 * The text is valid UTF-8: U+FFFD stands for every byte that was not part of a character, and for NUL.
 *
 * Returns: (transfer none): the text
 *
 * Since: 1.0
 */
const char *
devbox_command_result_get_stderr_text (DevboxCommandResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND_RESULT (self), NULL);

  return output_get_text (&self->errors);
}

/**
 * devbox_command_result_get_duration:
 * @self: a result
 *
 * Gets how long the command ran, as the agent measured it.
 *
 * Returns: the duration, in milliseconds
 *
 * Since: 1.0
 */
guint64
devbox_command_result_get_duration (DevboxCommandResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND_RESULT (self), 0);

  return self->duration_ms;
}

/**
 * devbox_command_result_get_pid:
 * @self: a result
 *
 * Gets the process id that the command had in the devbox.
 *
 * The command has ended, so the number may belong to another process by now.
 *
 * Returns: the process id, or 0 if it is not known
 *
 * Since: 1.0
 */
int
devbox_command_result_get_pid (DevboxCommandResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND_RESULT (self), 0);

  return self->pid;
}

/**
 * devbox_command_result_get_truncated:
 * @self: a result
 *
 * Tells whether the command wrote more than the agent keeps (10 MiB of each stream unless it was set up otherwise).
 *
 * Returns: %TRUE if output is missing
 *
 * Since: 1.0
 */
gboolean
devbox_command_result_get_truncated (DevboxCommandResult *self)
{
  g_return_val_if_fail (DEVBOX_IS_COMMAND_RESULT (self), FALSE);

  return self->truncated;
}
