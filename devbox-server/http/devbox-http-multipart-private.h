/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A multipart/form-data body (RFC 7578, RFC 2046) as it streams: feed pieces of any size, get events. What is found,
 * and whether it is an error, does not depend on how the body was cut; memory does not grow with it. All errors of its
 * own are VALIDATION_ERROR and tell what is wrong in which part. */
typedef struct _DevboxHttpMultipart DevboxHttpMultipart;

#define DEVBOX_HTTP_MULTIPART_MAX_BOUNDARY 70
#define DEVBOX_HTTP_MULTIPART_MAX_HEADERS 8192 /* bytes, of one part */
#define DEVBOX_HTTP_MULTIPART_MAX_FIELDS 32    /* of one part */
#define DEVBOX_HTTP_MULTIPART_MAX_PARTS 50000
#define DEVBOX_HTTP_MULTIPART_MAX_MARGIN 4096 /* bytes before the first part, and after the last one */

/* What the header of a part says, in bytes; it need not be UTF-8. */
typedef struct
{
  const char *name;
  const char *file_name;    /* NULL: none; slashes are kept */
  const char *content_type; /* NULL: none was given */
} DevboxHttpPart;

typedef struct
{
  gboolean (*begin_part) (gpointer user_data, const DevboxHttpPart *part, GError **error);
  gboolean (*data) (gpointer user_data, const guint8 *data, gsize size, GError **error);
  gboolean (*end_part) (gpointer user_data, GError **error);
} DevboxHttpMultipartHandler; /* a function that returns FALSE sets the error, and ends it */

/* From the value of a Content-Type, which may be NULL: VALIDATION_ERROR when it is not multipart/form-data with one
 * boundary of the form that RFC 2046 gives it. */
char *devbox_http_multipart_find_boundary (const char *content_type, GError **error);

/* The handler is static. */
DevboxHttpMultipart *
devbox_http_multipart_new (const char *boundary, const DevboxHttpMultipartHandler *handler, gpointer user_data);
void devbox_http_multipart_free (DevboxHttpMultipart *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxHttpMultipart, devbox_http_multipart_free)

/* After an error each further call fails with the same one. */
gboolean devbox_http_multipart_feed (DevboxHttpMultipart *self, const guint8 *data, gsize size, GError **error);
/* The body is at its end: fails when that came before the closing boundary. The last part may be told here. */
gboolean devbox_http_multipart_finish (DevboxHttpMultipart *self, GError **error);

G_END_DECLS
