/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error-info.h"

#include "devbox-command-result.h"
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
  PROP_CAUSE,
  PROP_COMMAND_RESULT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* Of this thread's last failed call; PyGObject loses what hangs on a GError. */
static GPrivate last_info = G_PRIVATE_INIT (g_object_unref);

static void
devbox_error_info_finalize (GObject *object)
{
  DevboxErrorInfo *self = DEVBOX_ERROR_INFO (object);

  g_free (self->request_id);
  g_free (self->path);
  g_free (self->code_name);
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
   * What the call was about: a path in the workspace, or a command.
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
  if (self->cause == NULL && details->cause != NULL)
    self->cause = g_error_copy (details->cause);
}

void
devbox_error_info_set_command_result (DevboxErrorInfo *self, DevboxCommandResult *result)
{
  g_set_object (&self->command_result, (GObject *) result);
}

void
devbox_error_info_note (const GError *error)
{
  DevboxErrorInfo *info = devbox_error_get_info (error);

  if (info != g_private_get (&last_info))
    g_private_replace (&last_info, info != NULL ? g_object_ref (info) : NULL);
}

/**
 * devbox_error_info_from_error:
 * @error: an error of any domain
 *
 * Gets what an error tells beyond its code and message.
 *
 * A copy of the error tells the same. In Python use `error.info` instead, since PyGObject makes a new error from the
 * code and message.
 *
 * Returns: (transfer full) (nullable): the information, or %NULL when @error has none, which is so for every error that
 * is not in the domain `DEVBOX_ERROR`
 *
 * Since: 1.0
 */
DevboxErrorInfo *
devbox_error_info_from_error (const GError *error)
{
  DevboxErrorInfo *info;

  g_return_val_if_fail (error != NULL, NULL);

  info = devbox_error_get_info (error);

  return info != NULL ? g_object_ref (info) : NULL;
}

/**
 * devbox_error_info_get_last:
 *
 * Gets what the last finish function or blocking call that failed in this thread had to tell.
 *
 * This is for language bindings that lose what hangs on a [struct@GLib.Error]; call it before anything else is called
 * in the thread. Programs use [func@Devbox.ErrorInfo.from_error].
 *
 * Returns: (transfer full) (nullable): the information, or %NULL when that error had none
 *
 * Since: 1.0
 */
DevboxErrorInfo *
devbox_error_info_get_last (void)
{
  DevboxErrorInfo *info = g_private_get (&last_info);

  return info != NULL ? g_object_ref (info) : NULL;
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
 * Gets what the call was about: a path in the workspace, or a command.
 *
 * Returns: (nullable): the path or command, or %NULL when the call was about neither
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
