/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"
#include "devbox-wire-json-private.h"

/* POST /api/v1/devbox/{name}/autostart {execCommand?} */

DevboxRequest *
devbox_set_autostart_request_new (const char *name, const char *command, GError **error)
{
  g_autofree char *trimmed = devbox_platform_take_name (name, error);
  DevboxRequest *request;
  GString *json;

  if (trimmed == NULL || (command != NULL && !devbox_platform_check_autostart (command, error)))
    return NULL;

  json = g_string_new ("{");
  if (command != NULL)
    {
      g_string_append (json, "\"execCommand\":");
      devbox_wire_json_append_string (json, command, -1);
    }
  g_string_append_c (json, '}');

  request
      = devbox_platform_request_new (SOUP_METHOD_POST, trimmed, "/autostart", devbox_platform_reply_parse_done, NULL);
  devbox_request_take_json (request, json);
  request->idempotent = TRUE;
  request->failed = DEVBOX_ERROR_DEVBOX_OPERATION_FAILED;

  return request;
}
