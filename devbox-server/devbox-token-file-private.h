/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The token of an agent that must ask for one and was given none: read from the user's state folder, or made and stored
 * there (mode 0600). *created tells which; *path is where it stands (transfer full). */
char *devbox_token_file_load_or_create (char **path, gboolean *created, GError **error);

G_END_DECLS
