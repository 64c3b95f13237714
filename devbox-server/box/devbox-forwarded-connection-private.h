/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <netinet/in.h>

G_BEGIN_DECLS

/* What an epoll descriptor tells of. */
typedef struct _DevboxForwardPollable DevboxForwardPollable;
struct _DevboxForwardPollable
{
  void (*ready) (DevboxForwardPollable *self, guint32 events);
};

typedef union
{
  struct sockaddr any;
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
} DevboxForwardAddress;

/* Where a connection is to go: tried one after the other. */
typedef struct
{
  DevboxForwardAddress addresses[3];
  guint n_addresses;
} DevboxForwardTarget;

typedef struct _DevboxForwardedConnection DevboxForwardedConnection;

/* What connections share. */
typedef struct
{
  int epoll_fd;
  GQueue ready; /* of connections that have more to do than one turn takes */
  guint64 bytes_in;
  guint64 bytes_out;
  gsize kept;     /* bytes that wait for ends which do not read */
  guint8 *buffer; /* DEVBOX_FORWARD_PIECE bytes, of whoever runs */
  void (*ended) (DevboxForwardedConnection *connection, gpointer user_data); /* once; to be freed after the turn */
  gpointer user_data;
} DevboxForwardHub;

/* Read at once: below 256 KiB the calls cost more than the copies. While what nobody takes adds up to too much, less.
 */
#define DEVBOX_FORWARD_PIECE (256 * 1024)
#define DEVBOX_FORWARD_SMALL_PIECE (16 * 1024)
#define DEVBOX_FORWARD_MAX_KEPT (16 * 1024 * 1024)

/* Takes outer_fd, also on failure (NULL: nobody is there, or errno). */
DevboxForwardedConnection *
devbox_forwarded_connection_new (DevboxForwardHub *hub, int outer_fd, const DevboxForwardTarget *target);
void devbox_forwarded_connection_run_next (DevboxForwardHub *hub); /* the first of those that are ready */
void devbox_forwarded_connection_free (DevboxForwardedConnection *self);

G_END_DECLS
