/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

/**
 * devbox_client_list_releases_async:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the list is there
 * @user_data: what to give to @callback
 *
 * Lists the releases of a devbox: states of it that were kept.
 *
 * Since: 1.0
 */
void
devbox_client_list_releases_async (DevboxClient *self,
                                   const char *name,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  request = devbox_list_releases_request_new (name, &error);
  devbox_platform_operation_async (self, self, devbox_client_list_releases_async, NULL, request, error, cancellable,
                                   callback, user_data);
}

/**
 * devbox_client_list_releases_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.list_releases_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox.
 *
 * Returns: (transfer full): a list of [class@Release], or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_client_list_releases_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_client_list_releases_sync:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Lists the releases of a devbox: states of it that were kept, and waits for the list.
 *
 * See [method@Client.list_releases_finish] for the errors.
 *
 * Returns: (transfer full): a list of [class@Release], or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_client_list_releases_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  request = devbox_list_releases_request_new (name, &cause);

  return devbox_client_platform_call_sync (self, request, cause, cancellable, error);
}

/**
 * devbox_client_create_release_async:
 * @self: a client
 * @name: the name of a devbox
 * @tag: a tag for the release, such as `v1`
 * @description: (nullable): what is special about it, or %NULL
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the platform has begun with it
 * @user_data: what to give to @callback
 *
 * Keeps the state that a devbox is in as a release.
 *
 * The release may take a while to be complete: [method@Client.list_releases_async] tells when it is.
 *
 * Since: 1.0
 */
void
devbox_client_create_release_async (DevboxClient *self,
                                    const char *name,
                                    const char *tag,
                                    const char *description,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (tag != NULL);

  request = devbox_create_release_request_new (name, tag, description, &error);
  devbox_platform_operation_async (self, self, devbox_client_create_release_async, NULL, request, error, cancellable,
                                   callback, user_data);
}

/**
 * devbox_client_create_release_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.create_release_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox,
 * or @tag cannot be a tag; %DEVBOX_ERROR_CONFLICT if there is a release of that tag already, or the devbox is in a
 * state that cannot be kept; %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: (transfer full): the release, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxRelease *
devbox_client_create_release_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_client_create_release_sync:
 * @self: a client
 * @name: the name of a devbox
 * @tag: a tag for the release, such as `v1`
 * @description: (nullable): what is special about it, or %NULL
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Keeps the state that a devbox is in as a release, and waits until that is done.
 *
 * See [method@Client.create_release_async], and [method@Client.create_release_finish] for the errors.
 *
 * Returns: (transfer full): the release, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxRelease *
devbox_client_create_release_sync (DevboxClient *self,
                                   const char *name,
                                   const char *tag,
                                   const char *description,
                                   GCancellable *cancellable,
                                   GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (tag != NULL, NULL);

  request = devbox_create_release_request_new (name, tag, description, &cause);

  return devbox_client_platform_call_sync (self, request, cause, cancellable, error);
}

/**
 * devbox_client_delete_release_async:
 * @self: a client
 * @name: the name of a devbox
 * @tag: the tag of the release
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Deletes a release of a devbox.
 *
 * Since: 1.0
 */
void
devbox_client_delete_release_async (DevboxClient *self,
                                    const char *name,
                                    const char *tag,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (tag != NULL);

  request = devbox_delete_release_request_new (name, tag, &error);
  devbox_platform_operation_async (self, self, devbox_client_delete_release_async, NULL, request, error, cancellable,
                                   callback, user_data);
}

/**
 * devbox_client_delete_release_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.delete_release_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_FILE_NOT_FOUND if there is no such release;
 * %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox, or @tag cannot be a tag;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_delete_release_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_client_delete_release_sync:
 * @self: a client
 * @name: the name of a devbox
 * @tag: the tag of the release
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Deletes a release of a devbox, and waits until that is done.
 *
 * See [method@Client.delete_release_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_delete_release_sync (DevboxClient *self,
                                   const char *name,
                                   const char *tag,
                                   GCancellable *cancellable,
                                   GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (tag != NULL, FALSE);

  request = devbox_delete_release_request_new (name, tag, &cause);

  return devbox_client_platform_call_sync (self, request, cause, cancellable, error) != NULL;
}

/**
 * devbox_client_deploy_release_async:
 * @self: a client
 * @name: the name of a devbox
 * @tag: the tag of the release
 * @new_name: (nullable): a name for the new devbox, or %NULL to leave it to the platform
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the devbox is made
 * @user_data: what to give to @callback
 *
 * Makes a new devbox from a release of a devbox.
 *
 * Since: 1.0
 */
void
devbox_client_deploy_release_async (DevboxClient *self,
                                    const char *name,
                                    const char *tag,
                                    const char *new_name,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (tag != NULL);

  request = devbox_deploy_release_request_new (name, tag, new_name, &error);
  devbox_platform_operation_async (self, self, devbox_client_deploy_release_async, NULL, request, error, cancellable,
                                   callback, user_data);
}

/**
 * devbox_client_deploy_release_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.deploy_release_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_FILE_NOT_FOUND if there is no such release;
 * %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox, or @tag cannot be a tag or @new_name the
 * name of a devbox; %DEVBOX_ERROR_CONFLICT if there is a devbox of that name, or the release is not complete;
 * %DEVBOX_ERROR_PAYMENT_REQUIRED; %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: (transfer full): the new devbox, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstance *
devbox_client_deploy_release_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_take_instance (self, devbox_client_call_finish (result, error),
                                      g_task_get_context (G_TASK (result)));
}

/**
 * devbox_client_deploy_release_sync:
 * @self: a client
 * @name: the name of a devbox
 * @tag: the tag of the release
 * @new_name: (nullable): a name for the new devbox, or %NULL to leave it to the platform
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Makes a new devbox from a release of a devbox, and waits for it.
 *
 * See [method@Client.deploy_release_finish] for the errors.
 *
 * Returns: (transfer full): the new devbox, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstance *
devbox_client_deploy_release_sync (DevboxClient *self,
                                   const char *name,
                                   const char *tag,
                                   const char *new_name,
                                   GCancellable *cancellable,
                                   GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (tag != NULL, NULL);

  request = devbox_deploy_release_request_new (name, tag, new_name, &cause);

  return devbox_client_take_instance (self, devbox_client_platform_call_sync (self, request, cause, cancellable, error),
                                      NULL);
}
