/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-file-info.h"
#include "devbox-file-monitor.h"
#include "devbox-types.h"

G_BEGIN_DECLS

typedef enum
{
  DEVBOX_ARCHIVE_FORMAT_TAR,
  DEVBOX_ARCHIVE_FORMAT_TAR_GZ,
} DevboxArchiveFormat;

#define DEVBOX_TYPE_INSTANCE (devbox_instance_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxInstance, devbox_instance, DEVBOX, INSTANCE, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxInstance *devbox_instance_new_for_agent (const char *agent_url, const char *token);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstance *
devbox_instance_new_for_agent_with_client (DevboxClient *client, const char *agent_url, const char *token);

DEVBOX_AVAILABLE_IN_1_0
DevboxClient *devbox_instance_get_client (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_get_agent_url (DevboxInstance *self);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_is_healthy_async (DevboxInstance *self,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_is_healthy_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_is_healthy_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_load_file_async (DevboxInstance *self,
                                      const char *path,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GBytes *devbox_instance_load_file_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GBytes *
devbox_instance_load_file_sync (DevboxInstance *self, const char *path, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_replace_file_async (DevboxInstance *self,
                                         const char *path,
                                         GBytes *contents,
                                         guint mode,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_replace_file_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_replace_file_sync (DevboxInstance *self,
                                            const char *path,
                                            GBytes *contents,
                                            guint mode,
                                            GCancellable *cancellable,
                                            GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_list_files_async (DevboxInstance *self,
                                       const char *path,
                                       DevboxListFilesFlags flags,
                                       guint offset,
                                       guint limit,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_files_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_files_sync (DevboxInstance *self,
                                             const char *path,
                                             DevboxListFilesFlags flags,
                                             guint offset,
                                             guint limit,
                                             GCancellable *cancellable,
                                             GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_delete_file_async (DevboxInstance *self,
                                        const char *path,
                                        gboolean recursive,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_delete_file_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_delete_file_sync (DevboxInstance *self,
                                           const char *path,
                                           gboolean recursive,
                                           GCancellable *cancellable,
                                           GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_move_async (DevboxInstance *self,
                                 const char *source,
                                 const char *destination,
                                 gboolean overwrite,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_move_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_move_sync (DevboxInstance *self,
                                    const char *source,
                                    const char *destination,
                                    gboolean overwrite,
                                    GCancellable *cancellable,
                                    GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_set_mode_async (DevboxInstance *self,
                                     const char *path,
                                     guint mode,
                                     gboolean recursive,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_set_mode_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_set_mode_sync (DevboxInstance *self,
                                        const char *path,
                                        guint mode,
                                        gboolean recursive,
                                        GCancellable *cancellable,
                                        GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_set_owner_async (DevboxInstance *self,
                                      const char *path,
                                      const char *owner,
                                      gboolean recursive,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_set_owner_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_set_owner_sync (DevboxInstance *self,
                                         const char *path,
                                         const char *owner,
                                         gboolean recursive,
                                         GCancellable *cancellable,
                                         GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_find_async (DevboxInstance *self,
                                 const char *directory,
                                 const char *pattern,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
char **devbox_instance_find_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
char **devbox_instance_find_sync (DevboxInstance *self,
                                  const char *directory,
                                  const char *pattern,
                                  GCancellable *cancellable,
                                  GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_grep_async (DevboxInstance *self,
                                 const char *directory,
                                 const char *text,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
char **devbox_instance_grep_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
char **devbox_instance_grep_sync (DevboxInstance *self,
                                  const char *directory,
                                  const char *text,
                                  GCancellable *cancellable,
                                  GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_replace_text_async (DevboxInstance *self,
                                         const char *const *paths,
                                         const char *from,
                                         const char *to,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_replace_text_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_replace_text_sync (DevboxInstance *self,
                                               const char *const *paths,
                                               const char *from,
                                               const char *to,
                                               GCancellable *cancellable,
                                               GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_upload_files_async (DevboxInstance *self,
                                         GHashTable *files,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxUploadResult *devbox_instance_upload_files_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxUploadResult *
devbox_instance_upload_files_sync (DevboxInstance *self, GHashTable *files, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_open_file_async (DevboxInstance *self,
                                      const char *path,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GInputStream *devbox_instance_open_file_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GInputStream *
devbox_instance_open_file_sync (DevboxInstance *self, const char *path, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_replace_file_from_stream_async (DevboxInstance *self,
                                                     const char *path,
                                                     GInputStream *contents,
                                                     goffset size,
                                                     guint mode,
                                                     GCancellable *cancellable,
                                                     GAsyncReadyCallback callback,
                                                     gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_instance_replace_file_from_stream_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_replace_file_from_stream_sync (DevboxInstance *self,
                                                        const char *path,
                                                        GInputStream *contents,
                                                        goffset size,
                                                        guint mode,
                                                        GCancellable *cancellable,
                                                        GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_download_files_async (DevboxInstance *self,
                                           const char *const *paths,
                                           DevboxArchiveFormat format,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GInputStream *devbox_instance_download_files_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GInputStream *devbox_instance_download_files_sync (DevboxInstance *self,
                                                   const char *const *paths,
                                                   DevboxArchiveFormat format,
                                                   GCancellable *cancellable,
                                                   GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_run_async (DevboxInstance *self,
                                DevboxCommand *command,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxCommandResult *devbox_instance_run_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxCommandResult *
devbox_instance_run_sync (DevboxInstance *self, DevboxCommand *command, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_monitor_files_async (DevboxInstance *self,
                                          const char *path,
                                          DevboxFileMonitorFlags flags,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxFileMonitor *devbox_instance_monitor_files_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxFileMonitor *devbox_instance_monitor_files_sync (DevboxInstance *self,
                                                       const char *path,
                                                       DevboxFileMonitorFlags flags,
                                                       GCancellable *cancellable,
                                                       GError **error);

G_END_DECLS
