/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error.h"
#include "devbox-instance-reply-private.h"
#include "devbox-instance-status-private.h"
#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"

/* POST /api/v1/devbox/{name}/start and its like; DELETE /api/v1/devbox/{name}/delete, or without the last part */

#define RESTART_TIMEOUT_MS (120 * 1000) /* it blocks for half a minute, if all goes well */

typedef struct
{
  DevboxInstanceAction action;
  gboolean was_asked; /* the action has its answer; it is the detail that is asked for */
  GError *failure;    /* what the action was answered with, if it was that; a DevboxError */
} Change;

static void
change_free (gpointer data)
{
  Change *change = data;

  g_clear_error (&change->failure);
  g_free (change);
}

static DevboxInstanceInfo *
make_deleted (const char *name)
{
  g_auto (DevboxInstanceDetails) details = {
    .name = g_strdup (name),
    .status = DEVBOX_INSTANCE_STATUS_DELETING,
    .status_text = g_strdup (devbox_instance_status_to_string (DEVBOX_INSTANCE_STATUS_DELETING)),
  };

  return devbox_instance_info_new (&details);
}

static gpointer
fail_as_before (Change *change, GError **error)
{
  g_propagate_error (error, g_steal_pointer (&change->failure));
  return NULL;
}

static gpointer
parse_deletion (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Change *change = request->data;

  if (SOUP_STATUS_IS_SUCCESSFUL (devbox_platform_reply_get_status (reply)))
    return make_deleted (request->subject);
  if (change->failure != NULL)
    return fail_as_before (change, error);

  return devbox_request_fail_from_reply (request, reply, error);
}

/* The first answer tells why, unless the second one says that there is no such devbox at all. */
static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Change *change = request->data;

  if (change->action == DEVBOX_INSTANCE_ACTION_DELETE)
    return parse_deletion (request, reply, error);
  if (change->failure != NULL && devbox_platform_reply_get_status (reply) != SOUP_STATUS_NOT_FOUND)
    return fail_as_before (change, error);

  return devbox_instance_reply_parse (request, reply, request->subject, error);
}

/* A platform as specified has no …/delete. */
static gboolean
delete_otherwise (DevboxRequest *request, const DevboxReply *reply)
{
  Change *change = request->data;
  const guint status = devbox_platform_reply_get_status (reply);

  if (change->was_asked || (status != SOUP_STATUS_NOT_FOUND && status != SOUP_STATUS_METHOD_NOT_ALLOWED)
      || devbox_platform_reply_misses_devbox (reply))
    return FALSE;

  change->was_asked = TRUE;
  if (status == SOUP_STATUS_NOT_FOUND)
    devbox_request_fail_from_reply (request, reply, &change->failure);
  devbox_request_take_path (request, SOUP_METHOD_DELETE, devbox_platform_build_path (request->subject, NULL));

  return TRUE;
}

/* The live platform fails so when it is asked to pause a devbox that is not there. */
static gboolean
look_whether_it_is_there (DevboxRequest *request, const DevboxReply *reply)
{
  Change *change = request->data;

  devbox_request_fail_from_reply (request, reply, &change->failure);
  devbox_platform_request_ask_for_detail (request, request->subject);

  return TRUE;
}

static gboolean
step (DevboxRequest *request, const DevboxReply *reply, const GError *error, guint *delay_ms)
{
  Change *change = request->data;
  guint status;

  if (error != NULL)
    return FALSE;
  if (change->action == DEVBOX_INSTANCE_ACTION_DELETE)
    return delete_otherwise (request, reply);
  if (change->was_asked)
    return FALSE;

  change->was_asked = TRUE;
  status = devbox_platform_reply_get_status (reply);
  if (status == SOUP_STATUS_INTERNAL_SERVER_ERROR)
    return look_whether_it_is_there (request, reply);
  if (!SOUP_STATUS_IS_SUCCESSFUL (status) || devbox_instance_reply_is_detail (reply, request->subject))
    return FALSE;

  devbox_platform_request_ask_for_detail (request, request->subject);

  return TRUE;
}

DevboxRequest *
devbox_change_instance_request_new (const char *name, DevboxInstanceAction action, GError **error)
{
  static const char *const routes[] = {
    [DEVBOX_INSTANCE_ACTION_START] = "/start",     [DEVBOX_INSTANCE_ACTION_PAUSE] = "/pause",
    [DEVBOX_INSTANCE_ACTION_RESTART] = "/restart", [DEVBOX_INSTANCE_ACTION_SHUTDOWN] = "/shutdown",
    [DEVBOX_INSTANCE_ACTION_DELETE] = "/delete",
  };
  const gboolean is_delete = action == DEVBOX_INSTANCE_ACTION_DELETE;
  g_autofree char *trimmed = devbox_platform_take_name (name, error);
  DevboxRequest *request;
  Change *change;

  if (trimmed == NULL)
    return NULL;

  request = devbox_platform_request_new (is_delete ? SOUP_METHOD_DELETE : SOUP_METHOD_POST, trimmed, routes[action],
                                         parse, g_object_unref);
  if (!is_delete)
    devbox_request_take_json (request, g_string_new ("{}"));
  if (action == DEVBOX_INSTANCE_ACTION_RESTART)
    request->timeout_ms = RESTART_TIMEOUT_MS;
  else
    request->idempotent = TRUE; /* to ask for what it is already is no error */
  request->failed = DEVBOX_ERROR_DEVBOX_OPERATION_FAILED;
  request->step = step;

  change = g_new0 (Change, 1);
  change->action = action;
  request->data = change;
  request->data_free = change_free;

  return request;
}
