/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-http-reply-queue-private.h"
#include "devbox-multipart-form-private.h"
#include "devbox-operation-private.h"
#include "devbox-random-private.h"
#include "devbox-tar-form-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define BOUNDARY_LENGTH 32

typedef enum
{
  FORMAT_TAR_GZ,
  FORMAT_TAR,
  FORMAT_MULTIPART,
} Format;

static const struct
{
  const char *name;
  Format format;
} formats[] = {
  { "tar.gz", FORMAT_TAR_GZ },
  { "tar", FORMAT_TAR },
  { "multipart", FORMAT_MULTIPART },
  { "mixed", FORMAT_MULTIPART },
  /* So the npm client calls it when it does not care. */
  { "direct", FORMAT_TAR_GZ },
};

typedef struct
{
  DevboxWorkspace *workspace;
  GStrv paths;
  Format format;
  char boundary[BOUNDARY_LENGTH + 1];
  DevboxHttpReplyQueue *reply;
  GCancellable *cancellable;
} Download;

static void
download_free (gpointer data)
{
  Download *self = data;

  devbox_workspace_unref (self->workspace);
  g_strfreev (self->paths);
  devbox_http_reply_queue_unref (self->reply);
  g_free (self);
}

static gboolean
push (gpointer user_data, const void *data, gsize size, GError **error)
{
  Download *self = user_data;

  return devbox_http_reply_queue_push (self->reply, data, size, self->cancellable, error);
}

static gboolean
send_tar (Download *self, GError **error)
{
  g_autoptr (DevboxTarForm) form = devbox_tar_form_new (self->format == FORMAT_TAR_GZ, push, self, error);

  return form != NULL
         && devbox_export (self->workspace, (const char *const *) self->paths, &devbox_tar_form, form,
                           self->cancellable, error)
         && devbox_tar_form_finish (form, error);
}

static gboolean
send_multipart (Download *self, GError **error)
{
  g_autoptr (DevboxMultipartForm) form = devbox_multipart_form_new (self->boundary, push, self);

  return devbox_export (self->workspace, (const char *const *) self->paths, &devbox_multipart_form, form,
                        self->cancellable, error)
         && devbox_multipart_form_finish (form, error);
}

static gboolean
send (gpointer data, GCancellable *cancellable, GError **error)
{
  Download *self = data;

  self->cancellable = cancellable;

  return self->format == FORMAT_MULTIPART ? send_multipart (self, error) : send_tar (self, error);
}

static void
finish (DevboxHttpExchange *exchange, gpointer data, const GError *error)
{
  Download *self = data;

  if (error == NULL)
    devbox_http_reply_queue_end (self->reply);
  else if (devbox_http_reply_queue_has_begun (self->reply))
    devbox_http_reply_queue_abort (self->reply);
  else
    devbox_current_reply_error (exchange, error);
}

static gboolean
find_format (const char *name, Format *format, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      if (g_ascii_strcasecmp (formats[i].name, name) == 0)
        {
          *format = formats[i].format;
          return TRUE;
        }
    }

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               _ ("“format” is “%s”, but must be tar.gz, tar, multipart or mixed"), name);
  return FALSE;
}

/* What the client names in the body, else what it accepts, else tar.gz. */
static Format
find_accepted (DevboxHttpExchange *exchange)
{
  const char *accept = devbox_http_exchange_get_header (exchange, "Accept");

  if (accept != NULL && strstr (accept, "multipart/mixed") != NULL)
    return FORMAT_MULTIPART;

  return accept != NULL && strstr (accept, "application/x-tar") != NULL ? FORMAT_TAR : FORMAT_TAR_GZ;
}

static void
open_reply (Download *self, DevboxHttpExchange *exchange)
{
  if (self->format == FORMAT_MULTIPART)
    {
      g_autofree char *random = devbox_random_token ();
      g_autofree char *content_type = NULL;

      g_strlcpy (self->boundary, random, sizeof self->boundary);
      content_type = g_strdup_printf ("multipart/mixed; boundary=%s", self->boundary);
      self->reply = devbox_http_reply_queue_new (exchange, content_type, NULL);
    }
  else if (self->format == FORMAT_TAR)
    self->reply = devbox_http_reply_queue_new (exchange, "application/x-tar", "files.tar");
  else
    self->reply = devbox_http_reply_queue_new (exchange, "application/gzip", "files.tar.gz");
}

static void
batch_download (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  g_auto (GStrv) paths = NULL;
  g_autoptr (GError) error = NULL;
  const char *format_name = NULL;
  Format format = find_accepted (exchange);
  Download *self;

  if (!devbox_wire_json_get_strv (object, "paths", TRUE, &paths, &error)
      || !devbox_wire_json_get_string (object, "format", FALSE, &format_name, &error))
    {
      devbox_current_reject (exchange, error);
      return;
    }
  if (format_name != NULL && !find_format (format_name, &format, &error))
    {
      devbox_current_reply_error (exchange, error);
      return;
    }
  if (paths[0] == NULL)
    {
      devbox_current_reply_failure (exchange, DEVBOX_CURRENT_INVALID_REQUEST, _ ("“paths” must not be empty"));
      return;
    }

  self = g_new0 (Download, 1);
  self->workspace = devbox_workspace_ref (devbox_agent_service_get_workspace (service));
  self->paths = g_steal_pointer (&paths);
  self->format = format;
  open_reply (self, exchange);
  devbox_operation_run (devbox_agent_service_get_transfer_workers (service), exchange, send, finish, self,
                        download_free);
}

static void
batch_download_route (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, batch_download, user_data);
}

const DevboxHttpRoute devbox_current_download_routes[] = {
  { "POST", "/api/v1/files/batch-download", DEVBOX_HTTP_ROUTE_NONE, batch_download_route },
  DEVBOX_HTTP_ROUTES_END,
};
