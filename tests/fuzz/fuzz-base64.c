/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decoder takes exactly what GLib's encoder writes, wherever the text is cut; whatever it took can be encoded back;
 * and the encoder writes what GLib's does. */
#include "devbox-wire-base64-private.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static GBytes *
decode_with_glib (const char *text, gsize size)
{
  g_autofree char *terminated = g_strndup (size > 0 ? text : "", size);
  g_autofree char *back = NULL;
  g_autofree guint8 *decoded = NULL;
  gsize decoded_size;

  decoded = g_base64_decode (terminated, &decoded_size);
  back = g_base64_encode (decoded, decoded_size);
  if (strlen (back) != size || strncmp (back, size > 0 ? text : "", size) != 0)
    return NULL;

  return g_bytes_new (decoded, decoded_size);
}

/* The decoded bytes, and how many characters were taken. */
static GByteArray *
decode_in_pieces (const char *text, gsize size, GRand *splitter, DevboxWireBase64Decoder *decoder, gsize *taken)
{
  GByteArray *decoded = g_byte_array_new ();
  gboolean accepted = TRUE;

  *taken = 0;
  while (accepted && *taken < size)
    {
      gsize wanted = splitter != NULL ? (gsize) g_rand_int_range (splitter, 0, 40) : size;
      gsize length = MIN (wanted, size - *taken);
      g_autofree char *piece = g_memdup2 (text + *taken, length);
      g_autofree guint8 *out = g_malloc ((length + 3) / 4 * 3);
      gsize out_size, consumed;

      accepted = devbox_wire_base64_decode (decoder, piece, length, out, &out_size, &consumed);
      g_assert_true (accepted == (consumed == length));
      g_assert_cmpuint (out_size, <=, (length + 3) / 4 * 3);
      g_byte_array_append (decoded, out, out_size);
      *taken += consumed;
    }

  return decoded;
}

static void
check_decode (const char *text, gsize size, GRand *splitter)
{
  DevboxWireBase64Decoder whole_decoder = DEVBOX_WIRE_BASE64_DECODER_INIT;
  DevboxWireBase64Decoder split_decoder = DEVBOX_WIRE_BASE64_DECODER_INIT;
  g_autoptr (GBytes) decoded = devbox_wire_base64_decode_all (text, size);
  g_autoptr (GBytes) reference = decode_with_glib (text, size);
  gsize whole_taken, split_taken, back_size;
  g_autoptr (GByteArray) whole = decode_in_pieces (text, size, NULL, &whole_decoder, &whole_taken);
  g_autoptr (GByteArray) split = decode_in_pieces (text, size, splitter, &split_decoder, &split_taken);
  g_autofree char *back = g_malloc ((whole->len + 2) / 3 * 4 + sizeof whole_decoder.pending);

  g_assert_true ((decoded != NULL) == (reference != NULL));
  g_assert_true (decoded == NULL || g_bytes_equal (decoded, reference));

  g_assert_cmpuint (whole_taken, ==, split_taken);
  g_assert_cmpmem (whole->data, whole->len, split->data, split->len);
  g_assert_cmpmem (whole_decoder.pending, whole_decoder.n_pending, split_decoder.pending, split_decoder.n_pending);
  g_assert_true ((decoded != NULL) == (whole_taken == size && devbox_wire_base64_is_complete (&whole_decoder)));

  back_size = devbox_wire_base64_encode (whole->data, whole->len, back);
  memcpy (back + back_size, whole_decoder.pending, whole_decoder.n_pending);
  g_assert_cmpmem (back, back_size + whole_decoder.n_pending, text, whole_taken);
}

static void
check_encode (const guint8 *data, gsize size)
{
  g_autofree char *reference = g_base64_encode (data, size);
  g_autofree char *encoded = g_malloc ((size + 2) / 3 * 4);
  gsize encoded_size = devbox_wire_base64_encode (data, size, encoded);

  g_assert_cmpmem (encoded, encoded_size, reference, strlen (reference));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static GRand *splitter;

  if (splitter == NULL)
    splitter = g_rand_new ();
  g_rand_set_seed (splitter, size);
  check_decode ((const char *) data, size, splitter);
  check_encode (data, size);

  return 0;
}
