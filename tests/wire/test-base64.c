/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-wire-base64-private.h"

#include <string.h>

static void
fill (GRand *random, guint8 *data, gsize size)
{
  for (gsize i = 0; i < size; i++)
    data[i] = g_rand_int (random);
}

static char *
encode (const guint8 *data, gsize size, gsize *encoded_size)
{
  char *encoded = g_malloc ((size + 2) / 3 * 4);

  *encoded_size = devbox_wire_base64_encode (data, size, encoded);

  return encoded;
}

static void
test_vectors (void)
{
  const char *vectors[][2] = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
    { "\xfb\xff\xbf", "+/+/" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GBytes) decoded = devbox_wire_base64_decode_all (vectors[i][1], strlen (vectors[i][1]));
      gsize encoded_size;
      g_autofree char *encoded = encode ((const guint8 *) vectors[i][0], strlen (vectors[i][0]), &encoded_size);

      g_assert_cmpmem (encoded, encoded_size, vectors[i][1], strlen (vectors[i][1]));
      g_assert_cmpmem (g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded), vectors[i][0],
                       strlen (vectors[i][0]));
    }
}

/* Every size up to some hundred against GLib, from allocations that end with the data. */
static void
test_against_glib (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (64);

  for (gsize size = 0; size < 400; size++)
    {
      g_autofree guint8 *data = g_malloc (size + 1);
      g_autofree guint8 *exact = NULL;
      g_autofree char *reference = NULL;
      g_autofree char *encoded = NULL;
      g_autoptr (GBytes) decoded = NULL;
      gsize encoded_size;

      fill (random, data, size);
      exact = g_memdup2 (data, size);
      reference = g_base64_encode (data, size);
      encoded = encode (exact, size, &encoded_size);
      g_assert_cmpmem (encoded, encoded_size, reference, strlen (reference));
      decoded = devbox_wire_base64_decode_all (encoded, encoded_size);
      g_assert_nonnull (decoded);
      g_assert_cmpmem (g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded), data, size);
    }
}

static const struct
{
  const char *text;
  gsize consumed; /* before the first character that cannot stand there */
} refused[] = {
  { "====", 0 },
  { "=", 0 },
  { "A===", 1 },
  { "AA=A", 3 },
  { "AA==A", 4 },
  { "AA===", 4 },
  { "AAA==", 4 },
  { "AAAA=", 4 },
  { "AB==", 2 },
  { "AP==", 2 },
  { "AAB=", 3 },
  { "AAD=", 3 },
  { "AAAAAB==", 6 },
  { "AAAA AAAA", 4 },
  { "AAAA\nAAAA", 4 },
  { "AAA-", 3 },
  { "AAA_", 3 },
  { "A.AA", 1 },
  { "Zg==Zg==", 4 },
  { "AAA\x80", 3 },
  { "A\xc3\xa9", 1 },
  { "\xff", 0 },
  { " AAAA", 0 },
  { "AAAA\r\n", 4 },
  { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!AAAAAAAAAAAAAAAA", 35 },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      gsize size = strlen (refused[i].text);

      g_assert_null (devbox_wire_base64_decode_all (refused[i].text, size));
      for (gsize piece = 1; piece <= size; piece++)
        {
          DevboxWireBase64Decoder decoder = DEVBOX_WIRE_BASE64_DECODER_INIT;
          gboolean accepted = TRUE;
          gsize done = 0;

          while (accepted && done < size)
            {
              guint8 out[64];
              gsize out_size, consumed, length = MIN (piece, size - done);

              accepted
                  = devbox_wire_base64_decode (&decoder, refused[i].text + done, length, out, &out_size, &consumed);
              g_assert_true (accepted == (consumed == length));
              done += consumed;
            }
          g_assert_false (accepted);
          g_assert_cmpuint (done, ==, refused[i].consumed);
        }
    }
}

static void
test_nul (void)
{
  g_assert_null (devbox_wire_base64_decode_all ("AAA\0", 4));
  g_assert_null (devbox_wire_base64_decode_all ("\0", 1));
}

static void
test_incomplete (void)
{
  const char *texts[] = { "A", "AA", "AAA", "AA=", "AAAAA", "AAAAAA=" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      DevboxWireBase64Decoder decoder = DEVBOX_WIRE_BASE64_DECODER_INIT;
      guint8 out[16];
      gsize out_size, consumed;

      g_assert_true (devbox_wire_base64_decode (&decoder, texts[i], strlen (texts[i]), out, &out_size, &consumed));
      g_assert_false (devbox_wire_base64_is_complete (&decoder));
      g_assert_null (devbox_wire_base64_decode_all (texts[i], strlen (texts[i])));
    }
}

/* Exactly one spelling of each last quantum is canonical. */
static void
test_spare_bits (void)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  guint n_one = 0, n_two = 0;

  for (guint i = 0; i < 64; i++)
    {
      const char one[] = { 'Q', alphabet[i], '=', '=' };
      const char two[] = { 'Q', 'Q', alphabet[i], '=' };
      g_autoptr (GBytes) one_byte = devbox_wire_base64_decode_all (one, 4);
      g_autoptr (GBytes) two_bytes = devbox_wire_base64_decode_all (two, 4);

      g_assert_true ((one_byte != NULL) == (i % 16 == 0));
      g_assert_true ((two_bytes != NULL) == (i % 4 == 0));
      n_one += one_byte != NULL;
      n_two += two_bytes != NULL;
    }

  g_assert_cmpuint (n_one, ==, 4);
  g_assert_cmpuint (n_two, ==, 16);
}

/* Two pieces, cut at every position, into buffers of just the room that the header asks for. */
static void
test_split_everywhere (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (3);

  for (gsize size = 90; size < 93; size++)
    {
      guint8 data[93];
      gsize encoded_size;
      g_autofree char *encoded = NULL;

      fill (random, data, size);
      encoded = encode (data, size, &encoded_size);
      for (gsize cut = 0; cut <= encoded_size; cut++)
        {
          DevboxWireBase64Decoder decoder = DEVBOX_WIRE_BASE64_DECODER_INIT;
          g_autofree guint8 *first = g_malloc ((cut + 3) / 4 * 3);
          g_autofree guint8 *second = g_malloc ((encoded_size - cut + 3) / 4 * 3);
          g_autofree char *first_piece = g_memdup2 (encoded, cut);
          g_autofree char *second_piece = g_memdup2 (encoded + cut, encoded_size - cut);
          gsize first_size, second_size, consumed;

          g_assert_true (devbox_wire_base64_decode (&decoder, first_piece, cut, first, &first_size, &consumed));
          g_assert_cmpuint (consumed, ==, cut);
          g_assert_true (devbox_wire_base64_is_complete (&decoder) == (cut % 4 == 0));
          g_assert_true (
              devbox_wire_base64_decode (&decoder, second_piece, encoded_size - cut, second, &second_size, &consumed));
          g_assert_cmpuint (consumed, ==, encoded_size - cut);
          g_assert_true (devbox_wire_base64_is_complete (&decoder));
          g_assert_cmpuint (first_size + second_size, ==, size);
          g_assert_cmpmem (first, first_size, data, first_size);
          g_assert_cmpmem (second, second_size, data + first_size, second_size);
        }
    }
}

/* What was taken can be encoded back: decoded bytes and pending characters are exactly the text before the one that did
 * not fit. */
static void
test_invertible (void)
{
  static const char alphabet[] = "ABCDwxyz0189+/=\n";
  g_autoptr (GRand) random = g_rand_new_with_seed (11);

  for (guint round = 0; round < 20000; round++)
    {
      DevboxWireBase64Decoder decoder = DEVBOX_WIRE_BASE64_DECODER_INIT;
      char text[48], back[64];
      guint8 out[64];
      gsize out_size, consumed, back_size;
      guint n_letters = g_rand_int_range (random, 12, sizeof alphabet);

      for (guint i = 0; i < sizeof text; i++)
        text[i] = alphabet[g_rand_int_range (random, 0, n_letters)];
      devbox_wire_base64_decode (&decoder, text, sizeof text, out, &out_size, &consumed);
      back_size = devbox_wire_base64_encode (out, out_size, back);
      memcpy (back + back_size, decoder.pending, decoder.n_pending);
      g_assert_cmpmem (back, back_size + decoder.n_pending, text, consumed);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wire/base64/vectors", test_vectors);
  g_test_add_func ("/wire/base64/against-glib", test_against_glib);
  g_test_add_func ("/wire/base64/refused", test_refused);
  g_test_add_func ("/wire/base64/nul", test_nul);
  g_test_add_func ("/wire/base64/incomplete", test_incomplete);
  g_test_add_func ("/wire/base64/spare-bits", test_spare_bits);
  g_test_add_func ("/wire/base64/split-everywhere", test_split_everywhere);
  g_test_add_func ("/wire/base64/invertible", test_invertible);

  return g_test_run ();
}
