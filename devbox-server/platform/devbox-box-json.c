/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-json-private.h"

#include "devbox-secret-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

#define MIB_PER_GIB 1024

/* A number that is counted in thousandths, without zeros at its end. */
static void
append_thousandths (GString *json, guint64 thousandths)
{
  guint fraction = thousandths % 1000;
  guint n_digits = 3;

  g_string_append_printf (json, "%" G_GUINT64_FORMAT, thousandths / 1000);
  if (fraction == 0)
    return;

  for (; fraction % 10 == 0; n_digits--)
    fraction /= 10;
  g_string_append_printf (json, ".%0*u", n_digits, fraction);
}

/* Half a MiB is less than half a thousandth of a GiB: what was asked for with three digits comes back as it was. */
static void
append_resources (GString *json, const DevboxBoxRecord *record)
{
  g_string_append (json, ",\"resources\":{\"cpu\":");
  append_thousandths (json, record->cpu);
  g_string_append (json, ",\"memory\":");
  append_thousandths (json, ((guint64) record->memory * 1000 + MIB_PER_GIB / 2) / MIB_PER_GIB);
  g_string_append_c (json, '}');
}

static void
append_identity (GString *json, const DevboxBoxView *view)
{
  const DevboxBoxRecord *record = view->record;

  g_string_append (json, "\"name\":");
  devbox_wire_json_append_string (json, record->name, -1);
  devbox_wire_json_append_member (json, "uid", record->uid);
  g_string_append (json, ",\"resourceType\":\"devbox\"");
  devbox_wire_json_append_member (json, "runtime", record->runtime);
  devbox_wire_json_append_member (json, "status", devbox_box_status_to_string (view->status));
  if (view->reason != NULL)
    devbox_wire_json_append_member (json, "reason", view->reason);
}

void
devbox_box_json_append_item (GString *json, const DevboxBoxView *view)
{
  g_string_append_c (json, '{');
  append_identity (json, view);
  g_string_append_printf (json, ",\"resources\":{\"cpu\":%u,\"memory\":%u},\"createdAt\":", view->record->cpu,
                          view->record->memory);
  devbox_wire_json_append_time (json, view->record->created);
  g_string_append_c (json, '}');
}

static const char *
get_scheme (const char *protocol)
{
  if (strcmp (protocol, "WS") == 0)
    return "ws";

  return strcmp (protocol, "TCP") == 0 ? "tcp" : "http";
}

/* outer: where the platform listens for it; 0: nowhere yet, so that there is no address to tell. */
static void
append_port (GString *json,
             const DevboxBoxRecord *record,
             const char *name,
             const char *protocol,
             guint16 number,
             guint16 outer)
{
  g_autofree char *address
      = outer != 0 ? g_strdup_printf ("%s://%s:%u", get_scheme (protocol), record->address, outer) : g_strdup ("");
  g_autofree char *network_name = g_strconcat (record->name, "-", name, NULL);

  g_string_append_printf (json, "{\"number\":%u", number);
  devbox_wire_json_append_member (json, "portName", name);
  devbox_wire_json_append_member (json, "protocol", protocol);
  devbox_wire_json_append_member (json, "serviceName", record->name);
  devbox_wire_json_append_member (json, "privateAddress", address);
  devbox_wire_json_append_member (json, "privateHost", record->address);
  devbox_wire_json_append_member (json, "networkName", network_name);
  g_string_append (json, ",\"exposesPublicDomain\":true");
  devbox_wire_json_append_member (json, "publicHost", record->address);
  devbox_wire_json_append_member (json, "publicDomain", record->address);
  devbox_wire_json_append_member (json, "publicAddress", address);
  g_string_append (json, ",\"customDomain\":\"\"}");
}

static void
append_program_ports (GString *json, const DevboxBoxRecord *record)
{
  for (guint i = 0; i < record->ports->len; i++)
    {
      const DevboxBoxPort *port = g_ptr_array_index (record->ports, i);

      if (json->str[json->len - 1] == '}')
        g_string_append_c (json, ',');
      append_port (json, record, port->name, port->protocol, port->number, port->outer);
    }
}

void
devbox_box_json_append_ports (GString *json, const DevboxBoxRecord *record)
{
  g_string_append_c (json, '[');
  append_program_ports (json, record);
  g_string_append_c (json, ']');
}

/* Clients take the first one for the agent's. */
static void
append_all_ports (GString *json, const DevboxBoxRecord *record)
{
  g_string_append (json, ",\"ports\":[");
  append_port (json, record, DEVBOX_BOX_AGENT_PORT_NAME, "HTTP", DEVBOX_BOX_AGENT_PORT, record->agent_port);
  append_program_ports (json, record);
  g_string_append_c (json, ']');
}

static void
append_environment (GString *json, const DevboxBoxRecord *record)
{
  g_string_append (json, ",\"env\":[");
  for (guint i = 0; record->environment != NULL && record->environment[i] != NULL; i++)
    {
      const char *variable = record->environment[i];
      const char *equals = strchrnul (variable, '=');

      g_string_append (json, i > 0 ? ",{\"name\":" : "{\"name\":");
      devbox_wire_json_append_string (json, variable, equals - variable);
      devbox_wire_json_append_member (json, "value", *equals != '\0' ? equals + 1 : "");
      g_string_append_c (json, '}');
    }
  g_string_append_c (json, ']');
}

static void
append_pods (GString *json, const DevboxBoxView *view)
{
  gboolean is_starting = view->status == DEVBOX_BOX_PENDING || view->status == DEVBOX_BOX_CREATING;

  g_string_append (json, ",\"pods\":[");
  if (is_starting || view->status == DEVBOX_BOX_RUNNING)
    {
      g_string_append (json, "{\"name\":");
      devbox_wire_json_append_string (json, view->record->name, -1);
      devbox_wire_json_append_member (json, "status", is_starting ? "Pending" : "Running");
      g_string_append_c (json, '}');
    }
  g_string_append_c (json, ']');
}

static const char *
get_user_name (const DevboxBoxView *view)
{
  return view->sandbox == DEVBOX_SANDBOX_BUBBLEWRAP ? "devbox" : g_get_user_name ();
}

static void
append_ssh (GString *json, const DevboxBoxView *view)
{
  g_string_append (json, ",\"ssh\":{\"host\":");
  devbox_wire_json_append_string (json, view->record->address, -1);
  g_string_append (json, ",\"port\":0");
  devbox_wire_json_append_member (json, "user", get_user_name (view));
  devbox_wire_json_append_member (json, "workingDir", view->working_folder);
  g_string_append_c (json, '}');
}

static void
append_agent (GString *json, const DevboxBoxRecord *record)
{
  g_autoptr (DevboxSecret) token = g_base64_encode ((const guchar *) record->token, strlen (record->token));

  g_string_append (json, ",\"agentServer\":{\"url\":\"\"");
  devbox_wire_json_append_member (json, "token", token);
  g_string_append_c (json, '}');
}

static void
append_origin (GString *json, const DevboxBoxView *view)
{
  devbox_wire_json_append_member (json, "template", view->record->runtime);
  if (view->release != NULL)
    {
      g_string_append (json, ",\"release\":{\"name\":");
      devbox_wire_json_append_string (json, view->release->box_name, -1);
      devbox_wire_json_append_member (json, "tag", view->release->tag);
      g_string_append_c (json, '}');
    }
}

static void
append_surroundings (GString *json, const DevboxBoxView *view)
{
  const DevboxBoxRecord *record = view->record;

  devbox_wire_json_append_member (json, "sandbox", view->sandbox == DEVBOX_SANDBOX_BUBBLEWRAP ? "bubblewrap" : "none");
  if (view->sandbox_reason != NULL)
    devbox_wire_json_append_member (json, "sandboxReason", view->sandbox_reason);
  g_string_append_printf (json, ",\"network\":%s", record->shares_network ? "true" : "false");
  if (record->startup_command != NULL)
    {
      g_string_append (json, ",\"autostart\":{\"execCommand\":");
      devbox_wire_json_append_string (json, record->startup_command, -1);
      g_string_append_c (json, '}');
    }
}

void
devbox_box_json_append_detail (GString *json, const DevboxBoxView *view)
{
  const DevboxBoxRecord *record = view->record;

  append_identity (json, view);
  g_string_append (json, ",\"image\":\"\"");
  append_resources (json, record);
  append_ssh (json, view);
  append_environment (json, record);
  append_all_ports (json, record);
  append_pods (json, view);
  devbox_wire_json_append_member (json, "podIP", record->address);
  append_agent (json, record);
  g_string_append (json, ",\"createdAt\":");
  devbox_wire_json_append_time (json, record->created);
  append_origin (json, view);
  append_surroundings (json, view);
}

void
devbox_box_json_append_access (GString *json, const DevboxBoxView *view)
{
  g_string_append (json, "\"sshPort\":0,\"base64PublicKey\":\"\",\"base64PrivateKey\":\"\"");
  devbox_wire_json_append_member (json, "userName", get_user_name (view));
  devbox_wire_json_append_member (json, "workingDir", view->working_folder);
  devbox_wire_json_append_member (json, "domain", view->record->address);
}
