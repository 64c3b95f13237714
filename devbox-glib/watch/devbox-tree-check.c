/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-tree-private.h"

#include <fcntl.h>
#include <sys/stat.h>

static int
get_fd (DevboxTree *self, DevboxTreeFolder *folder)
{
  return folder->handle != NULL ? self->engine->klass->get_fd (self->engine, folder) : -1;
}

static gboolean
get_status (int fd, const char *name, struct stat *status)
{
  return fstatat (fd, name, status, AT_SYMLINK_NOFOLLOW) == 0;
}

static gboolean
is_other_folder (DevboxTreeFolder *folder, const struct stat *status)
{
  return folder != NULL && folder->handle != NULL
         && (folder->device != status->st_dev || folder->inode != status->st_ino);
}

void
devbox_tree_check (DevboxTree *self, DevboxTreeFolder *folder, const char *name)
{
  DevboxTreeName known = devbox_tree_folder_get_name (folder, name) & DEVBOX_TREE_NAME_KIND_MASK;
  DevboxTreeName kind;
  DevboxTreeFolder *child = devbox_tree_folder_lookup (folder, name);
  int fd = get_fd (self, folder);
  struct stat status;

  if (fd < 0)
    {
      folder->needs_listing = TRUE; /* and it will be, once it is watched again */
      return;
    }
  if (!get_status (fd, name, &status))
    {
      devbox_tree_deleted (self, folder, name);
      return;
    }

  kind = S_ISDIR (status.st_mode) ? DEVBOX_TREE_NAME_FOLDER : DEVBOX_TREE_NAME_FILE;
  if (known == kind && !is_other_folder (child, &status))
    {
      if (child != NULL && child->handle == NULL)
        devbox_tree_queue_scan (self, child, TRUE); /* it was away when it was looked for */
      return;
    }

  devbox_tree_deleted (self, folder, name);
  if (devbox_tree_wants_name (folder, name))
    devbox_tree_created (self, folder, name, kind == DEVBOX_TREE_NAME_FOLDER,
                         kind == DEVBOX_TREE_NAME_FILE ? DEVBOX_TREE_NAME_WRITTEN : 0);
}

void
devbox_tree_check_moved_in (DevboxTree *self, DevboxTreeFolder *folder, const char *name)
{
  DevboxTreeName known = devbox_tree_folder_get_name (folder, name) & DEVBOX_TREE_NAME_KIND_MASK;

  devbox_tree_check (self, folder, name);
  if (known == DEVBOX_TREE_NAME_FILE
      && (devbox_tree_folder_get_name (folder, name) & DEVBOX_TREE_NAME_KIND_MASK) == DEVBOX_TREE_NAME_FILE)
    devbox_tree_tell (self, DEVBOX_TREE_EVENT_CHANGED, folder, name, FALSE);
}

/* Whether the move is how things stand, and may be told as one. */
gboolean
devbox_tree_check_move (DevboxTree *self,
                        DevboxTreeFolder *old_folder,
                        const char *old_name,
                        DevboxTreeFolder *folder,
                        const char *name,
                        gboolean is_dir)
{
  int old_fd = get_fd (self, old_folder);
  int fd = get_fd (self, folder);
  struct stat status;

  return old_fd >= 0 && fd >= 0 && !get_status (old_fd, old_name, &status) && get_status (fd, name, &status)
         && S_ISDIR (status.st_mode) == is_dir
         && !is_other_folder (devbox_tree_folder_lookup (old_folder, old_name), &status);
}
