/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast both sides read, check and write what crosses the wire, beside json-glib and GLib on the same data. */
#include "devbox-wire-base64-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-wire-json-reader-private.h"

#include <string.h>

#define PIECE (64 * 1024)
#define LARGE (16 * 1024 * 1024)
#define ROUND_BYTES ((gsize) 128 * 1024 * 1024)
#define N_ROUNDS 5

typedef struct
{
  char *data;
  gsize size;
  char *out;
} Work;

typedef void (*WorkFunc) (Work *work);

static void
scan (Work *work)
{
  g_assert_true (devbox_wire_json_scan (work->data, work->size, NULL));
}

static void
parse_with_json_glib (Work *work)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  g_assert_true (json_parser_load_from_data (parser, work->data, work->size, NULL));
}

static gboolean
count (gpointer user_data, const char *data, gsize size, gboolean last, GError **error)
{
  *(gsize *) user_data += size;

  return TRUE;
}

static void
read_pieces (Work *work)
{
  const DevboxWireJsonHandler handler = { .string = count };
  gsize n_bytes = 0;
  g_autoptr (DevboxWireJsonReader) reader = devbox_wire_json_reader_new (&handler, &n_bytes);

  for (gsize done = 0; done < work->size; done += PIECE)
    g_assert_true (devbox_wire_json_reader_feed (reader, work->data + done, MIN (PIECE, work->size - done), NULL));
  g_assert_true (devbox_wire_json_reader_finish (reader, NULL));
}

typedef struct
{
  DevboxWireBase64Decoder decoder;
  guint8 *out;
} Content;

static gboolean
decode_content (gpointer user_data, const char *data, gsize size, gboolean last, GError **error)
{
  Content *content = user_data;
  gsize out_size, consumed;

  if (size < PIECE / 2) /* the path and the encoding */
    return TRUE;

  return devbox_wire_base64_decode (&content->decoder, data, size, content->out, &out_size, &consumed);
}

static void
read_and_decode (Work *work)
{
  const DevboxWireJsonHandler handler = { .string = decode_content };
  Content content = { DEVBOX_WIRE_BASE64_DECODER_INIT, (guint8 *) work->out };
  g_autoptr (DevboxWireJsonReader) reader = devbox_wire_json_reader_new (&handler, &content);

  for (gsize done = 0; done < work->size; done += PIECE)
    g_assert_true (devbox_wire_json_reader_feed (reader, work->data + done, MIN (PIECE, work->size - done), NULL));
  g_assert_true (devbox_wire_json_reader_finish (reader, NULL));
}

static void
append (Work *work)
{
  g_autoptr (GString) out = g_string_sized_new (work->size + 64);

  devbox_wire_json_append_string (out, work->data, work->size);
}

static void
decode (Work *work)
{
  DevboxWireBase64Decoder decoder = DEVBOX_WIRE_BASE64_DECODER_INIT;
  gsize out_size, consumed;

  g_assert_true (
      devbox_wire_base64_decode (&decoder, work->data, work->size, (guint8 *) work->out, &out_size, &consumed));
}

static void
decode_with_glib (Work *work)
{
  int state = 0;
  guint save = 0;

  g_base64_decode_step (work->data, work->size, (guint8 *) work->out, &state, &save);
}

static void
encode (Work *work)
{
  devbox_wire_base64_encode ((const guint8 *) work->data, work->size, work->out);
}

static void
encode_with_glib (Work *work)
{
  int state = 0, save = 0;
  gsize size = g_base64_encode_step ((const guint8 *) work->data, work->size, FALSE, work->out, &state, &save);

  g_base64_encode_close (FALSE, work->out + size, &state, &save);
}

/* MB/s of input, the best of some rounds. */
static double
measure (WorkFunc func, Work *work)
{
  guint n_times = MAX (1, ROUND_BYTES / work->size);
  gint64 best = G_MAXINT64;

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      gint64 start = g_get_monotonic_time ();

      for (guint i = 0; i < n_times; i++)
        func (work);
      best = MIN (best, g_get_monotonic_time () - start);
    }

  return (double) n_times * work->size / MAX (best, 1);
}

static void
report (const char *name, GString *data, WorkFunc func, WorkFunc peer)
{
  g_autofree char *out = g_malloc (data->len * 2 + 64);
  Work work = { data->str, data->len, out };
  double ours = measure (func, &work);
  double theirs = peer != NULL ? measure (peer, &work) : 0;

  memset (out, 0, data->len * 2 + 64);
  ours = MAX (ours, measure (func, &work));
  if (peer != NULL)
    g_print ("%-44s %9.0f MB/s   GLib or json-glib %8.0f   %6.1f times\n", name, ours, theirs, ours / theirs);
  else
    g_print ("%-44s %9.0f MB/s\n", name, ours);
}

static GString *
make_body (const char *content, gsize size)
{
  GString *body = g_string_new ("{\"path\":\"src/data.bin\",\"content\":\"");

  g_string_append_len (body, content, size);
  g_string_append (body, "\",\"encoding\":\"base64\"}");

  return body;
}

static GString *
make_source_text (gsize size)
{
  GString *text = g_string_new (NULL);

  for (guint line = 0; text->len < size; line++)
    g_string_append_printf (text, "  if (value_%u == \"text\")\n\treturn %u; /* a line of code */\n", line, line);

  return text;
}

int
main (void)
{
  g_autoptr (GString) exec
      = g_string_new ("{\"command\":\"python3\",\"args\":[\"-c\",\"print (1 + 1)\",\"--verbose\"],\"cwd\":\"src/app\","
                      "\"env\":{\"LANG\":\"C.UTF-8\",\"HOME\":\"/root\"},\"timeout\":30000,\"shell\":false}");
  g_autoptr (GString) numbers = g_string_new ("[0");
  g_autoptr (GString) source = make_source_text (LARGE);
  g_autoptr (GString) raw = g_string_sized_new (LARGE);
  g_autoptr (GString) encoded = g_string_sized_new (LARGE * 2);
  g_autoptr (GString) text_body = g_string_new ("{\"content\":");
  g_autoptr (GString) chinese = g_string_new ("[\"");
  g_autoptr (GString) small = NULL;
  g_autoptr (GString) large = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  for (guint i = 0; numbers->len < 100000; i++)
    g_string_append_printf (numbers, ",%u,%u.5", i * 7919, i);
  g_string_append_c (numbers, ']');
  while (chinese->len < 100000)
    g_string_append (chinese, "开发环境文件传输");
  g_string_append (chinese, "\"]");
  g_string_set_size (raw, LARGE);
  for (gsize i = 0; i < LARGE; i++)
    raw->str[i] = g_rand_int (random);
  g_string_set_size (encoded, (LARGE + 2) / 3 * 4);
  devbox_wire_base64_encode ((const guint8 *) raw->str, raw->len, encoded->str);
  devbox_wire_json_append_string (text_body, source->str, source->len);
  g_string_append_c (text_body, '}');
  small = make_body (encoded->str, 4096);
  large = make_body (encoded->str, encoded->len);

  report ("scan, exec request of 170 bytes", exec, scan, parse_with_json_glib);
  report ("scan, write request of 4 KiB base64", small, scan, parse_with_json_glib);
  report ("scan, 100 KB of numbers", numbers, scan, parse_with_json_glib);
  report ("scan, 100 KB of Chinese", chinese, scan, parse_with_json_glib);
  report ("reader, 22 MB of base64 in 64 KiB pieces", large, read_pieces, NULL);
  report ("reader, 19 MB of escaped source in the same", text_body, read_pieces, NULL);
  report ("reader and decoder, 22 MB of base64", large, read_and_decode, parse_with_json_glib);
  report ("write a string, 17 MB of source", source, append, NULL);
  report ("write a string, 16 MiB of random bytes", raw, append, NULL);
  report ("base64 decode, 22 MB", encoded, decode, decode_with_glib);
  report ("base64 encode, 16 MiB", raw, encode, encode_with_glib);

  return 0;
}
