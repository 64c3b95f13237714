/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-kubeconfig-tree-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

static const char *const lists[] = { "clusters", "contexts", "users" };

/* One text. */
typedef struct
{
  char *path; /* as it is shown; NULL: it was no file */
  JsonNode *root;
  GHashTable *lines; /* of its nodes */
} Source;

struct _DevboxKubeconfigTree
{
  gatomicrefcount ref_count;

  JsonNode *root; /* whose nodes are those of the sources */
  GPtrArray *sources;
  gboolean is_local;
};

static void
source_free (gpointer data)
{
  Source *self = data;

  g_free (self->path);
  devbox_wire_kubeconfig_free (self->root);
  g_hash_table_unref (self->lines);
  g_free (self);
}

static DevboxKubeconfigTree *
tree_new (void)
{
  DevboxKubeconfigTree *self = g_new0 (DevboxKubeconfigTree, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->root = json_node_init_object (json_node_alloc (), NULL);
  json_node_take_object (self->root, json_object_new ());
  self->sources = g_ptr_array_new_with_free_func (source_free);

  return self;
}

DevboxKubeconfigTree *
devbox_kubeconfig_tree_ref (DevboxKubeconfigTree *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_kubeconfig_tree_unref (DevboxKubeconfigTree *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  json_node_unref (self->root);
  g_ptr_array_unref (self->sources);
  g_free (self);
}

/* Errors */

static GError *
new_error (const char *path, guint line, const GError *cause, const char *message)
{
  DevboxErrorDetails details = { .path = path, .cause = cause };

  if (path != NULL && line != 0)
    /* Translators: a file, the number of a line, and what is wrong there */
    return devbox_error_new (DEVBOX_ERROR_INVALID_KUBECONFIG, &details, _ ("“%s”, line %u: %s"), path, line, message);
  if (path != NULL)
    /* Translators: a file, and what is wrong with it */
    return devbox_error_new (DEVBOX_ERROR_INVALID_KUBECONFIG, &details, _ ("“%s”: %s"), path, message);
  if (line != 0)
    /* Translators: the number of a line of the kubeconfig, and what is wrong there */
    return devbox_error_new (DEVBOX_ERROR_INVALID_KUBECONFIG, &details, _ ("Line %u: %s"), line, message);

  return devbox_error_new (DEVBOX_ERROR_INVALID_KUBECONFIG, &details, "%s", message);
}

gboolean
devbox_kubeconfig_tree_fail (DevboxKubeconfigTree *self,
                             JsonNode *fault,
                             const GError *cause,
                             GError **error,
                             const char *format,
                             ...)
{
  g_autofree char *message = NULL;
  Source *source = self->sources->len == 1 ? g_ptr_array_index (self->sources, 0) : NULL;
  guint line = 0;
  va_list arguments;

  for (guint i = 0; i < self->sources->len && line == 0; i++)
    {
      Source *candidate = g_ptr_array_index (self->sources, i);

      line = GPOINTER_TO_UINT (g_hash_table_lookup (candidate->lines, fault));
      if (line != 0)
        source = candidate;
    }

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_propagate_error (error, new_error (source != NULL ? source->path : NULL, line, cause, message));

  return FALSE;
}

/* Files */

char *
devbox_kubeconfig_read_file (GFile *file, gsize limit, gsize *size, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFileInfo) info = NULL;
  g_autoptr (GFileInputStream) stream = NULL;
  char *text;

  /* Opening a FIFO could wait for ever. */
  info = g_file_query_info (file, G_FILE_ATTRIBUTE_STANDARD_TYPE, G_FILE_QUERY_INFO_NONE, cancellable, error);
  if (info == NULL)
    return NULL;
  if (g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, _ ("It is not a regular file"));
      return NULL;
    }
  stream = g_file_read (file, cancellable, error);
  if (stream == NULL)
    return NULL;

  text = g_malloc0 (limit + 2);
  if (!g_input_stream_read_all (G_INPUT_STREAM (stream), text, limit + 1, size, cancellable, error))
    *size = limit + 2;
  else if (*size > limit)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                 /* Translators: a number of bytes */
                 _ ("It has more than %llu bytes"), (unsigned long long) limit);
  if (*size <= limit)
    return text;

  explicit_bzero (text, limit + 2);
  g_free (text);
  return NULL;
}

/* Merging */

/* Makes it absolute in place, where it is text at all. */
static void
resolve_path (JsonObject *object, const char *name, GFile *folder)
{
  const char *path = NULL;
  g_autoptr (GFile) file = NULL;
  g_autofree char *absolute = NULL;

  if (!devbox_wire_json_get_string (object, name, TRUE, &path, NULL) || path[0] == '\0' || g_path_is_absolute (path))
    return;

  file = g_file_resolve_relative_path (folder, path);
  absolute = g_file_get_path (file);
  if (absolute != NULL)
    json_node_set_string (json_object_get_member (object, name), absolute);
}

static void
resolve_paths (JsonObject *entry, GFile *folder)
{
  static const char *const cluster_members[] = { "certificate-authority", NULL };
  static const char *const user_members[] = { "client-certificate", "client-key", "tokenFile", NULL };
  JsonObject *part = NULL;
  JsonObject *exec = NULL;
  const char *command = NULL;

  if (devbox_wire_json_get_object (entry, "cluster", TRUE, &part, NULL))
    {
      for (guint i = 0; cluster_members[i] != NULL; i++)
        resolve_path (part, cluster_members[i], folder);
    }
  if (!devbox_wire_json_get_object (entry, "user", TRUE, &part, NULL))
    return;
  for (guint i = 0; user_members[i] != NULL; i++)
    resolve_path (part, user_members[i], folder);

  /* A command without a slash is looked for in PATH. */
  if (devbox_wire_json_get_object (part, "exec", TRUE, &exec, NULL)
      && devbox_wire_json_get_string (exec, "command", TRUE, &command, NULL) && strchr (command, '/') != NULL)
    resolve_path (exec, "command", folder);
}

/* Two with the same name in one file stay: reading them is the error. */
static void
merge_list (JsonObject *root, const char *name, JsonArray *entries, GFile *folder)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  JsonArray *merged = json_object_has_member (root, name) ? json_object_get_array_member (root, name) : NULL;
  const char *entry_name;

  if (merged == NULL)
    {
      merged = json_array_new ();
      json_object_set_array_member (root, name, merged);
    }
  for (guint i = 0; i < json_array_get_length (merged); i++)
    {
      if (devbox_wire_json_get_string (json_array_get_object_element (merged, i), "name", TRUE, &entry_name, NULL))
        g_hash_table_add (known, (gpointer) entry_name);
    }

  for (guint i = 0; i < json_array_get_length (entries); i++)
    {
      JsonNode *node = json_array_get_element (entries, i);
      JsonObject *entry = json_node_get_object (node);

      if (devbox_wire_json_get_string (entry, "name", TRUE, &entry_name, NULL)
          && g_hash_table_contains (known, entry_name))
        continue;
      if (folder != NULL)
        resolve_paths (entry, folder);
      json_array_add_element (merged, json_node_ref (node));
    }
}

static gboolean
check_list (DevboxKubeconfigTree *self, JsonObject *object, const char *name, JsonArray **entries, GError **error)
{
  if (!devbox_wire_json_get_array (object, name, FALSE, entries, NULL))
    return devbox_kubeconfig_tree_fail (self, json_object_get_member (object, name), NULL, error,
                                        /* Translators: %s is the name of a member, as “clusters” */
                                        _ ("“%s” must be a list"), name);

  for (guint i = 0; *entries != NULL && i < json_array_get_length (*entries); i++)
    {
      JsonNode *node = json_array_get_element (*entries, i);

      if (!JSON_NODE_HOLDS_OBJECT (node))
        return devbox_kubeconfig_tree_fail (self, node, NULL, error,
                                            /* Translators: %s is the name of a list, as “clusters” */
                                            _ ("Each entry of “%s” must be a mapping of names to values"), name);
    }

  return TRUE;
}

static gboolean
merge (DevboxKubeconfigTree *self, JsonNode *node, GFile *folder, GError **error)
{
  JsonObject *root = json_node_get_object (self->root);
  const char *current = NULL;
  JsonObject *object;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return devbox_kubeconfig_tree_fail (self, node, NULL, error, "%s",
                                        _ ("The kubeconfig must be a mapping of names to values"));

  object = json_node_get_object (node);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      JsonArray *entries = NULL;

      if (!check_list (self, object, lists[i], &entries, error))
        return FALSE;
      if (entries != NULL)
        merge_list (root, lists[i], entries, folder);
    }

  if (!devbox_wire_json_get_string (object, "current-context", FALSE, &current, NULL))
    return devbox_kubeconfig_tree_fail (self, json_object_get_member (object, "current-context"), NULL, error, "%s",
                                        _ ("“current-context” must be text"));
  if (current != NULL && current[0] != '\0' && !json_object_has_member (root, "current-context"))
    json_object_set_member (root, "current-context",
                            json_node_ref (json_object_get_member (object, "current-context")));

  return TRUE;
}

/* path and folder: NULL when it is no file. */
static gboolean
add_text (DevboxKubeconfigTree *self, const char *path, GFile *folder, const char *text, gsize size, GError **error)
{
  Source *source = g_new0 (Source, 1);
  g_autoptr (GError) cause = NULL;

  source->path = g_strdup (path);
  source->lines = g_hash_table_new (NULL, NULL);
  g_ptr_array_add (self->sources, source);

  source->root = devbox_wire_kubeconfig_parse (text, size, source->lines, &cause);
  if (source->root == NULL)
    {
      g_propagate_error (error, new_error (path, 0, cause, cause->message));
      return FALSE;
    }

  return merge (self, source->root, folder, error);
}

DevboxKubeconfigTree *
devbox_kubeconfig_tree_new_from_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (DevboxKubeconfigTree) self = tree_new ();
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);

  if (!add_text (self, NULL, NULL, text, size, error))
    return NULL;

  return g_steal_pointer (&self);
}

static gboolean
add_file (DevboxKubeconfigTree *self, GFile *file, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = g_file_get_parse_name (file);
  g_autoptr (GFile) folder = g_file_get_parent (file);
  g_autoptr (GError) cause = NULL;
  gsize size = 0;
  char *text = devbox_kubeconfig_read_file (file, DEVBOX_WIRE_KUBECONFIG_MAX_SIZE, &size, cancellable, &cause);
  gboolean is_sound;

  if (text == NULL
      && (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED)
          || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)))
    {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  if (text == NULL)
    {
      g_propagate_error (error, new_error (path, 0, cause, cause->message));
      return FALSE;
    }

  is_sound = add_text (self, path, folder, text, size, error);
  explicit_bzero (text, size);
  g_free (text);

  return is_sound;
}

static void
fail_missing (GPtrArray *files, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < files->len; i++)
    {
      g_autofree char *name = g_file_get_parse_name (g_ptr_array_index (files, i));

      g_string_append_printf (names, "%s“%s”", i > 0 ? ", " : "", name);
    }
  devbox_error_set (error, DEVBOX_ERROR_INVALID_KUBECONFIG, NULL,
                    /* Translators: %s is a list of files */
                    _ ("There is no kubeconfig: none of these files exists: %s"), names->str);
}

DevboxKubeconfigTree *
devbox_kubeconfig_tree_load (GPtrArray *files, gboolean merges, GCancellable *cancellable, GError **error)
{
  g_autoptr (DevboxKubeconfigTree) self = tree_new ();

  self->is_local = TRUE;
  for (guint i = 0; i < files->len && (merges || self->sources->len == 0); i++)
    {
      g_autoptr (GError) local_error = NULL;

      if (!add_file (self, g_ptr_array_index (files, i), cancellable, &local_error)
          && !g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
    }
  if (self->sources->len == 0)
    {
      fail_missing (files, error);
      return NULL;
    }

  return g_steal_pointer (&self);
}

/* Reading */

gboolean
devbox_kubeconfig_tree_is_local (DevboxKubeconfigTree *self)
{
  return self->is_local;
}

GStrv
devbox_kubeconfig_tree_dup_contexts (DevboxKubeconfigTree *self)
{
  JsonObject *root = json_node_get_object (self->root);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *contexts = NULL;

  devbox_wire_json_get_array (root, "contexts", FALSE, &contexts, NULL);
  for (guint i = 0; contexts != NULL && i < json_array_get_length (contexts); i++)
    {
      const char *name = NULL;

      if (devbox_wire_json_get_string (json_array_get_object_element (contexts, i), "name", TRUE, &name, NULL))
        g_strv_builder_add (builder, name);
    }

  return g_strv_builder_end (builder);
}

gboolean
devbox_kubeconfig_tree_read (DevboxKubeconfigTree *self,
                             const char *context,
                             DevboxWireKubeconfig *kubeconfig,
                             GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (context == NULL && !json_object_has_member (json_node_get_object (self->root), "current-context"))
    return devbox_kubeconfig_tree_fail (self, NULL, NULL, error, "%s", _ ("The kubeconfig names no current context"));
  if (!devbox_wire_kubeconfig_read (self->root, context, kubeconfig, &cause))
    return devbox_kubeconfig_tree_fail (self, kubeconfig->fault, cause, error, "%s", cause->message);

  return TRUE;
}
