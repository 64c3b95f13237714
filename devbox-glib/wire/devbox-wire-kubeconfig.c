/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-kubeconfig-private.h"

#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define EXTENSION "devbox.sealos.io"

/* Says nothing of what is there instead: it may be a secret. */
static gboolean
check (gboolean is_sound, const char *name, GError **error)
{
  if (!is_sound)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG,
                 /* Translators: %s is the name of a member, as “clusters” or “token” */
                 _ ("“%s” of the kubeconfig is missing or of another type than it must be"), name);

  return is_sound;
}

static gboolean
get_string (JsonObject *object, const char *name, const char **value, GError **error)
{
  return check (devbox_wire_json_get_string (object, name, FALSE, value, NULL), name, error);
}

/* A list of {name: …, PART: {…}}: the part of the entry with that name. */
static gboolean
find_part (JsonObject *root, const char *list, const char *part, const char *name, JsonObject **found, GError **error)
{
  JsonArray *entries = NULL;
  guint n_entries;

  if (!check (devbox_wire_json_get_array (root, list, FALSE, &entries, NULL), list, error))
    return FALSE;

  n_entries = entries != NULL ? json_array_get_length (entries) : 0;
  for (guint i = 0; i < n_entries; i++)
    {
      JsonNode *node = json_array_get_element (entries, i);
      const char *entry_name = NULL;
      JsonObject *entry;

      if (!check (JSON_NODE_HOLDS_OBJECT (node), list, error))
        return FALSE;
      entry = json_node_get_object (node);
      if (!check (devbox_wire_json_get_string (entry, "name", TRUE, &entry_name, NULL), "name", error))
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
      if (!check (devbox_wire_json_get_object (entry, part, TRUE, found, NULL), part, error))
        return FALSE;
    }

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

  if (!check (devbox_wire_json_get_array (cluster, "extensions", FALSE, &extensions, NULL), "extensions", error))
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
      if (!check (devbox_wire_json_get_object (entry, "extension", TRUE, &extension, NULL), "extension", error)
          || !get_string (extension, "base-url", &kubeconfig->base_url, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
read_cluster (JsonObject *root, DevboxWireKubeconfig *kubeconfig, GError **error)
{
  JsonObject *cluster = NULL;

  if (kubeconfig->cluster == NULL)
    return TRUE;

  return find_part (root, "clusters", "cluster", kubeconfig->cluster, &cluster, error)
         && get_string (cluster, "server", &kubeconfig->server, error)
         && get_string (cluster, "certificate-authority-data", &kubeconfig->authority, error)
         && read_extensions (cluster, kubeconfig, error);
}

static gboolean
read_user (JsonObject *root, DevboxWireKubeconfig *kubeconfig, GError **error)
{
  JsonObject *user = NULL;

  if (kubeconfig->user == NULL)
    return TRUE;
  if (!find_part (root, "users", "user", kubeconfig->user, &user, error)
      || !get_string (user, "token", &kubeconfig->token, error))
    return FALSE;
  if (kubeconfig->token != NULL && kubeconfig->token[0] == '\0')
    kubeconfig->token = NULL;

  return TRUE;
}

gboolean
devbox_wire_kubeconfig_read (JsonNode *root, DevboxWireKubeconfig *kubeconfig, GError **error)
{
  JsonObject *object;
  JsonObject *context = NULL;

  memset (kubeconfig, 0, sizeof *kubeconfig);
  if (!JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG,
                           _ ("The kubeconfig must be a mapping of names to values"));
      return FALSE;
    }

  object = json_node_get_object (root);
  return check (devbox_wire_json_get_string (object, "current-context", TRUE, &kubeconfig->context, NULL),
                "current-context", error)
         && find_part (object, "contexts", "context", kubeconfig->context, &context, error)
         && get_string (context, "cluster", &kubeconfig->cluster, error)
         && get_string (context, "user", &kubeconfig->user, error)
         && get_string (context, "namespace", &kubeconfig->name_space, error)
         && read_cluster (object, kubeconfig, error) && read_user (object, kubeconfig, error);
}

char *
devbox_wire_kubeconfig_dup_local_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "devbox-platform", "kubeconfig", NULL);
}
