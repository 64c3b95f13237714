/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-body-private.h"

#include "devbox-port.h"
#include "devbox-wire-json-private.h"

#include <string.h>

#define MIB_PER_GIB 1024

/* Cores and GiB in thousandths, so that a tenth of a GiB is just that and not a bit less. */
static void
append_thousandths (GString *json, const char *name, guint64 thousandths)
{
  if (json->str[json->len - 1] != '{')
    g_string_append_c (json, ',');
  g_string_append_printf (json, "\"%s\":%" G_GUINT64_FORMAT, name, thousandths / 1000);
  if (thousandths % 1000 == 0)
    return;

  g_string_append_printf (json, ".%03u", (guint) (thousandths % 1000));
  while (json->str[json->len - 1] == '0')
    g_string_truncate (json, json->len - 1);
}

void
devbox_instance_body_append_resource (GString *json, guint cpu, guint memory)
{
  if (cpu == 0 && memory == 0)
    return;

  if (json->str[json->len - 1] != '{')
    g_string_append_c (json, ',');
  g_string_append (json, "\"resource\":{");
  if (cpu != 0)
    append_thousandths (json, "cpu", cpu);
  if (memory != 0)
    append_thousandths (json, "memory", ((guint64) memory * 1000 + MIB_PER_GIB / 2) / MIB_PER_GIB);
  g_string_append_c (json, '}');
}

static void
append_port (GString *json, DevboxPort *port)
{
  const char *protocol = devbox_port_get_protocol_text (port);
  const char *name = devbox_port_get_name (port);
  const char *domain = devbox_port_get_custom_domain (port);

  g_string_append_printf (json, "{\"number\":%u", devbox_port_get_number (port));
  if (protocol != NULL)
    devbox_wire_json_append_member (json, "protocol", protocol);
  if (name != NULL)
    devbox_wire_json_append_member (json, "portName", name);
  if (domain != NULL && domain[0] != '\0')
    devbox_wire_json_append_member (json, "customDomain", domain);
  g_string_append_c (json, '}');
}

void
devbox_instance_body_append_ports (GString *json, GListModel *ports)
{
  g_string_append_c (json, '[');
  for (guint i = 0; i < g_list_model_get_n_items (ports); i++)
    {
      g_autoptr (DevboxPort) port = g_list_model_get_item (ports, i);

      if (i > 0)
        g_string_append_c (json, ',');
      append_port (json, port);
    }
  g_string_append_c (json, ']');
}

void
devbox_instance_body_append_environ (GString *json, const char *const *environment)
{
  g_string_append_c (json, '[');
  for (guint i = 0; environment[i] != NULL; i++)
    {
      const char *equals = strchrnul (environment[i], '=');

      g_string_append (json, i > 0 ? ",{\"name\":" : "{\"name\":");
      devbox_wire_json_append_string (json, environment[i], equals - environment[i]);
      devbox_wire_json_append_member (json, "value", *equals != '\0' ? equals + 1 : "");
      g_string_append_c (json, '}');
    }
  g_string_append_c (json, ']');
}
