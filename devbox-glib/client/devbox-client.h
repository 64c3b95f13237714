/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-authenticator.h"
#include "devbox-file-monitor.h"
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
DevboxKubeconfig *devbox_client_get_kubeconfig (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_kubeconfig (DevboxClient *self, DevboxKubeconfig *kubeconfig);
DEVBOX_AVAILABLE_IN_1_0
DevboxAuthenticator *devbox_client_get_authenticator (DevboxClient *self);
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
DevboxPathPolicy *devbox_client_get_path_policy (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_client_set_path_policy (DevboxClient *self, DevboxPathPolicy *policy);
DEVBOX_AVAILABLE_IN_1_0
DevboxMetrics *devbox_client_get_metrics (DevboxClient *self);
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
void devbox_client_close (DevboxClient *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_client_is_closed (DevboxClient *self);

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
