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
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxAgentHandle, devbox_agent_handle_unref)

/* Tells of changed properties in a main context, whichever thread changed them: one source for all that is still to be
 * told, and none when there is nothing. It has no reference to the object. Any thread. */
typedef struct _DevboxNotifier DevboxNotifier;

DevboxNotifier *devbox_notifier_new (GObject *object, GMainContext *context);
void devbox_notifier_queue (DevboxNotifier *self, GParamSpec *pspec);
void devbox_notifier_free (DevboxNotifier *self); /* when the object is finalized */

G_END_DECLS
