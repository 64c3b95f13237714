/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-engine-private.h"

#include "devbox-wire-json-private.h"

#include <string.h>

/* Those that libsoup 3.2 has no phrase for */
static const struct
{
  guint status;
  const char *phrase;
} extra_phrases[] = {
  { 421, "Misdirected Request" },
  { 426, "Upgrade Required" },
  { 428, "Precondition Required" },
  { 429, "Too Many Requests" },
  { 431, "Request Header Fields Too Large" },
};

const char *
devbox_http_status_get_phrase (guint status)
{
  for (guint i = 0; i < G_N_ELEMENTS (extra_phrases); i++)
    if (extra_phrases[i].status == status)
      return extra_phrases[i].phrase;

  return soup_status_get_phrase (status);
}

static DevboxWireCode
code_from_status (guint status)
{
  switch (status)
    {
    case 408:
    case 504:
      return DEVBOX_WIRE_OPERATION_TIMEOUT;
    case 413:
      return DEVBOX_WIRE_FILE_TOO_LARGE;
    case 503:
      return DEVBOX_WIRE_SERVER_UNAVAILABLE;
    default:
      return DEVBOX_WIRE_VALIDATION_ERROR;
    }
}

char *
devbox_http_status_format_error (guint status, const char *message)
{
  GString *json = g_string_new ("{");

  devbox_wire_json_append_error (json, code_from_status (status), message);
  g_string_append_c (json, '}');

  return g_string_free (json, FALSE);
}
