/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-body-private.h"
#include "devbox-instance-reply-private.h"
#include "devbox-instance-spec.h"
#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"
#include "devbox-request-checks-private.h"

#include <glib/gi18n-lib.h>

/* PATCH /api/v1/devbox/{name} {resource?, ports?} */

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  return devbox_instance_reply_parse (request, reply, request->subject, error);
}

/* A platform that acknowledges the change and no more is asked for the detail. */
static gboolean
step (DevboxRequest *request, const DevboxReply *reply, const GError *error, guint *delay_ms)
{
  if (error != NULL || request->method == SOUP_METHOD_GET
      || !SOUP_STATUS_IS_SUCCESSFUL (devbox_platform_reply_get_status (reply))
      || devbox_instance_reply_is_detail (reply, request->subject))
    return FALSE;

  devbox_platform_request_ask_for_detail (request, request->subject);

  return TRUE;
}

/* What is set and cannot be changed is not passed over in silence. */
static gboolean
check_changes (DevboxInstanceSpec *changes, const char *name, GError **error)
{
  g_autofree char *own_name = devbox_request_trim (devbox_instance_spec_get_name (changes));

  if (own_name != NULL && !g_str_equal (own_name, name))
    return devbox_request_refuse (error, own_name, _ ("The devbox “%s” cannot be renamed to “%s”"), name, own_name);
  if (devbox_instance_spec_get_runtime (changes) != NULL || devbox_instance_spec_get_release_name (changes) != NULL)
    return devbox_request_refuse (error, devbox_instance_spec_get_runtime (changes),
                                  _ ("The runtime or release of the devbox “%s” cannot be changed"), name);
  if (devbox_instance_spec_get_environ (changes) != NULL || devbox_instance_spec_get_network (changes))
    return devbox_request_refuse (error, NULL, _ ("The environment and network of the devbox “%s” cannot be changed"),
                                  name);
  if (devbox_instance_spec_get_autostart (changes) != NULL)
    return devbox_request_refuse (error, NULL,
                                  _ ("The autostart command of the devbox “%s” cannot be set by an update"), name);

  return TRUE;
}

static gboolean
check (DevboxInstanceSpec *changes, const char *name, GError **error)
{
  GListModel *ports = devbox_instance_spec_get_ports (changes);

  return check_changes (changes, name, error)
         && devbox_platform_check_resources (devbox_instance_spec_get_cpu (changes),
                                             devbox_instance_spec_get_memory (changes), error)
         && (ports == NULL || devbox_platform_check_ports (ports, error));
}

static GString *
build_body (DevboxInstanceSpec *changes)
{
  GListModel *ports = devbox_instance_spec_get_ports (changes);
  GString *json = g_string_new ("{");

  devbox_instance_body_append_resource (json, devbox_instance_spec_get_cpu (changes),
                                        devbox_instance_spec_get_memory (changes));
  if (ports != NULL)
    {
      g_string_append (json, json->len > 1 ? ",\"ports\":" : "\"ports\":");
      devbox_instance_body_append_ports (json, ports);
    }
  g_string_append_c (json, '}');

  return json;
}

DevboxRequest *
devbox_update_instance_request_new (const char *name, DevboxInstanceSpec *changes, GError **error)
{
  g_autofree char *trimmed = devbox_platform_take_name (name, error);
  DevboxRequest *request;

  if (trimmed == NULL || !check (changes, trimmed, error))
    return NULL;

  request = devbox_platform_request_new (DEVBOX_METHOD_PATCH, trimmed, NULL, parse, g_object_unref);
  devbox_request_take_json (request, build_body (changes));
  request->idempotent = TRUE;
  request->step = step;
  request->failed = DEVBOX_ERROR_DEVBOX_OPERATION_FAILED;

  return request;
}
