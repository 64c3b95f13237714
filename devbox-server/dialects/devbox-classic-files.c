/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-content-type-private.h"
#include "devbox-file-reply-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-path-member-private.h"
#include "devbox-upload-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-write-request-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

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
reply_written (DevboxHttpExchange *exchange, gpointer target, gpointer user_data)
{
  DevboxWriteRequest *request = target;
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

void
devbox_classic_write_file (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  goffset max_size = devbox_agent_service_get_max_file_size (service);
  DevboxWriteRequest *request = devbox_write_request_new (devbox_agent_service_get_workspace (service), max_size);

  devbox_upload_receive (exchange, devbox_upload_get_json_limit (max_size), &devbox_upload_write_request, request,
                         reply_written, devbox_http_reply_error, NULL);
}
