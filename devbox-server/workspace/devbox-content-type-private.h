/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The media type of a file by its name (a path will do), with "; charset=utf-8" for text; application/octet-stream when
 * the name tells nothing. Static. */
const char *devbox_content_type_for_name (const char *name);

G_END_DECLS
