/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-workspace-private.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;         /* any bytes */
  struct stat status; /* of a link itself */
} DevboxFolderEntry;

/* What is in a folder, in the order of the names' bytes, from `offset` on and at most `limit` entries; those with a dot
 * in front only if asked for, our own temporary files never. Memory depends on `limit`, not on the folder, which is
 * read several times if need be. NULL on error: FILE_NOT_FOUND, VALIDATION_ERROR when it is no folder, … */
GPtrArray *devbox_workspace_list (DevboxWorkspace *workspace,
                                  const char *path,
                                  gboolean show_hidden,
                                  guint64 offset,
                                  guint limit,
                                  GCancellable *cancellable,
                                  GError **error);

/* For tests: how many names are held at once. */
void devbox_folder_list_set_max_names (guint max_names);

G_END_DECLS
