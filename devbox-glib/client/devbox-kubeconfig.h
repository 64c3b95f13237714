/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

typedef enum
{
  DEVBOX_KUBECONFIG_FLAGS_NONE = 0,
  DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC = 1 << 0,
} DevboxKubeconfigFlags;

#define DEVBOX_TYPE_KUBECONFIG (devbox_kubeconfig_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxKubeconfig, devbox_kubeconfig, DEVBOX, KUBECONFIG, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxKubeconfig *devbox_kubeconfig_new_from_bytes (GBytes *bytes, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxKubeconfig *devbox_kubeconfig_new_for_token (const char *base_url, const char *token, GError **error);

DEVBOX_AVAILABLE_IN_1_0
void devbox_kubeconfig_load_file_async (GFile *file,
                                        const char *context,
                                        DevboxKubeconfigFlags flags,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxKubeconfig *devbox_kubeconfig_load_file_finish (GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxKubeconfig *devbox_kubeconfig_load_file_sync (GFile *file,
                                                    const char *context,
                                                    DevboxKubeconfigFlags flags,
                                                    GCancellable *cancellable,
                                                    GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_kubeconfig_load_default_async (const char *context,
                                           DevboxKubeconfigFlags flags,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
DevboxKubeconfig *devbox_kubeconfig_load_default_finish (GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
DevboxKubeconfig *devbox_kubeconfig_load_default_sync (const char *context,
                                                       DevboxKubeconfigFlags flags,
                                                       GCancellable *cancellable,
                                                       GError **error);

DEVBOX_AVAILABLE_IN_1_0
DevboxKubeconfig *devbox_kubeconfig_with_context (DevboxKubeconfig *self, const char *context, GError **error);

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_kubeconfig_get_context (DevboxKubeconfig *self);
DEVBOX_AVAILABLE_IN_1_0
const char *const *devbox_kubeconfig_get_contexts (DevboxKubeconfig *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_kubeconfig_get_cluster (DevboxKubeconfig *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_kubeconfig_get_user (DevboxKubeconfig *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_kubeconfig_get_namespace (DevboxKubeconfig *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_kubeconfig_get_server (DevboxKubeconfig *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_kubeconfig_get_base_url (DevboxKubeconfig *self);
DEVBOX_AVAILABLE_IN_1_0
GBytes *devbox_kubeconfig_to_bytes (DevboxKubeconfig *self);

G_END_DECLS
