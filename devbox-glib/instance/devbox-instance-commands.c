/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-client.h"
#include "devbox-command-result.h"
#include "devbox-command.h"
#include "devbox-run-request-private.h"

/**
 * devbox_instance_run_async:
 * @self: an instance
 * @command: what to run
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the command has ended
 * @user_data: what to give to @callback
 *
 * Runs a command to its end, and gathers what it writes.
 *
 * The deadline of the call is [property@Command:timeout] plus [property@Client:timeout].
 *
 * Since: 1.0
 */
void
devbox_instance_run_async (DevboxInstance *self,
                           DevboxCommand *command,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (DEVBOX_IS_COMMAND (command));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_run_async);

  if (devbox_instance_check_endpoint (self, &error))
    request = devbox_run_request_new (command, devbox_client_get_timeout (devbox_instance_get_client (self)), &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_run_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.run_async].
 *
 * A command that ends with an exit code other than 0 is no error. Errors: %DEVBOX_ERROR_OPERATION_TIMEOUT if the
 * command ran into its time limit, with what it wrote until then in [method@ErrorInfo.get_command_result];
 * %DEVBOX_ERROR_VALIDATION_ERROR if the command is empty or not UTF-8, or cannot be started;
 * %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if its folder leaves the workspace.
 *
 * Returns: (transfer full): what became of the command, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxCommandResult *
devbox_instance_run_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_run_sync:
 * @self: an instance
 * @command: what to run
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Runs a command, gathers what it writes, and waits for its end.
 *
 * See [method@Instance.run_finish] for the errors.
 *
 * Returns: (transfer full): what became of the command, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxCommandResult *
devbox_instance_run_sync (DevboxInstance *self, DevboxCommand *command, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (DEVBOX_IS_COMMAND (command), NULL);

  if (devbox_instance_check_endpoint (self, &cause))
    request = devbox_run_request_new (command, devbox_client_get_timeout (devbox_instance_get_client (self)), &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}
