/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-endpoint-private.h"
#include "devbox-error-private.h"
#include "devbox-health-request-private.h"
#include "devbox-instance-reply-private.h"
#include "devbox-instance-status-private.h"
#include "devbox-platform-reply-private.h"
#include "devbox-platform-requests-private.h"

#include <glib/gi18n-lib.h>

/* GET /api/v1/devbox/{name} until it runs, then GET /health of its agent: in turns, since a devbox that ran may fail
 * while its agent starts. An agent without a platform is asked alone. */

#define DEFAULT_TIMEOUT_MS (120 * 1000)
#define FIRST_DELAY_MS 50
#define MAX_DELAY_MS 1000

typedef struct
{
  DevboxAgent *agent;
  guint next_delay_ms;
  DevboxInstanceInfo *info; /* what the platform told last */
} Wait;

static void
wait_free (gpointer data)
{
  Wait *wait = data;

  devbox_agent_unref (wait->agent);
  g_clear_object (&wait->info);
  g_free (wait);
}

static void
ask_platform (DevboxRequest *request)
{
  request->asks_platform = TRUE;
  request->anonymous = FALSE;
  request->tries_once = FALSE;
  request->not_found = DEVBOX_ERROR_DEVBOX_NOT_FOUND;
  devbox_platform_request_ask_for_detail (request, request->subject);
}

/* That nobody answers yet is no reason to look for the agent elsewhere. */
static void
ask_agent (DevboxRequest *request)
{
  request->asks_platform = FALSE;
  request->anonymous = TRUE;
  request->tries_once = TRUE;
  devbox_request_take_path (request, SOUP_METHOD_GET, g_strdup ("/health"));
}

static gboolean
is_hopeless (DevboxInstanceInfo *info)
{
  DevboxInstanceStatus status = devbox_instance_info_get_status (info);

  return status == DEVBOX_INSTANCE_STATUS_ERROR || status == DEVBOX_INSTANCE_STATUS_DELETING;
}

static gboolean
is_not_ready (const GError *error)
{
  return g_error_matches (error, DEVBOX_ERROR, DEVBOX_ERROR_DEVBOX_NOT_READY);
}

/* FALSE: not yet, or never, which the error tells. */
static gboolean
learn_address (Wait *wait, const DevboxReply *reply, GError **error)
{
  g_autoptr (DevboxEndpoint) endpoint = devbox_agent_address_find (wait->info, reply->base_url, error);
  g_autoptr (DevboxEndpoint) previous = devbox_agent_ref_endpoint (wait->agent);

  if (endpoint == NULL)
    return FALSE;

  /* Another agent may not be able to do what the previous one could. */
  if (previous != NULL && !devbox_endpoint_equal (previous, endpoint))
    devbox_agent_forget (wait->agent);
  devbox_agent_set_endpoint (wait->agent, endpoint);

  return TRUE;
}

static gboolean
wait_longer (Wait *wait, guint *delay_ms)
{
  *delay_ms = wait->next_delay_ms;
  wait->next_delay_ms = MIN (wait->next_delay_ms * 3 / 2, MAX_DELAY_MS);

  return TRUE;
}

static gboolean
step_platform (DevboxRequest *request, const DevboxReply *reply, guint *delay_ms)
{
  Wait *wait = request->data;
  g_autoptr (GError) error = NULL;

  g_clear_object (&wait->info);
  wait->info = devbox_instance_reply_parse (request, reply, request->subject, NULL);
  if (wait->info == NULL || is_hopeless (wait->info))
    return FALSE;

  if (learn_address (wait, reply, &error))
    {
      ask_agent (request);
      return TRUE;
    }

  return is_not_ready (error) && wait_longer (wait, delay_ms);
}

static gboolean
step_agent (DevboxRequest *request, const DevboxReply *reply, guint *delay_ms)
{
  Wait *wait = request->data;

  if (reply != NULL && devbox_health_reply_is_healthy (reply))
    return FALSE;
  if (devbox_agent_get_devbox_name (wait->agent) != NULL)
    ask_platform (request);

  return wait_longer (wait, delay_ms);
}

static gboolean
step (DevboxRequest *request, const DevboxReply *reply, const GError *error, guint *delay_ms)
{
  if (!request->asks_platform)
    return step_agent (request, reply, delay_ms);

  return error == NULL && step_platform (request, reply, delay_ms);
}

/* Of an agent without a platform nothing else is known. */
static DevboxInstanceInfo *
dup_info (Wait *wait)
{
  g_auto (DevboxInstanceDetails) details = {
    .status = DEVBOX_INSTANCE_STATUS_RUNNING,
    .status_text = g_strdup (devbox_instance_status_to_string (DEVBOX_INSTANCE_STATUS_RUNNING)),
  };

  return wait->info != NULL ? g_object_ref (wait->info) : devbox_instance_info_new (&details);
}

/* After the last step: ready, or never. */
static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Wait *wait = request->data;
  g_autoptr (DevboxEndpoint) endpoint = NULL;

  if (!request->asks_platform)
    return dup_info (wait);
  if (wait->info == NULL)
    return devbox_instance_reply_parse (request, reply, request->subject, error);

  endpoint = devbox_agent_address_find (wait->info, reply->base_url, error);

  return NULL;
}

DevboxRequest *
devbox_wait_ready_request_new (DevboxAgent *agent, guint timeout_ms, GError **error)
{
  const char *name = devbox_agent_get_devbox_name (agent);
  DevboxRequest *request = devbox_request_new (SOUP_METHOD_GET, "/health", parse, g_object_unref);
  Wait *wait = g_new0 (Wait, 1);

  wait->agent = devbox_agent_ref (agent);
  wait->next_delay_ms = FIRST_DELAY_MS;

  request->timeout_ms = timeout_ms != 0 ? timeout_ms : DEFAULT_TIMEOUT_MS;
  request->subject = g_strdup (name);
  request->step = step;
  request->data = wait;
  request->data_free = wait_free;
  if (name != NULL)
    ask_platform (request);
  else
    ask_agent (request);

  return request;
}
