/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/* What is known of a file beside its content. All take any descriptor, O_PATH included, and tell errors by errno. */

/* Whether the owner is as asked for; who may not give files away gets what is allowed, which is no error. */
gboolean devbox_file_give_owner (int fd, uid_t user, gid_t group, gboolean *given);
/* What fchmod () does not do for O_PATH. Not for a link, which has no mode. */
gboolean devbox_file_set_mode (int fd, mode_t mode);
/* Owner, mode and times as they are there; without setuid and setgid where the owner cannot be kept. */
gboolean devbox_file_set_attributes (int fd, const struct stat *model);

/* Whether something is mounted on it, the same file system included. FALSE where the kernel does not tell (before 5.8).
 */
gboolean devbox_file_is_mount_point (int folder_fd, const char *name);

/* "755", "0755" or "0o755", up to maximum. */
gboolean devbox_file_mode_parse (const char *text, guint maximum, guint *mode);

G_END_DECLS
