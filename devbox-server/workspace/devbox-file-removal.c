/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-removal-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-deep-walk-private.h"
#include "devbox-file-attributes-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

/* For folders that are filled while they are emptied */
#define MAX_REREADS 16

static void
set_error_from_errno (const char *path, GError **error)
{
  devbox_wire_set_file_error (error, errno, _ ("Cannot delete “%s”"), path);
}

static void
set_walk_error (DevboxDeepWalk *walk, GError **error)
{
  int saved_errno = errno;
  g_autofree char *path = devbox_deep_walk_describe (walk);

  errno = saved_errno;
  set_error_from_errno (path, error);
}

/* TRUE when it is gone, by whomever. */
static gboolean
unlink_entry (const DevboxDeepWalkEntry *entry, int flags)
{
  return unlinkat (entry->folder_fd, entry->name, flags) == 0 || errno == ENOENT;
}

static gboolean
is_not_empty (int saved_errno)
{
  return saved_errno == ENOTEMPTY || saved_errno == EEXIST;
}

/* After what was in it. It may have been filled meanwhile, and a listing may have left something out since others were
 * deleted. */
static gboolean
remove_emptied_folder (DevboxDeepWalk *walk, const DevboxDeepWalkEntry *entry, guint *n_rereads)
{
  if (unlink_entry (entry, AT_REMOVEDIR))
    {
      *n_rereads = 0;
      return TRUE;
    }
  if (!is_not_empty (errno) || ++*n_rereads > MAX_REREADS)
    return FALSE;

  devbox_deep_walk_reread (walk);

  return TRUE;
}

/* Before the walk opens it. */
static gboolean
open_up_folder (const DevboxDeepWalkEntry *entry)
{
  devbox_auto_descriptor int fd = -1;
  struct stat status;

  if (devbox_file_is_mount_point (entry->folder_fd, entry->name))
    {
      errno = EBUSY;
      return FALSE;
    }

  fd = openat (entry->folder_fd, entry->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &status) < 0)
    return errno == ENOENT;

  return (status.st_mode & S_IRWXU) == S_IRWXU || devbox_file_set_mode (fd, status.st_mode | S_IRWXU);
}

static gboolean
remove_tree (int folder_fd,
             const char *name,
             const char *path,
             gboolean by_force,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (DevboxDeepWalk) walk = devbox_deep_walk_new (folder_fd, name, path);
  DevboxDeepWalkStep step = DEVBOX_DEEP_WALK_ENTER;
  guint n_rereads = 0;

  while (step != DEVBOX_DEEP_WALK_END)
    {
      DevboxDeepWalkEntry entry;
      gboolean done = TRUE;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      step = devbox_deep_walk_next (walk, &entry);
      if (step == DEVBOX_DEEP_WALK_ERROR)
        done = errno == ENOENT;
      else if (step == DEVBOX_DEEP_WALK_ENTER)
        done = !by_force || open_up_folder (&entry);
      else if (step == DEVBOX_DEEP_WALK_ENTRY)
        done = unlink_entry (&entry, 0);
      else if (step == DEVBOX_DEEP_WALK_LEAVE)
        done = remove_emptied_folder (walk, &entry, &n_rereads);

      if (!done)
        {
          set_walk_error (walk, error);
          return FALSE;
        }
    }

  return TRUE;
}

gboolean
devbox_remove_tree (int folder_fd, const char *name, const char *path, GCancellable *cancellable, GError **error)
{
  return remove_tree (folder_fd, name, path, FALSE, cancellable, error);
}

gboolean
devbox_remove_tree_by_force (int folder_fd,
                             const char *name,
                             const char *path,
                             GCancellable *cancellable,
                             GError **error)
{
  return remove_tree (folder_fd, name, path, TRUE, cancellable, error);
}

static gboolean
remove_empty_folder (const DevboxWriteTarget *entry, const char *path, GError **error)
{
  g_autofree char *shown = NULL;

  if (unlinkat (entry->folder_fd, entry->name, AT_REMOVEDIR) == 0)
    return TRUE;
  if (!is_not_empty (errno))
    {
      set_error_from_errno (path, error);
      return FALSE;
    }

  shown = g_utf8_make_valid (path, -1);
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT,
               _ ("“%s” is a directory that is not empty: deleting it takes “recursive”"), shown);

  return FALSE;
}

static gboolean
refuse_folder (const char *path, GError **error)
{
  g_autofree char *shown = g_utf8_make_valid (path, -1);

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               _ ("“%s” is a directory: deleting it takes “recursive”"), shown);

  return FALSE;
}

gboolean
devbox_workspace_remove (DevboxWorkspace *workspace,
                         const char *path,
                         DevboxRemovalScope scope,
                         GCancellable *cancellable,
                         GError **error)
{
  g_auto (DevboxWriteTarget) entry = { 0 };

  if (!devbox_workspace_open_entry (workspace, path, FALSE, &entry, error))
    return FALSE;
  if (!entry.exists)
    {
      errno = ENOENT;
      set_error_from_errno (path, error);
      return FALSE;
    }

  if (S_ISDIR (entry.status.st_mode))
    {
      switch (scope)
        {
        case DEVBOX_REMOVAL_NO_FOLDER:
          return refuse_folder (path, error);
        case DEVBOX_REMOVAL_EMPTY_FOLDER:
          return remove_empty_folder (&entry, path, error);
        case DEVBOX_REMOVAL_TREE:
        default:
          return devbox_remove_tree (entry.folder_fd, entry.name, path, cancellable, error);
        }
    }

  if (unlinkat (entry.folder_fd, entry.name, 0) == 0)
    return TRUE;

  set_error_from_errno (path, error);

  return FALSE;
}
