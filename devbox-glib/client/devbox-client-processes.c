/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-command-result.h"
#include "devbox-command.h"
#include "devbox-platform-requests-private.h"
#include "devbox-process-requests-private.h"
#include "devbox-run-request-private.h"

/**
 * devbox_client_run_async:
 * @self: a client
 * @name: the name of the devbox
 * @command: what to run
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Runs a command in a devbox to its end, and gathers what it writes.
 *
 * The deadline of the call is [property@Command:timeout] plus [property@Client:timeout].
 *
 * Since: 1.0
 */
void
devbox_client_run_async (DevboxClient *self,
                         const char *name,
                         DevboxCommand *command,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (DevboxAgent) agent = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (DEVBOX_IS_COMMAND (command));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_client_run_async);

  agent = devbox_client_find_agent (self, name, &error);
  if (agent != NULL)
    request = devbox_run_request_new (command, devbox_client_get_timeout (self), &error);
  devbox_client_agent_call_async (self, agent, task, request, error);
}

/**
 * devbox_client_run_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.run_async].
 *
 * See [method@Instance.run_finish] for the errors. Further ones: %DEVBOX_ERROR_DEVBOX_NOT_FOUND if there is no such
 * devbox; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of one.
 *
 * Returns: (transfer full): what became of the command, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxCommandResult *
devbox_client_run_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_client_run_sync:
 * @self: a client
 * @name: the name of the devbox
 * @command: what to run
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Runs a command in a devbox to its end, and gathers what it writes, and waits for its end.
 *
 * The deadline of the call is [property@Command:timeout] plus [property@Client:timeout].
 *
 * See [method@Client.run_finish] for the errors.
 *
 * Returns: (transfer full): what became of the command, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxCommandResult *
devbox_client_run_sync (DevboxClient *self,
                        const char *name,
                        DevboxCommand *command,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (DevboxAgent) agent = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (DEVBOX_IS_COMMAND (command), NULL);

  agent = devbox_client_find_agent (self, name, &cause);
  if (agent != NULL)
    request = devbox_run_request_new (command, devbox_client_get_timeout (self), &cause);

  return devbox_client_agent_call_sync (self, agent, request, cause, cancellable, error);
}

/**
 * devbox_client_get_process_status_async:
 * @self: a client
 * @name: the name of the devbox
 * @pid: the process id that it has, or had, in the devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Gets a process in a devbox by its process id.
 *
 * Since: 1.0
 */
void
devbox_client_get_process_status_async (DevboxClient *self,
                                        const char *name,
                                        int pid,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (DevboxAgent) agent = NULL;
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_client_get_process_status_async);

  agent = devbox_client_find_agent (self, name, &error);
  if (agent != NULL)
    {
      handle = devbox_agent_handle_new (self, agent);
      request = devbox_process_status_request_new (handle, pid, &error);
    }
  devbox_client_agent_call_async (self, agent, task, request, error);
}

/**
 * devbox_client_get_process_status_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.get_process_status_async].
 *
 * See [method@Instance.get_process_status_finish] for the errors. Further ones: %DEVBOX_ERROR_DEVBOX_NOT_FOUND if there
 * is no such devbox; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of one.
 *
 * Returns: (transfer full): the process, with all that the agent tells of it, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxProcess *
devbox_client_get_process_status_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_client_get_process_status_sync:
 * @self: a client
 * @name: the name of the devbox
 * @pid: the process id that it has, or had, in the devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Gets a process in a devbox by its process id, and waits for the answer.
 *
 * See [method@Client.get_process_status_finish] for the errors.
 *
 * Returns: (transfer full): the process, with all that the agent tells of it, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxProcess *
devbox_client_get_process_status_sync (DevboxClient *self,
                                       const char *name,
                                       int pid,
                                       GCancellable *cancellable,
                                       GError **error)
{
  g_autoptr (DevboxAgent) agent = NULL;
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  agent = devbox_client_find_agent (self, name, &cause);
  if (agent != NULL)
    {
      handle = devbox_agent_handle_new (self, agent);
      request = devbox_process_status_request_new (handle, pid, &cause);
    }

  return devbox_client_agent_call_sync (self, agent, request, cause, cancellable, error);
}
