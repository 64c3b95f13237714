/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-guard-private.h"
#include "devbox-platform-service-private.h"

G_BEGIN_DECLS

/* How users come to the platform: the kubeconfig of the first one, the tokens of all, and who may manage them. */

/* Sees to it that the kubeconfig of the first user is there and lets them in at this address: it stays as it is if it
 * does, gets the new address, or a new token. Blocking: at the start. */
gboolean devbox_platform_access_provide (DevboxPlatformUsers *users,
                                         const char *path,
                                         const char *uri,
                                         const char *certificate,
                                         GError **error);

/* Has the guard ask for the token of one of the users. */
void devbox_platform_access_set_up_guard (DevboxPlatformUsers *users, DevboxHttpGuard *guard);
/* A body may take its time, in which a token is replaced or a user removed: FALSE, and 401 was replied. */
gboolean devbox_platform_access_check_again (DevboxPlatformService *service, DevboxHttpExchange *exchange);

/* Operations on users, told when they are on disk. kubeconfig: the new one (NULL for a removal), wiped after the call.
 */
typedef void (*DevboxPlatformAccessFunc) (const char *kubeconfig, const GError *error, gpointer user_data);
void devbox_platform_access_add_user (DevboxPlatformService *service,
                                      const char *name,
                                      DevboxPlatformAccessFunc func,
                                      gpointer user_data);
/* A new token: the old one is refused from then on. That of the first user is written to its kubeconfig. */
void devbox_platform_access_rotate_user (DevboxPlatformService *service,
                                         const char *name,
                                         DevboxPlatformAccessFunc func,
                                         gpointer user_data);
/* CONFLICT while the user has devboxes or releases, and for the first one. */
void devbox_platform_access_remove_user (DevboxPlatformService *service,
                                         const char *name,
                                         DevboxPlatformAccessFunc func,
                                         gpointer user_data);

/* /api/v1/users, for the first user alone: user_data is the service. */
extern const DevboxHttpRoute devbox_platform_users_routes[];

G_END_DECLS
