/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A field value like `form-data; name="file"; filename="a b.txt"`: a word and parameters (RFC 2045, RFC 6266). */
typedef struct
{
  char *value;        /* the word in front, in lower case */
  GHashTable *values; /* of the parameters, by their names in lower case */
} DevboxHttpParameters;

void devbox_http_parameters_clear (DevboxHttpParameters *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxHttpParameters, devbox_http_parameters_clear)

/* Returns NULL, or what is wrong with it (static, translated). In a quoted string a backslash escapes a quotation mark
 * and itself alone: browsers send it as it is. A name that is there twice is wrong. */
const char *devbox_http_parameters_parse (DevboxHttpParameters *self, const char *text);
const char *devbox_http_parameters_get (const DevboxHttpParameters *self, const char *name);

/* The value of an extended parameter, UTF-8''%e4%bd%a0 (RFC 8187), as bytes; NULL when it is none. */
char *devbox_http_parameters_decode_extended (const char *value);

/* The value of Content-Disposition for a file, with its name twice, as RFC 6266 has it: in ASCII, and in UTF-8. The
 * name may be any bytes. */
char *devbox_http_parameters_format_attachment (const char *file_name);

G_END_DECLS
