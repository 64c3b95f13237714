/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-query-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_PAIRS 100

struct _DevboxHttpQuery
{
  GHashTable *values; /* name → value */
};

/* Bytes, not text: the name of a file need not be UTF-8. */
static char *
decode (const char *start, gsize length)
{
  g_autofree char *text = g_strndup (start, length);
  g_autoptr (GBytes) bytes = NULL;
  gsize size;
  const char *data;

  g_strdelimit (text, "+", ' ');
  bytes = g_uri_unescape_bytes (text, -1, NULL, NULL);
  if (bytes == NULL)
    return NULL;

  data = g_bytes_get_data (bytes, &size);
  return size == 0 ? g_strdup ("") : memchr (data, '\0', size) == NULL ? g_strndup (data, size) : NULL;
}

static gboolean
add_pair (DevboxHttpQuery *self, const char *pair, GError **error)
{
  const char *equals = strchrnul (pair, '=');
  g_autofree char *name = decode (pair, equals - pair);
  g_autofree char *value = *equals == '=' ? decode (equals + 1, strlen (equals + 1)) : g_strdup ("");

  if (name == NULL || value == NULL)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("The query holds “%s”, which is malformed"), pair);
      return FALSE;
    }
  if (g_hash_table_size (self->values) == MAX_PAIRS)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("The query must not have more than %d parameters"), MAX_PAIRS);
      return FALSE;
    }

  g_hash_table_replace (self->values, g_steal_pointer (&name), g_steal_pointer (&value));
  return TRUE;
}

DevboxHttpQuery *
devbox_http_query_parse (const char *query, GError **error)
{
  g_autoptr (DevboxHttpQuery) self = g_new0 (DevboxHttpQuery, 1);
  g_auto (GStrv) pairs = g_strsplit (query != NULL ? query : "", "&", -1);

  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; pairs[i] != NULL; i++)
    {
      if (pairs[i][0] != '\0' && !add_pair (self, pairs[i], error))
        return NULL;
    }

  return g_steal_pointer (&self);
}

DevboxHttpQuery *
devbox_http_query_new (DevboxHttpExchange *exchange, GError **error)
{
  return devbox_http_query_parse (devbox_http_exchange_get_query (exchange), error);
}

void
devbox_http_query_free (DevboxHttpQuery *self)
{
  g_hash_table_unref (self->values);
  g_free (self);
}

const char *
devbox_http_query_get (DevboxHttpQuery *self, const char *name)
{
  return g_hash_table_lookup (self->values, name);
}

gboolean
devbox_http_query_get_boolean (DevboxHttpQuery *self, const char *name, gboolean *value, GError **error)
{
  const char *text = devbox_http_query_get (self, name);

  if (text == NULL)
    return TRUE;

  if (text[0] == '\0' || strcmp (text, "true") == 0 || strcmp (text, "1") == 0)
    *value = TRUE;
  else if (strcmp (text, "false") == 0 || strcmp (text, "0") == 0)
    *value = FALSE;
  else
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("The parameter “%s” is “%s”, but must be true or false"), name, text);
      return FALSE;
    }

  return TRUE;
}

gboolean
devbox_http_query_get_int (DevboxHttpQuery *self,
                           const char *name,
                           gint64 minimum,
                           gint64 maximum,
                           gint64 *value,
                           GError **error)
{
  const char *text = devbox_http_query_get (self, name);
  gint64 number;

  if (text == NULL)
    return TRUE;

  if (!g_ascii_string_to_signed (text, 10, minimum, maximum, &number, NULL))
    {
      g_autofree char *range = g_strdup_printf ("%" G_GINT64_FORMAT "–%" G_GINT64_FORMAT, minimum, maximum);

      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("The parameter “%s” is “%s”, but must be a whole number (%s)"), name, text, range);
      return FALSE;
    }

  *value = number;
  return TRUE;
}
