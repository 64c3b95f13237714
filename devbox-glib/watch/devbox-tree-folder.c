/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-folder-private.h"

#include <string.h>

DevboxTreeFolder *
devbox_tree_folder_new (const char *name)
{
  DevboxTreeFolder *self = g_new0 (DevboxTreeFolder, 1);

  self->name = g_strdup (name);
  self->scan_link.data = self;

  return self;
}

static void
free_names (DevboxTreeFolder *self)
{
  GHashTableIter iter;
  gpointer name;

  if (self->names == NULL)
    return;

  g_hash_table_iter_init (&iter, self->names);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_free (name);
  g_clear_pointer (&self->names, g_hash_table_unref);
}

void
devbox_tree_folder_free (DevboxTreeFolder *self)
{
  g_assert (self->handle == NULL && self->parent == NULL && !self->queued);
  g_assert (self->folders == NULL || g_hash_table_size (self->folders) == 0);

  free_names (self);
  g_clear_pointer (&self->folders, g_hash_table_unref);
  g_clear_pointer (&self->subscriptions, g_ptr_array_unref);
  g_free (self->name);
  g_free (self);
}

void
devbox_tree_folder_attach (DevboxTreeFolder *self, DevboxTreeFolder *parent, const char *name)
{
  g_assert (self->parent == NULL);

  if (g_strcmp0 (self->name, name) != 0)
    {
      g_free (self->name);
      self->name = g_strdup (name);
    }
  self->parent = parent;
  if (parent->folders == NULL)
    parent->folders = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (parent->folders, self->name, self);
}

void
devbox_tree_folder_detach (DevboxTreeFolder *self)
{
  DevboxTreeFolder *parent = g_steal_pointer (&self->parent);

  g_hash_table_remove (parent->folders, self->name);
  if (g_hash_table_size (parent->folders) == 0)
    g_clear_pointer (&parent->folders, g_hash_table_unref);
}

DevboxTreeFolder *
devbox_tree_folder_lookup (DevboxTreeFolder *self, const char *name)
{
  return self->folders != NULL ? g_hash_table_lookup (self->folders, name) : NULL;
}

GPtrArray *
devbox_tree_folder_list (DevboxTreeFolder *self)
{
  GPtrArray *folders = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer folder;

  if (self->folders == NULL)
    return folders;

  g_hash_table_iter_init (&iter, self->folders);
  while (g_hash_table_iter_next (&iter, NULL, &folder))
    g_ptr_array_add (folders, folder);

  return folders;
}

gsize
devbox_tree_folder_get_path_length (DevboxTreeFolder *self)
{
  gsize length = 0;

  for (; self->parent != NULL; self = self->parent)
    length += strlen (self->name) + (length > 0);

  return length;
}

char *
devbox_tree_folder_build_path (DevboxTreeFolder *self, const char *name)
{
  gsize folder_length = devbox_tree_folder_get_path_length (self);
  gsize name_length = name != NULL ? strlen (name) : 0;
  gsize length = folder_length + name_length + (folder_length > 0 && name_length > 0);
  char *path = g_malloc (length + 1);
  char *end = path + length;

  *end = '\0';
  if (name_length > 0)
    {
      end -= name_length;
      memcpy (end, name, name_length);
      if (folder_length > 0)
        *--end = '/';
    }
  for (; self->parent != NULL; self = self->parent)
    {
      gsize size = strlen (self->name);

      end -= size;
      memcpy (end, self->name, size);
      if (end > path)
        *--end = '/';
    }

  return path;
}

DevboxTreeName
devbox_tree_folder_get_name (DevboxTreeFolder *self, const char *name)
{
  return self->names != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (self->names, name)) : DEVBOX_TREE_NAME_UNKNOWN;
}

void
devbox_tree_folder_set_name (DevboxTreeFolder *self, const char *name, DevboxTreeName value)
{
  gpointer key = NULL;
  gboolean found = self->names != NULL && g_hash_table_lookup_extended (self->names, name, &key, NULL);

  if (value == DEVBOX_TREE_NAME_UNKNOWN)
    {
      if (!found)
        return;
      g_hash_table_remove (self->names, name);
      g_free (key);
      if (g_hash_table_size (self->names) == 0)
        g_clear_pointer (&self->names, g_hash_table_unref);
      return;
    }

  if (self->names == NULL)
    self->names = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (self->names, found ? key : g_strdup (name), GUINT_TO_POINTER (value));
}

DevboxTreeCover
devbox_tree_cover_inherit (DevboxTreeCover cover, const char *name)
{
  return cover == DEVBOX_TREE_COVER_PLAIN && *name == '.' ? DEVBOX_TREE_COVER_NONE : cover;
}
