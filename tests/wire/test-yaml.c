/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-wire-error-private.h"
#include "devbox-wire-kubeconfig-private.h"

#include <string.h>

static JsonNode *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  JsonNode *root = devbox_wire_yaml_parse (text, strlen (text), &error);

  g_assert_no_error (error);
  g_assert_nonnull (root);

  return root;
}

static void
assert_is (const char *text, const char *expected)
{
  g_autoptr (JsonNode) root = parse (text);
  g_autofree char *json = json_to_string (root, FALSE);

  g_assert_cmpstr (json, ==, expected);
}

static void
assert_data_refused (const char *data, gsize size, const char *message)
{
  g_autoptr (GError) error = NULL;
  JsonNode *root = devbox_wire_yaml_parse (data, size, &error);

  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG);
  g_assert_null (root);
  if (message != NULL)
    g_assert_cmpstr (error->message, ==, message);
}

static void
assert_refused (const char *text, const char *message)
{
  assert_data_refused (text, strlen (text), message);
}

static void
test_collections (void)
{
  assert_is ("a: 1\nb:\n- x\n- y: z\n  w:\n    - []\n    - {}\nc: {d: [1, 2], e: }\n",
             "{\"a\":1,\"b\":[\"x\",{\"y\":\"z\",\"w\":[[],{}]}],\"c\":{\"d\":[1,2],\"e\":null}}");
  assert_is ("# a comment\n---\n- 1\n# another\n- 2\n...\n", "[1,2]");
  assert_is ("%YAML 1.1\n---\nx\n", "\"x\"");
  assert_is ("? a\n: b\n", "{\"a\":\"b\"}");
  assert_is ("<<: {a: 1}\n", "{\"<<\":{\"a\":1}}");
  assert_is ("1: a\ntrue: b\n~: c\n", "{\"1\":\"a\",\"true\":\"b\",\"~\":\"c\"}");
  assert_is ("\xef\xbb\xbf"
             "a: 1\r\nb: 2\r\n",
             "{\"a\":1,\"b\":2}");
  assert_is ("a: |\n  x\n  y\nb: >\n  x\n  y\nc: x\n  y\n", "{\"a\":\"x\\ny\\n\",\"b\":\"x y\\n\",\"c\":\"x y\"}");
}

static void
test_nothing (void)
{
  static const char *const texts[] = { "", "\n", "# only a comment\n", "---\n", "--- ~\n", "null" };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_is (texts[i], "null");
  root = devbox_wire_yaml_parse (NULL, 0, &error);
  g_assert_no_error (error);
  g_assert_true (JSON_NODE_HOLDS_NULL (root));
}

static void
test_scalars (void)
{
  static const struct
  {
    const char *text;
    const char *expected;
  } cases[] = {
    { "[null, Null, NULL, ~, nULL]", "[null,null,null,null,\"nULL\"]" },
    { "[true, True, TRUE, tRUE, false, False, FALSE]", "[true,true,true,\"tRUE\",false,false,false]" },
    { "[yes, no, on, off, y, n]", "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\"]" },
    { "[0, -0, +1, -1, 007, 1_000, 0b1]", "[0,0,1,-1,7,\"1_000\",\"0b1\"]" },
    { "[0x0, 0xfF, 0o17, 0o8, 0x, 0o, -0x1]", "[0,255,15,\"0o8\",\"0x\",\"0o\",\"-0x1\"]" },
    { "[9223372036854775807, -9223372036854775808]", "[9223372036854775807,-9223372036854775808]" },
    { "[1., .5, 1.5e3, -1E-2, +.5, 1e5]", "[1.0,0.5,1500.0,-0.01,0.5,100000.0]" },
    { "[., +, -, '-', e5, 1e, .e1, 1e+, 1.2.3, 1.5x, -.]",
      "[\".\",\"+\",\"-\",\"-\",\"e5\",\"1e\",\".e1\",\"1e+\",\"1.2.3\",\"1.5x\",\"-.\"]" },
    { "['1', \"true\", '~', \"\"]", "[\"1\",\"true\",\"~\",\"\"]" },
    { "a: |\n  1\n", "{\"a\":\"1\\n\"}" },
    { "[2024-01-01, 10:20, 127.0.0.1]", "[\"2024-01-01\",\"10:20\",\"127.0.0.1\"]" },
    { "[\"\\x41\\u00e9\\U0001F600\\n\\/\\\"\", é]", "[\"Aé😀\\n/\\\"\",\"é\"]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_is (cases[i].text, cases[i].expected);
}

static void
test_json (void)
{
  static const char *const texts[] = {
    "{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":-1.5,\"e\":\"\"},\"f\":[],\"g\":{}}",
    "{\"token\":\"a:b,c]d}e#f\",\"url\":\"https://[::1]:6443/\"}",
    "[{\"name\":\"x\"},{\"name\":\"y\"}]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (JsonNode) root = parse (texts[i]);
      g_autofree char *pretty = json_to_string (root, TRUE);

      assert_is (texts[i], texts[i]);
      assert_is (pretty, texts[i]);
      assert_is (g_strdelimit (pretty, " ", '\t'), texts[i]);
    }
}

static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    const char *message;
  } cases[] = {
    { "a: &x 1\nb: *x\n", "Malformed YAML at line 1, column 4: anchors, aliases and tags are not allowed" },
    { "a: 1\nb: *x\n", "Malformed YAML at line 2, column 4: anchors, aliases and tags are not allowed" },
    { "- &x []\n", "Malformed YAML at line 1, column 3: anchors, aliases and tags are not allowed" },
    { "- &x {}\n", "Malformed YAML at line 1, column 3: anchors, aliases and tags are not allowed" },
    { "a: !!str 1\n", "Malformed YAML at line 1, column 4: anchors, aliases and tags are not allowed" },
    { "a: ! 1\n", "Malformed YAML at line 1, column 4: anchors, aliases and tags are not allowed" },
    { "!x [1]\n", "Malformed YAML at line 1, column 1: anchors, aliases and tags are not allowed" },
    { "!x {a: b}\n", "Malformed YAML at line 1, column 1: anchors, aliases and tags are not allowed" },
    { "a: \"x\\0y\"\n", "Malformed YAML at line 1, column 4: a NUL character is not allowed" },
    { "\"x\\0y\": 1\n", "Malformed YAML at line 1, column 1: a NUL character is not allowed" },
    { "a: 1\nb: 2\na: 3\n", "Malformed YAML at line 3, column 1: a name must stand only once in a mapping" },
    { "? [a]\n: b\n", "Malformed YAML at line 1, column 3: a name must be text" },
    { "{[]: b}\n", "Malformed YAML at line 1, column 2: a name must be text" },
    { "a\n---\nb\n", "Malformed YAML at line 2, column 1: there must be only one document" },
    { "a: 9223372036854775808\n", "Malformed YAML at line 1, column 4: a number is out of range" },
    { "a: -9223372036854775809\n", "Malformed YAML at line 1, column 4: a number is out of range" },
    { "a: 0x8000000000000000\n", "Malformed YAML at line 1, column 4: a number is out of range" },
    { "a: 1e999\n", "Malformed YAML at line 1, column 4: a number is out of range" },
    { "a: -.inf\n", "Malformed YAML at line 1, column 4: a number is out of range" },
    { "a: .NaN\n", "Malformed YAML at line 1, column 4: a number is out of range" },
    { "a: 1\nb: \"x\x01y\"\n", "Malformed YAML at line 2, column 6: control characters are not allowed" },
    { "a: [1\nb: ]\n", NULL },
    { "a: b: c\n", NULL },
    { "\ta: 1\n", NULL },
    { "a: 'x\n", NULL },
    { "{", NULL },
    { "]", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_refused (cases[i].text, cases[i].message);

  assert_data_refused ("a\0b", 3, "The YAML text is not UTF-8, or holds a NUL character");
  assert_data_refused ("a: \xff", 4, "The YAML text is not UTF-8, or holds a NUL character");
  /* UTF-16 */
  assert_data_refused ("\xff\xfe"
                       "a\0",
                       4, "The YAML text is not UTF-8, or holds a NUL character");
}

static void
test_depth (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < 32; i++)
    g_string_append_c (text, '[');
  for (guint i = 0; i < 32; i++)
    g_string_append_c (text, ']');
  assert_is (text->str, text->str);

  g_string_prepend_c (text, '[');
  g_string_append_c (text, ']');
  assert_refused (text->str, "Malformed YAML at line 1, column 33: the nesting is too deep");

  g_string_assign (text, "");
  for (guint i = 0; i < 33; i++)
    g_string_append (text, "- ");
  assert_refused (text->str, "Malformed YAML at line 1, column 65: the nesting is too deep");
}

static void
test_size (void)
{
  g_autofree char *text = g_strnfill (1024 * 1024 + 1, ' ');

  assert_data_refused (text, 1024 * 1024 + 1, "The YAML text has more than 1048576 bytes");
  text[1024 * 1024] = '\0';
  assert_is (text, "null");
}

/* Each expands to gigabytes where it is taken. */
static void
test_bombs (void)
{
  g_autoptr (GString) aliases = g_string_new ("a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
  gint64 begin;

  for (char c = 'b'; c <= 'i'; c++)
    {
      g_string_append_printf (aliases, "%c: &%c [", c, c);
      for (guint i = 0; i < 9; i++)
        g_string_append_printf (aliases, "%s*%c", i > 0 ? ", " : "", c - 1);
      g_string_append (aliases, "]\n");
    }

  begin = g_get_monotonic_time ();
  assert_refused (aliases->str, NULL);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 50 * 1000);
}

/* A text of one megabyte may take its time, but that time must not grow with the square of its size. */
static void
test_repetition (void)
{
  static const char *const patterns[] = { "[", "{", "- ", "? ", ": ",   "a: ",  "&a ", "!a ", "*a ",  "\"",
                                          "'", "a", "#",  "\n", "{a: ", "[a, ", "|\n", "%",   "---\n" };
  const gsize size = 256 * 1024;

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autoptr (GString) text = g_string_sized_new (size);
      g_autoptr (JsonNode) root = NULL;
      gint64 begin;

      while (text->len + strlen (patterns[i]) <= size)
        g_string_append (text, patterns[i]);
      begin = g_get_monotonic_time ();
      root = devbox_wire_yaml_parse (text->str, text->len, NULL);
      g_test_message ("%s: %" G_GINT64_FORMAT " µs", patterns[i], g_get_monotonic_time () - begin);
      g_assert_cmpint (g_get_monotonic_time () - begin, <, 2 * G_USEC_PER_SEC);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/yaml/collections", test_collections);
  g_test_add_func ("/yaml/nothing", test_nothing);
  g_test_add_func ("/yaml/scalars", test_scalars);
  g_test_add_func ("/yaml/json", test_json);
  g_test_add_func ("/yaml/refused", test_refused);
  g_test_add_func ("/yaml/depth", test_depth);
  g_test_add_func ("/yaml/size", test_size);
  g_test_add_func ("/yaml/bombs", test_bombs);
  g_test_add_func ("/yaml/repetition", test_repetition);

  return g_test_run ();
}
