/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-routes-private.h"

static void
on_replaced (DevboxBox *box, const GError *error, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = user_data;
  GString *members;

  if (error != NULL)
    {
      devbox_platform_call_reply_error (call, error);
      return;
    }

  members = g_string_new ("\"ports\":");
  devbox_box_json_append_ports (members, devbox_box_get_record (box));
  devbox_platform_call_reply (call, 200, NULL, members);
}

static void
replace_from_body (DevboxPlatformCall *call, GBytes *body)
{
  devbox_platform_update_box (call, body, devbox_box_request_read_ports, on_replaced);
}

static void
replace (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, replace_from_body, NULL);
}

const DevboxHttpRoute devbox_platform_port_routes[] = {
  { "PUT", DEVBOX_PLATFORM_PREFIX "/{}/ports", DEVBOX_HTTP_ROUTE_JSON, replace },
  DEVBOX_HTTP_ROUTES_END,
};
