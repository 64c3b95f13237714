/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Resolves a relative path below a folder, component by component and without ever following a link by the kernel: what
 * openat2 (RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS) does, where that is refused, and what it cannot do (making folders,
 * the place that a final link leads to). Answers -1 and errno as openat2 does: EXDEV for a path that leaves. It goes at
 * most 256 folders deep (ENAMETOOLONG), since it holds a descriptor of each. */

typedef enum
{
  DEVBOX_PATH_WALK_NONE = 0,
  DEVBOX_PATH_WALK_MAKE_PARENTS = 1 << 0,
  DEVBOX_PATH_WALK_FOLLOW_LAST = 1 << 1,
  DEVBOX_PATH_WALK_NO_LINKS = 1 << 2, /* ELOOP at one on the way */
} DevboxPathWalkFlags;

/* Opens what is there; O_CREAT and O_TMPFILE are not for this. */
int devbox_path_walk_open (int root_fd, const char *path, int open_flags);

/* An O_PATH descriptor of the folder that holds the last component, whose name goes to *name. EISDIR when that is "."
 * or ".." and, with DEVBOX_PATH_WALK_FOLLOW_LAST, when a slash follows it. `made`, for DEVBOX_PATH_WALK_MAKE_PARENTS,
 * collects the new folders. */
int
devbox_path_walk_open_parent (int root_fd, const char *path, DevboxPathWalkFlags flags, GPtrArray *made, char **name);

/* Folders that a walk made, so that an operation that fails later can take them away again. */
GPtrArray *devbox_made_folders_new (void);
void devbox_made_folders_remove (GPtrArray *made); /* those that are still empty */

G_END_DECLS
