/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-watch-message-private.h"

#include "devbox-wire-base64-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static char *
decode_path (const char *encoded, GError **error)
{
  g_autoptr (GBytes) bytes = devbox_wire_base64_decode_all (encoded, strlen (encoded));
  const char *data;
  gsize size;

  if (bytes == NULL)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“pathBytes” is not base64"));
      return NULL;
    }

  data = g_bytes_get_data (bytes, &size);
  if (size > 0 && memchr (data, '\0', size) != NULL)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“pathBytes” holds a NUL byte"));
      return NULL;
    }

  return g_strndup (data, size);
}

static gboolean
read_path (DevboxWatchRequest *request, JsonObject *object, GError **error)
{
  const char *path = NULL;
  const char *encoded = NULL;

  if (!devbox_wire_json_get_string (object, "pathBytes", FALSE, &encoded, error)
      || !devbox_wire_json_get_string (object, "path", encoded == NULL, &path, error))
    return FALSE;

  request->path = encoded != NULL ? decode_path (encoded, error) : g_strdup (path);

  return request->path != NULL;
}

/* "./a//b/" is "a/b"; ".." depends on what a name is, and stays. */
static char *
clean_path (const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  GString *clean = g_string_new (NULL);

  for (gsize i = 0; names[i] != NULL; i++)
    {
      if (*names[i] == '\0' || strcmp (names[i], ".") == 0)
        continue;
      if (clean->len > 0)
        g_string_append_c (clean, '/');
      g_string_append (clean, names[i]);
    }

  return g_string_free (clean, FALSE);
}

/* Here, and nowhere else, "/src" is "src" in the workspace. */
static char *
make_key (DevboxWorkspace *workspace, const char *path)
{
  g_autofree char *relative = NULL;

  if (*path == '/')
    relative = devbox_workspace_relativize (workspace, path, NULL);

  return clean_path (relative != NULL ? relative : path);
}

static gboolean
read_request (DevboxWatchRequest *request, DevboxWorkspace *workspace, JsonObject *object, GError **error)
{
  const char *type = NULL;

  if (!devbox_wire_json_get_string (object, "type", TRUE, &type, error))
    return FALSE;
  request->unwatch = strcmp (type, "unwatch") == 0;
  if (!request->unwatch && strcmp (type, "watch") != 0)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("“type” is “%s”, neither “watch” nor “unwatch”"), type);
      return FALSE;
    }
  if (!read_path (request, object, error))
    return FALSE;
  request->key = make_key (workspace, request->path);

  return devbox_wire_json_get_boolean (object, "recursive", FALSE, &request->recursive, error)
         && devbox_wire_json_get_boolean (object, "dotfiles", FALSE, &request->dot_files, error)
         && devbox_wire_json_get_boolean (object, "renames", FALSE, &request->renames, error);
}

DevboxWatchMessageKind
devbox_watch_request_parse (DevboxWatchRequest *request,
                            DevboxWorkspace *workspace,
                            const char *data,
                            gsize size,
                            GError **error)
{
  g_autoptr (JsonObject) object = NULL;

  *request = (DevboxWatchRequest){ .recursive = TRUE };
  object = devbox_wire_json_parse_object (data, size, error);
  if (object == NULL)
    return DEVBOX_WATCH_MESSAGE_INVALID;
  if (json_object_has_member (object, "action"))
    return DEVBOX_WATCH_MESSAGE_ACTION;

  return read_request (request, workspace, object, error) ? DEVBOX_WATCH_MESSAGE_WATCH : DEVBOX_WATCH_MESSAGE_INVALID;
}

void
devbox_watch_request_clear (DevboxWatchRequest *request)
{
  g_clear_pointer (&request->path, g_free);
  g_clear_pointer (&request->key, g_free);
}

/* ,"path":"…" and, where that cannot hold its bytes, ,"pathBytes":"…" */
static void
append_path (GString *out, const char *member, const char *path)
{
  g_autofree char *encoded = NULL;

  g_string_append_printf (out, ",\"%s\":", member);
  if (devbox_wire_json_append_string (out, path, -1))
    return;

  encoded = g_base64_encode ((const guchar *) path, strlen (path));
  g_string_append_printf (out, ",\"%sBytes\":\"%s\"", member, encoded);
}

static void
append_type (GString *out, gboolean unwatch)
{
  g_string_append_printf (out, ",\"type\":\"%s\"", unwatch ? "unwatch" : "watch");
}

void
devbox_watch_message_append_reply (GString *out, gboolean unwatch, const char *path)
{
  g_string_append (out, "{\"success\":true");
  append_type (out, unwatch);
  append_path (out, "path", path);
  g_string_append_printf (out, ",\"status\":\"%s\"}", unwatch ? "stopped" : "started");
}

void
devbox_watch_message_append_error (GString *out, gboolean unwatch, const char *path, const GError *error)
{
  g_string_append (out, "{\"success\":false");
  if (path != NULL)
    {
      append_type (out, unwatch);
      append_path (out, "path", path);
    }
  g_string_append (out, ",\"error\":");
  devbox_wire_json_append_string (out, error->message, -1);
  g_string_append_printf (
      out, ",\"code\":\"%s\",\"timestamp\":", devbox_wire_code_to_string (devbox_wire_code_from_error (error)));
  devbox_wire_json_append_time (out, g_get_real_time ());
  g_string_append_c (out, '}');
}

void
devbox_watch_message_append_status (GString *out, guint status, const char *message)
{
  g_string_append_printf (out, "{\"status\":%u,\"message\":", status);
  devbox_wire_json_append_string (out, message, -1);
  g_string_append_c (out, '}');
}

void
devbox_watch_message_append_event (GString *out,
                                   const char *type,
                                   const char *path,
                                   const char *old_path,
                                   gboolean is_dir,
                                   gint64 time,
                                   guint64 sequence)
{
  g_string_append_printf (out, "{\"type\":\"file-change\",\"event\":{\"type\":\"%s\"", type);
  append_path (out, "path", path);
  if (old_path != NULL)
    append_path (out, "oldPath", old_path);
  g_string_append_printf (out, ",\"timestamp\":%" G_GINT64_FORMAT ",\"isDir\":%s,\"seq\":%" G_GUINT64_FORMAT "}}",
                          time / 1000, is_dir ? "true" : "false", sequence);
}

void
devbox_watch_message_append_notice (GString *out, const char *type, const char *path, gint64 time, guint64 sequence)
{
  g_string_append_printf (out, "{\"type\":\"%s\"", type);
  append_path (out, "path", path);
  g_string_append_printf (out, ",\"timestamp\":%" G_GINT64_FORMAT ",\"seq\":%" G_GUINT64_FORMAT "}", time / 1000,
                          sequence);
}
