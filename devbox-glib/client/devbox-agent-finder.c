/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-agent-finder-private.h"

#include "devbox-error-private.h"
#include "devbox-features-request-private.h"
#include "devbox-platform-requests-private.h"

#include "devbox-instance-info.h"

#include <glib/gi18n-lib.h>

/* One search, for as long as somebody waits. The calls that it makes are the I/O thread's own. */
typedef struct
{
  DevboxAgent *agent;
  DevboxClientCore *core;
  DevboxEndpoint *platform; /* that was asked last; NULL: none was */
} Finder;

static void look (Finder *self);

static void
finder_free (Finder *self)
{
  devbox_agent_get_searches (self->agent)->is_served = FALSE;
  devbox_agent_unref (self->agent);
  devbox_client_core_unref (self->core);
  g_clear_pointer (&self->platform, devbox_endpoint_unref);
  g_free (self);
}

static gboolean
is_found (Finder *self)
{
  g_autoptr (DevboxEndpoint) endpoint = devbox_agent_ref_endpoint (self->agent);

  return endpoint != NULL;
}

static DevboxAgentSearch *
find_satisfied (Finder *self)
{
  gboolean has_features = devbox_agent_has_features (self->agent);

  for (GList *l = devbox_agent_get_searches (self->agent)->line.head; l != NULL; l = l->next)
    {
      DevboxAgentSearch *search = l->data;

      if (has_features || !search->needs_features)
        return search;
    }

  return NULL;
}

/* Whoever is called may come back, and then stands at the end of the line; or find that the agent is not there. */
static void
wake_satisfied (Finder *self)
{
  DevboxAgentSearch *search;

  while (is_found (self) && (search = find_satisfied (self)) != NULL)
    {
      devbox_agent_search_leave (search);
      search->found (search, NULL);
    }
}

static gboolean
is_of_same_platform (DevboxAgentSearch *search, DevboxEndpoint *platform)
{
  if (search->platform == NULL || platform == NULL)
    return search->platform == platform;

  return devbox_endpoint_equal (search->platform, platform);
}

/* All who wait, or, if it is the platform's word, those whom it holds for: whoever came since the client was given
 * another kubeconfig asks for himself. */
static void
fail (Finder *self, const GError *error, gboolean is_of_platform)
{
  GQueue *line = &devbox_agent_get_searches (self->agent)->line;

  for (guint n = line->length; n > 0 && line->length > 0; n--)
    {
      DevboxAgentSearch *search = line->head->data;

      if (is_of_platform && !is_of_same_platform (search, self->platform))
        {
          g_queue_push_tail_link (line, g_queue_pop_head_link (line));
          continue;
        }

      devbox_agent_search_leave (search);
      search->found (search, error);
    }
}

/* An address that was known before may be an old one. */
static gboolean
may_be_elsewhere (Finder *self)
{
  return devbox_agent_get_devbox_name (self->agent) != NULL && (self->platform == NULL || !is_found (self));
}

static void
got_features (gpointer result, const GError *error, gpointer data)
{
  Finder *self = data;

  if (error == NULL)
    devbox_agent_take_features (self->agent, result);
  else if (may_be_elsewhere (self))
    devbox_agent_forget (self->agent);
  else
    fail (self, error, FALSE);

  look (self);
}

static void
ask_agent (Finder *self)
{
  DevboxRequest *request = devbox_features_request_new ();

  request->tries_once = may_be_elsewhere (self);
  devbox_client_core_call (self->core, self->agent, NULL, request, got_features, self);
}

/* A devbox that is stopped may still have an address, at which nobody answers. */
static gboolean
check_status (DevboxInstanceInfo *info, GError **error)
{
  DevboxInstanceStatus status = devbox_instance_info_get_status (info);
  const char *name = devbox_instance_info_get_name (info);

  if (status == DEVBOX_INSTANCE_STATUS_RUNNING || status == DEVBOX_INSTANCE_STATUS_UNKNOWN)
    return TRUE;

  devbox_error_set (error, DEVBOX_ERROR_DEVBOX_NOT_READY, &(DevboxErrorDetails){ .path = name },
                    /* Translators: the name of a devbox, and its state as the platform calls it, such as “Stopped” */
                    _ ("The devbox “%s” is not running: its state is “%s”"), name,
                    devbox_instance_info_get_status_text (info));
  return FALSE;
}

static void
got_detail (gpointer result, const GError *error, gpointer data)
{
  Finder *self = data;
  g_autoptr (DevboxInstanceInfo) info = result;
  g_autoptr (DevboxEndpoint) endpoint = NULL;
  g_autoptr (GError) reason = NULL;

  if (info != NULL && check_status (info, &reason))
    endpoint = devbox_agent_address_find (info, devbox_endpoint_get_url (self->platform), &reason);
  if (endpoint != NULL)
    devbox_agent_set_endpoint (self->agent, endpoint);
  else
    fail (self, error != NULL ? error : reason, TRUE);

  look (self);
}

/* With the credential of the one who has waited longest. */
static void
ask_platform (Finder *self)
{
  DevboxAgentSearch *search = devbox_agent_get_searches (self->agent)->line.head->data;
  GError *error = NULL;
  DevboxRequest *request = NULL;

  g_clear_pointer (&self->platform, devbox_endpoint_unref);
  if (search->platform != NULL)
    {
      self->platform = devbox_endpoint_ref (search->platform);
      request = devbox_get_instance_request_new (devbox_agent_get_devbox_name (self->agent), &error);
    }
  else
    error = devbox_error_new (DEVBOX_ERROR_INVALID_KUBECONFIG, NULL, "%s", _ ("There is no platform to ask"));

  if (request != NULL)
    devbox_client_core_call (self->core, NULL, self->platform, request, got_detail, self);
  else
    {
      fail (self, error, TRUE);
      g_error_free (error);
      look (self);
    }
}

/* The next thing to find out. */
static void
look (Finder *self)
{
  wake_satisfied (self);

  if (devbox_agent_get_searches (self->agent)->line.length == 0)
    finder_free (self);
  else if (!is_found (self))
    ask_platform (self);
  else
    ask_agent (self);
}

void
devbox_agent_search_start (DevboxAgentSearch *self,
                           DevboxAgent *agent,
                           DevboxClientCore *core,
                           DevboxEndpoint *platform,
                           gboolean needs_features)
{
  DevboxAgentSearches *searches = devbox_agent_get_searches (agent);
  Finder *finder;

  self->needs_features = needs_features;
  self->platform = platform != NULL ? devbox_endpoint_ref (platform) : NULL;
  self->line = &searches->line;
  self->link.data = self;
  g_queue_push_tail_link (self->line, &self->link);
  if (searches->is_served)
    return;

  searches->is_served = TRUE;

  finder = g_new0 (Finder, 1);
  finder->agent = devbox_agent_ref (agent);
  finder->core = devbox_client_core_ref (core);
  look (finder);
}

void
devbox_agent_search_leave (DevboxAgentSearch *self)
{
  if (self->line == NULL)
    return;

  g_queue_unlink (self->line, &self->link);
  self->line = NULL;
  g_clear_pointer (&self->platform, devbox_endpoint_unref);
}
