/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The whole content of one file into an empty one: as a reflink where the file system has them; holes stay
 * holes. What was cut meanwhile is copied as it is then. FALSE and errno: ECANCELED when cancelled. */
gboolean devbox_file_copy_content (int fd, int source_fd, GCancellable *cancellable);

G_END_DECLS
