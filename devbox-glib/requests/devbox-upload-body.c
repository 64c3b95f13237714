/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-upload-body-private.h"

#include "devbox-wire-base64-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

#define OVERHEAD 256 /* of a part, about */

/* A path that could be misunderstood in quotes travels percent-encoded (RFC 8187), as docs/wire.md has it. */
static gboolean
is_plain (const char *path)
{
  for (; *path != '\0'; path++)
    {
      if (strchr ("\"\\%", *path) != NULL || g_ascii_iscntrl (*path))
        return FALSE;
    }

  return TRUE;
}

static void
append_file_name (GString *form, const char *path)
{
  if (is_plain (path))
    g_string_append_printf (form, "; filename=\"%s\"", path);
  else
    {
      g_autofree char *escaped = g_uri_escape_string (path, NULL, FALSE);

      g_string_append_printf (form, "; filename*=UTF-8''%s", escaped);
    }
}

static gsize
count_bytes (GBytes *const *contents, guint n_files)
{
  gsize n_bytes = 0;

  for (guint i = 0; i < n_files; i++)
    n_bytes += g_bytes_get_size (contents[i]) + OVERHEAD;

  return n_bytes;
}

GBytes *
devbox_upload_body_new_form (const char *const *paths, GBytes *const *contents, guint n_files, char **content_type)
{
  /* Nobody can know it in advance, and so put it into a file. */
  g_autofree char *boundary = g_uuid_string_random ();
  GString *form = g_string_sized_new (count_bytes (contents, n_files));

  for (guint i = 0; i < n_files; i++)
    {
      gsize size;
      const char *data = g_bytes_get_data (contents[i], &size);

      g_string_append_printf (form, "--%s\r\nContent-Disposition: form-data; name=\"files\"", boundary);
      append_file_name (form, paths[i]);
      g_string_append (form, "\r\nContent-Type: application/octet-stream\r\n\r\n");
      g_string_append_len (form, data, (gssize) size);
      g_string_append (form, "\r\n");
    }
  g_string_append_printf (form, "--%s--\r\n", boundary);

  g_free (*content_type);
  *content_type = g_strconcat ("multipart/form-data; boundary=", boundary, NULL);

  return g_string_free_to_bytes (form);
}

static void
append_base64 (GString *json, GBytes *contents)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (contents, &size);
  gsize start = json->len;

  g_string_set_size (json, start + (size + 2) / 3 * 4);
  devbox_wire_base64_encode (data, size, json->str + start);
}

GBytes *
devbox_upload_body_new_classic (const char *const *paths, GBytes *const *contents, guint n_files)
{
  GString *json = g_string_sized_new (count_bytes (contents, n_files) / 3 * 4);

  g_string_append (json, "{\"files\":[");
  for (guint i = 0; i < n_files; i++)
    {
      g_string_append (json, i == 0 ? "{\"path\":" : ",{\"path\":");
      devbox_wire_json_append_string (json, paths[i], -1);
      g_string_append (json, ",\"encoding\":\"base64\",\"content\":\"");
      append_base64 (json, contents[i]);
      g_string_append (json, "\"}");
    }
  g_string_append (json, "]}");

  return g_string_free_to_bytes (json);
}
