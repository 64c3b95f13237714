/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-session-private.h"

#include "devbox-command-result.h"
#include "devbox-log-reader-private.h"
#include "devbox-log-requests-private.h"
#include "devbox-session-requests-private.h"

/**
 * devbox_session_refresh_async:
 * @self: a session
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Asks the agent how the session is, and updates the properties.
 *
 * Since: 1.0
 */
void
devbox_session_refresh_async (DevboxSession *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_SESSION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_session_refresh_async);

  handle = devbox_session_get_handle (self);
  request = devbox_session_refresh_request_new (self);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_session_refresh_finish:
 * @self: a session
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Session.refresh_async].
 *
 * Errors: %DEVBOX_ERROR_SESSION_NOT_FOUND if the agent does not know the session any more.
 *
 * Returns: %TRUE if the properties are as the agent says, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_session_refresh_finish (DevboxSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_SESSION (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_session_refresh_sync:
 * @self: a session
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Asks the agent how the session is, and updates the properties, and waits.
 *
 * See [method@Session.refresh_finish] for the errors.
 *
 * Returns: %TRUE if the properties are as the agent says, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_session_refresh_sync (DevboxSession *self, GCancellable *cancellable, GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), FALSE);

  handle = devbox_session_get_handle (self);
  request = devbox_session_refresh_request_new (self);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error) != NULL;
}

/**
 * devbox_session_run_async:
 * @self: a session
 * @line: what to run, in the language of the shell
 * @timeout_ms: how long the line may run, in milliseconds, or 0 for as long as it takes
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Runs a line in the session, and gathers what it writes.
 *
 * It finds the folder, the variables, the functions and the jobs that those before it have left. The lines of a session
 * run one after the other. A line that ends the session, as `exit` does, is told in [property@Session:status].
 *
 * The deadline of the call is @timeout_ms plus [property@Client:timeout].
 *
 * Since: 1.0
 */
void
devbox_session_run_async (DevboxSession *self,
                          const char *line,
                          guint timeout_ms,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_SESSION (self));
  g_return_if_fail (line != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_session_run_async);

  handle = devbox_session_get_handle (self);
  request = devbox_session_run_request_new (self, line, timeout_ms, &error);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_session_run_finish:
 * @self: a session
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Session.run_async].
 *
 * A line that ends with an exit code other than 0 is no error. Errors: %DEVBOX_ERROR_OPERATION_TIMEOUT if the line ran
 * into its time limit: it was ended then, and all that it had started, but not the session; what it wrote until then is
 * in [method@ErrorInfo.get_command_result]. %DEVBOX_ERROR_VALIDATION_ERROR if the line is empty, not UTF-8, or nothing
 * that the shell understands; %DEVBOX_ERROR_SESSION_NOT_FOUND if the agent does not know the session any more;
 * %DEVBOX_ERROR_CONFLICT if it has ended; %DEVBOX_ERROR_RATE_LIMITED if too many lines wait.
 *
 * Returns: (transfer full): what became of the line, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxCommandResult *
devbox_session_run_finish (DevboxSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_session_run_sync:
 * @self: a session
 * @line: what to run, in the language of the shell
 * @timeout_ms: how long the line may run, in milliseconds, or 0 for as long as it takes
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Runs a line in the session, and gathers what it writes, and waits for its end.
 *
 * It finds the folder, the variables, the functions and the jobs that those before it have left. The lines of a session
 * run one after the other. A line that ends the session, as `exit` does, is told in [property@Session:status].
 *
 * The deadline of the call is @timeout_ms plus [property@Client:timeout].
 *
 * See [method@Session.run_finish] for the errors.
 *
 * Returns: (transfer full): what became of the line, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxCommandResult *
devbox_session_run_sync (DevboxSession *self,
                         const char *line,
                         guint timeout_ms,
                         GCancellable *cancellable,
                         GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);
  g_return_val_if_fail (line != NULL, NULL);

  handle = devbox_session_get_handle (self);
  request = devbox_session_run_request_new (self, line, timeout_ms, &cause);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error);
}

/**
 * devbox_session_change_directory_async:
 * @self: a session
 * @path: the folder: an absolute path, or one that counts from where the session is
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Changes to another folder.
 *
 * Since: 1.0
 */
void
devbox_session_change_directory_async (DevboxSession *self,
                                       const char *path,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_SESSION (self));
  g_return_if_fail (path != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_session_change_directory_async);

  handle = devbox_session_get_handle (self);
  request = devbox_session_cd_request_new (self, path, &error);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_session_change_directory_finish:
 * @self: a session
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Session.change_directory_async].
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND if there is no such folder; %DEVBOX_ERROR_VALIDATION_ERROR if @path is empty or
 * not UTF-8; %DEVBOX_ERROR_SESSION_NOT_FOUND if the agent does not know the session any more; %DEVBOX_ERROR_CONFLICT if
 * it has ended.
 *
 * Returns: %TRUE if [property@Session:cwd] has changed, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_session_change_directory_finish (DevboxSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_SESSION (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_session_change_directory_sync:
 * @self: a session
 * @path: the folder: an absolute path, or one that counts from where the session is
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Changes to another folder, and waits until that is done.
 *
 * See [method@Session.change_directory_finish] for the errors.
 *
 * Returns: %TRUE if [property@Session:cwd] has changed, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_session_change_directory_sync (DevboxSession *self, const char *path, GCancellable *cancellable, GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  handle = devbox_session_get_handle (self);
  request = devbox_session_cd_request_new (self, path, &cause);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error) != NULL;
}

/**
 * devbox_session_set_environ_async:
 * @self: a session
 * @environment: (array zero-terminated=1): variables, as `NAME=value`
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Sets variables in the shell, for it and for all that it starts from then on.
 *
 * Other variables stay as they are.
 *
 * Since: 1.0
 */
void
devbox_session_set_environ_async (DevboxSession *self,
                                  const char *const *environment,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_SESSION (self));
  g_return_if_fail (environment != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_session_set_environ_async);

  handle = devbox_session_get_handle (self);
  request = devbox_session_environ_request_new (self, environment, &error);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_session_set_environ_finish:
 * @self: a session
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Session.set_environ_async].
 *
 * Errors: %DEVBOX_ERROR_VALIDATION_ERROR if one is not of the form `NAME=value`, or they take more than 128 KiB;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the shell cannot set one; %DEVBOX_ERROR_SESSION_NOT_FOUND if the agent does
 * not know the session any more; %DEVBOX_ERROR_CONFLICT if it has ended.
 *
 * Returns: %TRUE if they are set, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_session_set_environ_finish (DevboxSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_SESSION (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_session_set_environ_sync:
 * @self: a session
 * @environment: (array zero-terminated=1): variables, as `NAME=value`
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Sets variables in the shell, for it and for all that it starts from then on, and waits until that is done.
 *
 * Other variables stay as they are.
 *
 * See [method@Session.set_environ_finish] for the errors.
 *
 * Returns: %TRUE if they are set, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_session_set_environ_sync (DevboxSession *self,
                                 const char *const *environment,
                                 GCancellable *cancellable,
                                 GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), FALSE);
  g_return_val_if_fail (environment != NULL, FALSE);

  handle = devbox_session_get_handle (self);
  request = devbox_session_environ_request_new (self, environment, &cause);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error) != NULL;
}

/**
 * devbox_session_terminate_async:
 * @self: a session
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Ends the session and all that runs in it.
 *
 * Since: 1.0
 */
void
devbox_session_terminate_async (DevboxSession *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_SESSION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_session_terminate_async);

  handle = devbox_session_get_handle (self);
  request = devbox_session_terminate_request_new (self);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_session_terminate_finish:
 * @self: a session
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Session.terminate_async].
 *
 * It is no error if it has ended already. Errors: %DEVBOX_ERROR_SESSION_NOT_FOUND if the agent does not know the
 * session any more.
 *
 * Returns: %TRUE if it has ended, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_session_terminate_finish (DevboxSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_SESSION (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_session_terminate_sync:
 * @self: a session
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Ends the session and all that runs in it, and waits until that is done.
 *
 * See [method@Session.terminate_finish] for the errors.
 *
 * Returns: %TRUE if it has ended, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_session_terminate_sync (DevboxSession *self, GCancellable *cancellable, GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), FALSE);

  handle = devbox_session_get_handle (self);
  request = devbox_session_terminate_request_new (self);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error) != NULL;
}

/**
 * devbox_session_load_log_async:
 * @self: a session
 * @n_lines: how many of the last lines, or 0 for all that the agent keeps
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Gets what was run in the session, and what that has written.
 *
 * Since: 1.0
 */
void
devbox_session_load_log_async (DevboxSession *self,
                               guint n_lines,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_SESSION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_session_load_log_async);

  handle = devbox_session_get_handle (self);
  request = devbox_load_log_request_new (DEVBOX_LOG_SUBJECT_SESSION, devbox_session_get_identifier (self), n_lines);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_session_load_log_finish:
 * @self: a session
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Session.load_log_async].
 *
 * Errors: %DEVBOX_ERROR_SESSION_NOT_FOUND if the agent does not know the session any more.
 *
 * Returns: (transfer full): a [class@Gio.ListStore] of [class@LogEntry]: the entries
 *
 * Since: 1.0
 */
GListModel *
devbox_session_load_log_finish (DevboxSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_session_load_log_sync:
 * @self: a session
 * @n_lines: how many of the last lines, or 0 for all that the agent keeps
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Gets what was run in the session, and what that has written, and waits for it.
 *
 * See [method@Session.load_log_finish] for the errors.
 *
 * Returns: (transfer full): a [class@Gio.ListStore] of [class@LogEntry]: the entries
 *
 * Since: 1.0
 */
GListModel *
devbox_session_load_log_sync (DevboxSession *self, guint n_lines, GCancellable *cancellable, GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);

  handle = devbox_session_get_handle (self);
  request = devbox_load_log_request_new (DEVBOX_LOG_SUBJECT_SESSION, devbox_session_get_identifier (self), n_lines);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error);
}

/**
 * devbox_session_open_log_async:
 * @self: a session
 * @n_lines: how many of the last lines of those that there are come first, or 0 for all that the agent keeps
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Follows what is run in the session, and what that writes.
 *
 * Since: 1.0
 */
void
devbox_session_open_log_async (DevboxSession *self,
                               guint n_lines,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_SESSION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_session_open_log_async);

  handle = devbox_session_get_handle (self);
  request
      = devbox_open_log_request_new (handle, DEVBOX_LOG_SUBJECT_SESSION, devbox_session_get_identifier (self), n_lines);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_session_open_log_finish:
 * @self: a session
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Session.open_log_async].
 *
 * Errors: %DEVBOX_ERROR_SESSION_NOT_FOUND if the agent does not know the session any more.
 *
 * Returns: (transfer full): a reader, which ends when the session has ended and all of its log was read
 *
 * Since: 1.0
 */
DevboxLogReader *
devbox_session_open_log_finish (DevboxSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_session_open_log_sync:
 * @self: a session
 * @n_lines: how many of the last lines of those that there are come first, or 0 for all that the agent keeps
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Follows what is run in the session, and what that writes, and waits until it is known that there is such a log.
 *
 * See [method@Session.open_log_finish] for the errors.
 *
 * Returns: (transfer full): a reader, which ends when the session has ended and all of its log was read
 *
 * Since: 1.0
 */
DevboxLogReader *
devbox_session_open_log_sync (DevboxSession *self, guint n_lines, GCancellable *cancellable, GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_SESSION (self), NULL);

  handle = devbox_session_get_handle (self);
  request
      = devbox_open_log_request_new (handle, DEVBOX_LOG_SUBJECT_SESSION, devbox_session_get_identifier (self), n_lines);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error);
}
