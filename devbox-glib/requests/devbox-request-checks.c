/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-request-checks-private.h"

#include "devbox-error.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

gboolean
devbox_request_check_text (const char *what, const char *text, GError **error)
{
  g_autofree char *shown = NULL;

  if (g_utf8_validate (text, -1, NULL))
    return TRUE;

  shown = g_utf8_make_valid (text, -1);
  /* Translators: the first %s is a noun such as "path", the second its value */
  g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR, _ ("The %s “%s” is not valid UTF-8"), what, shown);
  return FALSE;
}

gboolean
devbox_request_check_not_empty (const char *what, const char *text, GError **error)
{
  if (text[0] != '\0')
    return devbox_request_check_text (what, text, error);

  /* Translators: %s is a noun such as "path" */
  g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR, _ ("The %s is empty"), what);
  return FALSE;
}

JsonObject *
devbox_request_parse_object (const DevboxReply *reply, GError **error)
{
  gsize size;
  const char *data = g_bytes_get_data (reply->body, &size);

  return devbox_wire_json_parse_object (data, size, error);
}

gpointer
devbox_request_fail_from_bad_reply (DevboxRequest *request, GError *reason, GError **error)
{
  g_autoptr (GError) owned = reason;

  /* Translators: the first %s is an address such as "/files/read", the second says what is wrong with the reply */
  g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("The reply to %s makes no sense: %s"),
               request->path, owned->message);
  return NULL;
}
