/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-command.h"
#include "devbox-process-requests-private.h"

/* NULL and an error if the address of the agent is not valid. */
static DevboxAgentHandle *
ref_handle (DevboxInstance *self, GError **error)
{
  if (!devbox_instance_check_endpoint (self, error))
    return NULL;

  return devbox_agent_handle_new (devbox_instance_get_client (self), devbox_instance_get_agent (self));
}

/**
 * devbox_instance_spawn_async:
 * @self: an instance
 * @command: what to run
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Starts a command, and does not wait for its end.
 *
 * The time limit [property@Command:timeout] holds for it as for any other command: set it to what the process may need.
 * Standard input is empty; what the command writes goes into a log, see [method@Process.open_log_async].
 *
 * Since: 1.0
 */
void
devbox_instance_spawn_async (DevboxInstance *self,
                             DevboxCommand *command,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (DEVBOX_IS_COMMAND (command));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_spawn_async);

  handle = ref_handle (self, &error);
  if (handle != NULL)
    request = devbox_spawn_request_new (handle, command, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_spawn_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.spawn_async].
 *
 * Errors: %DEVBOX_ERROR_VALIDATION_ERROR if the command is empty or not UTF-8, or cannot be started;
 * %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if its folder leaves the workspace; %DEVBOX_ERROR_VALIDATION_ERROR, with the
 * code name `NOT_SUPPORTED`, if the agent does not know how to do that.
 *
 * Returns: (transfer full): the process, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxProcess *
devbox_instance_spawn_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_spawn_sync:
 * @self: an instance
 * @command: what to run
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Starts a command, and does not wait for its end, and waits until it is known whether it runs.
 *
 * The time limit [property@Command:timeout] holds for it as for any other command: set it to what the process may need.
 * Standard input is empty; what the command writes goes into a log, see [method@Process.open_log_async].
 *
 * See [method@Instance.spawn_finish] for the errors.
 *
 * Returns: (transfer full): the process, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxProcess *
devbox_instance_spawn_sync (DevboxInstance *self, DevboxCommand *command, GCancellable *cancellable, GError **error)
{
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (DEVBOX_IS_COMMAND (command), NULL);

  handle = ref_handle (self, &cause);
  if (handle != NULL)
    request = devbox_spawn_request_new (handle, command, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

/**
 * devbox_instance_list_processes_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Lists the processes that run in the background, and those that did not long ago.
 *
 * Since: 1.0
 */
void
devbox_instance_list_processes_async (DevboxInstance *self,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_list_processes_async);

  handle = ref_handle (self, &error);
  if (handle != NULL)
    request = devbox_list_processes_request_new (handle);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_list_processes_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.list_processes_async].
 *
 * Errors: %DEVBOX_ERROR_VALIDATION_ERROR, with the code name `NOT_SUPPORTED`, if the agent does not know how to do
 * that.
 *
 * Returns: (transfer full): a [class@Gio.ListStore] of [class@Process]: the processes, or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_processes_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_list_processes_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Lists the processes that run in the background, and those that did not long ago, and waits for the answer.
 *
 * See [method@Instance.list_processes_finish] for the errors.
 *
 * Returns: (transfer full): a [class@Gio.ListStore] of [class@Process]: the processes, or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_processes_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  handle = ref_handle (self, &cause);
  if (handle != NULL)
    request = devbox_list_processes_request_new (handle);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

/**
 * devbox_instance_get_process_status_async:
 * @self: an instance
 * @pid: the process id that it has, or had, in the devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Gets a process by its process id: the newest one that the agent has started under that number.
 *
 * Since: 1.0
 */
void
devbox_instance_get_process_status_async (DevboxInstance *self,
                                          int pid,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_get_process_status_async);

  handle = ref_handle (self, &error);
  if (handle != NULL)
    request = devbox_process_status_request_new (handle, pid, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_get_process_status_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.get_process_status_async].
 *
 * Errors: %DEVBOX_ERROR_PROCESS_NOT_FOUND if the agent has started none of that number, or none not long ago;
 * %DEVBOX_ERROR_VALIDATION_ERROR if @pid is no number of a process.
 *
 * Returns: (transfer full): the process, with all that the agent tells of it, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxProcess *
devbox_instance_get_process_status_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_get_process_status_sync:
 * @self: an instance
 * @pid: the process id that it has, or had, in the devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Gets a process by its process id: the newest one that the agent has started under that number, and waits for the
 * answer.
 *
 * See [method@Instance.get_process_status_finish] for the errors.
 *
 * Returns: (transfer full): the process, with all that the agent tells of it, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxProcess *
devbox_instance_get_process_status_sync (DevboxInstance *self, int pid, GCancellable *cancellable, GError **error)
{
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  handle = ref_handle (self, &cause);
  if (handle != NULL)
    request = devbox_process_status_request_new (handle, pid, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}
