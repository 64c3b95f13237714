/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-reply-private.h"

#include "devbox-error-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define PREFIX "/api/v1/devbox"
#define MAX_TEXT_LENGTH (16 * 1024) /* a private key takes some KiB */
#define ENVELOPE_OFFSET 1000

char *
devbox_platform_build_path (const char *devbox_name, const char *rest)
{
  if (devbox_name == NULL)
    return g_strconcat (PREFIX, rest, NULL);

  return g_strconcat (PREFIX "/", devbox_name, rest, NULL);
}

DevboxRequest *
devbox_platform_request_new (const char *method,
                             const char *devbox_name,
                             const char *rest,
                             DevboxRequestParse parse,
                             GDestroyNotify result_free)
{
  g_autofree char *path = devbox_platform_build_path (devbox_name, rest);
  DevboxRequest *request = devbox_request_new (method, path, parse, result_free);

  request->asks_platform = TRUE;
  request->subject = g_strdup (devbox_name);
  request->not_found = DEVBOX_ERROR_DEVBOX_NOT_FOUND;

  return request;
}

void
devbox_platform_request_ask_for_detail (DevboxRequest *request, const char *devbox_name)
{
  devbox_request_take_path (request, SOUP_METHOD_GET, devbox_platform_build_path (devbox_name, NULL));
  g_clear_pointer (&request->body, g_bytes_unref);
  request->content_type = NULL;
  g_clear_pointer (&request->idempotency_key, g_free);
}

static JsonNode *
parse_body (const DevboxReply *reply, GError **error)
{
  gsize size;
  const char *data = g_bytes_get_data (reply->body, &size);

  return devbox_wire_json_parse (data, size, error);
}

static JsonObject *
get_root_object (JsonNode *root)
{
  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
}

/* 0: it is none of ours. */
static guint
read_code_name (JsonObject *object)
{
  const char *name = NULL;
  DevboxWireCode code;

  if (!devbox_wire_json_get_string (object, "code", FALSE, &name, NULL) || name == NULL
      || !devbox_wire_code_from_string (name, &code))
    return 0;

  return devbox_wire_code_get_http_status (code);
}

/* 0: it claims no failure. */
static guint
read_code (JsonNode *root)
{
  JsonObject *object = get_root_object (root);
  gint64 code = 0;

  if (object == NULL)
    return 0;
  if (!devbox_wire_json_get_int (object, "code", FALSE, 0, G_MAXINT, &code, NULL))
    return read_code_name (object);
  if (SOUP_STATUS_IS_SUCCESSFUL (code))
    return 0;

  return (guint) (code >= ENVELOPE_OFFSET + 400 && code < ENVELOPE_OFFSET + 600 ? code - ENVELOPE_OFFSET : code);
}

guint
devbox_platform_reply_get_status (const DevboxReply *reply)
{
  g_autoptr (JsonNode) root = NULL;
  guint code;

  if (!SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    return reply->status;

  root = parse_body (reply, NULL);
  code = read_code (root);

  return code != 0 ? code : reply->status;
}

gboolean
devbox_platform_reply_misses_devbox (const DevboxReply *reply)
{
  g_autoptr (JsonNode) root = parse_body (reply, NULL);
  JsonObject *object = get_root_object (root);
  const char *code = NULL;

  return object != NULL && devbox_wire_json_get_string (object, "code", TRUE, &code, NULL)
         && g_str_equal (code, devbox_error_to_string (DEVBOX_ERROR_DEVBOX_NOT_FOUND));
}

/* An empty body, and what is no JSON by its own account, say nothing. */
static gboolean
has_document (const DevboxReply *reply)
{
  const char *type = soup_message_headers_get_content_type (reply->headers, NULL);

  return reply->status != SOUP_STATUS_NO_CONTENT && g_bytes_get_size (reply->body) > 0
         && (type == NULL || g_str_has_suffix (type, "json"));
}

JsonNode *
devbox_platform_reply_parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonNode) root = NULL;
  GError *reason = NULL;

  if (!SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    return devbox_request_fail_from_reply (request, reply, error);
  if (!has_document (reply))
    return json_node_new (JSON_NODE_NULL);

  root = parse_body (reply, &reason);
  if (root == NULL)
    return devbox_request_fail_from_bad_reply (request, reason, error);
  if (read_code (root) != 0)
    return devbox_request_fail_from_reply (request, reply, error);

  return g_steal_pointer (&root);
}

JsonObject *
devbox_platform_reply_find_object (JsonNode *root)
{
  JsonObject *object = get_root_object (root);
  JsonObject *data = object != NULL ? devbox_platform_reply_get_object (object, "data") : NULL;

  return data != NULL ? data : object;
}

JsonArray *
devbox_platform_reply_find_array (JsonNode *root, const char *member)
{
  JsonObject *object = get_root_object (root);
  JsonArray *array = NULL;

  if (JSON_NODE_HOLDS_ARRAY (root))
    return json_node_get_array (root);
  if (object == NULL)
    return NULL;

  array = devbox_platform_reply_get_array (object, "data");
  if (array == NULL && member != NULL)
    array = devbox_platform_reply_get_array (object, member);

  return array;
}

gpointer
devbox_platform_reply_parse_done (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonNode) root = devbox_platform_reply_parse (request, reply, error);

  return root != NULL ? GINT_TO_POINTER (TRUE) : NULL;
}

gpointer
devbox_platform_reply_fail (DevboxRequest *request, GError **error)
{
  return devbox_request_fail_from_bad_reply (
      request,
      g_error_new_literal (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR, _ ("it does not hold what was asked for")),
      error);
}

char *
devbox_platform_reply_dup_text (JsonObject *object, const char *name)
{
  const char *text = NULL;

  if (!devbox_wire_json_get_string (object, name, FALSE, &text, NULL) || text == NULL || text[0] == '\0'
      || strlen (text) > MAX_TEXT_LENGTH)
    return NULL;

  return g_strdup (text);
}

guint
devbox_platform_reply_get_uint (JsonObject *object, const char *name, guint maximum)
{
  gint64 value = 0;

  return devbox_wire_json_get_int (object, name, FALSE, 0, maximum, &value, NULL) ? (guint) value : 0;
}

double
devbox_platform_reply_get_number (JsonObject *object, const char *name)
{
  double value = 0;

  return devbox_wire_json_get_double (object, name, FALSE, 0, G_MAXDOUBLE, &value, NULL) && isfinite (value) ? value
                                                                                                             : 0;
}

JsonObject *
devbox_platform_reply_get_object (JsonObject *object, const char *name)
{
  JsonObject *value = NULL;

  return devbox_wire_json_get_object (object, name, FALSE, &value, NULL) ? value : NULL;
}

JsonArray *
devbox_platform_reply_get_array (JsonObject *object, const char *name)
{
  JsonArray *value = NULL;

  return devbox_wire_json_get_array (object, name, FALSE, &value, NULL) ? value : NULL;
}

JsonObject *
devbox_platform_reply_get_element (JsonArray *array, guint i)
{
  JsonNode *element = json_array_get_element (array, i);

  return JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
}

char *
devbox_platform_reply_dup_status (JsonObject *object)
{
  JsonObject *status = devbox_platform_reply_get_object (object, "status");

  return status != NULL ? devbox_platform_reply_dup_text (status, "value")
                        : devbox_platform_reply_dup_text (object, "status");
}

GDateTime *
devbox_platform_reply_get_time (JsonObject *object, const char *name)
{
  g_autofree char *text = devbox_platform_reply_dup_text (object, name);
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, utc) : NULL;

  return time != NULL ? g_date_time_to_utc (time) : NULL;
}
