/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-replies-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

void
devbox_http_reply_json (DevboxHttpExchange *exchange, guint status, const GString *json)
{
  devbox_http_exchange_reply_data (exchange, status, "application/json", json->str, json->len);
}

void
devbox_http_reply_error (DevboxHttpExchange *exchange, const GError *error)
{
  guint status = devbox_wire_code_get_http_status (devbox_wire_code_from_error (error));

  devbox_http_reply_error_with_status (exchange, status, error);
}

void
devbox_http_reply_error_with_status (DevboxHttpExchange *exchange, guint status, const GError *error)
{
  g_autoptr (GString) json = g_string_new ("{");

  devbox_wire_json_append_error (json, devbox_wire_code_from_error (error), error->message);
  g_string_append_c (json, '}');

  devbox_http_reply_json (exchange, status, json);
}
