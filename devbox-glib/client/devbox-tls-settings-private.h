/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* How the platform is reached and recognised, as a kubeconfig has it. Immutable, reference counted, thread safe. For
 * connections to the platform only: never for those to agents. */
typedef struct _DevboxTlsSettings DevboxTlsSettings;

/* Every member may be left out; all are copied. What goes for the cluster's own server goes for a platform at the same
 * host: then none but the authorities count, and the server name. Elsewhere they are trusted beside the system's, and
 * the name is that of the host. */
typedef struct
{
  const char *host;        /* of the cluster's server */
  const char *authorities; /* PEM */
  const char *certificate; /* PEM, of the client, with key */
  const char *key;
  const char *server_name;
  const char *proxy_url;
  gboolean is_insecure;
} DevboxTlsOptions;

/* The error is of GIO. */
DevboxTlsSettings *devbox_tls_settings_new (const DevboxTlsOptions *options, GError **error);
DevboxTlsSettings *devbox_tls_settings_ref (DevboxTlsSettings *self);
void devbox_tls_settings_unref (DevboxTlsSettings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxTlsSettings, devbox_tls_settings_unref)

/* For all connections that the session makes from now on. */
void devbox_tls_settings_apply (DevboxTlsSettings *self, SoupSession *session);

G_END_DECLS
