/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-tls-settings-private.h"

G_BEGIN_DECLS

/* "scheme://host:port": calls that agree in it share connections. */
const char *devbox_endpoint_get_address (DevboxEndpoint *self);
gboolean devbox_endpoint_equal (DevboxEndpoint *a, DevboxEndpoint *b); /* address, path and token */
GUri *devbox_endpoint_get_health_uri (DevboxEndpoint *self);
/* What the Authorization header says, or NULL. */
const char *devbox_endpoint_get_authorization (DevboxEndpoint *self);
/* With a header of another form than a token's; what is secret about it is redacted too. */
DevboxEndpoint *
devbox_endpoint_new_with_authorization (const char *base_url, const char *authorization, GError **error);
/* How the platform is recognised; NULL: as the system does. Taken while nobody else knows the endpoint. */
void devbox_endpoint_take_tls_settings (DevboxEndpoint *self, DevboxTlsSettings *tls);
DevboxTlsSettings *devbox_endpoint_get_tls_settings (DevboxEndpoint *self);
GUri *devbox_endpoint_build_uri (DevboxEndpoint *self, const char *path_and_query);
/* What the credential was made of, NULL-terminated and freed with devbox_secret_free_strv (), so that it is redacted as
 * well. Taken while nobody else knows the endpoint. */
void devbox_endpoint_take_secrets (DevboxEndpoint *self, char **secrets);
/* The text without the token in it; transfer full. */
char *devbox_endpoint_redact (DevboxEndpoint *self, const char *text);
/* What was made of a reply may repeat what the server wrote, and that what we wrote. */
void devbox_endpoint_redact_error (DevboxEndpoint *self, GError *error);

G_END_DECLS
