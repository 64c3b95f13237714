/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-endpoint-private.h"

G_BEGIN_DECLS

/* How an agent can be spoken to. What an agent has that is not a dialect stands in `capabilities`. */
typedef enum
{
  DEVBOX_DIALECT_CLASSIC = 1 << 0,
  DEVBOX_DIALECT_CURRENT = 1 << 1,
} DevboxDialects;

struct _DevboxAgentFeatures
{
  DevboxDialects dialects;
  GStrv capabilities; /* or NULL */
};

gboolean devbox_agent_features_have (const DevboxAgentFeatures *self, const char *capability);

/* An agent, as the calls to it share it: where it is, with its token, and what it can do. Both are found out by the
 * first call that needs them, and once more when the agent is no longer where it was. Reference counted,
 * thread safe. */
DevboxAgent *devbox_agent_new_for_endpoint (DevboxEndpoint *endpoint); /* it stays there */
DevboxAgent *devbox_agent_new_for_devbox (const char *devbox_name);    /* the platform knows where */
DevboxAgent *devbox_agent_ref (DevboxAgent *self);
void devbox_agent_unref (DevboxAgent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxAgent, devbox_agent_unref)

gboolean devbox_agent_is_shared (DevboxAgent *self);           /* whether there is more than one reference */
const char *devbox_agent_get_devbox_name (DevboxAgent *self);  /* or NULL */
DevboxEndpoint *devbox_agent_ref_endpoint (DevboxAgent *self); /* or NULL: not known */
/* What a detail of the platform says of it; TRUE if it is another address or token than before. */
gboolean devbox_agent_set_endpoint (DevboxAgent *self, DevboxEndpoint *endpoint);
void devbox_agent_forget (DevboxAgent *self); /* where it is and what it can do; not for a fixed endpoint's address */

gboolean devbox_agent_has_features (DevboxAgent *self);
const DevboxAgentFeatures *devbox_agent_get_features (DevboxAgent *self);           /* in the I/O thread */
void devbox_agent_take_features (DevboxAgent *self, DevboxAgentFeatures *features); /* from g_new () */

/* In the I/O thread: the searches of calls that wait to know more, and whether somebody looks. */
typedef struct
{
  GQueue line;
  gboolean is_served;
} DevboxAgentSearches;

DevboxAgentSearches *devbox_agent_get_searches (DevboxAgent *self);

G_END_DECLS
