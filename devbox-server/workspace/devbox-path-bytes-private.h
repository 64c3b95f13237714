/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A path from the base64 of its bytes, which the member `name` of a request holds. NULL with VALIDATION_ERROR when it
 * is not canonical, or has a zero byte. */
char *devbox_path_bytes_decode (const char *name, const char *text, gsize size, GError **error);

G_END_DECLS
