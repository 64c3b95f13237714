/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-private.h"

#include "devbox-tree-open-private.h"
#include "devbox-wire-error-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Scanning a large tree takes turns with the engine, so that the kernel's queue does not fill up meanwhile. */
#define TURN_US (5 * 1000)

static gboolean scan_cb (gpointer user_data);

void
devbox_tree_queue_scan (DevboxTree *self, DevboxTreeFolder *folder, gboolean list)
{
  folder->needs_listing |= list;
  if (!folder->queued)
    {
      folder->queued = TRUE;
      g_queue_push_tail_link (&self->scans, &folder->scan_link);
    }

  if (self->scan_source == NULL)
    {
      self->scan_source = g_idle_source_new ();
      g_source_set_static_name (self->scan_source, "DevboxTree scan");
      g_source_set_priority (self->scan_source, G_PRIORITY_DEFAULT);
      g_source_set_callback (self->scan_source, scan_cb, self, NULL);
      g_source_attach (self->scan_source, self->context);
    }
}

void
devbox_tree_unqueue_scan (DevboxTree *self, DevboxTreeFolder *folder)
{
  if (!folder->queued)
    return;

  folder->queued = FALSE;
  g_queue_unlink (&self->scans, &folder->scan_link);
}

void
devbox_tree_set_limit_error (GError **error, int saved_errno, const char *path)
{
  g_autofree char *shown = g_utf8_make_valid (path, -1);

  switch (saved_errno)
    {
    case ENOSPC:
      g_set_error (
          error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
          _ ("Cannot watch “%s”: the system's limit of watched folders is reached (fs.inotify.max_user_watches)"),
          shown);
      break;
    case EMFILE:
    case ENFILE:
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                   _ ("Cannot watch “%s”: too many open files or watchers (fs.inotify.max_user_instances)"), shown);
      break;
    default:
      devbox_wire_set_file_error (error, saved_errno, _ ("Cannot watch “%s”"), path);
      break;
    }
}

static gboolean
entry_is_folder (int fd, const struct dirent *entry)
{
  struct stat status;

  if (entry->d_type != DT_UNKNOWN)
    return entry->d_type == DT_DIR;

  return fstatat (fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR (status.st_mode);
}

static void
found (DevboxTree *self, DevboxTreeFolder *folder, const char *name, gboolean is_dir)
{
  DevboxTreeName value = devbox_tree_folder_get_name (folder, name);
  DevboxTreeName kind = is_dir ? DEVBOX_TREE_NAME_FOLDER : DEVBOX_TREE_NAME_FILE;

  if ((value & DEVBOX_TREE_NAME_KIND_MASK) == kind)
    {
      devbox_tree_folder_set_name (folder, name, value | DEVBOX_TREE_NAME_SEEN);
      return;
    }

  if (value != DEVBOX_TREE_NAME_UNKNOWN)
    devbox_tree_deleted (self, folder, name);
  devbox_tree_created (self, folder, name, is_dir, DEVBOX_TREE_NAME_SEEN);
}

static void
forget_unseen (DevboxTree *self, DevboxTreeFolder *folder)
{
  g_autoptr (GPtrArray) gone = NULL;
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  if (folder->names == NULL)
    return;

  gone = g_ptr_array_new_with_free_func (g_free);
  g_hash_table_iter_init (&iter, folder->names);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      DevboxTreeName flags = GPOINTER_TO_UINT (value);

      if ((flags & DEVBOX_TREE_NAME_SEEN) != 0)
        g_hash_table_iter_replace (&iter, GUINT_TO_POINTER (flags & ~DEVBOX_TREE_NAME_SEEN));
      else
        g_ptr_array_add (gone, g_strdup (name));
    }

  for (guint i = 0; i < gone->len; i++)
    devbox_tree_deleted (self, folder, g_ptr_array_index (gone, i));
}

/* Takes fd. */
static gboolean
list_all (DevboxTree *self, DevboxTreeFolder *folder, int fd)
{
  DIR *directory = fdopendir (fd);
  const struct dirent *entry;
  gboolean success;

  if (directory == NULL)
    {
      close (fd);
      return FALSE;
    }

  while ((errno = 0, entry = readdir (directory)) != NULL)
    {
      const char *name = entry->d_name;

      if (g_str_equal (name, ".") || g_str_equal (name, "..") || !devbox_tree_wants_name (folder, name))
        continue;
      found (self, folder, name, entry_is_folder (fd, entry));
    }
  success = errno == 0;
  closedir (directory);

  return success;
}

/* Only single files of the folder are wanted: it may be large. Takes fd. */
static gboolean
list_files (DevboxTree *self, DevboxTreeFolder *folder, int fd)
{
  for (guint i = 0; folder->subscriptions != NULL && i < folder->subscriptions->len; i++)
    {
      DevboxTreeSubscription *subscription = g_ptr_array_index (folder->subscriptions, i);
      struct stat status;

      if (fstatat (fd, subscription->file_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        found (self, folder, subscription->file_name, S_ISDIR (status.st_mode));
    }
  close (fd);

  return TRUE;
}

/* Takes fd. */
static void
list_folder (DevboxTree *self, DevboxTreeFolder *folder, int fd)
{
  gboolean success;

  folder->needs_listing = FALSE;
  if (folder->listing == DEVBOX_TREE_COVER_NONE)
    success = list_files (self, folder, fd);
  else
    success = list_all (self, folder, fd);

  if (success)
    forget_unseen (self, folder);
  else
    devbox_tree_tell_overflow (self, folder);
}

static void
fail_unready (DevboxTree *self, GPtrArray *subscriptions, int saved_errno)
{
  for (guint i = 0; i < subscriptions->len; i++)
    {
      DevboxTreeSubscription *subscription = g_ptr_array_index (subscriptions, i);
      DevboxTreeFolder *folder = subscription->folder;
      g_autoptr (GError) error = NULL;

      devbox_tree_set_limit_error (&error, saved_errno, devbox_tree_watch_get_path (subscription->watch));
      devbox_tree_fail_subscription (self, subscription, error);
      devbox_tree_refit (self, folder);
    }
}

/* A folder that is subscribed to, or leads to one that is, must be watched for the subscription to stand. */
static void
add_unready_below (DevboxTree *self, DevboxTreeFolder *folder, GPtrArray *unready)
{
  for (guint i = 0; i < self->subscriptions->len; i++)
    {
      DevboxTreeSubscription *subscription = g_ptr_array_index (self->subscriptions, i);
      DevboxTreeFolder *at = subscription->folder;

      while (at != NULL && at != folder)
        at = at->parent;
      if (at != NULL && !subscription->started && !g_ptr_array_find (unready, subscription, NULL))
        g_ptr_array_add (unready, subscription);
    }
}

/* Neither watched nor, therefore, known: said now, again while it lasts, and once more when it is over. */
static void
handle_limit (DevboxTree *self, DevboxTreeFolder *folder, int saved_errno)
{
  g_autoptr (GPtrArray) unready = g_ptr_array_new ();

  folder->blind = TRUE;
  g_hash_table_add (self->blind, folder);
  devbox_tree_tell_overflow (self, folder);

  devbox_tree_collect (folder, NULL, FALSE, unready);
  add_unready_below (self, folder, unready);
  fail_unready (self, unready, saved_errno);
}

static void
handle_missing (DevboxTree *self, DevboxTreeFolder *folder)
{
  /* The engine has not told yet, and will; unless it was asked for, or the notes were lost. */
  if (!self->rescanning && !devbox_tree_has_subscriptions (folder))
    return;

  if (folder->parent == NULL)
    {
      devbox_tree_drop (self, folder);
    }
  else
    {
      g_autofree char *name = g_strdup (folder->name);

      devbox_tree_deleted (self, folder->parent, name);
    }
}

static void
handle_failure (DevboxTree *self, DevboxTreeFolder *folder, int saved_errno)
{
  g_autoptr (GPtrArray) unready = g_ptr_array_new ();

  switch (saved_errno)
    {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
      handle_missing (self, folder);
      break;
    case EACCES:
    case EPERM:
      /* What may not be read cannot be watched, nor does anyone expect it. The engine tells when its mode changes. */
      add_unready_below (self, folder, unready);
      fail_unready (self, unready, saved_errno);
      break;
    default:
      handle_limit (self, folder, saved_errno);
      break;
    }
}

static int
open_folder (DevboxTree *self, DevboxTreeFolder *folder)
{
  g_autofree char *path = NULL;
  int parent_fd = -1;

  if (folder->parent != NULL && folder->parent->handle != NULL)
    parent_fd = self->engine->klass->get_fd (self->engine, folder->parent);
  if (parent_fd >= 0)
    return devbox_tree_open_child (parent_fd, folder->name);

  path = devbox_tree_folder_build_path (folder, NULL);

  return devbox_tree_open_folder (self->root_fd, path);
}

void
devbox_tree_look_again (DevboxTree *self, DevboxTreeFolder *folder, const char *name)
{
  int fd = open_folder (self, folder);
  struct stat status;

  /* It has another path by now. Once that is told, it is looked at. */
  if (fd < 0 || fstat (fd, &status) != 0 || status.st_dev != folder->device || status.st_ino != folder->inode)
    folder->needs_listing = TRUE;
  else if (fstatat (fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
    devbox_tree_queue_scan (self, folder, TRUE);

  if (fd >= 0)
    close (fd);
}

static void
queue_children (DevboxTree *self, DevboxTreeFolder *folder)
{
  GHashTableIter iter;
  gpointer child;

  if (folder->folders == NULL)
    return;

  g_hash_table_iter_init (&iter, folder->folders);
  while (g_hash_table_iter_next (&iter, NULL, &child))
    devbox_tree_queue_scan (self, child, TRUE);
}

static void
scan_folder (DevboxTree *self, DevboxTreeFolder *folder)
{
  int fd = open_folder (self, folder);
  DevboxTreeAddResult result = DEVBOX_TREE_ADD_FAILED;
  struct stat status;
  int saved_errno;

  if (fd >= 0 && fstat (fd, &status) == 0)
    result = self->engine->klass->add (self->engine, folder, fd);
  if (result == DEVBOX_TREE_ADD_FAILED)
    {
      saved_errno = errno;
      if (fd >= 0)
        close (fd);
      handle_failure (self, folder, saved_errno);
      return;
    }

  folder->device = status.st_dev;
  folder->inode = status.st_ino;
  if (folder->blind)
    {
      folder->blind = FALSE;
      g_hash_table_remove (self->blind, folder);
      devbox_tree_tell_overflow (self, folder);
    }
  if (result == DEVBOX_TREE_ADD_NEW)
    {
      folder->needs_listing = TRUE;
      queue_children (self, folder); /* they were found by way of another folder */
    }

  if (folder->needs_listing)
    list_folder (self, folder, fd);
  else
    close (fd);
}

static gboolean
scan_cb (gpointer user_data)
{
  DevboxTree *self = user_data;
  gint64 end = g_get_monotonic_time () + TURN_US;

  while (!g_queue_is_empty (&self->scans))
    {
      DevboxTreeFolder *folder = g_queue_peek_head (&self->scans);

      devbox_tree_unqueue_scan (self, folder);
      scan_folder (self, folder);
      devbox_tree_settle (self);
      if (g_get_monotonic_time () >= end)
        break;
    }

  if (!g_queue_is_empty (&self->scans))
    return G_SOURCE_CONTINUE;

  g_clear_pointer (&self->scan_source, g_source_unref);

  return G_SOURCE_REMOVE;
}

void
devbox_tree_queue_subtree (DevboxTree *self, DevboxTreeFolder *folder)
{
  GHashTableIter iter;
  gpointer child;

  devbox_tree_queue_scan (self, folder, TRUE);
  if (folder->folders == NULL)
    return;

  g_hash_table_iter_init (&iter, folder->folders);
  while (g_hash_table_iter_next (&iter, NULL, &child))
    devbox_tree_queue_subtree (self, child);
}

void
devbox_tree_begin_rescan (DevboxTree *self)
{
  if (self->rescanning)
    {
      self->rescan_again = TRUE; /* the pass that runs comes to its end, and to its OVERFLOW, first */
      return;
    }
  if (self->root == NULL)
    return;

  devbox_tree_flush_moves (self, NULL, NULL);
  self->rescanning = TRUE;
  self->unsettled = TRUE;
  for (guint i = 0; i < self->subscriptions->len; i++)
    ((DevboxTreeSubscription *) g_ptr_array_index (self->subscriptions, i))->standing = FALSE;
  if (self->root != NULL)
    devbox_tree_queue_subtree (self, self->root);
}

void
devbox_tree_retry_blind (DevboxTree *self)
{
  GHashTableIter iter;
  gpointer folder;

  g_hash_table_iter_init (&iter, self->blind);
  while (g_hash_table_iter_next (&iter, &folder, NULL))
    devbox_tree_queue_scan (self, folder, TRUE);
}
