/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-wire-json-private.h"

void
devbox_classic_health (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  gboolean healthy = devbox_agent_service_is_healthy (service);
  g_autoptr (GString) json = g_string_sized_new (256);

  g_string_append_printf (json, "{\"status\":\"%s\",\"timestamp\":", healthy ? "healthy" : "unhealthy");
  devbox_wire_json_append_time (json, g_get_real_time ());
  g_string_append_printf (json,
                          ",\"version\":\"" DEVBOX_VERSION_STRING "\",\"uptime\":%.3f,\"capabilities\":[\"classic\"]}",
                          devbox_agent_service_get_uptime (service) / (double) G_USEC_PER_SEC);

  devbox_http_reply_json (exchange, healthy ? 200 : 503, json);
}
