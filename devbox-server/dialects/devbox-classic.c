/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-http-replies-private.h"

const DevboxHttpRoute devbox_classic_routes[] = {
  { "GET", "/health", DEVBOX_HTTP_ROUTE_OPEN, devbox_classic_health },
  { "POST", "/files/read", DEVBOX_HTTP_ROUTE_JSON, devbox_classic_read_file },
  { "POST", "/files/write", DEVBOX_HTTP_ROUTE_JSON, devbox_classic_write_file },
  { "POST", "/files/delete", DEVBOX_HTTP_ROUTE_JSON, devbox_classic_delete_file },
  { "POST", "/files/batch-upload", DEVBOX_HTTP_ROUTE_JSON, devbox_classic_batch_upload },
  { "POST", "/process/exec", DEVBOX_HTTP_ROUTE_JSON, devbox_classic_exec },
  { "GET", "/process/status", DEVBOX_HTTP_ROUTE_NONE, devbox_classic_process_status },
  { "GET", "/process/status/{}", DEVBOX_HTTP_ROUTE_NONE, devbox_classic_process_status },
  { "GET", "/ws", DEVBOX_HTTP_ROUTE_NONE, devbox_classic_websocket },
  DEVBOX_HTTP_ROUTES_END,
};

void
devbox_classic_collect_object (DevboxHttpExchange *exchange, DevboxObjectBodyFunc func, gpointer user_data)
{
  devbox_object_body_collect (exchange, func, devbox_http_reply_error, user_data);
}
