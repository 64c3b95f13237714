/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-batch-request-private.h"
#include "devbox-batch-results-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-upload-private.h"

static gboolean
feed (gpointer target, const char *data, gsize size, GError **error)
{
  return devbox_batch_request_feed (target, data, size, error);
}

static gboolean
finish (gpointer target, GError **error)
{
  return devbox_batch_request_finish (target, error);
}

static void
reply (DevboxHttpExchange *exchange, gpointer target, gpointer user_data)
{
  g_autoptr (GString) json = g_string_new ("{\"success\":true");
  guint n_results = 0;
  const DevboxBatchResult *results = devbox_batch_request_get_results (target, &n_results);

  devbox_batch_results_append (json, NULL, results, n_results);
  g_string_append_c (json, '}');

  devbox_http_reply_json (exchange, 200, json);
}

static const DevboxUploadFuncs batch_funcs = {
  .feed = feed,
  .finish = finish,
  .free = (GDestroyNotify) devbox_batch_request_free,
};

void
devbox_classic_batch_upload (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  goffset max_batch_size = devbox_agent_service_get_max_batch_size (service);
  DevboxBatchRequest *request = devbox_batch_request_new (
      devbox_agent_service_get_workspace (service), devbox_agent_service_get_max_file_size (service), max_batch_size);

  devbox_upload_receive (exchange, devbox_upload_get_json_limit (max_batch_size), &batch_funcs, request, reply,
                         devbox_http_reply_error, NULL);
}
