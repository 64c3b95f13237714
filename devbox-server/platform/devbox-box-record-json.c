/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-record-private.h"

#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

static const char *const goals[] = {
  [DEVBOX_BOX_GOAL_RUNNING] = "running",
  [DEVBOX_BOX_GOAL_PAUSED] = "paused",
  [DEVBOX_BOX_GOAL_SHUTDOWN] = "shutdown",
  [DEVBOX_BOX_GOAL_DELETED] = "deleted",
};

static void
append_name (GString *out, const char *name)
{
  g_string_append_printf (out, "%c\"%s\":", out->len == 0 ? '{' : ',', name);
}

static void
append_string (GString *out, const char *name, const char *value)
{
  if (value == NULL)
    return;

  append_name (out, name);
  devbox_wire_json_append_string (out, value, -1);
}

static void
append_int (GString *out, const char *name, gint64 value)
{
  append_name (out, name);
  g_string_append_printf (out, "%" PRIi64, value);
}

static void
append_boolean (GString *out, const char *name, gboolean value)
{
  append_name (out, name);
  g_string_append (out, value ? "true" : "false");
}

static void
append_strv (GString *out, const char *name, char **values)
{
  if (values == NULL)
    return;

  append_name (out, name);
  g_string_append_c (out, '[');
  for (guint i = 0; values[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      devbox_wire_json_append_string (out, values[i], -1);
    }
  g_string_append_c (out, ']');
}

static void
append_ports (GString *out, GPtrArray *ports)
{
  append_name (out, "ports");
  g_string_append_c (out, '[');
  for (guint i = 0; i < ports->len; i++)
    {
      const DevboxBoxPort *port = ports->pdata[i];

      g_string_append_printf (out, "%s{\"number\":%u", i > 0 ? "," : "", port->number);
      append_int (out, "outer", port->outer);
      append_string (out, "name", port->name);
      append_string (out, "protocol", port->protocol);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
}

static char *
finish (GString *out)
{
  g_string_append_c (out, '}');

  return g_string_free (out, FALSE);
}

char *
devbox_box_record_to_json (const DevboxBoxRecord *self)
{
  GString *out = g_string_sized_new (512);

  append_string (out, "uid", self->uid);
  append_string (out, "owner", self->owner);
  append_string (out, "name", self->name);
  append_string (out, "runtime", self->runtime);
  append_int (out, "cpu", self->cpu);
  append_int (out, "memory", self->memory);
  append_ports (out, self->ports);
  append_strv (out, "environment", self->environment);
  append_string (out, "startupCommand", self->startup_command);
  append_string (out, "release", self->release);
  append_boolean (out, "sharesNetwork", self->shares_network);
  append_string (out, "goal", goals[self->goal]);
  append_boolean (out, "isProvisioned", self->is_provisioned);
  append_string (out, "reason", self->reason);
  append_int (out, "created", self->created);
  append_string (out, "token", self->token);
  append_string (out, "address", self->address);
  append_int (out, "agentPort", self->agent_port);
  append_strv (out, "cgroups", self->cgroups);
  append_string (out, "idempotencyKey", self->idempotency_key);
  append_string (out, "requestDigest", self->request_digest);

  return finish (out);
}

static gboolean
read_string (JsonObject *object, const char *name, gboolean required, char **value, GError **error)
{
  const char *string = NULL;

  if (!devbox_wire_json_get_string (object, name, required, &string, error))
    return FALSE;

  *value = g_strdup (string);

  return TRUE;
}

static gboolean
read_number (JsonObject *object, const char *name, guint maximum, guint *value, GError **error)
{
  gint64 number;

  if (!devbox_wire_json_get_int (object, name, TRUE, 0, maximum, &number, error))
    return FALSE;

  *value = number;

  return TRUE;
}

static gboolean
read_port_number (JsonObject *object, const char *name, guint16 *value, GError **error)
{
  guint number;

  if (!read_number (object, name, G_MAXUINT16, &number, error))
    return FALSE;

  *value = number;

  return TRUE;
}

static gboolean
read_time (JsonObject *object, gint64 *value, GError **error)
{
  return devbox_wire_json_get_int (object, "created", TRUE, 0, G_MAXINT64, value, error);
}

static gboolean
read_goal (JsonObject *object, DevboxBoxGoal *goal, GError **error)
{
  const char *name = NULL;

  if (!devbox_wire_json_get_string (object, "goal", TRUE, &name, error))
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (goals); i++)
    {
      if (strcmp (goals[i], name) == 0)
        {
          *goal = i;
          return TRUE;
        }
    }

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” of the record is missing or not valid"),
               "goal");

  return FALSE;
}

static gboolean
read_port (JsonNode *node, GPtrArray *ports, GError **error)
{
  DevboxBoxPort *port;
  JsonObject *object;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("“%s” of the record is missing or not valid"), "ports");
      return FALSE;
    }

  object = json_node_get_object (node);
  port = g_new0 (DevboxBoxPort, 1);
  g_ptr_array_add (ports, port);

  return read_port_number (object, "number", &port->number, error)
         && read_port_number (object, "outer", &port->outer, error)
         && read_string (object, "name", TRUE, &port->name, error)
         && read_string (object, "protocol", TRUE, &port->protocol, error);
}

static gboolean
read_ports (JsonObject *object, GPtrArray *ports, GError **error)
{
  JsonArray *array = NULL;

  if (!devbox_wire_json_get_array (object, "ports", TRUE, &array, error))
    return FALSE;

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      if (!read_port (json_array_get_element (array, i), ports, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
read_wish (DevboxBoxRecord *self, JsonObject *object, GError **error)
{
  return read_string (object, "owner", TRUE, &self->owner, error)
         && read_string (object, "name", TRUE, &self->name, error)
         && read_string (object, "runtime", TRUE, &self->runtime, error)
         && read_number (object, "cpu", DEVBOX_BOX_MAX_CPU, &self->cpu, error)
         && read_number (object, "memory", DEVBOX_BOX_MAX_MEMORY, &self->memory, error)
         && read_ports (object, self->ports, error)
         && devbox_wire_json_get_strv (object, "environment", TRUE, &self->environment, error)
         && read_string (object, "startupCommand", FALSE, &self->startup_command, error)
         && read_string (object, "release", FALSE, &self->release, error)
         && devbox_wire_json_get_boolean (object, "sharesNetwork", TRUE, &self->shares_network, error)
         && read_string (object, "idempotencyKey", FALSE, &self->idempotency_key, error)
         && read_string (object, "requestDigest", FALSE, &self->request_digest, error);
}

DevboxBoxRecord *
devbox_box_record_from_json (const char *json, gsize size, GError **error)
{
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (json, size, error);
  g_autoptr (DevboxBoxRecord) self = g_new0 (DevboxBoxRecord, 1);

  self->ports = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_box_port_free);
  if (object == NULL || !read_string (object, "uid", TRUE, &self->uid, error) || !read_wish (self, object, error)
      || !read_goal (object, &self->goal, error)
      || !devbox_wire_json_get_boolean (object, "isProvisioned", TRUE, &self->is_provisioned, error)
      || !read_string (object, "reason", FALSE, &self->reason, error) || !read_time (object, &self->created, error)
      || !read_string (object, "token", TRUE, &self->token, error)
      || !read_string (object, "address", TRUE, &self->address, error)
      || !read_port_number (object, "agentPort", &self->agent_port, error)
      || !devbox_wire_json_get_strv (object, "cgroups", FALSE, &self->cgroups, error)
      || !devbox_box_record_check (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

char *
devbox_release_record_to_json (const DevboxReleaseRecord *self)
{
  GString *out = g_string_sized_new (256);

  append_string (out, "uid", self->uid);
  append_string (out, "owner", self->owner);
  append_string (out, "boxName", self->box_name);
  append_string (out, "tag", self->tag);
  append_string (out, "description", self->description);
  append_string (out, "runtime", self->runtime);
  append_int (out, "created", self->created);
  append_boolean (out, "isComplete", self->is_complete);
  append_string (out, "reason", self->reason);

  return finish (out);
}

DevboxReleaseRecord *
devbox_release_record_from_json (const char *json, gsize size, GError **error)
{
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (json, size, error);
  g_autoptr (DevboxReleaseRecord) self = g_new0 (DevboxReleaseRecord, 1);

  if (object == NULL || !read_string (object, "uid", TRUE, &self->uid, error)
      || !read_string (object, "owner", TRUE, &self->owner, error)
      || !read_string (object, "boxName", TRUE, &self->box_name, error)
      || !read_string (object, "tag", TRUE, &self->tag, error)
      || !read_string (object, "description", FALSE, &self->description, error)
      || !read_string (object, "runtime", TRUE, &self->runtime, error) || !read_time (object, &self->created, error)
      || !devbox_wire_json_get_boolean (object, "isComplete", TRUE, &self->is_complete, error)
      || !read_string (object, "reason", FALSE, &self->reason, error) || !devbox_release_record_check (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

char *
devbox_user_record_to_json (const DevboxUserRecord *self)
{
  GString *out = g_string_sized_new (128);

  append_string (out, "name", self->name);
  append_string (out, "tokenDigest", self->token_digest);
  append_int (out, "created", self->created);

  return finish (out);
}

DevboxUserRecord *
devbox_user_record_from_json (const char *json, gsize size, GError **error)
{
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (json, size, error);
  g_autoptr (DevboxUserRecord) self = g_new0 (DevboxUserRecord, 1);

  if (object == NULL || !read_string (object, "name", TRUE, &self->name, error)
      || !read_string (object, "tokenDigest", TRUE, &self->token_digest, error)
      || !read_time (object, &self->created, error) || !devbox_user_record_check (self, error))
    return NULL;

  return g_steal_pointer (&self);
}
