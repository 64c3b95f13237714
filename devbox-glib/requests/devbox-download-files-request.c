/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-download-files-request-private.h"

#include "devbox-file-request-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

/* What is not streamed is a failure, or should be one. */
static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  if (object == NULL)
    return NULL;

  return devbox_request_fail_from_bad_reply (
      request,
      g_error_new_literal (DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("The reply does not contain an archive")),
      error);
}

static GString *
build_body (const char *const *paths, DevboxArchiveFormat format)
{
  GString *json = g_string_new ("{\"paths\":[");

  for (guint i = 0; paths[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      devbox_wire_json_append_string (json, paths[i], -1);
    }
  g_string_append_printf (json, "],\"format\":\"%s\"}", format == DEVBOX_ARCHIVE_FORMAT_TAR ? "tar" : "tar.gz");

  return json;
}

DevboxRequest *
devbox_download_files_request_new (const char *const *paths, DevboxArchiveFormat format, GError **error)
{
  DevboxRequest *request;

  if (paths[0] == NULL)
    {
      devbox_request_refuse (error, NULL, "%s", _ ("There are no files to download"));
      return NULL;
    }
  for (guint i = 0; paths[i] != NULL; i++)
    {
      if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PATH, paths[i], error))
        return NULL;
    }

  request
      = devbox_file_request_new_current ("/api/v1/files/batch-download", build_body (paths, format),
                                         N_ ("The agent does not know how to make archives"), parse, g_object_unref);
  request->subject = g_strdup (paths[0]);
  request->n_files = g_strv_length ((char **) paths);
  request->idempotent = TRUE;
  request->streams_reply = TRUE;
  request->has_envelope = TRUE;

  return request;
}
