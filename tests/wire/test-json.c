/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-wire-json-reader-private.h"

#include "json-recorder.h"

#include <string.h>

#define TEXT(literal) literal, sizeof literal - 1

typedef struct
{
  const char *name;
  const char *text;
  gsize size;
  const char *problem; /* what the message says after “Malformed JSON at byte ”; NULL: accepted */
} Case;

static const Case cases[] = {
  /* one value */
  { "empty", TEXT (""), "0: the text ends where a value was expected" },
  { "blank", TEXT (" \t\r\n"), "4: the text ends where a value was expected" },
  { "two-values", TEXT ("[]{\"a\":[1]}"), "2: expected the end of the text, found “{”" },
  { "two-numbers", TEXT ("1 2"), "2: expected the end of the text, found “2”" },
  { "trailing-comma", TEXT ("{},"), "2: expected the end of the text, found “,”" },
  { "trailing-bracket", TEXT ("[]]"), "2: expected the end of the text, found “]”" },
  { "trailing-nul", TEXT ("{}\0"), "2: expected the end of the text, found the byte 0x00" },
  { "nul-alone", TEXT ("\0"), "0: expected a value, found the byte 0x00" },
  { "blank-around", TEXT (" \n{ } \t"), NULL },
  { "form-feed", TEXT ("\f1"), "0: expected a value, found the byte 0x0c" },
  { "no-break-space",
    TEXT ("\xc2\xa0"
          "1"),
    "0: expected a value, found the byte 0xc2" },
  { "byte-order-mark", TEXT ("\xef\xbb\xbf{}"), "0: expected a value, found the byte 0xef" },
  { "utf-16", TEXT ("{\0}\0"), "1: expected the name of a member or “}”, found the byte 0x00" },

  /* what json-glib lets through */
  { "single-quotes", TEXT ("{'a':1}"), "1: expected the name of a member or “}”, found “'”" },
  { "assignment", TEXT ("var x = 1"), "0: expected a value, found “v”" },
  { "line-comment", TEXT ("// 1\n1"), "0: expected a value, found “/”" },
  { "block-comment", TEXT ("[/* 1 */]"), "1: expected a value or “]”, found “/”" },
  { "hash-comment", TEXT ("#\n1"), "0: expected a value, found “#”" },
  { "bare-name", TEXT ("{a:1}"), "1: expected the name of a member or “}”, found “a”" },
  { "semicolon", TEXT ("[1;2]"), "2: expected “,” or “]”, found “;”" },
  { "equals", TEXT ("{\"a\"=1}"), "4: expected “:”, found “=”" },
  { "hexadecimal", TEXT ("0x10"), "1: expected the end of the text, found “x”" },
  { "octal", TEXT ("0755"), "0: “0755” is not a number" },

  /* structure */
  { "array-comma-end", TEXT ("[1,]"), "3: expected a value, found “]”" },
  { "array-comma-first", TEXT ("[,1]"), "1: expected a value or “]”, found “,”" },
  { "array-two-commas", TEXT ("[1,,2]"), "3: expected a value, found “,”" },
  { "array-no-comma", TEXT ("[1 2]"), "3: expected “,” or “]”, found “2”" },
  { "array-colon", TEXT ("[1:2]"), "2: expected “,” or “]”, found “:”" },
  { "array-open", TEXT ("[1"), "2: the text ends where “,” or “]” was expected" },
  { "array-brace", TEXT ("[1}"), "2: expected “,” or “]”, found “}”" },
  { "array-empty-brace", TEXT ("[}"), "1: expected a value or “]”, found “}”" },
  { "object-bracket", TEXT ("{\"a\":1]"), "6: expected “,” or “}”, found “]”" },
  { "object-empty-bracket", TEXT ("{]"), "1: expected the name of a member or “}”, found “]”" },
  { "object-comma-end", TEXT ("{\"a\":1,}"), "7: expected the name of a member, found “}”" },
  { "object-no-value", TEXT ("{\"a\":}"), "5: expected a value, found “}”" },
  { "object-no-colon", TEXT ("{\"a\" 1}"), "5: expected “:”, found “1”" },
  { "object-value-alone", TEXT ("{\"a\"}"), "4: expected “:”, found “}”" },
  { "object-number-name", TEXT ("{1:2}"), "1: expected the name of a member or “}”, found “1”" },
  { "object-open", TEXT ("{"), "1: the text ends where the name of a member or “}” was expected" },
  { "object-ends-after-comma", TEXT ("{\"a\":1,"), "7: the text ends where the name of a member was expected" },
  { "object-ends-after-name", TEXT ("{\"a\""), "4: the text ends where “:” was expected" },
  { "object-ends-after-value", TEXT ("{\"a\":1"), "6: the text ends where “,” or “}” was expected" },
  { "close-first", TEXT ("]"), "0: expected a value, found “]”" },
  { "nested", TEXT ("{\"a\":[{\"b\":[[],{}]},null]}"), NULL },
  { "same-name-twice", TEXT ("{\"a\":1,\"a\":\"x\",\"a\":[2]}"), NULL },
  { "empty-name", TEXT ("{\"\":0}"), NULL },

  /* literals */
  { "literals", TEXT ("[true,false,null]"), NULL },
  { "literal-case", TEXT ("True"), "0: expected a value, found “T”" },
  { "literal-wrong", TEXT ("[nul]"), "1: only “true”, “false” and “null” may stand without quotes" },
  { "literal-cut", TEXT ("tru"), "3: the text ends within a literal" },
  { "literal-longer", TEXT ("truex"), "4: expected the end of the text, found “x”" },
  { "literal-nan", TEXT ("NaN"), "0: expected a value, found “N”" },
  { "literal-undefined", TEXT ("[undefined]"), "1: expected a value or “]”, found “u”" },
  { "literal-infinity", TEXT ("-Infinity"), "0: “-” is not a number" },

  /* numbers */
  { "numbers", TEXT ("[0,-0,-1,1.5,1e5,1E+5,-1.25e-3,0.0,0e1,1e-999]"), NULL },
  { "integer-limits", TEXT ("[9223372036854775807,-9223372036854775808]"), NULL },
  { "integer-too-large", TEXT ("9223372036854775808"), "0: the number 9223372036854775808 is out of range" },
  { "integer-too-small", TEXT ("[-9223372036854775809]"), "1: the number -9223372036854775809 is out of range" },
  { "integer-64-bits", TEXT ("18446744073709551615"), "0: the number 18446744073709551615 is out of range" },
  { "integer-wraps", TEXT ("18446744073709551617"), "0: the number 18446744073709551617 is out of range" },
  { "double-limit", TEXT ("[1.7976931348623157e308,-1.7976931348623157e308]"), NULL },
  { "double-too-large", TEXT ("1e999"), "0: the number 1e999 is out of range" },
  { "double-too-small", TEXT ("[-1.8e308]"), "1: the number -1.8e308 is out of range" },
  { "double-huge-exponent", TEXT ("1e99999999999999999999"), "0: the number 1e99999999999999999999 is out of range" },
  { "number-plus", TEXT ("+1"), "0: expected a value, found “+”" },
  { "number-point-first", TEXT (".5"), "0: expected a value, found “.”" },
  { "number-point-last", TEXT ("1."), "0: “1.” is not a number" },
  { "number-point-exponent", TEXT ("1.e1"), "0: “1.e1” is not a number" },
  { "number-leading-zero", TEXT ("-012"), "0: “-012” is not a number" },
  { "number-zeros", TEXT ("00"), "0: “00” is not a number" },
  { "number-sign-alone", TEXT ("[-]"), "1: “-” is not a number" },
  { "number-two-signs", TEXT ("--1"), "0: “--1” is not a number" },
  { "number-two-points", TEXT ("1.2.3"), "0: “1.2.3” is not a number" },
  { "number-exponent-alone", TEXT ("1e"), "0: “1e” is not a number" },
  { "number-exponent-sign", TEXT ("1e+"), "0: “1e+” is not a number" },
  { "number-exponent-point", TEXT ("1e1.5"), "0: “1e1.5” is not a number" },
  { "number-separator", TEXT ("1_000"), "1: expected the end of the text, found “_”" },
  { "number-longest", TEXT ("0.12345678901234567890123456789012345678901234567890123456789012"), NULL },
  { "number-too-long", TEXT ("0.123456789012345678901234567890123456789012345678901234567890123"),
    "0: a number is longer than 64 characters" },

  /* strings */
  { "escapes", TEXT ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\""), NULL },
  { "surrogate-pair", TEXT ("\"\\ud83d\\uDE00\""), NULL },
  { "delete-character", TEXT ("\"\x7f\""), NULL },
  { "non-characters", TEXT ("\"\\uffff\xef\xbf\xbf\""), NULL },
  { "string-open", TEXT ("\"a"), "2: the text ends within a string" },
  { "string-ends-in-escape", TEXT ("\"\\"), "2: the text ends within a string" },
  { "string-ends-in-hex", TEXT ("\"\\u00"), "5: the text ends within a string" },
  { "string-ends-in-pair", TEXT ("\"\\ud83d\\u"), "9: the text ends within a string" },
  { "string-ends-in-character", TEXT ("\"\xe2\x82"), "3: the text ends within a string" },
  { "string-newline", TEXT ("\"a\nb\""), "2: a control character in a string must be escaped" },
  { "string-nul", TEXT ("\"a\0b\""), "2: a control character in a string must be escaped" },
  { "name-tab", TEXT ("{\"\t\":1}"), "2: a control character in a string must be escaped" },
  { "escape-unknown", TEXT ("\"\\x41\""), "1: there is no such escape" },
  { "escape-quote", TEXT ("\"\\'\""), "1: there is no such escape" },
  { "escape-upper-case", TEXT ("\"\\N\""), "1: there is no such escape" },
  { "escape-not-hex", TEXT ("\"\\u00g0\""), "1: \\u needs four hexadecimal digits" },
  { "escape-short-hex", TEXT ("\"\\u12\""), "1: \\u needs four hexadecimal digits" },
  { "escape-braces", TEXT ("\"\\u{1f600}\""), "1: \\u needs four hexadecimal digits" },
  { "escape-nul", TEXT ("[\"a\\u0000b\"]"),
    "3: \\u0000 is refused, since strings become paths and arguments; bytes can be sent as base64" },
  { "escape-nul-name", TEXT ("{\"\\u0000\":1}"),
    "2: \\u0000 is refused, since strings become paths and arguments; bytes can be sent as base64" },
  { "surrogate-high-alone", TEXT ("\"\\uD800\""), "1: half of a surrogate pair stands alone" },
  { "surrogate-low-alone", TEXT ("\"ab\\uDC00\""), "3: half of a surrogate pair stands alone" },
  { "surrogate-two-high", TEXT ("\"\\uD800\\uD800\""), "1: half of a surrogate pair stands alone" },
  { "surrogate-then-character", TEXT ("\"\\uD800\\u0041\""), "1: half of a surrogate pair stands alone" },
  { "surrogate-then-escape", TEXT ("\"\\uD800\\n\""), "1: half of a surrogate pair stands alone" },
  { "surrogate-then-nul", TEXT ("\"\\uD800\\u0000\""), "1: half of a surrogate pair stands alone" },

  /* UTF-8 */
  { "utf8", TEXT ("{\"é€😀\":\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"}"), NULL },
  { "utf8-around-surrogates", TEXT ("\"\xed\x9f\xbf\xee\x80\x80\""), NULL },
  { "utf8-continuation", TEXT ("\"\x80\""), "1: the text is not valid UTF-8" },
  { "utf8-overlong-2", TEXT ("\"\xc0\xaf\""), "1: the text is not valid UTF-8" },
  { "utf8-overlong-3", TEXT ("\"\xe0\x80\xaf\""), "1: the text is not valid UTF-8" },
  { "utf8-overlong-4", TEXT ("\"\xf0\x80\x80\xaf\""), "1: the text is not valid UTF-8" },
  { "utf8-surrogate", TEXT ("\"a\xed\xa0\x80\""), "2: the text is not valid UTF-8" },
  { "utf8-beyond", TEXT ("\"\xf4\x90\x80\x80\""), "1: the text is not valid UTF-8" },
  { "utf8-lead-f5", TEXT ("\"\xf5\x80\x80\x80\""), "1: the text is not valid UTF-8" },
  { "utf8-lead-ff", TEXT ("\"\xff\""), "1: the text is not valid UTF-8" },
  { "utf8-cut-by-quote", TEXT ("\"ab\xe2\x82\""), "3: the text is not valid UTF-8" },
  { "utf8-cut-by-escape", TEXT ("\"\xf0\x9f\x98\\n\""), "1: the text is not valid UTF-8" },
  { "utf8-in-name", TEXT ("{\"\xfe\":1}"), "2: the text is not valid UTF-8" },
};

/* A text of its own that ends where the allocation ends. */
static char *
check (const char *text, gsize size)
{
  g_autoptr (GRand) splitter = g_rand_new_with_seed (size);
  g_autofree char *copy = g_memdup2 (text, size);

  return json_recorder_check_agreement (copy, size, splitter, 40);
}

static void
test_case (gconstpointer data)
{
  const Case *test = data;
  g_autofree char *message = check (test->text, test->size);
  g_autofree char *expected = NULL;

  if (test->problem != NULL)
    expected = g_strconcat ("Malformed JSON at byte ", test->problem, NULL);
  g_assert_cmpstr (message, ==, expected);
}

static char *
nest (const char *open, const char *close, guint depth)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append (text, open);
  g_string_append_c (text, '1');
  for (guint i = 0; i < depth; i++)
    g_string_append (text, close);

  return g_string_free (text, FALSE);
}

static void
test_depth (void)
{
  const char *pairs[][2] = { { "[", "]" }, { "{\"a\":", "}" }, { "[{\"a\":[", "]}]" } };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      guint width = i == 2 ? 3 : 1;

      for (guint depth = 60 / width; depth <= 70 / width; depth++)
        {
          g_autofree char *text = nest (pairs[i][0], pairs[i][1], depth);
          g_autofree char *message = check (text, strlen (text));

          if (depth * width <= 64)
            g_assert_null (message);
          else
            g_assert_true (g_str_has_suffix (message, "more than 64 arrays and objects lie within each other"));
        }
    }
}

static void
test_deep_nesting (void)
{
  g_autofree char *arrays = nest ("[", "]", 200000);
  g_autofree char *objects = nest ("{\"a\":", "}", 200000);
  g_autofree char *open = g_strnfill (200000, '[');
  const char *texts[] = { arrays, objects, open };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *message = check (texts[i], strlen (texts[i]));

      g_assert_true (g_str_has_suffix (message, "more than 64 arrays and objects lie within each other"));
    }
}

static void
test_long_name (void)
{
  for (guint length = 1020; length <= 1030; length++)
    {
      g_autofree char *name = g_strnfill (length, 'n');
      g_autofree char *text = g_strdup_printf ("{\"%s\":1}", name);
      g_autofree char *escaped = g_strdup_printf ("[{\"\\u00e9%s\":1}]", name + 2);
      g_autofree char *message = check (text, strlen (text));
      g_autofree char *escaped_message = check (escaped, strlen (escaped));

      g_assert_cmpstr (message, ==,
                       length <= 1024 ? NULL
                                      : "Malformed JSON at byte 1: the name of a member is longer than 1024 bytes");
      g_assert_cmpstr (escaped_message, ==,
                       length <= 1024 ? NULL
                                      : "Malformed JSON at byte 2: the name of a member is longer than 1024 bytes");
    }
}

/* Strings of every length around the sizes at which the reader changes its way. */
static void
test_long_strings (void)
{
  const char *units[] = { "a", "é", "😀", "a\\n", "\\u20ac", "0123456789abcdefghijklmnopqrstuvwxyz\\t" };
  const guint sizes[] = { 7, 8, 9, 1023, 1024, 1025, 4095, 4096, 4097, 9000 };

  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (sizes); j++)
        {
          g_autoptr (GString) text = g_string_new ("{\"content\":\"");
          g_autofree char *message = NULL;

          while (text->len < sizes[j])
            g_string_append (text, units[i]);
          g_string_append (text, "\",\"more\":[\"");
          for (guint k = 0; k < sizes[j] / 10; k++)
            g_string_append (text, units[i]);
          g_string_append (text, "\"]}");
          message = check (text->str, text->len);
          g_assert_cmpstr (message, ==, NULL);
        }
    }
}

/* Cutting, changing or doubling any byte of a good document never splits the verdicts. */
static void
test_mutations (void)
{
  static const char text[]
      = "{\"path\":\"src/é.c\",\"args\":[\"-n\",\"\\ud83d\\ude00\\n\",-1.5e+3,true,null],\"n\":12}";
  static const char inserts[] = "\"\\{}[]:,0eu-.\x80\xe2\n";
  g_autoptr (GRand) splitter = g_rand_new_with_seed (20);

  for (gsize i = 0; i < sizeof text - 1; i++)
    {
      for (const char *insert = inserts; *insert != '\0'; insert++)
        {
          g_autoptr (GString) changed = g_string_new (text);
          g_autofree char *first = NULL;
          g_autofree char *second = NULL;

          g_string_insert_c (changed, i, *insert);
          first = json_recorder_check_agreement (changed->str, changed->len, splitter, 2);
          g_string_erase (changed, i + 1, 1);
          second = json_recorder_check_agreement (changed->str, changed->len, splitter, 2);
        }

      if (i > 0)
        {
          g_autofree char *cut = json_recorder_check_agreement (text, i, splitter, 2);

          g_assert_nonnull (cut);
        }
    }
}

static gboolean
append_piece (gpointer user_data, const char *data, gsize size, gboolean last, GError **error)
{
  g_ptr_array_add (user_data, g_strdup_printf ("%" G_GSIZE_FORMAT "%s", size, last ? "." : "+"));

  return TRUE;
}

static void
test_slices (void)
{
  const DevboxWireJsonHandler handler = { .string = append_piece };
  g_autoptr (GPtrArray) pieces = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (DevboxWireJsonReader) reader = devbox_wire_json_reader_new (&handler, pieces);
  g_autofree char *long_piece = g_strnfill (50000, 'A');
  g_autoptr (GError) error = NULL;

  devbox_wire_json_reader_feed (reader, "[\"\",\"abc\",\"a\\nb\",\"", 18, &error);
  g_assert_no_error (error);
  devbox_wire_json_reader_feed (reader, long_piece, 50000, &error);
  g_assert_no_error (error);
  devbox_wire_json_reader_feed (reader, "12\\n\\n", 6, &error);
  g_assert_no_error (error);
  devbox_wire_json_reader_feed (reader, "\"]", 2, &error);
  g_assert_no_error (error);
  devbox_wire_json_reader_finish (reader, &error);
  g_assert_no_error (error);

  g_ptr_array_add (pieces, NULL);
  g_assert_cmpstrv (pieces->pdata, ((const char *[]){ "0.", "3.", "3.", "50000+", "4.", NULL }));
}

static gboolean
refuse (gpointer user_data, GError **error)
{
  guint *n_calls = user_data;

  (*n_calls)++;
  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, "refused");

  return FALSE;
}

static void
test_handler_error (void)
{
  const DevboxWireJsonHandler handler = { .null = refuse };
  guint n_calls = 0;
  g_autoptr (DevboxWireJsonReader) reader = devbox_wire_json_reader_new (&handler, &n_calls);
  g_autoptr (GError) error = NULL;

  g_assert_true (devbox_wire_json_reader_feed (reader, "[", 1, &error));
  g_assert_cmpuint (devbox_wire_json_reader_get_depth (reader), ==, 1);
  g_assert_false (devbox_wire_json_reader_feed (reader, "null,null", 9, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT);
  g_clear_error (&error);

  /* It stays failed, and calls nobody any more. */
  g_assert_false (devbox_wire_json_reader_feed (reader, ",null]", 6, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT);
  g_clear_error (&error);
  g_assert_false (devbox_wire_json_reader_finish (reader, NULL));
  g_assert_cmpuint (n_calls, ==, 1);
}

static void
assert_too_large (const char *value, guint n_values, gboolean too_large)
{
  g_autoptr (GString) text = g_string_new ("[");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n_values; i++)
    {
      g_string_append (text, value);
      g_string_append_c (text, i + 1 < n_values ? ',' : ']');
    }

  g_assert_cmpint (devbox_wire_json_scan (text->str, text->len, &error), ==, !too_large);
  if (too_large)
    g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
}

/* The tree of a small text can be large. */
static void
test_tree_size (void)
{
  const guint n = 2 * 1024 * 1024 - 2; /* besides the array itself */

  assert_too_large ("1", n, FALSE);
  assert_too_large ("1", n + 1, TRUE);
  assert_too_large ("\"\"", n + 1, TRUE);
  assert_too_large ("[]", n / 2, FALSE);
  assert_too_large ("[]", n / 2 + 1, TRUE);
  assert_too_large ("{}", n / 4, FALSE);
  assert_too_large ("{}", n / 4 + 1, TRUE);
  assert_too_large ("{\"a\":1}", n / 6, FALSE);
  assert_too_large ("{\"a\":1}", n / 6 + 1, TRUE);
}

/* Names of the same hash take a time that grows with the square of their number. */
static void
test_many_members (void)
{
  const struct
  {
    guint n_members;
    gboolean too_large;
  } many[] = { { 4096, FALSE }, { 8192, TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    {
      g_autoptr (GString) object = g_string_new ("{");

      for (guint n = 0; n < many[i].n_members; n++)
        g_string_append_printf (object, "%s\"%u\":1", n > 0 ? "," : "", n);
      g_string_append_c (object, '}');
      assert_too_large (object->str, 1, many[i].too_large);
    }
}

static void
test_null_data (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (devbox_wire_json_scan (NULL, 0, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/wire/json/case/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/wire/json/depth", test_depth);
  g_test_add_func ("/wire/json/deep-nesting", test_deep_nesting);
  g_test_add_func ("/wire/json/long-name", test_long_name);
  g_test_add_func ("/wire/json/long-strings", test_long_strings);
  g_test_add_func ("/wire/json/mutations", test_mutations);
  g_test_add_func ("/wire/json/slices", test_slices);
  g_test_add_func ("/wire/json/handler-error", test_handler_error);
  g_test_add_func ("/wire/json/tree-size", test_tree_size);
  g_test_add_func ("/wire/json/many-members", test_many_members);
  g_test_add_func ("/wire/json/null-data", test_null_data);

  return g_test_run ();
}
