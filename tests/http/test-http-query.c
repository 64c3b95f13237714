/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-http-query-private.h"
#include "devbox-wire-error-private.h"

static void
test_values (void)
{
  static const struct
  {
    const char *query;
    const char *value; /* of "path" */
  } rows[] = {
    { NULL, NULL },           { "", NULL },
    { "path", "" },           { "path=", "" },
    { "path=a", "a" },        { "&&path=a&", "a" },
    { "path=a&path=b", "b" }, { "path=a%20b+c%2B", "a b c+" },
    { "p%61th=a=b", "a=b" },  { "path=%FF%fe", "\xff\xfe" },
    { "Path=a", NULL },       { "path=%E4%BD%A0", "你" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxHttpQuery) query = devbox_http_query_parse (rows[i].query, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (devbox_http_query_get (query, "path"), ==, rows[i].value);
    }
}

static void
test_malformed (void)
{
  static const char *const queries[] = { "path=%", "path=%4", "path=%zz", "%=a", "path=%00", "path=a%00b", "a%00=b" };

  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (devbox_http_query_parse (queries[i], &error));
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
    }
}

static void
test_many (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 101; i++)
    g_string_append_printf (text, "a%u=%u&", i, i);
  g_assert_null (devbox_http_query_parse (text->str, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
}

static void
test_types (void)
{
  g_autoptr (DevboxHttpQuery) query
      = devbox_http_query_parse ("yes=true&no=false&bare&one=1&zero=0&n=42&bad=x4&low=-3&empty=", NULL);
  g_autoptr (GError) error = NULL;
  gboolean flag = FALSE;
  gint64 number = 7;

  g_assert_true (devbox_http_query_get_boolean (query, "yes", &flag, NULL) && flag);
  g_assert_true (devbox_http_query_get_boolean (query, "no", &flag, NULL) && !flag);
  g_assert_true (devbox_http_query_get_boolean (query, "bare", &flag, NULL) && flag);
  g_assert_true (devbox_http_query_get_boolean (query, "zero", &flag, NULL) && !flag);
  g_assert_true (devbox_http_query_get_boolean (query, "one", &flag, NULL) && flag);
  g_assert_true (devbox_http_query_get_boolean (query, "absent", &flag, NULL) && flag);
  g_assert_false (devbox_http_query_get_boolean (query, "n", &flag, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
  g_clear_error (&error);

  g_assert_true (devbox_http_query_get_int (query, "absent", 0, 100, &number, NULL));
  g_assert_cmpint (number, ==, 7);
  g_assert_true (devbox_http_query_get_int (query, "n", 0, 100, &number, NULL));
  g_assert_cmpint (number, ==, 42);
  for (guint i = 0; i < 4; i++)
    {
      static const char *const names[] = { "bad", "low", "empty", "bare" };

      g_assert_false (devbox_http_query_get_int (query, names[i], 0, 100, &number, &error));
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
      g_clear_error (&error);
    }
  g_assert_cmpint (number, ==, 42);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/http/query/values", test_values);
  g_test_add_func ("/http/query/malformed", test_malformed);
  g_test_add_func ("/http/query/many", test_many);
  g_test_add_func ("/http/query/types", test_types);

  return g_test_run ();
}
