/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-private.h"
#include "devbox-client-core-private.h"

G_BEGIN_DECLS

/* Finds out where an agent is and what it can do, once for all calls that wait for it. In the I/O thread. */

typedef struct _DevboxAgentSearch DevboxAgentSearch;

/* The place of one call in it; embedded. */
struct _DevboxAgentSearch
{
  /* Called once, perhaps from within devbox_agent_search_start (); the error is NULL when what was needed is known. */
  void (*found) (DevboxAgentSearch *search, const GError *error);
  gpointer data;

  /* The finder's own. */
  gboolean needs_features;
  DevboxEndpoint *platform;
  GQueue *line;
  GList link;
};

void devbox_agent_search_start (DevboxAgentSearch *self,
                                DevboxAgent *agent,
                                DevboxClientCore *core,
                                DevboxEndpoint *platform, /* or NULL: nobody can be asked */
                                gboolean needs_features);
void devbox_agent_search_leave (DevboxAgentSearch *self); /* harmless when not in it */

G_END_DECLS
