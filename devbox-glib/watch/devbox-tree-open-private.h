/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Opens that the kernel confines to the folder behind root_fd. */

/* path: below root_fd, with no "..", "" for the folder itself. No symbolic link is followed at any place. A readable
 * descriptor, or -1 and errno. */
int devbox_tree_open_folder (int root_fd, const char *path);
/* The same for one name in the folder behind fd. */
int devbox_tree_open_child (int fd, const char *name);

/* What path, which may hold "." and ".." and lead over symbolic links, really names: a path for devbox_tree_open_folder
 * (), or one of a file in such a folder. NULL: errors as devbox_wire_set_file_error () makes them; a link or ".."
 * that leads out of root_fd is PATH_TRAVERSAL_DETECTED. */
char *devbox_tree_resolve (int root_fd, const char *path, gboolean *is_folder, gboolean *through_link, GError **error);

G_END_DECLS
