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
  gboolean is_content;        /* of a folder that others may be changing */
  gboolean is_entering;       /* the copy stands in a folder that the walk is about to open */
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

/* TRUE: it is no longer what it was when it was listed. */
static gboolean
is_gone (int saved_errno)
{
  return saved_errno == ENOENT || saved_errno == ENOTDIR || saved_errno == ELOOP;
}

static gboolean
push_folder (TreeCopy *self, const char *name)
{
  if (self->is_content && devbox_folder_stack_get_depth (self->folders) == 0)
    return devbox_folder_stack_push (self->folders, ".");

  return mkdirat (devbox_folder_stack_get_fd (self->folders), name, 0700) == 0
         && devbox_folder_stack_push (self->folders, name);
}

static gboolean
enter_folder (TreeCopy *self, const DevboxDeepWalkEntry *entry)
{
  const char *name = get_name (self, entry);
  gboolean is_root = devbox_folder_stack_get_depth (self->folders) == 0;

  if (self->is_content && !is_root && devbox_file_is_mount_point (entry->folder_fd, entry->name))
    {
      devbox_deep_walk_skip (self->walk);
      return TRUE;
    }

  /* The target lies in the source. */
  if (is_own_copy (self, entry))
    {
      errno = EINVAL;
      return FALSE;
    }

  if (!push_folder (self, name))
    return FALSE;
  self->is_entering = TRUE;

  return !is_root || fstat (devbox_folder_stack_get_fd (self->folders), &self->root) == 0;
}

/* The walk could not open what enter_folder () made a copy of. */
static gboolean
leave_gone_folder (TreeCopy *self)
{
  int folder_fd = devbox_folder_stack_get_parent_fd (self->folders);

  return folder_fd >= 0 && unlinkat (folder_fd, devbox_folder_stack_get_name (self->folders), AT_REMOVEDIR) == 0
         && devbox_folder_stack_pop (self->folders);
}

/* The copy of content belongs to whoever makes it: such a tree may come from somebody else. */
static gboolean
set_attributes (TreeCopy *self, int fd, const struct stat *status)
{
  struct stat model = *status;

  if (self->is_content)
    {
      model.st_uid = geteuid ();
      model.st_gid = getegid ();
      if (status->st_uid != model.st_uid)
        model.st_mode &= ~(S_ISUID | S_ISGID);
    }

  return devbox_file_set_attributes (fd, &model);
}

static gboolean
leave_folder (TreeCopy *self, const DevboxDeepWalkEntry *entry)
{
  struct stat status;

  return fstat (entry->fd, &status) == 0 && set_attributes (self, devbox_folder_stack_get_fd (self->folders), &status)
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
  if (!S_ISREG (status.st_mode))
    {
      errno = ENOENT;
      return FALSE;
    }

  fd = openat (folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  return fd >= 0 && devbox_file_copy_content (fd, source_fd, self->cancellable) && set_attributes (self, fd, &status);
}

static gboolean
copy_link (const DevboxDeepWalkEntry *entry, int folder_fd, const char *name)
{
  char target[PATH_MAX];
  ssize_t size = readlinkat (entry->folder_fd, entry->name, target, sizeof target - 1);

  if (size < 0)
    {
      /* It is no link any more. */
      errno = errno == EINVAL ? ENOENT : errno;
      return FALSE;
    }
  target[size] = '\0';

  return symlinkat (target, folder_fd, name) == 0;
}

static gboolean
set_attributes_at (TreeCopy *self, int folder_fd, const char *name, const struct stat *status)
{
  devbox_auto_descriptor int fd = openat (folder_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

  return fd >= 0 && set_attributes (self, fd, status);
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
    return copy_link (entry, folder_fd, name) && set_attributes_at (self, folder_fd, name, &status);

  if (self->is_content)
    return TRUE;

  /* FIFOs and sockets are names; a device takes the privilege that made it. */
  return mknodat (folder_fd, name, (status.st_mode & S_IFMT) | 0600, status.st_rdev) == 0
         && set_attributes_at (self, folder_fd, name, &status);
}

static gboolean
pass_over (TreeCopy *self, gboolean was_entering)
{
  if (!self->is_content || !is_gone (errno))
    return FALSE;

  return !was_entering || (devbox_folder_stack_get_depth (self->folders) > 1 && leave_gone_folder (self));
}

/* FALSE at the end, and with errno after a failure. */
static gboolean
take_step (TreeCopy *self)
{
  gboolean was_entering = self->is_entering;
  DevboxDeepWalkEntry entry;

  self->is_entering = FALSE;
  errno = 0;
  switch (devbox_deep_walk_next (self->walk, &entry))
    {
    case DEVBOX_DEEP_WALK_ENTRY:
      return copy_entry (self, &entry) || pass_over (self, FALSE);
    case DEVBOX_DEEP_WALK_ENTER:
      return enter_folder (self, &entry);
    case DEVBOX_DEEP_WALK_LEAVE:
      return leave_folder (self, &entry);
    case DEVBOX_DEEP_WALK_END:
      errno = 0;
      return FALSE;
    case DEVBOX_DEEP_WALK_ERROR:
    default:
      return pass_over (self, was_entering);
    }
}

static gboolean
tree_copy_run (TreeCopy *self, GError **error)
{
  g_autofree char *place = NULL;
  int saved_errno;

  do
    {
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
    }
  while (take_step (self));
  if (errno == 0)
    return TRUE;

  saved_errno = errno;
  if (!g_cancellable_set_error_if_cancelled (self->cancellable, error))
    {
      place = devbox_deep_walk_describe (self->walk);
      devbox_wire_set_file_error (error, saved_errno, _ ("Cannot copy “%s”"), place);
    }

  return FALSE;
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

  copy.walk = devbox_deep_walk_new (source_folder_fd, source_name, path);
  copy.folders = devbox_folder_stack_new (folder_fd);

  return tree_copy_run (&copy, error);
}

gboolean
devbox_tree_copy_content (int source_fd, int folder_fd, const char *path, GCancellable *cancellable, GError **error)
{
  g_auto (TreeCopy) copy = { .is_content = TRUE, .cancellable = cancellable };

  copy.walk = devbox_deep_walk_new (source_fd, ".", path);
  copy.folders = devbox_folder_stack_new (folder_fd);

  return tree_copy_run (&copy, error);
}
