/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"
#include "devbox-store-private.h"

G_BEGIN_DECLS

/* Who may use the platform: users with a namespace each, told by a token of 256 random bits, of which only the SHA-256
 * is kept. Of the platform's thread; lookups are of memory alone. */
typedef struct _DevboxPlatformUsers DevboxPlatformUsers;

DevboxPlatformUsers *devbox_platform_users_new (DevboxStore *store, GError **error); /* reads them */
void devbox_platform_users_free (DevboxPlatformUsers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxPlatformUsers, devbox_platform_users_free)

GStrv devbox_platform_users_list (DevboxPlatformUsers *self); /* names, sorted; transfer full */
/* Adds one, or gives one that exists (replace) a new token: the old one is refused from then on. func is told when it
 * is on disk. Returns the token (transfer full), or NULL: VALIDATION_ERROR for a bad name, CONFLICT where one exists.
 */
char *devbox_platform_users_add (DevboxPlatformUsers *self,
                                 const char *name,
                                 gboolean replace,
                                 DevboxStoreFunc func,
                                 gpointer user_data,
                                 GError **error);
/* FALSE: there is none (VALIDATION_ERROR). Its boxes are the caller's affair. */
gboolean devbox_platform_users_remove (DevboxPlatformUsers *self,
                                       const char *name,
                                       DevboxStoreFunc func,
                                       gpointer user_data,
                                       GError **error);

/* Who sends the request: the namespace ("ns-alice"; of the user), or NULL with AUTHENTICATION_FAILED (or
 * INVALID_KUBECONFIG). Takes the forms of docs/wire.md: a percent-encoded kubeconfig without a scheme, `Bearer` and
 * that, `Bearer` and the token alone. Digests are compared in constant time; kubeconfigs that were seen are remembered
 * by their digest (bounded), so that YAML is read once. */
const char *
devbox_platform_users_authenticate (DevboxPlatformUsers *self, DevboxHttpExchange *exchange, GError **error);

/* The same for the value of the header. */
const char *
devbox_platform_users_check_authorization (DevboxPlatformUsers *self, const char *authorization, GError **error);

/* platform/devbox-platform-kubeconfig.c */

/* A kubeconfig (YAML) for one user: cluster with that server, context "NAME@devbox-platform" with namespace, user
 * with token. The cluster carries the extension {name: devbox.sealos.io, extension: {base-url: …}}, so that a client
 * takes the server as it is. */
char *devbox_platform_users_format_kubeconfig (const char *name,
                                               const char *server,
                                               const char *token,
                                               const char *certificate_pem);
/* Writes it, mode 0600, by rename; folders are made with 0700. */
gboolean devbox_platform_users_write_kubeconfig (const char *path, const char *kubeconfig, GError **error);

G_END_DECLS
