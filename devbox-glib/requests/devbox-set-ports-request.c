/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-body-private.h"
#include "devbox-instance-reply-private.h"
#include "devbox-instance-spec-private.h"
#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"

/* PUT /api/v1/devbox/{name}/ports {ports}; PATCH /api/v1/devbox/{name} {ports} where there is no such route */

/* A platform that does not tell the ports has those that it was sent. */
static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonNode) root = devbox_platform_reply_parse (request, reply, error);
  JsonObject *object;
  JsonArray *ports;

  if (root == NULL)
    return NULL;

  object = devbox_platform_reply_find_object (root);
  ports = object != NULL ? devbox_platform_reply_get_array (object, "ports") : NULL;

  return ports != NULL ? devbox_instance_reply_read_ports (ports) : g_object_ref (request->data);
}

static gboolean
step (DevboxRequest *request, const DevboxReply *reply, const GError *error, guint *delay_ms)
{
  guint status;

  if (error != NULL || request->method != SOUP_METHOD_PUT)
    return FALSE;

  status = devbox_platform_reply_get_status (reply);
  if ((status != SOUP_STATUS_NOT_FOUND && status != SOUP_STATUS_METHOD_NOT_ALLOWED)
      || devbox_platform_reply_misses_devbox (reply))
    return FALSE;

  devbox_request_take_path (request, DEVBOX_METHOD_PATCH, devbox_platform_build_path (request->subject, NULL));

  return TRUE;
}

DevboxRequest *
devbox_set_ports_request_new (const char *name, GListModel *ports, GError **error)
{
  g_autofree char *trimmed = devbox_platform_take_name (name, error);
  DevboxRequest *request;
  GString *json;

  if (trimmed == NULL || !devbox_platform_check_ports (ports, error))
    return NULL;

  json = g_string_new ("{\"ports\":");
  devbox_instance_body_append_ports (json, ports);
  g_string_append_c (json, '}');

  request = devbox_platform_request_new (SOUP_METHOD_PUT, trimmed, "/ports", parse, g_object_unref);
  devbox_request_take_json (request, json);
  request->idempotent = TRUE;
  request->failed = DEVBOX_ERROR_DEVBOX_OPERATION_FAILED;
  request->step = step;
  request->data = devbox_instance_spec_copy_ports (ports);
  request->data_free = g_object_unref;

  return request;
}
