/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <math.h>
#include <string.h>

static JsonObject *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object = devbox_wire_json_parse_object (text, strlen (text), &error);

  g_assert_no_error (error);

  return object;
}

static JsonObject *
parse_everything (void)
{
  return parse ("{\"null\":null,\"true\":true,\"zero\":0,\"three\":3,\"three-double\":3.0,\"half\":3.5,\"large\":1e300,"
                "\"int64\":9223372036854775807,\"2^63\":9223372036854775808.0,\"-2^63\":-9223372036854775808.0,"
                "\"negative\":-1,\"string\":\"text\",\"empty\":\"\",\"object\":{\"a\":1},\"array\":[1,2],"
                "\"strings\":[\"a\",\"\",\"é\"],\"mixed\":[\"a\",null],\"none\":[],\"twice\":1,\"twice\":\"last\"}");
}

static void
assert_message (gboolean ok, GError **error, const char *expected)
{
  g_assert_false (ok);
  g_assert_error (*error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_cmpstr ((*error)->message, ==, expected);
  g_clear_error (error);
}

static void
test_parse (void)
{
  const char *not_objects[] = { "[]", "1", "\"{}\"", "null", "true" };
  g_autoptr (JsonNode) node = NULL;
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (not_objects); i++)
    {
      JsonObject *object = devbox_wire_json_parse_object (not_objects[i], strlen (not_objects[i]), &error);

      assert_message (object != NULL, &error, "The JSON text must be an object");
    }

  node = devbox_wire_json_parse ("[1]", 3, &error);
  g_assert_no_error (error);
  g_assert_true (JSON_NODE_HOLDS_ARRAY (node));

  assert_message (devbox_wire_json_parse ("{\"a\":1}x", 8, &error) != NULL, &error,
                  "Malformed JSON at byte 7: expected the end of the text, found “x”");
}

static void
test_absent (void)
{
  const char *names[] = { "missing", "null" };
  const char *messages[] = { "“missing” is missing", "“null” must not be null" };
  g_autoptr (JsonObject) object = parse_everything ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const char *name = names[i];
      const char *string = "before";
      gboolean boolean = 7;
      gint64 integer = 7;
      double number = 7;
      JsonObject *member = object;
      JsonArray *array = (JsonArray *) object;
      GStrv strv = (GStrv) names;
      GError *error = NULL;

      g_assert_true (devbox_wire_json_get_string (object, name, FALSE, &string, &error));
      g_assert_cmpstr (string, ==, "before");
      g_assert_true (devbox_wire_json_get_boolean (object, name, FALSE, &boolean, &error));
      g_assert_cmpint (boolean, ==, 7);
      g_assert_true (devbox_wire_json_get_int (object, name, FALSE, 0, 1, &integer, &error));
      g_assert_cmpint (integer, ==, 7);
      g_assert_true (devbox_wire_json_get_double (object, name, FALSE, 0, 1, &number, &error));
      g_assert_cmpfloat (number, ==, 7);
      g_assert_true (devbox_wire_json_get_object (object, name, FALSE, &member, &error));
      g_assert_true (member == object);
      g_assert_true (devbox_wire_json_get_array (object, name, FALSE, &array, &error));
      g_assert_true (array == (JsonArray *) object);
      g_assert_true (devbox_wire_json_get_strv (object, name, FALSE, &strv, &error));
      g_assert_true (strv == (GStrv) names);
      g_assert_no_error (error);

      assert_message (devbox_wire_json_get_string (object, name, TRUE, &string, &error), &error, messages[i]);
      assert_message (devbox_wire_json_get_boolean (object, name, TRUE, &boolean, &error), &error, messages[i]);
      assert_message (devbox_wire_json_get_int (object, name, TRUE, 0, 1, &integer, &error), &error, messages[i]);
      assert_message (devbox_wire_json_get_double (object, name, TRUE, 0, 1, &number, &error), &error, messages[i]);
      assert_message (devbox_wire_json_get_object (object, name, TRUE, &member, &error), &error, messages[i]);
      assert_message (devbox_wire_json_get_array (object, name, TRUE, &array, &error), &error, messages[i]);
      assert_message (devbox_wire_json_get_strv (object, name, TRUE, &strv, &error), &error, messages[i]);
    }
}

static void
test_string (void)
{
  const struct
  {
    const char *name;
    const char *message;
  } wrong[] = {
    { "true", "“true” must be a string, but is true" },
    { "three", "“three” must be a string, but is 3" },
    { "half", "“half” must be a string, but is 3.5" },
    { "object", "“object” must be a string, but is an object" },
    { "array", "“array” must be a string, but is an array" },
  };
  g_autoptr (JsonObject) object = parse_everything ();
  const char *value = "before";
  GError *error = NULL;

  g_assert_true (devbox_wire_json_get_string (object, "string", TRUE, &value, &error));
  g_assert_cmpstr (value, ==, "text");
  g_assert_true (devbox_wire_json_get_string (object, "empty", FALSE, &value, &error));
  g_assert_cmpstr (value, ==, "");
  g_assert_true (devbox_wire_json_get_string (object, "twice", TRUE, &value, &error));
  g_assert_cmpstr (value, ==, "last");

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    assert_message (devbox_wire_json_get_string (object, wrong[i].name, FALSE, &value, &error), &error,
                    wrong[i].message);
  g_assert_cmpstr (value, ==, "last");
}

static void
test_boolean (void)
{
  const struct
  {
    const char *name;
    const char *message;
  } wrong[] = {
    { "zero", "“zero” must be true or false, but is 0" },
    { "string", "“string” must be true or false, but is a string" },
    { "array", "“array” must be true or false, but is an array" },
  };
  g_autoptr (JsonObject) object = parse_everything ();
  gboolean value = FALSE;
  GError *error = NULL;

  g_assert_true (devbox_wire_json_get_boolean (object, "true", TRUE, &value, &error));
  g_assert_true (value);

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    assert_message (devbox_wire_json_get_boolean (object, wrong[i].name, FALSE, &value, &error), &error,
                    wrong[i].message);
}

static void
test_int (void)
{
  const struct
  {
    const char *name;
    gint64 minimum, maximum;
    gint64 value;
    const char *message;
  } rows[] = {
    { "three", 3, 3, 3, NULL },
    { "three-double", 0, 10, 3, NULL },
    { "negative", -1, 0, -1, NULL },
    { "int64", G_MININT64, G_MAXINT64, G_MAXINT64, NULL },
    { "-2^63", G_MININT64, G_MAXINT64, G_MININT64, NULL },
    { "three", 4, 10, 0, "“three” must be an integer from 4 to 10, but is 3" },
    { "three", 0, 2, 0, "“three” must be an integer from 0 to 2, but is 3" },
    { "three-double", 0, 2, 0, "“three-double” must be an integer from 0 to 2, but is 3" },
    { "negative", 0, 511, 0, "“negative” must be an integer from 0 to 511, but is -1" },
    { "half", 0, 10, 0, "“half” must be an integer from 0 to 10, but is 3.5" },
    { "2^63", G_MININT64, G_MAXINT64, 0,
      "“2^63” must be an integer from -9223372036854775808 to 9223372036854775807, but is 9.2233720368547758e+18" },
    { "large", 0, G_MAXINT64, 0,
      "“large” must be an integer from 0 to 9223372036854775807, but is 1.0000000000000001e+300" },
    { "true", 0, 1, 0, "“true” must be an integer from 0 to 1, but is true" },
    { "string", 0, 1, 0, "“string” must be an integer from 0 to 1, but is a string" },
    { "array", 0, 1, 0, "“array” must be an integer from 0 to 1, but is an array" },
  };
  g_autoptr (JsonObject) object = parse_everything ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 value = 42;
      GError *error = NULL;
      gboolean ok
          = devbox_wire_json_get_int (object, rows[i].name, TRUE, rows[i].minimum, rows[i].maximum, &value, &error);

      if (rows[i].message == NULL)
        {
          g_assert_no_error (error);
          g_assert_true (ok);
          g_assert_cmpint (value, ==, rows[i].value);
        }
      else
        {
          assert_message (ok, &error, rows[i].message);
          g_assert_cmpint (value, ==, 42);
        }
    }
}

static void
test_double (void)
{
  g_autoptr (JsonObject) object = parse_everything ();
  double value = 0;
  GError *error = NULL;

  g_assert_true (devbox_wire_json_get_double (object, "half", TRUE, 3.5, 3.5, &value, &error));
  g_assert_cmpfloat (value, ==, 3.5);
  g_assert_true (devbox_wire_json_get_double (object, "three", TRUE, 0, 10, &value, &error));
  g_assert_cmpfloat (value, ==, 3);
  g_assert_true (devbox_wire_json_get_double (object, "large", TRUE, -INFINITY, INFINITY, &value, &error));
  g_assert_cmpfloat (value, ==, 1e300);

  assert_message (devbox_wire_json_get_double (object, "half", TRUE, 0, 3, &value, &error), &error,
                  "“half” must be a number from 0 to 3, but is 3.5");
  assert_message (devbox_wire_json_get_double (object, "negative", TRUE, 0, 0.5, &value, &error), &error,
                  "“negative” must be a number from 0 to 0.5, but is -1");
  assert_message (devbox_wire_json_get_double (object, "string", FALSE, 0, 1, &value, &error), &error,
                  "“string” must be a number from 0 to 1, but is a string");
  assert_message (devbox_wire_json_get_double (object, "true", FALSE, 0, 1, &value, &error), &error,
                  "“true” must be a number from 0 to 1, but is true");
  g_assert_cmpfloat (value, ==, 1e300);
}

static void
test_containers (void)
{
  g_autoptr (JsonObject) object = parse_everything ();
  JsonObject *member = NULL;
  JsonArray *array = NULL;
  GError *error = NULL;

  g_assert_true (devbox_wire_json_get_object (object, "object", TRUE, &member, &error));
  g_assert_cmpint (json_object_get_int_member (member, "a"), ==, 1);
  g_assert_true (devbox_wire_json_get_array (object, "array", TRUE, &array, &error));
  g_assert_cmpuint (json_array_get_length (array), ==, 2);

  assert_message (devbox_wire_json_get_object (object, "array", FALSE, &member, &error), &error,
                  "“array” must be an object, but is an array");
  assert_message (devbox_wire_json_get_array (object, "object", FALSE, &array, &error), &error,
                  "“object” must be an array, but is an object");
}

static void
test_strv (void)
{
  g_autoptr (JsonObject) object = parse_everything ();
  g_auto (GStrv) value = NULL;
  g_auto (GStrv) none = NULL;
  GStrv untouched = NULL;
  GError *error = NULL;

  g_assert_true (devbox_wire_json_get_strv (object, "strings", TRUE, &value, &error));
  g_assert_cmpstrv (value, ((const char *[]){ "a", "", "é", NULL }));
  g_assert_true (devbox_wire_json_get_strv (object, "none", TRUE, &none, &error));
  g_assert_cmpuint (g_strv_length (none), ==, 0);

  assert_message (devbox_wire_json_get_strv (object, "mixed", TRUE, &untouched, &error), &error,
                  "“mixed[1]” must be a string, but is null");
  assert_message (devbox_wire_json_get_strv (object, "array", TRUE, &untouched, &error), &error,
                  "“array[0]” must be a string, but is 1");
  assert_message (devbox_wire_json_get_strv (object, "string", TRUE, &untouched, &error), &error,
                  "“string” must be an array, but is a string");
  g_assert_null (untouched);
}

static void
test_append_string (void)
{
  const struct
  {
    const char *bytes;
    gssize length;
    gboolean exact;
    const char *written;
  } rows[] = {
    { "", -1, TRUE, "\"\"" },
    { NULL, 0, TRUE, "\"\"" },
    { "plain text, longer than a word", -1, TRUE, "\"plain text, longer than a word\"" },
    { "\"\\/", -1, TRUE, "\"\\\"\\\\/\"" },
    { "\b\f\n\r\t\x01\x1f\x7f", -1, TRUE, "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"" },
    { "é€😀", -1, TRUE, "\"é€😀\"" },
    { "abc", 2, TRUE, "\"ab\"" },
    { "a\0b", 3, FALSE,
      "\"a\xef\xbf\xbd"
      "b\"" },
    { "\xff\xfe", -1, FALSE, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "a\xe2\x82z", -1, FALSE, "\"a\xef\xbf\xbdz\"" },
    { "a\xe2\x82", -1, FALSE, "\"a\xef\xbf\xbd\"" },
    { "\xf0\x9f\x98\xf0\x9f\x98\x80", -1, FALSE, "\"\xef\xbf\xbd😀\"" },
    { "\xed\xa0\x80", -1, FALSE, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "\xc0\xaf", -1, FALSE, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) out = g_string_new ("x=");

      g_assert_true (devbox_wire_json_append_string (out, rows[i].bytes, rows[i].length) == rows[i].exact);
      g_assert_cmpstr (out->str + 2, ==, rows[i].written);
      g_assert_true (devbox_wire_json_scan (out->str + 2, out->len - 2, NULL));
    }
}

/* Any bytes make valid JSON, which says the same as g_utf8_make_valid () wherever nothing was replaced. */
static void
test_append_random (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);

  for (guint round = 0; round < 5000; round++)
    {
      guint8 bytes[40];
      gsize size = g_rand_int_range (random, 0, sizeof bytes + 1);
      guint highest = round % 2 == 0 ? 0x80 : 0x100;
      g_autoptr (GString) out = g_string_new (NULL);
      g_autoptr (JsonNode) node = NULL;
      gboolean exact;
      GError *error = NULL;

      for (gsize i = 0; i < size; i++)
        bytes[i] = g_rand_int_range (random, 0, highest);
      exact = devbox_wire_json_append_string (out, (const char *) bytes, size);
      g_assert_true (exact == g_utf8_validate_len ((const char *) bytes, size, NULL));
      node = devbox_wire_json_parse (out->str, out->len, &error);
      g_assert_no_error (error);
      if (exact)
        g_assert_cmpmem (json_node_get_string (node), strlen (json_node_get_string (node)), bytes, size);
    }
}

/* Whatever lies across the border of what is written at once. */
static void
test_append_long (void)
{
  const char *units[] = { "a", "é", "€", "😀", "\x01", "\xff", "ab\n" };

  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    {
      for (guint offset = 0; offset < 5; offset++)
        {
          g_autoptr (GString) text = g_string_new (NULL);
          g_autoptr (GString) out = g_string_new (NULL);
          g_autofree char *expected = NULL;
          g_autoptr (JsonNode) node = NULL;
          GError *error = NULL;

          for (guint j = 0; j < offset; j++)
            g_string_append_c (text, 'x');
          while (text->len < 10000)
            g_string_append (text, units[i]);
          devbox_wire_json_append_string (out, text->str, text->len);
          g_assert_cmpuint (strlen (out->str), ==, out->len);
          expected = g_utf8_make_valid (text->str, text->len);
          node = devbox_wire_json_parse (out->str, out->len, &error);
          g_assert_no_error (error);
          g_assert_cmpstr (json_node_get_string (node), ==, expected);
        }
    }
}

static void
test_append_time (void)
{
  const struct
  {
    gint64 time;
    const char *written;
  } rows[] = {
    { 0, "\"1970-01-01T00:00:00.000Z\"" },
    { G_GINT64_CONSTANT (1795341600123456), "\"2026-11-22T10:00:00.123Z\"" },
    { G_GINT64_CONSTANT (951782399999999), "\"2000-02-28T23:59:59.999Z\"" },
    { G_GINT64_CONSTANT (951782400000000), "\"2000-02-29T00:00:00.000Z\"" },
    { -1, "\"1969-12-31T23:59:59.999Z\"" },
    { -1000, "\"1969-12-31T23:59:59.999Z\"" },
    { -1000000, "\"1969-12-31T23:59:59.000Z\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);
      g_autoptr (GString) in_seconds = g_string_new (NULL);

      devbox_wire_json_append_time (out, rows[i].time);
      g_assert_cmpstr (out->str, ==, rows[i].written);

      devbox_wire_json_append_time_in_seconds (in_seconds, rows[i].time);
      g_string_erase (out, strlen ("\"1970-01-01T00:00:00"), strlen (".000"));
      g_assert_cmpstr (in_seconds->str, ==, out->str);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wire/json-members/parse", test_parse);
  g_test_add_func ("/wire/json-members/absent", test_absent);
  g_test_add_func ("/wire/json-members/string", test_string);
  g_test_add_func ("/wire/json-members/boolean", test_boolean);
  g_test_add_func ("/wire/json-members/int", test_int);
  g_test_add_func ("/wire/json-members/double", test_double);
  g_test_add_func ("/wire/json-members/containers", test_containers);
  g_test_add_func ("/wire/json-members/strv", test_strv);
  g_test_add_func ("/wire/json-writer/string", test_append_string);
  g_test_add_func ("/wire/json-writer/long", test_append_long);
  g_test_add_func ("/wire/json-writer/random", test_append_random);
  g_test_add_func ("/wire/json-writer/time", test_append_time);

  return g_test_run ();
}
