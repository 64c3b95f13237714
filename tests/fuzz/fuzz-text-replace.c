/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-text-check-private.h"
#include "devbox-text-finder-private.h"
#include "devbox-text-replacer-private.h"

#include <string.h>

/* A text that comes in pieces, cut anywhere, is replaced and judged as one would with all of it at hand. The first
 * bytes of the input say how: the lengths of both texts, which come next, how often the rest is repeated, the lengths
 * of the pieces. */

#define N_CONTROL 4
#define MAX_SIZE (300 * 1024)

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static gboolean
append (const guint8 *data, gsize size, gpointer user_data, GError **error)
{
  g_assert_cmpuint (size, >, 0);
  g_byte_array_append (user_data, data, size);

  return TRUE;
}

static gsize
get_piece_size (guint *seed, gsize size)
{
  gsize n;

  *seed = *seed * 1103515245 + 12345;
  n = 1 + (*seed >> 8) % (size > 4096 ? 400000 : 30);

  return MIN (n, size);
}

/* Byte by byte. */
static guint64
work_out (GByteArray *expected, const char *from, const char *to, const guint8 *text, gsize size)
{
  gsize length = strlen (from);
  gsize copied = 0;
  guint64 n_replacements = 0;

  for (gsize i = 0; i < size;)
    {
      if (text[i] != (guint8) from[0] || size - i < length || memcmp (text + i, from, length) != 0)
        {
          i++;
          continue;
        }

      g_byte_array_append (expected, text + copied, i - copied);
      g_byte_array_append (expected, (const guint8 *) to, strlen (to));
      i += length;
      copied = i;
      n_replacements++;
    }
  g_byte_array_append (expected, text + copied, size - copied);

  return n_replacements;
}

static void
check_replacer (const char *from, const char *to, const guint8 *text, gsize size, guint seed)
{
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  g_autoptr (GByteArray) replaced = g_byte_array_new ();
  g_autoptr (DevboxTextReplacer) replacer = devbox_text_replacer_new (from, to, append, replaced);
  guint64 n_replacements = work_out (expected, from, to, text, size);

  for (gsize place = 0; place < size;)
    {
      gsize n = get_piece_size (&seed, size - place);

      g_assert_true (devbox_text_replacer_feed (replacer, text + place, n, NULL));
      place += n;
    }
  g_assert_true (devbox_text_replacer_finish (replacer, NULL));

  g_assert_cmpuint (devbox_text_replacer_get_n_replacements (replacer), ==, n_replacements);
  g_assert_cmpmem (replaced->data, replaced->len, expected->data, expected->len);
}

static void
check_finder (const char *from, const guint8 *text, gsize size)
{
  DevboxTextFinder finder;

  devbox_text_finder_init (&finder, from);
  g_assert_true (devbox_text_finder_find (&finder, text, size) == memmem (text, size, from, strlen (from)));
}

static void
check_text (const guint8 *text, gsize size, guint seed)
{
  DevboxTextCheck check = { 0 };
  gboolean is_text = TRUE;

  for (gsize place = 0; place < size && is_text;)
    {
      gsize n = get_piece_size (&seed, size - place);

      is_text = devbox_text_check_feed (&check, text + place, n);
      place += n;
    }
  is_text = is_text && devbox_text_check_end (&check);

  g_assert_cmpint (is_text, ==, g_utf8_validate ((const char *) text, size, NULL));
}

static guint8 *
repeat (const guint8 *data, gsize size, gsize n_times)
{
  guint8 *text = g_malloc (size * n_times + 1);

  for (gsize i = 0; i < n_times; i++)
    memcpy (text + i * size, data, size);

  return text;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *from = NULL;
  g_autofree char *to = NULL;
  g_autofree guint8 *text = NULL;
  const guint8 *end = data + size;
  const guint8 *control = data;
  gsize n_times;

  if (size < N_CONTROL)
    return 0;

  data += N_CONTROL;
  from = g_strndup ((const char *) data, MIN (control[0], end - data));
  data += MIN (control[0], end - data);
  to = g_strndup ((const char *) data, MIN (control[1], end - data));
  data += MIN (control[1], end - data);
  if (*from == '\0')
    return 0;

  /* Now and then large enough for several pieces. */
  size = end - data;
  n_times = control[2] < 250 ? 1 : 1 + (control[2] - 249) * 50000;
  n_times = MIN (n_times, 1 + MAX_SIZE / (size + 1));
  text = repeat (data, size, n_times);
  size *= n_times;

  check_replacer (from, to, text, size, control[3]);
  check_finder (from, text, size);
  check_text (text, size, control[3]);

  return 0;
}
