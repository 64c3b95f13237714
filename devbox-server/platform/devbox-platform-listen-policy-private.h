/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tokens cross the network only behind TLS, unless plain text was asked for: G_IO_ERROR_NOT_SUPPORTED for a host that
 * is neither a loopback address nor "localhost", without one of both. */
gboolean devbox_platform_check_listen_policy (const char *host,
                                              gboolean has_certificate,
                                              gboolean allow_plaintext,
                                              GError **error);

G_END_DECLS
