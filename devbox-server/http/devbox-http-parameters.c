/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-parameters-private.h"

#include "devbox-http-head-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

void
devbox_http_parameters_clear (DevboxHttpParameters *self)
{
  g_clear_pointer (&self->value, g_free);
  g_clear_pointer (&self->values, g_hash_table_unref);
}

static const char *
skip_token (const char *text)
{
  while (devbox_http_is_token_char (*text))
    text++;

  return text;
}

static const char *
skip_space (const char *text)
{
  return text + strspn (text, " \t");
}

/* The value goes to out; returns what follows it, or NULL when it does not end. */
static const char *
read_quoted (const char *text, GString *out)
{
  for (text++; *text != '"'; text++)
    {
      if (*text == '\\' && (text[1] == '"' || text[1] == '\\'))
        text++;
      if (*text == '\0')
        return NULL;
      g_string_append_c (out, *text);
    }

  return text + 1;
}

static const char *
read_parameter (DevboxHttpParameters *self, const char **text)
{
  const char *start = *text;
  const char *end = skip_token (start);
  g_autofree char *name = g_ascii_strdown (start, end - start);
  g_autoptr (GString) value = g_string_new (NULL);

  if (end == start || *end != '=')
    return _ ("a parameter has no “=”");

  start = end + 1;
  if (*start == '"')
    {
      end = read_quoted (start, value);
      if (end == NULL)
        return _ ("a quoted string has no end");
    }
  else
    {
      end = skip_token (start);
      if (end == start)
        return _ ("a parameter has no value");
      g_string_append_len (value, start, end - start);
    }

  if (g_hash_table_contains (self->values, name))
    return _ ("a parameter is there twice");
  g_hash_table_insert (self->values, g_steal_pointer (&name), g_strdup (value->str));
  *text = end;

  return NULL;
}

const char *
devbox_http_parameters_parse (DevboxHttpParameters *self, const char *text)
{
  const char *end = text + strcspn (text, "; \t");

  self->value = g_ascii_strdown (text, end - text);
  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (text = skip_space (end); *text != '\0'; text = skip_space (text))
    {
      const char *problem;

      if (*text != ';')
        return _ ("a semicolon is missing before a parameter");
      text = skip_space (text + 1);
      /* A semicolon at the end is common, and harmless. */
      if (*text == '\0')
        break;
      problem = read_parameter (self, &text);
      if (problem != NULL)
        return problem;
    }

  return NULL;
}

const char *
devbox_http_parameters_get (const DevboxHttpParameters *self, const char *name)
{
  return g_hash_table_lookup (self->values, name);
}

char *
devbox_http_parameters_decode_extended (const char *value)
{
  static const char charset[] = "UTF-8'";
  g_autofree char *decoded = NULL;
  const char *encoded;

  if (g_ascii_strncasecmp (value, charset, strlen (charset)) != 0)
    return NULL;
  encoded = strchr (value + strlen (charset), '\'');
  if (encoded == NULL)
    return NULL;

  decoded = g_uri_unescape_string (encoded + 1, NULL);
  return decoded != NULL && decoded[0] != '\0' ? g_steal_pointer (&decoded) : NULL;
}

char *
devbox_http_parameters_format_attachment (const char *file_name)
{
  g_autofree char *shown = g_utf8_make_valid (file_name, -1);
  g_autofree char *plain = g_strdup (file_name);
  g_autofree char *encoded = NULL;

  for (char *c = plain; *c != '\0'; c++)
    {
      if (!g_ascii_isprint (*c) || *c == '"' || *c == '\\')
        *c = '_';
    }
  if (plain[0] == '\0')
    return g_strdup_printf ("attachment; filename=\"%s\"", plain);

  encoded = g_uri_escape_string (shown, NULL, FALSE);
  return g_strdup_printf ("attachment; filename=\"%s\"; filename*=UTF-8''%s", plain, encoded);
}
