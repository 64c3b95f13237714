/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parser of request heads, and the decoder of chunks behind it. The first byte of the input says how the rest is
 * split; what comes out must be the same as without splits, and must keep the promises that the engine relies on. */
#include "config.h"

#include "devbox-http-chunks-private.h"
#include "devbox-http-head-private.h"

#include <string.h>

#define MAX_HEAD_SIZE 2048 /* small, so that inputs reach it */

typedef struct
{
  DevboxHttpHeadResult result;
  DevboxHttpHead head;
} HeadOutcome;

typedef struct
{
  DevboxHttpChunksResult result;
  DevboxHttpChunks chunks;
  GByteArray *body;
  gsize used;
} BodyOutcome;

/* The size of the next piece, made of a seed; never 0 */
static gsize
next_piece (guint32 *seed, gsize left)
{
  *seed = *seed * 1664525 + 1013904223;

  return MIN (left, 1 + (*seed >> 16) % 24);
}

static void
parse_head (HeadOutcome *outcome, const guint8 *data, gsize size, guint32 seed)
{
  gsize end = 0;

  devbox_http_head_init (&outcome->head);
  do
    {
      g_autofree guint8 *copy = NULL;

      end += seed != 0 ? next_piece (&seed, size - end) : size - end;
      copy = g_memdup2 (data, end); /* moved and of the exact size at each step, as the engine may do */
      outcome->result = devbox_http_head_parse (&outcome->head, copy, end, MAX_HEAD_SIZE);
    }
  while (outcome->result == DEVBOX_HTTP_HEAD_INCOMPLETE && end < size);
}

static void
decode_body (BodyOutcome *outcome, const guint8 *data, gsize size, guint32 seed)
{
  outcome->body = g_byte_array_new ();
  outcome->used = 0;
  outcome->result = DEVBOX_HTTP_CHUNKS_MORE;
  devbox_http_chunks_init (&outcome->chunks);
  while (outcome->result == DEVBOX_HTTP_CHUNKS_MORE && outcome->used < size)
    {
      gsize piece = seed != 0 ? next_piece (&seed, size - outcome->used) : size;
      g_autofree guint8 *copy = g_memdup2 (data + outcome->used, piece);
      gsize consumed;
      gsize produced;

      outcome->result = devbox_http_chunks_decode (&outcome->chunks, copy, piece, &consumed, &produced);
      g_assert_cmpuint (produced, <=, consumed);
      g_assert_cmpuint (consumed, <=, piece);
      g_assert_true (outcome->result != DEVBOX_HTTP_CHUNKS_MORE || consumed == piece);
      g_byte_array_append (outcome->body, copy, produced);
      outcome->used += consumed;
    }
}

static void
check_range (guint32 start, guint32 length, guint32 size)
{
  g_assert_cmpuint (start, <, size);
  g_assert_cmpuint (length, <, size - start);
}

/* The bytes of a head that was taken: no control but CR before LF, parts inside, each followed by a byte that can
 * become its end. */
static void
check_complete (const DevboxHttpHead *head, const guint8 *data)
{
  g_assert_cmpuint (head->size, <=, MAX_HEAD_SIZE);
  g_assert_cmpint (memcmp (data + head->size - 4, "\r\n\r\n", 4), ==, 0);
  for (guint32 i = 0; i < head->size; i++)
    {
      g_assert_true (data[i] != '\0');
      g_assert_true (data[i] != '\n' || (i > 0 && data[i - 1] == '\r'));
      g_assert_true (data[i] != '\r' || data[i + 1] == '\n');
    }
  g_assert_cmpuint (head->method_length, >, 0);
  check_range (head->method, head->method_length, head->size);
  check_range (head->path, head->path_length, head->size);
  check_range (head->query, head->query_length, head->size);
  for (guint i = 0; i < head->n_fields; i++)
    {
      g_assert_cmpuint (head->fields[i].name_length, >, 0);
      check_range (head->fields[i].name, head->fields[i].name_length, head->size);
      check_range (head->fields[i].value, head->fields[i].value_length, head->size);
      g_assert_cmpint (data[head->fields[i].name + head->fields[i].name_length], ==, ':');
    }
  g_assert_cmpint (head->content_length, >=, -1);
  g_assert_true (!head->is_chunked || !head->has_content_length);
  g_assert_true (head->has_host || head->minor_version == 0);
}

static void
check_message (const char *message)
{
  g_assert_cmpuint (strlen (message), >, 0);
  for (; *message != '\0'; message++)
    g_assert_true (g_ascii_isprint (*message) && *message != '"' && *message != '\\');
}

static void
assert_same_head (const HeadOutcome *a, const HeadOutcome *b)
{
  g_assert_cmpint (a->result, ==, b->result);
  g_assert_cmpuint (a->head.status, ==, b->head.status);
  g_assert_cmpstr (a->head.message, ==, b->head.message);
  if (a->result != DEVBOX_HTTP_HEAD_COMPLETE)
    return;
  g_assert_cmpuint (a->head.size, ==, b->head.size);
  g_assert_cmpuint (a->head.method_length, ==, b->head.method_length);
  g_assert_cmpuint (a->head.path_length, ==, b->head.path_length);
  g_assert_cmpuint (a->head.query_length, ==, b->head.query_length);
  g_assert_cmpint (a->head.content_length, ==, b->head.content_length);
  g_assert_cmpuint (a->head.says_close, ==, b->head.says_close);
  g_assert_cmpuint (a->head.n_fields, ==, b->head.n_fields);
  g_assert_cmpint (memcmp (a->head.fields, b->head.fields, a->head.n_fields * sizeof (DevboxHttpField)), ==, 0);
}

static void
check_body (const guint8 *data, gsize size, guint32 seed)
{
  BodyOutcome whole;
  BodyOutcome split;

  decode_body (&whole, data, size, 0);
  decode_body (&split, data, size, seed);
  g_assert_cmpint (whole.result, ==, split.result);
  g_assert_cmpuint (whole.used, ==, split.used);
  g_assert_cmpuint (whole.chunks.offset, ==, split.chunks.offset);
  g_assert_cmpstr (whole.chunks.problem, ==, split.chunks.problem);
  g_assert_cmpmem (whole.body->data, whole.body->len, split.body->data, split.body->len);
  if (whole.result == DEVBOX_HTTP_CHUNKS_MALFORMED)
    check_message (whole.chunks.problem);
  g_byte_array_unref (whole.body);
  g_byte_array_unref (split.body);
}

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  HeadOutcome whole;
  HeadOutcome split;
  guint32 seed;

  if (size < 2)
    return 0;
  seed = 1 + data[0];
  data++;
  size--;

  parse_head (&whole, data, size, 0);
  parse_head (&split, data, size, seed);
  assert_same_head (&whole, &split);
  if (whole.result == DEVBOX_HTTP_HEAD_MALFORMED)
    {
      g_assert_cmpuint (whole.head.status, >=, 400);
      check_message (whole.head.message);
    }
  if (whole.result == DEVBOX_HTTP_HEAD_COMPLETE)
    {
      check_complete (&whole.head, data);
      if (whole.head.is_chunked)
        check_body (data + whole.head.size, size - whole.head.size, seed);
    }
  check_body (data, size, seed);

  return 0;
}
