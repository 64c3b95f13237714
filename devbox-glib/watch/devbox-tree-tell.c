/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-private.h"

/* Those who see name in the folder (NULL: anything in it), among those that stand or those that were not yet told that
 * they do. */
void
devbox_tree_collect (DevboxTreeFolder *folder, const char *name, gboolean standing, GPtrArray *subscriptions)
{
  gboolean dotted = name != NULL && *name == '.';

  for (DevboxTreeFolder *at = folder; at != NULL; at = at->parent)
    {
      for (guint i = 0; at->subscriptions != NULL && i < at->subscriptions->len; i++)
        {
          DevboxTreeSubscription *subscription = g_ptr_array_index (at->subscriptions, i);
          gboolean sees;

          if (subscription->file_name != NULL)
            sees = at == folder && (name == NULL || g_str_equal (subscription->file_name, name));
          else
            sees = (at == folder || (subscription->flags & DEVBOX_TREE_WATCH_RECURSIVE) != 0)
                   && (!dotted || (subscription->flags & DEVBOX_TREE_WATCH_DOT_FILES) != 0);
          if (sees && (standing ? subscription->standing : !subscription->started))
            g_ptr_array_add (subscriptions, subscription);
        }
      dotted = dotted || *at->name == '.';
    }
}

static char *
build_shown_path (DevboxTreeSubscription *subscription, const char *path)
{
  const char *rest = path + subscription->real_length;

  if (subscription->real_length == 0 && *rest != '\0') /* a link to the root */
    return g_strconcat (subscription->alias, "/", rest, NULL);

  return g_strconcat (subscription->alias, rest, NULL);
}

void
devbox_tree_tell_one (DevboxTreeSubscription *subscription,
                      DevboxTreeEventType type,
                      const char *path,
                      const char *old_path,
                      gboolean is_dir)
{
  if (type == DEVBOX_TREE_EVENT_OVERFLOW && subscription->file_name != NULL)
    {
      devbox_tree_watch_push (subscription->watch, type, devbox_tree_watch_get_path (subscription->watch), NULL, FALSE);
      return;
    }
  if (subscription->alias != NULL)
    {
      g_autofree char *shown = build_shown_path (subscription, path);
      g_autofree char *old_shown = old_path != NULL ? build_shown_path (subscription, old_path) : NULL;

      devbox_tree_watch_push (subscription->watch, type, shown, old_shown, is_dir);
      return;
    }

  devbox_tree_watch_push (subscription->watch, type, path, old_path, is_dir);
}

void
devbox_tree_tell (DevboxTree *self,
                  DevboxTreeEventType type,
                  DevboxTreeFolder *folder,
                  const char *name,
                  gboolean is_dir)
{
  g_autofree char *path = NULL;

  g_ptr_array_set_size (self->observers, 0);
  devbox_tree_collect (folder, name, TRUE, self->observers);
  if (self->observers->len == 0)
    return;

  path = devbox_tree_folder_build_path (folder, name);
  for (guint i = 0; i < self->observers->len; i++)
    devbox_tree_tell_one (g_ptr_array_index (self->observers, i), type, path, NULL, is_dir);
}

void
devbox_tree_tell_overflow (DevboxTree *self, DevboxTreeFolder *folder)
{
  devbox_tree_tell (self, DEVBOX_TREE_EVENT_OVERFLOW, folder, NULL, TRUE);
}

void
devbox_tree_tell_known (DevboxTreeSubscription *subscription, DevboxTreeFolder *folder)
{
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  if (folder->names == NULL || (subscription->flags & DEVBOX_TREE_WATCH_RECURSIVE) == 0)
    return;

  g_hash_table_iter_init (&iter, folder->names);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      gboolean is_dir = (GPOINTER_TO_UINT (value) & DEVBOX_TREE_NAME_KIND_MASK) == DEVBOX_TREE_NAME_FOLDER;
      DevboxTreeFolder *child = devbox_tree_folder_lookup (folder, name);
      g_autofree char *path = NULL;

      if (*(const char *) name == '.' && (subscription->flags & DEVBOX_TREE_WATCH_DOT_FILES) == 0)
        continue;
      path = devbox_tree_folder_build_path (folder, name);
      devbox_tree_tell_one (subscription, DEVBOX_TREE_EVENT_CREATED, path, NULL, is_dir);
      if (child != NULL)
        devbox_tree_tell_known (subscription, child);
    }
}
