/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-kubeconfig-private.h"

#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define EXTENSION "devbox.sealos.io"

static void clear_node (JsonNode *node);

static void
clear_element (JsonArray *array, guint i, JsonNode *node, gpointer data)
{
  clear_node (node);
}

static void
clear_member (JsonObject *object, const char *name, JsonNode *node, gpointer data)
{
  clear_node (node);
}

static void
clear_node (JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    json_object_foreach_member (json_node_get_object (node), clear_member, NULL);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    json_array_foreach_element (json_node_get_array (node), clear_element, NULL);
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    {
      char *string = (char *) json_node_get_string (node);

      explicit_bzero (string, strlen (string));
    }
}

void
devbox_wire_kubeconfig_free (JsonNode *root)
{
  if (root == NULL)
    return;

  clear_node (root);
  json_node_unref (root);
}

JsonNode *
devbox_wire_kubeconfig_parse (const char *data, gsize size, GHashTable *lines, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  JsonNode *root = devbox_wire_yaml_parse_with_lines (data, size, lines, &local_error);

  if (root != NULL)
    return root;
  if (lines != NULL)
    g_hash_table_remove_all (lines);

  /* libyaml refuses the surrogates that JSON escapes need beyond U+FFFF. */
  if (size > 0 && size <= DEVBOX_WIRE_KUBECONFIG_MAX_SIZE && data[0] == '{')
    root = devbox_wire_json_parse (data, size, NULL);
  if (root == NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));

  return root;
}

/* Says nothing of what is there instead: it may be a secret. */
static gboolean
check (DevboxWireKubeconfig *kubeconfig, JsonObject *object, const char *name, gboolean is_sound, GError **error)
{
  JsonNode *member;

  if (is_sound)
    return TRUE;

  member = json_object_get_member (object, name);
  if (member != NULL)
    kubeconfig->fault = member;
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG,
               /* Translators: %s is the name of a member, as “clusters” or “token” */
               _ ("“%s” of the kubeconfig is missing or of another type than it must be"), name);

  return FALSE;
}

static gboolean
get_string (DevboxWireKubeconfig *kubeconfig, JsonObject *object, const char *name, const char **value, GError **error)
{
  return check (kubeconfig, object, name, devbox_wire_json_get_string (object, name, FALSE, value, NULL), error);
}

static gboolean
get_array (DevboxWireKubeconfig *kubeconfig, JsonObject *object, const char *name, JsonArray **value, GError **error)
{
  return check (kubeconfig, object, name, devbox_wire_json_get_array (object, name, FALSE, value, NULL), error);
}

/* A list of {name: …, PART: {…}}: the part of the entry with that name. */
static gboolean
find_part (DevboxWireKubeconfig *kubeconfig,
           JsonObject *root,
           const char *list,
           const char *part,
           const char *name,
           JsonObject **found,
           GError **error)
{
  JsonArray *entries = NULL;
  JsonNode *found_node = NULL;
  guint n_entries;

  if (!get_array (kubeconfig, root, list, &entries, error))
    return FALSE;

  n_entries = entries != NULL ? json_array_get_length (entries) : 0;
  for (guint i = 0; i < n_entries; i++)
    {
      JsonNode *node = json_array_get_element (entries, i);
      const char *entry_name = NULL;
      JsonObject *entry;

      if (!check (kubeconfig, root, list, JSON_NODE_HOLDS_OBJECT (node), error))
        {
          kubeconfig->fault = node;
          return FALSE;
        }
      kubeconfig->fault = node;
      entry = json_node_get_object (node);
      if (!check (kubeconfig, entry, "name", devbox_wire_json_get_string (entry, "name", TRUE, &entry_name, NULL),
                  error))
        return FALSE;
      if (strcmp (entry_name, name) != 0)
        continue;
      if (*found != NULL)
        {
          g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG,
                       /* Translators: the name of an entry, and that of the list, as “clusters” */
                       _ ("“%s” stands more than once in “%s” of the kubeconfig"), name, list);
          return FALSE;
        }
      if (!check (kubeconfig, entry, part, devbox_wire_json_get_object (entry, part, TRUE, found, NULL), error))
        return FALSE;
      found_node = node;
    }

  kubeconfig->fault = found_node != NULL ? found_node : json_object_get_member (root, list);
  if (*found == NULL)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG,
                   /* Translators: the name of an entry, and that of the list, as “clusters” */
                   _ ("“%s” is not in “%s” of the kubeconfig"), name, list);
      return FALSE;
    }

  return TRUE;
}

static gboolean
read_extensions (JsonObject *cluster, DevboxWireKubeconfig *kubeconfig, GError **error)
{
  JsonArray *extensions = NULL;
  guint n_extensions;

  if (!get_array (kubeconfig, cluster, "extensions", &extensions, error))
    return FALSE;

  n_extensions = extensions != NULL ? json_array_get_length (extensions) : 0;
  for (guint i = 0; i < n_extensions; i++)
    {
      JsonNode *node = json_array_get_element (extensions, i);
      JsonObject *entry = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      JsonObject *extension = NULL;
      const char *name = NULL;

      /* Those of others may be anything. */
      if (entry == NULL || !devbox_wire_json_get_string (entry, "name", TRUE, &name, NULL)
          || strcmp (name, EXTENSION) != 0)
        continue;
      kubeconfig->fault = node;
      if (!check (kubeconfig, entry, "extension",
                  devbox_wire_json_get_object (entry, "extension", TRUE, &extension, NULL), error)
          || !get_string (kubeconfig, extension, "base-url", &kubeconfig->base_url, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
read_cluster (JsonObject *root, DevboxWireKubeconfig *kubeconfig, GError **error)
{
  JsonObject **cluster = &kubeconfig->cluster_part;

  if (kubeconfig->cluster == NULL)
    return TRUE;

  return find_part (kubeconfig, root, "clusters", "cluster", kubeconfig->cluster, cluster, error)
         && get_string (kubeconfig, *cluster, "server", &kubeconfig->server, error)
         && get_string (kubeconfig, *cluster, "certificate-authority-data", &kubeconfig->authority, error)
         && read_extensions (*cluster, kubeconfig, error);
}

static gboolean
read_user (JsonObject *root, DevboxWireKubeconfig *kubeconfig, GError **error)
{
  if (kubeconfig->user == NULL)
    return TRUE;
  if (!find_part (kubeconfig, root, "users", "user", kubeconfig->user, &kubeconfig->user_part, error)
      || !get_string (kubeconfig, kubeconfig->user_part, "token", &kubeconfig->token, error))
    return FALSE;
  if (kubeconfig->token != NULL && kubeconfig->token[0] == '\0')
    kubeconfig->token = NULL;

  return TRUE;
}

static gboolean
read_context (JsonObject *root, DevboxWireKubeconfig *kubeconfig, GError **error)
{
  JsonObject *context = NULL;

  return find_part (kubeconfig, root, "contexts", "context", kubeconfig->context, &context, error)
         && get_string (kubeconfig, context, "cluster", &kubeconfig->cluster, error)
         && get_string (kubeconfig, context, "user", &kubeconfig->user, error)
         && get_string (kubeconfig, context, "namespace", &kubeconfig->name_space, error);
}

gboolean
devbox_wire_kubeconfig_read (JsonNode *root, const char *context, DevboxWireKubeconfig *kubeconfig, GError **error)
{
  JsonObject *object;

  memset (kubeconfig, 0, sizeof *kubeconfig);
  if (!JSON_NODE_HOLDS_OBJECT (root))
    {
      kubeconfig->fault = root;
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG,
                           _ ("The kubeconfig must be a mapping of names to values"));
      return FALSE;
    }

  object = json_node_get_object (root);
  kubeconfig->context = context;
  if (context == NULL
      && !check (kubeconfig, object, "current-context",
                 devbox_wire_json_get_string (object, "current-context", TRUE, &kubeconfig->context, NULL), error))
    return FALSE;

  return read_context (object, kubeconfig, error) && read_cluster (object, kubeconfig, error)
         && read_user (object, kubeconfig, error);
}

char *
devbox_wire_kubeconfig_dup_local_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "devbox-platform", "kubeconfig", NULL);
}
