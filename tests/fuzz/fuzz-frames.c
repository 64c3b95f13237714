/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The meter says the same wherever the bytes are cut, and what it takes is what a plain reading of the whole says is
 * there. */
#include "devbox-wire-frames-private.h"

#include <string.h>

#define LIMIT 1000

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

typedef struct
{
  gsize n_complete; /* bytes of complete frames */
  guint n_frames;
  gboolean is_refused;
} Outcome;

static Outcome
meter (const guint8 *data, gsize size, gboolean from_server, GRand *splitter)
{
  DevboxWireFrames frames = DEVBOX_WIRE_FRAMES_INIT (LIMIT);
  Outcome outcome = { 0 };
  gsize fed = 0;

  frames.from_server = from_server;
  while (fed < size)
    {
      gsize wanted = splitter != NULL ? (gsize) g_rand_int_range (splitter, 1, 20) : size;
      gsize length = MIN (wanted, size - fed);
      g_autofree guint8 *piece = g_memdup2 (data + fed, length);
      g_autoptr (GError) error = NULL;
      gsize taken = devbox_wire_frames_take (&frames, piece, length, &error);

      g_assert_true ((taken == 0) == (error != NULL));
      g_assert_true (frames.is_refused == (error != NULL));
      if (taken == 0)
        {
          outcome.is_refused = TRUE;
          break;
        }
      g_assert_cmpuint (taken, <=, length);
      fed += taken;
      if (devbox_wire_frames_is_between (&frames))
        {
          outcome.n_complete = fed;
          outcome.n_frames++;
        }
      g_assert_cmpuint (frames.message_size, <=, LIMIT);
    }
  g_assert_true (outcome.is_refused
                 || outcome.n_frames + (frames.n_left > 0) == frames.n_data_frames + frames.n_control_frames);

  return outcome;
}

/* One frame after the other, from the whole, in the words of RFC 6455, 5.2. Each rule is applied only once the bytes
 * that it speaks of are there. */
static Outcome
read_plainly (const guint8 *data, gsize size, gboolean from_server)
{
  const gsize mask = from_server ? 0 : 4;
  Outcome outcome = { 0 };
  gsize message_size = 0;
  gboolean in_message = FALSE;

  for (;;)
    {
      const guint8 *frame = data + outcome.n_complete;
      gsize rest = size - outcome.n_complete;
      gboolean is_last, is_control;
      guint64 length;
      gsize header = 2;

      if (rest < 1)
        return outcome;
      is_last = frame[0] >= 0x80;
      is_control = (frame[0] & 8) != 0;
      outcome.is_refused = (frame[0] & 0x70) != 0 || strchr ("\x01\x02\x08\x09\x0a", frame[0] & 15) == NULL
                           || (is_control && !is_last) || (!is_control && ((frame[0] & 15) == 0) != in_message);
      if (outcome.is_refused || rest < 2)
        return outcome;
      length = frame[1] & 127;
      outcome.is_refused = (frame[1] < 128) != from_server || (is_control && length > 125);
      if (outcome.is_refused)
        return outcome;
      if (length >= 126)
        {
          gsize n = length == 126 ? 2 : 8;
          guint64 least = length == 126 ? 126 : 65536;

          header += n;
          if (rest < header)
            return outcome;
          length = 0;
          for (gsize i = 0; i < n; i++)
            length = length * 256 + frame[2 + i];
          outcome.is_refused = length < least || length > G_MAXINT64;
        }
      outcome.is_refused = outcome.is_refused || (!is_control && (length > LIMIT || message_size + length > LIMIT));
      if (outcome.is_refused)
        return outcome;
      if (!is_control)
        {
          in_message = !is_last;
          message_size = is_last ? 0 : message_size + length;
        }
      if (rest < header + mask || rest - header - mask < length)
        return outcome;
      outcome.n_complete += header + mask + length;
      outcome.n_frames++;
    }
}

/* A frame that is written is the shortest that RFC 6455 allows for its text, and holds it. */
static void
check_written (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  gsize header = size < 126 ? 2 : size < 65536 ? 4 : 10;
  guint64 length = 0;

  devbox_wire_frames_append_text (frame, (const char *) data, size);
  g_assert_cmpuint (frame->len, ==, header + size);
  g_assert_cmpuint (frame->data[0], ==, 0x81);
  if (header == 2)
    length = frame->data[1];
  else
    g_assert_cmpuint (frame->data[1], ==, header == 4 ? 126 : 127);
  for (gsize i = 2; i < header; i++)
    length = length << 8 | frame->data[i];
  g_assert_cmpuint (length, ==, size);
  g_assert_cmpmem (frame->data + header, size, data, size);
}

static void
check_frames (const guint8 *data, gsize size, gboolean from_server, GRand *splitter)
{
  const Outcome outcomes[] = {
    read_plainly (data, size, from_server),
    meter (data, size, from_server, NULL),
    meter (data, size, from_server, splitter),
  };

  for (guint i = 1; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_assert_cmpuint (outcomes[i].n_complete, ==, outcomes[0].n_complete);
      g_assert_cmpuint (outcomes[i].n_frames, ==, outcomes[0].n_frames);
      g_assert_true (outcomes[i].is_refused == outcomes[0].is_refused);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static GRand *splitter;

  if (splitter == NULL)
    splitter = g_rand_new ();
  g_rand_set_seed (splitter, size);
  check_frames (data, size, FALSE, splitter);
  check_frames (data, size, TRUE, splitter);
  check_written (data, size);

  return 0;
}
