/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-agent-handle-private.h"

#include "devbox-client.h"

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
