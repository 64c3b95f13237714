/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-query-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Paths in requests: text in `name`, or in its place base64 of any bytes in `bytes_name`. Transfer full; NULL with
 * VALIDATION_ERROR for one that is missing, of the wrong type, there in both forms, or no canonical base64. */
char *devbox_path_member_get (JsonObject *object, const char *name, const char *bytes_name, GError **error);
/* A parameter may also hold the bytes as they are, percent-encoded; without any it is `fallback`. */
char *devbox_path_member_get_query (DevboxHttpQuery *query,
                                    const char *name,
                                    const char *bytes_name,
                                    const char *fallback,
                                    GError **error);

G_END_DECLS
