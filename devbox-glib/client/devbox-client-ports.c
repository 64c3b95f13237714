/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

/**
 * devbox_client_set_ports_async:
 * @self: a client
 * @name: the name of a devbox
 * @ports: a list of [class@Port]: all that the devbox shall have; those that are missing in it are closed
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Sets which ports of a devbox can be reached from outside.
 *
 * Since: 1.0
 */
void
devbox_client_set_ports_async (DevboxClient *self,
                               const char *name,
                               GListModel *ports,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (G_IS_LIST_MODEL (ports));

  request = devbox_set_ports_request_new (name, ports, &error);
  devbox_platform_operation_async (self, self, devbox_client_set_ports_async, NULL, request, error, cancellable,
                                   callback, user_data);
}

/**
 * devbox_client_set_ports_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.set_ports_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox,
 * or @ports has something else than ports, or one twice; %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform
 * tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_set_ports_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_platform_operation_drop_object (devbox_client_call_finish (result, error));
}

/**
 * devbox_client_set_ports_sync:
 * @self: a client
 * @name: the name of a devbox
 * @ports: a list of [class@Port]: all that the devbox shall have; those that are missing in it are closed
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Sets which ports of a devbox can be reached from outside, and waits until that is done.
 *
 * See [method@Client.set_ports_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_set_ports_sync (DevboxClient *self,
                              const char *name,
                              GListModel *ports,
                              GCancellable *cancellable,
                              GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (G_IS_LIST_MODEL (ports), FALSE);

  request = devbox_set_ports_request_new (name, ports, &cause);

  return devbox_platform_operation_drop_object (
      devbox_client_platform_call_sync (self, request, cause, cancellable, error));
}

/**
 * devbox_client_set_autostart_async:
 * @self: a client
 * @name: the name of a devbox
 * @command: (nullable): a command line for the shell of the devbox, the empty string for none, or %NULL for that of its
 *   template
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Sets what a devbox runs at each start.
 *
 * Since: 1.0
 */
void
devbox_client_set_autostart_async (DevboxClient *self,
                                   const char *name,
                                   const char *command,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  request = devbox_set_autostart_request_new (name, command, &error);
  devbox_platform_operation_async (self, self, devbox_client_set_autostart_async, NULL, request, error, cancellable,
                                   callback, user_data);
}

/**
 * devbox_client_set_autostart_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.set_autostart_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox,
 * or @command is not text; %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_set_autostart_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_client_set_autostart_sync:
 * @self: a client
 * @name: the name of a devbox
 * @command: (nullable): a command line for the shell of the devbox, the empty string for none, or %NULL for that of its
 *   template
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Sets what a devbox runs at each start, and waits until that is done.
 *
 * See [method@Client.set_autostart_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_set_autostart_sync (DevboxClient *self,
                                  const char *name,
                                  const char *command,
                                  GCancellable *cancellable,
                                  GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  request = devbox_set_autostart_request_new (name, command, &cause);

  return devbox_client_platform_call_sync (self, request, cause, cancellable, error) != NULL;
}
