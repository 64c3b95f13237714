/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

static void
change_async (DevboxClient *self,
              const char *name,
              DevboxInstanceAction action,
              gpointer source_tag,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  GError *error = NULL;
  DevboxRequest *request = devbox_change_instance_request_new (name, action, &error);

  devbox_platform_operation_async (self, self, source_tag, NULL, request, error, cancellable, callback, user_data);
}

static gboolean
change_sync (DevboxClient *self,
             const char *name,
             DevboxInstanceAction action,
             GCancellable *cancellable,
             GError **error)
{
  GError *cause = NULL;
  DevboxRequest *request = devbox_change_instance_request_new (name, action, &cause);

  return devbox_platform_operation_drop_object (
      devbox_client_platform_call_sync (self, request, cause, cancellable, error));
}

/**
 * devbox_client_start_instance_async:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Starts a devbox that was paused or shut down.
 *
 * Since: 1.0
 */
void
devbox_client_start_instance_async (DevboxClient *self,
                                    const char *name,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  change_async (self, name, DEVBOX_INSTANCE_ACTION_START, devbox_client_start_instance_async, cancellable, callback,
                user_data);
}

/**
 * devbox_client_start_instance_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.start_instance_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox;
 * %DEVBOX_ERROR_CONFLICT if something else is being done to the devbox that does not go with it;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_start_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_client_start_instance_sync:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Starts a devbox that was paused or shut down, and waits until that is done.
 *
 * See [method@Client.start_instance_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_start_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  return change_sync (self, name, DEVBOX_INSTANCE_ACTION_START, cancellable, error);
}

/**
 * devbox_client_pause_instance_async:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Pauses a devbox: its processes stand still, and its files stay.
 *
 * Since: 1.0
 */
void
devbox_client_pause_instance_async (DevboxClient *self,
                                    const char *name,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  change_async (self, name, DEVBOX_INSTANCE_ACTION_PAUSE, devbox_client_pause_instance_async, cancellable, callback,
                user_data);
}

/**
 * devbox_client_pause_instance_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.pause_instance_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox;
 * %DEVBOX_ERROR_CONFLICT if something else is being done to the devbox that does not go with it;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_pause_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_client_pause_instance_sync:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Pauses a devbox: its processes stand still, and its files stay, and waits until that is done.
 *
 * See [method@Client.pause_instance_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_pause_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  return change_sync (self, name, DEVBOX_INSTANCE_ACTION_PAUSE, cancellable, error);
}

/**
 * devbox_client_restart_instance_async:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Ends a devbox and starts it again.
 *
 * That may take long: the time limit of this call is at least two minutes.
 *
 * Since: 1.0
 */
void
devbox_client_restart_instance_async (DevboxClient *self,
                                      const char *name,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  change_async (self, name, DEVBOX_INSTANCE_ACTION_RESTART, devbox_client_restart_instance_async, cancellable, callback,
                user_data);
}

/**
 * devbox_client_restart_instance_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.restart_instance_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox;
 * %DEVBOX_ERROR_CONFLICT if something else is being done to the devbox that does not go with it;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_restart_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_client_restart_instance_sync:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Ends a devbox and starts it again, and waits until that is done.
 *
 * See [method@Client.restart_instance_async], and [method@Client.restart_instance_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_restart_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  return change_sync (self, name, DEVBOX_INSTANCE_ACTION_RESTART, cancellable, error);
}

/**
 * devbox_client_shutdown_instance_async:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Ends all that runs in a devbox, and gives back what it used; its files stay.
 *
 * Since: 1.0
 */
void
devbox_client_shutdown_instance_async (DevboxClient *self,
                                       const char *name,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  change_async (self, name, DEVBOX_INSTANCE_ACTION_SHUTDOWN, devbox_client_shutdown_instance_async, cancellable,
                callback, user_data);
}

/**
 * devbox_client_shutdown_instance_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.shutdown_instance_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox;
 * %DEVBOX_ERROR_CONFLICT if something else is being done to the devbox that does not go with it;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_shutdown_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_client_shutdown_instance_sync:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Ends all that runs in a devbox, and gives back what it used; its files stay, and waits until that is done.
 *
 * See [method@Client.shutdown_instance_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_shutdown_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  return change_sync (self, name, DEVBOX_INSTANCE_ACTION_SHUTDOWN, cancellable, error);
}

/**
 * devbox_client_delete_instance_async:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Deletes a devbox, with its files.
 *
 * Since: 1.0
 */
void
devbox_client_delete_instance_async (DevboxClient *self,
                                     const char *name,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  change_async (self, name, DEVBOX_INSTANCE_ACTION_DELETE, devbox_client_delete_instance_async, cancellable, callback,
                user_data);
}

/**
 * devbox_client_delete_instance_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.delete_instance_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox;
 * %DEVBOX_ERROR_CONFLICT if something else is being done to the devbox that does not go with it;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_delete_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_client_delete_instance_sync:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Deletes a devbox, with its files, and waits until that is done.
 *
 * See [method@Client.delete_instance_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_delete_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  return change_sync (self, name, DEVBOX_INSTANCE_ACTION_DELETE, cancellable, error);
}
