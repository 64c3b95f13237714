/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-path-bytes-private.h"

#include "devbox-wire-base64-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

char *
devbox_path_bytes_decode (const char *name, const char *text, gsize size, GError **error)
{
  g_autoptr (GBytes) bytes = devbox_wire_base64_decode_all (text, size);
  gconstpointer data;

  if (bytes == NULL)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” is not canonical base64"), name);
      return NULL;
    }

  data = g_bytes_get_data (bytes, &size);
  if (size > 0 && memchr (data, '\0', size) != NULL)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” contains a zero byte"), name);
      return NULL;
    }

  return size > 0 ? g_strndup (data, size) : g_strdup ("");
}
