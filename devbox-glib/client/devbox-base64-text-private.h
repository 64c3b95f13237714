/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A text with content in base64 between a head and a tail, which are copied: made piece by piece, as it is read. */
typedef struct _DevboxBase64Text DevboxBase64Text;

/* What is encoded at a time: a few microseconds' work, and whole quanta. */
#define DEVBOX_BASE64_TEXT_PIECE_SIZE (12 * 1024)

DevboxBase64Text *devbox_base64_text_new (const char *head, const char *tail);
void devbox_base64_text_free (DevboxBase64Text *self);
/* How much it is in all, of so much content. */
goffset devbox_base64_text_get_size (const char *head, const char *tail, goffset content_size);

/* Whether there is nothing to read before more content comes. */
gboolean devbox_base64_text_wants_more (DevboxBase64Text *self);
/* Only when it does; with the last piece, which may be empty, comes the tail. */
void devbox_base64_text_add (DevboxBase64Text *self, const guint8 *content, gsize size, gboolean is_last);
gsize
devbox_base64_text_read (DevboxBase64Text *self, void *buffer, gsize count); /* 0: it wants more, or that was all */

G_END_DECLS
