/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-change-file-requests-private.h"
#include "devbox-list-files-request-private.h"

/* What does not look into files: lists, deletions, moves, permissions. */

static DevboxRequest *
new_list_files (DevboxInstance *self,
                const char *path,
                DevboxListFilesFlags flags,
                guint offset,
                guint limit,
                GError **error)
{
  return devbox_instance_check_path (self, path, error)
             ? devbox_list_files_request_new (path, flags, offset, limit, error)
             : NULL;
}

/**
 * devbox_instance_list_files_async:
 * @self: an instance
 * @path: a folder in the workspace, in UTF-8; `.` for the workspace itself
 * @flags: what to list, and what not
 * @offset: how many files to leave out at the start
 * @limit: how many files to list at most, or 0 for all
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the list is there
 * @user_data: what to give to @callback
 *
 * Lists the files that are in a folder.
 *
 * They come in the order of the bytes of their names. A long list takes several requests: what changes meanwhile may
 * be in it twice, or not at all.
 *
 * In Python, @flags, @offset and @limit may be left out.
 *
 * Since: 1.0
 */
void
devbox_instance_list_files_async (DevboxInstance *self,
                                  const char *path,
                                  DevboxListFilesFlags flags,
                                  guint offset,
                                  guint limit,
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
  g_task_set_source_tag (task, devbox_instance_list_files_async);

  request = new_list_files (self, path, flags, offset, limit, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_list_files_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.list_files_async].
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if a path leaves the workspace;
 * %DEVBOX_ERROR_VALIDATION_ERROR if it is no folder, if it has more than a million files and @limit is 0, or if the
 * path is empty or not UTF-8; %DEVBOX_ERROR_VALIDATION_ERROR, with the code name `NOT_SUPPORTED`, if the agent speaks
 * the classic dialect only.
 *
 * Returns: (transfer full): a list of [class@FileInfo], or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_files_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_list_files_sync:
 * @self: an instance
 * @path: a folder in the workspace, in UTF-8; `.` for the workspace itself
 * @flags: what to list, and what not
 * @offset: how many files to leave out at the start
 * @limit: how many files to list at most, or 0 for all
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Lists the files that are in a folder, and waits until the list is there.
 *
 * See [method@Instance.list_files_async], and [method@Instance.list_files_finish] for the errors.
 *
 * Returns: (transfer full): a list of [class@FileInfo], or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_files_sync (DevboxInstance *self,
                                 const char *path,
                                 DevboxListFilesFlags flags,
                                 guint offset,
                                 guint limit,
                                 GCancellable *cancellable,
                                 GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);

  request = new_list_files (self, path, flags, offset, limit, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

static DevboxRequest *
new_delete_file (DevboxInstance *self, const char *path, gboolean recursive, GError **error)
{
  return devbox_instance_check_path (self, path, error) ? devbox_delete_file_request_new (path, recursive, error)
                                                        : NULL;
}

/**
 * devbox_instance_delete_file_async:
 * @self: an instance
 * @path: a file or folder in the workspace, in UTF-8
 * @recursive: whether to delete a folder with all that is in it
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when it is done
 * @user_data: what to give to @callback
 *
 * Deletes a file or a folder.
 *
 * A symbolic link is deleted itself, never what it leads to. What was deleted before a failure stays deleted. An
 * agent that speaks the classic dialect only wants @recursive for an empty folder, too.
 *
 * In Python, @recursive may be left out.
 *
 * Since: 1.0
 */
void
devbox_instance_delete_file_async (DevboxInstance *self,
                                   const char *path,
                                   gboolean recursive,
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
  g_task_set_source_tag (task, devbox_instance_delete_file_async);

  request = new_delete_file (self, path, recursive, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_delete_file_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.delete_file_async].
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if a path leaves the workspace;
 * %DEVBOX_ERROR_CONFLICT or %DEVBOX_ERROR_VALIDATION_ERROR if it is a folder with something in it and @recursive is
 * %FALSE; %DEVBOX_ERROR_VALIDATION_ERROR if it is the workspace itself, or the path is empty or not UTF-8.
 *
 * Returns: %TRUE if it is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_delete_file_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_instance_delete_file_sync:
 * @self: an instance
 * @path: a file or folder in the workspace, in UTF-8
 * @recursive: whether to delete a folder with all that is in it
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Deletes a file or a folder, and waits until it is done.
 *
 * See [method@Instance.delete_file_async], and [method@Instance.delete_file_finish] for the errors.
 *
 * Returns: %TRUE if it is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_delete_file_sync (DevboxInstance *self,
                                  const char *path,
                                  gboolean recursive,
                                  GCancellable *cancellable,
                                  GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  request = new_delete_file (self, path, recursive, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error) != NULL;
}

static DevboxRequest *
new_move (DevboxInstance *self, const char *source, const char *destination, gboolean overwrite, GError **error)
{
  return devbox_instance_check_path (self, source, error) && devbox_instance_check_path (self, destination, error)
             ? devbox_move_file_request_new (source, destination, overwrite, error)
             : NULL;
}

/**
 * devbox_instance_move_async:
 * @self: an instance
 * @source: a file or folder in the workspace, in UTF-8
 * @destination: its new path, in UTF-8; folders that are missing are made
 * @overwrite: whether it may take the place of what is there
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when it is done
 * @user_data: what to give to @callback
 *
 * Moves or renames a file or a folder.
 *
 * With @overwrite, a file takes the place of a file, and a folder that of an empty folder. A symbolic link is moved
 * itself.
 *
 * In Python, @overwrite may be left out.
 *
 * Since: 1.0
 */
void
devbox_instance_move_async (DevboxInstance *self,
                            const char *source,
                            const char *destination,
                            gboolean overwrite,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (source != NULL);
  g_return_if_fail (destination != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_move_async);

  request = new_move (self, source, destination, overwrite, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_move_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.move_async].
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if a path leaves the workspace;
 * %DEVBOX_ERROR_CONFLICT if there is something at @destination already; %DEVBOX_ERROR_VALIDATION_ERROR if a folder is
 * to go into itself, or if a path is that of the workspace, empty or not UTF-8; %DEVBOX_ERROR_VALIDATION_ERROR, with
 * the code name `NOT_SUPPORTED`, if the agent speaks the classic dialect only.
 *
 * Returns: %TRUE if it is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_move_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_instance_move_sync:
 * @self: an instance
 * @source: a file or folder in the workspace, in UTF-8
 * @destination: its new path, in UTF-8; folders that are missing are made
 * @overwrite: whether it may take the place of what is there
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Moves or renames a file or a folder, and waits until it is done.
 *
 * See [method@Instance.move_async], and [method@Instance.move_finish] for the errors.
 *
 * Returns: %TRUE if it is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_move_sync (DevboxInstance *self,
                           const char *source,
                           const char *destination,
                           gboolean overwrite,
                           GCancellable *cancellable,
                           GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (source != NULL, FALSE);
  g_return_val_if_fail (destination != NULL, FALSE);

  request = new_move (self, source, destination, overwrite, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error) != NULL;
}

static DevboxRequest *
new_set_mode (DevboxInstance *self, const char *path, guint mode, gboolean recursive, GError **error)
{
  return devbox_instance_check_path (self, path, error)
             ? devbox_set_file_mode_request_new (path, mode, recursive, error)
             : NULL;
}

/**
 * devbox_instance_set_mode_async:
 * @self: an instance
 * @path: a file or folder in the workspace, in UTF-8
 * @mode: the permissions, such as 0755; up to 07777
 * @recursive: whether to change all that is in a folder as well
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when it is done
 * @user_data: what to give to @callback
 *
 * Changes the permissions of a file or a folder.
 *
 * A symbolic link that stays in the workspace is followed, but none that is met within a folder. What was changed
 * before a failure stays changed.
 *
 * In Python, @recursive may be left out.
 *
 * Since: 1.0
 */
void
devbox_instance_set_mode_async (DevboxInstance *self,
                                const char *path,
                                guint mode,
                                gboolean recursive,
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
  g_task_set_source_tag (task, devbox_instance_set_mode_async);

  request = new_set_mode (self, path, mode, recursive, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_set_mode_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.set_mode_async].
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if a path leaves the workspace;
 * %DEVBOX_ERROR_INSUFFICIENT_PERMISSIONS; %DEVBOX_ERROR_VALIDATION_ERROR if the mode is too large, or the path empty
 * or not UTF-8; %DEVBOX_ERROR_VALIDATION_ERROR, with the code name `NOT_SUPPORTED`, if the agent speaks the classic
 * dialect only.
 *
 * Returns: %TRUE if it is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_set_mode_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_instance_set_mode_sync:
 * @self: an instance
 * @path: a file or folder in the workspace, in UTF-8
 * @mode: the permissions, such as 0755; up to 07777
 * @recursive: whether to change all that is in a folder as well
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Changes the permissions of a file or a folder, and waits until it is done.
 *
 * See [method@Instance.set_mode_async], and [method@Instance.set_mode_finish] for the errors.
 *
 * Returns: %TRUE if it is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_set_mode_sync (DevboxInstance *self,
                               const char *path,
                               guint mode,
                               gboolean recursive,
                               GCancellable *cancellable,
                               GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  request = new_set_mode (self, path, mode, recursive, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error) != NULL;
}

static DevboxRequest *
new_set_owner (DevboxInstance *self, const char *path, const char *owner, gboolean recursive, GError **error)
{
  return devbox_instance_check_path (self, path, error)
             ? devbox_set_file_owner_request_new (path, owner, recursive, error)
             : NULL;
}

/**
 * devbox_instance_set_owner_async:
 * @self: an instance
 * @path: a file or folder in the workspace, in UTF-8
 * @owner: the owner as `user`, `user:group` or `:group`, each a name or a number
 * @recursive: whether to change all that is in a folder as well
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when it is done
 * @user_data: what to give to @callback
 *
 * Changes the owner or the group of a file or a folder.
 *
 * A symbolic link that stays in the workspace is followed; of one that is met within a folder, the link itself gets
 * the owner. What was changed before a failure stays changed.
 *
 * Some agents take an owner only together with permissions: they refuse this.
 *
 * In Python, @recursive may be left out.
 *
 * Since: 1.0
 */
void
devbox_instance_set_owner_async (DevboxInstance *self,
                                 const char *path,
                                 const char *owner,
                                 gboolean recursive,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (path != NULL);
  g_return_if_fail (owner != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_set_owner_async);

  request = new_set_owner (self, path, owner, recursive, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_set_owner_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.set_owner_async].
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if a path leaves the workspace;
 * %DEVBOX_ERROR_INSUFFICIENT_PERMISSIONS if the agent may not do that; %DEVBOX_ERROR_VALIDATION_ERROR if there is no
 * such user or group, or if a text is empty or not UTF-8; %DEVBOX_ERROR_VALIDATION_ERROR, with the code name
 * `NOT_SUPPORTED`, if the agent speaks the classic dialect only.
 *
 * Returns: %TRUE if it is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_set_owner_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_instance_set_owner_sync:
 * @self: an instance
 * @path: a file or folder in the workspace, in UTF-8
 * @owner: the owner as `user`, `user:group` or `:group`, each a name or a number
 * @recursive: whether to change all that is in a folder as well
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Changes the owner or the group of a file or a folder, and waits until it is done.
 *
 * See [method@Instance.set_owner_async], and [method@Instance.set_owner_finish] for the errors.
 *
 * Returns: %TRUE if it is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_set_owner_sync (DevboxInstance *self,
                                const char *path,
                                const char *owner,
                                gboolean recursive,
                                GCancellable *cancellable,
                                GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (owner != NULL, FALSE);

  request = new_set_owner (self, path, owner, recursive, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error) != NULL;
}
