/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <dirent.h>
#include <gio/gio.h>

G_BEGIN_DECLS

/* Goes through everything below a folder, on descriptors alone: no link is followed, and what is renamed meanwhile
 * leads nowhere else. It goes as deep as folders lie, with few descriptors and no C stack (DevboxFolderStack). Entries
 * come in the order of the file system. */

typedef struct
{
  int folder_fd;      /* of the folder that holds it */
  const char *name;   /* in there */
  const char *path;   /* from the folder where the walk began */
  unsigned char type; /* DT_REG, DT_DIR, DT_LNK, …; never DT_UNKNOWN */
} DevboxTreeEntry;

typedef enum
{
  DEVBOX_TREE_WALK_CONTINUE,
  DEVBOX_TREE_WALK_SKIP, /* do not enter this folder */
  DEVBOX_TREE_WALK_STOP, /* the walk is over */
} DevboxTreeWalkNext;

/* What the entry points to is valid for the call alone. */
typedef DevboxTreeWalkNext (*DevboxTreeWalkFunc) (const DevboxTreeEntry *entry, gpointer user_data);

typedef struct
{
  DevboxTreeWalkFunc visit; /* everything, a folder before what is in it */
  DevboxTreeWalkFunc leave; /* NULL, or: a folder that was entered, after what is in it */
  DevboxTreeWalkFunc fail;  /* NULL, or: a folder that cannot be entered, or not be read to its end; errno says why */
} DevboxTreeVisitor;

/* Any descriptor of the folder will do, and is left as it is. FALSE with errno when the folder itself cannot be read,
 * with ECANCELED when the walk was cancelled, with ESTALE when the way back up was moved meanwhile. */
gboolean
devbox_tree_walk (int folder_fd, const DevboxTreeVisitor *visitor, gpointer user_data, GCancellable *cancellable);

G_END_DECLS
