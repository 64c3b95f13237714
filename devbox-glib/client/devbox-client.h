/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-authenticator.h"
#include "devbox-file-monitor.h"
#include "devbox-instance-status.h"
#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_CLIENT (devbox_client_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxClient, devbox_client, DEVBOX, CLIENT, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxClient *devbox_client_new (void);

DEVBOX_AVAILABLE_IN_1_0
DevboxClient *devbox_client_new_with_kubeconfig (DevboxKubeconfig *kubeconfig);
DEVBOX_AVAILABLE_IN_1_0
DevboxClient *devbox_client_new_for_platform (const char *base_url, const char *token, GError **error);

DEVBOX_AVAILABLE_IN_1_0
DevboxKubeconfig *devbox_client_dup_kubeconfig (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_kubeconfig (DevboxClient *self, DevboxKubeconfig *kubeconfig);
DEVBOX_AVAILABLE_IN_1_0
DevboxAuthenticator *devbox_client_dup_authenticator (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_authenticator (DevboxClient *self, DevboxAuthenticator *authenticator);
DEVBOX_AVAILABLE_IN_1_0
char *devbox_client_dup_base_url (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_base_url (DevboxClient *self, const char *base_url);
DEVBOX_AVAILABLE_IN_1_0
DevboxAuthorizationForm devbox_client_get_authorization_form (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_authorization_form (DevboxClient *self, DevboxAuthorizationForm form);

DEVBOX_AVAILABLE_IN_1_0
DevboxPathPolicy *devbox_client_dup_path_policy (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_path_policy (DevboxClient *self, DevboxPathPolicy *policy);
DEVBOX_AVAILABLE_IN_1_0
DevboxMetrics *devbox_client_dup_metrics (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_metrics (DevboxClient *self, DevboxMetrics *metrics);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_set_header (DevboxClient *self, const char *name, const char *value, GError **error);
DEVBOX_AVAILABLE_IN_1_0
char *devbox_client_dup_traceparent (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_traceparent (DevboxClient *self, const char *traceparent);

DEVBOX_AVAILABLE_IN_1_0
DevboxPool *devbox_client_get_pool (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_client_get_timeout (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_timeout (DevboxClient *self, guint timeout_ms);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_client_get_max_retries (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_max_retries (DevboxClient *self, guint max_retries);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_client_get_retry_delay (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_retry_delay (DevboxClient *self, guint delay_ms);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_client_get_user_agent (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_run_async (DevboxClient *self,
                              const char *name,
                              DevboxCommand *command,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxCommandResult *devbox_client_run_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxCommandResult *devbox_client_run_sync (DevboxClient *self,
                                             const char *name,
                                             DevboxCommand *command,
                                             GCancellable *cancellable,
                                             GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_client_get_process_status_async (DevboxClient *self,
                                             const char *name,
                                             int pid,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback,
                                             gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxProcess *devbox_client_get_process_status_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxProcess *devbox_client_get_process_status_sync (DevboxClient *self,
                                                      const char *name,
                                                      int pid,
                                                      GCancellable *cancellable,
                                                      GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_client_close (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_is_closed (DevboxClient *self);

/* Devboxes */
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_create_instance_async (DevboxClient *self,
                                          DevboxInstanceSpec *spec,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstance *devbox_client_create_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstance *devbox_client_create_instance_sync (DevboxClient *self,
                                                    DevboxInstanceSpec *spec,
                                                    GCancellable *cancellable,
                                                    GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_get_instance_async (DevboxClient *self,
                                       const char *name,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstance *devbox_client_get_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstance *
devbox_client_get_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_update_instance_async (DevboxClient *self,
                                          const char *name,
                                          DevboxInstanceSpec *changes,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_update_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_update_instance_sync (DevboxClient *self,
                                             const char *name,
                                             DevboxInstanceSpec *changes,
                                             GCancellable *cancellable,
                                             GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_list_instances_async (DevboxClient *self,
                                         DevboxInstanceStatus status,
                                         const char *runtime,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstanceList *devbox_client_list_instances_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstanceList *devbox_client_list_instances_sync (DevboxClient *self,
                                                       DevboxInstanceStatus status,
                                                       const char *runtime,
                                                       GCancellable *cancellable,
                                                       GError **error);

/* Their life */
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_start_instance_async (DevboxClient *self,
                                         const char *name,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_start_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_client_start_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_pause_instance_async (DevboxClient *self,
                                         const char *name,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_pause_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_client_pause_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_restart_instance_async (DevboxClient *self,
                                           const char *name,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_restart_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_client_restart_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_shutdown_instance_async (DevboxClient *self,
                                            const char *name,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_shutdown_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_client_shutdown_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_delete_instance_async (DevboxClient *self,
                                          const char *name,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_delete_instance_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_client_delete_instance_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error);

/* Their ports, and what they run */
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_ports_async (DevboxClient *self,
                                    const char *name,
                                    GListModel *ports,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_set_ports_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_set_ports_sync (DevboxClient *self,
                                       const char *name,
                                       GListModel *ports,
                                       GCancellable *cancellable,
                                       GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_autostart_async (DevboxClient *self,
                                        const char *name,
                                        const char *command,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_set_autostart_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_set_autostart_sync (DevboxClient *self,
                                           const char *name,
                                           const char *command,
                                           GCancellable *cancellable,
                                           GError **error);

/* Their releases */
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_list_releases_async (DevboxClient *self,
                                        const char *name,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_client_list_releases_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *
devbox_client_list_releases_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_create_release_async (DevboxClient *self,
                                         const char *name,
                                         const char *tag,
                                         const char *description,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxRelease *devbox_client_create_release_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxRelease *devbox_client_create_release_sync (DevboxClient *self,
                                                  const char *name,
                                                  const char *tag,
                                                  const char *description,
                                                  GCancellable *cancellable,
                                                  GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_delete_release_async (DevboxClient *self,
                                         const char *name,
                                         const char *tag,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_delete_release_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_delete_release_sync (DevboxClient *self,
                                            const char *name,
                                            const char *tag,
                                            GCancellable *cancellable,
                                            GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_deploy_release_async (DevboxClient *self,
                                         const char *name,
                                         const char *tag,
                                         const char *new_name,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstance *devbox_client_deploy_release_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstance *devbox_client_deploy_release_sync (DevboxClient *self,
                                                   const char *name,
                                                   const char *tag,
                                                   const char *new_name,
                                                   GCancellable *cancellable,
                                                   GError **error);

/* What they use */
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_list_samples_async (DevboxClient *self,
                                       const char *name,
                                       GDateTime *start,
                                       GDateTime *end,
                                       guint step_ms,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_client_list_samples_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_client_list_samples_sync (DevboxClient *self,
                                             const char *name,
                                             GDateTime *start,
                                             GDateTime *end,
                                             guint step_ms,
                                             GCancellable *cancellable,
                                             GError **error);

/* The platform itself */
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_test_auth_async (DevboxClient *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_test_auth_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_test_auth_sync (DevboxClient *self, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_list_templates_async (DevboxClient *self,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_client_list_templates_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_client_list_templates_sync (DevboxClient *self, GCancellable *cancellable, GError **error);

/* Their agents */
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_get_server_url_async (DevboxClient *self,
                                         const char *name,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
char *devbox_client_get_server_url_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
char *
devbox_client_get_server_url_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_check_health_async (DevboxClient *self,
                                       const char *name,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_check_health_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean
devbox_client_check_health_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error);

/* What is in them */
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_load_file_async (DevboxClient *self,
                                    const char *name,
                                    const char *path,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
GBytes *devbox_client_load_file_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
GBytes *devbox_client_load_file_sync (DevboxClient *self,
                                      const char *name,
                                      const char *path,
                                      GCancellable *cancellable,
                                      GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_client_replace_file_async (DevboxClient *self,
                                       const char *name,
                                       const char *path,
                                       GBytes *contents,
                                       guint mode,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_replace_file_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_replace_file_sync (DevboxClient *self,
                                          const char *name,
                                          const char *path,
                                          GBytes *contents,
                                          guint mode,
                                          GCancellable *cancellable,
                                          GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_client_delete_file_async (DevboxClient *self,
                                      const char *name,
                                      const char *path,
                                      gboolean recursive,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_delete_file_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_delete_file_sync (DevboxClient *self,
                                         const char *name,
                                         const char *path,
                                         gboolean recursive,
                                         GCancellable *cancellable,
                                         GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_client_upload_files_async (DevboxClient *self,
                                       const char *name,
                                       GHashTable *files,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxUploadResult *devbox_client_upload_files_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxUploadResult *devbox_client_upload_files_sync (DevboxClient *self,
                                                     const char *name,
                                                     GHashTable *files,
                                                     GCancellable *cancellable,
                                                     GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_client_monitor_files_async (DevboxClient *self,
                                        const char *name,
                                        const char *path,
                                        DevboxFileMonitorFlags flags,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxFileMonitor *devbox_client_monitor_files_finish (DevboxClient *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxFileMonitor *devbox_client_monitor_files_sync (DevboxClient *self,
                                                     const char *name,
                                                     const char *path,
                                                     DevboxFileMonitorFlags flags,
                                                     GCancellable *cancellable,
                                                     GError **error);

G_END_DECLS
