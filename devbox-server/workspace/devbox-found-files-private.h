/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-tree-walk-private.h"
#include "devbox-workspace-private.h"

G_BEGIN_DECLS

/* What a search found: absolute paths. At most DEVBOX_FOUND_FILES_MAX of them, and 8 MiB; is_truncated tells that there
 * may be more. */
typedef struct
{
  GPtrArray *paths; /* of char * */
  gboolean is_truncated;

  char *prefix; /* in front of every path */
  gsize size;   /* of all paths */
} DevboxFoundFiles;

#define DEVBOX_FOUND_FILES_MAX 100000

DevboxFoundFiles *devbox_found_files_new (void);
void devbox_found_files_free (DevboxFoundFiles *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxFoundFiles, devbox_found_files_free)

/* A path below the folder that is searched. FALSE: there is no room for more. Not thread safe. */
gboolean devbox_found_files_add (DevboxFoundFiles *self, const char *path);
void devbox_found_files_set_truncated (DevboxFoundFiles *self); /* in any thread */
void devbox_found_files_sort (DevboxFoundFiles *self);

/* Looks at a file; FALSE: it has seen enough. */
typedef gboolean (*DevboxFileSearchFunc) (const DevboxTreeEntry *file, gpointer user_data);

/* Shows every regular file below `folder` ("": the workspace) to func, which adds those that it wants. Links, folders
 * with a dot in front, the usual folders of builds and dependencies, what cannot be read and our own temporary files
 * are left out; `folder` itself may be any. FILE_NOT_FOUND, PATH_TRAVERSAL_DETECTED, … when it cannot be searched,
 * G_IO_ERROR_CANCELLED when cancelled. */
gboolean devbox_found_files_search (DevboxFoundFiles *self,
                                    DevboxWorkspace *workspace,
                                    const char *folder,
                                    DevboxFileSearchFunc func,
                                    gpointer user_data,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
