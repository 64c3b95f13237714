/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-agent-thread-private.h"

#include "devbox-wire-error-private.h"

#include <string.h>

struct _DevboxAgentThread
{
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  DevboxAgentConfig config; /* until the service takes it */
  DevboxAgentService *service;
  DevboxHttpHandler finished;
  gpointer finished_data;
  guint grace_ms;
  char *uri;
  char *token;

  /* How the start went, told under the lock. */
  GMutex lock;
  GCond cond;
  gboolean started;
  GError *error;
};

/* Errors of the inside never leave the library: to a program they are GIO's. */
static GError *
to_io_error (GError *error)
{
  GIOErrorEnum code = G_IO_ERROR_FAILED;
  GError *converted;

  if (error->domain != DEVBOX_WIRE_ERROR)
    return error;

  if (error->code == DEVBOX_WIRE_FILE_NOT_FOUND)
    code = G_IO_ERROR_NOT_FOUND;
  else if (error->code == DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS)
    code = G_IO_ERROR_PERMISSION_DENIED;
  else if (error->code == DEVBOX_WIRE_VALIDATION_ERROR)
    code = G_IO_ERROR_NOT_DIRECTORY;
  converted = g_error_new_literal (G_IO_ERROR, code, error->message);
  g_error_free (error);

  return converted;
}

static void
tell_started (DevboxAgentThread *self, GError *error)
{
  g_mutex_lock (&self->lock);
  self->started = TRUE;
  self->error = error;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
serve (DevboxAgentThread *self)
{
  GError *error = NULL;

  self->service = devbox_agent_service_new (&self->config, &error);
  if (self->service == NULL)
    {
      tell_started (self, to_io_error (error));
      return;
    }

  devbox_agent_service_set_finished_func (self->service, self->finished, self->finished_data);
  self->uri = devbox_agent_service_dup_uri (self->service);
  self->token = g_strdup (devbox_agent_service_get_token (self->service));
  tell_started (self, NULL);
  g_main_loop_run (self->loop);
  g_clear_pointer (&self->service, devbox_agent_service_free);
}

static gpointer
run (gpointer data)
{
  DevboxAgentThread *self = data;

  g_main_context_push_thread_default (self->context);
  serve (self);
  /* What the service left to be finished in its context (cancelled watches, closed sockets) ends here. */
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);

  return NULL;
}

static void
join_and_free (DevboxAgentThread *self)
{
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  devbox_agent_config_clear (&self->config);
  g_free (self->uri);
  if (self->token != NULL)
    explicit_bzero (self->token, strlen (self->token));
  g_free (self->token);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
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
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->thread = g_thread_new ("devbox-agent", run, self);

  g_mutex_lock (&self->lock);
  while (!self->started)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);

  if (self->error == NULL)
    return self;

  g_propagate_error (error, g_steal_pointer (&self->error));
  join_and_free (self);
  return NULL;
}

static void
on_stopped (gpointer data)
{
  DevboxAgentThread *self = data;

  g_main_loop_quit (self->loop);
}

static gboolean
stop_service (gpointer data)
{
  DevboxAgentThread *self = data;

  if (self->grace_ms == 0)
    g_main_loop_quit (self->loop);
  else
    devbox_agent_service_stop (self->service, self->grace_ms, on_stopped, self);

  return G_SOURCE_REMOVE;
}

void
devbox_agent_thread_stop (DevboxAgentThread *self, guint grace_ms)
{
  self->grace_ms = grace_ms;
  g_main_context_invoke_full (self->context, G_PRIORITY_HIGH, stop_service, self, NULL);
  join_and_free (self);
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
