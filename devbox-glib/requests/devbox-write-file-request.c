/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-write-file-request-private.h"

#include "devbox-change-file-requests-private.h"
#include "devbox-file-request-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

#define MAX_PERMISSIONS 0777         /* of a number on the wire; a string may say more */
#define ASK_FIRST_SIZE (1024 * 1024) /* a refusal is worth a round trip */
#define MODE_CAPABILITY "write-mode" /* ?mode= */

typedef struct
{
  GBytes *contents; /* NULL: they come from a stream */
  goffset size;     /* of the stream, -1: unknown */
  guint mode;
  gboolean needs_mode; /* once it is written */
} Write;

static void
write_free (gpointer data)
{
  Write *self = data;

  g_clear_pointer (&self->contents, g_bytes_unref);
  g_free (self);
}

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  const Write *self = request->data;
  guint64 size
      = self->contents != NULL ? g_bytes_get_size (self->contents) : devbox_pipe_get_n_read (request->body_pipe);

  return devbox_file_reply_parse_written (request, reply, size, error);
}

static const char tail[] = "\"}";

/* What stands before the contents. */
static GString *
build_classic_head (const char *path, guint mode)
{
  GString *head = g_string_new ("{\"path\":");

  devbox_wire_json_append_string (head, path, -1);
  if (mode > MAX_PERMISSIONS)
    g_string_append_printf (head, ",\"permissions\":\"%04o\"", mode);
  else if (mode != 0)
    g_string_append_printf (head, ",\"permissions\":%u", mode);
  /* An agent that knows the encoding first need not guess while the content streams in. */
  return g_string_append (head, ",\"encoding\":\"base64\",\"content\":\"");
}

static void
take_classic_form (DevboxRequest *request, const char *path, GBytes *contents, guint mode)
{
  g_autoptr (GString) head = build_classic_head (path, mode);

  devbox_request_take_path (request, SOUP_METHOD_POST, g_strdup ("/files/write"));
  g_clear_pointer (&request->body, g_bytes_unref);
  g_clear_pointer (&request->body_head, g_free);
  request->body = contents != NULL ? g_bytes_ref (contents) : NULL;
  request->body_head = g_strdup (head->str);
  request->body_tail = tail;
  request->content_type = "application/json";
}

static void
take_current_form (DevboxRequest *request, const char *path, GBytes *contents, guint mode)
{
  g_autofree char *route = devbox_file_request_build_path ("/api/v1/files/write", path);

  devbox_request_take_path (request, SOUP_METHOD_POST,
                            mode != 0 ? g_strdup_printf ("%s&mode=%04o", route, mode) : g_strdup (route));
  g_clear_pointer (&request->body, g_bytes_unref);
  g_clear_pointer (&request->body_head, g_free);
  request->body = contents != NULL ? g_bytes_ref (contents) : NULL;
  request->content_type = "application/octet-stream";
}

gboolean
devbox_write_file_request_take_form (DevboxRequest *request,
                                     const DevboxAgentFeatures *features,
                                     const char *path,
                                     GBytes *contents,
                                     guint mode)
{
  const gboolean is_current = (features->dialects & DEVBOX_DIALECT_CURRENT) != 0;
  const gboolean is_classic = (features->dialects & DEVBOX_DIALECT_CLASSIC) != 0 || !is_current;
  const gboolean can_set_mode = mode == 0 || devbox_agent_features_have (features, MODE_CAPABILITY);

  request->expect_continue = contents == NULL || g_bytes_get_size (contents) > ASK_FIRST_SIZE;
  if (is_classic && !(is_current && can_set_mode))
    {
      take_classic_form (request, path, contents, mode);
      return FALSE;
    }

  take_current_form (request, path, contents, can_set_mode ? mode : 0);
  return !can_set_mode;
}

static gboolean
prepare (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  Write *self = request->data;

  if (request->parse == parse)
    self->needs_mode
        = devbox_write_file_request_take_form (request, features, request->subject, self->contents, self->mode);
  if (self->contents == NULL && self->size >= 0 && self->size <= ASK_FIRST_SIZE)
    request->expect_continue = FALSE;

  return TRUE;
}

/* A write that cannot tell the mode is followed by a change of it. */
static gboolean
step (DevboxRequest *request, const DevboxReply *reply, const GError *error, guint *delay_ms)
{
  Write *self = request->data;

  if (reply == NULL || !self->needs_mode || parse (request, reply, NULL) == NULL)
    return FALSE;

  self->needs_mode = FALSE;
  devbox_request_take_path (request, SOUP_METHOD_POST, g_strdup ("/api/v1/files/chmod"));
  devbox_request_take_json (request, devbox_set_file_mode_request_build_body (request->subject, self->mode, FALSE));
  request->expect_continue = FALSE;
  request->parse = devbox_file_reply_parse_success;

  return TRUE;
}

static DevboxRequest *
request_new (const char *path, GBytes *contents, goffset size, guint mode, GError **error)
{
  DevboxRequest *request;
  Write *self;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, path, error)
      || !devbox_request_check_mode (mode, error))
    return NULL;

  self = g_new0 (Write, 1);
  self->contents = contents != NULL ? g_bytes_ref (contents) : NULL;
  self->size = size;
  self->mode = mode;

  request = devbox_request_new (SOUP_METHOD_POST, "/files/write", parse, NULL);
  request->subject = g_strdup (path);
  request->n_files = 1;
  request->prepare = prepare;
  request->step = step;
  request->data = self;
  request->data_free = write_free;

  return request;
}

DevboxRequest *
devbox_write_file_request_new (const char *path, GBytes *contents, guint mode, GError **error)
{
  return request_new (path, contents, -1, mode, error);
}

DevboxRequest *
devbox_write_file_request_new_for_stream (const char *path, goffset size, guint mode, GError **error)
{
  return request_new (path, NULL, size, mode, error);
}
