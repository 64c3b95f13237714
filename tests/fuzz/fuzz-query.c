/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names and values of a query are those that a plain reading finds: pairs between "&", the first "=" in each, "+" a
 * space, two hexadecimal digits behind each "%", and no NUL. */
#include "config.h"

#include "devbox-http-query-private.h"
#include "devbox-wire-error-private.h"

#include <string.h>

#define MAX_NAMES 100

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* NULL: an escape is broken, or stands for NUL. */
static char *
decode_plainly (const char *text, gsize length)
{
  g_autoptr (GString) decoded = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    {
      char c = text[i] == '+' ? ' ' : text[i];

      if (c == '%')
        {
          if (length - i < 3 || !g_ascii_isxdigit (text[i + 1]) || !g_ascii_isxdigit (text[i + 2]))
            return NULL;
          c = (char) (g_ascii_xdigit_value (text[i + 1]) << 4 | g_ascii_xdigit_value (text[i + 2]));
          i += 2;
          if (c == '\0')
            return NULL;
        }
      g_string_append_c (decoded, c);
    }

  return g_string_free (g_steal_pointer (&decoded), FALSE);
}

/* NULL: it is to be refused. */
static GHashTable *
read_plainly (const char *query)
{
  g_autoptr (GHashTable) values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  while (*query != '\0')
    {
      gsize length = strcspn (query, "&");
      gsize name_length = strcspn (query, "=&");
      g_autofree char *name = decode_plainly (query, name_length);
      g_autofree char *value
          = name_length < length ? decode_plainly (query + name_length + 1, length - name_length - 1) : g_strdup ("");

      if (length > 0 && (name == NULL || value == NULL || g_hash_table_size (values) == MAX_NAMES))
        return NULL;
      if (length > 0)
        g_hash_table_replace (values, g_steal_pointer (&name), g_steal_pointer (&value));
      query += length;
      query += *query == '&';
    }

  return g_steal_pointer (&values);
}

static void
check_boolean (DevboxHttpQuery *query, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;
  gboolean is_true = *value == '\0' || strcmp (value, "true") == 0 || strcmp (value, "1") == 0;
  gboolean is_false = strcmp (value, "false") == 0 || strcmp (value, "0") == 0;
  gboolean answer = is_false;

  if (devbox_http_query_get_boolean (query, name, &answer, &error))
    g_assert_true ((is_true || is_false) && answer == is_true);
  else
    g_assert_true (!is_true && !is_false && error->domain == DEVBOX_WIRE_ERROR);
}

static void
check_number (DevboxHttpQuery *query, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;
  gint64 number = -1;

  if (devbox_http_query_get_int (query, name, 0, 1000, &number, &error))
    {
      g_assert_true (number >= 0 && number <= 1000);
      g_assert_cmpint (g_ascii_strtoll (value, NULL, 10), ==, number);
    }
  else
    g_assert_true (number == -1 && error->domain == DEVBOX_WIRE_ERROR);
}

static void
check_same (DevboxHttpQuery *query, GHashTable *expected)
{
  gboolean missing_boolean = TRUE;
  gint64 missing_number = 7;
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, expected);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      g_assert_cmpstr (devbox_http_query_get (query, name), ==, value);
      check_boolean (query, name, value);
      check_number (query, name, value);
    }

  if (g_hash_table_contains (expected, "missing"))
    return;
  g_assert_null (devbox_http_query_get (query, "missing"));
  g_assert_true (devbox_http_query_get_boolean (query, "missing", &missing_boolean, NULL) && missing_boolean);
  g_assert_true (devbox_http_query_get_int (query, "missing", 0, 1, &missing_number, NULL) && missing_number == 7);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxHttpQuery) query = devbox_http_query_parse (size > 0 ? text : NULL, &error);
  g_autoptr (GHashTable) expected = read_plainly (text);

  g_assert_true ((query != NULL) == (expected != NULL));
  if (query != NULL)
    check_same (query, expected);
  else
    g_assert_true (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR));

  return 0;
}
