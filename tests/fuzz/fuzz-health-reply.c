/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an agent says of itself, in whatever form: the first byte chooses the HTTP status. Whoever reads it gets what
 * makes sense, and both readings agree whether the agent is well. */
#include "config.h"

#include "devbox-agent-info.h"
#include "devbox-error.h"
#include "devbox-features-request-private.h"
#include "devbox-health-request-private.h"

#define MAX_UPTIME_MS G_GUINT64_CONSTANT (10000000000000)
#define MAX_CAPABILITIES 256

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_info (DevboxAgentInfo *info, const DevboxReply *reply)
{
  const char *const *capabilities = devbox_agent_info_get_capabilities (info);
  const char *version = devbox_agent_info_get_version (info);

  g_assert_cmpuint (devbox_agent_info_get_uptime (info), <=, MAX_UPTIME_MS);
  g_assert_true (version == NULL || g_utf8_validate (version, -1, NULL));
  g_assert_cmpuint (g_strv_length ((GStrv) capabilities), <=, MAX_CAPABILITIES);
  for (guint i = 0; capabilities[i] != NULL; i++)
    g_assert_true (g_utf8_validate (capabilities[i], -1, NULL));
  if (reply->status == SOUP_STATUS_OK)
    g_assert_cmpint (devbox_agent_info_get_healthy (info), ==, devbox_health_reply_is_healthy (reply));
}

static void
check_features (const DevboxReply *reply)
{
  g_autoptr (DevboxRequest) request = devbox_features_request_new ();
  g_autoptr (GError) error = NULL;
  DevboxAgentFeatures *features = request->parse (request, reply, &error);

  g_assert_true ((features == NULL) == (error != NULL));
  if (features == NULL)
    {
      g_assert_true (error->domain == DEVBOX_ERROR);
      return;
    }

  g_assert_true (features->dialects != 0);
  request->result_free (features);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const guint statuses[] = { SOUP_STATUS_OK, SOUP_STATUS_SERVICE_UNAVAILABLE, SOUP_STATUS_NOT_FOUND };
  g_autoptr (DevboxRequest) request = devbox_agent_info_request_new ();
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxAgentInfo) info = NULL;
  DevboxReply reply = { .request_id = "1", .base_url = "http://127.0.0.1:3000" };

  if (size == 0)
    return 0;

  body = g_bytes_new (data + 1, size - 1);
  reply.status = statuses[data[0] % G_N_ELEMENTS (statuses)];
  reply.headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  reply.body = body;

  info = request->parse (request, &reply, &error);
  g_assert_true ((info == NULL) == (error != NULL));
  if (info != NULL)
    check_info (info, &reply);
  else
    g_assert_true (error->domain == DEVBOX_ERROR);
  check_features (&reply);
  soup_message_headers_unref (reply.headers);

  return 0;
}
