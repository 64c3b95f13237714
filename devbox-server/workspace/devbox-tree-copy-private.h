/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Copies a file, or a folder with everything in it, to a name that is free: content, owner, mode and times; a link as a
 * link. Several names of one file become several files. `path` is how errors call the source. After a failure what was
 * copied so far is there. */
gboolean devbox_tree_copy (int source_folder_fd,
                           const char *source_name,
                           int folder_fd,
                           const char *name,
                           const char *path,
                           GCancellable *cancellable,
                           GError **error);

/* The same for all that is in a folder, into an empty one, while others may be changing it: what is gone when its turn
 * comes is left out, as are FIFOs, sockets, devices and what is mounted below it. All belongs to whoever copies, and
 * the empty folder gets mode and times of the other one. */
gboolean
devbox_tree_copy_content (int source_fd, int folder_fd, const char *path, GCancellable *cancellable, GError **error);

G_END_DECLS
