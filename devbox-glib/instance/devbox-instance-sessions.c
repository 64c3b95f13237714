/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-list-ports-request-private.h"
#include "devbox-session-requests-private.h"

/* NULL and an error if the address of the agent is not valid. */
static DevboxAgentHandle *
ref_handle (DevboxInstance *self, GError **error)
{
  if (!devbox_instance_check_endpoint (self, error))
    return NULL;

  return devbox_agent_handle_new (devbox_instance_get_client (self), devbox_instance_get_agent (self));
}

/**
 * devbox_instance_create_session_async:
 * @self: an instance
 * @working_directory: (nullable): the folder in which it begins, or %NULL for the workspace
 * @environment: (nullable) (array zero-terminated=1): variables for it, as `NAME=value`, or %NULL
 * @shell: (nullable): the name or absolute path of the shell, or %NULL for what the agent takes
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Starts a shell that lives on from one command to the next.
 *
 * Since: 1.0
 */
void
devbox_instance_create_session_async (DevboxInstance *self,
                                      const char *working_directory,
                                      const char *const *environment,
                                      const char *shell,
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
  g_task_set_source_tag (task, devbox_instance_create_session_async);

  handle = ref_handle (self, &error);
  if (handle != NULL)
    request = devbox_create_session_request_new (handle, working_directory, environment, shell, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_create_session_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.create_session_async].
 *
 * Errors: %DEVBOX_ERROR_VALIDATION_ERROR if an argument is not valid, or there is no such shell;
 * %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if the folder leaves the workspace; %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if it
 * cannot be entered, or the program does not answer as a shell; %DEVBOX_ERROR_RATE_LIMITED if there are too many
 * sessions; %DEVBOX_ERROR_VALIDATION_ERROR, with the code name `NOT_SUPPORTED`, if the agent does not know how to do
 * that.
 *
 * Returns: (transfer full): the session, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxSession *
devbox_instance_create_session_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_create_session_sync:
 * @self: an instance
 * @working_directory: (nullable): the folder in which it begins, or %NULL for the workspace
 * @environment: (nullable) (array zero-terminated=1): variables for it, as `NAME=value`, or %NULL
 * @shell: (nullable): the name or absolute path of the shell, or %NULL for what the agent takes
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Starts a shell that lives on from one command to the next, and waits until it is ready.
 *
 * See [method@Instance.create_session_finish] for the errors.
 *
 * Returns: (transfer full): the session, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxSession *
devbox_instance_create_session_sync (DevboxInstance *self,
                                     const char *working_directory,
                                     const char *const *environment,
                                     const char *shell,
                                     GCancellable *cancellable,
                                     GError **error)
{
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  handle = ref_handle (self, &cause);
  if (handle != NULL)
    request = devbox_create_session_request_new (handle, working_directory, environment, shell, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

/**
 * devbox_instance_list_sessions_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Lists the sessions, the newest first, and those that have ended not long ago.
 *
 * Since: 1.0
 */
void
devbox_instance_list_sessions_async (DevboxInstance *self,
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
  g_task_set_source_tag (task, devbox_instance_list_sessions_async);

  handle = ref_handle (self, &error);
  if (handle != NULL)
    request = devbox_list_sessions_request_new (handle);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_list_sessions_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.list_sessions_async].
 *
 * Errors: %DEVBOX_ERROR_VALIDATION_ERROR, with the code name `NOT_SUPPORTED`, if the agent does not know how to do
 * that.
 *
 * Returns: (transfer full): a [class@Gio.ListStore] of [class@Session]: the sessions, or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_sessions_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_list_sessions_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Lists the sessions, the newest first, and those that have ended not long ago, and waits for the answer.
 *
 * See [method@Instance.list_sessions_finish] for the errors.
 *
 * Returns: (transfer full): a [class@Gio.ListStore] of [class@Session]: the sessions, or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_sessions_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  handle = ref_handle (self, &cause);
  if (handle != NULL)
    request = devbox_list_sessions_request_new (handle);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

/**
 * devbox_instance_get_session_async:
 * @self: an instance
 * @identifier: how the agent calls the session
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Gets a session by its name.
 *
 * Since: 1.0
 */
void
devbox_instance_get_session_async (DevboxInstance *self,
                                   const char *identifier,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (identifier != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_get_session_async);

  handle = ref_handle (self, &error);
  if (handle != NULL)
    request = devbox_get_session_request_new (handle, identifier, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_get_session_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.get_session_async].
 *
 * Errors: %DEVBOX_ERROR_SESSION_NOT_FOUND if the agent has none of that name; %DEVBOX_ERROR_VALIDATION_ERROR if
 * @identifier is empty or not UTF-8; %DEVBOX_ERROR_VALIDATION_ERROR, with the code name `NOT_SUPPORTED`, if the agent
 * does not know how to do that.
 *
 * Returns: (transfer full): the session, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxSession *
devbox_instance_get_session_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_get_session_sync:
 * @self: an instance
 * @identifier: how the agent calls the session
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Gets a session by its name, and waits for the answer.
 *
 * See [method@Instance.get_session_finish] for the errors.
 *
 * Returns: (transfer full): the session, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxSession *
devbox_instance_get_session_sync (DevboxInstance *self,
                                  const char *identifier,
                                  GCancellable *cancellable,
                                  GError **error)
{
  g_autoptr (DevboxAgentHandle) handle = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (identifier != NULL, NULL);

  handle = ref_handle (self, &cause);
  if (handle != NULL)
    request = devbox_get_session_request_new (handle, identifier, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

/**
 * devbox_instance_list_listening_ports_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Lists the TCP ports on which somebody in the devbox listens at all addresses.
 *
 * Since: 1.0
 */
void
devbox_instance_list_listening_ports_async (DevboxInstance *self,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_list_listening_ports_async);

  if (devbox_instance_check_endpoint (self, &error))
    request = devbox_list_ports_request_new ();
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_list_listening_ports_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.list_listening_ports_async].
 *
 * Port 22 and that of the agent are left out. Errors: %DEVBOX_ERROR_VALIDATION_ERROR, with the code name
 * `NOT_SUPPORTED`, if the agent does not know how to do that.
 *
 * Returns: (transfer full): a [class@Gio.ListStore] of [class@Port]: the ports, of which nothing but the number is
 * known, in ascending order; or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_listening_ports_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_list_listening_ports_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Lists the TCP ports on which somebody in the devbox listens at all addresses, and waits for the answer.
 *
 * See [method@Instance.list_listening_ports_finish] for the errors.
 *
 * Returns: (transfer full): a [class@Gio.ListStore] of [class@Port]: the ports, of which nothing but the number is
 * known, in ascending order; or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_listening_ports_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  if (devbox_instance_check_endpoint (self, &cause))
    request = devbox_list_ports_request_new ();

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}
