/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-wire-error-private.h"
#include "devbox-wire-frames-private.h"

#include <string.h>

#define LIMIT 300

/* Feeds in pieces of random sizes (splitter NULL: as a whole), each in memory of its own. Returns how many bytes belong
 * to frames that are complete; *n_frames counts those. *error: the refusal. */
static gsize
feed (DevboxWireFrames *frames, const guint8 *data, gsize size, GRand *splitter, guint *n_frames, GError **error)
{
  gsize fed = 0, complete = 0;

  *n_frames = 0;
  while (fed < size)
    {
      gsize wanted = splitter != NULL ? (gsize) g_rand_int_range (splitter, 1, 40) : size;
      gsize length = MIN (wanted, size - fed);
      g_autofree guint8 *piece = g_memdup2 (data + fed, length);
      gsize taken = devbox_wire_frames_take (frames, piece, length, error);

      if (taken == 0)
        return complete;
      g_assert_cmpuint (taken, <=, length);
      fed += taken;
      if (devbox_wire_frames_is_between (frames))
        {
          complete = fed;
          (*n_frames)++;
        }
      else
        g_assert_cmpuint (taken, ==, length);
    }

  return complete;
}

static void
append_frame (GByteArray *bytes, guint8 first, guint64 length, guint length_size)
{
  guint8 header[14] = { first };
  guint n = 2;

  header[1] = 0x80 | (length_size == 0 ? length : length_size == 2 ? 126 : 127);
  for (guint i = length_size; i > 0; i--)
    header[n++] = length >> (8 * (i - 1));
  n += 4;
  g_byte_array_append (bytes, header, n);
  if (length <= 70000)
    {
      guint offset = bytes->len;

      g_byte_array_set_size (bytes, bytes->len + (guint) length);
      memset (bytes->data + offset, first, length);
    }
}

static guint
get_length_size (guint64 length)
{
  return length < 126 ? 0 : length < 65536 ? 2 : 8;
}

typedef struct
{
  guint8 first;
  guint64 length;
  int length_size; /* -1: the shortest */
} Frame;

static const struct
{
  const char *name;
  Frame frames[4];
  guint n_frames;
  guint n_taken;
  int code; /* -1: all are taken */
  const char *message;
} cases[] = {
  { "text", { { 0x81, 5, -1 } }, 1, 1, -1, NULL },
  { "binary", { { 0x82, 5, -1 } }, 1, 1, -1, NULL },
  { "empty", { { 0x81, 0, -1 }, { 0x81, 0, -1 } }, 2, 2, -1, NULL },
  { "16 bit length", { { 0x81, 126, -1 } }, 1, 1, -1, NULL },
  { "control frames", { { 0x89, 125, -1 }, { 0x8a, 0, -1 }, { 0x88, 2, -1 } }, 3, 3, -1, NULL },
  { "fragments", { { 0x01, 5, -1 }, { 0x00, 5, -1 }, { 0x80, 5, -1 }, { 0x82, 1, -1 } }, 4, 4, -1, NULL },
  { "ping between fragments", { { 0x01, 5, -1 }, { 0x89, 5, -1 }, { 0x80, 5, -1 } }, 3, 3, -1, NULL },
  { "at the limit", { { 0x81, LIMIT, -1 }, { 0x81, LIMIT, -1 } }, 2, 2, -1, NULL },
  { "fragments at the limit",
    { { 0x01, 100, -1 }, { 0x00, 100, -1 }, { 0x80, 100, -1 }, { 0x81, LIMIT, -1 } },
    4,
    4,
    -1,
    NULL },
  { "control frames do not count", { { 0x01, LIMIT, -1 }, { 0x89, 125, -1 }, { 0x80, 0, -1 } }, 3, 3, -1, NULL },
  { "past the limit", { { 0x81, LIMIT + 1, -1 } }, 1, 0, DEVBOX_WIRE_FILE_TOO_LARGE, "longer than 300 bytes" },
  { "fragments past the limit",
    { { 0x01, 100, -1 }, { 0x00, 200, -1 }, { 0x00, 0, -1 }, { 0x80, 1, -1 } },
    4,
    3,
    DEVBOX_WIRE_FILE_TOO_LARGE,
    "longer than 300 bytes" },
  { "huge", { { 0x82, G_MAXINT64, 8 } }, 1, 0, DEVBOX_WIRE_FILE_TOO_LARGE, "longer than" },
  { "huge fragments", { { 0x02, 1, -1 }, { 0x80, G_MAXINT64, 8 } }, 2, 1, DEVBOX_WIRE_FILE_TOO_LARGE, "longer than" },
  { "63 bits and no more", { { 0x81, G_MAXUINT64, 8 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "not told in 8 bytes" },
  { "16 bit for a short length",
    { { 0x81, 125, 2 } },
    1,
    0,
    DEVBOX_WIRE_VALIDATION_ERROR,
    "125 is not told in 2 bytes" },
  { "64 bit for a short length",
    { { 0x81, 200, 8 } },
    1,
    0,
    DEVBOX_WIRE_VALIDATION_ERROR,
    "200 is not told in 8 bytes" },
  { "first reserved bit", { { 0xc1, 1, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "0xc1: a reserved bit" },
  { "second reserved bit", { { 0xa1, 1, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "reserved bit" },
  { "third reserved bit", { { 0x99, 1, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "reserved bit" },
  { "data opcode 3", { { 0x83, 1, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "opcode" },
  { "data opcode 7", { { 0x87, 1, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "opcode" },
  { "control opcode 11", { { 0x8b, 1, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "opcode" },
  { "control opcode 15", { { 0x8f, 1, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "opcode" },
  { "fragmented ping", { { 0x09, 1, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "fragmented" },
  { "fragmented close", { { 0x08, 2, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "fragmented" },
  { "long ping", { { 0x89, 126, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "longer than 125" },
  { "long close", { { 0x88, 126, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "longer than 125" },
  { "continuation of nothing", { { 0x80, 1, -1 } }, 1, 0, DEVBOX_WIRE_VALIDATION_ERROR, "no message to continue" },
  { "continuation of a whole message",
    { { 0x81, 1, -1 }, { 0x00, 1, -1 } },
    2,
    1,
    DEVBOX_WIRE_VALIDATION_ERROR,
    "no message to continue" },
  { "continuation after a ping",
    { { 0x89, 1, -1 }, { 0x80, 1, -1 } },
    2,
    1,
    DEVBOX_WIRE_VALIDATION_ERROR,
    "no message to continue" },
  { "message inside another",
    { { 0x01, 1, -1 }, { 0x81, 1, -1 } },
    2,
    1,
    DEVBOX_WIRE_VALIDATION_ERROR,
    "inside another" },
  { "fragments inside another",
    { { 0x01, 1, -1 }, { 0x02, 1, -1 } },
    2,
    1,
    DEVBOX_WIRE_VALIDATION_ERROR,
    "inside another" },
};

static void
check_case (guint index, GRand *splitter)
{
  DevboxWireFrames frames = DEVBOX_WIRE_FRAMES_INIT (LIMIT);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;
  gsize complete = 0;
  guint n_frames;

  for (guint i = 0; i < cases[index].n_frames; i++)
    {
      const Frame *frame = &cases[index].frames[i];

      append_frame (bytes, frame->first, frame->length,
                    frame->length_size < 0 ? get_length_size (frame->length) : (guint) frame->length_size);
      if (i < cases[index].n_taken)
        complete = bytes->len;
    }

  g_test_message ("%s", cases[index].name);
  g_assert_cmpuint (feed (&frames, bytes->data, bytes->len, splitter, &n_frames, &error), ==, complete);
  g_assert_cmpuint (n_frames, ==, cases[index].n_taken);
  if (cases[index].code < 0)
    {
      g_assert_no_error (error);
      g_assert_cmpuint (frames.n_data_frames + frames.n_control_frames, ==, n_frames);
      return;
    }

  g_assert_error (error, DEVBOX_WIRE_ERROR, cases[index].code);
  g_assert_nonnull (strstr (error->message, cases[index].message));
  /* A good frame does not mend it. */
  g_assert_cmpuint (devbox_wire_frames_take (&frames, (const guint8 *) "\x89\x80zzzz", 6, &again), ==, 0);
  g_assert_error (again, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
}

static void
test_table (void)
{
  g_autoptr (GRand) splitter = g_rand_new_with_seed (6455);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      check_case (i, NULL);
      for (guint round = 0; round < 50; round++)
        check_case (i, splitter);
    }
}

static void
test_unmasked (void)
{
  const char *heads[] = { "\x81\x01x", "\x89\x00y", "\x81\x7e", "\x81\x7f" };

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      DevboxWireFrames frames = DEVBOX_WIRE_FRAMES_INIT (LIMIT);
      g_autoptr (GError) error = NULL;

      g_assert_cmpuint (devbox_wire_frames_take (&frames, (const guint8 *) heads[i], 1, &error), ==, 1);
      g_assert_no_error (error);
      g_assert_cmpuint (devbox_wire_frames_take (&frames, (const guint8 *) heads[i] + 1, 1, &error), ==, 0);
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
      g_assert_nonnull (strstr (error->message, "not masked"));
    }
}

/* Frames of all kinds in a row: wherever they are cut, each is seen, and so is its kind. */
static void
test_random_splits (void)
{
  guint32 seed = g_test_rand_int ();
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (guint round = 0; round < 300; round++)
    {
      DevboxWireFrames frames = DEVBOX_WIRE_FRAMES_INIT (70000);
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_autoptr (GError) error = NULL;
      guint n_data = 0, n_control = 0, n_frames;
      gboolean in_message = FALSE;

      for (guint i = 0; i < 20; i++)
        {
          guint64 length = (guint64) g_rand_int_range (random, 0, 4) * (guint64) g_rand_int_range (random, 0, 200);

          if (g_rand_int_range (random, 0, 3) == 0)
            {
              append_frame (bytes, 0x88 + g_rand_int_range (random, 0, 3), MIN (length, 125), 0);
              n_control++;
            }
          else
            {
              gboolean is_last = g_rand_boolean (random);
              guint8 opcode = in_message ? 0 : g_rand_int_range (random, 1, 3);

              append_frame (bytes, (is_last ? 0x80 : 0) | opcode, length, get_length_size (length));
              in_message = !is_last;
              n_data++;
            }
        }
      g_assert_cmpuint (feed (&frames, bytes->data, bytes->len, random, &n_frames, &error), ==, bytes->len);
      g_assert_no_error (error);
      g_assert_cmpuint (n_frames, ==, 20);
      g_assert_cmpuint (frames.n_data_frames, ==, n_data);
      g_assert_cmpuint (frames.n_control_frames, ==, n_control);
      g_assert_true (frames.in_message == in_message);
    }
}

/* The bomb that made this necessary: fragments without end, each of them small. */
static void
test_endless_message (void)
{
  DevboxWireFrames frames = DEVBOX_WIRE_FRAMES_INIT (64 * 1024);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  guint n_frames;

  append_frame (bytes, 0x01, 1000, 2);
  for (guint i = 0; i < 100; i++)
    append_frame (bytes, 0x00, 1000, 2);
  feed (&frames, bytes->data, bytes->len, NULL, &n_frames, &error);
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_TOO_LARGE);
  g_assert_cmpuint (n_frames, ==, 65);
}

/* Each size at which the form of the header changes */
static void
test_append_text (void)
{
  static const gsize sizes[] = { 0, 1, 125, 126, 65535, 65536, 70000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_autofree char *text = g_strnfill (sizes[i], 'x');
      guint header = sizes[i] < 126 ? 2 : sizes[i] < 65536 ? 4 : 10;
      guint64 told = 0;

      devbox_wire_frames_append_text (bytes, text, sizes[i]);
      g_assert_cmpuint (bytes->len, ==, header + sizes[i]);
      g_assert_cmphex (bytes->data[0], ==, 0x81);
      if (header == 2)
        told = bytes->data[1];
      else
        g_assert_cmpuint (bytes->data[1], ==, header == 4 ? 126 : 127);
      for (guint k = 2; k < header; k++)
        told = told << 8 | bytes->data[k];
      g_assert_cmpuint (told, ==, sizes[i]);
      g_assert_cmpmem (bytes->data + header, sizes[i], text, sizes[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wire/frames/table", test_table);
  g_test_add_func ("/wire/frames/unmasked", test_unmasked);
  g_test_add_func ("/wire/frames/random-splits", test_random_splits);
  g_test_add_func ("/wire/frames/endless-message", test_endless_message);

  g_test_add_func ("/wire/frames/append-text", test_append_text);

  return g_test_run ();
}
