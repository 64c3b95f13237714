/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-reply-private.h"
#include "devbox-platform-requests-private.h"
#include "devbox-port-private.h"
#include "devbox-template-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

/* GET /api/v1/devbox/templates: {runtime: […], config: […]} */

#define MAX_REPLY_SIZE (4 * 1024 * 1024)
#define MAX_TEMPLATES 1024 /* each of which is looked for among as many configurations */
#define MAX_PORTS 64

static gboolean
is_about (JsonObject *config, const char *member, const char *uid)
{
  const char *told = NULL;

  return devbox_wire_json_get_string (config, member, TRUE, &told, NULL) && g_str_equal (told, uid);
}

/* A runtime may have several versions; the first one is the newest. */
static JsonObject *
find_config (JsonArray *configs, const char *uid)
{
  for (guint i = 0; configs != NULL && uid != NULL && i < MIN (json_array_get_length (configs), MAX_TEMPLATES); i++)
    {
      JsonObject *config = devbox_platform_reply_get_element (configs, i);

      if (config != NULL && (is_about (config, "runtimeUid", uid) || is_about (config, "templateUid", uid)))
        return devbox_platform_reply_get_object (config, "config");
    }

  return NULL;
}

static void
read_ports (JsonObject *config, const char *member, const char *number_member, GListStore *ports)
{
  JsonArray *array = devbox_platform_reply_get_array (config, member);

  for (guint i = 0; array != NULL && i < MIN (json_array_get_length (array), MAX_PORTS); i++)
    {
      JsonObject *object = devbox_platform_reply_get_element (array, i);
      g_auto (DevboxPortDetails) details = { 0 };

      if (object != NULL)
        details.number = devbox_platform_reply_get_uint (object, number_member, G_MAXUINT16);
      if (details.number != 0)
        {
          g_autoptr (DevboxPort) port = NULL;

          details.name = devbox_platform_reply_dup_text (object, "name");
          details.protocol_text = devbox_platform_reply_dup_text (object, "protocol");
          port = devbox_port_new_from_details (&details);
          g_list_store_append (ports, port);
        }
    }
}

static GStrv
read_words (JsonObject *config, const char *name)
{
  g_auto (GStrv) words = NULL;

  return devbox_wire_json_get_strv (config, name, FALSE, &words, NULL) && words != NULL && words[0] != NULL
             ? g_steal_pointer (&words)
             : NULL;
}

static void
read_config (JsonObject *config, DevboxTemplateDetails *details)
{
  GListStore *ports = g_list_store_new (DEVBOX_TYPE_PORT);

  details->ports = G_LIST_MODEL (ports);
  read_ports (config, "appPorts", "port", ports);
  if (g_list_model_get_n_items (details->ports) == 0)
    read_ports (config, "ports", "containerPort", ports);
  details->release_command = read_words (config, "releaseCommand");
  details->release_arguments = read_words (config, "releaseArgs");
  details->user = devbox_platform_reply_dup_text (config, "user");
  details->working_directory = devbox_platform_reply_dup_text (config, "workingDir");
}

/* What a create takes is the identifier of the icon on the live platform, where the name is for people. */
static DevboxTemplate *
read_template (JsonObject *runtime, JsonArray *configs)
{
  g_auto (DevboxTemplateDetails) details = { 0 };
  JsonObject *config;

  details.title = devbox_platform_reply_dup_text (runtime, "name");
  details.name = devbox_platform_reply_dup_text (runtime, "iconId");
  if (details.name == NULL)
    details.name = g_strdup (details.title);
  if (details.name == NULL)
    return NULL;

  details.uid = devbox_platform_reply_dup_text (runtime, "uid");
  details.kind = devbox_platform_reply_dup_text (runtime, "kind");
  details.description = devbox_platform_reply_dup_text (runtime, "description");
  details.available = TRUE;
  if (!devbox_wire_json_get_boolean (runtime, "isAvailable", FALSE, &details.available, NULL))
    details.available = TRUE;
  details.reason = devbox_platform_reply_dup_text (runtime, "reason");
  config = find_config (configs, details.uid);
  if (config != NULL)
    read_config (config, &details);

  return devbox_template_new (&details);
}

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonNode) root = devbox_platform_reply_parse (request, reply, error);
  JsonObject *object;
  JsonArray *runtimes;
  JsonArray *configs;
  GListStore *templates;

  if (root == NULL)
    return NULL;

  object = devbox_platform_reply_find_object (root);
  runtimes = object != NULL ? devbox_platform_reply_get_array (object, "runtime") : NULL;
  if (runtimes == NULL)
    return devbox_platform_reply_fail (request, error);

  configs = devbox_platform_reply_get_array (object, "config");
  templates = g_list_store_new (DEVBOX_TYPE_TEMPLATE);
  for (guint i = 0; i < MIN (json_array_get_length (runtimes), MAX_TEMPLATES); i++)
    {
      JsonObject *runtime = devbox_platform_reply_get_element (runtimes, i);
      g_autoptr (DevboxTemplate) template = runtime != NULL ? read_template (runtime, configs) : NULL;

      if (template != NULL)
        g_list_store_append (templates, template);
    }

  return templates;
}

DevboxRequest *
devbox_list_templates_request_new (void)
{
  DevboxRequest *request = devbox_platform_request_new (SOUP_METHOD_GET, NULL, "/templates", parse, g_object_unref);

  request->max_reply_size = MAX_REPLY_SIZE;
  request->not_found = 0;

  return request;
}
