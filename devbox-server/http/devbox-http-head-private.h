/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-types-private.h"

G_BEGIN_DECLS

/* The head of a request after RFC 9112, read strictly and piece by piece from a buffer that grows. Nothing is copied:
 * what was found is kept as offsets from the first byte of the buffer, so a caller may move the bytes between two
 * calls. What is found, and the error, never depend on how the bytes were split. */

#define DEVBOX_HTTP_HEAD_MAX_FIELDS 128
#define DEVBOX_HTTP_HEAD_MAX_REQUEST_LINE 8192

typedef struct
{
  guint32 name;
  guint32 name_length;
  guint32 value;
  guint32 value_length;
} DevboxHttpField;

struct _DevboxHttpHead
{
  /* Where the parser stands */
  guint32 line_start;
  guint32 scanned; /* no line feed between line_start and here */
  guint line;      /* 1 is the request line */

  /* What it found */
  guint32 size; /* with the empty line that ends it */
  guint32 method;
  guint32 method_length;
  guint32 path;
  guint32 path_length; /* 0: the target had none, and "/" is meant */
  guint32 query;
  guint32 query_length;
  guint32 authority; /* of a target in absolute form */
  guint32 authority_length;
  gint64 content_length; /* 0: no body, -1: chunked */
  guint n_fields;

  guint minor_version : 1;
  guint has_query : 1;
  guint has_host : 1;
  guint has_content_length : 1;
  guint is_chunked : 1;
  guint expects_continue : 1;
  guint says_close : 1;
  guint says_keep_alive : 1;
  guint says_upgrade : 1;
  guint is_options : 1;
  guint skipped_empty_line : 1;
  guint is_failed : 1;

  /* What is wrong with it */
  guint status;      /* the status to refuse it with */
  char message[192]; /* printable ASCII without quotes or backslashes */

  DevboxHttpField fields[DEVBOX_HTTP_HEAD_MAX_FIELDS];
};

typedef enum
{
  DEVBOX_HTTP_HEAD_INCOMPLETE,
  DEVBOX_HTTP_HEAD_COMPLETE,
  DEVBOX_HTTP_HEAD_MALFORMED, /* status and message are set */
} DevboxHttpHeadResult;

void devbox_http_head_init (DevboxHttpHead *self);

/* data: everything received of this request so far, size: how much that is, max_size: what a head may have. */
DevboxHttpHeadResult devbox_http_head_parse (DevboxHttpHead *self, const guint8 *data, gsize size, gsize max_size);

gboolean devbox_http_is_token_char (guint8 c);
/* Whether one of the elements of a comma-separated list is token, in any case. */
gboolean devbox_http_list_has_token (const char *list, gsize length, const char *token);

G_END_DECLS
