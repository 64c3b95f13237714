/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-search-requests-private.h"

#include "devbox-file-request-private.h"
#include "devbox-file-result-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

#define MAX_REPLY_SIZE (64 * 1024 * 1024) /* 8 MiB of paths, each byte of which may take six */

static gpointer
parse_found (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);
  g_auto (GStrv) files = NULL;
  GError *reason = NULL;

  if (object == NULL)
    return NULL;
  if (!devbox_wire_json_get_strv (object, "files", FALSE, &files, &reason))
    return devbox_request_fail_from_bad_reply (request, reason, error);

  return files != NULL ? g_steal_pointer (&files) : g_new0 (char *, 1);
}

static DevboxRequest *
search_request_new (const char *route,
                    const char *directory,
                    const char *text_name,
                    const char *text,
                    const char *not_supported,
                    GError **error)
{
  DevboxRequest *request;
  GString *json;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, directory, error)
      || !devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_SEARCHED, text, error))
    return NULL;

  json = g_string_new ("{\"dir\":");
  devbox_wire_json_append_string (json, directory, -1);
  devbox_wire_json_append_member (json, text_name, text);
  g_string_append_c (json, '}');

  request = devbox_file_request_new_current (route, json, not_supported, parse_found, (GDestroyNotify) g_strfreev);
  request->subject = g_strdup (directory);
  request->max_reply_size = MAX_REPLY_SIZE;
  request->idempotent = TRUE;

  return request;
}

DevboxRequest *
devbox_find_files_request_new (const char *directory, const char *pattern, GError **error)
{
  return search_request_new ("/api/v1/files/search", directory, "pattern", pattern,
                             N_ ("The agent does not know how to find files by their name"), error);
}

DevboxRequest *
devbox_grep_files_request_new (const char *directory, const char *text, GError **error)
{
  return search_request_new ("/api/v1/files/find", directory, "keyword", text,
                             N_ ("The agent does not know how to find files by their content"), error);
}

static DevboxFileResult *
parse_replaced_file (const DevboxReply *reply, JsonObject *object, GError **error)
{
  const char *path = NULL;
  const char *status = NULL;
  const char *text = NULL;
  gint64 n_replacements = 0;

  if (!devbox_wire_json_get_string (object, "file", TRUE, &path, error)
      || !devbox_wire_json_get_string (object, "status", TRUE, &status, error)
      || !devbox_wire_json_get_string (object, "error", FALSE, &text, error)
      || !devbox_wire_json_get_int (object, "replacements", FALSE, 0, G_MAXINT64, &n_replacements, error))
    return NULL;

  if (g_str_equal (status, "success"))
    return devbox_file_result_new (path, (guint64) n_replacements);
  if (g_str_equal (status, "skipped"))
    return devbox_file_result_new_skipped (path, text);

  return devbox_file_result_new_error (path, devbox_file_reply_read_failure (reply, object, path));
}

static gpointer
parse_replaced (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);
  g_autoptr (GPtrArray) objects = NULL;
  g_autoptr (GListStore) results = g_list_store_new (DEVBOX_TYPE_FILE_RESULT);
  GError *reason = NULL;

  if (object == NULL)
    return NULL;
  if (!devbox_wire_json_get_objects (object, "results", TRUE, &objects, &reason))
    return devbox_request_fail_from_bad_reply (request, reason, error);

  for (guint i = 0; i < objects->len; i++)
    {
      g_autoptr (DevboxFileResult) result = parse_replaced_file (reply, g_ptr_array_index (objects, i), &reason);

      if (result == NULL)
        return devbox_request_fail_from_bad_reply (request, reason, error);
      g_list_store_append (results, result);
    }

  return g_steal_pointer (&results);
}

static gboolean
append_paths (GString *json, const char *const *paths, GError **error)
{
  g_string_append (json, "\"files\":[");
  for (guint i = 0; paths[i] != NULL; i++)
    {
      if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, paths[i], error))
        return FALSE;
      if (i > 0)
        g_string_append_c (json, ',');
      devbox_wire_json_append_string (json, paths[i], -1);
    }
  g_string_append_c (json, ']');

  return TRUE;
}

DevboxRequest *
devbox_replace_text_request_new (const char *const *paths, const char *from, const char *to, GError **error)
{
  g_autoptr (GString) json = g_string_new ("{");
  DevboxRequest *request;

  if (!append_paths (json, paths, error) || !devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_SEARCHED, from, error)
      || !devbox_request_check_text (DEVBOX_REQUEST_TEXT_SEARCHED, to, error))
    return NULL;

  devbox_wire_json_append_member (json, "from", from);
  devbox_wire_json_append_member (json, "to", to);
  g_string_append_c (json, '}');

  request = devbox_file_request_new_current ("/api/v1/files/replace", g_steal_pointer (&json),
                                             N_ ("The agent does not know how to replace text in files"),
                                             parse_replaced, g_object_unref);
  request->max_reply_size = MAX_REPLY_SIZE;

  return request;
}
