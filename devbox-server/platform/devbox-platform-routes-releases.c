/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-routes-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

static const char *
get_tag (DevboxPlatformCall *call)
{
  return devbox_http_exchange_get_argument (call->exchange, 1);
}

static void
append_status (GString *json, const DevboxReleaseRecord *release)
{
  const char *status = release->is_complete ? "Success" : release->reason != NULL ? "Failed" : "Building";

  g_string_append_printf (json, ",\"status\":{\"value\":\"%s\",\"label\":\"%s\"}", status, status);
  if (release->reason != NULL)
    devbox_wire_json_append_member (json, "reason", release->reason);
}

static void
append_release (GString *json, const DevboxReleaseRecord *release)
{
  g_autofree char *name = g_strconcat (release->box_name, "-", release->tag, NULL);

  g_string_append (json, "\"id\":");
  devbox_wire_json_append_string (json, release->uid, -1);
  devbox_wire_json_append_member (json, "name", name);
  devbox_wire_json_append_member (json, "devboxName", release->box_name);
  g_string_append (json, ",\"createTime\":");
  devbox_wire_json_append_time (json, release->created);
  devbox_wire_json_append_member (json, "tag", release->tag);
  append_status (json, release);
  devbox_wire_json_append_member (json, "description", release->description != NULL ? release->description : "");
  devbox_wire_json_append_member (json, "runtime", release->runtime);
  g_string_append (json, ",\"image\":\"\"");
}

/* List: releases outlive their box, so that one of the two will do. */

static GString *
format_list (GPtrArray *releases)
{
  GString *array = g_string_new ("[");

  for (guint i = 0; i < releases->len; i++)
    {
      g_string_append (array, i > 0 ? ",{" : "{");
      append_release (array, g_ptr_array_index (releases, i));
      g_string_append_c (array, '}');
    }

  return g_string_append_c (array, ']');
}

static void
list (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = devbox_platform_call_new (user_data, exchange);
  g_autoptr (GPtrArray) releases = NULL;

  releases = devbox_release_table_list (devbox_platform_service_get_releases (call->service), call->owner, call->name);
  if (releases->len > 0 || devbox_platform_call_find_box (call) != NULL)
    devbox_platform_call_reply_list (call, "releases", format_list (releases));
}

/* Create */

static void
on_created (const DevboxReleaseRecord *release, const GError *error, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = user_data;
  GString *members;

  if (error != NULL)
    {
      devbox_platform_call_reply_error (call, error);
      return;
    }

  members = g_string_new (NULL);
  append_release (members, release);
  devbox_wire_json_append_member (members, "releaseDes", release->description != NULL ? release->description : "");
  g_string_append (members, ",\"createdAt\":");
  devbox_wire_json_append_time (members, release->created);
  devbox_platform_call_reply (call, 201, NULL, members);
}

static void
create_from_body (DevboxPlatformCall *data, GBytes *body)
{
  g_autoptr (DevboxPlatformCall) call = data;
  DevboxReleaseTable *releases = devbox_platform_service_get_releases (call->service);
  DevboxBox *box;
  g_autoptr (JsonObject) object = devbox_platform_call_parse_for_box (call, body, &box);
  g_autoptr (GError) error = NULL;
  const char *tag;
  const char *description;

  if (object == NULL)
    return;

  if (!devbox_box_request_read_release (object, &tag, &description, &error))
    devbox_platform_call_reply_error (call, error);
  else
    devbox_release_table_create (releases, box, tag, description, on_created, g_steal_pointer (&call));
}

static void
create (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, create_from_body, NULL);
}

/* Delete */

static void
on_removed (const DevboxReleaseRecord *release, const GError *error, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = user_data;
  GString *members;

  if (error != NULL)
    {
      devbox_platform_call_reply_error (call, error);
      return;
    }

  members = g_string_new ("\"devboxName\":");
  devbox_wire_json_append_string (members, call->name, -1);
  devbox_wire_json_append_member (members, "tag", get_tag (call));
  g_string_append (members, ",\"deletedAt\":");
  devbox_wire_json_append_time (members, g_get_real_time ());
  devbox_platform_call_reply (call, 200, NULL, members);
}

static gboolean
is_needed_by (DevboxBox *box, const DevboxReleaseRecord *release)
{
  const DevboxBoxRecord *record = devbox_box_get_record (box);

  return g_strcmp0 (record->release, release->uid) == 0 && !record->is_provisioned
         && record->goal != DEVBOX_BOX_GOAL_DELETED;
}

/* A devbox whose creation was acknowledged is yet to be made of it. */
static gboolean
check_unneeded (DevboxPlatformCall *call, const DevboxReleaseRecord *release, GError **error)
{
  g_autoptr (GPtrArray) boxes = devbox_box_table_list (devbox_platform_service_get_boxes (call->service), call->owner);

  for (guint i = 0; i < boxes->len; i++)
    {
      DevboxBox *box = g_ptr_array_index (boxes, i);

      if (!is_needed_by (box, release))
        continue;

      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT,
                   _ ("The devbox “%s” is being made of the release “%s”"), devbox_box_get_record (box)->name,
                   release->tag);
      return FALSE;
    }

  return TRUE;
}

static void
remove_release (DevboxPlatformCall *data, GBytes *body)
{
  g_autoptr (DevboxPlatformCall) call = data;
  DevboxReleaseTable *releases = devbox_platform_service_get_releases (call->service);
  g_autoptr (GError) error = NULL;
  const DevboxReleaseRecord *release
      = devbox_release_table_lookup (releases, call->owner, call->name, get_tag (call), &error);

  if (release == NULL || !check_unneeded (call, release, &error))
    devbox_platform_call_reply_error (call, error);
  else
    devbox_release_table_remove (releases, release->owner, release->box_name, release->tag, on_removed,
                                 g_steal_pointer (&call));
}

static void
remove_tag (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, remove_release, NULL);
}

/* Deploy: a box of its own, furnished as the one that the release was made of, where that is still there. */

static void
furnish_like (DevboxBoxRecord *record, const DevboxBoxRecord *model)
{
  record->cpu = model->cpu;
  record->memory = model->memory;
  record->shares_network = model->shares_network;
  record->startup_command = g_strdup (model->startup_command);

  g_strfreev (record->environment);
  record->environment = g_strdupv (model->environment);
  for (guint i = 0; i < model->ports->len; i++)
    {
      const DevboxBoxPort *port = g_ptr_array_index (model->ports, i);

      g_ptr_array_add (record->ports, devbox_box_port_new (port->number, port->name, port->protocol));
    }
}

static DevboxBoxRecord *
make_record (DevboxPlatformCall *call,
             const DevboxReleaseRecord *release,
             const DevboxBoxRequest *request,
             GError **error)
{
  DevboxBoxTable *boxes = devbox_platform_service_get_boxes (call->service);
  DevboxBox *model = devbox_box_table_lookup (boxes, call->owner, call->name, NULL);
  g_autoptr (DevboxBoxRecord) record = devbox_platform_new_record (call);

  record->name = devbox_box_request_make_name (release->box_name, release->tag);
  record->runtime = g_strdup (release->runtime);
  record->release = g_strdup (release->uid);
  if (model != NULL)
    furnish_like (record, devbox_box_get_record (model));
  if (!devbox_platform_furnish_record (call->service, record, request, error))
    return NULL;

  return g_steal_pointer (&record);
}

static void
deploy_from_body (DevboxPlatformCall *data, GBytes *body)
{
  g_autoptr (DevboxPlatformCall) call = data;
  DevboxReleaseTable *releases = devbox_platform_service_get_releases (call->service);
  g_autoptr (JsonObject) object = devbox_platform_call_parse (call, body);
  g_autoptr (DevboxBoxRequest) request = NULL;
  g_autoptr (GError) error = NULL;
  const DevboxReleaseRecord *release;
  DevboxBoxRecord *record = NULL;

  if (object == NULL)
    return;

  release = devbox_release_table_lookup (releases, call->owner, call->name, get_tag (call), &error);
  if (release != NULL && devbox_release_table_check_complete (releases, release->uid, &error))
    request = devbox_box_request_read_deploy (object, &error);
  if (request != NULL)
    record = make_record (call, release, request, &error);

  if (record == NULL)
    devbox_platform_call_reply_error (call, error);
  else
    devbox_platform_create_box (g_steal_pointer (&call), record, body);
}

static void
deploy (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_platform_call_collect (user_data, exchange, deploy_from_body, NULL);
}

const DevboxHttpRoute devbox_platform_release_routes[] = {
  { "GET", DEVBOX_PLATFORM_PREFIX "/{}/release", DEVBOX_HTTP_ROUTE_NONE, list },
  { "POST", DEVBOX_PLATFORM_PREFIX "/{}/release", DEVBOX_HTTP_ROUTE_JSON, create },
  { "DELETE", DEVBOX_PLATFORM_PREFIX "/{}/release/{}", DEVBOX_HTTP_ROUTE_NONE, remove_tag },
  { "POST", DEVBOX_PLATFORM_PREFIX "/{}/release/{}/deploy", DEVBOX_HTTP_ROUTE_JSON, deploy },
  DEVBOX_HTTP_ROUTES_END,
};
