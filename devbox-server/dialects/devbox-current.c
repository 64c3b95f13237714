/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-private.h"

#include "devbox-http-replies-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

#define UNSUPPORTED_MEDIA_TYPE 415
#define UNPROCESSABLE_ENTITY 422
#define MALFORMED 1400

static const DevboxHttpRoute *const routes[] = {
  devbox_current_archive_routes, devbox_current_content_routes, devbox_current_download_routes,
  devbox_current_files_routes,   devbox_current_health_routes,  devbox_current_multipart_routes,
  devbox_current_ports_routes,   devbox_current_process_routes, devbox_current_search_routes,
  devbox_current_session_routes,
};

void
devbox_current_add_routes (DevboxHttpRouter *router, gpointer service)
{
  devbox_http_router_set_bare_prefix (router, DEVBOX_CURRENT_PREFIX);
  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    devbox_http_router_add (router, routes[i], service);
}

void
devbox_current_append_failure (GString *json, guint envelope_status, const char *message)
{
  g_string_append_printf (json, "\"status\":%u,\"message\":", envelope_status);
  devbox_wire_json_append_string (json, message, -1);
}

/* `code` tells what the status leaves open; NULL: nothing. */
static void
reply_failure (DevboxHttpExchange *exchange,
               guint http_status,
               guint envelope_status,
               const char *message,
               const char *code)
{
  g_autoptr (GString) json = g_string_new ("{");

  devbox_current_append_failure (json, envelope_status, message);
  if (code != NULL)
    devbox_wire_json_append_member (json, "code", code);
  g_string_append_c (json, '}');

  devbox_http_reply_json (exchange, http_status, json);
}

void
devbox_current_reply_failure (DevboxHttpExchange *exchange, guint envelope_status, const char *message)
{
  reply_failure (exchange, 200, envelope_status, message, NULL);
}

/* A status that is none of the envelope's own is one of HTTP. */
void
devbox_current_reply_error_as (DevboxHttpExchange *exchange, guint envelope_status, const GError *error)
{
  DevboxWireCode code = devbox_wire_code_from_error (error);
  gboolean is_told = devbox_wire_code_from_envelope_status (envelope_status) == code;

  reply_failure (exchange, envelope_status < 1000 ? envelope_status : 200, envelope_status, error->message,
                 is_told ? NULL : devbox_wire_code_to_string (code));
}

void
devbox_current_reply_error (DevboxHttpExchange *exchange, const GError *error)
{
  devbox_current_reply_error_as (exchange, devbox_wire_code_get_envelope_status (devbox_wire_code_from_error (error)),
                                 error);
}

void
devbox_current_reject (DevboxHttpExchange *exchange, const GError *error)
{
  guint status = devbox_wire_code_get_envelope_status (devbox_wire_code_from_error (error));

  reply_failure (exchange, UNPROCESSABLE_ENTITY, status, error->message, NULL);
}

void
devbox_current_refuse_body (DevboxHttpExchange *exchange, const GError *error)
{
  reply_failure (exchange, 400, MALFORMED, error->message, NULL);
}

void
devbox_current_collect_object (DevboxHttpExchange *exchange, DevboxObjectBodyFunc func, gpointer user_data)
{
  if (devbox_http_content_type_is (exchange, "application/json"))
    devbox_object_body_collect (exchange, func, devbox_current_refuse_body, user_data);
  else
    reply_failure (exchange, UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED_MEDIA_TYPE,
                   _ ("The content type must be application/json"), NULL);
}

GString *
devbox_current_begin (void)
{
  return g_string_new ("{\"status\":0,\"message\":\"success\"");
}

void
devbox_current_reply (DevboxHttpExchange *exchange, GString *json)
{
  g_autoptr (GBytes) body = g_string_free_to_bytes (g_string_append_c (json, '}'));

  /* A list can be long: not copied. */
  devbox_http_exchange_reply (exchange, 200, "application/json", body);
}

void
devbox_current_reply_success (DevboxHttpExchange *exchange)
{
  GString *json = devbox_current_begin ();

  g_string_append (json, ",\"success\":true");
  devbox_current_reply (exchange, json);
}

void
devbox_current_append_path (GString *json, DevboxWorkspace *workspace, const char *path)
{
  g_autofree char *whole = devbox_workspace_build_path (workspace, path);

  devbox_wire_json_append_path (json, "path", "pathBytes", whole);
}
