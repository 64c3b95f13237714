/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-watch-message-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* In a watch, and only there, a leading slash means the workspace: "/src" is "src". */
static char *
normalize_path (const char *path, DevboxWorkspace *workspace)
{
  const char *own = devbox_workspace_get_path (workspace);
  gsize own_length = strlen (own);
  g_auto (GStrv) components = NULL;
  g_autoptr (GString) normal = g_string_new (NULL);

  if (strncmp (path, own, own_length) == 0 && (path[own_length] == '\0' || path[own_length] == '/'))
    path += own_length;

  components = g_strsplit (path, "/", -1);
  for (guint i = 0; components[i] != NULL; i++)
    {
      if (components[i][0] == '\0' || strcmp (components[i], ".") == 0)
        continue;
      if (normal->len > 0)
        g_string_append_c (normal, '/');
      g_string_append (normal, components[i]);
    }

  return g_string_free (g_steal_pointer (&normal), FALSE);
}

static gboolean
parse_type (DevboxWatchRequest *self, JsonObject *object, GError **error)
{
  const char *type = NULL;

  if (!devbox_wire_json_get_string (object, "type", TRUE, &type, error))
    return FALSE;

  self->is_watch = strcmp (type, "watch") == 0;
  if (self->is_watch || strcmp (type, "unwatch") == 0)
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               _ ("“type” is “%s”, but must be “watch” or “unwatch”"), type);
  return FALSE;
}

gboolean
devbox_watch_request_parse (DevboxWatchRequest *self,
                            const char *text,
                            gsize size,
                            DevboxWorkspace *workspace,
                            GError **error)
{
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (text, size, error);
  const char *path = NULL;
  gboolean recursive = TRUE;
  gboolean dot_files = FALSE;

  memset (self, 0, sizeof *self);
  if (object == NULL || !parse_type (self, object, error)
      || !devbox_wire_json_get_string (object, "path", TRUE, &path, error))
    return FALSE;

  self->sent_path = g_strdup (path);
  if (!devbox_wire_json_get_boolean (object, "recursive", FALSE, &recursive, error)
      || !devbox_wire_json_get_boolean (object, "dotfiles", FALSE, &dot_files, error)
      || !devbox_wire_json_get_boolean (object, "renames", FALSE, &self->renames, error))
    return FALSE;

  self->path = normalize_path (path, workspace);
  self->flags = (recursive ? DEVBOX_TREE_WATCH_RECURSIVE : 0) | (dot_files ? DEVBOX_TREE_WATCH_DOT_FILES : 0);

  return TRUE;
}

void
devbox_watch_request_clear (DevboxWatchRequest *self)
{
  g_free (self->sent_path);
  g_free (self->path);
  memset (self, 0, sizeof *self);
}

gboolean
devbox_watch_request_is_current (const char *text, gsize size)
{
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (text, size, NULL);

  return object != NULL && json_object_has_member (object, "action");
}

GString *
devbox_watch_format_done (gboolean is_watch, const char *sent_path)
{
  GString *json = g_string_new ("{\"success\":true");

  devbox_wire_json_append_member (json, "type", is_watch ? "watch" : "unwatch");
  devbox_wire_json_append_member (json, "path", sent_path);
  devbox_wire_json_append_member (json, "status", is_watch ? "started" : "stopped");

  return g_string_append_c (json, '}');
}

GString *
devbox_watch_format_refusal (gboolean is_watch, const char *sent_path, const GError *error)
{
  GString *json = g_string_new ("{\"success\":false");

  if (sent_path != NULL)
    {
      devbox_wire_json_append_member (json, "type", is_watch ? "watch" : "unwatch");
      devbox_wire_json_append_member (json, "path", sent_path);
    }
  devbox_wire_json_append_member (json, "error", error->message);
  devbox_wire_json_append_member (json, "code", devbox_wire_code_to_string (devbox_wire_code_from_error (error)));

  return g_string_append_c (json, '}');
}

GString *
devbox_watch_format_change (const char *kind,
                            const DevboxTreeEvent *event,
                            const char *path,
                            const char *old_path,
                            guint64 sequence)
{
  GString *json = g_string_sized_new (160);

  g_string_append_printf (json, "{\"type\":\"file-change\",\"event\":{\"type\":\"%s\"", kind);
  devbox_wire_json_append_path (json, "path", "pathBytes", path);
  if (old_path != NULL)
    devbox_wire_json_append_path (json, "oldPath", "oldPathBytes", old_path);
  g_string_append_printf (json, ",\"timestamp\":%" G_GINT64_FORMAT ",\"seq\":%" G_GUINT64_FORMAT ",\"isDir\":%s}}",
                          event->time / 1000, sequence, event->is_dir ? "true" : "false");

  return json;
}

GString *
devbox_watch_format_overflow (const char *path, gint64 time)
{
  GString *json = g_string_new ("{\"type\":\"overflow\"");

  devbox_wire_json_append_path (json, "path", "pathBytes", path);
  g_string_append_printf (json, ",\"timestamp\":%" G_GINT64_FORMAT "}", time / 1000);

  return json;
}
