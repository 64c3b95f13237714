/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <dirent.h>
#include <glib.h>

G_BEGIN_DECLS

/* The way down from a folder, as deep as it goes, on descriptors alone: no link is followed. Few descriptors are open
 * at a time: those of the folders further up are closed, and opened again by way of "..", which is checked to be the
 * folder from which the way came down. Errors are in errno: ESTALE when that was moved meanwhile. */
typedef struct _DevboxFolderStack DevboxFolderStack;

/* Any descriptor of the folder, which must stay open for as long */
DevboxFolderStack *devbox_folder_stack_new (int folder_fd);
void devbox_folder_stack_free (DevboxFolderStack *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxFolderStack, devbox_folder_stack_free)

guint devbox_folder_stack_get_depth (DevboxFolderStack *self); /* 0: in the folder where it began */
int devbox_folder_stack_get_fd (DevboxFolderStack *self);
/* For a depth above 0 */
int devbox_folder_stack_get_parent_fd (DevboxFolderStack *self); /* -1 and errno */
const char *devbox_folder_stack_get_name (DevboxFolderStack *self);
/* What comes next in the folder where it stands, but "." and "..": goes on where it was when it comes back to a folder.
 * NULL at the end, with 0 in errno, and for an error. Valid until the next call. */
const struct dirent *devbox_folder_stack_read (DevboxFolderStack *self);
void devbox_folder_stack_rewind (DevboxFolderStack *self);

gboolean devbox_folder_stack_push (DevboxFolderStack *self, const char *name);
gboolean devbox_folder_stack_pop (DevboxFolderStack *self);

/* What was read is, or DT_UNKNOWN and errno: not every file system tells types in its listings, and it may be gone. */
unsigned char devbox_folder_entry_get_type (int folder_fd, const char *name, unsigned char listed_type);

/* "prefix/a/b" for a way from the root by x to a and b, x being what the prefix stands for; the end of it, if long. */
GString *devbox_folder_stack_describe (DevboxFolderStack *self, const char *prefix);

G_END_DECLS
