/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-agent-reply-private.h"

#include "devbox-error-private.h"
#include "devbox-wire-base64-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_CAPABILITIES 256
#define MAX_ID_LENGTH 256
#define MAX_SECONDS G_GINT64_CONSTANT (253402300799) /* the end of the year 9999 */

gboolean
devbox_agent_refuse_unsupported (GError **error, const char *message)
{
  devbox_error_set (error, DEVBOX_ERROR_VALIDATION_ERROR, &(DevboxErrorDetails){ .code_name = "NOT_SUPPORTED" }, "%s",
                    message);
  return FALSE;
}

gboolean
devbox_agent_check_current (const DevboxAgentFeatures *features, const char *message, GError **error)
{
  return features->dialects & DEVBOX_DIALECT_CURRENT ? TRUE : devbox_agent_refuse_unsupported (error, message);
}

char *
devbox_agent_path_new (const char *before, const char *id, const char *after)
{
  g_autofree char *escaped = g_uri_escape_string (id != NULL ? id : "", NULL, FALSE);

  /* These two mean something in a path. */
  if (g_str_equal (escaped, ".") || g_str_equal (escaped, ".."))
    return g_strconcat (before, escaped[1] == '\0' ? "%2E" : "%2E%2E", after, NULL);

  return g_strconcat (before, escaped, after, NULL);
}

gboolean
devbox_agent_check_length (JsonObject *object, const char *name, guint maximum, GError **error)
{
  JsonArray *array = NULL;

  if (!devbox_wire_json_get_array (object, name, FALSE, &array, error))
    return FALSE;
  if (array == NULL || json_array_get_length (array) <= maximum)
    return TRUE;

  g_set_error_literal (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("The JSON text holds too many values"));
  return FALSE;
}

gboolean
devbox_agent_read_id (JsonObject *object, const char *name, const char **id, GError **error)
{
  if (!devbox_wire_json_get_string (object, name, TRUE, id, error))
    return FALSE;
  if (**id != '\0' && strlen (*id) <= MAX_ID_LENGTH)
    return TRUE;

  g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("“%s” is not an identifier"), name);
  return FALSE;
}

gboolean
devbox_agent_read_time (JsonObject *object, const char *name, GDateTime **time, GError **error)
{
  JsonNode *node = json_object_get_member (object, name);
  const char *text = NULL;
  gint64 seconds = 0;

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;

  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) != G_TYPE_STRING)
    {
      if (!devbox_wire_json_get_int (object, name, FALSE, 0, MAX_SECONDS * 1000, &seconds, error))
        return FALSE;

      *time = g_date_time_new_from_unix_utc (seconds > MAX_SECONDS ? seconds / 1000 : seconds);
      return TRUE;
    }

  if (!devbox_wire_json_get_string (object, name, FALSE, &text, error))
    return FALSE;
  if (text[0] == '\0')
    return TRUE;

  *time = g_date_time_new_from_iso8601 (text, NULL);
  if (*time != NULL)
    return TRUE;

  g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("“%s” is not a date and time"), name);
  return FALSE;
}

gboolean
devbox_agent_read_capabilities (JsonObject *object, GStrv *capabilities, GError **error)
{
  if (!devbox_wire_json_get_strv (object, "capabilities", FALSE, capabilities, error))
    return FALSE;

  if (*capabilities != NULL && g_strv_length (*capabilities) > MAX_CAPABILITIES)
    g_clear_pointer (capabilities, g_strfreev);

  return TRUE;
}

gboolean
devbox_agent_read_output (JsonObject *object,
                          const char *text_member,
                          const char *base64_member,
                          gboolean required,
                          GBytes **bytes,
                          GError **error)
{
  const char *text = NULL;
  const char *base64 = NULL;

  if (!devbox_wire_json_get_string (object, text_member, required, &text, error)
      || !devbox_wire_json_get_string (object, base64_member, FALSE, &base64, error))
    return FALSE;

  if (base64 == NULL)
    {
      *bytes = text != NULL ? g_bytes_new (text, strlen (text)) : NULL;
      return TRUE;
    }

  *bytes = devbox_wire_base64_decode_all (base64, strlen (base64));
  if (*bytes != NULL)
    return TRUE;

  g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("“%s” is not base64"), base64_member);
  return FALSE;
}

void
devbox_agent_append_environ (GString *json, const char *const *environment)
{
  g_string_append (json, ",\"env\":{");
  for (guint i = 0; environment[i] != NULL; i++)
    {
      const char *equals = strchr (environment[i], '=');

      if (i > 0)
        g_string_append_c (json, ',');
      devbox_wire_json_append_string (json, environment[i], equals - environment[i]);
      g_string_append_c (json, ':');
      devbox_wire_json_append_string (json, equals + 1, -1);
    }
  g_string_append_c (json, '}');
}

guint64
devbox_agent_to_seconds (guint64 ms)
{
  return ms / 1000 + (ms % 1000 > 0 ? 1 : 0);
}
