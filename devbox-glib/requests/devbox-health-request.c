/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-health-request-private.h"

#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

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
