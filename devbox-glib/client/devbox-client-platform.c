/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

/**
 * devbox_client_test_auth_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the answer is there
 * @user_data: what to give to @callback
 *
 * Asks the platform whether it takes the credential of this client.
 *
 * Since: 1.0
 */
void
devbox_client_test_auth_async (DevboxClient *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));

  devbox_platform_operation_async (self, self, devbox_client_test_auth_async, NULL, devbox_test_auth_request_new (),
                                   NULL, cancellable, callback, user_data);
}

/**
 * devbox_client_test_auth_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.test_auth_async].
 *
 * Errors: %DEVBOX_ERROR_AUTHENTICATION_FAILED if it does not; %DEVBOX_ERROR_INVALID_KUBECONFIG if there is none to
 * send.
 *
 * Returns: %TRUE if the platform takes it, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_test_auth_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_client_test_auth_sync:
 * @self: a client
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Asks the platform whether it takes the credential of this client, and waits for the answer.
 *
 * See [method@Client.test_auth_finish] for the errors.
 *
 * Returns: %TRUE if the platform takes it, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_test_auth_sync (DevboxClient *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);

  return devbox_client_platform_call_sync (self, devbox_test_auth_request_new (), NULL, cancellable, error) != NULL;
}

/**
 * devbox_client_list_templates_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the list is there
 * @user_data: what to give to @callback
 *
 * Lists what devboxes can be made from.
 *
 * Since: 1.0
 */
void
devbox_client_list_templates_async (DevboxClient *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));

  devbox_platform_operation_async (self, self, devbox_client_list_templates_async, NULL,
                                   devbox_list_templates_request_new (), NULL, cancellable, callback, user_data);
}

/**
 * devbox_client_list_templates_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.list_templates_async].
 *
 * Errors: none of its own; see [class@Client] for those that can meet any call.
 *
 * Returns: (transfer full): a list of [class@Template], or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_client_list_templates_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_client_list_templates_sync:
 * @self: a client
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Lists what devboxes can be made from, and waits for the list.
 *
 * See [method@Client.list_templates_finish] for the errors.
 *
 * Returns: (transfer full): a list of [class@Template], or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_client_list_templates_sync (DevboxClient *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);

  return devbox_client_platform_call_sync (self, devbox_list_templates_request_new (), NULL, cancellable, error);
}
