/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-list-ports-request-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-port-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

static gboolean
append_port (GListStore *store, JsonNode *node, GError **error)
{
  g_auto (DevboxPortDetails) details = { 0 };
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (DevboxPort) port = NULL;
  gint64 number = 0;

  json_object_set_member (object, "ports", json_node_copy (node));
  if (!devbox_wire_json_get_int (object, "ports", TRUE, 1, G_MAXUINT16, &number, error))
    return FALSE;

  details.number = (guint) number;
  port = devbox_port_new_from_details (&details);
  g_list_store_append (store, port);

  return TRUE;
}

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (GListStore) store = NULL;
  JsonArray *ports = NULL;
  GError *reason = NULL;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  if (object == NULL)
    return NULL;
  if (!devbox_agent_check_length (object, "ports", G_MAXUINT16, &reason)
      || !devbox_wire_json_get_array (object, "ports", FALSE, &ports, &reason))
    return devbox_request_fail_from_bad_reply (request, reason, error);

  store = g_list_store_new (DEVBOX_TYPE_PORT);
  for (guint i = 0; ports != NULL && i < json_array_get_length (ports); i++)
    {
      if (!append_port (store, json_array_get_element (ports, i), &reason))
        return devbox_request_fail_from_bad_reply (request, reason, error);
    }

  return g_steal_pointer (&store);
}

static gboolean
prepare (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  return devbox_agent_check_current (features, _ ("The agent does not know how to list ports"), error);
}

DevboxRequest *
devbox_list_ports_request_new (void)
{
  DevboxRequest *request = devbox_request_new (SOUP_METHOD_GET, "/api/v1/ports", parse, g_object_unref);

  request->prepare = prepare;

  return request;
}
