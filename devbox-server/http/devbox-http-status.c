/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-engine-private.h"

#include "devbox-wire-json-private.h"

#include <string.h>

static const struct
{
  guint status;
  const char *phrase;
} phrases[] = {
  { 100, "Continue" },
  { 101, "Switching Protocols" },
  { 200, "OK" },
  { 201, "Created" },
  { 202, "Accepted" },
  { 204, "No Content" },
  { 206, "Partial Content" },
  { 304, "Not Modified" },
  { 400, "Bad Request" },
  { 401, "Unauthorized" },
  { 403, "Forbidden" },
  { 404, "Not Found" },
  { 405, "Method Not Allowed" },
  { 406, "Not Acceptable" },
  { 408, "Request Timeout" },
  { 409, "Conflict" },
  { 410, "Gone" },
  { 411, "Length Required" },
  { 412, "Precondition Failed" },
  { 413, "Content Too Large" },
  { 414, "URI Too Long" },
  { 415, "Unsupported Media Type" },
  { 416, "Range Not Satisfiable" },
  { 417, "Expectation Failed" },
  { 421, "Misdirected Request" },
  { 422, "Unprocessable Content" },
  { 423, "Locked" },
  { 424, "Failed Dependency" },
  { 426, "Upgrade Required" },
  { 428, "Precondition Required" },
  { 429, "Too Many Requests" },
  { 431, "Request Header Fields Too Large" },
  { 500, "Internal Server Error" },
  { 501, "Not Implemented" },
  { 502, "Bad Gateway" },
  { 503, "Service Unavailable" },
  { 504, "Gateway Timeout" },
  { 505, "HTTP Version Not Supported" },
  { 507, "Insufficient Storage" },
};

const char *
devbox_http_status_get_phrase (guint status)
{
  for (guint i = 0; i < G_N_ELEMENTS (phrases); i++)
    {
      if (phrases[i].status == status)
        return phrases[i].phrase;
    }

  return "Unknown";
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
