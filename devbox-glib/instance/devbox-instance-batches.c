/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-search-requests-private.h"
#include "devbox-upload-request-private.h"

/* What looks into many files, or writes them. */

static DevboxRequest *
new_find (DevboxInstance *self, const char *directory, const char *text, GError **error)
{
  return devbox_instance_check_path (self, directory, error) ? devbox_find_files_request_new (directory, text, error)
                                                             : NULL;
}

/**
 * devbox_instance_find_async:
 * @self: an instance
 * @directory: a folder in the workspace, in UTF-8; `.` for the workspace itself
 * @text: a part of the name, in UTF-8; `*` and `?` stand for themselves
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when they are found
 * @user_data: what to give to @callback
 *
 * Finds the files whose name has a text in it, without regard to case.
 *
 * Links are not followed. Left out are folders whose name begins with a dot, and those that usually hold what others
 * made, such as `node_modules` and `build`, unless @directory itself is one. An agent stops after many files;
 * `devbox-server` does after 100,000.
 *
 * Since: 1.0
 */
void
devbox_instance_find_async (DevboxInstance *self,
                            const char *directory,
                            const char *text,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (directory != NULL);
  g_return_if_fail (text != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_find_async);

  request = new_find (self, directory, text, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_find_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.find_async].
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND if there is no such folder; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if a path
 * leaves the workspace; %DEVBOX_ERROR_VALIDATION_ERROR if a text is empty or not UTF-8;
 * %DEVBOX_ERROR_VALIDATION_ERROR, with the code name `NOT_SUPPORTED`, if the agent speaks the classic dialect only.
 *
 * Returns: (transfer full) (array zero-terminated=1): the whole paths of the files in the devbox, or %NULL if @error
 *   is set
 *
 * Since: 1.0
 */
char **
devbox_instance_find_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_find_sync:
 * @self: an instance
 * @directory: a folder in the workspace, in UTF-8; `.` for the workspace itself
 * @text: a part of the name, in UTF-8; `*` and `?` stand for themselves
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Finds the files whose name has a text in it, without regard to case, and waits until they are found.
 *
 * See [method@Instance.find_async], and [method@Instance.find_finish] for the errors.
 *
 * Returns: (transfer full) (array zero-terminated=1): the whole paths of the files in the devbox, or %NULL if @error
 *   is set
 *
 * Since: 1.0
 */
char **
devbox_instance_find_sync (DevboxInstance *self,
                           const char *directory,
                           const char *text,
                           GCancellable *cancellable,
                           GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (directory != NULL, NULL);
  g_return_val_if_fail (text != NULL, NULL);

  request = new_find (self, directory, text, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

static DevboxRequest *
new_grep (DevboxInstance *self, const char *directory, const char *text, GError **error)
{
  return devbox_instance_check_path (self, directory, error) ? devbox_grep_files_request_new (directory, text, error)
                                                             : NULL;
}

/**
 * devbox_instance_grep_async:
 * @self: an instance
 * @directory: a folder in the workspace, in UTF-8; `.` for the workspace itself
 * @text: what is in the file, in UTF-8; it may have line breaks
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when they are found
 * @user_data: what to give to @callback
 *
 * Finds the text files whose content has a text in it.
 *
 * Links are not followed. Left out are folders whose name begins with a dot, and those that usually hold what others
 * made, such as `node_modules` and `build`, unless @directory itself is one. An agent stops after many files;
 * `devbox-server` does after 100,000.
 *
 * Since: 1.0
 */
void
devbox_instance_grep_async (DevboxInstance *self,
                            const char *directory,
                            const char *text,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (directory != NULL);
  g_return_if_fail (text != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_grep_async);

  request = new_grep (self, directory, text, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_grep_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.grep_async].
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND if there is no such folder; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if a path
 * leaves the workspace; %DEVBOX_ERROR_VALIDATION_ERROR if a text is empty or not UTF-8;
 * %DEVBOX_ERROR_VALIDATION_ERROR, with the code name `NOT_SUPPORTED`, if the agent speaks the classic dialect only.
 *
 * Returns: (transfer full) (array zero-terminated=1): the whole paths of the files in the devbox, or %NULL if @error
 *   is set
 *
 * Since: 1.0
 */
char **
devbox_instance_grep_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_grep_sync:
 * @self: an instance
 * @directory: a folder in the workspace, in UTF-8; `.` for the workspace itself
 * @text: what is in the file, in UTF-8; it may have line breaks
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Finds the text files whose content has a text in it, and waits until they are found.
 *
 * See [method@Instance.grep_async], and [method@Instance.grep_finish] for the errors.
 *
 * Returns: (transfer full) (array zero-terminated=1): the whole paths of the files in the devbox, or %NULL if @error
 *   is set
 *
 * Since: 1.0
 */
char **
devbox_instance_grep_sync (DevboxInstance *self,
                           const char *directory,
                           const char *text,
                           GCancellable *cancellable,
                           GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (directory != NULL, NULL);
  g_return_val_if_fail (text != NULL, NULL);

  request = new_grep (self, directory, text, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

static DevboxRequest *
new_replace_text (DevboxInstance *self, const char *const *paths, const char *from, const char *to, GError **error)
{
  for (guint i = 0; paths[i] != NULL; i++)
    {
      if (!devbox_instance_check_path (self, paths[i], error))
        return NULL;
    }

  return devbox_instance_check_endpoint (self, error) ? devbox_replace_text_request_new (paths, from, to, error) : NULL;
}

/**
 * devbox_instance_replace_text_async:
 * @self: an instance
 * @paths: (array zero-terminated=1): files in the workspace, in UTF-8
 * @from: the text to look for
 * @to: the text to put in its place; it may be empty
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when it is done
 * @user_data: what to give to @callback
 *
 * Replaces a text by another one wherever it is in some files.
 *
 * Each file that changes is replaced at once. A file in which the text is not, or that is no text, is skipped; one
 * that fails does not keep the others from being changed. If one of the paths leaves the workspace, nothing is
 * changed.
 *
 * Since: 1.0
 */
void
devbox_instance_replace_text_async (DevboxInstance *self,
                                    const char *const *paths,
                                    const char *from,
                                    const char *to,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (paths != NULL);
  g_return_if_fail (from != NULL);
  g_return_if_fail (to != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_replace_text_async);

  request = new_replace_text (self, paths, from, to, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_replace_text_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.replace_text_async].
 *
 * Errors: %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED; %DEVBOX_ERROR_VALIDATION_ERROR if a path or @from is empty, or a
 * text not UTF-8; %DEVBOX_ERROR_VALIDATION_ERROR, with the code name `NOT_SUPPORTED`, if the agent speaks the classic
 * dialect only.
 *
 * Returns: (transfer full): a list of [class@FileResult] in the order of the paths, or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_replace_text_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_replace_text_sync:
 * @self: an instance
 * @paths: (array zero-terminated=1): files in the workspace, in UTF-8
 * @from: the text to look for
 * @to: the text to put in its place; it may be empty
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Replaces a text by another one wherever it is in some files, and waits until it is done.
 *
 * See [method@Instance.replace_text_async], and [method@Instance.replace_text_finish] for the errors.
 *
 * Returns: (transfer full): a list of [class@FileResult] in the order of the paths, or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_replace_text_sync (DevboxInstance *self,
                                   const char *const *paths,
                                   const char *from,
                                   const char *to,
                                   GCancellable *cancellable,
                                   GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (paths != NULL, NULL);
  g_return_val_if_fail (from != NULL, NULL);
  g_return_val_if_fail (to != NULL, NULL);

  request = new_replace_text (self, paths, from, to, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

static DevboxRequest *
new_upload_files (DevboxInstance *self, GHashTable *files, GError **error)
{
  if (!devbox_instance_check_endpoint (self, error)
      || !devbox_client_check_paths (devbox_instance_get_client (self), files, error))
    return NULL;

  return devbox_upload_request_new (files, error);
}

/**
 * devbox_instance_upload_files_async:
 * @self: an instance
 * @files: (element-type utf8 GBytes): the contents of each file by its path in the workspace, in UTF-8; folders that
 *   are missing are made
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when they are written
 * @user_data: what to give to @callback
 *
 * Writes many files, in place of what was there.
 *
 * Small files share a request, 50 at most. A file that fails, say because it is too large, does not keep the others
 * from being written: look at the result. Each file is replaced at once.
 *
 * In Python, @files may be a `dict` of paths and `bytes`, `bytearray`, `memoryview` or `str`.
 *
 * Since: 1.0
 */
void
devbox_instance_upload_files_async (DevboxInstance *self,
                                    GHashTable *files,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (files != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_upload_files_async);

  request = new_upload_files (self, files, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_upload_files_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.upload_files_async].
 *
 * Errors: %DEVBOX_ERROR_VALIDATION_ERROR if there are no files, or if a path is empty or not UTF-8;
 * %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if the client's policy refuses a path; those of the connection. What was
 * written before stays.
 *
 * Returns: (transfer full): what became of the files, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxUploadResult *
devbox_instance_upload_files_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_upload_files_sync:
 * @self: an instance
 * @files: (element-type utf8 GBytes): the contents of each file by its path in the workspace, in UTF-8; folders that
 *   are missing are made
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Writes many files, in place of what was there, and waits until they are written.
 *
 * See [method@Instance.upload_files_async], and [method@Instance.upload_files_finish] for the errors.
 *
 * Returns: (transfer full): what became of the files, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxUploadResult *
devbox_instance_upload_files_sync (DevboxInstance *self, GHashTable *files, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (files != NULL, NULL);

  request = new_upload_files (self, files, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}
