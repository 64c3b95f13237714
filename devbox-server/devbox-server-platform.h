/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-server-types.h"

G_BEGIN_DECLS

/**
 * DevboxServerSandbox:
 * @DEVBOX_SERVER_SANDBOX_AUTO: bubblewrap where a trial run of it succeeds, else none
 * @DEVBOX_SERVER_SANDBOX_BUBBLEWRAP: bubblewrap, or the platform does not start
 * @DEVBOX_SERVER_SANDBOX_NONE: plain processes of the same user, which see all that this user sees
 *
 * How the devboxes of a local platform are kept apart from this machine and from each other.
 *
 * Since: 1.0
 */
typedef enum
{
  DEVBOX_SERVER_SANDBOX_AUTO,
  DEVBOX_SERVER_SANDBOX_BUBBLEWRAP,
  DEVBOX_SERVER_SANDBOX_NONE,
} DevboxServerSandbox;

#define DEVBOX_SERVER_TYPE_PLATFORM (devbox_server_platform_get_type ())

DEVBOX_SERVER_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxServerPlatform, devbox_server_platform, DEVBOX_SERVER, PLATFORM, GObject)

DEVBOX_SERVER_AVAILABLE_IN_1_0
DevboxServerPlatform *devbox_server_platform_new (const char *data_folder);

DEVBOX_SERVER_AVAILABLE_IN_1_0
gboolean devbox_server_platform_start (DevboxServerPlatform *self, GCancellable *cancellable, GError **error);
DEVBOX_SERVER_AVAILABLE_IN_1_0
void devbox_server_platform_stop (DevboxServerPlatform *self);

DEVBOX_SERVER_AVAILABLE_IN_1_0
gboolean devbox_server_platform_is_running (DevboxServerPlatform *self);
DEVBOX_SERVER_AVAILABLE_IN_1_0
char *devbox_server_platform_dup_uri (DevboxServerPlatform *self);
DEVBOX_SERVER_AVAILABLE_IN_1_0
char *devbox_server_platform_dup_data_folder (DevboxServerPlatform *self);
DEVBOX_SERVER_AVAILABLE_IN_1_0
char *devbox_server_platform_dup_kubeconfig (DevboxServerPlatform *self);
DEVBOX_SERVER_AVAILABLE_IN_1_0
char *devbox_server_platform_dup_kubeconfig_path (DevboxServerPlatform *self);
DEVBOX_SERVER_AVAILABLE_IN_1_0
DevboxServerSandbox devbox_server_platform_get_active_sandbox (DevboxServerPlatform *self);
DEVBOX_SERVER_AVAILABLE_IN_1_0
char *devbox_server_platform_dup_sandbox_reason (DevboxServerPlatform *self);

DEVBOX_SERVER_AVAILABLE_IN_1_0
char **devbox_server_platform_dup_users (DevboxServerPlatform *self, GError **error);
DEVBOX_SERVER_AVAILABLE_IN_1_0
char *devbox_server_platform_add_user (DevboxServerPlatform *self, const char *name, GError **error);
DEVBOX_SERVER_AVAILABLE_IN_1_0
char *devbox_server_platform_rotate_user (DevboxServerPlatform *self, const char *name, GError **error);
DEVBOX_SERVER_AVAILABLE_IN_1_0
gboolean devbox_server_platform_remove_user (DevboxServerPlatform *self, const char *name, GError **error);

G_END_DECLS
