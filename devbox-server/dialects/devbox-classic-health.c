/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-current-private.h"
#include "devbox-health-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

static void
write_health (GString *json, gboolean healthy, gint64 uptime_ms)
{
  g_string_printf (json, "{\"status\":\"%s\",\"timestamp\":", healthy ? "healthy" : "unhealthy");
  devbox_wire_json_append_time (json, g_get_real_time ());
  g_string_append_printf (json,
                          ",\"version\":\"" DEVBOX_VERSION_STRING "\",\"uptime\":%" G_GINT64_FORMAT
                          ".%03d,\"capabilities\":" DEVBOX_CAPABILITIES "}",
                          uptime_ms / 1000, (int) (uptime_ms % 1000));
}

/* Who brings a token is a client of the current dialect, which needs none here either. */
static gboolean
asks_for_current_form (DevboxHttpExchange *exchange)
{
  const char *authorization = devbox_http_exchange_get_header (exchange, "Authorization");

  return authorization != NULL && g_ascii_strncasecmp (authorization, "Bearer ", strlen ("Bearer ")) == 0;
}

void
devbox_classic_health (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  gboolean healthy = devbox_agent_service_is_healthy (service);
  gint64 uptime_ms = devbox_agent_service_get_uptime (service) / 1000;
  DevboxHealthReply *reply = devbox_agent_service_get_health_reply (service);

  if (asks_for_current_form (exchange))
    {
      devbox_current_health (exchange, argument, user_data);
      return;
    }

  /* Within a millisecond the reply is the same to the last digit. */
  if (reply->json->len == 0 || reply->uptime_ms != uptime_ms || reply->healthy != healthy)
    {
      write_health (reply->json, healthy, uptime_ms);
      reply->uptime_ms = uptime_ms;
      reply->healthy = healthy;
    }

  devbox_http_reply_json (exchange, healthy ? 200 : 503, reply->json);
}
