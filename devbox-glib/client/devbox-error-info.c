/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error-info.h"

#include "devbox-command-result.h"
#include "devbox-endpoint-private.h"
#include "devbox-error-private.h"

/**
 * DevboxErrorInfo:
 *
 * What an error of this library tells beyond its code and message.
 *
 * Get it with [func@Devbox.ErrorInfo.from_error]. In Python it hangs on the exception as `error.info`. It never holds
 * the token.
 *
 * Since: 1.0
 */
struct _DevboxErrorInfo
{
  GObject parent_instance;

  guint http_status;
  char *request_id;
  char *path;
  char *code_name;
  char *trace_id;
  char *value;
  guint retry_after;
  guint n_attempts;
  GError *cause;
  GObject *command_result;
};

G_DEFINE_FINAL_TYPE (DevboxErrorInfo, devbox_error_info, G_TYPE_OBJECT)

enum
{
  PROP_HTTP_STATUS = 1,
  PROP_REQUEST_ID,
  PROP_PATH,
  PROP_CODE_NAME,
  PROP_TRACE_ID,
  PROP_VALUE,
  PROP_RETRY_AFTER,
  PROP_N_ATTEMPTS,
  PROP_CAUSE,
  PROP_COMMAND_RESULT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
devbox_error_info_finalize (GObject *object)
{
  DevboxErrorInfo *self = DEVBOX_ERROR_INFO (object);

  g_free (self->request_id);
  g_free (self->path);
  g_free (self->code_name);
  g_free (self->trace_id);
  g_free (self->value);
  g_clear_error (&self->cause);
  g_clear_object (&self->command_result);

  G_OBJECT_CLASS (devbox_error_info_parent_class)->finalize (object);
}

static void
devbox_error_info_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxErrorInfo *self = DEVBOX_ERROR_INFO (object);

  switch (property_id)
    {
    case PROP_HTTP_STATUS:
      g_value_set_uint (value, self->http_status);
      break;
    case PROP_REQUEST_ID:
      g_value_set_string (value, self->request_id);
      break;
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_CODE_NAME:
      g_value_set_string (value, self->code_name);
      break;
    case PROP_TRACE_ID:
      g_value_set_string (value, self->trace_id);
      break;
    case PROP_VALUE:
      g_value_set_string (value, self->value);
      break;
    case PROP_RETRY_AFTER:
      g_value_set_uint (value, self->retry_after);
      break;
    case PROP_N_ATTEMPTS:
      g_value_set_uint (value, self->n_attempts);
      break;
    case PROP_CAUSE:
      g_value_set_boxed (value, self->cause);
      break;
    case PROP_COMMAND_RESULT:
      g_value_set_object (value, self->command_result);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_error_info_class_init (DevboxErrorInfoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = devbox_error_info_finalize;
  object_class->get_property = devbox_error_info_get_property;

  /**
   * DevboxErrorInfo:http-status:
   *
   * The HTTP status of the reply, or 0 when there was none.
   *
   * Where an agent says 200 and tells in its reply what it means, it is what it means, such as 404.
   *
   * Since: 1.0
   */
  properties[PROP_HTTP_STATUS]
      = g_param_spec_uint ("http-status", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxErrorInfo:request-id:
   *
   * What the server's log calls the request.
   *
   * Since: 1.0
   */
  properties[PROP_REQUEST_ID]
      = g_param_spec_string ("request-id", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxErrorInfo:path:
   *
   * What the call was about: a path in the workspace, a command, or the name of a devbox.
   *
   * Since: 1.0
   */
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxErrorInfo:code-name:
   *
   * The name of the error as it was on the wire.
   *
   * Since: 1.0
   */
  properties[PROP_CODE_NAME]
      = g_param_spec_string ("code-name", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxErrorInfo:trace-id:
   *
   * The identifier of the trace that the call was part of.
   *
   * Since: 1.0
   */
  properties[PROP_TRACE_ID]
      = g_param_spec_string ("trace-id", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxErrorInfo:value:
   *
   * The argument that was refused.
   *
   * Since: 1.0
   */
  properties[PROP_VALUE] = g_param_spec_string ("value", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxErrorInfo:retry-after:
   *
   * How long the server asked to wait, in milliseconds, or 0 when it did not.
   *
   * Since: 1.0
   */
  properties[PROP_RETRY_AFTER]
      = g_param_spec_uint ("retry-after", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxErrorInfo:n-attempts:
   *
   * How often the request was tried.
   *
   * Since: 1.0
   */
  properties[PROP_N_ATTEMPTS]
      = g_param_spec_uint ("n-attempts", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxErrorInfo:cause:
   *
   * The error beneath, for example of the network or of TLS.
   *
   * Since: 1.0
   */
  properties[PROP_CAUSE]
      = g_param_spec_boxed ("cause", NULL, NULL, G_TYPE_ERROR, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxErrorInfo:command-result:
   *
   * What a command that ran into its time limit had printed until then.
   *
   * Since: 1.0
   */
  properties[PROP_COMMAND_RESULT] = g_param_spec_object ("command-result", NULL, NULL, DEVBOX_TYPE_COMMAND_RESULT,
                                                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
devbox_error_info_init (DevboxErrorInfo *self)
{
}

DevboxErrorInfo *
devbox_error_info_new (DevboxError code, const DevboxErrorDetails *details)
{
  DevboxErrorInfo *self = g_object_new (DEVBOX_TYPE_ERROR_INFO, NULL);

  if (details != NULL)
    devbox_error_info_fill (self, details);
  if (self->code_name == NULL)
    self->code_name = g_strdup (devbox_error_to_string (code));

  return self;
}

void
devbox_error_info_fill (DevboxErrorInfo *self, const DevboxErrorDetails *details)
{
  if (self->http_status == 0)
    self->http_status = details->http_status;
  if (self->request_id == NULL)
    self->request_id = g_strdup (details->request_id);
  if (self->path == NULL)
    self->path = g_strdup (details->path);
  if (self->code_name == NULL)
    self->code_name = g_strdup (details->code_name);
  if (self->trace_id == NULL)
    self->trace_id = g_strdup (details->trace_id);
  if (self->value == NULL)
    self->value = g_strdup (details->value);
  if (self->retry_after == 0)
    self->retry_after = details->retry_after_ms;
  if (self->n_attempts == 0)
    self->n_attempts = details->n_attempts;
  if (self->cause == NULL && details->cause != NULL)
    self->cause = g_error_copy (details->cause);
}

static void
redact (char **text, DevboxEndpoint *endpoint)
{
  char *redacted = *text != NULL ? devbox_endpoint_redact (endpoint, *text) : NULL;

  g_free (*text);
  *text = redacted;
}

void
devbox_error_info_redact (DevboxErrorInfo *self, DevboxEndpoint *endpoint)
{
  redact (&self->request_id, endpoint);
  redact (&self->code_name, endpoint);
  redact (&self->value, endpoint);
  if (self->cause != NULL)
    redact (&self->cause->message, endpoint);
}

void
devbox_error_info_set_command_result (DevboxErrorInfo *self, DevboxCommandResult *result)
{
  g_set_object (&self->command_result, (GObject *) result);
}

/**
 * devbox_error_info_get_http_status:
 * @self: an error information
 *
 * Gets the HTTP status of the reply.
 *
 * Returns: the status, or 0 when there was no reply
 *
 * Since: 1.0
 */
guint
devbox_error_info_get_http_status (DevboxErrorInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_ERROR_INFO (self), 0);

  return self->http_status;
}

/**
 * devbox_error_info_get_request_id:
 * @self: an error information
 *
 * Gets the identifier under which the request is found in the server's log.
 *
 * Returns: (nullable): the identifier, or %NULL when no request was made
 *
 * Since: 1.0
 */
const char *
devbox_error_info_get_request_id (DevboxErrorInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_ERROR_INFO (self), NULL);

  return self->request_id;
}

/**
 * devbox_error_info_get_path:
 * @self: an error information
 *
 * Gets what the call was about: a path in the workspace, a command, or the name of a devbox.
 *
 * Returns: (nullable): the path, command or name, or %NULL when the call was about none of them
 *
 * Since: 1.0
 */
const char *
devbox_error_info_get_path (DevboxErrorInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_ERROR_INFO (self), NULL);

  return self->path;
}

/**
 * devbox_error_info_get_code_name:
 * @self: an error information
 *
 * Gets the name of the error as the server sent it, for example `FILE_NOT_FOUND`.
 *
 * A server newer than this library may send names that have no [error@Devbox.Error] code of their own: then the code is
 * the nearest one.
 *
 * Returns: the name; that of the code when the server sent none
 *
 * Since: 1.0
 */
const char *
devbox_error_info_get_code_name (DevboxErrorInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_ERROR_INFO (self), NULL);

  return self->code_name;
}

/**
 * devbox_error_info_get_trace_id:
 * @self: an error information
 *
 * Gets the identifier of the trace that the call was part of, as W3C Trace Context has it.
 *
 * All requests of a call share it, those that were tried again included, and servers that trace keep it.
 *
 * Returns: (nullable): 32 hexadecimal digits, or %NULL when no request was made
 *
 * Since: 1.0
 */
const char *
devbox_error_info_get_trace_id (DevboxErrorInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_ERROR_INFO (self), NULL);

  return self->trace_id;
}

/**
 * devbox_error_info_get_value:
 * @self: an error information
 *
 * Gets the argument that was refused, if the error is a %DEVBOX_ERROR_VALIDATION_ERROR or the like which was found
 * before anything was sent.
 *
 * What may be a secret, such as a token or the value of an environment variable, is never here. Bytes that are not
 * UTF-8 are replaced by U+FFFD.
 *
 * Returns: (nullable): the value, or %NULL when there is none or it must not be shown
 *
 * Since: 1.0
 */
const char *
devbox_error_info_get_value (DevboxErrorInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_ERROR_INFO (self), NULL);

  return self->value;
}

/**
 * devbox_error_info_get_retry_after:
 * @self: an error information
 *
 * Gets how long the server asked to wait before the next try.
 *
 * Returns: the time in milliseconds, or 0 when the server asked for none
 *
 * Since: 1.0
 */
guint
devbox_error_info_get_retry_after (DevboxErrorInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_ERROR_INFO (self), 0);

  return self->retry_after;
}

/**
 * devbox_error_info_get_n_attempts:
 * @self: an error information
 *
 * Gets how often the request that failed was tried.
 *
 * Returns: the number of tries, or 0 when no request was made
 *
 * Since: 1.0
 */
guint
devbox_error_info_get_n_attempts (DevboxErrorInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_ERROR_INFO (self), 0);

  return self->n_attempts;
}

/**
 * devbox_error_info_get_cause:
 * @self: an error information
 *
 * Gets the error beneath, for example of the network or of TLS.
 *
 * Returns: (transfer none) (nullable): the error, or %NULL when there is none
 *
 * Since: 1.0
 */
const GError *
devbox_error_info_get_cause (DevboxErrorInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_ERROR_INFO (self), NULL);

  return self->cause;
}

/**
 * devbox_error_info_get_command_result:
 * @self: an error information
 *
 * Gets what a command that ran into its time limit had printed until then.
 *
 * Returns: (transfer none) (nullable): the result so far, or %NULL when the error is not about such a command
 *
 * Since: 1.0
 */
DevboxCommandResult *
devbox_error_info_get_command_result (DevboxErrorInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_ERROR_INFO (self), NULL);

  return (DevboxCommandResult *) self->command_result;
}
