/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-change-file-requests-private.h"

#include "devbox-file-request-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

static GString *
begin_body (const char *name, const char *path)
{
  GString *json = g_string_new (NULL);

  g_string_append_printf (json, "{\"%s\":", name);
  devbox_wire_json_append_string (json, path, -1);

  return json;
}

static GString *
end_body (GString *json, const char *flag_name, gboolean flag)
{
  if (flag)
    g_string_append_printf (json, ",\"%s\":true", flag_name);

  return g_string_append_c (json, '}');
}

/* Both dialects have it, with the same members. */
static gboolean
prepare_delete (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  const gboolean is_current = (features->dialects & DEVBOX_DIALECT_CURRENT) != 0;

  devbox_request_take_path (request, SOUP_METHOD_POST,
                            g_strdup (is_current ? "/api/v1/files/delete" : "/files/delete"));

  return TRUE;
}

DevboxRequest *
devbox_delete_file_request_new (const char *path, gboolean recursive, GError **error)
{
  DevboxRequest *request;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, path, error))
    return NULL;

  request = devbox_request_new (SOUP_METHOD_POST, "/files/delete", devbox_file_reply_parse_success, NULL);
  devbox_request_take_json (request, end_body (begin_body ("path", path), "recursive", recursive));
  request->subject = g_strdup (path);
  request->prepare = prepare_delete;

  return request;
}

DevboxRequest *
devbox_move_file_request_new (const char *source, const char *destination, gboolean overwrite, GError **error)
{
  DevboxRequest *request;
  GString *json;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, source, error)
      || !devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, destination, error))
    return NULL;

  json = begin_body ("source", source);
  devbox_wire_json_append_member (json, "destination", destination);
  request = devbox_file_request_new_current ("/api/v1/files/move", end_body (json, "overwrite", overwrite),
                                             N_ ("The agent does not know how to move files"),
                                             devbox_file_reply_parse_success, NULL);
  request->subject = g_strdup (source);

  return request;
}

GString *
devbox_set_file_mode_request_build_body (const char *path, guint mode, gboolean recursive)
{
  GString *json = begin_body ("path", path);

  g_string_append_printf (json, ",\"mode\":\"%04o\"", mode);

  return end_body (json, "recursive", recursive);
}

DevboxRequest *
devbox_set_file_mode_request_new (const char *path, guint mode, gboolean recursive, GError **error)
{
  DevboxRequest *request;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, path, error)
      || !devbox_request_check_mode (mode, error))
    return NULL;

  request = devbox_file_request_new_current (
      "/api/v1/files/chmod", devbox_set_file_mode_request_build_body (path, mode, recursive),
      N_ ("The agent does not know how to change permissions"), devbox_file_reply_parse_success, NULL);
  request->subject = g_strdup (path);
  request->idempotent = TRUE;

  return request;
}

DevboxRequest *
devbox_set_file_owner_request_new (const char *path, const char *owner, gboolean recursive, GError **error)
{
  DevboxRequest *request;
  GString *json;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, path, error)
      || !devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_OWNER, owner, error))
    return NULL;

  json = begin_body ("path", path);
  devbox_wire_json_append_member (json, "owner", owner);
  request = devbox_file_request_new_current ("/api/v1/files/chmod", end_body (json, "recursive", recursive),
                                             N_ ("The agent does not know how to change the owner of files"),
                                             devbox_file_reply_parse_success, NULL);
  request->subject = g_strdup (path);
  request->idempotent = TRUE;

  return request;
}
