/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-routes-private.h"

#include "devbox-http-replies-private.h"
#include "devbox-platform-access-private.h"
#include "devbox-wire-json-private.h"

/* What a client may count on, as it is told by an agent. */
#define CAPABILITIES "[\"platform\"]"

static void
show_health (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxPlatformService *service = user_data;
  gboolean is_healthy = devbox_platform_service_is_healthy (service);
  gint64 uptime_ms = devbox_platform_service_get_uptime (service) / 1000;
  g_autoptr (GString) json = g_string_new (NULL);

  g_string_printf (json,
                   "{\"status\":\"%s\",\"version\":\"" DEVBOX_VERSION_STRING "\",\"uptime\":%" G_GINT64_FORMAT
                   ".%03d,\"capabilities\":" CAPABILITIES ",\"timestamp\":",
                   is_healthy ? "ok" : "unhealthy", uptime_ms / 1000, (int) (uptime_ms % 1000));
  devbox_wire_json_append_time (json, g_get_real_time ());
  g_string_append_c (json, '}');
  devbox_http_reply_json (exchange, is_healthy ? 200 : 503, json);
}

static const DevboxHttpRoute health_routes[] = {
  { "GET", "/health", DEVBOX_HTTP_ROUTE_OPEN, show_health },
  DEVBOX_HTTP_ROUTES_END,
};

void
devbox_platform_add_routes (DevboxHttpRouter *router, DevboxPlatformService *service)
{
  devbox_http_router_add (router, health_routes, service);
  devbox_http_router_add (router, devbox_platform_template_routes, service);
  devbox_http_router_add (router, devbox_platform_box_routes, service);
  devbox_http_router_add (router, devbox_platform_lifecycle_routes, service);
  devbox_http_router_add (router, devbox_platform_port_routes, service);
  devbox_http_router_add (router, devbox_platform_autostart_routes, service);
  devbox_http_router_add (router, devbox_platform_release_routes, service);
  devbox_http_router_add (router, devbox_platform_monitor_routes, service);
  devbox_http_router_add (router, devbox_platform_users_routes, service);
}
