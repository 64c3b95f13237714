/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the agent of a box says on its standard output and error: the first MiB of it in the file "log" of the box's
 * folder, the rest dropped, and its last line. Of the thread whose default context it was made in. */
typedef struct _DevboxBoxLog DevboxBoxLog;

/* output_fd: the end for the child, the caller's to close. */
DevboxBoxLog *devbox_box_log_new (const char *box_folder, int *output_fd, GError **error);
void devbox_box_log_free (DevboxBoxLog *self);

/* Reads what is there, and gives the last line, for people: valid, printable and short. NULL: none. Transfer full. */
char *devbox_box_log_dup_last_line (DevboxBoxLog *self);

G_END_DECLS
