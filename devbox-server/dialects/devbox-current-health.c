/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-health-private.h"

static void
live (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_reply (exchange, devbox_current_begin ());
}

static void
ready (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  GString *json = devbox_current_begin ();

  g_string_append_printf (json, ",\"readinessStatus\":\"%s\",\"workspace\":%s",
                          devbox_agent_service_is_healthy (service) ? "ready" : "not_ready",
                          devbox_workspace_is_usable (devbox_agent_service_get_workspace (service)) ? "true" : "false");
  devbox_current_reply (exchange, json);
}

void
devbox_current_health (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  GString *json = devbox_current_begin ();

  g_string_append_printf (json,
                          ",\"healthStatus\":\"%s\",\"uptime\":\"%" G_GINT64_FORMAT
                          "s\",\"version\":\"" DEVBOX_VERSION_STRING "\",\"capabilities\":" DEVBOX_CAPABILITIES,
                          devbox_agent_service_is_healthy (service) ? "ok" : "unhealthy",
                          devbox_agent_service_get_uptime (service) / G_USEC_PER_SEC);
  devbox_current_reply (exchange, json);
}

const DevboxHttpRoute devbox_current_health_routes[] = {
  { "GET", "/health/live", DEVBOX_HTTP_ROUTE_OPEN, live },
  { "GET", "/health/ready", DEVBOX_HTTP_ROUTE_OPEN, ready },
  DEVBOX_HTTP_ROUTES_END,
};
