/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-random-private.h"
#include "devbox-workers-private.h"

G_BEGIN_DECLS

/* The folder of a platform's data, and the ways in it: what is made is made in incoming/ and renamed into place, what
 * is thrown away is renamed into trash/ and removed there. data_fd is of that folder. */

/* Folders below that of the data. */
#define DEVBOX_BOX_FOLDER_BOXES "boxes"
#define DEVBOX_BOX_FOLDER_RELEASES "releases"
#define DEVBOX_BOX_FOLDER_INCOMING "incoming"
#define DEVBOX_BOX_FOLDER_TRASH "trash"

gboolean devbox_data_folder_make (int parent_fd, const char *name, GError **error); /* it may be there */
int devbox_data_folder_open (int parent_fd, const char *name, GError **error);      /* never by a link */

/* Everything that stands in a folder now; fd is of that folder. */
typedef void (*DevboxDataFolderFunc) (int fd, const char *entry, gpointer user_data);
void devbox_data_folder_for_each (int data_fd, const char *name, DevboxDataFolderFunc func, gpointer user_data);

/* Away from where it is, if it is there, into the trash; entry tells as what. */
gboolean devbox_data_folder_discard (int data_fd, const char *path, char entry[DEVBOX_ID_LENGTH + 1], GError **error);
/* Removes an entry of the trash, NULL: all of them, in a worker; what is not removed then, the next start removes.
 * data_fd must outlive the workers. */
void devbox_data_folder_empty_trash (int data_fd, DevboxWorkers *workers, const char *entry);

G_END_DECLS
