/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Several small files in one body. */

/* A form of the current dialect, whose boundary is made up; *content_type is replaced. */
GBytes *
devbox_upload_body_new_form (const char *const *paths, GBytes *const *contents, guint n_files, char **content_type);
/* The object of the classic dialect. */
GBytes *devbox_upload_body_new_classic (const char *const *paths, GBytes *const *contents, guint n_files);

G_END_DECLS
