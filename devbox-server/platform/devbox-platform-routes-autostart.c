/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-routes-private.h"

#include "devbox-wire-json-private.h"

static void
on_set (DevboxBox *box, const GError *error, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = user_data;
  const char *command;
  GString *members;

  if (error != NULL)
    {
      devbox_platform_call_reply_error (call, error);
      return;
    }

  command = devbox_box_get_record (box)->startup_command;
  members = g_string_new ("\"devboxName\":");
  devbox_wire_json_append_string (members, call->name, -1);
  g_string_append_printf (members, ",\"autostartCreated\":%s,\"jobRecreated\":false,\"resources\":[]",
                          command != NULL ? "true" : "false");
  if (command != NULL)
    devbox_wire_json_append_member (members, "execCommand", command);
  devbox_platform_call_reply (call, 200, NULL, members);
}

static void
set_from_body (DevboxPlatformCall *data, GBytes *body)
{
  g_autoptr (DevboxPlatformCall) call = data;
  DevboxBox *box;
  g_autoptr (JsonObject) object = devbox_platform_call_parse_for_box (call, body, &box);
  g_autoptr (GError) error = NULL;
  const char *command = NULL;

  if (object == NULL)
    return;

  if (devbox_box_request_read_startup (object, &command, &error) && command == NULL)
    command = devbox_platform_find_startup_command (call->service, devbox_box_get_record (box)->runtime, &error);

  if (error != NULL)
    devbox_platform_call_reply_error (call, error);
  else
    devbox_box_set_startup_command (box, command, on_set, g_steal_pointer (&call));
}

static void
set (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, set_from_body, NULL);
}

const DevboxHttpRoute devbox_platform_autostart_routes[] = {
  { "POST", DEVBOX_PLATFORM_PREFIX "/{}/autostart", DEVBOX_HTTP_ROUTE_JSON, set },
  DEVBOX_HTTP_ROUTES_END,
};
