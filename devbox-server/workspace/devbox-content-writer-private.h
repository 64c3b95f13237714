/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-file-replacement-private.h"

G_BEGIN_DECLS

/* The `content` of a JSON body on its way into a file, whose `encoding` may come before or after it (docs/wire.md,
 * decision "bytes stream"). While the encoding is unknown, canonical base64 is decoded on speculation; at the first
 * character that is not canonical, or when the encoding turns out to be utf8, what was decoded is encoded back in
 * place, once, from the end of the file to its front. Memory does not grow with the content. */
typedef struct _DevboxContentWriter DevboxContentWriter;

typedef enum
{
  DEVBOX_CONTENT_UNKNOWN, /* end with this: utf8 */
  DEVBOX_CONTENT_UTF8,
  DEVBOX_CONTENT_BASE64,
} DevboxContentEncoding;

/* max_size counts the bytes of the file, after decoding; -1: none. Canonical base64 alone counts as base64, whichever
 * of content and encoding comes first: VALIDATION_ERROR tells the character. */
DevboxContentWriter *devbox_content_writer_new (DevboxWorkspace *workspace, goffset max_size);
void devbox_content_writer_free (DevboxContentWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxContentWriter, devbox_content_writer_free)

gboolean devbox_content_writer_set_path (DevboxContentWriter *self, const char *path, GError **error);
/* At most once, at any time before the commit. */
gboolean devbox_content_writer_set_encoding (DevboxContentWriter *self, DevboxContentEncoding encoding, GError **error);
/* Text as it stood in the JSON string, in pieces. */
gboolean devbox_content_writer_write (DevboxContentWriter *self, const char *data, gsize size, GError **error);
gboolean devbox_content_writer_commit (DevboxContentWriter *self, int mode, GError **error);
/* Both after the commit; see devbox_file_replacement_get_n_old_links (). */
goffset devbox_content_writer_get_size (DevboxContentWriter *self);
guint devbox_content_writer_get_n_old_links (DevboxContentWriter *self);

G_END_DECLS
