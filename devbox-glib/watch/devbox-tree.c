/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-private.h"

#include "devbox-tree-open-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define TEMPORARY_PREFIX ".devbox-tmp-"
#define HEARTBEAT_SECONDS 1

gboolean
devbox_tree_is_temporary (const char *name)
{
  return strncmp (name, TEMPORARY_PREFIX, strlen (TEMPORARY_PREFIX)) == 0;
}

static void
subscription_free (gpointer data)
{
  DevboxTreeSubscription *subscription = data;

  devbox_tree_watch_unref (subscription->watch);
  g_free (subscription->file_name);
  g_free (subscription->alias);
  g_free (subscription);
}

static void
start_heartbeat (DevboxTree *self, GSourceFunc func)
{
  self->heartbeat = g_timeout_source_new_seconds (HEARTBEAT_SECONDS);
  g_source_set_static_name (self->heartbeat, "DevboxTree heartbeat");
  g_source_set_callback (self->heartbeat, func, self, NULL);
  g_source_attach (self->heartbeat, self->context);
}

static gboolean
root_is_gone (DevboxTree *self)
{
  struct stat status;

  return fstat (self->root_fd, &status) == 0 && status.st_nlink == 0;
}

/* The kernel does not tell of the removal of a folder that is held open, as the root is. */
static gboolean
heartbeat_cb (gpointer user_data)
{
  DevboxTree *self = user_data;

  if (self->root != NULL && root_is_gone (self))
    devbox_tree_drop (self, self->root);
  devbox_tree_retry_blind (self);
  devbox_tree_settle (self);

  return G_SOURCE_CONTINUE;
}

DevboxTree *
devbox_tree_new (int root_fd, DevboxTreeEngineKind kind, GMainContext *context, DevboxTreeStatus *status)
{
  DevboxTree *self = g_new0 (DevboxTree, 1);

  self->root_fd = root_fd;
  self->kind = kind;
  self->context = g_main_context_ref (context);
  self->status = status;
  self->subscriptions = g_ptr_array_new_with_free_func (subscription_free);
  self->observers = g_ptr_array_new ();
  self->blind = g_hash_table_new (NULL, NULL);
  g_queue_init (&self->scans);
  g_queue_init (&self->moves);

  return self;
}

static void
drop_quietly (DevboxTree *self, DevboxTreeFolder *folder)
{
  g_autoptr (GPtrArray) children = devbox_tree_folder_list (folder);

  for (guint i = 0; i < children->len; i++)
    drop_quietly (self, g_ptr_array_index (children, i));

  devbox_tree_forget_moves (self, folder);
  devbox_tree_unqueue_scan (self, folder);
  g_hash_table_remove (self->blind, folder);
  if (folder->handle != NULL)
    self->engine->klass->remove (self->engine, folder);
  if (folder->parent != NULL)
    devbox_tree_folder_detach (folder);
  else
    self->root = NULL;
  devbox_tree_folder_free (folder);
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;

  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

void
devbox_tree_free (DevboxTree *self)
{
  g_ptr_array_set_size (self->subscriptions, 0);
  if (self->root != NULL)
    drop_quietly (self, self->root);
  if (self->engine != NULL)
    self->engine->klass->free (self->engine);

  clear_source (&self->heartbeat);
  clear_source (&self->scan_source);
  clear_source (&self->move_source);
  g_hash_table_unref (self->blind);
  g_ptr_array_unref (self->observers);
  g_ptr_array_unref (self->subscriptions);
  g_main_context_unref (self->context);
  g_free (self);
}

void
devbox_tree_set_handle (DevboxTree *self, DevboxTreeFolder *folder, gpointer handle)
{
  g_atomic_int_add (&self->status->n_folders, (handle != NULL) - (folder->handle != NULL));
  folder->handle = handle;
}

gboolean
devbox_tree_wants_name (DevboxTreeFolder *folder, const char *name)
{
  if (devbox_tree_is_temporary (name))
    return FALSE;
  if (devbox_tree_cover_inherit (folder->listing, name) != DEVBOX_TREE_COVER_NONE)
    return TRUE;

  for (guint i = 0; folder->subscriptions != NULL && i < folder->subscriptions->len; i++)
    {
      DevboxTreeSubscription *subscription = g_ptr_array_index (folder->subscriptions, i);

      if (g_strcmp0 (subscription->file_name, name) == 0)
        return TRUE;
    }

  return FALSE;
}

gboolean
devbox_tree_is_needed (DevboxTreeFolder *folder)
{
  return folder->cover != DEVBOX_TREE_COVER_NONE || folder->subscriptions != NULL || folder->folders != NULL;
}

void
devbox_tree_ensure_child (DevboxTree *self, DevboxTreeFolder *folder, const char *name)
{
  DevboxTreeFolder *child = devbox_tree_folder_lookup (folder, name);

  if (child != NULL)
    return;
  if (devbox_tree_folder_get_path_length (folder) + 1 + strlen (name) >= PATH_MAX)
    {
      devbox_tree_tell_overflow (self, folder); /* no call could open it, and no request could name it */
      return;
    }

  child = devbox_tree_folder_new (name);
  devbox_tree_folder_attach (child, folder, name);
  devbox_tree_refit (self, child);
}

static void
compute_cover (DevboxTreeFolder *folder, DevboxTreeCover *cover, DevboxTreeCover *listing)
{
  *cover = folder->parent != NULL ? devbox_tree_cover_inherit (folder->parent->cover, folder->name)
                                  : DEVBOX_TREE_COVER_NONE;
  *listing = *cover;

  for (guint i = 0; folder->subscriptions != NULL && i < folder->subscriptions->len; i++)
    {
      DevboxTreeSubscription *subscription = g_ptr_array_index (folder->subscriptions, i);
      DevboxTreeCover level = (subscription->flags & DEVBOX_TREE_WATCH_DOT_FILES) != 0 ? DEVBOX_TREE_COVER_DOT_FILES
                                                                                       : DEVBOX_TREE_COVER_PLAIN;

      if (subscription->file_name != NULL)
        continue;
      *listing = MAX (*listing, level);
      if ((subscription->flags & DEVBOX_TREE_WATCH_RECURSIVE) != 0)
        *cover = MAX (*cover, level);
    }
}

static GPtrArray *
copy_names (DevboxTreeFolder *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer name;

  if (folder->names == NULL)
    return names;

  g_hash_table_iter_init (&iter, folder->names);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, g_strdup (name));

  return names;
}

static void
forget_unwanted_names (DevboxTreeFolder *folder)
{
  g_autoptr (GPtrArray) names = copy_names (folder);

  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);

      if (!devbox_tree_wants_name (folder, name))
        devbox_tree_folder_set_name (folder, name, DEVBOX_TREE_NAME_UNKNOWN);
    }
}

static void
refit_children (DevboxTree *self, DevboxTreeFolder *folder)
{
  g_autoptr (GPtrArray) children = devbox_tree_folder_list (folder);
  g_autoptr (GPtrArray) names = NULL;

  for (guint i = 0; i < children->len; i++)
    {
      DevboxTreeFolder *child = g_ptr_array_index (children, i);

      devbox_tree_refit (self, child);
      if (!devbox_tree_is_needed (child))
        devbox_tree_drop (self, child);
    }

  if (folder->cover == DEVBOX_TREE_COVER_NONE)
    return;

  names = copy_names (folder);
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);

      if ((devbox_tree_folder_get_name (folder, name) & DEVBOX_TREE_NAME_KIND_MASK) == DEVBOX_TREE_NAME_FOLDER
          && devbox_tree_cover_inherit (folder->cover, name) != DEVBOX_TREE_COVER_NONE)
        devbox_tree_ensure_child (self, folder, name);
    }
}

void
devbox_tree_refit (DevboxTree *self, DevboxTreeFolder *folder)
{
  DevboxTreeCover old_cover = folder->cover;
  DevboxTreeCover old_listing = folder->listing;
  DevboxTreeCover cover;
  DevboxTreeCover listing;

  compute_cover (folder, &cover, &listing);
  folder->cover = cover;
  folder->listing = listing;

  if (listing > old_listing)
    devbox_tree_queue_scan (self, folder, TRUE);
  else if (folder->handle == NULL)
    devbox_tree_queue_scan (self, folder, FALSE);
  if (listing < old_listing)
    forget_unwanted_names (folder);
  if (cover != old_cover)
    refit_children (self, folder);
}

static void
remove_subscription (DevboxTree *self, DevboxTreeSubscription *subscription)
{
  DevboxTreeFolder *folder = subscription->folder;

  g_ptr_array_remove_fast (folder->subscriptions, subscription);
  if (folder->subscriptions->len == 0)
    g_clear_pointer (&folder->subscriptions, g_ptr_array_unref);
  g_ptr_array_remove_fast (self->subscriptions, subscription);
  self->needs_prune = TRUE;
}

static void
collect_subscriptions_below (DevboxTreeFolder *folder, GPtrArray *subscriptions)
{
  GHashTableIter iter;
  gpointer child;

  if (folder->subscriptions != NULL)
    g_ptr_array_extend (subscriptions, folder->subscriptions, NULL, NULL);
  if (folder->folders == NULL)
    return;

  g_hash_table_iter_init (&iter, folder->folders);
  while (g_hash_table_iter_next (&iter, NULL, &child))
    collect_subscriptions_below (child, subscriptions);
}

gboolean
devbox_tree_has_subscriptions (DevboxTreeFolder *folder)
{
  g_autoptr (GPtrArray) subscriptions = g_ptr_array_new ();

  collect_subscriptions_below (folder, subscriptions);

  return subscriptions->len > 0;
}

void
devbox_tree_fail_subscription (DevboxTree *self, DevboxTreeSubscription *subscription, const GError *error)
{
  devbox_tree_watch_fail (subscription->watch, error);
  remove_subscription (self, subscription);
}

static void
end_subscription (DevboxTree *self, DevboxTreeSubscription *subscription)
{
  const char *path = devbox_tree_watch_get_path (subscription->watch);

  if (!subscription->started)
    {
      g_autoptr (GError) error = NULL;

      devbox_wire_set_file_error (&error, ENOENT, _ ("Cannot watch “%s”"), path);
      devbox_tree_fail_subscription (self, subscription, error);
      return;
    }

  devbox_tree_watch_push (subscription->watch, DEVBOX_TREE_EVENT_ENDED, path, NULL, subscription->file_name == NULL);
  remove_subscription (self, subscription);
}

void
devbox_tree_end_subscriptions (DevboxTree *self, DevboxTreeFolder *folder)
{
  g_autoptr (GPtrArray) subscriptions = g_ptr_array_new ();

  collect_subscriptions_below (folder, subscriptions);
  for (guint i = 0; i < subscriptions->len; i++)
    end_subscription (self, g_ptr_array_index (subscriptions, i));
}

void
devbox_tree_drop (DevboxTree *self, DevboxTreeFolder *folder)
{
  devbox_tree_end_subscriptions (self, folder);
  drop_quietly (self, folder);
  self->needs_prune = TRUE;
}

/* Folders that only lead to a subscription are few: what is covered is not walked. */
static void
prune (DevboxTree *self, DevboxTreeFolder *folder)
{
  g_autoptr (GPtrArray) children = devbox_tree_folder_list (folder);

  for (guint i = 0; i < children->len; i++)
    {
      DevboxTreeFolder *child = g_ptr_array_index (children, i);

      if (child->cover == DEVBOX_TREE_COVER_NONE)
        prune (self, child);
    }

  if (!devbox_tree_is_needed (folder))
    drop_quietly (self, folder);
}

static void
let_all_stand (DevboxTree *self)
{
  self->unsettled = FALSE;
  self->rescanning = FALSE;

  for (guint i = 0; i < self->subscriptions->len; i++)
    {
      DevboxTreeSubscription *subscription = g_ptr_array_index (self->subscriptions, i);
      DevboxTreeWatch *watch = subscription->watch;

      if (subscription->standing)
        continue;
      subscription->standing = TRUE;
      if (subscription->started)
        devbox_tree_watch_push (watch, DEVBOX_TREE_EVENT_OVERFLOW, devbox_tree_watch_get_path (watch), NULL,
                                subscription->file_name == NULL);
      else
        devbox_tree_watch_start (watch);
      subscription->started = TRUE;
    }

  if (self->rescan_again)
    {
      self->rescan_again = FALSE;
      devbox_tree_begin_rescan (self);
    }
}

void
devbox_tree_settle (DevboxTree *self)
{
  if (self->needs_rescan)
    {
      self->needs_rescan = FALSE;
      devbox_tree_begin_rescan (self);
    }
  if (self->needs_prune)
    {
      self->needs_prune = FALSE;
      if (self->root != NULL)
        prune (self, self->root);
    }
  if (self->unsettled && g_queue_is_empty (&self->scans))
    let_all_stand (self);
}

static gboolean
ensure_root (DevboxTree *self, const char *path, GError **error)
{
  if (self->engine != NULL && g_atomic_int_get (&self->status->failed))
    {
      self->engine->klass->free (self->engine);
      self->engine = NULL;
    }
  if (self->engine == NULL)
    {
      if (self->kind == DEVBOX_TREE_ENGINE_GIO)
        self->engine = devbox_tree_engine_gio_new (self, self->context);
      else
        self->engine = devbox_tree_engine_inotify_new (self, self->context);
      if (self->engine == NULL)
        {
          devbox_tree_set_limit_error (error, errno, path);
          return FALSE;
        }
      g_atomic_int_set (&self->status->failed, FALSE);
      if (self->heartbeat == NULL)
        start_heartbeat (self, heartbeat_cb);
    }

  if (self->root == NULL)
    {
      self->root = devbox_tree_folder_new ("");
      devbox_tree_refit (self, self->root);
    }

  return TRUE;
}

static DevboxTreeFolder *
ensure_folder (DevboxTree *self, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  DevboxTreeFolder *folder = self->root;

  for (gsize i = 0; names[i] != NULL; i++)
    {
      devbox_tree_ensure_child (self, folder, names[i]);
      folder = devbox_tree_folder_lookup (folder, names[i]);
    }

  return folder;
}

static DevboxTreeSubscription *
subscribe (DevboxTree *self, DevboxTreeWatch *watch, const char *real, gboolean is_folder, gboolean through_link)
{
  DevboxTreeSubscription *subscription = g_new0 (DevboxTreeSubscription, 1);
  const char *slash = strrchr (real, '/');
  g_autofree char *folder_path = is_folder ? g_strdup (real) : g_strndup (real, slash != NULL ? slash - real : 0);

  subscription->watch = devbox_tree_watch_ref (watch);
  subscription->flags = devbox_tree_watch_get_flags (watch);
  subscription->folder = ensure_folder (self, folder_path);
  if (!is_folder)
    subscription->file_name = g_strdup (slash != NULL ? slash + 1 : real);
  if (through_link)
    subscription->alias = g_strdup (devbox_tree_watch_get_path (watch));
  else
    devbox_tree_watch_set_path (watch, real);
  subscription->real_length = strlen (real);

  g_ptr_array_add (self->subscriptions, subscription);
  if (subscription->folder->subscriptions == NULL)
    subscription->folder->subscriptions = g_ptr_array_new ();
  g_ptr_array_add (subscription->folder->subscriptions, subscription);

  return subscription;
}

void
devbox_tree_add (DevboxTree *self, DevboxTreeWatch *watch)
{
  const char *path = devbox_tree_watch_get_path (watch);
  DevboxTreeSubscription *subscription;
  gboolean is_folder;
  gboolean through_link;
  g_autofree char *real = NULL;
  g_autoptr (GError) error = NULL;

  real = devbox_tree_resolve (self->root_fd, path, &is_folder, &through_link, &error);
  if (real == NULL || !ensure_root (self, path, &error))
    {
      devbox_tree_watch_fail (watch, error);
      devbox_tree_settle (self);
      return;
    }

  subscription = subscribe (self, watch, real, is_folder, through_link);
  self->unsettled = TRUE;
  if (is_folder)
    devbox_tree_refit (self, subscription->folder);
  else
    devbox_tree_queue_scan (self, subscription->folder, TRUE);
  devbox_tree_settle (self);
}

void
devbox_tree_remove (DevboxTree *self, DevboxTreeWatch *watch)
{
  for (guint i = 0; i < self->subscriptions->len; i++)
    {
      DevboxTreeSubscription *subscription = g_ptr_array_index (self->subscriptions, i);
      DevboxTreeFolder *folder = subscription->folder;

      if (subscription->watch != watch)
        continue;
      remove_subscription (self, subscription);
      forget_unwanted_names (folder);
      devbox_tree_refit (self, folder);
      break;
    }

  devbox_tree_settle (self);
}
