/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

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
 * The platform is asked in growing intervals. The properties of the instance are brought up to date when that
 * ends.
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

  if (devbox_instance_check_platform (self, &error))
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
 * %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and has no platform.
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

  if (devbox_instance_check_platform (self, &cause))
    request = devbox_wait_ready_request_new (devbox_instance_get_agent (self), timeout_ms, &cause);

  return devbox_platform_operation_drop_object (devbox_platform_operation_sync (
      devbox_instance_get_client (self), self, devbox_instance_apply_change, request, cause, cancellable, error));
}
