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

/* The same, or nothing but the status. */
void devbox_http_reply_refusal (DevboxHttpExchange *exchange, guint status, const GError *error, gboolean is_bare);

/* Whether the body is of that type, whatever its parameters. */
gboolean devbox_http_content_type_is (DevboxHttpExchange *exchange, const char *type);

G_END_DECLS
