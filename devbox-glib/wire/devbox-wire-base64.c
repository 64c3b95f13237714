/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-base64-private.h"

#include <string.h>

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits of each character; what is outside the alphabet has INVALID set. */
#define INVALID 0x80
#define __ INVALID
/* clang-format off */
static const guint8 values[256] = {
  __, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
  __, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
  __, __, __, __, __, __, __, __, __, __, __, 62, __, __, __, 63,
  52, 53, 54, 55, 56, 57, 58, 59, 60, 61, __, __, __, __, __, __,
  __,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
  15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, __, __, __, __, __,
  __, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
  41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, __, __, __, __, __,
  __, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
  __, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
  __, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
  __, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
  __, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
  __, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
  __, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
  __, __, __, __, __, __, __, __, __, __, __, __, __, __, __, __,
};
/* clang-format on */
#undef __

/* Two quanta a step, while there are three: each step stores eight bytes of which six count, so the room of one more
 * quantum must follow. Returns how many characters were decoded; stops before a quantum that needs a closer look. */
static gsize
decode_quanta (const guint8 *in, gsize size, guint8 *out)
{
  gsize done;

  for (done = 0; size - done >= 12; done += 8)
    {
      const guint8 *c = in + done;
      guint64 v0 = values[c[0]], v1 = values[c[1]], v2 = values[c[2]], v3 = values[c[3]];
      guint64 v4 = values[c[4]], v5 = values[c[5]], v6 = values[c[6]], v7 = values[c[7]];
      guint64 word;

      if (((v0 | v1 | v2 | v3 | v4 | v5 | v6 | v7) & INVALID) != 0)
        break;

      word = v0 << 58 | v1 << 52 | v2 << 46 | v3 << 40 | v4 << 34 | v5 << 28 | v6 << 22 | v7 << 16;
      word = GUINT64_TO_BE (word);
      memcpy (out + done / 4 * 3, &word, sizeof word);
    }

  return done;
}

/* Whether `c` can come next: exactly when some canonical encoding begins with what there is and `c`. */
static gboolean
accepts (const DevboxWireBase64Decoder *self, guint8 c)
{
  if (self->finished)
    return FALSE;
  if (c != '=')
    return values[c] != INVALID && (self->n_pending < 3 || self->pending[2] != '=');

  /* Padding: the bits of the character before it that would belong to the next byte must be zero. */
  if (self->n_pending == 2)
    return (values[self->pending[1]] & 0x0f) == 0;
  if (self->n_pending == 3)
    return self->pending[2] == '=' || (values[self->pending[2]] & 0x03) == 0;

  return FALSE;
}

/* The quantum in `pending` is whole: returns how many bytes it gave. */
static gsize
decode_pending (DevboxWireBase64Decoder *self, guint8 *out)
{
  guint32 word = (guint32) values[self->pending[0]] << 18 | (guint32) values[self->pending[1]] << 12;

  self->n_pending = 0;
  out[0] = word >> 16;
  if (self->pending[2] == '=')
    {
      self->finished = TRUE;
      return 1;
    }

  word |= (guint32) values[self->pending[2]] << 6;
  out[1] = word >> 8;
  if (self->pending[3] == '=')
    {
      self->finished = TRUE;
      return 2;
    }

  out[2] = word | values[self->pending[3]];
  return 3;
}

gboolean
devbox_wire_base64_decode (DevboxWireBase64Decoder *self,
                           const char *in,
                           gsize size,
                           guint8 *out,
                           gsize *out_size,
                           gsize *consumed)
{
  const guint8 *start = (const guint8 *) in;
  const guint8 *end = start + size;
  const guint8 *next = start;
  guint8 *out_start = out;
  gboolean accepted = TRUE;

  while (next < end)
    {
      if (self->n_pending == 0 && !self->finished)
        {
          gsize n_decoded = decode_quanta (next, end - next, out);

          next += n_decoded;
          out += n_decoded / 4 * 3;
        }

      accepted = accepts (self, *next);
      if (!accepted)
        break;

      self->pending[self->n_pending++] = *next++;
      if (self->n_pending == 4)
        out += decode_pending (self, out);
    }

  *out_size = out - out_start;
  *consumed = next - start;

  return accepted;
}

gboolean
devbox_wire_base64_is_complete (const DevboxWireBase64Decoder *self)
{
  return self->n_pending == 0;
}

gsize
devbox_wire_base64_encode (const guint8 *in, gsize size, char *out)
{
  char *out_start = out;

  /* Eight bytes are loaded for the six that a step takes. */
  for (; size >= 8; size -= 6, in += 6, out += 8)
    {
      guint64 word;

      memcpy (&word, in, sizeof word);
      word = GUINT64_FROM_BE (word);
      out[0] = alphabet[word >> 58];
      out[1] = alphabet[word >> 52 & 0x3f];
      out[2] = alphabet[word >> 46 & 0x3f];
      out[3] = alphabet[word >> 40 & 0x3f];
      out[4] = alphabet[word >> 34 & 0x3f];
      out[5] = alphabet[word >> 28 & 0x3f];
      out[6] = alphabet[word >> 22 & 0x3f];
      out[7] = alphabet[word >> 16 & 0x3f];
    }

  for (; size > 0; out += 4)
    {
      gsize n_bytes = MIN (size, 3);
      guint32 word = (guint32) in[0] << 16;

      if (n_bytes > 1)
        word |= (guint32) in[1] << 8;
      if (n_bytes > 2)
        word |= in[2];
      out[0] = alphabet[word >> 18];
      out[1] = alphabet[word >> 12 & 0x3f];
      out[2] = n_bytes > 1 ? alphabet[word >> 6 & 0x3f] : '=';
      out[3] = n_bytes > 2 ? alphabet[word & 0x3f] : '=';
      in += n_bytes;
      size -= n_bytes;
    }

  return out - out_start;
}

GBytes *
devbox_wire_base64_decode_all (const char *in, gsize size)
{
  DevboxWireBase64Decoder decoder = DEVBOX_WIRE_BASE64_DECODER_INIT;
  g_autofree guint8 *data = g_malloc (size / 4 * 3 + 3);
  gsize data_size, consumed;

  if (!devbox_wire_base64_decode (&decoder, in, size, data, &data_size, &consumed)
      || !devbox_wire_base64_is_complete (&decoder))
    return NULL;

  return g_bytes_new_take (g_steal_pointer (&data), data_size);
}
