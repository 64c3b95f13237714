/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-request-private.h"
#include "devbox-platform-call-private.h"

G_BEGIN_DECLS

/* The routes of the lifecycle API (docs/wire.md, "Platform"), one table a topic. */

#define DEVBOX_PLATFORM_PREFIX "/api/v1/devbox"

extern const DevboxHttpRoute devbox_platform_autostart_routes[];
extern const DevboxHttpRoute devbox_platform_box_routes[];
extern const DevboxHttpRoute devbox_platform_lifecycle_routes[];
extern const DevboxHttpRoute devbox_platform_monitor_routes[];
extern const DevboxHttpRoute devbox_platform_port_routes[];
extern const DevboxHttpRoute devbox_platform_release_routes[];
extern const DevboxHttpRoute devbox_platform_template_routes[];

/* Of the user who calls, with the usual resources. */
DevboxBoxRecord *devbox_platform_new_record (DevboxPlatformCall *call);
/* Makes a box of a record with a name, a runtime and an owner (taken), and answers the call (taken). body: of the
 * request, which an Idempotency-Key goes with. */
void devbox_platform_create_box (DevboxPlatformCall *call, DevboxBoxRecord *record, GBytes *body);
/* Changes the box of the call (taken) as read finds it in the body; reply gets the call. */
typedef DevboxBoxRequest *(*DevboxPlatformReadUpdateFunc) (JsonObject *object, const GPtrArray *ports, GError **error);
void devbox_platform_update_box (DevboxPlatformCall *call,
                                 GBytes *body,
                                 DevboxPlatformReadUpdateFunc read,
                                 DevboxBoxFunc reply);
/* The command that the template of a runtime starts its example with; transfer none. NULL: VALIDATION_ERROR. */
const char *devbox_platform_find_startup_command (DevboxPlatformService *service, const char *runtime, GError **error);
/* Writes over the record what a request for a new box gives, and checks that its runtime can be had. */
gboolean devbox_platform_furnish_record (DevboxPlatformService *service,
                                         DevboxBoxRecord *record,
                                         const DevboxBoxRequest *request,
                                         GError **error);

G_END_DECLS
