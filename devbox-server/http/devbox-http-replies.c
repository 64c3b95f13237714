/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-replies-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

/* Seconds after which who was told to wait may try again */
#define RETRY_AFTER "1"

void
devbox_http_reply_json (DevboxHttpExchange *exchange, guint status, const GString *json)
{
  if (status == 429)
    devbox_http_exchange_add_header (exchange, "Retry-After", RETRY_AFTER);
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

void
devbox_http_reply_refusal (DevboxHttpExchange *exchange, guint status, const GError *error, gboolean is_bare)
{
  if (is_bare)
    devbox_http_exchange_reply_data (exchange, status, NULL, NULL, 0);
  else
    devbox_http_reply_error_with_status (exchange, status, error);
}

gboolean
devbox_http_content_type_is (DevboxHttpExchange *exchange, const char *type)
{
  const char *header = devbox_http_exchange_get_header (exchange, "Content-Type");
  gsize length = strlen (type);

  return header != NULL && g_ascii_strncasecmp (header, type, length) == 0
         && strchr ("; \t", header[length]) != NULL; /* or its end */
}
