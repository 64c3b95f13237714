/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-agent-private.h"
#include "devbox-change-file-requests-private.h"
#include "devbox-error-private.h"
#include "devbox-file-monitor-private.h"
#include "devbox-health-request-private.h"
#include "devbox-read-file-request-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-upload-request-private.h"
#include "devbox-write-file-request-private.h"

/* The files of a devbox that is known by its name. */

gboolean
devbox_client_check_paths (DevboxClient *self, GHashTable *files, GError **error)
{
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    {
      if (!devbox_client_check_path (self, path, error))
        return FALSE;
    }

  return TRUE;
}

static DevboxRequest *
new_load_file (DevboxClient *self, const char *path, GError **error)
{
  return devbox_client_check_path (self, path, error) ? devbox_read_file_request_new (path, error) : NULL;
}

/**
 * devbox_client_load_file_async:
 * @self: a client
 * @name: the name of a devbox
 * @path: a file in the workspace, in UTF-8
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the file is there
 * @user_data: what to give to @callback
 *
 * Loads a whole file of a devbox into memory.
 *
 * It does what [method@Instance.load_file_async] does, for a devbox that is known by its name only.
 *
 * Since: 1.0
 */
void
devbox_client_load_file_async (DevboxClient *self,
                               const char *name,
                               const char *path,
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
  g_return_if_fail (path != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_client_load_file_async);

  agent = devbox_client_find_agent (self, name, &error);
  if (agent != NULL)
    request = new_load_file (self, path, &error);
  devbox_client_agent_call_async (self, agent, task, request, error);
}

/**
 * devbox_client_load_file_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.load_file_async].
 *
 * See [method@Instance.load_file_finish] for the errors, and [method@Client.load_file_finish] for those of a devbox
 * that cannot be found.
 *
 * Returns: (transfer full): the bytes of the file, or %NULL if @error is set
 *
 * Since: 1.0
 */
GBytes *
devbox_client_load_file_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_client_load_file_sync:
 * @self: a client
 * @name: the name of a devbox
 * @path: a file in the workspace, in UTF-8
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Loads a whole file of a devbox into memory, and waits until the file is there.
 *
 * See [method@Client.load_file_async], and [method@Client.load_file_finish] for the errors.
 *
 * Returns: (transfer full): the bytes of the file, or %NULL if @error is set
 *
 * Since: 1.0
 */
GBytes *
devbox_client_load_file_sync (DevboxClient *self,
                              const char *name,
                              const char *path,
                              GCancellable *cancellable,
                              GError **error)
{
  g_autoptr (DevboxAgent) agent = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (path != NULL, NULL);

  agent = devbox_client_find_agent (self, name, &cause);
  if (agent != NULL)
    request = new_load_file (self, path, &cause);

  return devbox_client_agent_call_sync (self, agent, request, cause, cancellable, error);
}

static DevboxRequest *
new_replace_file (DevboxClient *self, const char *path, GBytes *contents, guint mode, GError **error)
{
  return devbox_client_check_path (self, path, error) ? devbox_write_file_request_new (path, contents, mode, error)
                                                      : NULL;
}

/**
 * devbox_client_replace_file_async:
 * @self: a client
 * @name: the name of a devbox
 * @path: a file in the workspace, in UTF-8; folders that are missing are made
 * @contents: what the file shall hold
 * @mode: the permissions of the file, such as 0755, or 0 to leave them to the agent
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the file is written
 * @user_data: what to give to @callback
 *
 * Writes a whole file of a devbox, in place of what was there.
 *
 * It does what [method@Instance.replace_file_async] does, for a devbox that is known by its name only.
 *
 * Since: 1.0
 */
void
devbox_client_replace_file_async (DevboxClient *self,
                                  const char *name,
                                  const char *path,
                                  GBytes *contents,
                                  guint mode,
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
  g_return_if_fail (path != NULL);
  g_return_if_fail (contents != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_client_replace_file_async);

  agent = devbox_client_find_agent (self, name, &error);
  if (agent != NULL)
    request = new_replace_file (self, path, contents, mode, &error);
  devbox_client_agent_call_async (self, agent, task, request, error);
}

/**
 * devbox_client_replace_file_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.replace_file_async].
 *
 * See [method@Instance.replace_file_finish] for the errors, and [method@Client.load_file_finish] for those of a
 * devbox that cannot be found.
 *
 * Returns: %TRUE if the file is written, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_replace_file_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_client_replace_file_sync:
 * @self: a client
 * @name: the name of a devbox
 * @path: a file in the workspace, in UTF-8; folders that are missing are made
 * @contents: what the file shall hold
 * @mode: the permissions of the file, such as 0755, or 0 to leave them to the agent
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Writes a whole file of a devbox, in place of what was there, and waits until the file is written.
 *
 * See [method@Client.replace_file_async], and [method@Client.replace_file_finish] for the errors.
 *
 * Returns: %TRUE if the file is written, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_replace_file_sync (DevboxClient *self,
                                 const char *name,
                                 const char *path,
                                 GBytes *contents,
                                 guint mode,
                                 GCancellable *cancellable,
                                 GError **error)
{
  g_autoptr (DevboxAgent) agent = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (contents != NULL, FALSE);

  agent = devbox_client_find_agent (self, name, &cause);
  if (agent != NULL)
    request = new_replace_file (self, path, contents, mode, &cause);

  return devbox_client_agent_call_sync (self, agent, request, cause, cancellable, error) != NULL;
}

static DevboxRequest *
new_delete_file (DevboxClient *self, const char *path, gboolean recursive, GError **error)
{
  return devbox_client_check_path (self, path, error) ? devbox_delete_file_request_new (path, recursive, error) : NULL;
}

/**
 * devbox_client_delete_file_async:
 * @self: a client
 * @name: the name of a devbox
 * @path: a file or folder in the workspace, in UTF-8
 * @recursive: whether to delete a folder with all that is in it
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when it is done
 * @user_data: what to give to @callback
 *
 * Deletes a file or a folder of a devbox.
 *
 * It does what [method@Instance.delete_file_async] does, for a devbox that is known by its name only.
 *
 * Since: 1.0
 */
void
devbox_client_delete_file_async (DevboxClient *self,
                                 const char *name,
                                 const char *path,
                                 gboolean recursive,
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
  g_return_if_fail (path != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_client_delete_file_async);

  agent = devbox_client_find_agent (self, name, &error);
  if (agent != NULL)
    request = new_delete_file (self, path, recursive, &error);
  devbox_client_agent_call_async (self, agent, task, request, error);
}

/**
 * devbox_client_delete_file_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.delete_file_async].
 *
 * See [method@Instance.delete_file_finish] for the errors, and [method@Client.load_file_finish] for those of a devbox
 * that cannot be found.
 *
 * Returns: %TRUE if it is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_delete_file_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_client_delete_file_sync:
 * @self: a client
 * @name: the name of a devbox
 * @path: a file or folder in the workspace, in UTF-8
 * @recursive: whether to delete a folder with all that is in it
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Deletes a file or a folder of a devbox, and waits until it is done.
 *
 * See [method@Client.delete_file_async], and [method@Client.delete_file_finish] for the errors.
 *
 * Returns: %TRUE if it is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_delete_file_sync (DevboxClient *self,
                                const char *name,
                                const char *path,
                                gboolean recursive,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (DevboxAgent) agent = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  agent = devbox_client_find_agent (self, name, &cause);
  if (agent != NULL)
    request = new_delete_file (self, path, recursive, &cause);

  return devbox_client_agent_call_sync (self, agent, request, cause, cancellable, error) != NULL;
}

static DevboxRequest *
new_upload_files (DevboxClient *self, GHashTable *files, GError **error)
{
  return devbox_client_check_paths (self, files, error) ? devbox_upload_request_new (files, error) : NULL;
}

/**
 * devbox_client_upload_files_async:
 * @self: a client
 * @name: the name of a devbox
 * @files: (element-type utf8 GBytes): the contents of each file by its path in the workspace, in UTF-8; folders that
 *   are missing are made
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when they are written
 * @user_data: what to give to @callback
 *
 * Writes many files of a devbox, in place of what was there.
 *
 * It does what [method@Instance.upload_files_async] does, for a devbox that is known by its name only.
 *
 * Since: 1.0
 */
void
devbox_client_upload_files_async (DevboxClient *self,
                                  const char *name,
                                  GHashTable *files,
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
  g_return_if_fail (files != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_client_upload_files_async);

  agent = devbox_client_find_agent (self, name, &error);
  if (agent != NULL)
    request = new_upload_files (self, files, &error);
  devbox_client_agent_call_async (self, agent, task, request, error);
}

/**
 * devbox_client_upload_files_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.upload_files_async].
 *
 * See [method@Instance.upload_files_finish] for the errors, and [method@Client.load_file_finish] for those of a
 * devbox that cannot be found.
 *
 * Returns: (transfer full): what became of the files, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxUploadResult *
devbox_client_upload_files_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_client_upload_files_sync:
 * @self: a client
 * @name: the name of a devbox
 * @files: (element-type utf8 GBytes): the contents of each file by its path in the workspace, in UTF-8; folders that
 *   are missing are made
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Writes many files of a devbox, in place of what was there, and waits until they are written.
 *
 * See [method@Client.upload_files_async], and [method@Client.upload_files_finish] for the errors.
 *
 * Returns: (transfer full): what became of the files, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxUploadResult *
devbox_client_upload_files_sync (DevboxClient *self,
                                 const char *name,
                                 GHashTable *files,
                                 GCancellable *cancellable,
                                 GError **error)
{
  g_autoptr (DevboxAgent) agent = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (files != NULL, NULL);

  agent = devbox_client_find_agent (self, name, &cause);
  if (agent != NULL)
    request = new_upload_files (self, files, &cause);

  return devbox_client_agent_call_sync (self, agent, request, cause, cancellable, error);
}

/**
 * devbox_client_monitor_files_async:
 * @self: a client
 * @name: the name of a devbox
 * @path: a folder or file in the workspace, in UTF-8; `.` or the empty string for the workspace itself
 * @flags: what to watch, and what not
 * @cancellable: (nullable): a cancellable, or %NULL; it counts until the agent watches
 * @callback: (scope async): what to call when the agent watches
 * @user_data: what to give to @callback
 *
 * Asks the agent of a devbox to tell of changes to files.
 *
 * It does what [method@Instance.monitor_files_async] does, for a devbox that is known by its name only.
 *
 * Since: 1.0
 */
void
devbox_client_monitor_files_async (DevboxClient *self,
                                   const char *name,
                                   const char *path,
                                   DevboxFileMonitorFlags flags,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (DevboxAgent) agent = NULL;
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (path != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_client_monitor_files_async);

  agent = devbox_client_find_agent (self, name, &error);
  if (agent != NULL && devbox_request_check_text (DEVBOX_REQUEST_TEXT_PATH, path, &error))
    devbox_file_monitor_start_async (&(DevboxFileMonitorTarget){ self, agent, path, flags }, task);
  else
    devbox_client_agent_call_async (self, agent, task, NULL, error);
}

/**
 * devbox_client_monitor_files_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.monitor_files_async].
 *
 * See [method@Instance.monitor_files_finish] for the errors, and [method@Client.load_file_finish] for those of a devbox
 * that cannot be found.
 *
 * Returns: (transfer full): a monitor, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxFileMonitor *
devbox_client_monitor_files_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_client_monitor_files_sync:
 * @self: a client
 * @name: the name of a devbox
 * @path: a folder or file in the workspace, in UTF-8; `.` or the empty string for the workspace itself
 * @flags: what to watch, and what not
 * @cancellable: (nullable): a cancellable, or %NULL; it counts until the agent watches
 * @error: where to put an error
 *
 * Asks the agent of a devbox to tell of changes to files, and waits until it does.
 *
 * See [method@Client.monitor_files_async], and [method@Client.monitor_files_finish] for the errors.
 *
 * Returns: (transfer full): a monitor, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxFileMonitor *
devbox_client_monitor_files_sync (DevboxClient *self,
                                  const char *name,
                                  const char *path,
                                  DevboxFileMonitorFlags flags,
                                  GCancellable *cancellable,
                                  GError **error)
{
  g_autoptr (DevboxAgent) agent = NULL;
  DevboxFileMonitor *monitor = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (path != NULL, NULL);

  agent = devbox_client_find_agent (self, name, &cause);
  if (agent != NULL && devbox_request_check_text (DEVBOX_REQUEST_TEXT_PATH, path, &cause))
    monitor
        = devbox_file_monitor_start_sync (&(DevboxFileMonitorTarget){ self, agent, path, flags }, cancellable, &cause);
  if (cause != NULL)
    devbox_client_fail (devbox_error_complete (cause, &(DevboxErrorDetails){ .path = path }), error);

  return monitor;
}
