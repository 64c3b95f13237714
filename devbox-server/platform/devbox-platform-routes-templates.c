/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-routes-private.h"

#include "devbox-wire-json-private.h"

/* A template is its own repository here: its name identifies both. */
static void
append_runtime (GString *json, const DevboxTemplate *template, DevboxSandboxKind sandbox)
{
  g_autoptr (GError) error = NULL;
  gboolean is_available = devbox_template_check_programs (template, sandbox, NULL, &error);

  g_string_append (json, "{\"uid\":");
  devbox_wire_json_append_string (json, template->name, -1);
  devbox_wire_json_append_member (json, "iconId", template->name);
  devbox_wire_json_append_member (json, "name", template->name);
  devbox_wire_json_append_member (json, "kind", template->kind);
  devbox_wire_json_append_member (json, "description", template->description != NULL ? template->description : "");
  g_string_append_printf (json, ",\"isPublic\":true,\"isAvailable\":%s", is_available ? "true" : "false");
  if (!is_available)
    devbox_wire_json_append_member (json, "reason", error->message);
  g_string_append_c (json, '}');
}

static void
append_ports (GString *json, const DevboxTemplate *template, const char *number_member)
{
  for (guint i = 0; template->ports != NULL && i < template->ports->len; i++)
    {
      guint port = g_array_index (template->ports, guint16, i);

      g_string_append_printf (json, "%s{\"name\":\"port-%u\",\"%s\":%u,\"protocol\":\"TCP\"}", i > 0 ? "," : "", port,
                              number_member, port);
    }
}

static void
append_config (GString *json, const DevboxTemplate *template, DevboxSandboxKind sandbox)
{
  g_string_append (json, "{\"templateUid\":");
  devbox_wire_json_append_string (json, template->name, -1);
  devbox_wire_json_append_member (json, "templateName", template->name);
  devbox_wire_json_append_member (json, "runtimeUid", template->name);
  devbox_wire_json_append_member (json, "runtime", template->name);
  g_string_append (json, ",\"config\":{\"appPorts\":[");
  append_ports (json, template, "port");
  g_string_append (json, "],\"ports\":[");
  append_ports (json, template, "containerPort");
  g_string_append (json, "]");
  if (template->command != NULL)
    {
      g_string_append (json, ",\"releaseCommand\":[\"/bin/sh\",\"-c\"],\"releaseArgs\":[");
      devbox_wire_json_append_string (json, template->command, -1);
      g_string_append_c (json, ']');
    }
  g_string_append (json, "}}");
}

static void
append_templates (GString *json,
                  DevboxPlatformService *service,
                  void (*append) (GString *json, const DevboxTemplate *template, DevboxSandboxKind sandbox))
{
  DevboxTemplateSet *templates = devbox_platform_service_get_templates (service);
  DevboxSandboxKind sandbox = devbox_sandbox_get_kind (devbox_platform_service_get_sandbox (service));
  guint n_templates = devbox_template_set_get_n_templates (templates);

  g_string_append_c (json, '[');
  for (guint i = 0; i < n_templates; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      append (json, devbox_template_set_get (templates, i), sandbox);
    }
  g_string_append_c (json, ']');
}

static void
list (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = devbox_platform_call_new (user_data, exchange);
  GString *members = g_string_new ("\"runtime\":");

  append_templates (members, call->service, append_runtime);
  g_string_append (members, ",\"config\":");
  append_templates (members, call->service, append_config);
  devbox_platform_call_reply (call, 200, NULL, members);
}

const DevboxHttpRoute devbox_platform_template_routes[] = {
  { "GET", DEVBOX_PLATFORM_PREFIX "/templates", DEVBOX_HTTP_ROUTE_NONE, list },
  DEVBOX_HTTP_ROUTES_END,
};
