/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-table-private.h"
#include "devbox-http-listener-private.h"
#include "devbox-http-router-private.h"
#include "devbox-platform-users-private.h"
#include "devbox-release-table-private.h"
#include "devbox-sandbox-private.h"
#include "devbox-template-set-private.h"

G_BEGIN_DECLS

/* The user that is there from the start, and may add others. */
#define DEVBOX_PLATFORM_FIRST_USER "admin"
#define DEVBOX_PLATFORM_FIRST_NAMESPACE "ns-admin"

/* What a platform is told before it starts. */
typedef struct
{
  char *data_folder;
  char *host;
  guint16 port;
  DevboxSandboxKind sandbox;
  char *agent_program; /* NULL: the installed one */
  char *kubeconfig_path;
  guint sample_interval_ms;
  guint64 open_files_limit;     /* soft, for boxes; 0: ours */
  GTlsCertificate *certificate; /* NULL: plain HTTP */
  gboolean allow_plaintext;     /* beyond loopback */
} DevboxPlatformConfig;

void devbox_platform_config_clear (DevboxPlatformConfig *config);

/* A platform in the thread that makes it: the store, the boxes, and the HTTP server in front of them. */
typedef struct _DevboxPlatformService DevboxPlatformService;

/* Takes what config holds, also on failure. */
DevboxPlatformService *devbox_platform_service_new (DevboxPlatformConfig *config, GError **error);
void devbox_platform_service_free (DevboxPlatformService *self); /* ends everything at once */
void
devbox_platform_service_set_finished_func (DevboxPlatformService *self, DevboxHttpHandler func, gpointer user_data);
/* Stops accepting, lets what runs end, stops the boxes; then func is told, once. */
void
devbox_platform_service_stop (DevboxPlatformService *self, guint grace_ms, GDestroyNotify func, gpointer user_data);

DevboxBoxTable *devbox_platform_service_get_boxes (DevboxPlatformService *self);
DevboxReleaseTable *devbox_platform_service_get_releases (DevboxPlatformService *self);
DevboxTemplateSet *devbox_platform_service_get_templates (DevboxPlatformService *self);
DevboxPlatformUsers *devbox_platform_service_get_users (DevboxPlatformService *self);
DevboxSandbox *devbox_platform_service_get_sandbox (DevboxPlatformService *self);
DevboxStore *devbox_platform_service_get_store (DevboxPlatformService *self);
const char *devbox_platform_service_get_uri (DevboxPlatformService *self);
const char *devbox_platform_service_get_certificate (DevboxPlatformService *self); /* PEM, for kubeconfigs; or NULL */
const char *devbox_platform_service_get_kubeconfig_path (DevboxPlatformService *self);
gint64 devbox_platform_service_get_uptime (DevboxPlatformService *self); /* µs */
gboolean devbox_platform_service_is_healthy (DevboxPlatformService *self);

/* routes: platform/devbox-platform-routes.c. user_data of each is the service. */
void devbox_platform_add_routes (DevboxHttpRouter *router, DevboxPlatformService *service);

G_END_DECLS
