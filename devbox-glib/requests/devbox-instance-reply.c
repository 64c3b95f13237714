/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-reply-private.h"

#include "devbox-instance-status-private.h"
#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"
#include "devbox-port-private.h"
#include "devbox-secret-private.h"
#include "devbox-ssh-info-private.h"
#include "devbox-wire-base64-private.h"
#include "devbox-wire-environment-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

#define MAX_PORTS 1024
#define MAX_VARIABLES 4096
#define MIB_PER_GIB 1024
/* No devbox is larger than so many cores and GiB, and none is smaller than so many millicores or MiB. */
#define MAX_CORES 64
#define MAX_GIB 512
#define MIN_MILLICORES 100
#define MIN_MIB 100

static guint
normalize (double value, DevboxInstanceReplyForm form, double largest, double smallest, guint factor)
{
  gboolean is_large_unit = form == DEVBOX_INSTANCE_REPLY_DETAIL ? value <= largest : value < smallest;
  double small_units = is_large_unit ? value * factor : value;

  return small_units < G_MAXINT ? (guint) (small_units + 0.5) : 0;
}

static void
read_resources (JsonObject *object, DevboxInstanceReplyForm form, DevboxInstanceDetails *details)
{
  JsonObject *resources = devbox_platform_reply_get_object (object, "resources");

  if (resources == NULL)
    resources = devbox_platform_reply_get_object (object, "resource");
  if (resources == NULL)
    return;

  details->cpu = normalize (devbox_platform_reply_get_number (resources, "cpu"), form, MAX_CORES, MIN_MILLICORES, 1000);
  details->memory
      = normalize (devbox_platform_reply_get_number (resources, "memory"), form, MAX_GIB, MIN_MIB, MIB_PER_GIB);
}

/* As it is, or in base64. */
static char *
take_private_key (char *text)
{
  g_autoptr (DevboxSecret) told = text;
  g_autoptr (GBytes) bytes = NULL;
  gsize size;
  const char *data;
  char *key = NULL;

  if (told == NULL)
    return NULL;

  bytes = devbox_wire_base64_decode_all (told, strlen (told));
  if (bytes == NULL)
    return g_steal_pointer (&told);

  data = g_bytes_get_data (bytes, &size);
  if (size > 0 && g_utf8_validate (data, (gssize) size, NULL))
    key = g_strndup (data, size);
  explicit_bzero ((char *) data, size);

  return key;
}

/* The reply to a create has it flat. */
static DevboxSshInfo *
read_ssh (JsonObject *object)
{
  JsonObject *ssh = devbox_platform_reply_get_object (object, "ssh");
  g_auto (DevboxSshDetails) details = { 0 };

  details.domain = devbox_platform_reply_dup_text (object, "domain");
  if (ssh != NULL)
    {
      details.host = devbox_platform_reply_dup_text (ssh, "host");
      details.port = devbox_platform_reply_get_uint (ssh, "port", G_MAXUINT16);
      details.user = devbox_platform_reply_dup_text (ssh, "user");
      details.working_directory = devbox_platform_reply_dup_text (ssh, "workingDir");
      details.private_key = take_private_key (devbox_platform_reply_dup_text (ssh, "privateKey"));
    }
  else
    {
      details.host = g_strdup (details.domain);
      details.port = devbox_platform_reply_get_uint (object, "sshPort", G_MAXUINT16);
      details.user = devbox_platform_reply_dup_text (object, "userName");
      details.working_directory = devbox_platform_reply_dup_text (object, "workingDir");
    }
  if (details.private_key == NULL)
    details.private_key = take_private_key (devbox_platform_reply_dup_text (object, "base64PrivateKey"));

  if (details.host == NULL && details.user == NULL && details.private_key == NULL)
    return NULL;

  return devbox_ssh_info_new (&details);
}

static void
add_variable (GPtrArray *environment, const char *name, const char *value)
{
  if (environment->len < MAX_VARIABLES && devbox_wire_is_variable_name (name, strlen (name)))
    g_ptr_array_add (environment, g_strconcat (name, "=", value, NULL));
}

static void
add_member (JsonObject *object, const char *name, JsonNode *node, gpointer environment)
{
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    add_variable (environment, name, json_node_get_string (node));
}

/* {NAME: value}, or [{name, value}]. One whose value is kept somewhere else is not known here. */
static GStrv
read_environment (JsonObject *object)
{
  JsonObject *members = devbox_platform_reply_get_object (object, "env");
  JsonArray *array = devbox_platform_reply_get_array (object, "env");
  GPtrArray *environment = g_ptr_array_new ();

  if (members != NULL)
    json_object_foreach_member (members, add_member, environment);
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonObject *variable = devbox_platform_reply_get_element (array, i);
      const char *name = NULL;
      const char *value = NULL;

      if (variable != NULL && devbox_wire_json_get_string (variable, "name", TRUE, &name, NULL)
          && devbox_wire_json_get_string (variable, "value", TRUE, &value, NULL))
        add_variable (environment, name, value);
    }

  if (environment->len == 0)
    {
      g_ptr_array_unref (environment);
      return NULL;
    }

  g_ptr_array_add (environment, NULL);
  return (GStrv) g_ptr_array_free (environment, FALSE);
}

static DevboxPort *
read_port (JsonObject *object)
{
  g_auto (DevboxPortDetails) details = { 0 };

  details.number = devbox_platform_reply_get_uint (object, "number", G_MAXUINT16);
  if (details.number == 0)
    return NULL;

  details.protocol_text = devbox_platform_reply_dup_text (object, "protocol");
  details.name = devbox_platform_reply_dup_text (object, "portName");
  details.custom_domain = devbox_platform_reply_dup_text (object, "customDomain");
  details.public_address = devbox_platform_reply_dup_text (object, "publicAddress");
  details.private_address = devbox_platform_reply_dup_text (object, "privateAddress");

  return devbox_port_new_from_details (&details);
}

GListStore *
devbox_instance_reply_read_ports (JsonArray *array)
{
  GListStore *ports = g_list_store_new (DEVBOX_TYPE_PORT);

  for (guint i = 0; array != NULL && i < MIN (json_array_get_length (array), MAX_PORTS); i++)
    {
      JsonObject *object = devbox_platform_reply_get_element (array, i);
      g_autoptr (DevboxPort) port = object != NULL ? read_port (object) : NULL;

      if (port != NULL)
        g_list_store_append (ports, port);
    }

  return ports;
}

static void
read_agent (JsonObject *object, DevboxInstanceDetails *details)
{
  JsonObject *agent = devbox_platform_reply_get_object (object, "agentServer");

  if (agent == NULL)
    return;

  details->agent_label = devbox_platform_reply_dup_text (agent, "url");
  details->agent_token = devbox_platform_reply_dup_text (agent, "token");
}

static void
read_surroundings (JsonObject *object, DevboxInstanceDetails *details)
{
  JsonObject *autostart = devbox_platform_reply_get_object (object, "autostart");

  if (autostart != NULL)
    details->autostart = devbox_platform_reply_dup_text (autostart, "execCommand");
  if (!devbox_wire_json_get_boolean (object, "network", FALSE, &details->network, NULL))
    details->network = FALSE;
  details->sandbox = devbox_platform_reply_dup_text (object, "sandbox");
  details->pod_ip = devbox_platform_reply_dup_text (object, "podIP");
  details->created = devbox_platform_reply_get_time (object, "createdAt");
}

gboolean
devbox_instance_reply_read (JsonObject *object, DevboxInstanceReplyForm form, DevboxInstanceDetails *details)
{
  g_autofree char *name = devbox_platform_reply_dup_text (object, "name");

  if (name == NULL || !devbox_platform_is_label (name))
    return FALSE;

  details->name = g_steal_pointer (&name);
  details->uid = devbox_platform_reply_dup_text (object, "uid");
  details->status_text = devbox_platform_reply_dup_status (object);
  details->status = devbox_instance_status_from_string (details->status_text);
  details->reason = devbox_platform_reply_dup_text (object, "reason");
  details->runtime = devbox_platform_reply_dup_text (object, "runtime");
  details->image = devbox_platform_reply_dup_text (object, "image");
  read_resources (object, form, details);
  details->ssh = read_ssh (object);
  details->environ = read_environment (object);
  details->ports = G_LIST_MODEL (devbox_instance_reply_read_ports (devbox_platform_reply_get_array (object, "ports")));
  read_agent (object, details);
  read_surroundings (object, details);

  return TRUE;
}

gboolean
devbox_instance_reply_is_detail (const DevboxReply *reply, const char *name)
{
  gsize size;
  const char *data = g_bytes_get_data (reply->body, &size);
  g_autoptr (JsonNode) root = NULL;
  JsonObject *object;
  const char *told = NULL;

  if (!SOUP_STATUS_IS_SUCCESSFUL (devbox_platform_reply_get_status (reply)))
    return FALSE;

  root = devbox_wire_json_parse (data, size, NULL);
  object = root != NULL ? devbox_platform_reply_find_object (root) : NULL;

  return object != NULL && json_object_has_member (object, "status") && json_object_has_member (object, "resources")
         && devbox_wire_json_get_string (object, "name", TRUE, &told, NULL)
         && (name == NULL || g_str_equal (told, name));
}

gboolean
devbox_instance_reply_parse_details (DevboxRequest *request,
                                     const DevboxReply *reply,
                                     const char *name,
                                     DevboxInstanceDetails *details,
                                     GError **error)
{
  g_autoptr (JsonNode) root = devbox_platform_reply_parse (request, reply, error);
  JsonObject *object;

  if (root == NULL)
    return FALSE;

  object = devbox_platform_reply_find_object (root);
  if (object != NULL && devbox_instance_reply_read (object, DEVBOX_INSTANCE_REPLY_DETAIL, details)
      && (name == NULL || g_str_equal (details->name, name)))
    return TRUE;

  devbox_platform_reply_fail (request, error);
  return FALSE;
}

DevboxInstanceInfo *
devbox_instance_reply_parse (DevboxRequest *request, const DevboxReply *reply, const char *name, GError **error)
{
  g_auto (DevboxInstanceDetails) details = { 0 };

  if (!devbox_instance_reply_parse_details (request, reply, name, &details, error))
    return NULL;

  return devbox_instance_info_new (&details);
}
