/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-authenticator.h"
#include "devbox-client-settings-private.h"
#include "devbox-kubeconfig.h"

G_BEGIN_DECLS

/* Where a client gets its platform from: what it was told, what an authenticator says, or the kubeconfig in the default
 * places. Belongs to the client; thread safe. */
typedef struct _DevboxPlatformSource DevboxPlatformSource;

DevboxPlatformSource *devbox_platform_source_new (DevboxClientSettings *settings);
DevboxPlatformSource *devbox_platform_source_ref (DevboxPlatformSource *self);
void devbox_platform_source_unref (DevboxPlatformSource *self);
void devbox_platform_source_close (DevboxPlatformSource *self); /* ends all searches, and those that come */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxPlatformSource, devbox_platform_source_unref)

DevboxPlatformSource *devbox_client_get_platform_source (DevboxClient *self); /* transfer none */

/* What the program says; all of it may change at any time, and holds for the calls that come. FALSE: it is so already.
 */
gboolean devbox_platform_source_set_base_url (DevboxPlatformSource *self, const char *base_url);
gboolean devbox_platform_source_set_form (DevboxPlatformSource *self, DevboxAuthorizationForm form);
gboolean devbox_platform_source_set_kubeconfig (DevboxPlatformSource *self, DevboxKubeconfig *kubeconfig);
gboolean devbox_platform_source_set_authenticator (DevboxPlatformSource *self, DevboxAuthenticator *authenticator);

char *devbox_platform_source_dup_base_url (DevboxPlatformSource *self); /* as it was set, or NULL */
DevboxAuthorizationForm devbox_platform_source_get_form (DevboxPlatformSource *self);
DevboxKubeconfig *devbox_platform_source_ref_kubeconfig (DevboxPlatformSource *self);
DevboxAuthenticator *devbox_platform_source_ref_authenticator (DevboxPlatformSource *self);

/* What is known without asking anybody, or NULL. An authenticator is asked for each call, unless the last word of it
 * will do. transfer full */
DevboxEndpoint *devbox_platform_source_ref_known (DevboxPlatformSource *self, gboolean last_word_will_do);

/* Takes what it gets, of which one is set. */
typedef void (*DevboxPlatformFound) (DevboxEndpoint *platform, GError *error, gpointer data);

/* `found` is called once in the caller's thread-default context, perhaps before this returns. */
void devbox_platform_source_find (DevboxPlatformSource *self,
                                  gint64 deadline, /* monotonic time in µs, 0: none */
                                  GCancellable *cancellable,
                                  DevboxPlatformFound found,
                                  gpointer data);
/* The same, blocking. */
DevboxEndpoint *devbox_platform_source_find_sync (DevboxPlatformSource *self,
                                                  gint64 deadline,
                                                  GCancellable *cancellable,
                                                  GError **error);

G_END_DECLS
