/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-client-settings-private.h"
#include "devbox-path-policy.h"

G_BEGIN_DECLS

/* What a program can replace; belongs to the client. Thread safe. */
typedef struct _DevboxClientHooks DevboxClientHooks;

DevboxClientHooks *devbox_client_hooks_new (DevboxClientSettings *settings);
void devbox_client_hooks_free (DevboxClientHooks *self);

DevboxClientHooks *devbox_client_get_hooks (DevboxClient *self);       /* transfer none */
DevboxClientSettings *devbox_client_get_settings (DevboxClient *self); /* transfer none */

G_END_DECLS
