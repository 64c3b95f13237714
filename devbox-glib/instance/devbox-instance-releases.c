/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-client.h"
#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

/**
 * devbox_instance_list_releases_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the list is there
 * @user_data: what to give to @callback
 *
 * Lists the releases of the devbox: states of it that were kept.
 *
 * Since: 1.0
 */
void
devbox_instance_list_releases_async (DevboxInstance *self,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  if (devbox_instance_check_platform (self, &error))
    request = devbox_list_releases_request_new (devbox_instance_get_name (self), &error);
  devbox_platform_operation_async (devbox_instance_get_client (self), self, devbox_instance_list_releases_async, NULL,
                                   request, error, cancellable, callback, user_data);
}

/**
 * devbox_instance_list_releases_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.list_releases_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform.
 *
 * Returns: (transfer full): a list of [class@Release], or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_releases_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_list_releases_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Lists the releases of the devbox: states of it that were kept, and waits for the list.
 *
 * See [method@Instance.list_releases_finish] for the errors.
 *
 * Returns: (transfer full): a list of [class@Release], or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_releases_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  if (devbox_instance_check_platform (self, &cause))
    request = devbox_list_releases_request_new (devbox_instance_get_name (self), &cause);

  return devbox_platform_operation_sync (devbox_instance_get_client (self), self, NULL, request, cause, cancellable,
                                         error);
}

/**
 * devbox_instance_create_release_async:
 * @self: an instance
 * @tag: a tag for the release, such as `v1`
 * @description: (nullable): what is special about it, or %NULL
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the platform has begun with it
 * @user_data: what to give to @callback
 *
 * Keeps the state that the devbox is in as a release.
 *
 * The release may take a while to be complete: [method@Instance.list_releases_async] tells when it is.
 *
 * Since: 1.0
 */
void
devbox_instance_create_release_async (DevboxInstance *self,
                                      const char *tag,
                                      const char *description,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (tag != NULL);

  if (devbox_instance_check_platform (self, &error))
    request = devbox_create_release_request_new (devbox_instance_get_name (self), tag, description, &error);
  devbox_platform_operation_async (devbox_instance_get_client (self), self, devbox_instance_create_release_async, NULL,
                                   request, error, cancellable, callback, user_data);
}

/**
 * devbox_instance_create_release_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.create_release_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform, or @tag cannot be a tag; %DEVBOX_ERROR_CONFLICT if there is a release of that tag already, or
 * the devbox is in a state that cannot be kept; %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and
 * could not.
 *
 * Returns: (transfer full): the release, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxRelease *
devbox_instance_create_release_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_create_release_sync:
 * @self: an instance
 * @tag: a tag for the release, such as `v1`
 * @description: (nullable): what is special about it, or %NULL
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Keeps the state that the devbox is in as a release, and waits until that is done.
 *
 * See [method@Instance.create_release_async], and [method@Instance.create_release_finish] for the errors.
 *
 * Returns: (transfer full): the release, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxRelease *
devbox_instance_create_release_sync (DevboxInstance *self,
                                     const char *tag,
                                     const char *description,
                                     GCancellable *cancellable,
                                     GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (tag != NULL, NULL);

  if (devbox_instance_check_platform (self, &cause))
    request = devbox_create_release_request_new (devbox_instance_get_name (self), tag, description, &cause);

  return devbox_platform_operation_sync (devbox_instance_get_client (self), self, NULL, request, cause, cancellable,
                                         error);
}

/**
 * devbox_instance_delete_release_async:
 * @self: an instance
 * @tag: the tag of the release
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Deletes a release of the devbox.
 *
 * Since: 1.0
 */
void
devbox_instance_delete_release_async (DevboxInstance *self,
                                      const char *tag,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (tag != NULL);

  if (devbox_instance_check_platform (self, &error))
    request = devbox_delete_release_request_new (devbox_instance_get_name (self), tag, &error);
  devbox_platform_operation_async (devbox_instance_get_client (self), self, devbox_instance_delete_release_async, NULL,
                                   request, error, cancellable, callback, user_data);
}

/**
 * devbox_instance_delete_release_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.delete_release_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_FILE_NOT_FOUND if there is no such release;
 * %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and has no platform, or @tag cannot be a
 * tag; %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_delete_release_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_instance_delete_release_sync:
 * @self: an instance
 * @tag: the tag of the release
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Deletes a release of the devbox, and waits until that is done.
 *
 * See [method@Instance.delete_release_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_delete_release_sync (DevboxInstance *self, const char *tag, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (tag != NULL, FALSE);

  if (devbox_instance_check_platform (self, &cause))
    request = devbox_delete_release_request_new (devbox_instance_get_name (self), tag, &cause);

  return devbox_platform_operation_sync (devbox_instance_get_client (self), self, NULL, request, cause, cancellable,
                                         error)
         != NULL;
}

/**
 * devbox_instance_deploy_release_async:
 * @self: an instance
 * @tag: the tag of the release
 * @new_name: (nullable): a name for the new devbox, or %NULL to leave it to the platform
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the devbox is made
 * @user_data: what to give to @callback
 *
 * Makes a new devbox from a release of the devbox.
 *
 * Since: 1.0
 */
void
devbox_instance_deploy_release_async (DevboxInstance *self,
                                      const char *tag,
                                      const char *new_name,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (tag != NULL);

  if (devbox_instance_check_platform (self, &error))
    request = devbox_deploy_release_request_new (devbox_instance_get_name (self), tag, new_name, &error);
  devbox_platform_operation_async (devbox_instance_get_client (self), self, devbox_instance_deploy_release_async, NULL,
                                   request, error, cancellable, callback, user_data);
}

/**
 * devbox_instance_deploy_release_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.deploy_release_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_FILE_NOT_FOUND if there is no such release;
 * %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and has no platform, or @tag cannot be a
 * tag or @new_name the name of a devbox; %DEVBOX_ERROR_CONFLICT if there is a devbox of that name, or the release
 * is not complete; %DEVBOX_ERROR_PAYMENT_REQUIRED; %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and
 * could not.
 *
 * Returns: (transfer full): the new devbox, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstance *
devbox_instance_deploy_release_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_take_instance (devbox_instance_get_client (self), devbox_client_call_finish (result, error),
                                      g_task_get_context (G_TASK (result)));
}

/**
 * devbox_instance_deploy_release_sync:
 * @self: an instance
 * @tag: the tag of the release
 * @new_name: (nullable): a name for the new devbox, or %NULL to leave it to the platform
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Makes a new devbox from a release of the devbox, and waits for it.
 *
 * See [method@Instance.deploy_release_finish] for the errors.
 *
 * Returns: (transfer full): the new devbox, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstance *
devbox_instance_deploy_release_sync (DevboxInstance *self,
                                     const char *tag,
                                     const char *new_name,
                                     GCancellable *cancellable,
                                     GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (tag != NULL, NULL);

  if (devbox_instance_check_platform (self, &cause))
    request = devbox_deploy_release_request_new (devbox_instance_get_name (self), tag, new_name, &cause);

  return devbox_client_take_instance (devbox_instance_get_client (self),
                                      devbox_platform_operation_sync (devbox_instance_get_client (self), self, NULL,
                                                                      request, cause, cancellable, error),
                                      NULL);
}
