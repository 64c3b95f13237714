/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-wire-json-private.h"

#define MAX_CONTROL_BODY (1024 * 1024)

const DevboxHttpRoute devbox_classic_routes[] = {
  { "GET", "/health", DEVBOX_HTTP_ROUTE_OPEN, devbox_classic_health },
  { "POST", "/files/read", DEVBOX_HTTP_ROUTE_JSON, devbox_classic_read_file },
  { "POST", "/files/write", DEVBOX_HTTP_ROUTE_JSON, devbox_classic_write_file },
  { "POST", "/process/exec", DEVBOX_HTTP_ROUTE_JSON, devbox_classic_exec },
  { "GET", "/ws", DEVBOX_HTTP_ROUTE_NONE, devbox_classic_websocket },
};

const guint devbox_classic_n_routes = G_N_ELEMENTS (devbox_classic_routes);

typedef struct
{
  DevboxClassicObjectFunc func;
  gpointer user_data;
} ObjectRequest;

static void
on_body (DevboxHttpExchange *exchange, GBytes *body, gpointer user_data)
{
  g_autofree ObjectRequest *request = user_data;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) error = NULL;

  if (body == NULL)
    return;

  object = devbox_wire_json_parse_object (g_bytes_get_data (body, NULL), g_bytes_get_size (body), &error);
  if (object == NULL)
    devbox_http_reply_error (exchange, error);
  else
    request->func (exchange, object, request->user_data);
}

void
devbox_classic_collect_object (DevboxHttpExchange *exchange, DevboxClassicObjectFunc func, gpointer user_data)
{
  ObjectRequest *request = g_new (ObjectRequest, 1);

  request->func = func;
  request->user_data = user_data;
  devbox_http_exchange_collect_body (exchange, MAX_CONTROL_BODY, on_body, request);
}
