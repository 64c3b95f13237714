/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-instance-spec.h"
#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

static DevboxRequest *
change_request_new (DevboxInstance *self, DevboxInstanceAction action, GError **error)
{
  return devbox_instance_check_platform (self, error)
             ? devbox_change_instance_request_new (devbox_instance_get_name (self), action, error)
             : NULL;
}

static void
change_async (DevboxInstance *self,
              DevboxInstanceAction action,
              gpointer source_tag,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  GError *error = NULL;
  DevboxRequest *request = change_request_new (self, action, &error);

  devbox_platform_operation_async (devbox_instance_get_client (self), self, source_tag, devbox_instance_apply_change,
                                   request, error, cancellable, callback, user_data);
}

static gboolean
change_sync (DevboxInstance *self, DevboxInstanceAction action, GCancellable *cancellable, GError **error)
{
  GError *cause = NULL;
  DevboxRequest *request = change_request_new (self, action, &cause);

  return devbox_platform_operation_drop_object (devbox_platform_operation_sync (
      devbox_instance_get_client (self), self, devbox_instance_apply_change, request, cause, cancellable, error));
}

/**
 * devbox_instance_start_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Starts the devbox after it was paused or shut down.
 *
 * Since: 1.0
 */
void
devbox_instance_start_async (DevboxInstance *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  change_async (self, DEVBOX_INSTANCE_ACTION_START, devbox_instance_start_async, cancellable, callback, user_data);
}

/**
 * devbox_instance_start_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.start_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform; %DEVBOX_ERROR_CONFLICT if something else is being done to the devbox that does not go with it;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_start_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_instance_start_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Starts the devbox after it was paused or shut down, and waits until that is done.
 *
 * See [method@Instance.start_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_start_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);

  return change_sync (self, DEVBOX_INSTANCE_ACTION_START, cancellable, error);
}

/**
 * devbox_instance_pause_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Pauses the devbox: its processes stand still, and its files stay.
 *
 * Since: 1.0
 */
void
devbox_instance_pause_async (DevboxInstance *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  change_async (self, DEVBOX_INSTANCE_ACTION_PAUSE, devbox_instance_pause_async, cancellable, callback, user_data);
}

/**
 * devbox_instance_pause_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.pause_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform; %DEVBOX_ERROR_CONFLICT if something else is being done to the devbox that does not go with it;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_pause_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_instance_pause_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Pauses the devbox: its processes stand still, and its files stay, and waits until that is done.
 *
 * See [method@Instance.pause_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_pause_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);

  return change_sync (self, DEVBOX_INSTANCE_ACTION_PAUSE, cancellable, error);
}

/**
 * devbox_instance_restart_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Ends the devbox and starts it again.
 *
 * That may take long: the time limit of this call is at least two minutes.
 *
 * Since: 1.0
 */
void
devbox_instance_restart_async (DevboxInstance *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  change_async (self, DEVBOX_INSTANCE_ACTION_RESTART, devbox_instance_restart_async, cancellable, callback, user_data);
}

/**
 * devbox_instance_restart_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.restart_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform; %DEVBOX_ERROR_CONFLICT if something else is being done to the devbox that does not go with it;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_restart_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_instance_restart_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Ends the devbox and starts it again, and waits until that is done.
 *
 * See [method@Instance.restart_async], and [method@Instance.restart_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_restart_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);

  return change_sync (self, DEVBOX_INSTANCE_ACTION_RESTART, cancellable, error);
}

/**
 * devbox_instance_shutdown_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Ends all that runs in the devbox, and gives back what it used; its files stay.
 *
 * Since: 1.0
 */
void
devbox_instance_shutdown_async (DevboxInstance *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  change_async (self, DEVBOX_INSTANCE_ACTION_SHUTDOWN, devbox_instance_shutdown_async, cancellable, callback,
                user_data);
}

/**
 * devbox_instance_shutdown_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.shutdown_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform; %DEVBOX_ERROR_CONFLICT if something else is being done to the devbox that does not go with it;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_shutdown_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_instance_shutdown_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Ends all that runs in the devbox, and gives back what it used; its files stay, and waits until that is done.
 *
 * See [method@Instance.shutdown_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_shutdown_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);

  return change_sync (self, DEVBOX_INSTANCE_ACTION_SHUTDOWN, cancellable, error);
}

/**
 * devbox_instance_delete_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Deletes the devbox, with its files.
 *
 * Since: 1.0
 */
void
devbox_instance_delete_async (DevboxInstance *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  change_async (self, DEVBOX_INSTANCE_ACTION_DELETE, devbox_instance_delete_async, cancellable, callback, user_data);
}

/**
 * devbox_instance_delete_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.delete_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform; %DEVBOX_ERROR_CONFLICT if something else is being done to the devbox that does not go with it;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_delete_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_instance_delete_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Deletes the devbox, with its files, and waits until that is done.
 *
 * See [method@Instance.delete_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_delete_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);

  return change_sync (self, DEVBOX_INSTANCE_ACTION_DELETE, cancellable, error);
}

/**
 * devbox_instance_update_async:
 * @self: an instance
 * @changes: what shall become different: what is set in it
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Changes the devbox.
 *
 * What can be changed are the resources and the ports; ports that stand in @changes are all that the devbox has
 * afterwards.
 *
 * Since: 1.0
 */
void
devbox_instance_update_async (DevboxInstance *self,
                              DevboxInstanceSpec *changes,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (changes));

  if (devbox_instance_check_platform (self, &error))
    request = devbox_update_instance_request_new (devbox_instance_get_name (self), changes, &error);
  devbox_platform_operation_async (devbox_instance_get_client (self), self, devbox_instance_update_async,
                                   devbox_instance_apply_change, request, error, cancellable, callback, user_data);
}

/**
 * devbox_instance_update_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.update_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform, or @changes has what cannot be changed, or what the platform does not take; %DEVBOX_ERROR_CONFLICT
 * if something else is being done to the devbox that does not go with it; %DEVBOX_ERROR_PAYMENT_REQUIRED.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_update_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_instance_update_sync:
 * @self: an instance
 * @changes: what shall become different: what is set in it
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Changes the devbox, and waits until that is done.
 *
 * See [method@Instance.update_async], and [method@Instance.update_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_update_sync (DevboxInstance *self,
                             DevboxInstanceSpec *changes,
                             GCancellable *cancellable,
                             GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (changes), FALSE);

  if (devbox_instance_check_platform (self, &cause))
    request = devbox_update_instance_request_new (devbox_instance_get_name (self), changes, &cause);

  return devbox_platform_operation_drop_object (devbox_platform_operation_sync (
      devbox_instance_get_client (self), self, devbox_instance_apply_change, request, cause, cancellable, error));
}
