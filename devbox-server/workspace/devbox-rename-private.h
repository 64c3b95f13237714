/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Renames only where there is nothing of that name: EEXIST otherwise, however quickly it came to be, on every file
 * system. FALSE and errno. */
gboolean devbox_rename_new (int folder_fd, const char *name, int new_folder_fd, const char *new_name);

G_END_DECLS
