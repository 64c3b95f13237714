/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-request-private.h"

#include "devbox-error-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define DEFAULT_MAX_REPLY_SIZE (1024 * 1024)
#define MAX_MESSAGE_LENGTH 1024
#define MAX_CODE_NAME_LENGTH 64

DevboxRequest *
devbox_request_new (const char *method, const char *path, DevboxRequestParse parse, GDestroyNotify result_free)
{
  DevboxRequest *self;

  g_return_val_if_fail (path[0] == '/', NULL);

  self = g_new0 (DevboxRequest, 1);
  self->method = method;
  self->path = g_strdup (path);
  self->parse = parse;
  self->result_free = result_free;

  return self;
}

DevboxRequest *
devbox_request_new_for_endpoint (void)
{
  return devbox_request_new (NULL, "/", NULL, (GDestroyNotify) devbox_endpoint_unref);
}

void
devbox_request_free (DevboxRequest *self)
{
  if (self->data_free != NULL)
    self->data_free (self->data);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->body_pipe, devbox_pipe_unref);
  g_free (self->body_head);
  g_free (self->subject);
  g_free (self->idempotency_key);
  g_free (self->path);
  g_free (self);
}

void
devbox_request_take_path (DevboxRequest *self, const char *method, char *path)
{
  g_free (self->path);
  self->path = path;
  self->method = method;
}

void
devbox_request_take_json (DevboxRequest *self, GString *json)
{
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->body_head, g_free);
  self->body = g_string_free_to_bytes (json);
  self->content_type = "application/json";
}

gsize
devbox_request_get_max_reply_size (DevboxRequest *self)
{
  return self->max_reply_size != 0 ? self->max_reply_size : DEFAULT_MAX_REPLY_SIZE;
}

gboolean
devbox_request_is_idempotent (DevboxRequest *self)
{
  return self->idempotent || self->idempotency_key != NULL || self->method == SOUP_METHOD_GET
         || self->method == SOUP_METHOD_HEAD || self->method == SOUP_METHOD_PUT || self->method == SOUP_METHOD_DELETE;
}

gboolean
devbox_request_head_is_envelope (SoupMessageHeaders *headers)
{
  const char *type = soup_message_headers_get_content_type (headers, NULL);

  return type != NULL && g_ascii_strcasecmp (type, "application/json") == 0
         && soup_message_headers_get_one (headers, "Content-Disposition") == NULL;
}

gboolean
devbox_request_streams (DevboxRequest *self, guint status, SoupMessageHeaders *headers)
{
  return self->streams_reply && status == SOUP_STATUS_OK
         && !(self->has_envelope && devbox_request_head_is_envelope (headers));
}

gboolean
devbox_request_rewind (DevboxRequest *self)
{
  return self->body != NULL || self->body_pipe == NULL || devbox_pipe_rewind (self->body_pipe);
}

/* What a failed reply says of itself. */
typedef struct
{
  char *message;   /* NULL: nothing */
  char *code_name; /* NULL: nothing */
  gint64 status;   /* of the envelope, 0: none */
} Failure;

static void
failure_clear (Failure *failure)
{
  g_free (failure->message);
  g_free (failure->code_name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Failure, failure_clear)

static gboolean
is_code_name (const char *text)
{
  gsize length = 0;

  while (g_ascii_isgraph (text[length]))
    length++;

  return text[length] == '\0' && length > 0 && length <= MAX_CODE_NAME_LENGTH;
}

/* The forms of the wire: {"error": …, "code": …} and {"status" or "code": number, "message": …}. What is odd is left
 * out: the HTTP status says enough. */
static void
read_failure (JsonObject *object, Failure *failure)
{
  const char *text = NULL;
  const char *code = NULL;

  if (!devbox_wire_json_get_string (object, "error", FALSE, &text, NULL) || text == NULL)
    devbox_wire_json_get_string (object, "message", FALSE, &text, NULL);
  if (text != NULL && text[0] != '\0')
    {
      g_autofree char *start = g_strndup (text, MAX_MESSAGE_LENGTH);

      failure->message = g_utf8_make_valid (start, -1);
    }

  devbox_wire_json_get_string (object, "code", FALSE, &code, NULL);
  if (code != NULL && is_code_name (code))
    failure->code_name = g_strdup (code);
  if (!devbox_wire_json_get_int (object, "status", FALSE, 0, G_MAXINT, &failure->status, NULL) || failure->status == 0)
    devbox_wire_json_get_int (object, "code", FALSE, 0, G_MAXINT, &failure->status, NULL);
}

static char *
describe_status (const DevboxReply *reply)
{
  if (SOUP_STATUS_IS_REDIRECTION (reply->status))
    /* Translators: %u is an HTTP status */
    return g_strdup_printf (_ ("The server redirects to another address (HTTP status %u), which is not followed"),
                            reply->status);

  /* Translators: %u is an HTTP status, %s the standard's name of it */
  return g_strdup_printf (_ ("The server answered with HTTP status %u (%s)"), reply->status,
                          soup_status_get_phrase (reply->status));
}

static DevboxWireCode
find_code (DevboxRequest *self, const DevboxReply *reply, const Failure *failure)
{
  DevboxWireCode code;

  if (failure->code_name != NULL && devbox_wire_code_from_string (failure->code_name, &code))
    return code;
  if (SOUP_STATUS_IS_REDIRECTION (reply->status))
    return DEVBOX_WIRE_VALIDATION_ERROR;

  if (SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    code = devbox_wire_code_from_envelope_status (failure->status);
  else
    code = devbox_wire_code_from_http_status (reply->status);

  if (code == DEVBOX_WIRE_FILE_NOT_FOUND && self->not_found != 0)
    return (DevboxWireCode) self->not_found;
  if (code == DEVBOX_WIRE_INTERNAL_ERROR && self->failed != 0)
    return (DevboxWireCode) self->failed;

  return code;
}

/* The current dialect says with HTTP status 200 what it means by 1404 and the like, or by 413; the older platform says
 * so what it means by 402. */
static guint
find_http_status (const DevboxReply *reply, const Failure *failure)
{
  gint64 status = failure->status >= 1400 ? failure->status - 1000 : failure->status;

  return SOUP_STATUS_IS_SUCCESSFUL (reply->status) && status >= 400 && status < 600 ? (guint) status : reply->status;
}

static gpointer
fail (DevboxRequest *self, const DevboxReply *reply, JsonObject *object, GError **error)
{
  g_auto (Failure) failure = { 0 };

  if (object != NULL)
    read_failure (object, &failure);
  if (failure.message == NULL)
    failure.message = describe_status (reply);

  devbox_error_set (error, (DevboxError) find_code (self, reply, &failure),
                    &(DevboxErrorDetails){
                        .http_status = find_http_status (reply, &failure),
                        .request_id = reply->request_id,
                        .path = self->subject,
                        .code_name = failure.code_name,
                    },
                    "%s", failure.message);
  return NULL;
}

static JsonObject *
parse_body (const DevboxReply *reply, GError **error)
{
  gsize size;
  const char *data = g_bytes_get_data (reply->body, &size);

  return devbox_wire_json_parse_object (data, size, error);
}

gpointer
devbox_request_fail_from_reply (DevboxRequest *self, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = parse_body (reply, NULL);

  return fail (self, reply, object, error);
}

JsonObject *
devbox_request_parse_envelope (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  JsonObject *nested = NULL;
  GError *reason = NULL;
  gint64 status = 0;

  if (!SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    return devbox_request_fail_from_reply (request, reply, error);

  object = parse_body (reply, &reason);
  if (object == NULL || !devbox_wire_json_get_int (object, "status", FALSE, 0, G_MAXINT, &status, &reason))
    return devbox_request_fail_from_bad_reply (request, reason, error);
  if (status != 0)
    return fail (request, reply, object, error);

  if (devbox_wire_json_get_object (object, "Data", FALSE, &nested, NULL) && nested != NULL)
    return json_object_ref (nested);

  return g_steal_pointer (&object);
}
