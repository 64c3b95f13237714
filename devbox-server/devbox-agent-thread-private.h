/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-service-private.h"

G_BEGIN_DECLS

/* A thread with a main context of its own and an agent's service in it, from start to stop. */
typedef struct _DevboxAgentThread DevboxAgentThread;

/* Takes what config holds, and returns when the agent accepts connections. finished is told in the new thread, of each
 * request. Errors are G_IO_ERROR. */
DevboxAgentThread *
devbox_agent_thread_start (DevboxAgentConfig *config, DevboxHttpHandler finished, gpointer user_data, GError **error);
/* Lets requests that run end for up to grace_ms, 0 for none; returns when the thread is gone. Frees self. */
void devbox_agent_thread_stop (DevboxAgentThread *self, guint grace_ms);

const char *devbox_agent_thread_get_uri (DevboxAgentThread *self);   /* or NULL */
const char *devbox_agent_thread_get_token (DevboxAgentThread *self); /* or NULL */

G_END_DECLS
