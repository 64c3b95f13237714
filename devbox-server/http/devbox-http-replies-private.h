/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

G_BEGIN_DECLS

/* Replies that more than one route sends. Each answers the exchange. */
void devbox_http_reply_json (DevboxHttpExchange *exchange, guint status, const GString *json);
/* The classic error body {success:false, error, code, timestamp} (docs/wire.md, "Errors"), with the status of its code
 * or another. */
void devbox_http_reply_error (DevboxHttpExchange *exchange, const GError *error);
void devbox_http_reply_error_with_status (DevboxHttpExchange *exchange, guint status, const GError *error);

G_END_DECLS
