/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whole folders of boxes and releases, however hostile what is in them. No link is followed, no mount crossed. Each in
 * a worker thread; descriptors may be any of the folder, O_PATH included. Errors are DEVBOX_WIRE_ERROR, or
 * G_IO_ERROR_CANCELLED. */

/* A copy of the tree as it is (modes, times, links as links, holes; reflinks where the file system has them), of
 * regular files, folders and links; other kinds are left out, several names of one file become several files. All
 * belongs to the user of this process. The tree may be in use: what vanishes meanwhile is left out too. A file that
 * cannot be read is an error that names it. destination: an empty folder, which gets mode and times of the other one.
 */
gboolean devbox_folder_copy (int source_fd, int destination_fd, GCancellable *cancellable, GError **error);
/* Removes a tree, whatever its modes and depth; what is mounted in it is an error. No error when there is nothing. */
gboolean devbox_folder_remove (int parent_fd, const char *name, GCancellable *cancellable, GError **error);
/* What a tree takes on disk (bytes of blocks). A file of several names counts for its share at each of them: once when
 * all of them are in the tree. Folders that cannot be read count for themselves. */
gboolean devbox_folder_measure (int folder_fd, guint64 *used, GCancellable *cancellable, GError **error);

G_END_DECLS
