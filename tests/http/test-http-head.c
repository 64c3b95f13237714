/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parser of heads and the decoder of chunks, without a socket */
#include "config.h"

#include "devbox-http-chunks-private.h"
#include "devbox-http-head-private.h"

#include <string.h>

#define MAX_SIZE 16384

static DevboxHttpHeadResult
parse (DevboxHttpHead *head, const char *text, gsize size, gsize step)
{
  DevboxHttpHeadResult result = DEVBOX_HTTP_HEAD_INCOMPLETE;

  devbox_http_head_init (head);
  for (gsize end = MIN (step, size); result == DEVBOX_HTTP_HEAD_INCOMPLETE; end = MIN (end + step, size))
    {
      g_autofree char *copy = g_memdup2 (text, end); /* so that a sanitizer sees a byte too far */

      result = devbox_http_head_parse (head, (const guint8 *) copy, end, MAX_SIZE);
      if (end == size)
        break;
    }

  return result;
}

static char *
get_part (const char *text, guint32 start, guint32 length)
{
  return g_strndup (text + start, length);
}

static void
test_head_parts (void)
{
  static const char text[] = "\r\nPOST /a%20b/c?x=1?y HTTP/1.1\r\nhOsT:\t example:80 \r\nX-Empty:\r\n"
                             "Connection: foo , Close\r\nContent-Length: 0012\r\nExpect: 100-Continue\r\n\r\nbody";
  static const char *const names[] = { "hOsT", "X-Empty", "Connection", "Content-Length", "Expect" };
  static const char *const values[] = { "example:80", "", "foo , Close", "0012", "100-Continue" };

  for (gsize step = 1; step <= sizeof text; step++)
    {
      DevboxHttpHead head;
      g_autofree char *method = NULL;
      g_autofree char *path = NULL;
      g_autofree char *query = NULL;

      g_assert_cmpint (parse (&head, text, sizeof text - 1, step), ==, DEVBOX_HTTP_HEAD_COMPLETE);
      method = get_part (text, head.method, head.method_length);
      path = get_part (text, head.path, head.path_length);
      query = get_part (text, head.query, head.query_length);
      g_assert_cmpstr (method, ==, "POST");
      g_assert_cmpstr (path, ==, "/a%20b/c");
      g_assert_cmpstr (query, ==, "x=1?y");
      g_assert_cmpint (head.minor_version, ==, 1);
      g_assert_cmpint (head.content_length, ==, 12);
      g_assert_true (head.says_close);
      g_assert_false (head.says_keep_alive);
      g_assert_true (head.expects_continue);
      g_assert_cmpuint (head.size, ==, strlen (text) - strlen ("body"));
      g_assert_cmpuint (head.n_fields, ==, G_N_ELEMENTS (names));
      for (guint i = 0; i < head.n_fields; i++)
        {
          g_autofree char *name = get_part (text, head.fields[i].name, head.fields[i].name_length);
          g_autofree char *value = get_part (text, head.fields[i].value, head.fields[i].value_length);

          g_assert_cmpstr (name, ==, names[i]);
          g_assert_cmpstr (value, ==, values[i]);
        }
    }
}

typedef struct
{
  const char *target;
  const char *host;
  const char *path; /* NULL: refused */
  const char *query;
} Target;

static void
test_head_targets (void)
{
  static const Target targets[] = {
    { "/", "h", "/", NULL },
    { "/?", "h", "/", "" },
    { "//a/../b", "h", "//a/../b", NULL },
    { "/a|b{c}\"<>\\^`", "h", "/a|b{c}\"<>\\^`", NULL },
    { "http://h/a?b", "h", "/a", "b" },
    { "HTTP://H:80/a", "h:80", "/a", NULL },
    { "http://h?b", "h", "", "b" },
    { "http://h", "h", "", NULL },
    { "http://h/a", "other", NULL, NULL },
    { "http://h/a", "h:80", NULL, NULL },
    { "http://u@h/a", "h", NULL, NULL },
    { "http:///a", "h", NULL, NULL },
    { "https://h/a", "h", NULL, NULL },
    { "ftp://h/a", "h", NULL, NULL },
    { "a", "h", NULL, NULL },
    { "*", "h", NULL, NULL },
    { "/a#b", "h", NULL, NULL },
    { "/\x80", "h", NULL, NULL },
    { "/", "[::1]:80", "/", NULL },
    { "/", "[::1", NULL, NULL },
    { "/", "[]", NULL, NULL },
    { "/", "a:b", NULL, NULL },
    { "/", "a:80:80", NULL, NULL },
    { "/", ":80", NULL, NULL },
    { "/", "a b", NULL, NULL },
    { "/", "a,b", "/", NULL }, /* a reg-name of RFC 3986; whether it is ours is for the guard */
    { "/", "u@h", NULL, NULL },
    { "/", "h/", NULL, NULL },
    { "/", "", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", targets[i].target, targets[i].host);
      DevboxHttpHead head;
      g_autofree char *path = NULL;
      g_autofree char *query = NULL;

      g_test_message ("target %u", i);
      if (targets[i].path == NULL)
        {
          g_assert_cmpint (parse (&head, text, strlen (text), G_MAXSIZE / 2), ==, DEVBOX_HTTP_HEAD_MALFORMED);
          g_assert_cmpuint (head.status, ==, 400);
          continue;
        }
      g_assert_cmpint (parse (&head, text, strlen (text), G_MAXSIZE / 2), ==, DEVBOX_HTTP_HEAD_COMPLETE);
      path = get_part (text, head.path, head.path_length);
      g_assert_cmpstr (path, ==, targets[i].path);
      query = head.has_query ? get_part (text, head.query, head.query_length) : NULL;
      g_assert_cmpstr (query, ==, targets[i].query);
    }
}

static void
test_head_limits (void)
{
  g_autoptr (GString) text = g_string_new ("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  DevboxHttpHead head;

  /* The last byte of the empty line may be the last one allowed. */
  while (text->len < MAX_SIZE - 4)
    g_string_append_c (text, 'a');
  g_string_append (text, "\r\n\r\n");
  g_assert_cmpint (parse (&head, text->str, text->len, 1000), ==, DEVBOX_HTTP_HEAD_COMPLETE);
  g_string_insert (text, text->len - 4, "a");
  g_assert_cmpint (parse (&head, text->str, text->len, 1000), ==, DEVBOX_HTTP_HEAD_MALFORMED);
  g_assert_cmpuint (head.status, ==, 431);
  g_assert_cmpint (parse (&head, text->str, text->len, text->len), ==, DEVBOX_HTTP_HEAD_MALFORMED);
  g_assert_cmpuint (head.status, ==, 431);

  g_string_assign (text, "GET /");
  while (text->len < DEVBOX_HTTP_HEAD_MAX_REQUEST_LINE - strlen (" HTTP/1.1\r"))
    g_string_append_c (text, 'a');
  g_string_append (text, " HTTP/1.1\r\nHost: h\r\n\r\n");
  g_assert_cmpint (parse (&head, text->str, text->len, 1000), ==, DEVBOX_HTTP_HEAD_COMPLETE);
  g_string_insert (text, 5, "a");
  g_assert_cmpint (parse (&head, text->str, text->len, 1000), ==, DEVBOX_HTTP_HEAD_MALFORMED);
  g_assert_cmpuint (head.status, ==, 414);

  g_string_assign (text, "GET / HTTP/1.1\r\nHost: h\r\n");
  for (guint i = 1; i < DEVBOX_HTTP_HEAD_MAX_FIELDS; i++)
    g_string_append (text, "a:\r\n");
  g_string_append (text, "\r\n");
  g_assert_cmpint (parse (&head, text->str, text->len, 1000), ==, DEVBOX_HTTP_HEAD_COMPLETE);
  g_string_insert (text, text->len - 2, "a:\r\n");
  g_assert_cmpint (parse (&head, text->str, text->len, 1000), ==, DEVBOX_HTTP_HEAD_MALFORMED);
  g_assert_cmpuint (head.status, ==, 431);
}

static void
test_head_first_byte (void)
{
  DevboxHttpHead head;

  /* The beginning of TLS */
  g_assert_cmpint (parse (&head, "\x16\x03\x01", 3, 3), ==, DEVBOX_HTTP_HEAD_MALFORMED);
  g_assert_cmpstr (head.message, ==, "line 1, byte 1: not allowed in a method (0x16)");
}

static void
test_head_list (void)
{
  g_assert_true (devbox_http_list_has_token ("a, b ,c", 7, "B"));
  g_assert_true (devbox_http_list_has_token (",,c", 3, "c"));
  g_assert_false (devbox_http_list_has_token ("ab, cd", 6, "b"));
  g_assert_false (devbox_http_list_has_token ("a b", 3, "a"));
  g_assert_false (devbox_http_list_has_token ("", 0, "a"));
  g_assert_false (devbox_http_list_has_token ("close", 4, "close"));
}

/* Chunks */

static DevboxHttpChunksResult
decode (DevboxHttpChunks *chunks, const char *text, gsize size, gsize step, GString *body, gsize *used)
{
  DevboxHttpChunksResult result = DEVBOX_HTTP_CHUNKS_MORE;

  devbox_http_chunks_init (chunks);
  *used = 0;
  while (result == DEVBOX_HTTP_CHUNKS_MORE && *used < size)
    {
      gsize piece = MIN (step, size - *used);
      g_autofree guint8 *copy = g_memdup2 (text + *used, piece);
      gsize consumed;
      gsize produced;

      result = devbox_http_chunks_decode (chunks, copy, piece, &consumed, &produced);
      g_string_append_len (body, (char *) copy, produced);
      *used += consumed;
    }

  return result;
}

static void
test_chunks_good (void)
{
  static const char text[]
      = "5\r\nhello\r\n00A;ext=\"v\"\r\n, chunked!\r\n1\r\n\n\r\n0;x\r\nTrailer: v\r\nOther:\r\n\r\nGET /";

  for (gsize step = 1; step <= sizeof text; step++)
    {
      g_autoptr (GString) body = g_string_new (NULL);
      DevboxHttpChunks chunks;
      gsize used;

      g_assert_cmpint (decode (&chunks, text, sizeof text - 1, step, body, &used), ==, DEVBOX_HTTP_CHUNKS_END);
      g_assert_cmpstr (body->str, ==, "hello, chunked!\n");
      g_assert_cmpstr (text + used, ==, "GET /");
    }
}

typedef struct
{
  const char *text;
  guint64 offset; /* of the byte that is wrong */
} BadChunks;

static void
test_chunks_bad (void)
{
  static const BadChunks bad[] = {
    { "\r\n", 0 },
    { "g\r\n", 0 },
    { "-5\r\nhello\r\n", 0 },
    { "+5\r\nhello\r\n", 0 },
    { " 5\r\nhello\r\n", 0 },
    { "0x5\r\nhello\r\n", 1 },
    { "5 \r\nhello\r\n", 1 },
    { "5\nhello\r\n", 1 },
    { "5\rhello\r\n", 2 },
    { "5\r\r\nhello\r\n", 2 },
    { "5\r\nhello6\r\n", 8 },
    { "5\r\nhello\n", 8 },
    { "5\r\nhello\rx", 9 },
    { "1000000000000000\r\n", 15 },
    { "0000000000000005\r\n", 15 },
    { "ffffffffffffffffff\r\n", 15 },
    { "5;a\nb\r\n", 3 },
    { "5;a\x01\r\n", 3 },
    { "0\r\nbad name: v\r\n\r\n", 6 },
    { "0\r\n: v\r\n\r\n", 3 },
    { "0\r\nname\r\n\r\n", 7 },
    { "0\r\n folded\r\n\r\n", 3 },
    { "0\r\na: b\n\r\n", 7 },
    { "0\r\na: b\r\r\n", 8 },
    { "0\r\n\n", 3 },
    { "0\r\n\rx", 4 },
    { "0\n\n", 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      gsize size = strlen (bad[i].text);

      for (gsize step = 1; step <= size; step++)
        {
          g_autoptr (GString) body = g_string_new (NULL);
          DevboxHttpChunks chunks;
          gsize used;

          g_assert_cmpint (decode (&chunks, bad[i].text, size, step, body, &used), ==, DEVBOX_HTTP_CHUNKS_MALFORMED);
          g_assert_cmpuint (chunks.offset, ==, bad[i].offset);
          g_assert_nonnull (chunks.problem);
        }
    }
}

static void
test_chunks_bounds (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) body = g_string_new (NULL);
  DevboxHttpChunks chunks;
  gsize used;

  /* Many short extensions count together. */
  for (guint i = 0; i < DEVBOX_HTTP_CHUNKS_MAX_EXTENSIONS + 1; i++)
    g_string_append (text, "1;x\r\na\r\n");
  g_assert_cmpint (decode (&chunks, text->str, text->len, 999, body, &used), ==, DEVBOX_HTTP_CHUNKS_MALFORMED);
  g_assert_cmpuint (body->len, ==, DEVBOX_HTTP_CHUNKS_MAX_EXTENSIONS);

  g_string_assign (text, "0\r\n");
  for (guint i = 0; i < DEVBOX_HTTP_CHUNKS_MAX_TRAILERS / 4; i++)
    g_string_append (text, "a: b\r\n");
  g_string_append (text, "\r\n");
  g_assert_cmpint (decode (&chunks, text->str, text->len, 999, body, &used), ==, DEVBOX_HTTP_CHUNKS_MALFORMED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/head/parts", test_head_parts);
  g_test_add_func ("/http/head/targets", test_head_targets);
  g_test_add_func ("/http/head/limits", test_head_limits);
  g_test_add_func ("/http/head/first-byte", test_head_first_byte);
  g_test_add_func ("/http/head/list", test_head_list);
  g_test_add_func ("/http/chunks/good", test_chunks_good);
  g_test_add_func ("/http/chunks/bad", test_chunks_bad);
  g_test_add_func ("/http/chunks/bounds", test_chunks_bounds);

  return g_test_run ();
}
