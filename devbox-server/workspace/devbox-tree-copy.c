/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-copy-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-deep-walk-private.h"
#include "devbox-file-attributes-private.h"
#include "devbox-file-copy-private.h"
#include "devbox-folder-stack-private.h"
#include "devbox-wire-error-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <limits.h>

typedef struct
{
  DevboxDeepWalk *walk;
  DevboxFolderStack *folders; /* where the copy stands */
  const char *name;           /* of the whole copy */
  struct stat root;           /* of a copied folder */
  GCancellable *cancellable;
} TreeCopy;

static void
tree_copy_clear (TreeCopy *self)
{
  int saved_errno = errno;

  g_clear_pointer (&self->walk, devbox_deep_walk_free);
  g_clear_pointer (&self->folders, devbox_folder_stack_free);
  errno = saved_errno;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TreeCopy, tree_copy_clear)

static const char *
get_name (TreeCopy *self, const DevboxDeepWalkEntry *entry)
{
  return devbox_folder_stack_get_depth (self->folders) == 0 ? self->name : entry->name;
}

static gboolean
is_own_copy (TreeCopy *self, const DevboxDeepWalkEntry *entry)
{
  struct stat status;

  return devbox_folder_stack_get_depth (self->folders) > 0
         && fstatat (entry->folder_fd, entry->name, &status, AT_SYMLINK_NOFOLLOW) == 0
         && status.st_ino == self->root.st_ino && status.st_dev == self->root.st_dev;
}

static gboolean
enter_folder (TreeCopy *self, const DevboxDeepWalkEntry *entry)
{
  const char *name = get_name (self, entry);

  /* The target lies in the source. */
  if (is_own_copy (self, entry))
    {
      errno = EINVAL;
      return FALSE;
    }

  if (mkdirat (devbox_folder_stack_get_fd (self->folders), name, 0700) < 0
      || !devbox_folder_stack_push (self->folders, name))
    return FALSE;

  return devbox_folder_stack_get_depth (self->folders) > 1
         || fstat (devbox_folder_stack_get_fd (self->folders), &self->root) == 0;
}

static gboolean
leave_folder (TreeCopy *self, const DevboxDeepWalkEntry *entry)
{
  struct stat status;

  return fstat (entry->fd, &status) == 0
         && devbox_file_set_attributes (devbox_folder_stack_get_fd (self->folders), &status)
         && devbox_folder_stack_pop (self->folders);
}

static gboolean
copy_file (TreeCopy *self, const DevboxDeepWalkEntry *entry, int folder_fd, const char *name)
{
  devbox_auto_descriptor int source_fd
      = openat (entry->folder_fd, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  devbox_auto_descriptor int fd = -1;
  struct stat status;

  if (source_fd < 0 || fstat (source_fd, &status) < 0)
    return FALSE;

  fd = openat (folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  return fd >= 0 && devbox_file_copy_content (fd, source_fd, self->cancellable)
         && devbox_file_set_attributes (fd, &status);
}

static gboolean
copy_link (const DevboxDeepWalkEntry *entry, int folder_fd, const char *name)
{
  char target[PATH_MAX];
  ssize_t size = readlinkat (entry->folder_fd, entry->name, target, sizeof target - 1);

  if (size < 0)
    return FALSE;
  target[size] = '\0';

  return symlinkat (target, folder_fd, name) == 0;
}

static gboolean
set_attributes_at (int folder_fd, const char *name, const struct stat *status)
{
  devbox_auto_descriptor int fd = openat (folder_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

  return fd >= 0 && devbox_file_set_attributes (fd, status);
}

static gboolean
copy_entry (TreeCopy *self, const DevboxDeepWalkEntry *entry)
{
  int folder_fd = devbox_folder_stack_get_fd (self->folders);
  const char *name = get_name (self, entry);
  struct stat status;

  if (fstatat (entry->folder_fd, entry->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
    return FALSE;

  if (S_ISREG (status.st_mode))
    return copy_file (self, entry, folder_fd, name);
  if (S_ISLNK (status.st_mode))
    return copy_link (entry, folder_fd, name) && set_attributes_at (folder_fd, name, &status);

  /* FIFOs and sockets are names; a device takes the privilege that made it. */
  return mknodat (folder_fd, name, (status.st_mode & S_IFMT) | 0600, status.st_rdev) == 0
         && set_attributes_at (folder_fd, name, &status);
}

/* FALSE at the end, and with errno after a failure. */
static gboolean
take_step (TreeCopy *self)
{
  DevboxDeepWalkEntry entry;

  errno = 0;
  switch (devbox_deep_walk_next (self->walk, &entry))
    {
    case DEVBOX_DEEP_WALK_ENTRY:
      return copy_entry (self, &entry);
    case DEVBOX_DEEP_WALK_ENTER:
      return enter_folder (self, &entry);
    case DEVBOX_DEEP_WALK_LEAVE:
      return leave_folder (self, &entry);
    case DEVBOX_DEEP_WALK_END:
      errno = 0;
      return FALSE;
    case DEVBOX_DEEP_WALK_ERROR:
    default:
      return FALSE;
    }
}

gboolean
devbox_tree_copy (int source_folder_fd,
                  const char *source_name,
                  int folder_fd,
                  const char *name,
                  const char *path,
                  GCancellable *cancellable,
                  GError **error)
{
  g_auto (TreeCopy) copy = { .name = name, .cancellable = cancellable };
  g_autofree char *place = NULL;
  int saved_errno;

  copy.walk = devbox_deep_walk_new (source_folder_fd, source_name, path);
  copy.folders = devbox_folder_stack_new (folder_fd);
  do
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
    }
  while (take_step (&copy));
  if (errno == 0)
    return TRUE;

  saved_errno = errno;
  if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      place = devbox_deep_walk_describe (copy.walk);
      devbox_wire_set_file_error (error, saved_errno, _ ("Cannot copy “%s”"), place);
    }

  return FALSE;
}
