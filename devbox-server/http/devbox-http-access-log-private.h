/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

G_BEGIN_DECLS

/* The log domain of access records; G_MESSAGES_DEBUG or a log writer selects them by it. */
#define DEVBOX_HTTP_ACCESS_LOG_DOMAIN "DevboxServerAccess"

/* One structured record (level INFO) a finished exchange: HTTP_METHOD, HTTP_PATH, HTTP_STATUS, HTTP_BYTES, DURATION_US,
 * REMOTE_ADDRESS, REQUEST_ID. Neither a query, a header nor a body is ever in it. Costs nothing while nobody listens.
 */
void devbox_http_access_log (DevboxHttpExchange *exchange);

G_END_DECLS
