/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-content-type-private.h"
#include "devbox-file-reply-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-path-member-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-write-request-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* A JSON body can be six times as long as the text in it (\u0041), and carries a path and names beside it. */
#define JSON_EXPANSION 6
#define JSON_OVERHEAD (64 * 1024)

static gboolean
check_read_encoding (const char *encoding, gboolean *as_base64, GError **error)
{
  *as_base64 = g_strcmp0 (encoding, "base64") == 0;
  if (encoding == NULL || *as_base64 || strcmp (encoding, "utf8") == 0 || strcmp (encoding, "binary") == 0)
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               _ ("encoding is “%s”, but must be utf8, binary or base64"), encoding);
  return FALSE;
}

static void
read_file (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = devbox_path_member_get (object, "path", "pathBytes", &error);
  const char *encoding = NULL;
  gboolean as_base64 = FALSE;
  struct stat status;
  int fd = -1;

  if (path != NULL && devbox_wire_json_get_string (object, "encoding", FALSE, &encoding, &error)
      && check_read_encoding (encoding, &as_base64, &error))
    fd = devbox_workspace_open_file (devbox_agent_service_get_workspace (service), path, &status, &error);

  if (fd < 0)
    devbox_http_reply_error (exchange, error);
  else if (as_base64)
    devbox_file_reply_base64 (exchange, path, fd, status.st_size);
  else
    devbox_file_reply_bytes (exchange, devbox_content_type_for_name (path), fd, status.st_size);
}

void
devbox_classic_read_file (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_classic_collect_object (exchange, read_file, user_data);
}

static void
reply_written (DevboxHttpExchange *exchange, DevboxWriteRequest *request)
{
  g_autoptr (GString) json = g_string_new ("{\"success\":true");

  devbox_wire_json_append_path (json, "path", "pathBytes", devbox_write_request_get_path (request));
  g_string_append_printf (json,
                          ",\"size\":%" G_GOFFSET_FORMAT ",\"timestamp\":", devbox_write_request_get_size (request));
  devbox_wire_json_append_time (json, g_get_real_time ());
  /* Other names of the old file still lead to the old content; who writes should know. */
  if (devbox_write_request_get_n_old_links (request) > 1)
    g_string_append_printf (json, ",\"hardLinks\":%u", devbox_write_request_get_n_old_links (request));
  g_string_append_c (json, '}');

  devbox_http_reply_json (exchange, 200, json);
}

/* Takes the body piece by piece. An error is answered at once, which is a refusal: the engine drops the rest of the
 * body. */
static void
on_write_body (DevboxHttpExchange *exchange,
               DevboxHttpBodyEvent event,
               const guint8 *data,
               gsize size,
               const GError *body_error,
               gpointer user_data)
{
  DevboxWriteRequest *request = user_data;
  g_autoptr (GError) error = NULL;

  switch (event)
    {
    case DEVBOX_HTTP_BODY_DATA:
      if (!devbox_write_request_feed (request, (const char *) data, size, &error))
        devbox_http_reply_error (exchange, error);
      break;
    case DEVBOX_HTTP_BODY_END:
      if (devbox_write_request_finish (request, &error))
        reply_written (exchange, request);
      else
        devbox_http_reply_error (exchange, error);
      break;
    case DEVBOX_HTTP_BODY_ABORTED:
      /* The request is freed with the exchange, which leaves nothing of it behind. */
      break;
    default:
      g_assert_not_reached ();
    }
}

void
devbox_classic_write_file (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  goffset max_size = devbox_agent_service_get_max_file_size (service);
  goffset limit = -1;
  DevboxWriteRequest *request;

  if (max_size >= 0 && max_size < G_MAXINT64 / JSON_EXPANSION - JSON_OVERHEAD)
    limit = max_size * JSON_EXPANSION + JSON_OVERHEAD;

  request = devbox_write_request_new (devbox_agent_service_get_workspace (service), max_size);
  devbox_http_exchange_read_body (exchange, limit, on_write_body, request, (GDestroyNotify) devbox_write_request_free);
}
