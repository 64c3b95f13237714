/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-features-request-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-json-private.h"

void
devbox_agent_features_free (DevboxAgentFeatures *features)
{
  g_strfreev (features->capabilities);
  g_free (features);
}

/* An agent that tells no capabilities speaks the dialect in which it answered. */
static gboolean
read_features (JsonObject *reply, DevboxAgentFeatures *features, GError **error)
{
  if (!devbox_agent_read_capabilities (reply, &features->capabilities, error))
    return FALSE;

  if (devbox_agent_features_have (features, "classic"))
    features->dialects |= DEVBOX_DIALECT_CLASSIC;
  if (devbox_agent_features_have (features, "current"))
    features->dialects |= DEVBOX_DIALECT_CURRENT;
  if (features->dialects == 0)
    features->dialects
        = json_object_has_member (reply, "healthStatus") ? DEVBOX_DIALECT_CURRENT : DEVBOX_DIALECT_CLASSIC;

  return TRUE;
}

/* An agent that says with 503 that it is not well still says what it can do. */
static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = NULL;
  DevboxAgentFeatures *features;
  GError *reason = NULL;

  if (!SOUP_STATUS_IS_SUCCESSFUL (reply->status) && reply->status != SOUP_STATUS_SERVICE_UNAVAILABLE)
    return devbox_request_fail_from_reply (request, reply, error);

  object = devbox_request_parse_object (reply, &reason);
  if (object == NULL && reply->status == SOUP_STATUS_SERVICE_UNAVAILABLE)
    {
      g_clear_error (&reason);
      return devbox_request_fail_from_reply (request, reply, error);
    }
  if (object == NULL)
    return devbox_request_fail_from_bad_reply (request, reason, error);

  features = g_new0 (DevboxAgentFeatures, 1);
  if (read_features (object, features, &reason))
    return features;

  devbox_agent_features_free (features);
  return devbox_request_fail_from_bad_reply (request, reason, error);
}

/* With the token, so that an agent which speaks both answers in the form of the current dialect. */
DevboxRequest *
devbox_features_request_new (void)
{
  DevboxRequest *request
      = devbox_request_new (SOUP_METHOD_GET, "/health", parse, (GDestroyNotify) devbox_agent_features_free);

  request->not_found = DEVBOX_ERROR_DEVBOX_NOT_FOUND;

  return request;
}
