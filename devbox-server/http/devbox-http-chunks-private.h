/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A decoder of the chunked coding after RFC 9112, 7.1: strict, in place, and the same however the bytes are split.
 * Extensions and trailer fields are checked, bounded and dropped. */

#define DEVBOX_HTTP_CHUNKS_MAX_EXTENSIONS 4096 /* bytes of one body */
#define DEVBOX_HTTP_CHUNKS_MAX_TRAILERS 4096

typedef struct
{
  gint64 remaining; /* of the chunk */
  guint64 offset;   /* of the byte that comes next, from the start of the coded body */
  guint32 extensions;
  guint32 trailers;
  guint8 state;
  guint8 digits;
  const char *problem; /* what is wrong with the byte at offset; static */
} DevboxHttpChunks;

typedef enum
{
  DEVBOX_HTTP_CHUNKS_MORE,
  DEVBOX_HTTP_CHUNKS_END,
  DEVBOX_HTTP_CHUNKS_MALFORMED, /* problem and offset tell what and where */
} DevboxHttpChunksResult;

void devbox_http_chunks_init (DevboxHttpChunks *self);

/* Decodes data in place. *produced bytes of the body stand at its start afterwards; *consumed tells how much was read,
 * which is less than size only at the end and where it is malformed. */
DevboxHttpChunksResult
devbox_http_chunks_decode (DevboxHttpChunks *self, guint8 *data, gsize size, gsize *consumed, gsize *produced);

G_END_DECLS
