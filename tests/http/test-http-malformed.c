/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that are wrong, each sent to a live server: refused with its status, told what and where, closed, and never
 * handled */
#include "config.h"

#include "http-test-server.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  const char *name;
  guint status;
  const char *text;
  gssize size;      /* 0: text is a string */
  const char *told; /* a part of the message */
} BadRequest;

#define HOST "Host: h\r\n"
#define END "\r\n"

static const BadRequest bad_heads[] = {
  { "bare line feeds", 400, "GET / HTTP/1.1\nHost: h\n\n", 0,
    "line 1, byte 15: a line feed without a carriage return" },
  { "bare line feed after a field", 400, "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 0, "line 2, byte 8" },
  { "bare line feed at the end", 400, "GET / HTTP/1.1\r\nHost: h\r\n\n", 0, "line 3, byte 1" },
  { "bare carriage return in a value", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 0, "line 3, byte 5" },
  { "bare carriage return in the request line", 400, "GET /\r HTTP/1.1\r\nHost: h\r\n\r\n", 0, "(0x0d)" },
  { "bare carriage return before the request", 400, "\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", 0, "line 1" },
  { "two empty lines before the request", 400, "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 0, "empty line" },
  { "folded field", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 0, "line 4: a folded header field" },
  { "folded first field", 400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 0, "folded" },
  { "folded with a tab", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n", 0, "folded" },
  { "NUL in the target", 400, "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 29, "(0x00)" },
  { "NUL in a value", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: \0\r\n\r\n", 33, "(0x00)" },
  { "NUL in a name", 400, "GET / HTTP/1.1\r\nHost: h\r\nX\0: a\r\n\r\n", 34, "(0x00)" },
  { "control in a value", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: \x01\r\n\r\n", 0, "(0x01)" },
  { "delete in a value", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: \x7f\r\n\r\n", 0, "(0x7f)" },
  { "no Host", 400, "GET / HTTP/1.1\r\n\r\n", 0, "without a Host" },
  { "two Hosts", 400, "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 0, "a second Host" },
  { "two Hosts in HTTP/1.0", 400, "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", 0, "a second Host" },
  { "empty Host", 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, "names no host" },
  { "Host with a user", 400, "GET / HTTP/1.1\r\nHost: a@h\r\n\r\n", 0, "Host is not a host" },
  { "Host with a path", 400, "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", 0, "Host is not a host" },
  { "Host that is not the target's", 400, "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", 0, "Host is not the host" },
  { "space before the colon", 400, "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 0, "line 2, byte 5" },
  { "no colon", 400, "GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", 0, "without a colon" },
  { "no name", 400, "GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 0, "line 3, byte 1" },
  { "name that is no token", 400, "GET / HTTP/1.1\r\nHost: h\r\nX(y): x\r\n\r\n", 0, "line 3, byte 2" },
  { "name that is not ASCII", 400, "GET / HTTP/1.1\r\nHost: h\r\n\xc3\xa4: x\r\n\r\n", 0, "line 3, byte 1" },
  { "method that is no token", 400, "G@T / HTTP/1.1\r\n" HOST END, 0, "line 1, byte 2" },
  { "no method", 400, " / HTTP/1.1\r\n" HOST END, 0, "line 1, byte 1" },
  { "no target", 400, "GET  HTTP/1.1\r\n" HOST END, 0, "line 1" },
  { "no version", 400, "GET /\r\n" HOST END, 0, "no version" },
  { "HTTP/0.9", 400, "GET\r\n", 0, "only a method" },
  { "two spaces", 400, "GET  / HTTP/1.1\r\n" HOST END, 0, "line 1, byte 5" },
  { "tab for a space", 400, "GET\t/ HTTP/1.1\r\n" HOST END, 0, "line 1, byte 4" },
  { "space after the version", 400, "GET / HTTP/1.1 \r\n" HOST END, 0, "version" },
  { "space in the target", 400, "GET /a b HTTP/1.1\r\n" HOST END, 0, "version" },
  { "fragment in the target", 400, "GET /#a HTTP/1.1\r\n" HOST END, 0, "(0x23)" },
  { "target that is not ASCII", 400, "GET /\xc3\xa4 HTTP/1.1\r\n" HOST END, 0, "(0xc3)" },
  { "relative target", 400, "GET a HTTP/1.1\r\n" HOST END, 0, "neither a path" },
  { "authority as target", 400, "CONNECT h:80 HTTP/1.1\r\n" HOST END, 0, "neither a path" },
  { "asterisk with GET", 400, "GET * HTTP/1.1\r\n" HOST END, 0, "OPTIONS" },
  { "version in lower case", 400, "GET / http/1.1\r\n" HOST END, 0, "version" },
  { "HTTP/1.10", 400, "GET / HTTP/1.10\r\n" HOST END, 0, "version" },
  { "HTTP/01.1", 400, "GET / HTTP/01.1\r\n" HOST END, 0, "version" },
  { "HTTP/2.0", 505, "GET / HTTP/2.0\r\n" HOST END, 0, "HTTP/2.0" },
  { "HTTP/2 by prior knowledge", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, "HTTP/2.0" },
  { "HTTP/1.2", 505, "GET / HTTP/1.2\r\n" HOST END, 0, "HTTP/1.2" },
  { "HTTP/0.9 with a version", 505, "GET / HTTP/0.9\r\n" HOST END, 0, "HTTP/0.9" },
  { "TLS", 400, "\x16\x03\x01\x02", 4, "(0x16)" },
  { "two Content-Lengths", 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n" END "ab", 0,
    "a second Content-Length" },
  { "two equal Content-Lengths", 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n" END "a",
    0, "a second Content-Length" },
  { "list as Content-Length", 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n" END "a", 0,
    "Content-Length is not a number" },
  { "sign in Content-Length", 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n" END "a", 0,
    "Content-Length is not a number" },
  { "negative Content-Length", 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n" END "a", 0,
    "Content-Length is not a number" },
  { "hexadecimal Content-Length", 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n" END "a", 0,
    "Content-Length is not a number" },
  { "empty Content-Length", 400, "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n" END, 0, "Content-Length is empty" },
  { "Content-Length past 63 bits", 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n" END, 0,
    "too large" },
  { "Content-Length and Transfer-Encoding", 400,
    "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n" END "0\r\n\r\n", 0,
    "both Content-Length and Transfer-Encoding" },
  { "Transfer-Encoding and Content-Length", 400,
    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n" END "0\r\n\r\n", 0,
    "both Content-Length and Transfer-Encoding" },
  { "two Transfer-Encodings", 400,
    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END "0\r\n\r\n", 0,
    "a second Transfer-Encoding" },
  { "empty Transfer-Encoding", 400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n" END "0\r\n\r\n", 0,
    "Transfer-Encoding is empty" },
  { "Transfer-Encoding in HTTP/1.0", 400, "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n" END "0\r\n\r\n",
    0, "HTTP/1.0" },
  { "Transfer-Encoding: gzip, chunked", 501,
    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n" END "0\r\n\r\n", 0, "other than chunked" },
  { "Transfer-Encoding: identity", 501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n" END, 0,
    "other than chunked" },
  { "Transfer-Encoding: xchunked", 501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n" END "0\r\n\r\n", 0,
    "other than chunked" },
  { "Transfer-Encoding with a vertical tab", 400,
    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b"
    "chunked\r\n" END "0\r\n\r\n",
    0, "(0x0b)" },
  { "Transfer-Encoding with a space before the colon", 400,
    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n" END "0\r\n\r\n", 0, "line 3, byte 18" },
  { "unknown Expect", 417, "POST / HTTP/1.1\r\n" HOST "Expect: 200-ok\r\nContent-Length: 1\r\n" END "a", 0, "Expect" },
};

#define CHUNKED "POST /sink HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

static const BadRequest bad_bodies[] = {
  { "no size", 400, CHUNKED "\r\nhello\r\n", 0, "chunked body, byte 1" },
  { "size that is not hexadecimal", 400, CHUNKED "xyz\r\n", 0, "not hexadecimal" },
  { "negative size", 400, CHUNKED "-1\r\nhello\r\n", 0, "byte 1" },
  { "sign before the size", 400, CHUNKED "+5\r\nhello\r\n0\r\n\r\n", 0, "byte 1" },
  { "0x before the size", 400, CHUNKED "0x5\r\nhello\r\n0\r\n\r\n", 0, "byte 2" },
  { "space before the size", 400, CHUNKED " 5\r\nhello\r\n0\r\n\r\n", 0, "byte 1" },
  { "space after the size", 400, CHUNKED "5 \r\nhello\r\n0\r\n\r\n", 0, "byte 2" },
  { "bare line feed after the size", 400, CHUNKED "5\nhello\r\n0\r\n\r\n", 0, "byte 2" },
  { "bare carriage return after the size", 400, CHUNKED "5\rhello\r\n0\r\n\r\n", 0, "byte 3" },
  { "bare line feed after the data", 400, CHUNKED "5\r\nhello\n0\r\n\r\n", 0, "byte 9" },
  { "data longer than its size", 400, CHUNKED "4\r\nhello\r\n0\r\n\r\n", 0, "longer than its size" },
  { "data shorter than its size", 400, CHUNKED "6\r\nhello\r\n0\r\n\r\n", 0, "byte 10" },
  { "size past 64 bits", 400, CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n", 0, "too large" },
  { "size of 64 bits", 400, CHUNKED "ffffffffffffffff\r\nhello\r\n", 0, "too large" },
  { "NUL in an extension", 400, CHUNKED "5;\0\r\nhello\r\n0\r\n\r\n", sizeof (CHUNKED "5;\0\r\nhello\r\n0\r\n\r\n") - 1,
    "extension" },
  { "line feed in an extension", 400, CHUNKED "5;a\nhello\r\n0\r\n\r\n", 0, "extension" },
  { "trailer without a colon", 400, CHUNKED "0\r\ntrailer\r\n\r\n", 0, "trailer" },
  { "trailer that is folded", 400, CHUNKED "0\r\na: b\r\n c\r\n\r\n", 0, "trailer" },
  { "trailer with a bare line feed", 400, CHUNKED "0\r\na: b\n\r\n", 0, "trailer" },
  { "trailer without a name", 400, CHUNKED "0\r\n: b\r\n\r\n", 0, "trailer" },
  { "end with a bare line feed", 400, CHUNKED "0\r\n\n", 0, "byte 4" },
  { "declared length past the limit", 413,
    "POST /sink?limit=10 HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000000000\r\n\r\nhello", 0,
    "larger than 10 bytes" },
  { "chunks past the limit", 413,
    "POST /sink?limit=4 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n", 0,
    "larger than 4 bytes" },
};

/* The status of the one reply that there is, whose JSON tells it; the body must hold told. */
static void
assert_refusal (const BadRequest *bad, const char *reply)
{
  g_autofree char *status_line = g_strdup_printf ("HTTP/1.1 %u ", bad->status);
  const char *body = strstr (reply, "\r\n\r\n");
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) error = NULL;
  JsonObject *object;

  g_assert_true (g_str_has_prefix (reply, status_line));
  g_assert_nonnull (strstr (reply, "\r\nConnection: close\r\n"));
  g_assert_null (strstr (reply + 1, "HTTP/1.1 ")); /* the only one */
  g_assert_nonnull (body);
  json_parser_load_from_data (parser, body, -1, &error);
  g_assert_no_error (error);
  object = json_node_get_object (json_parser_get_root (parser));
  g_assert_false (json_object_get_boolean_member (object, "success"));
  g_assert_nonnull (strstr (json_object_get_string_member (object, "error"), bad->told));
  g_assert_cmpstr (json_object_get_string_member (object, "code"), ==,
                   bad->status == 413 ? "FILE_TOO_LARGE" : "VALIDATION_ERROR");
  g_assert_true (g_str_has_suffix (json_object_get_string_member (object, "timestamp"), "Z"));
}

/* whole: sent at once, else byte by byte; a request that follows must not be seen */
static void
try_bad (HttpTestServer *server, const BadRequest *bad, gboolean whole)
{
  static const char hidden[] = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
  gsize size = bad->size > 0 ? (gsize) bad->size : strlen (bad->text);
  int fd = http_test_connect (server->port);
  g_autofree char *reply = NULL;

  g_test_message ("%s", bad->name);
  if (whole)
    {
      g_autofree char *text = g_malloc (size + sizeof hidden);

      memcpy (text, bad->text, size);
      memcpy (text + size, hidden, sizeof hidden);
      http_test_send (fd, text, size + strlen (hidden));
    }
  else
    {
      for (gsize i = 0; i < size; i++)
        http_test_send (fd, bad->text + i, 1);
    }
  reply = http_test_read_to_end (fd, NULL);
  assert_refusal (bad, reply);
  close (fd);
}

static void
test_heads (gconstpointer data)
{
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (bad_heads); i++)
    try_bad (server, &bad_heads[i], GPOINTER_TO_INT (data));
  g_assert_cmpint (g_atomic_int_get (&server->n_handled), ==, 0);
}

static void
test_bodies (gconstpointer data)
{
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (bad_bodies); i++)
    try_bad (server, &bad_bodies[i], GPOINTER_TO_INT (data));
  g_assert_cmpint (g_atomic_int_get (&server->n_handled), ==, G_N_ELEMENTS (bad_bodies));
  g_assert_cmpint (g_atomic_int_get (&server->n_aborted), ==, G_N_ELEMENTS (bad_bodies));
  g_assert_cmpint (g_atomic_int_get (&server->n_ended), ==, 0);
}

static void
test_sizes (void)
{
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);
  g_autoptr (GString) text = g_string_new ("GET /");
  BadRequest bad = { "a long request line", 414, NULL, 0, "line 1: longer than 8192 bytes" };

  for (guint i = 0; i < 9000; i++)
    g_string_append_c (text, 'a');
  bad.text = text->str;
  try_bad (server, &bad, TRUE);

  bad = (BadRequest){ "a long head", 431, NULL, 0, "larger than 16384 bytes" };
  g_string_assign (text, "GET / HTTP/1.1\r\nHost: h\r\n");
  for (guint i = 0; i < 100; i++)
    g_string_append_printf (text, "X-%u: %0200u\r\n", i, i);
  bad.text = text->str;
  try_bad (server, &bad, TRUE);

  bad = (BadRequest){ "many fields", 431, NULL, 0, "more than 128 header fields" };
  g_string_assign (text, "GET / HTTP/1.1\r\nHost: h\r\n");
  for (guint i = 0; i < 200; i++)
    g_string_append_printf (text, "X-%u:\r\n", i);
  bad.text = text->str;
  try_bad (server, &bad, TRUE);
  g_assert_cmpint (g_atomic_int_get (&server->n_handled), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/http/malformed/heads/whole", GINT_TO_POINTER (TRUE), test_heads);
  g_test_add_data_func ("/http/malformed/heads/by-byte", GINT_TO_POINTER (FALSE), test_heads);
  g_test_add_data_func ("/http/malformed/bodies/whole", GINT_TO_POINTER (TRUE), test_bodies);
  g_test_add_data_func ("/http/malformed/bodies/by-byte", GINT_TO_POINTER (FALSE), test_bodies);
  g_test_add_func ("/http/malformed/sizes", test_sizes);

  return g_test_run ();
}
