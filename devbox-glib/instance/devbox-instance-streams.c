/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-download-files-request-private.h"
#include "devbox-read-file-request-private.h"
#include "devbox-write-file-request-private.h"

/* Content of files that is never in memory as a whole. */

/**
 * DevboxArchiveFormat:
 * @DEVBOX_ARCHIVE_FORMAT_TAR: a tar archive, as GNU tar writes it
 * @DEVBOX_ARCHIVE_FORMAT_TAR_GZ: the same, compressed with gzip
 *
 * The form in which [method@Instance.download_files_async] gets files.
 *
 * Since: 1.0
 */

static DevboxRequest *
new_open_file (DevboxInstance *self, const char *path, GError **error)
{
  return devbox_instance_check_path (self, path, error) ? devbox_open_file_request_new (path, error) : NULL;
}

/**
 * devbox_instance_open_file_async:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8
 * @cancellable: (nullable): a cancellable, or %NULL; it counts until the stream is there
 * @callback: (scope async): what to call when the stream is there
 * @user_data: what to give to @callback
 *
 * Opens a file, to read it piece by piece.
 *
 * The stream is a [iface@Gio.PollableInputStream] that never holds more than 1 MiB: when its reader is slow, the agent
 * waits. It may be read in any thread, by one at a time, and uses one of the connections of
 * [property@Client:pool] until it has ended, is closed or freed. It keeps the client.
 *
 * The deadline of the call, [property@Client:timeout], counts until the stream is there. After that no read waits
 * longer than this for the next bytes from the agent.
 *
 * A read fails with %DEVBOX_ERROR_CONNECTION_FAILED if the file does not come whole, or the client is closed, and with
 * %DEVBOX_ERROR_OPERATION_TIMEOUT if the agent sends nothing more. So the stream has an end only where the file has it.
 *
 * Since: 1.0
 */
void
devbox_instance_open_file_async (DevboxInstance *self,
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
  g_task_set_source_tag (task, devbox_instance_open_file_async);

  request = new_open_file (self, path, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_open_file_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.open_file_async].
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if the path leaves the workspace;
 * %DEVBOX_ERROR_VALIDATION_ERROR if the path is empty, not UTF-8, or that of a folder.
 *
 * Returns: (transfer full): a stream of the content of the file, or %NULL if @error is set
 *
 * Since: 1.0
 */
GInputStream *
devbox_instance_open_file_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_open_file_sync:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8
 * @cancellable: (nullable): a cancellable, or %NULL; it counts until the stream is there
 * @error: where to put an error
 *
 * Opens a file, to read it piece by piece, and waits until the stream is there.
 *
 * See [method@Instance.open_file_async] for the stream, and [method@Instance.open_file_finish] for the errors.
 *
 * Returns: (transfer full): a stream of the content of the file, or %NULL if @error is set
 *
 * Since: 1.0
 */
GInputStream *
devbox_instance_open_file_sync (DevboxInstance *self, const char *path, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);

  request = new_open_file (self, path, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}

static DevboxRequest *
new_replace_file (DevboxInstance *self, const char *path, goffset size, guint mode, GError **error)
{
  return devbox_instance_check_path (self, path, error)
             ? devbox_write_file_request_new_for_stream (path, size, mode, error)
             : NULL;
}

/**
 * devbox_instance_replace_file_from_stream_async:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8; folders that are missing are made
 * @contents: what the file shall hold
 * @size: how many bytes to take from @contents, or -1 for all that it has
 * @mode: the permissions of the file, such as 0755, or 0 to leave them to the agent; up to 07777
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the file is written
 * @user_data: what to give to @callback
 *
 * Writes a whole file, in place of what was there, from a stream.
 *
 * Nobody ever sees half of it: the file is replaced at once, when all of it has arrived. When @contents fails, or has
 * fewer bytes than @size says, the file stays as it was. No more than 1 MiB is in memory at any time.
 *
 * @contents is read asynchronously in the thread-default main context of the call, from where it stands, and is left
 * open. It must not be used otherwise until the call has ended; the call does not end before its last read has. An
 * agent that is told @size can refuse a file that is too large before any of it is sent.
 *
 * The deadline of the call, [property@Client:timeout], begins anew with each piece that is sent.
 *
 * In Python, @size and @mode may be left out.
 *
 * Since: 1.0
 */
void
devbox_instance_replace_file_from_stream_async (DevboxInstance *self,
                                                const char *path,
                                                GInputStream *contents,
                                                goffset size,
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
  g_return_if_fail (G_IS_INPUT_STREAM (contents));
  g_return_if_fail (size >= -1);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_replace_file_from_stream_async);

  request = new_replace_file (self, path, size, mode, &error);
  devbox_instance_upload_async (self, task, request, error, contents, size);
}

/**
 * devbox_instance_replace_file_from_stream_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.replace_file_from_stream_async].
 *
 * Errors: %DEVBOX_ERROR_FILE_TRANSFER_FAILED if the stream could not be read or was too short, with the reason in
 * [method@ErrorInfo.get_cause], or if something else than the contents was written;
 * %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if the path leaves the workspace; %DEVBOX_ERROR_FILE_TOO_LARGE if the agent
 * takes no file of that size; %DEVBOX_ERROR_DISK_FULL; %DEVBOX_ERROR_VALIDATION_ERROR if the path is empty, not UTF-8,
 * or that of a folder, or the mode is too large.
 *
 * Returns: %TRUE if the file is written, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_replace_file_from_stream_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_instance_replace_file_from_stream_sync:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8; folders that are missing are made
 * @contents: what the file shall hold
 * @size: how many bytes to take from @contents, or -1 for all that it has
 * @mode: the permissions of the file, such as 0755, or 0 to leave them to the agent; up to 07777
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Writes a whole file, in place of what was there, from a stream, and waits until that is done.
 *
 * @contents is read in this thread. See [method@Instance.replace_file_from_stream_async], and
 * [method@Instance.replace_file_from_stream_finish] for the errors.
 *
 * Returns: %TRUE if the file is written, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_replace_file_from_stream_sync (DevboxInstance *self,
                                               const char *path,
                                               GInputStream *contents,
                                               goffset size,
                                               guint mode,
                                               GCancellable *cancellable,
                                               GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (G_IS_INPUT_STREAM (contents), FALSE);
  g_return_val_if_fail (size >= -1, FALSE);

  request = new_replace_file (self, path, size, mode, &cause);

  return devbox_instance_upload_sync (self, request, cause, contents, size, cancellable, error) != NULL;
}

static DevboxRequest *
new_download_files (DevboxInstance *self, const char *const *paths, DevboxArchiveFormat format, GError **error)
{
  for (guint i = 0; paths[i] != NULL; i++)
    {
      if (!devbox_instance_check_path (self, paths[i], error))
        return NULL;
    }

  return devbox_download_files_request_new (paths, format, error);
}

/**
 * devbox_instance_download_files_async:
 * @self: an instance
 * @paths: (array zero-terminated=1): files and folders in the workspace, in UTF-8; a folder brings all that is in it
 * @format: the form of the archive
 * @cancellable: (nullable): a cancellable, or %NULL; it counts until the stream is there
 * @callback: (scope async): what to call when the stream is there
 * @user_data: what to give to @callback
 *
 * Gets many files at once, as an archive.
 *
 * The stream is like that of [method@Instance.open_file_async]. An archive that the agent cannot complete ends with an
 * error.
 *
 * Since: 1.0
 */
void
devbox_instance_download_files_async (DevboxInstance *self,
                                      const char *const *paths,
                                      DevboxArchiveFormat format,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (paths != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_download_files_async);

  request = new_download_files (self, paths, format, &error);
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_download_files_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.download_files_async].
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND if one of the files is missing; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if a path
 * leaves the workspace; %DEVBOX_ERROR_VALIDATION_ERROR if there is no path, or one is empty or not UTF-8, or if the
 * agent makes no archives.
 *
 * Returns: (transfer full): a stream of the archive, or %NULL if @error is set
 *
 * Since: 1.0
 */
GInputStream *
devbox_instance_download_files_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_download_files_sync:
 * @self: an instance
 * @paths: (array zero-terminated=1): files and folders in the workspace, in UTF-8; a folder brings all that is in it
 * @format: the form of the archive
 * @cancellable: (nullable): a cancellable, or %NULL; it counts until the stream is there
 * @error: where to put an error
 *
 * Gets many files at once, as an archive, and waits until the stream of it is there.
 *
 * See [method@Instance.download_files_async], and [method@Instance.download_files_finish] for the errors.
 *
 * Returns: (transfer full): a stream of the archive, or %NULL if @error is set
 *
 * Since: 1.0
 */
GInputStream *
devbox_instance_download_files_sync (DevboxInstance *self,
                                     const char *const *paths,
                                     DevboxArchiveFormat format,
                                     GCancellable *cancellable,
                                     GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (paths != NULL, NULL);

  request = new_download_files (self, paths, format, &cause);

  return devbox_instance_call_sync (self, request, cause, cancellable, error);
}
