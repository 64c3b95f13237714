/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-routes-private.h"

#include "devbox-wire-json-private.h"

static void
on_reached (DevboxBox *box, const GError *error, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = user_data;

  if (error != NULL)
    devbox_platform_call_reply_error (call, error);
  else
    devbox_platform_call_reply_box (call, 200, box);
}

static void
on_deleted (DevboxBox *box, const GError *error, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = user_data;
  GString *members;

  if (error != NULL)
    {
      devbox_platform_call_reply_error (call, error);
      return;
    }

  members = g_string_new ("\"name\":");
  devbox_wire_json_append_string (members, call->name, -1);
  devbox_wire_json_append_member (members, "status", devbox_box_status_to_string (DEVBOX_BOX_DELETING));
  devbox_platform_call_reply (call, 200, NULL, members);
}

/* Today's client sends an empty object with each of these, an older one nothing. */
static void
set_goal (DevboxPlatformCall *data, GBytes *body, DevboxBoxGoal goal, gboolean restart)
{
  g_autoptr (DevboxPlatformCall) call = data;
  DevboxBox *box = devbox_platform_call_find_box (call);
  g_autoptr (JsonObject) object = box != NULL ? devbox_platform_call_parse (call, body) : NULL;

  if (object != NULL)
    devbox_box_set_goal (box, goal, restart, goal == DEVBOX_BOX_GOAL_DELETED ? on_deleted : on_reached,
                         g_steal_pointer (&call));
}

static void
start_from_body (DevboxPlatformCall *call, GBytes *body)
{
  set_goal (call, body, DEVBOX_BOX_GOAL_RUNNING, FALSE);
}

static void
start_box (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, start_from_body);
}

static void
pause_from_body (DevboxPlatformCall *call, GBytes *body)
{
  set_goal (call, body, DEVBOX_BOX_GOAL_PAUSED, FALSE);
}

static void
pause_box (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, pause_from_body);
}

static void
restart_from_body (DevboxPlatformCall *call, GBytes *body)
{
  set_goal (call, body, DEVBOX_BOX_GOAL_RUNNING, TRUE);
}

static void
restart_box (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, restart_from_body);
}

static void
shut_down_from_body (DevboxPlatformCall *call, GBytes *body)
{
  set_goal (call, body, DEVBOX_BOX_GOAL_SHUTDOWN, FALSE);
}

static void
shut_down_box (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, shut_down_from_body);
}

static void
remove_from_body (DevboxPlatformCall *call, GBytes *body)
{
  set_goal (call, body, DEVBOX_BOX_GOAL_DELETED, FALSE);
}

static void
remove_box (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, remove_from_body);
}

const DevboxHttpRoute devbox_platform_lifecycle_routes[] = {
  { "POST", DEVBOX_PLATFORM_PREFIX "/{}/start", DEVBOX_HTTP_ROUTE_JSON, start_box },
  { "POST", DEVBOX_PLATFORM_PREFIX "/{}/pause", DEVBOX_HTTP_ROUTE_JSON, pause_box },
  { "POST", DEVBOX_PLATFORM_PREFIX "/{}/restart", DEVBOX_HTTP_ROUTE_JSON, restart_box },
  { "POST", DEVBOX_PLATFORM_PREFIX "/{}/shutdown", DEVBOX_HTTP_ROUTE_JSON, shut_down_box },
  { "DELETE", DEVBOX_PLATFORM_PREFIX "/{}/delete", DEVBOX_HTTP_ROUTE_NONE, remove_box },
  { "DELETE", DEVBOX_PLATFORM_PREFIX "/{}", DEVBOX_HTTP_ROUTE_NONE, remove_box },
  DEVBOX_HTTP_ROUTES_END,
};
