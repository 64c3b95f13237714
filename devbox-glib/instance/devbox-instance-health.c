/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-client.h"
#include "devbox-health-request-private.h"
#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

/* An agent that is away is an answer; a call that could not be made is an error. */
static gboolean
is_answer (DevboxClient *client, const GError *cause)
{
  return !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED)
         && !g_error_matches (cause, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR)
         && !g_error_matches (cause, DEVBOX_ERROR, DEVBOX_ERROR_DEVBOX_NOT_FOUND)
         && !g_error_matches (cause, DEVBOX_ERROR, DEVBOX_ERROR_AUTHENTICATION_FAILED)
         && !g_error_matches (cause, DEVBOX_ERROR, DEVBOX_ERROR_INVALID_KUBECONFIG)
         && !devbox_client_is_closed (client);
}

gboolean
devbox_client_judge_health (DevboxClient *self, gpointer health, GError *cause, GError **error)
{
  if (cause == NULL)
    return GPOINTER_TO_INT (health) == DEVBOX_HEALTH_HEALTHY;

  if (is_answer (self, cause))
    g_error_free (cause);
  else
    devbox_client_fail (cause, error);

  return FALSE;
}

/**
 * devbox_instance_is_healthy_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the answer is there
 * @user_data: what to give to @callback
 *
 * Asks the agent whether it is well.
 *
 * Since: 1.0
 */
void
devbox_instance_is_healthy_async (DevboxInstance *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_is_healthy_async);

  if (devbox_instance_check_endpoint (self, &error))
    request = devbox_health_request_new ();
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_is_healthy_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.is_healthy_async].
 *
 * It is no error if the agent says that it is not well, if it cannot be reached, or if it does not answer in time: then
 * the answer is %FALSE. Errors are %G_IO_ERROR_CANCELLED; %DEVBOX_ERROR_VALIDATION_ERROR if the address of the agent is
 * not valid; %DEVBOX_ERROR_DEVBOX_NOT_FOUND, %DEVBOX_ERROR_AUTHENTICATION_FAILED and %DEVBOX_ERROR_INVALID_KUBECONFIG
 * if the platform was asked where the agent is and does not say; %DEVBOX_ERROR_CONNECTION_FAILED if the client is
 * closed.
 *
 * Returns: %TRUE if the agent is well; %FALSE if it is not, or @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_is_healthy_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  GError *cause = NULL;
  gpointer health;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  health = g_task_propagate_pointer (G_TASK (result), &cause);

  return devbox_client_judge_health (devbox_instance_get_client (self), health, cause, error);
}

/**
 * devbox_instance_is_healthy_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Asks the agent whether it is well, and waits for the answer.
 *
 * See [method@Instance.is_healthy_finish] for what is an error and what is not.
 *
 * Returns: %TRUE if the agent is well; %FALSE if it is not, or @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_is_healthy_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  GError *cause = NULL;
  gpointer health = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);

  if (devbox_instance_check_endpoint (self, &cause))
    health = devbox_client_call_agent_sync (devbox_instance_get_client (self), devbox_instance_get_agent (self),
                                            devbox_health_request_new (), cancellable, &cause);

  return devbox_client_judge_health (devbox_instance_get_client (self), health, cause, error);
}

/**
 * devbox_instance_get_agent_info_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the answer is there
 * @user_data: what to give to @callback
 *
 * Asks the agent what it is, and whether it is well.
 *
 * Since: 1.0
 */
void
devbox_instance_get_agent_info_async (DevboxInstance *self,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_get_agent_info_async);

  if (devbox_instance_check_endpoint (self, &error))
    request = devbox_agent_info_request_new ();
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_get_agent_info_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.get_agent_info_async].
 *
 * An agent that says that it is not well is no error here; one that does not answer is.
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND if there is no agent at that address; %DEVBOX_ERROR_DEVBOX_NOT_READY if it is
 * not known where the agent is; %DEVBOX_ERROR_SERVER_UNAVAILABLE; %DEVBOX_ERROR_VALIDATION_ERROR if the address of the
 * agent is not valid.
 *
 * Returns: (transfer full): what the agent tells of itself, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxAgentInfo *
devbox_instance_get_agent_info_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_get_agent_info_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Asks the agent what it is, and whether it is well, and waits for the answer.
 *
 * See [method@Instance.get_agent_info_finish] for the errors.
 *
 * Returns: (transfer full): what the agent tells of itself, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxAgentInfo *
devbox_instance_get_agent_info_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  if (devbox_instance_check_endpoint (self, &cause))
    request = devbox_agent_info_request_new ();

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

/**
 * devbox_instance_wait_ready_async:
 * @self: an instance
 * @timeout_ms: how long to wait in milliseconds, or 0 for two minutes
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the devbox is ready
 * @user_data: what to give to @callback
 *
 * Waits until the devbox runs and its agent is well.
 *
 * The platform and the agent are asked in growing intervals; the agent alone where the instance was made for one. The
 * properties of the instance are brought up to date when that ends.
 *
 * Since: 1.0
 */
void
devbox_instance_wait_ready_async (DevboxInstance *self,
                                  guint timeout_ms,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  if (devbox_instance_check_endpoint (self, &error))
    request = devbox_wait_ready_request_new (devbox_instance_get_agent (self), timeout_ms, &error);
  devbox_platform_operation_async (devbox_instance_get_client (self), self, devbox_instance_wait_ready_async,
                                   devbox_instance_apply_change, request, error, cancellable, callback, user_data);
}

/**
 * devbox_instance_wait_ready_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.wait_ready_async].
 *
 * Errors: %DEVBOX_ERROR_OPERATION_TIMEOUT if that takes longer than @timeout_ms; %DEVBOX_ERROR_DEVBOX_NOT_READY if
 * it will never be so: the devbox is in error, or is being deleted; %DEVBOX_ERROR_DEVBOX_NOT_FOUND;
 * %DEVBOX_ERROR_VALIDATION_ERROR if the address of the agent is not valid.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_wait_ready_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_instance_wait_ready_sync:
 * @self: an instance
 * @timeout_ms: how long to wait in milliseconds, or 0 for two minutes
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Waits until the devbox runs and its agent is well, in this thread.
 *
 * See [method@Instance.wait_ready_async], and [method@Instance.wait_ready_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_wait_ready_sync (DevboxInstance *self, guint timeout_ms, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);

  if (devbox_instance_check_endpoint (self, &cause))
    request = devbox_wait_ready_request_new (devbox_instance_get_agent (self), timeout_ms, &cause);

  return devbox_platform_operation_drop_object (devbox_platform_operation_sync (
      devbox_instance_get_client (self), self, devbox_instance_apply_change, request, cause, cancellable, error));
}
