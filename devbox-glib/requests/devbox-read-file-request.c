/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-read-file-request-private.h"

#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  if (reply->status != SOUP_STATUS_OK)
    return devbox_request_fail_from_reply (request, reply, error);

  return g_bytes_ref (reply->body);
}

DevboxRequest *
devbox_read_file_request_new (const char *path, GError **error)
{
  DevboxRequest *request;
  GString *body;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, path, error))
    return NULL;

  body = g_string_new ("{\"path\":");
  devbox_wire_json_append_string (body, path, -1);
  g_string_append (body, ",\"encoding\":\"binary\"}");

  request = devbox_request_new (SOUP_METHOD_POST, "/files/read", parse, (GDestroyNotify) g_bytes_unref);
  request->body = g_string_free_to_bytes (body);
  request->content_type = "application/json";
  request->subject = g_strdup (path);
  request->max_reply_size = G_MAXSIZE;
  request->idempotent = TRUE;

  return request;
}
