/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-run-streamed-request-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-client.h"
#include "devbox-command-body-private.h"

#include <glib/gi18n-lib.h>

/* Our agent says at least an empty comment that often. */
#define COMMENT_INTERVAL_MS 15000

static gpointer
parse_refusal (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  GError *reason = NULL;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  if (object == NULL)
    return NULL;

  g_set_error_literal (&reason, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("it is not a stream of events"));
  return devbox_request_fail_from_bad_reply (request, reason, error);
}

static gboolean
prepare (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  const guint timeout_ms = GPOINTER_TO_UINT (request->data);

  request->may_be_silent = timeout_ms < 2 * COMMENT_INTERVAL_MS || !devbox_agent_features_have (features, "current");

  return devbox_agent_check_current (
      features, _ ("The agent does not know how to tell what a command writes while it runs"), error);
}

DevboxRequest *
devbox_run_streamed_request_new (DevboxClient *client, DevboxCommand *command, GError **error)
{
  DevboxRequest *request;

  if (!devbox_command_body_check (command, error))
    return NULL;

  request = devbox_request_new (SOUP_METHOD_POST, "/api/v1/process/sync-stream", parse_refusal, g_object_unref);
  request->body = devbox_command_body_new_current (command);
  request->content_type = "application/json";
  request->subject = g_strdup (devbox_command_body_get_subject (command));
  request->streams_reply = TRUE;
  request->has_envelope = TRUE;
  request->prepare = prepare;
  request->data = GUINT_TO_POINTER (devbox_client_get_timeout (client));

  return request;
}
