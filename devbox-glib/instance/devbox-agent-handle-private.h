/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-private.h"

G_BEGIN_DECLS

/* By what an object that stands for something in an agent - a process, a session, a log - makes its calls: the client,
 * the agent, and the main context in which it was asked for. Reference counted, immutable, thread safe; the I/O thread
 * never has the last reference. */
typedef struct
{
  gatomicrefcount ref_count;
  DevboxClient *client;
  DevboxAgent *agent;
  GMainContext *context;
} DevboxAgentHandle;

DevboxAgentHandle *devbox_agent_handle_new (DevboxClient *client, DevboxAgent *agent); /* the thread-default context */
DevboxAgentHandle *devbox_agent_handle_ref (DevboxAgentHandle *self);
void devbox_agent_handle_unref (DevboxAgentHandle *self);

/* The same as devbox_client_agent_call_async () and …_sync (). The handle is NULL in an object that a program made by
 * itself: each of its calls is refused. */
void devbox_agent_handle_call_async (DevboxAgentHandle *self, GTask *task, DevboxRequest *request, GError *error);
gpointer devbox_agent_handle_call_sync (DevboxAgentHandle *self,
                                        DevboxRequest *request,
                                        GError *cause,
                                        GCancellable *cancellable,
                                        GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxAgentHandle, devbox_agent_handle_unref)

G_END_DECLS
