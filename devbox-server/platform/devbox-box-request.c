/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-request-private.h"

#include "devbox-box-json-private.h"
#include "devbox-command-environment-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_TOLD_CHARACTERS 80

#define MIN_CORES (DEVBOX_BOX_MIN_CPU / 1000.0)
#define MAX_CORES (DEVBOX_BOX_MAX_CPU / 1000.0)
#define MIN_GIB 0.1
#define MAX_GIB (DEVBOX_BOX_MAX_MEMORY / 1024.0)

/* A literal component of the path where a name may stand. */
#define RESERVED_NAME "templates"

void
devbox_box_request_free (DevboxBoxRequest *self)
{
  g_free (self->name);
  g_free (self->runtime);
  g_clear_pointer (&self->ports, g_ptr_array_unref);
  g_strfreev (self->environment);
  g_free (self->release_name);
  g_free (self->release_tag);
  g_free (self->startup_command);
  g_free (self);
}

static gboolean
fail_value (const char *member, const char *value, const char *expected, GError **error)
{
  gboolean is_long = g_utf8_strlen (value, -1) > MAX_TOLD_CHARACTERS;
  g_autofree char *told = g_utf8_substring (value, 0, is_long ? MAX_TOLD_CHARACTERS : -1);

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               /* Translators: the name of a member, its value, “…” where that is cut short, and what it has to be */
               _ ("“%s” is “%s%s”, but must be %s"), member, told, is_long ? "…" : "", expected);

  return FALSE;
}

static gboolean
check_size (const char *member, const char *value, int maximum, GError **error)
{
  if (strlen (value) <= (gsize) maximum)
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” must not be longer than %d bytes"),
               member, maximum);
  return FALSE;
}

static gboolean
check_label (const char *member, const char *value, GError **error)
{
  if (devbox_box_name_is_valid (value))
    return TRUE;

  return fail_value (member, value,
                     _ ("1 to 63 lower-case letters, digits and hyphens, with a letter or a digit at both ends"),
                     error);
}

static gboolean
check_tag (const char *member, const char *value, GError **error)
{
  if (devbox_release_tag_is_valid (value))
    return TRUE;

  return fail_value (member, value,
                     _ ("1 to 63 letters, digits, underscores, full stops and hyphens, with a letter or a digit first"),
                     error);
}

gboolean
devbox_box_request_check_name (const char *name, GError **error)
{
  if (!check_label ("name", name, error))
    return FALSE;
  if (strcmp (name, RESERVED_NAME) != 0)
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               _ ("No devbox can be called “%s”: it has a meaning of its own"), name);
  return FALSE;
}

static gboolean
read_name (DevboxBoxRequest *self, JsonObject *object, gboolean required, GError **error)
{
  const char *name = NULL;

  if (!devbox_wire_json_get_string (object, "name", required, &name, error))
    return FALSE;
  if (name != NULL && !devbox_box_request_check_name (name, error))
    return FALSE;

  self->name = g_strdup (name);
  return TRUE;
}

static gboolean
read_runtime (DevboxBoxRequest *self, JsonObject *object, gboolean required, GError **error)
{
  const char *runtime = NULL;

  if (!devbox_wire_json_get_string (object, "runtime", required, &runtime, error))
    return FALSE;
  if (runtime != NULL && !check_tag ("runtime", runtime, error))
    return FALSE;

  self->runtime = g_strdup (runtime);
  return TRUE;
}

static gboolean
read_resource_object (DevboxBoxRequest *self, JsonObject *object, const char *member, GError **error)
{
  JsonObject *resource = NULL;
  double cores = 0;
  double gib = 0;

  if (!devbox_wire_json_get_object (object, member, FALSE, &resource, error))
    return FALSE;
  if (resource == NULL)
    return TRUE;

  if (!devbox_wire_json_get_double (resource, "cpu", FALSE, MIN_CORES, MAX_CORES, &cores, error)
      || !devbox_wire_json_get_double (resource, "memory", FALSE, MIN_GIB, MAX_GIB, &gib, error))
    {
      g_prefix_error (error, "%s: ", member);
      return FALSE;
    }

  if (cores > 0)
    self->cpu = (guint) (cores * 1000 + 0.5);
  if (gib > 0)
    self->memory = (guint) (gib * 1024 + 0.5);
  return TRUE;
}

/* Both names are in use; a reply has the second one. */
static gboolean
read_resources (DevboxBoxRequest *self, JsonObject *object, GError **error)
{
  return read_resource_object (self, object, "resources", error)
         && read_resource_object (self, object, "resource", error);
}

static const char *
find_protocol (const char *name)
{
  static const char *const protocols[] = { "HTTP", "GRPC", "WS", "TCP" };

  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    {
      if (g_ascii_strcasecmp (protocols[i], name) == 0)
        return protocols[i];
    }

  return NULL;
}

/* One of that name, or of that number where name is NULL. */
static const DevboxBoxPort *
find_port (const GPtrArray *ports, const char *name, guint16 number)
{
  for (guint i = 0; ports != NULL && i < ports->len; i++)
    {
      const DevboxBoxPort *port = g_ptr_array_index (ports, i);

      if (name != NULL ? strcmp (port->name, name) == 0 : port->number == number)
        return port;
    }

  return NULL;
}

/* One that the box had already stays where it can be reached. */
static DevboxBoxPort *
make_port (guint16 number, const char *name, const char *protocol, const GPtrArray *known)
{
  const DevboxBoxPort *same = find_port (known, NULL, number);
  g_autofree char *usual_name = g_strdup_printf ("port-%u", number);
  DevboxBoxPort *port = devbox_box_port_new (number, name != NULL ? name : usual_name, protocol);

  port->outer = same != NULL ? same->outer : 0;

  return port;
}

/* Members that mean something only where a gateway stands before the boxes; what they say is told in no reply. */
static gboolean
check_domain_members (JsonObject *object, GError **error)
{
  gboolean exposes_public_domain;
  const char *custom_domain;

  return devbox_wire_json_get_boolean (object, "exposesPublicDomain", FALSE, &exposes_public_domain, error)
         && devbox_wire_json_get_string (object, "customDomain", FALSE, &custom_domain, error);
}

/* The port that the object describes; NULL without an error: the agent's own, which is nobody's to set. */
static DevboxBoxPort *
read_port (JsonObject *object, const GPtrArray *known, GError **error)
{
  const char *name = NULL;
  const char *protocol_name = NULL;
  const char *protocol = "HTTP";
  const DevboxBoxPort *same = NULL;
  gint64 number = 0;

  if (!devbox_wire_json_get_string (object, "portName", FALSE, &name, error))
    return NULL;
  if (name != NULL && strcmp (name, DEVBOX_BOX_AGENT_PORT_NAME) == 0)
    return NULL;
  if (name != NULL && !check_label ("portName", name, error))
    return NULL;

  same = name != NULL ? find_port (known, name, 0) : NULL;
  if (same != NULL)
    {
      number = same->number;
      protocol = same->protocol;
    }

  if (!devbox_wire_json_get_int (object, "number", same == NULL, 1, G_MAXUINT16, &number, error)
      || !devbox_wire_json_get_string (object, "protocol", FALSE, &protocol_name, error)
      || !check_domain_members (object, error))
    return NULL;

  if (protocol_name != NULL && (protocol = find_protocol (protocol_name)) == NULL)
    {
      fail_value ("protocol", protocol_name, _ ("HTTP, GRPC, WS or TCP"), error);
      return NULL;
    }

  return make_port ((guint16) number, name, protocol, known);
}

static gboolean
check_unique (const GPtrArray *ports, const DevboxBoxPort *port, GError **error)
{
  for (guint i = 0; i < ports->len; i++)
    {
      const DevboxBoxPort *other = g_ptr_array_index (ports, i);

      if (other->number != port->number && strcmp (other->name, port->name) != 0)
        continue;

      if (other->number == port->number)
        g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The port %u is there twice"),
                     port->number);
      else
        g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("Two ports are called “%s”"),
                     port->name);
      return FALSE;
    }

  return TRUE;
}

static gboolean
add_port (GPtrArray *ports, JsonObject *object, const GPtrArray *known, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  DevboxBoxPort *port = read_port (object, known, &local_error);

  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  if (port == NULL)
    return TRUE;

  if (!check_unique (ports, port, error))
    {
      devbox_box_port_free (port);
      return FALSE;
    }
  if (ports->len == DEVBOX_BOX_MAX_PORTS)
    {
      devbox_box_port_free (port);
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("There may be no more than %d ports"),
                   DEVBOX_BOX_MAX_PORTS);
      return FALSE;
    }

  g_ptr_array_add (ports, port);
  return TRUE;
}

static gboolean
read_ports (DevboxBoxRequest *self, JsonObject *object, gboolean required, const GPtrArray *known, GError **error)
{
  g_autoptr (GPtrArray) objects = NULL;
  g_autoptr (GPtrArray) ports = NULL;

  if (!devbox_wire_json_get_objects (object, "ports", required, &objects, error))
    return FALSE;
  if (objects == NULL)
    return TRUE;

  ports = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_box_port_free);
  for (guint i = 0; i < objects->len; i++)
    {
      if (!add_port (ports, g_ptr_array_index (objects, i), known, error))
        {
          g_prefix_error (error, "ports[%u]: ", i);
          return FALSE;
        }
    }

  self->ports = g_steal_pointer (&ports);
  return TRUE;
}

static gboolean
add_variable (JsonObject *variables, JsonObject *object, GError **error)
{
  const char *name = NULL;
  const char *value = NULL;

  if (json_object_has_member (object, "valueFrom") && !json_object_get_null_member (object, "valueFrom"))
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                           _ ("“valueFrom” names a secret of a cluster, of which there is none here: give “value”"));
      return FALSE;
    }

  if (!devbox_wire_json_get_string (object, "name", TRUE, &name, error)
      || !devbox_wire_json_get_string (object, "value", TRUE, &value, error))
    return FALSE;

  json_object_set_string_member (variables, name, value);
  return TRUE;
}

/* [{name, value}, …] as {"env": {name: value, …}}; of those with the same name the last one counts. NULL: it is none.
 */
static JsonObject *
gather_variables (JsonObject *object, GError **error)
{
  g_autoptr (JsonObject) gathered = json_object_new ();
  g_autoptr (GPtrArray) objects = NULL;
  JsonObject *variables = json_object_new ();

  json_object_set_object_member (gathered, "env", variables);
  if (!devbox_wire_json_get_objects (object, "env", TRUE, &objects, error))
    return NULL;

  for (guint i = 0; i < objects->len; i++)
    {
      if (!add_variable (variables, g_ptr_array_index (objects, i), error))
        {
          g_prefix_error (error, "env[%u]: ", i);
          return NULL;
        }
    }

  return g_steal_pointer (&gathered);
}

static gboolean
read_environment (DevboxBoxRequest *self, JsonObject *object, GError **error)
{
  static const char *const nothing[] = { NULL };
  JsonNode *node = json_object_get_member (object, "env");
  g_autoptr (JsonObject) gathered = NULL;
  g_autoptr (GPtrArray) environment = NULL;
  JsonObject *variables = NULL;

  if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
    {
      gathered = gather_variables (object, error);
      if (gathered == NULL)
        return FALSE;
      object = gathered;
    }

  if (!devbox_command_environment_read (object, FALSE, &variables, error))
    return FALSE;
  if (variables == NULL)
    return TRUE;

  environment = g_ptr_array_new ();
  devbox_command_environment_merge (environment, nothing, variables);
  self->environment = (GStrv) g_ptr_array_free (g_steal_pointer (&environment), FALSE);
  return TRUE;
}

static gboolean
read_release (DevboxBoxRequest *self, JsonObject *object, GError **error)
{
  JsonObject *release = NULL;
  const char *name = NULL;
  const char *tag = NULL;

  if (!devbox_wire_json_get_object (object, "release", FALSE, &release, error))
    return FALSE;
  if (release == NULL)
    return TRUE;

  if (!devbox_wire_json_get_string (release, "name", TRUE, &name, error)
      || !devbox_wire_json_get_string (release, "tag", TRUE, &tag, error))
    {
      g_prefix_error (error, "release: ");
      return FALSE;
    }

  self->release_name = g_strdup (name);
  self->release_tag = g_strdup (tag);
  return TRUE;
}

gboolean
devbox_box_request_read_startup (JsonObject *object, const char **command, GError **error)
{
  *command = NULL;

  return devbox_wire_json_get_string (object, "execCommand", FALSE, command, error)
         && (*command == NULL || check_size ("execCommand", *command, DEVBOX_BOX_MAX_COMMAND, error));
}

/* true, or {"execCommand": …} */
static gboolean
read_autostart (DevboxBoxRequest *self, JsonObject *object, GError **error)
{
  JsonNode *node = json_object_get_member (object, "autostart");
  JsonObject *autostart = NULL;
  const char *command = NULL;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return devbox_wire_json_get_boolean (object, "autostart", FALSE, &self->wants_startup, error);

  autostart = json_node_get_object (node);
  if (!devbox_box_request_read_startup (autostart, &command, error))
    {
      g_prefix_error (error, "autostart: ");
      return FALSE;
    }

  self->wants_startup = command == NULL || command[0] != '\0';
  self->startup_command = self->wants_startup ? g_strdup (command) : NULL;
  return TRUE;
}

static gboolean
read_network (DevboxBoxRequest *self, JsonObject *object, GError **error)
{
  JsonNode *node = json_object_get_member (object, "network");

  self->has_network = node != NULL && !JSON_NODE_HOLDS_NULL (node);
  return devbox_wire_json_get_boolean (object, "network", FALSE, &self->shares_network, error);
}

static gboolean
read_furnishings (DevboxBoxRequest *self, JsonObject *object, GError **error)
{
  return read_resources (self, object, error) && read_ports (self, object, FALSE, NULL, error)
         && read_environment (self, object, error) && read_network (self, object, error)
         && read_autostart (self, object, error);
}

DevboxBoxRequest *
devbox_box_request_read_create (JsonObject *object, GError **error)
{
  g_autoptr (DevboxBoxRequest) self = g_new0 (DevboxBoxRequest, 1);

  if (!read_name (self, object, TRUE, error) || !read_release (self, object, error)
      || !read_runtime (self, object, self->release_tag == NULL, error) || !read_furnishings (self, object, error))
    return NULL;

  return g_steal_pointer (&self);
}

DevboxBoxRequest *
devbox_box_request_read_deploy (JsonObject *object, GError **error)
{
  g_autoptr (DevboxBoxRequest) self = g_new0 (DevboxBoxRequest, 1);

  if (!read_name (self, object, FALSE, error) || !read_runtime (self, object, FALSE, error)
      || !read_furnishings (self, object, error))
    return NULL;

  return g_steal_pointer (&self);
}

DevboxBoxRequest *
devbox_box_request_read_update (JsonObject *object, const GPtrArray *known, GError **error)
{
  g_autoptr (DevboxBoxRequest) self = g_new0 (DevboxBoxRequest, 1);

  if (!read_resources (self, object, error) || !read_ports (self, object, FALSE, known, error))
    return NULL;

  return g_steal_pointer (&self);
}

DevboxBoxRequest *
devbox_box_request_read_ports (JsonObject *object, const GPtrArray *known, GError **error)
{
  g_autoptr (DevboxBoxRequest) self = g_new0 (DevboxBoxRequest, 1);

  if (!read_ports (self, object, TRUE, known, error))
    return NULL;

  return g_steal_pointer (&self);
}

static void
replace_text (char **place, const char *text)
{
  if (text == NULL)
    return;

  g_free (*place);
  *place = g_strdup (text);
}

void
devbox_box_request_apply (const DevboxBoxRequest *self, DevboxBoxRecord *record)
{
  replace_text (&record->name, self->name);
  replace_text (&record->runtime, self->runtime);
  if (self->cpu != 0)
    record->cpu = self->cpu;
  if (self->memory != 0)
    record->memory = self->memory;
  if (self->has_network)
    record->shares_network = self->shares_network;

  if (self->ports != NULL)
    {
      g_clear_pointer (&record->ports, g_ptr_array_unref);
      record->ports = g_ptr_array_ref (self->ports);
    }
  if (self->environment != NULL)
    {
      g_strfreev (record->environment);
      record->environment = g_strdupv (self->environment);
    }
}

gboolean
devbox_box_request_read_release (JsonObject *object, const char **tag, const char **description, GError **error)
{
  *description = "";

  return devbox_wire_json_get_string (object, "tag", TRUE, tag, error) && check_tag ("tag", *tag, error)
         && devbox_wire_json_get_string (object, "releaseDes", FALSE, description, error)
         && check_size ("releaseDes", *description, DEVBOX_RELEASE_MAX_DESCRIPTION, error);
}

char *
devbox_box_request_make_name (const char *box_name, const char *tag)
{
  g_autofree char *joined = g_strconcat (box_name, "-", tag, NULL);
  char *name = g_ascii_strdown (joined, MIN (strlen (joined), DEVBOX_BOX_MAX_NAME));
  gsize length;

  g_strcanon (name, "abcdefghijklmnopqrstuvwxyz0123456789", '-');
  for (length = strlen (name); length > 0 && name[length - 1] == '-'; length--)
    name[length - 1] = '\0';

  return name;
}
