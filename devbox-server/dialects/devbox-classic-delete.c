/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-file-removal-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-operation-private.h"
#include "devbox-path-member-private.h"
#include "devbox-wire-json-private.h"

typedef struct
{
  DevboxWorkspace *workspace;
  char *path;
  gboolean recursive;
} DeleteRequest;

static void
delete_request_free (DeleteRequest *self)
{
  devbox_workspace_unref (self->workspace);
  g_free (self->path);
  g_free (self);
}

static gboolean
delete_in_thread (gpointer data, GCancellable *cancellable, GError **error)
{
  DeleteRequest *self = data;

  return devbox_workspace_remove (self->workspace, self->path,
                                  self->recursive ? DEVBOX_REMOVAL_TREE : DEVBOX_REMOVAL_NO_FOLDER, cancellable, error);
}

static void
reply_deleted (DevboxHttpExchange *exchange, gpointer data, const GError *error)
{
  DeleteRequest *self = data;
  g_autoptr (GString) json = NULL;

  if (error != NULL)
    {
      devbox_http_reply_error (exchange, error);
      return;
    }

  json = g_string_new ("{\"success\":true");
  devbox_wire_json_append_path (json, "path", "pathBytes", self->path);
  g_string_append (json, ",\"timestamp\":");
  devbox_wire_json_append_time (json, g_get_real_time ());
  g_string_append_c (json, '}');
  devbox_http_reply_json (exchange, 200, json);
}

static void delete (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  gboolean recursive = FALSE;
  DeleteRequest *request;

  path = devbox_path_member_get (object, "path", "pathBytes", &error);
  if (path == NULL || !devbox_wire_json_get_boolean (object, "recursive", FALSE, &recursive, &error))
    {
      devbox_http_reply_error (exchange, error);
      return;
    }

  request = g_new (DeleteRequest, 1);
  request->workspace = devbox_workspace_ref (devbox_agent_service_get_workspace (service));
  request->path = g_steal_pointer (&path);
  request->recursive = recursive;
  devbox_operation_run (recursive ? devbox_agent_service_get_tree_workers (service)
                                  : devbox_agent_service_get_workers (service),
                        exchange, delete_in_thread, reply_deleted, request, (GDestroyNotify) delete_request_free);
}

void
devbox_classic_delete_file (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_classic_collect_object (exchange, delete, user_data);
}
