/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-agent-handle-private.h"

#include "devbox-client.h"
#include "devbox-error-private.h"

#include <glib/gi18n-lib.h>

DevboxAgentHandle *
devbox_agent_handle_new (DevboxClient *client, DevboxAgent *agent)
{
  DevboxAgentHandle *self = g_new0 (DevboxAgentHandle, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->client = g_object_ref (client);
  self->agent = devbox_agent_ref (agent);
  self->context = g_main_context_ref_thread_default ();

  return self;
}

DevboxAgentHandle *
devbox_agent_handle_ref (DevboxAgentHandle *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_agent_handle_unref (DevboxAgentHandle *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_object_unref (self->client);
  devbox_agent_unref (self->agent);
  g_main_context_unref (self->context);
  g_free (self);
}

/* Takes both. */
static GError *
refuse (DevboxRequest *request, GError *error)
{
  g_clear_pointer (&request, devbox_request_free);

  return error != NULL ? error
                       : devbox_error_new (DEVBOX_ERROR_VALIDATION_ERROR, NULL, "%s",
                                           _ ("It stands for nothing in an agent: the program made it by itself"));
}

void
devbox_agent_handle_call_async (DevboxAgentHandle *self, GTask *task, DevboxRequest *request, GError *error)
{
  if (self != NULL)
    devbox_client_agent_call_async (self->client, self->agent, task, request, error);
  else
    g_task_return_error (task, refuse (request, error));
}

gpointer
devbox_agent_handle_call_sync (DevboxAgentHandle *self,
                               DevboxRequest *request,
                               GError *cause,
                               GCancellable *cancellable,
                               GError **error)
{
  if (self != NULL)
    return devbox_client_agent_call_sync (self->client, self->agent, request, cause, cancellable, error);

  devbox_client_fail (refuse (request, cause), error);
  return NULL;
}
