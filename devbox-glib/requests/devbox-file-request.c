/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-request-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-endpoint-private.h"
#include "devbox-error-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

#define MAX_MESSAGE_LENGTH 1024

static gboolean
prepare_current (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  return devbox_agent_check_current (features, _ (request->data), error);
}

DevboxRequest *
devbox_file_request_new_current (const char *path,
                                 GString *json,
                                 const char *not_supported,
                                 DevboxRequestParse parse,
                                 GDestroyNotify result_free)
{
  DevboxRequest *request = devbox_request_new (SOUP_METHOD_POST, path, parse, result_free);

  devbox_request_take_json (request, json);
  request->prepare = prepare_current;
  request->data = (gpointer) not_supported;

  return request;
}

char *
devbox_file_request_build_path (const char *route, const char *path)
{
  g_autofree char *escaped = g_uri_escape_string (path, "/", FALSE);

  return g_strconcat (route, "?path=", escaped, NULL);
}

/* The classic dialect says of each success that it is one. */
static gboolean
is_classic (DevboxRequest *request)
{
  return !g_str_has_prefix (request->path, "/api/");
}

JsonObject *
devbox_file_reply_parse_object (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);
  GError *reason = NULL;
  gboolean success = TRUE;

  if (object == NULL)
    return NULL;
  if (!devbox_wire_json_get_boolean (object, "success", is_classic (request), &success, &reason))
    return devbox_request_fail_from_bad_reply (request, reason, error);
  if (!success)
    return devbox_request_fail_from_reply (request, reply, error);

  return g_steal_pointer (&object);
}

gpointer
devbox_file_reply_parse_success (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = devbox_file_reply_parse_object (request, reply, error);

  return GINT_TO_POINTER (object != NULL);
}

GError *
devbox_file_reply_make_size_error (const char *path, guint64 sent, guint64 written)
{
  return devbox_error_new (DEVBOX_ERROR_FILE_TRANSFER_FAILED, &(DevboxErrorDetails){ .path = path },
                           /* Translators: %s is a path, then the numbers of bytes sent and written */
                           _ ("“%s” has %llu bytes, but the agent wrote %llu"), path, (unsigned long long) sent,
                           (unsigned long long) written);
}

gpointer
devbox_file_reply_parse_written (DevboxRequest *request, const DevboxReply *reply, guint64 size, GError **error)
{
  g_autoptr (JsonObject) object = devbox_file_reply_parse_object (request, reply, error);
  GError *reason = NULL;
  gint64 written = 0;

  if (object == NULL)
    return NULL;
  if (!devbox_wire_json_get_int (object, "size", TRUE, 0, G_MAXINT64, &written, &reason))
    return devbox_request_fail_from_bad_reply (request, reason, error);
  if ((guint64) written != size)
    {
      g_propagate_error (error, devbox_file_reply_make_size_error (request->subject, size, (guint64) written));
      return NULL;
    }

  return GINT_TO_POINTER (TRUE);
}

GError *
devbox_file_reply_read_failure (const DevboxReply *reply, JsonObject *object, const char *path)
{
  DevboxWireCode code = DEVBOX_WIRE_INTERNAL_ERROR;
  g_autofree char *message = NULL;
  const char *text = NULL;
  const char *name = NULL;
  GError *failure;

  devbox_wire_json_get_string (object, "error", FALSE, &text, NULL);
  if (text != NULL && text[0] != '\0')
    {
      g_autofree char *start = g_strndup (text, MAX_MESSAGE_LENGTH);

      message = g_utf8_make_valid (start, -1);
    }
  else
    {
      /* Translators: %s is a path */
      message = g_strdup_printf (_ ("The agent does not say why “%s” failed"), path);
    }

  devbox_wire_json_get_string (object, "code", FALSE, &name, NULL);
  if (name != NULL)
    devbox_wire_code_from_string (name, &code);

  failure = devbox_error_new ((DevboxError) code, &(DevboxErrorDetails){ .path = path }, "%s", message);
  if (reply->endpoint != NULL)
    devbox_endpoint_redact_error (reply->endpoint, failure);

  return failure;
}
