/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-instance-list-private.h"
#include "devbox-instance-spec.h"
#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

/**
 * devbox_client_create_instance_async:
 * @self: a client
 * @spec: what the devbox shall be
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the devbox is made
 * @user_data: what to give to @callback
 *
 * Makes a devbox.
 *
 * The devbox need not run yet when this ends: [method@Instance.wait_ready_async] waits for that.
 *
 * It is safe to try again after a failure: a devbox that was made although its platform did not answer in time is
 * found again, and never made twice.
 *
 * Since: 1.0
 */
void
devbox_client_create_instance_async (DevboxClient *self,
                                     DevboxInstanceSpec *spec,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (spec));

  request = devbox_create_instance_request_new (spec, &error);
  devbox_platform_operation_async (self, self, devbox_client_create_instance_async, NULL, request, error, cancellable,
                                   callback, user_data);
}

/**
 * devbox_client_create_instance_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.create_instance_async].
 *
 * Errors: %DEVBOX_ERROR_VALIDATION_ERROR if @spec is not complete, or the platform does not take what it says;
 * %DEVBOX_ERROR_CONFLICT if there is another devbox of that name; %DEVBOX_ERROR_PAYMENT_REQUIRED;
 * %DEVBOX_ERROR_DEVBOX_CREATION_FAILED if the platform tried and could not.
 *
 * Returns: (transfer full): the new devbox, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstance *
devbox_client_create_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_take_instance (self, devbox_client_call_finish (result, error),
                                      g_task_get_context (G_TASK (result)));
}

/**
 * devbox_client_create_instance_sync:
 * @self: a client
 * @spec: what the devbox shall be
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Makes a devbox, and waits for it.
 *
 * See [method@Client.create_instance_async], and [method@Client.create_instance_finish] for the errors.
 *
 * Returns: (transfer full): the new devbox, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstance *
devbox_client_create_instance_sync (DevboxClient *self,
                                    DevboxInstanceSpec *spec,
                                    GCancellable *cancellable,
                                    GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (spec), NULL);

  request = devbox_create_instance_request_new (spec, &cause);

  return devbox_client_take_instance (self, devbox_client_platform_call_sync (self, request, cause, cancellable, error),
                                      NULL);
}

/**
 * devbox_client_get_instance_async:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the devbox is known
 * @user_data: what to give to @callback
 *
 * Gets a devbox that exists.
 *
 * Since: 1.0
 */
void
devbox_client_get_instance_async (DevboxClient *self,
                                  const char *name,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  request = devbox_get_instance_request_new (name, &error);
  devbox_platform_operation_async (self, self, devbox_client_get_instance_async, NULL, request, error, cancellable,
                                   callback, user_data);
}

/**
 * devbox_client_get_instance_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.get_instance_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox.
 *
 * Returns: (transfer full): the devbox, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstance *
devbox_client_get_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_take_instance (self, devbox_client_call_finish (result, error),
                                      g_task_get_context (G_TASK (result)));
}

/**
 * devbox_client_get_instance_sync:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Gets a devbox that exists, and waits for it.
 *
 * See [method@Client.get_instance_finish] for the errors.
 *
 * Returns: (transfer full): the devbox, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstance *
devbox_client_get_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  request = devbox_get_instance_request_new (name, &cause);

  return devbox_client_take_instance (self, devbox_client_platform_call_sync (self, request, cause, cancellable, error),
                                      NULL);
}

/**
 * devbox_client_update_instance_async:
 * @self: a client
 * @name: the name of a devbox
 * @changes: what shall become different: what is set in it
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Changes a devbox.
 *
 * What can be changed are the resources and the ports; ports that stand in @changes are all that the devbox has
 * afterwards.
 *
 * Since: 1.0
 */
void
devbox_client_update_instance_async (DevboxClient *self,
                                     const char *name,
                                     DevboxInstanceSpec *changes,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (DEVBOX_IS_INSTANCE_SPEC (changes));

  request = devbox_update_instance_request_new (name, changes, &error);
  devbox_platform_operation_async (self, self, devbox_client_update_instance_async, NULL, request, error, cancellable,
                                   callback, user_data);
}

/**
 * devbox_client_update_instance_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.update_instance_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox,
 * or @changes has what cannot be changed, or what the platform does not take; %DEVBOX_ERROR_CONFLICT if something else
 * is being done to the devbox that does not go with it; %DEVBOX_ERROR_PAYMENT_REQUIRED.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_update_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_client_update_instance_sync:
 * @self: a client
 * @name: the name of a devbox
 * @changes: what shall become different: what is set in it
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Changes a devbox, and waits until that is done.
 *
 * See [method@Client.update_instance_async], and [method@Client.update_instance_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_update_instance_sync (DevboxClient *self,
                                    const char *name,
                                    DevboxInstanceSpec *changes,
                                    GCancellable *cancellable,
                                    GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_SPEC (changes), FALSE);

  request = devbox_update_instance_request_new (name, changes, &cause);

  return devbox_platform_operation_drop_object (
      devbox_client_platform_call_sync (self, request, cause, cancellable, error));
}

/**
 * devbox_client_list_instances_async:
 * @self: a client
 * @status: the state that the devboxes shall be in, or %DEVBOX_INSTANCE_STATUS_UNKNOWN if any will do
 * @runtime: (nullable): what they shall be made from, or %NULL if anything will do
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the list is there
 * @user_data: what to give to @callback
 *
 * Lists the devboxes.
 *
 * The list belongs to the main context that is the thread-default one now: there it changes, when
 * [method@InstanceList.refresh_async] brings it up to date.
 *
 * Since: 1.0
 */
void
devbox_client_list_instances_async (DevboxClient *self,
                                    DevboxInstanceStatus status,
                                    const char *runtime,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxInstanceList *list;
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_client_list_instances_async);
  list = devbox_instance_list_new (self, status, runtime);
  g_task_set_task_data (task, list, g_object_unref);

  request = devbox_instance_list_request_new (list, &error);
  devbox_client_platform_call_async (self, task, request, error);
}

/**
 * devbox_client_list_instances_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.list_instances_async].
 *
 * Errors: %DEVBOX_ERROR_VALIDATION_ERROR if the platform does not take the filter; else none of its own, see
 * [class@Client] for those that can meet any call.
 *
 * Returns: (transfer full): the list, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstanceList *
devbox_client_list_instances_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_instance_list_fill (g_task_get_task_data (G_TASK (result)), devbox_client_call_finish (result, error));
}

/**
 * devbox_client_list_instances_sync:
 * @self: a client
 * @status: the state that the devboxes shall be in, or %DEVBOX_INSTANCE_STATUS_UNKNOWN if any will do
 * @runtime: (nullable): what they shall be made from, or %NULL if anything will do
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Lists the devboxes, and waits for the list.
 *
 * See [method@Client.list_instances_async], and [method@Client.list_instances_finish] for the errors.
 *
 * Returns: (transfer full): the list, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxInstanceList *
devbox_client_list_instances_sync (DevboxClient *self,
                                   DevboxInstanceStatus status,
                                   const char *runtime,
                                   GCancellable *cancellable,
                                   GError **error)
{
  g_autoptr (DevboxInstanceList) list = NULL;
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);

  list = devbox_instance_list_new (self, status, runtime);
  request = devbox_instance_list_request_new (list, &cause);

  return devbox_instance_list_fill (list, devbox_client_platform_call_sync (self, request, cause, cancellable, error));
}
