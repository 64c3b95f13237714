/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-base64-private.h"

#include <string.h>

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits of each character, in a table for each of the four places of a quantum: where they belong in a word
 * whose upper three bytes are what the quantum stands for. What is outside the alphabet has INVALID set, in the byte
 * that is left over. */
static guint32 places[4][256];
#define INVALID 1

static void
prepare_places (void)
{
  static gsize prepared = 0;

  if (!g_once_init_enter (&prepared))
    return;

  for (guint place = 0; place < 4; place++)
    {
      for (guint c = 0; c < 256; c++)
        places[place][c] = INVALID;
      for (guint32 value = 0; value < 64; value++)
        places[place][(guint8) alphabet[value]] = value << (26 - 6 * place);
    }

  g_once_init_leave (&prepared, 1);
}

static inline guint32
combine (const guint8 *quantum)
{
  return places[0][quantum[0]] | places[1][quantum[1]] | places[2][quantum[2]] | places[3][quantum[3]];
}

/* Two quanta a step while there are three, since each is stored with its left-over byte. Returns how many characters
 * were decoded; stops before a quantum that needs a closer look. */
static gsize
decode_quanta (const guint8 *in, gsize size, guint8 *out)
{
  gsize done;

  for (done = 0; size - done >= 12; done += 8, out += 6)
    {
      guint32 first = combine (in + done);
      guint32 second = combine (in + done + 4);

      if (((first | second) & INVALID) != 0)
        break;

      first = GUINT32_TO_BE (first);
      second = GUINT32_TO_BE (second);
      memcpy (out, &first, sizeof first);
      memcpy (out + 3, &second, sizeof second);
    }

  return done;
}

static guint
get_value (guint8 c)
{
  return places[3][c] >> 8;
}

static gboolean
is_letter (guint8 c)
{
  return (places[3][c] & INVALID) == 0;
}

/* Whether `c` can come next: exactly when some canonical encoding begins with what there is and `c`. */
static gboolean
accepts (const DevboxWireBase64Decoder *self, guint8 c)
{
  if (self->finished)
    return FALSE;
  if (c != '=')
    return is_letter (c) && (self->n_pending < 3 || self->pending[2] != '=');

  /* Padding: the bits of the character before it that would belong to the next byte must be zero. */
  if (self->n_pending == 2)
    return (get_value (self->pending[1]) & 0x0f) == 0;
  if (self->n_pending == 3)
    return self->pending[2] == '=' || (get_value (self->pending[2]) & 0x03) == 0;

  return FALSE;
}

/* The quantum in `pending` is whole: returns how many bytes it gave. */
static gsize
decode_pending (DevboxWireBase64Decoder *self, guint8 *out)
{
  gsize n_bytes = self->pending[2] == '=' ? 1 : self->pending[3] == '=' ? 2 : 3;
  guint32 word = GUINT32_TO_BE (combine (self->pending)); /* padding adds nothing but the flag */

  memcpy (out, &word, n_bytes);
  self->n_pending = 0;
  self->finished = n_bytes < 3;

  return n_bytes;
}

gboolean
devbox_wire_base64_decode (DevboxWireBase64Decoder *self,
                           const char *in,
                           gsize size,
                           guint8 *out,
                           gsize *out_size,
                           gsize *consumed)
{
  gsize done = 0, written = 0;
  gboolean accepted = TRUE;

  prepare_places ();

  while (done < size)
    {
      const guint8 *next = (const guint8 *) in + done;

      if (self->n_pending == 0 && !self->finished)
        {
          gsize n_decoded = decode_quanta (next, size - done, out + written);

          done += n_decoded;
          next += n_decoded;
          written += n_decoded / 4 * 3;
        }

      accepted = accepts (self, *next);
      if (!accepted)
        break;

      self->pending[self->n_pending++] = *next;
      done++;
      if (self->n_pending == 4)
        written += decode_pending (self, out + written);
    }

  *out_size = written;
  *consumed = done;

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
