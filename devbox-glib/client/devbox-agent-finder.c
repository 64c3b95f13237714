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
  DevboxEndpoint *platform; /* NULL: nobody can be asked */
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

static DevboxAgentSearch *
find_satisfied (GQueue *line, gboolean has_features)
{
  for (GList *l = line->head; l != NULL; l = l->next)
    {
      DevboxAgentSearch *search = l->data;

      if (has_features || !search->needs_features)
        return search;
    }

  return NULL;
}

/* Whoever is called may come back, and then stands at the end of the line. */
static void
wake_satisfied (Finder *self)
{
  GQueue *line = &devbox_agent_get_searches (self->agent)->line;
  DevboxAgentSearch *search;

  while ((search = find_satisfied (line, devbox_agent_has_features (self->agent))) != NULL)
    {
      devbox_agent_search_leave (search);
      search->found (search, NULL);
    }
}

static void
fail (Finder *self, const GError *error)
{
  GQueue *line = &devbox_agent_get_searches (self->agent)->line;

  for (guint n = line->length; n > 0 && line->length > 0; n--)
    {
      DevboxAgentSearch *search = line->head->data;

      devbox_agent_search_leave (search);
      search->found (search, error);
    }
}

static void
got_features (gpointer result, const GError *error, gpointer data)
{
  Finder *self = data;

  if (error != NULL)
    fail (self, error);
  else
    devbox_agent_take_features (self->agent, result);

  look (self);
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
    fail (self, error != NULL ? error : reason);

  look (self);
}

static void
ask_platform (Finder *self)
{
  GError *error = NULL;
  DevboxRequest *request = NULL;

  if (self->platform == NULL)
    error = devbox_error_new (DEVBOX_ERROR_VALIDATION_ERROR, NULL, "%s", _ ("There is no platform to ask"));
  else
    request = devbox_get_instance_request_new (devbox_agent_get_devbox_name (self->agent), &error);

  if (request != NULL)
    devbox_client_core_call (self->core, NULL, self->platform, request, got_detail, self);
  else
    {
      fail (self, error);
      g_error_free (error);
      look (self);
    }
}

/* The next thing to find out. */
static void
look (Finder *self)
{
  g_autoptr (DevboxEndpoint) endpoint = devbox_agent_ref_endpoint (self->agent);

  if (endpoint != NULL)
    wake_satisfied (self);

  if (devbox_agent_get_searches (self->agent)->line.length == 0)
    finder_free (self);
  else if (endpoint == NULL)
    ask_platform (self);
  else
    devbox_client_core_call (self->core, self->agent, self->platform, devbox_features_request_new (), got_features,
                             self);
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
  self->line = &searches->line;
  self->link.data = self;
  g_queue_push_tail_link (self->line, &self->link);
  if (searches->is_served)
    return;

  searches->is_served = TRUE;

  finder = g_new0 (Finder, 1);
  finder->agent = devbox_agent_ref (agent);
  finder->core = devbox_client_core_ref (core);
  finder->platform = platform != NULL ? devbox_endpoint_ref (platform) : NULL;
  look (finder);
}

void
devbox_agent_search_leave (DevboxAgentSearch *self)
{
  if (self->line == NULL)
    return;

  g_queue_unlink (self->line, &self->link);
  self->line = NULL;
}
