/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-client.h"
#include "devbox-error-private.h"
#include "devbox-file-monitor-private.h"
#include "devbox-read-file-request-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-write-file-request-private.h"

static DevboxRequest *
new_load_file (DevboxInstance *self, const char *path, GError **error)
{
  return devbox_instance_check_path (self, path, error) ? devbox_read_file_request_new (path, error) : NULL;
}

/**
 * devbox_instance_load_file_async:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the file is there
 * @user_data: what to give to @callback
 *
 * Loads a whole file into memory.
 *
 * Since: 1.0
 */
void
devbox_instance_load_file_async (DevboxInstance *self,
                                 const char *path,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (path != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_load_file_async);

  request = new_load_file (self, path, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_load_file_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.load_file_async].
 *
 * In Python the result is a `bytes` object.
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if the path leaves the workspace;
 * %DEVBOX_ERROR_VALIDATION_ERROR if the path is empty, not UTF-8, or that of a folder.
 *
 * Returns: (transfer full): the bytes of the file, or %NULL if @error is set
 *
 * Since: 1.0
 */
GBytes *
devbox_instance_load_file_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_load_file_sync:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Loads a whole file into memory, and waits for it.
 *
 * See [method@Instance.load_file_finish] for the errors.
 *
 * Returns: (transfer full): the bytes of the file, or %NULL if @error is set
 *
 * Since: 1.0
 */
GBytes *
devbox_instance_load_file_sync (DevboxInstance *self, const char *path, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);

  request = new_load_file (self, path, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

static DevboxRequest *
new_replace_file (DevboxInstance *self, const char *path, GBytes *contents, guint mode, GError **error)
{
  return devbox_instance_check_path (self, path, error) ? devbox_write_file_request_new (path, contents, mode, error)
                                                        : NULL;
}

/**
 * devbox_instance_replace_file_async:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8; folders that are missing are made
 * @contents: what the file shall hold
 * @mode: the permissions of the file, such as 0755, or 0 to leave them to the agent; up to 07777, of which an agent may
 *   refuse what is beyond 0777, as `devbox-server` does
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the file is written
 * @user_data: what to give to @callback
 *
 * Writes a whole file, in place of what was there.
 *
 * Nobody ever sees half of it: the file is replaced at once, when all of it has arrived. An agent that cannot be told
 * @mode with the contents is told afterwards.
 *
 * In Python, @contents may be `bytes`, a `bytearray`, a `memoryview` or a `str`, and @mode may be left out.
 *
 * Since: 1.0
 */
void
devbox_instance_replace_file_async (DevboxInstance *self,
                                    const char *path,
                                    GBytes *contents,
                                    guint mode,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (path != NULL);
  g_return_if_fail (contents != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_replace_file_async);

  request = new_replace_file (self, path, contents, mode, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_replace_file_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.replace_file_async].
 *
 * Errors: %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if the path leaves the workspace; %DEVBOX_ERROR_FILE_TOO_LARGE if the
 * agent takes no file of that size; %DEVBOX_ERROR_DISK_FULL; %DEVBOX_ERROR_FILE_TRANSFER_FAILED if something else than
 * the contents was written; %DEVBOX_ERROR_VALIDATION_ERROR if the path is empty, not UTF-8, or that of a folder, or the
 * mode is too large.
 *
 * Returns: %TRUE if the file is written, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_replace_file_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_instance_replace_file_sync:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8; folders that are missing are made
 * @contents: what the file shall hold
 * @mode: the permissions of the file, such as 0755, or 0 to leave them to the agent; up to 07777, of which an agent may
 *   refuse what is beyond 0777, as `devbox-server` does
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Writes a whole file, in place of what was there, and waits until that is done.
 *
 * See [method@Instance.replace_file_async], and [method@Instance.replace_file_finish] for the errors.
 *
 * Returns: %TRUE if the file is written, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_replace_file_sync (DevboxInstance *self,
                                   const char *path,
                                   GBytes *contents,
                                   guint mode,
                                   GCancellable *cancellable,
                                   GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (contents != NULL, FALSE);

  request = new_replace_file (self, path, contents, mode, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error) != NULL;
}

/* The workspace itself may be the empty path here, as the wire has it. */
static gboolean
check_monitor (DevboxInstance *self, const char *path, GError **error)
{
  return devbox_instance_check_endpoint (self, error)
         && devbox_request_check_text (DEVBOX_REQUEST_TEXT_PATH, path, error);
}

/**
 * devbox_instance_monitor_files_async:
 * @self: an instance
 * @path: a folder or file in the workspace, in UTF-8; `.` or the empty string for the workspace itself
 * @flags: what to watch, and what not
 * @cancellable: (nullable): a cancellable, or %NULL; it counts until the agent watches
 * @callback: (scope async): what to call when the agent watches
 * @user_data: what to give to @callback
 *
 * Asks the agent to tell of changes to files.
 *
 * The signals of the monitor come in the main context that is the thread-default one now.
 *
 * Since: 1.0
 */
void
devbox_instance_monitor_files_async (DevboxInstance *self,
                                     const char *path,
                                     DevboxFileMonitorFlags flags,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (path != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_monitor_files_async);

  if (check_monitor (self, path, &error))
    devbox_file_monitor_start_async (
        &(DevboxFileMonitorTarget){ devbox_instance_get_client (self), devbox_instance_get_agent (self), path, flags },
        task);
  else
    devbox_instance_return_error (task, error);
}

/**
 * devbox_instance_monitor_files_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.monitor_files_async].
 *
 * When this returns the agent watches: whatever happens from then on is told.
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if the path leaves the workspace;
 * %DEVBOX_ERROR_VALIDATION_ERROR if it is not UTF-8; %DEVBOX_ERROR_DEVBOX_NOT_FOUND if nobody watches at that address;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the agent refuses for another reason.
 *
 * Returns: (transfer full): a monitor, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxFileMonitor *
devbox_instance_monitor_files_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_monitor_files_sync:
 * @self: an instance
 * @path: a folder or file in the workspace, in UTF-8; `.` or the empty string for the workspace itself
 * @flags: what to watch, and what not
 * @cancellable: (nullable): a cancellable, or %NULL; it counts until the agent watches
 * @error: where to put an error
 *
 * Asks the agent to tell of changes to files, and waits until it does.
 *
 * The signals of the monitor come in the main context that is the thread-default one now, when that runs. See
 * [method@Instance.monitor_files_finish] for the errors.
 *
 * Returns: (transfer full): a monitor, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxFileMonitor *
devbox_instance_monitor_files_sync (DevboxInstance *self,
                                    const char *path,
                                    DevboxFileMonitorFlags flags,
                                    GCancellable *cancellable,
                                    GError **error)
{
  DevboxFileMonitor *monitor = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);

  if (check_monitor (self, path, &cause))
    monitor = devbox_file_monitor_start_sync (
        &(DevboxFileMonitorTarget){ devbox_instance_get_client (self), devbox_instance_get_agent (self), path, flags },
        cancellable, &cause);
  if (cause != NULL)
    devbox_instance_fail (devbox_error_complete (cause, &(DevboxErrorDetails){ .path = path }), error);

  return monitor;
}
