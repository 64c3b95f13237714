/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-file-search-private.h"
#include "devbox-operation-private.h"
#include "devbox-text-replace-private.h"
#include "devbox-text-search-private.h"
#include "devbox-wire-json-private.h"

/* What any of the three asks for. The reply is written in the thread too: it may be long. */
typedef struct
{
  DevboxWorkspace *workspace;
  char *folder;
  GStrv files;
  char *text; /* the pattern, the keyword, or what is to be replaced */
  char *replacement;
  guint max_reads;
  goffset max_file_size;
  GString *json;
} SearchRequest;

static SearchRequest *
search_request_new (DevboxAgentService *service)
{
  SearchRequest *self = g_new0 (SearchRequest, 1);

  self->workspace = devbox_workspace_ref (devbox_agent_service_get_workspace (service));
  self->max_reads = devbox_agent_service_get_max_concurrent_reads (service);
  self->max_file_size = devbox_agent_service_get_max_file_size (service);

  return self;
}

static void
search_request_free (SearchRequest *self)
{
  devbox_workspace_unref (self->workspace);
  g_free (self->folder);
  g_strfreev (self->files);
  g_free (self->text);
  g_free (self->replacement);
  if (self->json != NULL)
    g_string_free (self->json, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SearchRequest, search_request_free)

static void
reply (DevboxHttpExchange *exchange, gpointer data, const GError *error)
{
  SearchRequest *self = data;

  if (error != NULL)
    devbox_current_reply_error (exchange, error);
  else
    devbox_current_reply (exchange, g_steal_pointer (&self->json));
}

static void
run (DevboxHttpExchange *exchange, DevboxAgentService *service, SearchRequest *request, DevboxWorkFunc work)
{
  devbox_operation_run (devbox_agent_service_get_tree_workers (service), exchange, work, reply, request,
                        (GDestroyNotify) search_request_free);
}

static gboolean
take_string (JsonObject *object, const char *name, char **value, GError **error)
{
  const char *string = NULL;

  if (!devbox_wire_json_get_string (object, name, TRUE, &string, error))
    return FALSE;

  *value = g_strdup (string);

  return TRUE;
}

static GString *
write_found (DevboxFoundFiles *found)
{
  GString *json = devbox_current_begin ();

  g_string_append (json, ",\"files\":[");
  for (guint i = 0; i < found->paths->len; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      devbox_wire_json_append_string (json, g_ptr_array_index (found->paths, i), -1);
    }
  g_string_append_c (json, ']');
  if (found->is_truncated)
    g_string_append (json, ",\"truncated\":true");

  return json;
}

static gboolean
search_in_thread (gpointer data, GCancellable *cancellable, GError **error)
{
  SearchRequest *self = data;
  g_autoptr (DevboxFoundFiles) found = NULL;

  found = devbox_file_search (self->workspace, self->folder, self->text, cancellable, error);
  if (found != NULL)
    self->json = write_found (found);

  return found != NULL;
}

static void
search (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  g_autoptr (SearchRequest) request = search_request_new (user_data);
  g_autoptr (GError) error = NULL;

  if (take_string (object, "dir", &request->folder, &error) && take_string (object, "pattern", &request->text, &error))
    run (exchange, user_data, g_steal_pointer (&request), search_in_thread);
  else
    devbox_current_reject (exchange, error);
}

static gboolean
find_in_thread (gpointer data, GCancellable *cancellable, GError **error)
{
  SearchRequest *self = data;
  g_autoptr (DevboxFoundFiles) found = NULL;

  found = devbox_text_search (self->workspace, self->folder, self->text, self->max_reads, cancellable, error);
  if (found != NULL)
    self->json = write_found (found);

  return found != NULL;
}

static void
find (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  g_autoptr (SearchRequest) request = search_request_new (user_data);
  g_autoptr (GError) error = NULL;

  if (take_string (object, "dir", &request->folder, &error) && take_string (object, "keyword", &request->text, &error))
    run (exchange, user_data, g_steal_pointer (&request), find_in_thread);
  else
    devbox_current_reject (exchange, error);
}

static void
append_result (GString *json, const char *file, const DevboxTextReplaceResult *result)
{
  static const char *const statuses[] = {
    [DEVBOX_TEXT_REPLACE_SUCCESS] = "success",
    [DEVBOX_TEXT_REPLACE_SKIPPED] = "skipped",
    [DEVBOX_TEXT_REPLACE_ERROR] = "error",
  };

  g_string_append (json, "{\"file\":");
  devbox_wire_json_append_string (json, file, -1);
  g_string_append_printf (json, ",\"status\":\"%s\",\"replacements\":%" G_GUINT64_FORMAT, statuses[result->status],
                          result->n_replacements);
  if (result->reason != NULL)
    {
      g_string_append (json, ",\"error\":");
      devbox_wire_json_append_string (json, result->reason, -1);
    }
  if (result->status == DEVBOX_TEXT_REPLACE_ERROR)
    devbox_wire_json_append_member (json, "code", devbox_wire_code_to_string (result->code));
  g_string_append_c (json, '}');
}

static gboolean
replace_in_thread (gpointer data, GCancellable *cancellable, GError **error)
{
  SearchRequest *self = data;
  g_autoptr (GArray) results = NULL;

  results = devbox_text_replace (self->workspace, (const char *const *) self->files, self->text, self->replacement,
                                 self->max_file_size, cancellable, error);
  if (results == NULL)
    return FALSE;

  self->json = devbox_current_begin ();
  g_string_append (self->json, ",\"results\":[");
  for (guint i = 0; i < results->len; i++)
    {
      if (i > 0)
        g_string_append_c (self->json, ',');
      append_result (self->json, self->files[i], &g_array_index (results, DevboxTextReplaceResult, i));
    }
  g_string_append_c (self->json, ']');

  return TRUE;
}

static void
replace (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  g_autoptr (SearchRequest) request = search_request_new (user_data);
  g_autoptr (GError) error = NULL;

  if (devbox_wire_json_get_strv (object, "files", TRUE, &request->files, &error)
      && take_string (object, "from", &request->text, &error)
      && take_string (object, "to", &request->replacement, &error))
    run (exchange, user_data, g_steal_pointer (&request), replace_in_thread);
  else
    devbox_current_reject (exchange, error);
}

static void
collect_search (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, search, user_data);
}

static void
collect_find (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, find, user_data);
}

static void
collect_replace (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, replace, user_data);
}

const DevboxHttpRoute devbox_current_search_routes[] = {
  { "POST", "/api/v1/files/search", DEVBOX_HTTP_ROUTE_NONE, collect_search },
  { "POST", "/api/v1/files/find", DEVBOX_HTTP_ROUTE_NONE, collect_find },
  { "POST", "/api/v1/files/replace", DEVBOX_HTTP_ROUTE_NONE, collect_replace },
  DEVBOX_HTTP_ROUTES_END,
};
