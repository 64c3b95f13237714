/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Certificate authorities from memory, one of which must have certified a server; or one of the system's, beside which
 * they may count. */
#define DEVBOX_TYPE_TLS_AUTHORITIES (devbox_tls_authorities_get_type ())
G_DECLARE_FINAL_TYPE (DevboxTlsAuthorities, devbox_tls_authorities, DEVBOX, TLS_AUTHORITIES, GTlsDatabase)

/* pem: one certificate or more. The error is of GIO. */
GTlsDatabase *devbox_tls_authorities_new (const char *pem, gboolean beside_system, GError **error);

G_END_DECLS
