/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

/**
 * devbox_instance_refresh_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Asks the platform how the devbox is now, and brings the properties up to date.
 *
 * Since: 1.0
 */
void
devbox_instance_refresh_async (DevboxInstance *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  if (devbox_instance_check_platform (self, &error))
    request = devbox_get_instance_request_new (devbox_instance_get_name (self), &error);
  devbox_platform_operation_async (devbox_instance_get_client (self), self, devbox_instance_refresh_async,
                                   devbox_instance_apply_read, request, error, cancellable, callback, user_data);
}

/**
 * devbox_instance_refresh_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.refresh_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_refresh_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_instance_refresh_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Asks the platform how the devbox is now, and brings the properties up to date, and waits until that is done.
 *
 * See [method@Instance.refresh_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_refresh_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);

  if (devbox_instance_check_platform (self, &cause))
    request = devbox_get_instance_request_new (devbox_instance_get_name (self), &cause);

  return devbox_platform_operation_drop_object (devbox_platform_operation_sync (
      devbox_instance_get_client (self), self, devbox_instance_apply_read, request, cause, cancellable, error));
}

/**
 * devbox_instance_get_info_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the answer is there
 * @user_data: what to give to @callback
 *
 * Asks the platform for all that it tells of the devbox, as it is now.
 *
 * What comes back stays as it is, and the properties of the instance are brought up to date.
 *
 * Since: 1.0
 */
void
devbox_instance_get_info_async (DevboxInstance *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  if (devbox_instance_check_platform (self, &error))
    request = devbox_get_instance_request_new (devbox_instance_get_name (self), &error);
  devbox_platform_operation_async (devbox_instance_get_client (self), self, devbox_instance_get_info_async,
                                   devbox_instance_apply_read, request, error, cancellable, callback, user_data);
}

/**
 * devbox_instance_get_info_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.get_info_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform.
 *
 * Returns: (transfer full): what the platform tells, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstanceInfo *
devbox_instance_get_info_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_get_info_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Asks the platform for all that it tells of the devbox, as it is now, and waits for the answer.
 *
 * See [method@Instance.get_info_async], and [method@Instance.get_info_finish] for the errors.
 *
 * Returns: (transfer full): what the platform tells, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstanceInfo *
devbox_instance_get_info_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  if (devbox_instance_check_platform (self, &cause))
    request = devbox_get_instance_request_new (devbox_instance_get_name (self), &cause);

  return devbox_platform_operation_sync (devbox_instance_get_client (self), self, devbox_instance_apply_read, request,
                                         cause, cancellable, error);
}
