/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-socket-session-private.h"

void
devbox_classic_websocket (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  g_autofree char *protocol = devbox_http_guard_dup_token_protocol (devbox_agent_service_get_guard (service), exchange);
  g_autoptr (SoupWebsocketConnection) connection = devbox_http_exchange_upgrade_websocket (exchange, protocol);

  if (connection != NULL)
    devbox_socket_session_start (connection, devbox_agent_service_get_tree_watcher (service),
                                 devbox_agent_service_get_workspace (service),
                                 devbox_agent_service_get_log_finder (service), NULL);
}
