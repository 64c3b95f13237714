/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-read-file-request-private.h"

#include "devbox-file-request-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  if (reply->status != SOUP_STATUS_OK)
    return devbox_request_fail_from_reply (request, reply, error);

  return g_bytes_ref (reply->body);
}

static gpointer
parse_current (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = NULL;

  if (reply->status != SOUP_STATUS_OK || !devbox_request_head_is_envelope (reply->headers))
    return parse (request, reply, error);

  object = devbox_request_parse_envelope (request, reply, error);
  if (object == NULL)
    return NULL;

  return devbox_request_fail_from_bad_reply (
      request,
      g_error_new_literal (DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("The reply does not contain the file")),
      error);
}

static void
take_classic_form (DevboxRequest *request)
{
  GString *body = g_string_new ("{\"path\":");

  devbox_wire_json_append_string (body, request->subject, -1);
  g_string_append (body, ",\"encoding\":\"binary\"}");

  devbox_request_take_path (request, SOUP_METHOD_POST, g_strdup ("/files/read"));
  devbox_request_take_json (request, body);
  request->has_envelope = FALSE;
  request->parse = parse;
}

static void
take_current_form (DevboxRequest *request)
{
  devbox_request_take_path (request, SOUP_METHOD_GET,
                            devbox_file_request_build_path ("/api/v1/files/read", request->subject));
  g_clear_pointer (&request->body, g_bytes_unref);
  request->has_envelope = TRUE;
  request->parse = parse_current;
}

static gboolean
prepare (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  if ((features->dialects & DEVBOX_DIALECT_CURRENT) != 0)
    take_current_form (request);
  else
    take_classic_form (request);

  return TRUE;
}

DevboxRequest *
devbox_read_file_request_new (const char *path, GError **error)
{
  DevboxRequest *request;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, path, error))
    return NULL;

  request = devbox_request_new (SOUP_METHOD_POST, "/files/read", parse, (GDestroyNotify) g_bytes_unref);
  request->subject = g_strdup (path);
  request->max_reply_size = G_MAXSIZE;
  request->idempotent = TRUE;
  request->n_files = 1;
  request->prepare = prepare;

  return request;
}

DevboxRequest *
devbox_open_file_request_new (const char *path, GError **error)
{
  DevboxRequest *request = devbox_read_file_request_new (path, error);

  if (request == NULL)
    return NULL;

  request->max_reply_size = 0;
  request->streams_reply = TRUE;
  request->result_free = g_object_unref;

  return request;
}
