/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-path-member-private.h"

#include "devbox-path-bytes-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static char *
choose (const char *name, const char *text, const char *bytes_name, const char *bytes, GError **error)
{
  if (text != NULL && bytes != NULL)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("Of “%s” and “%s” only one can be there"),
                   name, bytes_name);
      return NULL;
    }

  return bytes != NULL ? devbox_path_bytes_decode (bytes_name, bytes, strlen (bytes), error) : g_strdup (text);
}

char *
devbox_path_member_get (JsonObject *object, const char *name, const char *bytes_name, GError **error)
{
  const char *bytes = NULL;
  const char *text = NULL;

  if (!devbox_wire_json_get_string (object, bytes_name, FALSE, &bytes, error)
      || !devbox_wire_json_get_string (object, name, bytes == NULL, &text, error))
    return NULL;

  return choose (name, text, bytes_name, bytes, error);
}

char *
devbox_path_member_get_query (DevboxHttpQuery *query,
                              const char *name,
                              const char *bytes_name,
                              const char *fallback,
                              GError **error)
{
  const char *text = devbox_http_query_get (query, name);
  const char *bytes = devbox_http_query_get (query, bytes_name);

  return choose (name, text != NULL || bytes != NULL ? text : fallback, bytes_name, bytes, error);
}
