/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-error-private.h"

G_BEGIN_DECLS

/* The DevboxError for what libsoup, GIO, the resolver or TLS say of a request to `address`; this is the one place that
 * knows their codes. */
GError *devbox_error_from_transport (const GError *cause, const char *address, const DevboxErrorDetails *details);

/* Whether the error says that the server closed the connection. */
gboolean devbox_error_is_disconnection (const GError *error);

G_END_DECLS
