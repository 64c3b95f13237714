/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error-private.h"
#include "devbox-instance-reply-private.h"
#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

/* POST /api/v1/devbox/{name}/release/{tag}/deploy {name?} */

/* On the live platform a deployment is an app of another kind. */
static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonNode) root = devbox_platform_reply_parse (request, reply, error);
  g_auto (DevboxInstanceDetails) details = { 0 };
  JsonObject *object;

  if (root == NULL)
    return NULL;

  object = devbox_platform_reply_find_object (root);
  if (object != NULL && json_object_has_member (object, "status")
      && devbox_instance_reply_read (object, DEVBOX_INSTANCE_REPLY_DETAIL, &details))
    return devbox_instance_info_new (&details);

  devbox_error_set (error, DEVBOX_ERROR_DEVBOX_OPERATION_FAILED, &(DevboxErrorDetails){ .path = request->subject },
                    _ ("The platform deployed the release of “%s”, but not as a devbox"), request->subject);
  return NULL;
}

DevboxRequest *
devbox_deploy_release_request_new (const char *name, const char *tag, const char *new_name, GError **error)
{
  g_autofree char *trimmed = devbox_platform_take_name (name, error);
  g_autofree char *trimmed_tag = trimmed != NULL ? devbox_platform_take_tag (tag, error) : NULL;
  g_autofree char *trimmed_new_name = NULL;
  g_autofree char *rest = NULL;
  DevboxRequest *request;
  GString *json;

  if (trimmed_tag == NULL)
    return NULL;
  if (new_name != NULL)
    {
      trimmed_new_name = devbox_platform_take_name (new_name, error);
      if (trimmed_new_name == NULL)
        return NULL;
    }

  json = g_string_new ("{");
  if (trimmed_new_name != NULL)
    {
      g_string_append (json, "\"name\":");
      devbox_wire_json_append_string (json, trimmed_new_name, -1);
    }
  g_string_append_c (json, '}');

  rest = g_strdup_printf ("/release/%s/deploy", trimmed_tag);
  request = devbox_platform_request_new (SOUP_METHOD_POST, trimmed, rest, parse, g_object_unref);
  devbox_request_take_json (request, json);
  request->idempotency_key = g_uuid_string_random ();
  request->not_found = 0;
  request->failed = DEVBOX_ERROR_DEVBOX_CREATION_FAILED;

  return request;
}
