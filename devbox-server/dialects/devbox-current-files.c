/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-file-mode-private.h"
#include "devbox-file-move-private.h"
#include "devbox-file-removal-private.h"
#include "devbox-folder-list-private.h"
#include "devbox-http-query-private.h"
#include "devbox-operation-private.h"
#include "devbox-path-member-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

#define DEFAULT_LIMIT 100
#define MAX_LIMIT 100000
#define MAX_LIST_SIZE (32 * 1024 * 1024) /* bytes of JSON */

/* The years 1 to 9999, in seconds from 1970 on */
#define MIN_TIME G_GINT64_CONSTANT (-62135596800)
#define MAX_TIME G_GINT64_CONSTANT (253402300799)

#define NOT_EMPTY 1500

/* What any of the routes asks for */
typedef struct
{
  DevboxWorkspace *workspace;
  char *path;
  char *destination;
  char *mode;
  char *owner;
  gboolean flag;      /* overwrite or showHidden */
  gboolean recursive; /* it may take as long as a tree is large */
  gint64 offset;
  gint64 limit;
  GString *json; /* of a list */
} FileRequest;

static FileRequest *
file_request_new (DevboxAgentService *service)
{
  FileRequest *self = g_new0 (FileRequest, 1);

  self->workspace = devbox_workspace_ref (devbox_agent_service_get_workspace (service));

  return self;
}

static void
file_request_free (FileRequest *self)
{
  devbox_workspace_unref (self->workspace);
  g_free (self->path);
  g_free (self->destination);
  g_free (self->mode);
  g_free (self->owner);
  if (self->json != NULL)
    g_string_free (self->json, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FileRequest, file_request_free)

static void
run (DevboxHttpExchange *exchange,
     DevboxAgentService *service,
     FileRequest *request,
     DevboxWorkFunc work,
     DevboxOperationReplyFunc reply)
{
  devbox_operation_run (request->recursive ? devbox_agent_service_get_tree_workers (service)
                                           : devbox_agent_service_get_workers (service),
                        exchange, work, reply, request, (GDestroyNotify) file_request_free);
}

static void
reply_done (DevboxHttpExchange *exchange, gpointer data, const GError *error)
{
  if (error != NULL)
    devbox_current_reply_error (exchange, error);
  else
    devbox_current_reply_success (exchange);
}

/* List */

static void
append_entry (GString *json, const char *folder, const DevboxFolderEntry *entry)
{
  g_autofree char *path = g_build_filename (folder, entry->name, NULL);
  const mode_t mode = entry->status.st_mode;

  g_string_append (json, "{\"name\":");
  devbox_wire_json_append_string (json, entry->name, -1);
  devbox_wire_json_append_path (json, "path", "pathBytes", path);
  g_string_append_printf (json, ",\"size\":%" G_GOFFSET_FORMAT ",\"isDir\":%s,\"permissions\":\"%04o\"",
                          (goffset) entry->status.st_size, S_ISDIR (mode) ? "true" : "false",
                          (guint) mode & DEVBOX_MODE_MAX);
  if (!S_ISDIR (mode) && !S_ISREG (mode))
    devbox_wire_json_append_member (json, "type", S_ISLNK (mode) ? "link" : "special");
  g_string_append (json, ",\"modified\":");
  /* Some file systems keep times that no date has. */
  devbox_wire_json_append_time_in_seconds (json, CLAMP ((gint64) entry->status.st_mtim.tv_sec, MIN_TIME, MAX_TIME)
                                                     * G_USEC_PER_SEC);
  g_string_append_c (json, '}');
}

static gboolean
write_list (FileRequest *self, const GPtrArray *entries, GError **error)
{
  g_autofree char *folder = devbox_workspace_build_path (self->workspace, self->path);

  self->json = devbox_current_begin ();
  g_string_append (self->json, ",\"files\":[");
  for (guint i = 0; i < entries->len; i++)
    {
      if (i > 0)
        g_string_append_c (self->json, ',');
      append_entry (self->json, folder, g_ptr_array_index (entries, i));
      if (self->json->len > MAX_LIST_SIZE)
        {
          g_autofree char *limit = g_format_size_full (MAX_LIST_SIZE, G_FORMAT_SIZE_IEC_UNITS);

          /* Translators: %s is a size with its unit */
          g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                       _ ("The list is larger than %s: ask for fewer entries by “limit”"), limit);
          return FALSE;
        }
    }
  g_string_append_c (self->json, ']');

  return TRUE;
}

static gboolean
list_in_thread (gpointer data, GCancellable *cancellable, GError **error)
{
  FileRequest *self = data;
  g_autoptr (GPtrArray) entries = NULL;

  entries
      = devbox_workspace_list (self->workspace, self->path, self->flag, self->offset, self->limit, cancellable, error);

  return entries != NULL && write_list (self, entries, error);
}

static void
reply_listed (DevboxHttpExchange *exchange, gpointer data, const GError *error)
{
  FileRequest *self = data;

  if (error != NULL)
    devbox_current_reply_error (exchange, error);
  else
    devbox_current_reply (exchange, g_steal_pointer (&self->json));
}

static gboolean
read_list_query (FileRequest *self, DevboxHttpExchange *exchange, GError **error)
{
  g_autoptr (DevboxHttpQuery) query = devbox_http_query_new (exchange, error);

  if (query == NULL)
    return FALSE;

  self->limit = DEFAULT_LIMIT;
  self->path = devbox_path_member_get_query (query, "path", "pathBytes", ".", error);

  return self->path != NULL && devbox_http_query_get_boolean (query, "showHidden", &self->flag, error)
         && devbox_http_query_get_int (query, "limit", 1, MAX_LIMIT, &self->limit, error)
         && devbox_http_query_get_int (query, "offset", 0, G_MAXINT64, &self->offset, error);
}

static void
list_folder (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  g_autoptr (FileRequest) request = file_request_new (user_data);
  g_autoptr (GError) error = NULL;

  if (read_list_query (request, exchange, &error))
    run (exchange, user_data, g_steal_pointer (&request), list_in_thread, reply_listed);
  else
    devbox_current_reject (exchange, error);
}

/* Delete */

static gboolean
delete_in_thread (gpointer data, GCancellable *cancellable, GError **error)
{
  FileRequest *self = data;

  return devbox_workspace_remove (self->workspace, self->path,
                                  self->recursive ? DEVBOX_REMOVAL_TREE : DEVBOX_REMOVAL_EMPTY_FOLDER, cancellable,
                                  error);
}

static void
reply_deleted (DevboxHttpExchange *exchange, gpointer data, const GError *error)
{
  if (error != NULL && g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT))
    devbox_current_reply_error_as (exchange, NOT_EMPTY, error);
  else
    reply_done (exchange, data, error);
}

static void delete (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  g_autoptr (FileRequest) request = file_request_new (user_data);
  g_autoptr (GError) error = NULL;

  request->path = devbox_path_member_get (object, "path", "pathBytes", &error);
  if (request->path != NULL && devbox_wire_json_get_boolean (object, "recursive", FALSE, &request->recursive, &error))
    run (exchange, user_data, g_steal_pointer (&request), delete_in_thread, reply_deleted);
  else
    devbox_current_reject (exchange, error);
}

/* Move and rename */

static gboolean
move_in_thread (gpointer data, GCancellable *cancellable, GError **error)
{
  FileRequest *self = data;

  return devbox_workspace_move (self->workspace, self->path, self->destination, self->flag, cancellable, error);
}

static void
move (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  g_autoptr (FileRequest) request = file_request_new (user_data);
  g_autoptr (GError) error = NULL;

  request->path = devbox_path_member_get (object, "source", "sourceBytes", &error);
  if (request->path != NULL)
    request->destination = devbox_path_member_get (object, "destination", "destinationBytes", &error);
  if (request->destination != NULL && devbox_wire_json_get_boolean (object, "overwrite", FALSE, &request->flag, &error))
    run (exchange, user_data, g_steal_pointer (&request), move_in_thread, reply_done);
  else
    devbox_current_reject (exchange, error);
}

static void
rename_file (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  g_autoptr (FileRequest) request = file_request_new (user_data);
  g_autoptr (GError) error = NULL;

  request->path = devbox_path_member_get (object, "oldPath", "oldPathBytes", &error);
  if (request->path != NULL)
    request->destination = devbox_path_member_get (object, "newPath", "newPathBytes", &error);
  if (request->destination != NULL)
    run (exchange, user_data, g_steal_pointer (&request), move_in_thread, reply_done);
  else
    devbox_current_reject (exchange, error);
}

/* Change of mode */

static gboolean
change_mode_in_thread (gpointer data, GCancellable *cancellable, GError **error)
{
  FileRequest *self = data;
  DevboxModeChange change = { .keeps_mode = self->mode == NULL };

  return (self->mode == NULL || devbox_mode_change_set_mode (&change, self->mode, error))
         && (self->owner == NULL || devbox_mode_change_set_owner (&change, self->owner, error))
         && devbox_workspace_change_mode (self->workspace, self->path, &change, self->recursive, cancellable, error);
}

static void
change_mode (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  g_autoptr (FileRequest) request = file_request_new (user_data);
  g_autoptr (GError) error = NULL;
  const char *mode = NULL;
  const char *owner = NULL;

  request->path = devbox_path_member_get (object, "path", "pathBytes", &error);
  /* An owner may come alone. */
  if (request->path != NULL && devbox_wire_json_get_string (object, "owner", FALSE, &owner, &error)
      && devbox_wire_json_get_string (object, "mode", owner == NULL, &mode, &error)
      && devbox_wire_json_get_boolean (object, "recursive", FALSE, &request->recursive, &error))
    {
      request->mode = g_strdup (mode);
      request->owner = g_strdup (owner);
      run (exchange, user_data, g_steal_pointer (&request), change_mode_in_thread, reply_done);
    }
  else
    devbox_current_reject (exchange, error);
}

static void
collect_delete (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, delete, user_data);
}

static void
collect_move (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, move, user_data);
}

static void
collect_rename (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, rename_file, user_data);
}

static void
collect_change_mode (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, change_mode, user_data);
}

const DevboxHttpRoute devbox_current_files_routes[] = {
  { "GET", "/api/v1/files/list", DEVBOX_HTTP_ROUTE_NONE, list_folder },
  { "POST", "/api/v1/files/delete", DEVBOX_HTTP_ROUTE_NONE, collect_delete },
  { "POST", "/api/v1/files/move", DEVBOX_HTTP_ROUTE_NONE, collect_move },
  { "POST", "/api/v1/files/rename", DEVBOX_HTTP_ROUTE_NONE, collect_rename },
  { "POST", "/api/v1/files/chmod", DEVBOX_HTTP_ROUTE_NONE, collect_change_mode },
  DEVBOX_HTTP_ROUTES_END,
};
