/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-write-file-request-private.h"

#include "devbox-error.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-base64-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_PERMISSIONS 0777 /* of a number on the wire; a string may say more */
#define ASK_FIRST_SIZE (1024 * 1024) /* a refusal is worth a round trip */

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  const gsize sent = GPOINTER_TO_SIZE (request->data);
  g_autoptr (JsonObject) object = NULL;
  GError *reason = NULL;
  gboolean success = FALSE;
  gint64 written = 0;

  if (!SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    return devbox_request_fail_from_reply (request, reply, error);

  object = devbox_request_parse_object (reply, &reason);
  if (object == NULL || !devbox_wire_json_get_boolean (object, "success", TRUE, &success, &reason)
      || !devbox_wire_json_get_int (object, "size", success, 0, G_MAXINT64, &written, &reason))
    return devbox_request_fail_from_bad_reply (request, reason, error);
  if (!success)
    return devbox_request_fail_from_reply (request, reply, error);

  if ((guint64) written != sent)
    {
      g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_TRANSFER_FAILED,
                   /* Translators: %s is a path, then the numbers of bytes sent and written */
                   _ ("“%s” has %llu bytes, but the agent wrote %llu"), request->subject, (unsigned long long) sent,
                   (unsigned long long) written);
      return NULL;
    }

  return GINT_TO_POINTER (TRUE);
}

/* One allocation of exactly the size: a body is a third larger than the contents, and contents can be large. */
static GBytes *
build_body (const char *path, GBytes *contents, guint mode)
{
  static const char tail[] = "\"}";
  g_autoptr (GString) head = g_string_new ("{\"path\":");
  gsize size;
  const guint8 *data = g_bytes_get_data (contents, &size);
  gsize body_size;
  char *body;
  char *end;

  devbox_wire_json_append_string (head, path, -1);
  if (mode > MAX_PERMISSIONS)
    g_string_append_printf (head, ",\"permissions\":\"%04o\"", mode);
  else if (mode != 0)
    g_string_append_printf (head, ",\"permissions\":%u", mode);
  /* An agent that knows the encoding first need not guess while the content streams in. */
  g_string_append (head, ",\"encoding\":\"base64\",\"content\":\"");

  body_size = head->len + (size + 2) / 3 * 4 + strlen (tail);
  body = g_malloc (body_size);
  memcpy (body, head->str, head->len);
  end = body + head->len;
  end += devbox_wire_base64_encode (data, size, end);
  memcpy (end, tail, strlen (tail));

  return g_bytes_new_take (body, body_size);
}

DevboxRequest *
devbox_write_file_request_new (const char *path, GBytes *contents, guint mode, GError **error)
{
  DevboxRequest *request;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, path, error)
      || !devbox_request_check_mode (mode, error))
    return NULL;

  request = devbox_request_new (SOUP_METHOD_POST, "/files/write", parse, NULL);
  request->body = build_body (path, contents, mode);
  request->content_type = "application/json";
  request->subject = g_strdup (path);
  request->expect_continue = g_bytes_get_size (contents) > ASK_FIRST_SIZE;
  request->data = GSIZE_TO_POINTER (g_bytes_get_size (contents));

  return request;
}
