/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-process-private.h"

#include "devbox-log-reader-private.h"
#include "devbox-log-requests-private.h"
#include "devbox-process-requests-private.h"

#define SIGKILL_NUMBER 9 /* in the devbox, which is Linux, whatever this is */

/**
 * devbox_process_refresh_async:
 * @self: a process
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Asks the agent what has become of the process, and updates the properties.
 *
 * Since: 1.0
 */
void
devbox_process_refresh_async (DevboxProcess *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_PROCESS (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_process_refresh_async);

  handle = devbox_process_get_handle (self);
  request = devbox_process_refresh_request_new (self, DEVBOX_PROCESS_QUESTION_ALL, &error);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_process_refresh_finish:
 * @self: a process
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Process.refresh_async].
 *
 * Errors: %DEVBOX_ERROR_PROCESS_NOT_FOUND if the agent does not know the process any more.
 *
 * Returns: %TRUE if the properties are as the agent says, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_process_refresh_finish (DevboxProcess *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_process_refresh_sync:
 * @self: a process
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Asks the agent what has become of the process, and updates the properties, and waits.
 *
 * See [method@Process.refresh_finish] for the errors.
 *
 * Returns: %TRUE if the properties are as the agent says, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_process_refresh_sync (DevboxProcess *self, GCancellable *cancellable, GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);

  handle = devbox_process_get_handle (self);
  request = devbox_process_refresh_request_new (self, DEVBOX_PROCESS_QUESTION_ALL, &cause);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error) != NULL;
}

/**
 * devbox_process_send_signal_async:
 * @self: a process
 * @signal_num: the number of the signal, as Linux has it
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Sends a signal to the process and all that it has started.
 *
 * The properties stay as they are; see [method@Process.wait_async].
 *
 * Since: 1.0
 */
void
devbox_process_send_signal_async (DevboxProcess *self,
                                  int signal_num,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_PROCESS (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_process_send_signal_async);

  handle = devbox_process_get_handle (self);
  request = devbox_process_signal_request_new (self, signal_num, &error);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_process_send_signal_finish:
 * @self: a process
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Process.send_signal_async].
 *
 * Errors: %DEVBOX_ERROR_PROCESS_NOT_FOUND if the agent does not know the process any more; %DEVBOX_ERROR_CONFLICT if it
 * does not run any more; %DEVBOX_ERROR_VALIDATION_ERROR if there is no such signal, or the agent gave the process no
 * name.
 *
 * Returns: %TRUE if the signal was sent, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_process_send_signal_finish (DevboxProcess *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_process_send_signal_sync:
 * @self: a process
 * @signal_num: the number of the signal, as Linux has it
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Sends a signal to the process and all that it has started, and waits for the answer.
 *
 * The properties stay as they are; see [method@Process.wait_async].
 *
 * See [method@Process.send_signal_finish] for the errors.
 *
 * Returns: %TRUE if the signal was sent, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_process_send_signal_sync (DevboxProcess *self, int signal_num, GCancellable *cancellable, GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);

  handle = devbox_process_get_handle (self);
  request = devbox_process_signal_request_new (self, signal_num, &cause);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error) != NULL;
}

/**
 * devbox_process_force_exit_async:
 * @self: a process
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Ends the process and all that it has started, whatever they do against it.
 *
 * The properties stay as they are; see [method@Process.wait_async].
 *
 * Since: 1.0
 */
void
devbox_process_force_exit_async (DevboxProcess *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_PROCESS (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_process_force_exit_async);

  handle = devbox_process_get_handle (self);
  request = devbox_process_signal_request_new (self, SIGKILL_NUMBER, &error);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_process_force_exit_finish:
 * @self: a process
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Process.force_exit_async].
 *
 * Errors: %DEVBOX_ERROR_PROCESS_NOT_FOUND if the agent does not know the process any more; %DEVBOX_ERROR_CONFLICT if it
 * does not run any more; %DEVBOX_ERROR_VALIDATION_ERROR if the agent gave the process no name.
 *
 * Returns: %TRUE if the process was ended, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_process_force_exit_finish (DevboxProcess *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_process_force_exit_sync:
 * @self: a process
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Ends the process and all that it has started, whatever they do against it, and waits until nothing of it is left
 * where the agent can tell.
 *
 * The properties stay as they are; see [method@Process.wait_async].
 *
 * See [method@Process.force_exit_finish] for the errors.
 *
 * Returns: %TRUE if the process was ended, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_process_force_exit_sync (DevboxProcess *self, GCancellable *cancellable, GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);

  handle = devbox_process_get_handle (self);
  request = devbox_process_signal_request_new (self, SIGKILL_NUMBER, &cause);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error) != NULL;
}

/**
 * devbox_process_load_log_async:
 * @self: a process
 * @n_lines: how many of the last lines, or 0 for all that the agent keeps
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Gets what the process has written until now.
 *
 * Since: 1.0
 */
void
devbox_process_load_log_async (DevboxProcess *self,
                               guint n_lines,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_PROCESS (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_process_load_log_async);

  handle = devbox_process_get_handle (self);
  if (devbox_process_check_identifier (self, &error))
    request = devbox_load_log_request_new (DEVBOX_LOG_SUBJECT_PROCESS, devbox_process_get_identifier (self), n_lines);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_process_load_log_finish:
 * @self: a process
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Process.load_log_async].
 *
 * Errors: %DEVBOX_ERROR_PROCESS_NOT_FOUND if the agent does not know the process any more;
 * %DEVBOX_ERROR_VALIDATION_ERROR if the agent gave the process no name, or cannot keep logs.
 *
 * Returns: (transfer full): a [class@Gio.ListStore] of [class@LogEntry]: the entries
 *
 * Since: 1.0
 */
GListModel *
devbox_process_load_log_finish (DevboxProcess *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_process_load_log_sync:
 * @self: a process
 * @n_lines: how many of the last lines, or 0 for all that the agent keeps
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Gets what the process has written until now, and waits for it.
 *
 * See [method@Process.load_log_finish] for the errors.
 *
 * Returns: (transfer full): a [class@Gio.ListStore] of [class@LogEntry]: the entries
 *
 * Since: 1.0
 */
GListModel *
devbox_process_load_log_sync (DevboxProcess *self, guint n_lines, GCancellable *cancellable, GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), NULL);

  handle = devbox_process_get_handle (self);
  if (devbox_process_check_identifier (self, &cause))
    request = devbox_load_log_request_new (DEVBOX_LOG_SUBJECT_PROCESS, devbox_process_get_identifier (self), n_lines);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error);
}

/**
 * devbox_process_open_log_async:
 * @self: a process
 * @n_lines: how many of the last lines of those that there are come first, or 0 for all that the agent keeps
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Follows what the process writes.
 *
 * Since: 1.0
 */
void
devbox_process_open_log_async (DevboxProcess *self,
                               guint n_lines,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_PROCESS (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_process_open_log_async);

  handle = devbox_process_get_handle (self);
  if (devbox_process_check_identifier (self, &error))
    request = devbox_open_log_request_new (handle, DEVBOX_LOG_SUBJECT_PROCESS, devbox_process_get_identifier (self),
                                           n_lines);
  devbox_agent_handle_call_async (handle, task, request, error);
}

/**
 * devbox_process_open_log_finish:
 * @self: a process
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Process.open_log_async].
 *
 * Errors: %DEVBOX_ERROR_PROCESS_NOT_FOUND if the agent does not know the process any more;
 * %DEVBOX_ERROR_VALIDATION_ERROR if the agent gave the process no name, or cannot keep logs.
 *
 * Returns: (transfer full): a reader, which ends when the process has ended and all of its log was read
 *
 * Since: 1.0
 */
DevboxLogReader *
devbox_process_open_log_finish (DevboxProcess *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_process_open_log_sync:
 * @self: a process
 * @n_lines: how many of the last lines of those that there are come first, or 0 for all that the agent keeps
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Follows what the process writes, and waits until it is known that there is such a log.
 *
 * See [method@Process.open_log_finish] for the errors.
 *
 * Returns: (transfer full): a reader, which ends when the process has ended and all of its log was read
 *
 * Since: 1.0
 */
DevboxLogReader *
devbox_process_open_log_sync (DevboxProcess *self, guint n_lines, GCancellable *cancellable, GError **error)
{
  DevboxAgentHandle *handle;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), NULL);

  handle = devbox_process_get_handle (self);
  if (devbox_process_check_identifier (self, &cause))
    request = devbox_open_log_request_new (handle, DEVBOX_LOG_SUBJECT_PROCESS, devbox_process_get_identifier (self),
                                           n_lines);

  return devbox_agent_handle_call_sync (handle, request, cause, cancellable, error);
}
