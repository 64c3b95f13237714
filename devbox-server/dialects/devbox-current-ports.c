/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-listening-ports-private.h"
#include "devbox-operation-private.h"

#define SSH_PORT 22

typedef struct
{
  guint own_port;
  GArray *ports;
  gint64 time; /* seconds of the epoch */
} PortsRequest;

static void
ports_request_free (PortsRequest *self)
{
  g_clear_pointer (&self->ports, g_array_unref);
  g_free (self);
}

static gboolean
read_ports (gpointer data, GCancellable *cancellable, GError **error)
{
  PortsRequest *self = data;

  self->ports = devbox_listening_ports_read (cancellable, error);
  self->time = g_get_real_time () / G_USEC_PER_SEC;

  return self->ports != NULL;
}

static void
reply_ports (DevboxHttpExchange *exchange, gpointer data, const GError *error)
{
  PortsRequest *self = data;
  const char *separator = "";
  GString *json;

  if (error != NULL)
    {
      devbox_current_reply_error (exchange, error);
      return;
    }

  json = devbox_current_begin ();
  g_string_append (json, ",\"ports\":[");
  for (guint i = 0; i < self->ports->len; i++)
    {
      guint16 port = g_array_index (self->ports, guint16, i);

      if (port == SSH_PORT || port == self->own_port)
        continue;
      g_string_append_printf (json, "%s%u", separator, port);
      separator = ",";
    }
  g_string_append_printf (json, "],\"lastUpdatedAt\":%" G_GINT64_FORMAT, self->time);
  devbox_current_reply (exchange, json);
}

static void
list_ports (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  GSocketAddress *address = devbox_http_exchange_get_local_address (exchange);
  PortsRequest *request = g_new0 (PortsRequest, 1);

  if (G_IS_INET_SOCKET_ADDRESS (address))
    request->own_port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  devbox_operation_run (devbox_agent_service_get_workers (service), exchange, read_ports, reply_ports, request,
                        (GDestroyNotify) ports_request_free);
}

const DevboxHttpRoute devbox_current_ports_routes[] = {
  { "GET", "/api/v1/ports", DEVBOX_HTTP_ROUTE_NONE, list_ports },
  DEVBOX_HTTP_ROUTES_END,
};
