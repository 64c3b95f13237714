/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-private.h"
#include "devbox-client-core-private.h"

G_BEGIN_DECLS

/* A WebSocket to an agent that is made again whenever it breaks, for whoever asks for something there and then is told
 * of it for long. It knows where the agent is from DevboxAgent, at each try anew. What is said is its owner's business.
 * The owner makes it, and must live until `ended` was called, if it was started. Counted in any thread; all the rest
 * only in the I/O thread. */
typedef struct _DevboxSocketLink DevboxSocketLink;

typedef struct
{
  guint handshake_ms;   /* from each try to devbox_socket_link_begin (); 0: no limit */
  guint first_delay_ms; /* before the first new try; then doubled, up to last_delay_ms */
  guint last_delay_ms;  /* a link that lived that long begins with first_delay_ms again */
  guint give_up_ms;     /* how long it may be down before it ends; 0: for ever */
  guint ping_interval_s;
  guint silence_ms; /* after which the agent counts as dead */
  guint max_message_size;
} DevboxSocketLinkTiming;

typedef struct
{
  char *(*greet) (gpointer owner);                              /* what to ask, at every connection; transfer full */
  void (*heard) (gpointer owner, const char *text, gsize size); /* a message, which need not be UTF-8 */
  void (*began) (gpointer owner, gboolean is_first);            /* as devbox_socket_link_begin () was called */
  /* It has ended for good: the first try failed, the agent said no or was away for too long, or it was stopped (with
   * what was given then). The last call; in it the owner may go. */
  void (*ended) (gpointer owner, const GError *error);
} DevboxSocketLinkFuncs;

DevboxSocketLink *devbox_socket_link_new (DevboxIoThread *thread,
                                          DevboxAgent *agent,
                                          const char *subject, /* what errors name */
                                          const DevboxSocketLinkFuncs *funcs,
                                          gpointer owner);
void devbox_socket_link_unref (DevboxSocketLink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxSocketLink, devbox_socket_link_unref)

void devbox_socket_link_start (DevboxSocketLink *self, DevboxClientCore *core, const DevboxSocketLinkTiming *timing);
void devbox_socket_link_begin (DevboxSocketLink *self); /* the agent does what it was asked for */
/* Something is wrong with this connection, which may be the last thing that happens to the link. */
void devbox_socket_link_lose (DevboxSocketLink *self, const GError *error);
/* Hangs up until it is resumed, which is no loss. */
void devbox_socket_link_pause (DevboxSocketLink *self);
void devbox_socket_link_resume (DevboxSocketLink *self);
/* Ends it for good; without an error, since the client is closed. One that was not started ends as it is. */
void devbox_socket_link_stop (DevboxSocketLink *self, const GError *error);

GError *devbox_socket_link_make_closed_error (DevboxSocketLink *self);

G_END_DECLS
