/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-file-attributes-private.h"
#include "devbox-file-reply-private.h"
#include "devbox-file-replacement-private.h"
#include "devbox-http-parameters-private.h"
#include "devbox-http-query-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-upload-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-write-request-private.h"

#include <glib/gi18n-lib.h>

#define MAX_MODE 0777

/* The path that a query names; NULL with an error when it names none. */
static char *
dup_query_path (DevboxHttpExchange *exchange, GError **error)
{
  g_autoptr (DevboxHttpQuery) query = devbox_http_query_new (exchange, error);
  const char *path = query != NULL ? devbox_http_query_get (query, "path") : NULL;

  if (query != NULL && path == NULL)
    g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("The parameter “path” is missing"));

  return g_strdup (path);
}

static void
add_disposition (DevboxHttpExchange *exchange, const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *value = devbox_http_parameters_format_attachment (name);

  devbox_http_exchange_add_header (exchange, "Content-Disposition", value);
}

static void
read_file (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = dup_query_path (exchange, &error);
  struct stat status;
  int fd;

  if (path == NULL)
    {
      devbox_current_reject (exchange, error);
      return;
    }

  fd = devbox_workspace_open_file (devbox_agent_service_get_workspace (service), path, &status, &error);
  if (fd < 0)
    {
      devbox_current_reply_error (exchange, error);
      return;
    }

  add_disposition (exchange, path);
  devbox_file_reply_bytes (exchange, "application/octet-stream", fd, status.st_size);
}

void
devbox_current_reply_written (DevboxHttpExchange *exchange,
                              DevboxWorkspace *workspace,
                              const char *path,
                              goffset size,
                              guint n_old_links)
{
  GString *json = devbox_current_begin ();

  devbox_current_append_path (json, workspace, path);
  g_string_append_printf (json, ",\"size\":%" G_GOFFSET_FORMAT, size);
  if (n_old_links > 1)
    g_string_append_printf (json, ",\"hardLinks\":%u", n_old_links);
  devbox_current_reply (exchange, json);
}

/* As JSON */

static void
reply_write_request (DevboxHttpExchange *exchange, gpointer target, gpointer user_data)
{
  DevboxWriteRequest *request = target;

  devbox_current_reply_written (exchange, devbox_agent_service_get_workspace (user_data),
                                devbox_write_request_get_path (request), devbox_write_request_get_size (request),
                                devbox_write_request_get_n_old_links (request));
}

static void
write_json (DevboxHttpExchange *exchange, DevboxAgentService *service)
{
  goffset max_size = devbox_agent_service_get_max_file_size (service);
  DevboxWriteRequest *request = devbox_write_request_new (devbox_agent_service_get_workspace (service), max_size);

  devbox_upload_receive (exchange, devbox_upload_get_json_limit (max_size), &devbox_upload_write_request, request,
                         reply_write_request, devbox_current_reply_error, service);
}

/* As it is */

typedef struct
{
  DevboxFileReplacement *file;
  char *path;
  int mode; /* -1: none was sent */
} RawWrite;

static gboolean
feed_raw (gpointer target, const char *data, gsize size, GError **error)
{
  RawWrite *self = target;

  return devbox_file_replacement_write (self->file, (const guint8 *) data, size, error);
}

static gboolean
finish_raw (gpointer target, GError **error)
{
  RawWrite *self = target;

  return devbox_file_replacement_commit (self->file, self->mode, error);
}

static void
free_raw (gpointer target)
{
  RawWrite *self = target;

  devbox_file_replacement_free (self->file);
  g_free (self->path);
  g_free (self);
}

static const DevboxUploadFuncs raw_funcs = { .feed = feed_raw, .finish = finish_raw, .free = free_raw };

static void
reply_raw (DevboxHttpExchange *exchange, gpointer target, gpointer user_data)
{
  RawWrite *self = target;

  devbox_current_reply_written (exchange, devbox_agent_service_get_workspace (user_data), self->path,
                                devbox_file_replacement_get_size (self->file),
                                devbox_file_replacement_get_n_old_links (self->file));
}

static gboolean
read_mode (DevboxHttpExchange *exchange, int *mode, GError **error)
{
  g_autoptr (DevboxHttpQuery) query = devbox_http_query_new (exchange, error);
  const char *text = query != NULL ? devbox_http_query_get (query, "mode") : NULL;
  guint value;

  if (query == NULL)
    return FALSE;
  if (text == NULL)
    return TRUE;

  if (!devbox_file_mode_parse (text, MAX_MODE, &value))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("“%s” as a string must be octal, from “0” to “0777”, not “%.64s”"), "mode", text);
      return FALSE;
    }

  *mode = (int) value;

  return TRUE;
}

static void
write_raw (DevboxHttpExchange *exchange, DevboxAgentService *service)
{
  goffset max_size = devbox_agent_service_get_max_file_size (service);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = dup_query_path (exchange, &error);
  DevboxFileReplacement *file = NULL;
  RawWrite *self;
  int mode = -1;

  if (path != NULL && read_mode (exchange, &mode, &error))
    file = devbox_file_replacement_new (devbox_agent_service_get_workspace (service), path, max_size, &error);
  if (file == NULL)
    {
      devbox_current_reply_error (exchange, error);
      return;
    }

  self = g_new0 (RawWrite, 1);
  self->file = file;
  self->path = g_steal_pointer (&path);
  self->mode = mode;
  devbox_upload_receive (exchange, max_size, &raw_funcs, self, reply_raw, devbox_current_reply_error, service);
}

static void
write_file (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  if (devbox_http_content_type_is (exchange, "application/json"))
    write_json (exchange, user_data);
  else if (devbox_http_content_type_is (exchange, "multipart/form-data"))
    devbox_current_write_multipart (exchange, user_data);
  else
    write_raw (exchange, user_data);
}

const DevboxHttpRoute devbox_current_content_routes[] = {
  { "GET", "/api/v1/files/read", DEVBOX_HTTP_ROUTE_NONE, read_file },
  { "GET", "/api/v1/files/download", DEVBOX_HTTP_ROUTE_NONE, read_file },
  { "POST", "/api/v1/files/write", DEVBOX_HTTP_ROUTE_NONE, write_file },
  DEVBOX_HTTP_ROUTES_END,
};
