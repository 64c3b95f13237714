/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-workers-private.h"

G_BEGIN_DECLS

/* The folders of releases: releases/UID, copies of workspaces. data_fd is of the data folder. */

/* Opens the data folder, and makes what is missing in there; -1 on error. */
int devbox_release_folder_open_data (const char *data_folder, GError **error);
gboolean devbox_release_folder_exists (int data_fd, const char *uid);

/* In a worker: a copy of the workspace of a box is made in incoming/ and put into its place when all of it is on disk;
 * an error when the box was deleted meanwhile. */
gboolean devbox_release_folder_make (int data_fd,
                                     const char *uid,
                                     const char *box_uid,
                                     GCancellable *cancellable,
                                     GError **error);
/* In a worker: an error when the release was removed meanwhile. */
gboolean
devbox_release_folder_seed (int data_fd, const char *uid, int folder_fd, GCancellable *cancellable, GError **error);
/* Takes it away at once, if it is there; the workers, if any, remove what it holds. */
gboolean devbox_release_folder_discard (int data_fd, const char *uid, DevboxWorkers *workers, GError **error);

G_END_DECLS
