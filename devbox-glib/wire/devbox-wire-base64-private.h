/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Canonical base64 only (RFC 4648 §4: the plain alphabet, padded, zero spare bits), as it streams. Kept by value. */
typedef struct
{
  guint8 pending[4]; /* characters of an unfinished quantum */
  guint n_pending;
  gboolean finished; /* padding was seen */
} DevboxWireBase64Decoder;

/* clang-format off */
#define DEVBOX_WIRE_BASE64_DECODER_INIT { { 0 }, 0, FALSE }
/* clang-format on */

/* Decodes as many whole quanta of in as it can into out (room for (size + 3) / 4 * 3 bytes); *out_size: bytes written;
 * *consumed: characters taken, short of size only where a character does not fit (FALSE is returned then; everything
 * before it was decoded or is pending). */
gboolean devbox_wire_base64_decode (DevboxWireBase64Decoder *self,
                                    const char *in,
                                    gsize size,
                                    guint8 *out,
                                    gsize *out_size,
                                    gsize *consumed);
gboolean devbox_wire_base64_is_complete (const DevboxWireBase64Decoder *self); /* no quantum is unfinished */
/* Whole encoding: writes (size + 2) / 3 * 4 characters, no NUL, returns that count. */
gsize devbox_wire_base64_encode (const guint8 *in, gsize size, char *out);
GBytes *devbox_wire_base64_decode_all (const char *in, gsize size); /* NULL when not canonical */

G_END_DECLS
