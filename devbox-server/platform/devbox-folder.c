/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-folder-private.h"

#include "devbox-file-attributes-private.h"
#include "devbox-file-removal-private.h"
#include "devbox-tree-copy-private.h"
#include "devbox-tree-walk-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>

#define BLOCK_SIZE 512 /* of st_blocks, whatever the file system's own are */

gboolean
devbox_folder_copy (int source_fd, int destination_fd, GCancellable *cancellable, GError **error)
{
  return devbox_tree_copy_content (source_fd, destination_fd, ".", cancellable, error);
}

gboolean
devbox_folder_remove (int parent_fd, const char *name, GCancellable *cancellable, GError **error)
{
  return devbox_remove_tree_by_force (parent_fd, name, name, cancellable, error);
}

static void
add_blocks (guint64 *used, const struct stat *status)
{
  guint64 bytes = (guint64) status->st_blocks * BLOCK_SIZE;

  *used += S_ISDIR (status->st_mode) ? bytes : bytes / MAX (status->st_nlink, 1);
}

static DevboxTreeWalkNext
on_entry (const DevboxTreeEntry *entry, gpointer user_data)
{
  struct stat status;

  if (entry->type == DT_DIR && devbox_file_is_mount_point (entry->folder_fd, entry->name))
    return DEVBOX_TREE_WALK_SKIP;

  if (fstatat (entry->folder_fd, entry->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
    add_blocks (user_data, &status);

  return DEVBOX_TREE_WALK_CONTINUE;
}

gboolean
devbox_folder_measure (int folder_fd, guint64 *used, GCancellable *cancellable, GError **error)
{
  const DevboxTreeVisitor visitor = { .visit = on_entry };
  struct stat status;
  int saved_errno;

  *used = 0;
  if (fstat (folder_fd, &status) == 0 && devbox_tree_walk (folder_fd, &visitor, used, cancellable))
    {
      add_blocks (used, &status);
      return TRUE;
    }

  saved_errno = errno;
  if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    devbox_wire_set_file_error (error, saved_errno, _ ("Cannot measure a folder"));

  return FALSE;
}
