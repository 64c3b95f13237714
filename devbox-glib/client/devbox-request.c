/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-request-private.h"

#include "devbox-error-private.h"
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

void
devbox_request_free (DevboxRequest *self)
{
  if (self->data_free != NULL)
    self->data_free (self->data);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->subject);
  g_free (self->path);
  g_free (self);
}

gsize
devbox_request_get_max_reply_size (DevboxRequest *self)
{
  return self->max_reply_size != 0 ? self->max_reply_size : DEFAULT_MAX_REPLY_SIZE;
}

gboolean
devbox_request_is_idempotent (DevboxRequest *self)
{
  return self->idempotent || self->method == SOUP_METHOD_GET || self->method == SOUP_METHOD_HEAD
         || self->method == SOUP_METHOD_PUT || self->method == SOUP_METHOD_DELETE;
}

/* Both forms of the wire: {"error": …, "code": …} and {"message": …}. What is odd is left out: the HTTP status says
 * enough. */
static void
read_failure (const DevboxReply *reply, char **message, char **code_name)
{
  gsize size;
  const char *data = g_bytes_get_data (reply->body, &size);
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (data, size, NULL);
  const char *text = NULL;
  const char *code = NULL;

  if (object == NULL)
    return;

  if (!devbox_wire_json_get_string (object, "error", FALSE, &text, NULL) || text == NULL)
    devbox_wire_json_get_string (object, "message", FALSE, &text, NULL);
  if (text != NULL && text[0] != '\0')
    {
      g_autofree char *start = g_strndup (text, MAX_MESSAGE_LENGTH);

      *message = g_utf8_make_valid (start, -1);
    }

  devbox_wire_json_get_string (object, "code", FALSE, &code, NULL);
  if (code != NULL && code[0] != '\0' && strlen (code) <= MAX_CODE_NAME_LENGTH)
    *code_name = g_strdup (code);
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

gpointer
devbox_request_fail_from_reply (DevboxRequest *self, const DevboxReply *reply, GError **error)
{
  g_autofree char *message = NULL;
  g_autofree char *code_name = NULL;
  DevboxWireCode code;

  read_failure (reply, &message, &code_name);
  if (message == NULL)
    message = describe_status (reply);
  if (code_name == NULL || !devbox_wire_code_from_string (code_name, &code))
    code = SOUP_STATUS_IS_REDIRECTION (reply->status) ? DEVBOX_WIRE_VALIDATION_ERROR
                                                      : devbox_wire_code_from_http_status (reply->status);

  devbox_error_set (error, (DevboxError) code,
                    &(DevboxErrorDetails){
                        .http_status = reply->status,
                        .request_id = reply->request_id,
                        .path = self->subject,
                        .code_name = code_name,
                    },
                    "%s", message);
  return NULL;
}
