/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-agent-thread-private.h"

#include "devbox-secret-private.h"
#include "devbox-service-thread-private.h"

#include <string.h>

struct _DevboxAgentThread
{
  DevboxServiceThread *thread;
  DevboxAgentConfig config; /* until the service takes it */
  DevboxHttpHandler finished;
  gpointer finished_data;
  char *uri;
  char *token;
};

static gpointer
start_service (gpointer data, GError **error)
{
  DevboxAgentThread *self = data;
  DevboxAgentService *service = devbox_agent_service_new (&self->config, error);

  if (service == NULL)
    return NULL;

  devbox_agent_service_set_finished_func (service, self->finished, self->finished_data);
  self->uri = devbox_agent_service_dup_uri (service);
  self->token = g_strdup (devbox_agent_service_get_token (service));

  return service;
}

static void
stop_service (gpointer service, guint grace_ms, GDestroyNotify func, gpointer user_data)
{
  devbox_agent_service_stop (service, grace_ms, func, user_data);
}

static void
free_service (gpointer service)
{
  devbox_agent_service_free (service);
}

static const DevboxServiceFuncs service_funcs = { "devbox-agent", start_service, stop_service, free_service };

static void
agent_thread_free (DevboxAgentThread *self)
{
  devbox_agent_config_clear (&self->config);
  g_free (self->uri);
  devbox_secret_free (self->token);
  g_free (self);
}

DevboxAgentThread *
devbox_agent_thread_start (DevboxAgentConfig *config, DevboxHttpHandler finished, gpointer user_data, GError **error)
{
  DevboxAgentThread *self = g_new0 (DevboxAgentThread, 1);

  self->config = *config;
  memset (config, 0, sizeof *config);
  config->listen_fd = -1;
  self->finished = finished;
  self->finished_data = user_data;
  self->thread = devbox_service_thread_start (&service_funcs, self, error);
  if (self->thread == NULL)
    g_clear_pointer (&self, agent_thread_free);

  return self;
}

void
devbox_agent_thread_stop (DevboxAgentThread *self, guint grace_ms)
{
  devbox_service_thread_stop (self->thread, grace_ms);
  agent_thread_free (self);
}

const char *
devbox_agent_thread_get_uri (DevboxAgentThread *self)
{
  return self->uri;
}

const char *
devbox_agent_thread_get_token (DevboxAgentThread *self)
{
  return self->token;
}
