/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-archive-extractor-private.h"
#include "devbox-http-body-queue-private.h"
#include "devbox-http-query-private.h"
#include "devbox-operation-private.h"
#include "devbox-wire-json-private.h"

#define MAX_ENTRIES 1000000

typedef struct
{
  DevboxWorkspace *workspace;
  char *folder;
  DevboxArchiveLimits limits;
  DevboxHttpBodyQueue *body;
  DevboxArchiveReport report;
} Unpacking;

static void
unpacking_free (gpointer data)
{
  Unpacking *self = data;

  devbox_workspace_unref (self->workspace);
  g_free (self->folder);
  devbox_http_body_queue_unref (self->body);
  devbox_archive_report_clear (&self->report);
  g_free (self);
}

static GBytes *
read_body (gpointer user_data, GCancellable *cancellable, GError **error)
{
  Unpacking *self = user_data;

  return devbox_http_body_queue_take (self->body, cancellable, error);
}

/* What stands behind the end of the archive is no part of it, but has to be read for the exchange to go on. */
static gboolean
skip_rest (Unpacking *self, GCancellable *cancellable, GError **error)
{
  GError *local_error = NULL;
  GBytes *piece;

  while ((piece = devbox_http_body_queue_take (self->body, cancellable, &local_error)) != NULL)
    g_bytes_unref (piece);
  if (local_error == NULL)
    return TRUE;

  g_propagate_error (error, local_error);
  return FALSE;
}

static gboolean
unpack (gpointer data, GCancellable *cancellable, GError **error)
{
  Unpacking *self = data;

  return devbox_archive_extract (self->workspace, self->folder, &self->limits, read_body, self, &self->report,
                                 cancellable, error)
         && skip_rest (self, cancellable, error);
}

static void
append_refusals (GString *json, const GArray *refusals)
{
  g_string_append (json, ",\"results\":[");
  for (guint i = 0; i < refusals->len; i++)
    {
      const DevboxArchiveRefusal *refusal = &g_array_index (refusals, DevboxArchiveRefusal, i);

      g_string_append_printf (json, "%s{\"path\":", i > 0 ? "," : "");
      devbox_wire_json_append_string (json, refusal->path, -1);
      g_string_append (json, ",\"success\":false,\"error\":");
      devbox_wire_json_append_string (json, refusal->reason, -1);
      g_string_append_c (json, '}');
    }
  g_string_append_c (json, ']');
}

static void
reply_unpacked (DevboxHttpExchange *exchange, gpointer data, const GError *error)
{
  Unpacking *self = data;
  const DevboxArchiveReport *report = &self->report;
  GString *json;

  if (error != NULL)
    {
      devbox_current_reply_error (exchange, error);
      return;
    }

  json = devbox_current_begin ();
  g_string_append_printf (
      json, ",\"totalFiles\":%" G_GUINT64_FORMAT ",\"successCount\":%" G_GUINT64_FORMAT ",\"size\":%" G_GUINT64_FORMAT,
      report->n_entries, report->n_unpacked, report->n_bytes);
  append_refusals (json, report->refusals);
  devbox_current_reply (exchange, json);
}

static void
unpack_archive (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxHttpQuery) query = devbox_http_query_new (exchange, &error);
  const char *folder;
  Unpacking *self;

  if (query == NULL)
    {
      devbox_current_reject (exchange, error);
      return;
    }

  folder = devbox_http_query_get (query, "path");
  self = g_new0 (Unpacking, 1);
  self->workspace = devbox_workspace_ref (devbox_agent_service_get_workspace (service));
  self->folder = g_strdup (folder != NULL ? folder : ".");
  self->limits = (DevboxArchiveLimits){
    .max_file_size = devbox_agent_service_get_max_file_size (service),
    .max_total_size = devbox_agent_service_get_max_batch_size (service),
    .max_entries = MAX_ENTRIES,
  };
  devbox_archive_report_init (&self->report);
  self->body = devbox_http_body_queue_new (exchange, -1);
  devbox_operation_run (devbox_agent_service_get_transfer_workers (service), exchange, unpack, reply_unpacked, self,
                        unpacking_free);
}

const DevboxHttpRoute devbox_current_archive_routes[] = {
  { "PUT", "/api/v1/files/archive", DEVBOX_HTTP_ROUTE_NONE, unpack_archive },
  DEVBOX_HTTP_ROUTES_END,
};
