/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-batch-results-private.h"
#include "devbox-form-batch-private.h"
#include "devbox-form-write-private.h"
#include "devbox-upload-private.h"
#include "devbox-wire-error-private.h"

/* The boundaries and the headers of the parts, and fields that are skipped */
#define FORM_OVERHEAD (64 * 1024 * 1024)

static const char *
get_content_type (DevboxHttpExchange *exchange)
{
  return devbox_http_exchange_get_header (exchange, "Content-Type");
}

static goffset
get_form_limit (goffset max_size)
{
  return max_size < 0 || max_size > G_MAXINT64 - FORM_OVERHEAD ? -1 : max_size + FORM_OVERHEAD;
}

/* One file */

static gboolean
feed_write (gpointer target, const char *data, gsize size, GError **error)
{
  return devbox_form_write_feed (target, data, size, error);
}

static gboolean
finish_write (gpointer target, GError **error)
{
  return devbox_form_write_finish (target, error);
}

static const DevboxUploadFuncs write_funcs = {
  .feed = feed_write,
  .finish = finish_write,
  .free = (GDestroyNotify) devbox_form_write_free,
};

static void
reply_write (DevboxHttpExchange *exchange, gpointer target, gpointer user_data)
{
  DevboxFileReplacement *file = devbox_form_write_get_file (target);

  devbox_current_reply_written (exchange, devbox_agent_service_get_workspace (user_data),
                                devbox_form_write_get_path (target), devbox_file_replacement_get_size (file),
                                devbox_file_replacement_get_n_old_links (file));
}

void
devbox_current_write_multipart (DevboxHttpExchange *exchange, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  goffset max_size = devbox_agent_service_get_max_file_size (service);
  g_autoptr (GError) error = NULL;
  DevboxFormWrite *form = devbox_form_write_new (devbox_agent_service_get_workspace (service),
                                                 get_content_type (exchange), max_size, &error);

  if (form != NULL)
    devbox_upload_receive (exchange, get_form_limit (max_size), &write_funcs, form, reply_write,
                           devbox_current_reply_error, service);
  else
    devbox_current_reply_error (exchange, error);
}

/* Many files */

static gboolean
feed_batch (gpointer target, const char *data, gsize size, GError **error)
{
  return devbox_form_batch_feed (target, data, size, error);
}

static gboolean
finish_batch (gpointer target, GError **error)
{
  return devbox_form_batch_finish (target, error);
}

static const DevboxUploadFuncs batch_funcs = {
  .feed = feed_batch,
  .finish = finish_batch,
  .free = (GDestroyNotify) devbox_form_batch_free,
};

static void
reply_batch (DevboxHttpExchange *exchange, gpointer target, gpointer user_data)
{
  GString *json = devbox_current_begin ();
  guint n_results = 0;
  const DevboxBatchResult *results = devbox_form_batch_get_results (target, &n_results);

  devbox_batch_results_append (json, devbox_agent_service_get_workspace (user_data), results, n_results);
  devbox_current_reply (exchange, json);
}

/* A form that is malformed is no form. */
static void
reply_batch_error (DevboxHttpExchange *exchange, const GError *error)
{
  if (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR))
    devbox_current_refuse_body (exchange, error);
  else
    devbox_current_reply_error (exchange, error);
}

static void
upload_batch (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  goffset max_total_size = devbox_agent_service_get_max_batch_size (service);
  g_autoptr (GError) error = NULL;
  DevboxFormBatch *form
      = devbox_form_batch_new (devbox_agent_service_get_workspace (service), get_content_type (exchange),
                               devbox_agent_service_get_max_file_size (service), max_total_size, &error);

  if (form != NULL)
    devbox_upload_receive (exchange, get_form_limit (max_total_size), &batch_funcs, form, reply_batch,
                           reply_batch_error, service);
  else
    devbox_current_refuse_body (exchange, error);
}

const DevboxHttpRoute devbox_current_multipart_routes[] = {
  { "POST", "/api/v1/files/batch-upload", DEVBOX_HTTP_ROUTE_NONE, upload_batch },
  DEVBOX_HTTP_ROUTES_END,
};
