/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* What may be deleted */
typedef enum
{
  DEVBOX_REMOVAL_NO_FOLDER,    /* VALIDATION_ERROR for a folder */
  DEVBOX_REMOVAL_EMPTY_FOLDER, /* CONFLICT for one that is not empty */
  DEVBOX_REMOVAL_TREE,
} DevboxRemovalScope;

/* Deletes what stands at the end of the path: a link, not what it leads to. FILE_NOT_FOUND when there is nothing,
 * VALIDATION_ERROR for the workspace itself. What was deleted before a failure, or before it was cancelled, stays so.
 */
gboolean devbox_workspace_remove (DevboxWorkspace *workspace,
                                  const char *path,
                                  DevboxRemovalScope scope,
                                  GCancellable *cancellable,
                                  GError **error);

/* A file, or a folder with all that is in it. `path` is how errors call it. */
gboolean
devbox_remove_tree (int folder_fd, const char *name, const char *path, GCancellable *cancellable, GError **error);
/* The same, whatever the modes of the folders in it are: they are changed where need be. What is mounted in there is
 * not entered, and is an error. */
gboolean devbox_remove_tree_by_force (int folder_fd,
                                      const char *name,
                                      const char *path,
                                      GCancellable *cancellable,
                                      GError **error);

G_END_DECLS
