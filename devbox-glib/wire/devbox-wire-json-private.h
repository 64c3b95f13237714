/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-wire-error-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Whole small documents. The text is scanned first (strict RFC 8259 grammar, valid UTF-8, no NUL even as \u0000, depth
 * ≤ 64, names ≤ 1 KiB, numbers ≤ 64 characters, integers within gint64, doubles finite, one value), then json-glib
 * parses it. Of members with the same name the last one counts. Errors are DEVBOX_WIRE_VALIDATION_ERROR and tell what
 * is wrong and at which byte, from 0. Parsing takes hundreds of bytes for a `{}`: a text with more arrays and objects,
 * or more values, than any that means something, is refused as well, and so are thousands of members in an object:
 * names that all have the same hash take a time that grows with the square of their number. */
gboolean devbox_wire_json_scan (const char *data, gsize size, GError **error);
gboolean devbox_wire_json_measure (const char *data,
                                   gsize size,
                                   guint64 *n_containers,
                                   guint64 *n_values,
                                   guint64 *n_pairs,
                                   GError **error);
JsonNode *devbox_wire_json_parse (const char *data, gsize size, GError **error);
JsonObject *devbox_wire_json_parse_object (const char *data, gsize size, GError **error); /* transfer full */

/* Members, checked for type and range; the error names the member and what was expected. A missing or null member
 * leaves *value as it is and returns TRUE unless `required`. Strings belong to the object. */
gboolean devbox_wire_json_get_string (JsonObject *object,
                                      const char *name,
                                      gboolean required,
                                      const char **value,
                                      GError **error);
gboolean
devbox_wire_json_get_boolean (JsonObject *object, const char *name, gboolean required, gboolean *value, GError **error);
/* 3.0 is an integer, 3.5 is not. */
gboolean devbox_wire_json_get_int (JsonObject *object,
                                   const char *name,
                                   gboolean required,
                                   gint64 minimum,
                                   gint64 maximum,
                                   gint64 *value,
                                   GError **error);
gboolean devbox_wire_json_get_double (JsonObject *object,
                                      const char *name,
                                      gboolean required,
                                      double minimum,
                                      double maximum,
                                      double *value,
                                      GError **error);
gboolean devbox_wire_json_get_object (JsonObject *object,
                                      const char *name,
                                      gboolean required,
                                      JsonObject **value,
                                      GError **error);
gboolean
devbox_wire_json_get_array (JsonObject *object, const char *name, gboolean required, JsonArray **value, GError **error);
/* Each element is a string; transfer full. */
gboolean
devbox_wire_json_get_strv (JsonObject *object, const char *name, gboolean required, GStrv *value, GError **error);
/* Each element is an object; transfer container. */
gboolean devbox_wire_json_get_objects (JsonObject *object,
                                       const char *name,
                                       gboolean required,
                                       GPtrArray **value,
                                       GError **error);

/* Writing: straight into a GString, no tree. `string` may be any bytes: each ill-formed part of UTF-8 becomes U+FFFD,
 * and so does NUL, which the scan refuses. FALSE when anything had to be replaced. */
gboolean devbox_wire_json_append_string (GString *out, const char *string, gssize length);
/* A member `,"name":"…"`; the name is written as it is. */
void devbox_wire_json_append_member (GString *out, const char *name, const char *value);
/* The same with any bytes; where they are not all text, also `,"bytes_name":"…"` with them in base64. */
void
devbox_wire_json_append_bytes (GString *out, const char *name, const char *bytes_name, const char *bytes, gsize length);
void devbox_wire_json_append_path (GString *out, const char *name, const char *bytes_name, const char *path);
void devbox_wire_json_append_time (GString *out, gint64 real_time_us); /* "2026-11-22T10:00:00.123Z", quoted */
void devbox_wire_json_append_time_in_seconds (GString *out, gint64 real_time_us); /* "2026-11-22T10:00:00Z" */

/* The members of an error body in the classic dialect and on the platform: success, error, code and timestamp; without
 * braces. */
void devbox_wire_json_append_error (GString *out, DevboxWireCode code, const char *message);

G_END_DECLS
