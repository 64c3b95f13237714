/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-client-settings-private.h"

G_BEGIN_DECLS

/* Where a client gets its platform from: what it was told, what an authenticator says, or the kubeconfig in the default
 * places. Belongs to the client; thread safe. */
typedef struct _DevboxPlatformSource DevboxPlatformSource;

/* Takes what it gets, of which one is set. In any thread, once, perhaps from within devbox_platform_source_find (). */
typedef void (*DevboxPlatformFound) (DevboxEndpoint *platform, GError *error, gpointer data);

DevboxPlatformSource *devbox_platform_source_new (DevboxClientSettings *settings);
void devbox_platform_source_free (DevboxPlatformSource *self);

DevboxPlatformSource *devbox_client_get_platform_source (DevboxClient *self); /* transfer none */

/* What is known without asking anybody, or NULL. An authenticator is asked for each call, unless the last word of it
 * will do. transfer full */
DevboxEndpoint *devbox_platform_source_ref_known (DevboxPlatformSource *self, gboolean last_word_will_do);
void devbox_platform_source_find (DevboxPlatformSource *self,
                                  GCancellable *cancellable,
                                  DevboxPlatformFound found,
                                  gpointer data);

G_END_DECLS
