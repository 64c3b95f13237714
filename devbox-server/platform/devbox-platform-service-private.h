/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-table-private.h"
#include "devbox-http-router-private.h"
#include "devbox-platform-users-private.h"
#include "devbox-release-table-private.h"
#include "devbox-sandbox-private.h"
#include "devbox-template-set-private.h"

G_BEGIN_DECLS

/* A platform in its own thread: the store, the boxes, and the HTTP server in front of them. */
typedef struct _DevboxPlatformService DevboxPlatformService;

DevboxBoxTable *devbox_platform_service_get_boxes (DevboxPlatformService *self);
DevboxReleaseTable *devbox_platform_service_get_releases (DevboxPlatformService *self);
DevboxTemplateSet *devbox_platform_service_get_templates (DevboxPlatformService *self);
DevboxPlatformUsers *devbox_platform_service_get_users (DevboxPlatformService *self);
DevboxSandbox *devbox_platform_service_get_sandbox (DevboxPlatformService *self);
DevboxStore *devbox_platform_service_get_store (DevboxPlatformService *self);
gint64 devbox_platform_service_get_uptime (DevboxPlatformService *self); /* µs */
gboolean devbox_platform_service_is_healthy (DevboxPlatformService *self);

/* routes: platform/devbox-platform-routes.c. user_data of each is the service. */
void devbox_platform_add_routes (DevboxHttpRouter *router, DevboxPlatformService *service);

G_END_DECLS
