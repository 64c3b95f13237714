/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-request-checks-private.h"

#include "devbox-error.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

/* Whole sentences, since no language but English puts them together from a noun and the rest. */
static const struct
{
  const char *not_text;
  const char *empty; /* NULL: it may be */
} messages[] = {
  [DEVBOX_REQUEST_TEXT_PATH] = { N_ ("The path is not valid UTF-8"), N_ ("The path is empty") },
  [DEVBOX_REQUEST_TEXT_PROGRAM] = { N_ ("The program is not valid UTF-8"), N_ ("The program is empty") },
  [DEVBOX_REQUEST_TEXT_ARGUMENT] = { N_ ("The argument is not valid UTF-8"), NULL },
  [DEVBOX_REQUEST_TEXT_COMMAND_LINE] = { N_ ("The command line is not valid UTF-8"), N_ ("The command line is empty") },
  [DEVBOX_REQUEST_TEXT_WORKING_DIRECTORY]
  = { N_ ("The working directory is not valid UTF-8"), N_ ("The working directory is empty") },
  [DEVBOX_REQUEST_TEXT_VARIABLE] = { N_ ("The environment variable is not valid UTF-8"), NULL },
  [DEVBOX_REQUEST_TEXT_OWNER] = { N_ ("The owner is not valid UTF-8"), N_ ("The owner is empty") },
  [DEVBOX_REQUEST_TEXT_SEARCHED] = { N_ ("The text is not valid UTF-8"), N_ ("There is no text to look for") },
};

gboolean
devbox_request_check_text (DevboxRequestText what, const char *text, GError **error)
{
  g_autofree char *shown = NULL;

  if (g_utf8_validate (text, -1, NULL))
    return TRUE;

  shown = g_utf8_make_valid (text, -1);
  /* Translators: a sentence such as: The path is not valid UTF-8; then the path */
  g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR, _ ("%s: “%s”"), _ (messages[what].not_text), shown);
  return FALSE;
}

gboolean
devbox_request_check_not_empty (DevboxRequestText what, const char *text, GError **error)
{
  if (text[0] != '\0')
    return devbox_request_check_text (what, text, error);

  g_set_error_literal (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR, _ (messages[what].empty));
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
