/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-connection-private.h"
#include "devbox-pool-state-private.h"

G_BEGIN_DECLS

/* All connections of one client, in groups, and the calls that wait for one. Lives in the I/O thread. */
typedef struct _DevboxConnectionSet DevboxConnectionSet;
typedef struct _DevboxConnectionGroup DevboxConnectionGroup;
typedef struct _DevboxPoolMember DevboxPoolMember;
typedef struct _DevboxTicket DevboxTicket;

/* Calls that agree in all but the last share connections. */
typedef struct
{
  const char *devbox_name; /* or "" */
  const char *address;     /* "scheme://host:port" */
  DevboxTlsSettings *tls;  /* of the platform; NULL: what is usual */
  GUri *health_uri;        /* what an idle connection may be checked with; NULL: it is never checked */
} DevboxPoolKey;

/* A place in a group's waiting line, then a claim on a connection; embedded in what needs one. */
struct _DevboxTicket
{
  /* Called once, perhaps from within devbox_connection_set_acquire (); NULL: none became free in time. */
  void (*called) (DevboxTicket *ticket, DevboxConnection *connection);
  gpointer data;

  /* The set's own. */
  DevboxConnectionGroup *group; /* while it waits */
  DevboxPoolMember *member;     /* once it has a connection */
  GList link;
  DevboxTimer timer;
};

DevboxConnectionSet *devbox_connection_set_new (DevboxIoThread *thread, DevboxPoolState *state, const char *user_agent);
void devbox_connection_set_free (DevboxConnectionSet *self); /* with no ticket waiting and no connection out */

void devbox_connection_set_acquire (DevboxConnectionSet *self, const DevboxPoolKey *key, DevboxTicket *ticket);
void devbox_connection_set_leave (DevboxTicket *ticket);   /* the line; harmless when not in it */
void devbox_connection_set_release (DevboxTicket *ticket); /* the connection, which is kept or closed */
/* The claim on a connection gets another owner; `called` was called. */
void devbox_ticket_move (DevboxTicket *ticket, DevboxTicket *from);
/* Closes the idle connections, and every other one when it is released. */
void devbox_connection_set_close (DevboxConnectionSet *self);

/* For devbox_pool_state_invoke (). */
void devbox_connection_set_apply_settings (gpointer self, gpointer data);
void devbox_connection_set_drop_all (gpointer self, gpointer data); /* idle ones now, others when they are free */
void devbox_connection_set_sweep (gpointer self, gpointer sweep);   /* a DevboxPoolSweep */

G_END_DECLS
