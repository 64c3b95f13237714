/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-batch-results-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

static void
append_result (GString *json, DevboxWorkspace *workspace, const DevboxBatchResult *result)
{
  g_autofree char *whole
      = workspace != NULL && result->error == NULL ? devbox_workspace_build_path (workspace, result->path) : NULL;

  g_string_append (json, "{\"path\":");
  devbox_wire_json_append_string (json, whole != NULL ? whole : result->path, -1);
  if (result->error == NULL)
    g_string_append_printf (json, ",\"success\":true,\"size\":%" G_GOFFSET_FORMAT "}", result->size);
  else
    {
      g_string_append (json, ",\"success\":false,\"error\":");
      devbox_wire_json_append_string (json, result->error->message, -1);
      g_string_append_printf (json, ",\"code\":\"%s\"}",
                              devbox_wire_code_to_string (devbox_wire_code_from_error (result->error)));
    }
}

void
devbox_batch_results_append (GString *json,
                             DevboxWorkspace *workspace,
                             const DevboxBatchResult *results,
                             guint n_results)
{
  guint n_successes = 0;

  g_string_append (json, ",\"results\":[");
  for (guint i = 0; i < n_results; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      append_result (json, workspace, &results[i]);
      n_successes += results[i].error == NULL;
    }
  g_string_append_printf (json, "],\"totalFiles\":%u,\"successCount\":%u", n_results, n_successes);
}
