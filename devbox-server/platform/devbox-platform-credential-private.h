/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The token in the value of an Authorization header, in the forms of docs/wire.md: a percent-encoded kubeconfig,
 * `Bearer` and that, `Bearer` and the token alone. A secret, transfer full (devbox_secret_free ()); NULL with
 * AUTHENTICATION_FAILED where there is none, or INVALID_KUBECONFIG. */
char *devbox_platform_credential_read (const char *authorization, GError **error);

G_END_DECLS
