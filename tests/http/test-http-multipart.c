/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-parameters-private.h"
#include "devbox-wire-error-private.h"
#include "multipart-recorder.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *body;
  const char *expected; /* what it holds, or else a part of the error */
} Case;

#define DISPOSITION "Content-Disposition: form-data; name=\"f\""

static const Case well_formed[] = {
  { "one part", "--b\r\n" DISPOSITION "\r\n\r\nhello\r\n--b--\r\n", "[f|-|-]hello." },
  { "no line break at the end", "--b\r\n" DISPOSITION "\r\n\r\nhello\r\n--b--", "[f|-|-]hello." },
  { "carriage return at the end", "--b\r\n" DISPOSITION "\r\n\r\nhello\r\n--b--\r", "[f|-|-]hello." },
  { "no parts", "--b--\r\n", "" },
  { "empty content", "--b\r\n" DISPOSITION "\r\n\r\n\r\n--b--\r\n", "[f|-|-]." },
  { "two parts", "--b\r\n" DISPOSITION "\r\n\r\n1\r\n--b\r\n" DISPOSITION "\r\n\r\n2\r\n--b--\r\n",
    "[f|-|-]1.[f|-|-]2." },
  { "preamble and epilogue", "before\r\n--b\r\n" DISPOSITION "\r\n\r\nx\r\n--b--\r\nafter\r\n--b\r\n", "[f|-|-]x." },
  { "bare line feeds in the preamble", "--b\n" DISPOSITION "\n\nhello\r\n--b--", "" },
  { "empty preamble line", "\r\n--b\r\n" DISPOSITION "\r\n\r\nx\r\n--b--", "[f|-|-]x." },
  { "padding", "--b \t\r\n" DISPOSITION "\r\n\r\nx\r\n--b\t\r\n" DISPOSITION "\r\n\r\ny\r\n--b-- \t\r\n",
    "[f|-|-]x.[f|-|-]y." },
  { "boundary begun in content",
    "--b\r\n" DISPOSITION "\r\n\r\n\r\r\n-\r\n--\r\n\r\n--bx\r\n--b-x\r\n--b--x\r\n--b \r\r\n--b--",
    "[f|-|-]\r\r\n-\r\n--\r\n\r\n--bx\r\n--b-x\r\n--b--x\r\n--b \r." },
  { "closed line that is text", "--b\r\n" DISPOSITION "\r\n\r\nx\r\n--b--\ry\r\n--b--", "[f|-|-]x\r\n--b--\ry." },
  { "line feeds in content", "--b\r\n" DISPOSITION "\r\n\r\na\nb\n--b\nc\r\n--b--", "[f|-|-]a\nb\n--b\nc." },
  { "header in any case", "--b\r\ncontent-DISPOSITION:form-data;NAME=f\r\n\r\nx\r\n--b--", "[f|-|-]x." },
  { "content type",
    "--b\r\n" DISPOSITION "; filename=\"a.txt\"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nx\r\n--b--",
    "[f|a.txt|text/plain; charset=utf-8]x." },
  { "transfer encoding", "--b\r\n" DISPOSITION "\r\nContent-Transfer-Encoding: BINARY\r\n\r\nx\r\n--b--", "[f|-|-]x." },
  { "unknown field", "--b\r\nX-Other: y\r\n" DISPOSITION "\r\n\r\nx\r\n--b--", "[f|-|-]x." },
  { "path as file name", "--b\r\n" DISPOSITION "; filename=\"a/b c/d.txt\"\r\n\r\nx\r\n--b--", "[f|a/b c/d.txt|-]x." },
  { "browser, Node.js and curl: quote", "--b\r\n" DISPOSITION "; filename=\"a%22b%0D%0a%41.txt\"\r\n\r\nx\r\n--b--",
    "[f|a\"b\r\n%41.txt|-]x." },
  { "older curl: quote", "--b\r\n" DISPOSITION "; filename=\"a\\\"b\\\\c\\d\"\r\n\r\nx\r\n--b--",
    "[f|a\"b\\c\\d|-]x." },
  { "raw UTF-8", "--b\r\n" DISPOSITION "; filename=\"你好.txt\"\r\n\r\nx\r\n--b--", "[f|你好.txt|-]x." },
  { "Python: filename*", "--b\r\n" DISPOSITION "; filename*=utf-8''%E4%BD%A0%2F%25.txt\r\n\r\nx\r\n--b--",
    "[f|你/%.txt|-]x." },
  { "filename* beats filename", "--b\r\n" DISPOSITION "; filename*=UTF-8'en'b; filename=a;\r\n\r\nx\r\n--b--",
    "[f|b|-]x." },
  { "not UTF-8", "--b\r\n" DISPOSITION "; filename=\"\xff\"\r\n\r\nx\r\n--b--", "[f|\xff|-]x." },
};

static const Case malformed[] = {
  { "nothing", "", "before its closing boundary" },
  { "no boundary", "hello", "before its closing boundary" },
  { "cut in content", "--b\r\n" DISPOSITION "\r\n\r\nhello", "before its closing boundary" },
  { "cut in a boundary", "--b\r\n" DISPOSITION "\r\n\r\nhello\r\n--b-", "before its closing boundary" },
  { "cut in a header", "--b\r\nContent-Dispo", "before its closing boundary" },
  { "bare line feed in a header", "--b\r\n" DISPOSITION "\n\r\nhello\r\n--b--", "carriage return" },
  { "no header", "--b\r\n\r\nhello\r\n--b--", "no Content-Disposition" },
  { "no disposition", "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--", "no Content-Disposition" },
  { "another disposition", "--b\r\nContent-Disposition: attachment; name=f\r\n\r\nhello\r\n--b--", "attachment" },
  { "no name", "--b\r\nContent-Disposition: form-data\r\n\r\nhello\r\n--b--", "no name" },
  { "two dispositions", "--b\r\n" DISPOSITION "\r\n" DISPOSITION "\r\n\r\nhello\r\n--b--", "twice" },
  { "parameter twice", "--b\r\n" DISPOSITION "; name=g\r\n\r\nhello\r\n--b--", "twice" },
  { "quoted string without end", "--b\r\nContent-Disposition: form-data; name=\"f\r\n\r\nhello\r\n--b--", "no end" },
  { "parameter without value", "--b\r\nContent-Disposition: form-data; name=\r\n\r\nhello\r\n--b--", "no value" },
  { "parameter without equals sign", "--b\r\nContent-Disposition: form-data; name\r\n\r\nhello\r\n--b--", "=" },
  { "no semicolon", "--b\r\nContent-Disposition: form-data name=f\r\n\r\nhello\r\n--b--", "semicolon" },
  { "no colon", "--b\r\nhello\r\n\r\nhello\r\n--b--", "hello" },
  { "folded field", "--b\r\n" DISPOSITION ";\r\n filename=x\r\n\r\nhello\r\n--b--", "no header field" },
  { "control character", "--b\r\n" DISPOSITION "\x01\r\n\r\nhello\r\n--b--", "control character" },
  { "charset of filename*", "--b\r\n" DISPOSITION "; filename*=latin1''x\r\n\r\nhello\r\n--b--", "latin1" },
  { "NUL in filename*", "--b\r\n" DISPOSITION "; filename*=utf-8''a%00b\r\n\r\nhello\r\n--b--", "filename*" },
  { "no quotes in filename*", "--b\r\n" DISPOSITION "; filename*=utf-8'a\r\n\r\nhello\r\n--b--", "filename*" },
  { "transfer encoding", "--b\r\n" DISPOSITION "\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--b--", "base64" },
};

static GString *
record (const char *body, gsize piece, GError **error)
{
  return multipart_record ("b", (const guint8 *) body, strlen (body), piece, error);
}

static void
test_well_formed (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (well_formed); i++)
    {
      gsize size = strlen (well_formed[i].body);

      g_test_message ("%s", well_formed[i].name);
      for (gsize piece = 1; piece <= size; piece++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (GString) text = record (well_formed[i].body, piece, &error);

          g_assert_no_error (error);
          g_assert_cmpstr (text->str, ==, well_formed[i].expected);
        }
    }
}

static void
test_malformed (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      g_autoptr (GError) whole_error = NULL;

      g_test_message ("%s", malformed[i].name);
      g_assert_null (record (malformed[i].body, G_MAXSIZE / 2, &whole_error));
      g_assert_error (whole_error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
      if (strstr (whole_error->message, malformed[i].expected) == NULL)
        g_error ("%s: %s", malformed[i].name, whole_error->message);

      for (gsize piece = 1; piece < strlen (malformed[i].body); piece++)
        {
          g_autoptr (GError) error = NULL;

          g_assert_null (record (malformed[i].body, piece, &error));
          g_assert_cmpstr (error->message, ==, whole_error->message);
        }
    }
}

/* A body that ends anywhere before its closing boundary is malformed, and one byte into it as well. */
static void
test_truncated (void)
{
  static const char body[] = "--b\r\n" DISPOSITION "; filename=x\r\n\r\nhello\r\n--b--";

  for (gsize size = 0; size < strlen (body); size++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (multipart_record ("b", (const guint8 *) body, size, size + 1, &error));
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
    }
}

/* The largest that is taken, and one more. */
static void
check_limit (GString *(*make) (guint n), guint limit)
{
  g_autoptr (GString) largest = make (limit);
  g_autoptr (GString) too_large = make (limit + 1);
  g_autoptr (GString) text = NULL;
  g_autoptr (GError) error = NULL;

  text = record (largest->str, 1000, &error);
  g_assert_no_error (error);
  g_assert_nonnull (text);
  g_assert_null (record (too_large->str, 1000, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
  g_test_message ("%s", error->message);
}

static GString *
make_fields (guint n)
{
  GString *body = g_string_new ("--b\r\n" DISPOSITION "\r\n");

  for (guint i = 1; i < n; i++)
    g_string_append (body, "X: y\r\n");
  g_string_append (body, "\r\nx\r\n--b--");

  return body;
}

static GString *
make_header (guint n)
{
  GString *body = g_string_new ("--b\r\n" DISPOSITION "\r\nX: ");
  gsize size = n - strlen (DISPOSITION "\r\nX: \r\n\r\n");

  for (gsize i = 0; i < size; i++)
    g_string_append_c (body, 'y');
  g_string_append (body, "\r\n\r\nx\r\n--b--");

  return body;
}

static GString *
make_parts (guint n)
{
  GString *body = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append (body, "--b\r\nContent-Disposition:form-data;name=f\r\n\r\n\r\n");
  g_string_append (body, "--b--");

  return body;
}

/* The line break of the first boundary counts. */
static GString *
make_preamble (guint n)
{
  GString *body = g_string_new (NULL);

  for (guint i = 2; i < n; i++)
    g_string_append_c (body, 'x');
  g_string_append (body, "\r\n--b--");

  return body;
}

static GString *
make_epilogue (guint n)
{
  GString *body = g_string_new ("--b--\r\n");

  for (guint i = 0; i < n; i++)
    g_string_append_c (body, 'x');

  return body;
}

static void
test_limits (void)
{
  check_limit (make_fields, DEVBOX_HTTP_MULTIPART_MAX_FIELDS);
  check_limit (make_header, DEVBOX_HTTP_MULTIPART_MAX_HEADERS);
  check_limit (make_parts, DEVBOX_HTTP_MULTIPART_MAX_PARTS);
  check_limit (make_preamble, DEVBOX_HTTP_MULTIPART_MAX_MARGIN);
  check_limit (make_epilogue, DEVBOX_HTTP_MULTIPART_MAX_MARGIN);
}

/* Padding is bounded too: what is longer is text. */
static void
test_long_padding (void)
{
  g_autofree char *spaces = g_strnfill (200, ' ');
  g_autofree char *body
      = g_strdup_printf ("--b\r\n" DISPOSITION "\r\n\r\n\r\n--b%s\r\n--b--%s\r\n--b--", spaces, spaces);
  g_autofree char *expected = g_strdup_printf ("[f|-|-]\r\n--b%s\r\n--b--%s.", spaces, spaces);

  for (gsize piece = 1; piece <= 300; piece++)
    {
      g_autoptr (GString) text = record (body, piece, NULL);

      g_assert_cmpstr (text->str, ==, expected);
    }
}

static void
test_boundary (void)
{
  static const struct
  {
    const char *content_type;
    const char *boundary;
  } cases[] = {
    { "multipart/form-data; boundary=abc", "abc" },
    { "Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b'()+_,-./:=?\"", "a b'()+_,-./:=?" },
    { "multipart/form-data; boundary=0123456789012345678901234567890123456789012345678901234567890123456789",
      "0123456789012345678901234567890123456789012345678901234567890123456789" },
    { "multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890", NULL },
    { NULL, NULL },
    { "", NULL },
    { "multipart/form-data", NULL },
    { "multipart/form-data; boundary=", NULL },
    { "multipart/form-data; boundary=\"\"", NULL },
    { "multipart/form-data; boundary=\"a \"", NULL },
    { "multipart/form-data; boundary=\"a<\"", NULL },
    { "multipart/form-data; boundary=a; boundary=b", NULL },
    { "multipart/mixed; boundary=a", NULL },
    { "application/json", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *boundary = devbox_http_multipart_find_boundary (cases[i].content_type, &error);

      g_assert_cmpstr (boundary, ==, cases[i].boundary);
      if (boundary == NULL)
        g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
    }
}

static void
test_attachment (void)
{
  static const struct
  {
    const char *name;
    const char *expected;
  } cases[] = {
    { "a b.txt", "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt" },
    { "", "attachment; filename=\"\"" },
    { "你.txt", "attachment; filename=\"___.txt\"; filename*=UTF-8''%E4%BD%A0.txt" },
    { "a\"\\\n\x7f", "attachment; filename=\"a____\"; filename*=UTF-8''a%22%5C%0A%7F" },
    { "\xff", "attachment; filename=\"_\"; filename*=UTF-8''%EF%BF%BD" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *value = devbox_http_parameters_format_attachment (cases[i].name);

      g_assert_cmpstr (value, ==, cases[i].expected);
    }
}

/* Content in which nearly everything looks like a boundary, in pieces of all sizes up to past two boundaries. */
static void
test_random (void)
{
  static const char alphabet[] = "\r\n-b";

  for (guint round = 0; round < 300; round++)
    {
      g_autoptr (GString) body = g_string_new ("--b\r\n" DISPOSITION "\r\n\r\n");
      g_autoptr (GString) whole = NULL;

      for (guint i = g_test_rand_int_range (0, 40); i > 0; i--)
        g_string_append_c (body, alphabet[g_test_rand_int_range (0, sizeof alphabet - 1)]);
      g_string_append (body, "\r\n--b--");

      whole = record (body->str, body->len, NULL);
      for (gsize piece = 1; piece < 14; piece++)
        {
          g_autoptr (GString) cut = record (body->str, piece, NULL);

          g_assert_cmpint (whole == NULL, ==, cut == NULL);
          if (whole != NULL)
            g_assert_true (g_string_equal (whole, cut));
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/http/multipart/well-formed", test_well_formed);
  g_test_add_func ("/http/multipart/malformed", test_malformed);
  g_test_add_func ("/http/multipart/truncated", test_truncated);
  g_test_add_func ("/http/multipart/limits", test_limits);
  g_test_add_func ("/http/multipart/long-padding", test_long_padding);
  g_test_add_func ("/http/multipart/boundary", test_boundary);
  g_test_add_func ("/http/multipart/attachment", test_attachment);
  g_test_add_func ("/http/multipart/random", test_random);

  return g_test_run ();
}
