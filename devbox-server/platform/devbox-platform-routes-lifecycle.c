/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-routes-private.h"

#include "devbox-wire-json-private.h"

/* What a route does to a box. */
typedef struct
{
  DevboxBoxGoal goal;
  gboolean is_restart;
  DevboxBoxFunc reply;
} Action;

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
act (DevboxPlatformCall *data, GBytes *body)
{
  g_autoptr (DevboxPlatformCall) call = data;
  const Action *action = call->data;
  DevboxBox *box;
  g_autoptr (JsonObject) object = devbox_platform_call_parse_for_box (call, body, &box);

  if (object != NULL)
    devbox_box_set_goal (box, action->goal, action->is_restart, action->reply, g_steal_pointer (&call));
}

static void
start_box (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  static const Action action = { DEVBOX_BOX_GOAL_RUNNING, FALSE, devbox_platform_call_reply_box };

  devbox_platform_call_collect (user_data, exchange, act, &action);
}

static void
pause_box (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  static const Action action = { DEVBOX_BOX_GOAL_PAUSED, FALSE, devbox_platform_call_reply_box };

  devbox_platform_call_collect (user_data, exchange, act, &action);
}

static void
restart_box (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  static const Action action = { DEVBOX_BOX_GOAL_RUNNING, TRUE, devbox_platform_call_reply_box };

  devbox_platform_call_collect (user_data, exchange, act, &action);
}

static void
shut_down_box (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  static const Action action = { DEVBOX_BOX_GOAL_SHUTDOWN, FALSE, devbox_platform_call_reply_box };

  devbox_platform_call_collect (user_data, exchange, act, &action);
}

static void
remove_box (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  static const Action action = { DEVBOX_BOX_GOAL_DELETED, FALSE, on_deleted };

  devbox_platform_call_collect (user_data, exchange, act, &action);
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
