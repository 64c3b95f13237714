/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-agent-private.h"

#include <string.h>

struct _DevboxAgent
{
  gatomicrefcount ref_count;
  char *devbox_name; /* NULL: the endpoint is fixed */

  GMutex mutex;
  DevboxEndpoint *endpoint; /* NULL: not known */

  /* The I/O thread's. */
  gboolean has_features;
  DevboxAgentFeatures features;
  DevboxAgentSearches searches;
};

gboolean
devbox_agent_features_have (const DevboxAgentFeatures *self, const char *capability)
{
  return self->capabilities != NULL && g_strv_contains ((const char *const *) self->capabilities, capability);
}

static DevboxAgent *
agent_new (const char *devbox_name, DevboxEndpoint *endpoint)
{
  DevboxAgent *self = g_new0 (DevboxAgent, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->devbox_name = g_strdup (devbox_name);
  self->endpoint = endpoint != NULL ? devbox_endpoint_ref (endpoint) : NULL;

  return self;
}

DevboxAgent *
devbox_agent_new_for_endpoint (DevboxEndpoint *endpoint)
{
  return agent_new (NULL, endpoint);
}

DevboxAgent *
devbox_agent_new_for_devbox (const char *devbox_name)
{
  return agent_new (devbox_name, NULL);
}

DevboxAgent *
devbox_agent_ref (DevboxAgent *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
clear_features (DevboxAgent *self)
{
  self->has_features = FALSE;
  g_clear_pointer (&self->features.capabilities, g_strfreev);
}

void
devbox_agent_unref (DevboxAgent *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->searches.line.length == 0);

  clear_features (self);
  g_clear_pointer (&self->endpoint, devbox_endpoint_unref);
  g_mutex_clear (&self->mutex);
  g_free (self->devbox_name);
  g_free (self);
}

gboolean
devbox_agent_is_shared (DevboxAgent *self)
{
  return !g_atomic_ref_count_compare (&self->ref_count, 1);
}

const char *
devbox_agent_get_devbox_name (DevboxAgent *self)
{
  return self->devbox_name;
}

DevboxEndpoint *
devbox_agent_ref_endpoint (DevboxAgent *self)
{
  DevboxEndpoint *endpoint;

  g_mutex_lock (&self->mutex);
  endpoint = self->endpoint != NULL ? devbox_endpoint_ref (self->endpoint) : NULL;
  g_mutex_unlock (&self->mutex);

  return endpoint;
}

gboolean
devbox_agent_set_endpoint (DevboxAgent *self, DevboxEndpoint *endpoint)
{
  DevboxEndpoint *previous;
  gboolean has_changed;

  g_mutex_lock (&self->mutex);
  previous = self->endpoint;
  has_changed = previous == NULL || !devbox_endpoint_equal (previous, endpoint);
  if (has_changed)
    self->endpoint = devbox_endpoint_ref (endpoint);
  else
    previous = NULL;
  g_mutex_unlock (&self->mutex);

  g_clear_pointer (&previous, devbox_endpoint_unref);

  return has_changed;
}

void
devbox_agent_forget (DevboxAgent *self)
{
  DevboxEndpoint *endpoint = NULL;

  clear_features (self);
  if (self->devbox_name == NULL)
    return;

  g_mutex_lock (&self->mutex);
  endpoint = g_steal_pointer (&self->endpoint);
  g_mutex_unlock (&self->mutex);

  g_clear_pointer (&endpoint, devbox_endpoint_unref);
}

gboolean
devbox_agent_has_features (DevboxAgent *self)
{
  return self->has_features;
}

const DevboxAgentFeatures *
devbox_agent_get_features (DevboxAgent *self)
{
  return &self->features;
}

void
devbox_agent_take_features (DevboxAgent *self, DevboxAgentFeatures *features)
{
  clear_features (self);
  self->features = *features;
  g_free (features);
  self->has_features = TRUE;
}

DevboxAgentSearches *
devbox_agent_get_searches (DevboxAgent *self)
{
  return &self->searches;
}
