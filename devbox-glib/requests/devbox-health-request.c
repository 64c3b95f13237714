/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-health-request-private.h"

#include "devbox-agent-info-private.h"
#include "devbox-agent-reply-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

#define MAX_UPTIME_SECONDS 1e10
#define MAX_VERSION_LENGTH 256

/* The classic form says `status: "healthy"`, the current one `healthStatus: "ok"` beside a numeric `status`. */
static gboolean
tells_healthy (JsonObject *reply)
{
  const char *status = NULL;

  if (json_object_has_member (reply, "healthStatus"))
    return devbox_wire_json_get_string (reply, "healthStatus", TRUE, &status, NULL) && g_str_equal (status, "ok");

  return devbox_wire_json_get_string (reply, "status", TRUE, &status, NULL) && g_str_equal (status, "healthy");
}

gboolean
devbox_health_reply_is_healthy (const DevboxReply *reply)
{
  g_autoptr (JsonObject) object = NULL;

  if (reply->status == SOUP_STATUS_OK)
    object = devbox_request_parse_object (reply, NULL);

  return object != NULL && tells_healthy (object);
}

/* Whoever answers anything else at this address is no healthy agent: that is an answer, not an error. */
static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  return GINT_TO_POINTER (devbox_health_reply_is_healthy (reply) ? DEVBOX_HEALTH_HEALTHY : DEVBOX_HEALTH_UNHEALTHY);
}

DevboxRequest *
devbox_health_request_new (void)
{
  DevboxRequest *request = devbox_request_new (SOUP_METHOD_GET, "/health", parse, NULL);

  request->anonymous = TRUE;

  return request;
}

static const struct
{
  const char *name;
  double ms;
} units[] = {
  { "ms", 1 },
  { "h", 60 * 60 * 1000 },
  { "m", 60 * 1000 },
  { "s", 1000 },
};

/* "12s", and "1h2m3.5s" from whoever prints durations as Go does. */
static gboolean
read_duration (const char *text, guint64 *ms)
{
  double sum = 0;

  do
    {
      const char *rest = text;
      char *unit;
      double number;
      gsize i;

      if (!g_ascii_isdigit (*text))
        return FALSE;
      number = g_ascii_strtod (text, &unit);
      for (i = 0; i < G_N_ELEMENTS (units) && rest == text; i++)
        {
          if (g_str_has_prefix (unit, units[i].name))
            {
              sum += number * units[i].ms;
              rest = unit + strlen (units[i].name);
            }
        }
      if (rest == text)
        return FALSE;
      text = rest;
    }
  while (*text != '\0');

  if (!(sum <= MAX_UPTIME_SECONDS * 1000))
    return FALSE;

  *ms = (guint64) sum;
  return TRUE;
}

/* A number of seconds, or a text. What is odd is left out: nothing depends on it. */
static guint64
read_uptime (JsonObject *reply)
{
  const char *text = NULL;
  double seconds = 0;
  guint64 ms = 0;

  if (devbox_wire_json_get_double (reply, "uptime", FALSE, 0, MAX_UPTIME_SECONDS, &seconds, NULL))
    return (guint64) (seconds * 1000);
  if (devbox_wire_json_get_string (reply, "uptime", FALSE, &text, NULL))
    read_duration (text, &ms);

  return ms;
}

static DevboxAgentInfo *
read_agent_info (JsonObject *reply)
{
  g_auto (GStrv) capabilities = NULL;
  const char *version = NULL;

  devbox_wire_json_get_string (reply, "version", FALSE, &version, NULL);
  if (version != NULL && strlen (version) > MAX_VERSION_LENGTH)
    version = NULL;
  devbox_agent_read_capabilities (reply, &capabilities, NULL);

  return devbox_agent_info_new (tells_healthy (reply), version, read_uptime (reply),
                                (const char *const *) capabilities);
}

/* An agent that says with 503 that it is not well still tells of itself. */
static gpointer
parse_agent_info (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  GError *reason = NULL;

  object = devbox_request_parse_object (reply, &reason);
  if (object != NULL && (reply->status == SOUP_STATUS_OK || json_object_has_member (object, "version")))
    return read_agent_info (object);
  if (reply->status == SOUP_STATUS_OK)
    return devbox_request_fail_from_bad_reply (request, reason, error);

  g_clear_error (&reason);
  return devbox_request_fail_from_reply (request, reply, error);
}

DevboxRequest *
devbox_agent_info_request_new (void)
{
  DevboxRequest *request = devbox_request_new (SOUP_METHOD_GET, "/health", parse_agent_info, g_object_unref);

  request->anonymous = TRUE;
  request->not_found = DEVBOX_ERROR_DEVBOX_NOT_FOUND;

  return request;
}
