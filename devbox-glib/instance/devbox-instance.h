/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-file-info.h"
#include "devbox-file-monitor.h"
#include "devbox-instance-status.h"
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
char *devbox_instance_dup_agent_url (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_get_name (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
char *devbox_instance_dup_uid (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstanceStatus devbox_instance_get_status (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
char *devbox_instance_dup_status_text (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
char *devbox_instance_dup_reason (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
char *devbox_instance_dup_runtime (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
char *devbox_instance_dup_image (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_instance_get_cpu (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_instance_get_memory (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
char *devbox_instance_dup_pod_ip (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxSshInfo *devbox_instance_dup_ssh (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
GStrv devbox_instance_dup_environ (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_dup_ports (DevboxInstance *self);
DEVBOX_AVAILABLE_IN_1_0
GDateTime *devbox_instance_dup_created (DevboxInstance *self);

/* What the platform does with it */
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_refresh_async (DevboxInstance *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_refresh_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_refresh_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_get_info_async (DevboxInstance *self,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstanceInfo *devbox_instance_get_info_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstanceInfo *devbox_instance_get_info_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_start_async (DevboxInstance *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_start_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_start_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_pause_async (DevboxInstance *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_pause_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_pause_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_restart_async (DevboxInstance *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_restart_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_restart_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_shutdown_async (DevboxInstance *self,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_shutdown_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_shutdown_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_delete_async (DevboxInstance *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_delete_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_delete_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_update_async (DevboxInstance *self,
                                   DevboxInstanceSpec *changes,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_update_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_update_sync (DevboxInstance *self,
                                      DevboxInstanceSpec *changes,
                                      GCancellable *cancellable,
                                      GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_wait_ready_async (DevboxInstance *self,
                                       guint timeout_ms,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_wait_ready_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_instance_wait_ready_sync (DevboxInstance *self, guint timeout_ms, GCancellable *cancellable, GError **error);

/* Its ports, what it runs, its releases, what it uses */
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_set_ports_async (DevboxInstance *self,
                                      GListModel *ports,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_set_ports_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_instance_set_ports_sync (DevboxInstance *self, GListModel *ports, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_set_autostart_async (DevboxInstance *self,
                                          const char *command,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_set_autostart_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_set_autostart_sync (DevboxInstance *self,
                                             const char *command,
                                             GCancellable *cancellable,
                                             GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_list_releases_async (DevboxInstance *self,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_releases_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_releases_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_create_release_async (DevboxInstance *self,
                                           const char *tag,
                                           const char *description,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxRelease *devbox_instance_create_release_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxRelease *devbox_instance_create_release_sync (DevboxInstance *self,
                                                    const char *tag,
                                                    const char *description,
                                                    GCancellable *cancellable,
                                                    GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_delete_release_async (DevboxInstance *self,
                                           const char *tag,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_delete_release_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_instance_delete_release_sync (DevboxInstance *self, const char *tag, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_deploy_release_async (DevboxInstance *self,
                                           const char *tag,
                                           const char *new_name,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstance *devbox_instance_deploy_release_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstance *devbox_instance_deploy_release_sync (DevboxInstance *self,
                                                     const char *tag,
                                                     const char *new_name,
                                                     GCancellable *cancellable,
                                                     GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_list_samples_async (DevboxInstance *self,
                                         GDateTime *start,
                                         GDateTime *end,
                                         guint step_ms,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_samples_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_samples_sync (DevboxInstance *self,
                                               GDateTime *start,
                                               GDateTime *end,
                                               guint step_ms,
                                               GCancellable *cancellable,
                                               GError **error);

/* Its agent */
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
void devbox_instance_get_agent_info_async (DevboxInstance *self,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxAgentInfo *devbox_instance_get_agent_info_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxAgentInfo *devbox_instance_get_agent_info_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);

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
                                 const char *text,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
char **devbox_instance_find_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
char **devbox_instance_find_sync (DevboxInstance *self,
                                  const char *directory,
                                  const char *text,
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
gboolean devbox_instance_replace_file_from_stream_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
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
void devbox_instance_spawn_async (DevboxInstance *self,
                                  DevboxCommand *command,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxProcess *devbox_instance_spawn_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxProcess *
devbox_instance_spawn_sync (DevboxInstance *self, DevboxCommand *command, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_list_processes_async (DevboxInstance *self,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_processes_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_processes_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_get_process_status_async (DevboxInstance *self,
                                               int pid,
                                               GCancellable *cancellable,
                                               GAsyncReadyCallback callback,
                                               gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxProcess *devbox_instance_get_process_status_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxProcess *
devbox_instance_get_process_status_sync (DevboxInstance *self, int pid, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_create_session_async (DevboxInstance *self,
                                           const char *working_directory,
                                           const char *const *environment,
                                           const char *shell,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxSession *devbox_instance_create_session_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxSession *devbox_instance_create_session_sync (DevboxInstance *self,
                                                    const char *working_directory,
                                                    const char *const *environment,
                                                    const char *shell,
                                                    GCancellable *cancellable,
                                                    GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_list_sessions_async (DevboxInstance *self,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_sessions_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_sessions_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_get_session_async (DevboxInstance *self,
                                        const char *identifier,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxSession *devbox_instance_get_session_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxSession *devbox_instance_get_session_sync (DevboxInstance *self,
                                                 const char *identifier,
                                                 GCancellable *cancellable,
                                                 GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_list_listening_ports_async (DevboxInstance *self,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback,
                                                 gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_listening_ports_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_list_listening_ports_sync (DevboxInstance *self, GCancellable *cancellable, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_run_streamed_async (DevboxInstance *self,
                                         DevboxCommand *command,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxLogReader *devbox_instance_run_streamed_finish (DevboxInstance *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxLogReader *devbox_instance_run_streamed_sync (DevboxInstance *self,
                                                    DevboxCommand *command,
                                                    GCancellable *cancellable,
                                                    GError **error);

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
