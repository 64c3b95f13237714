/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-port-forwarder-private.h"

#include "devbox-forwarded-connection-private.h"

#include "devbox-clear-source-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_EVENTS 64
#define MAX_ACCEPTS 64 /* in one turn */
#define RETRY_MS 1000  /* where descriptors ran out, or accepting fails for another reason */

typedef struct
{
  DevboxForwardPollable pollable;
  DevboxPortForwarder *forwarder;
  int fd; /* -1: closed in this turn */
  DevboxForwardTarget target;
} ForwardedPort;

struct _DevboxPortForwarder
{
  DevboxForwardHub hub;
  GSource *source;
  GSource *retry;    /* while nobody is accepted */
  GHashTable *ports; /* number → ForwardedPort */
  GHashTable *connections;
  guint max_connections;
  GPtrArray *dead_ports;
  GPtrArray *dead_connections;
};

typedef struct
{
  GSource source;
  DevboxPortForwarder *forwarder;
} ForwarderSource;

/* Accepting */

static gboolean
watch (ForwardedPort *port)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = &port->pollable };

  return epoll_ctl (port->forwarder->hub.epoll_fd, EPOLL_CTL_ADD, port->fd, &event) == 0;
}

static gboolean
on_retry (gpointer user_data)
{
  DevboxPortForwarder *self = user_data;
  GHashTableIter iter;
  gpointer port;

  devbox_clear_source (&self->retry);
  g_hash_table_iter_init (&iter, self->ports);
  while (g_hash_table_iter_next (&iter, NULL, &port))
    watch (port);

  return G_SOURCE_REMOVE;
}

/* Those who connect wait in the queues of the listening sockets. */
static void
rest (DevboxPortForwarder *self)
{
  GHashTableIter iter;
  gpointer port;

  if (self->retry != NULL)
    return;

  g_hash_table_iter_init (&iter, self->ports);
  while (g_hash_table_iter_next (&iter, NULL, &port))
    epoll_ctl (self->hub.epoll_fd, EPOLL_CTL_DEL, ((ForwardedPort *) port)->fd, NULL);
  self->retry = g_timeout_source_new (RETRY_MS);
  g_source_set_callback (self->retry, on_retry, self, NULL);
  g_source_attach (self->retry, g_source_get_context (self->source));
}

static void
take_connection (ForwardedPort *port, int fd)
{
  DevboxPortForwarder *self = port->forwarder;
  DevboxForwardedConnection *connection;

  if (g_hash_table_size (self->connections) >= self->max_connections)
    {
      close (fd);
      return;
    }

  connection = devbox_forwarded_connection_new (&self->hub, fd, &port->target);
  if (connection != NULL)
    g_hash_table_add (self->connections, connection);
}

static void
port_ready (DevboxForwardPollable *pollable, guint32 events)
{
  ForwardedPort *port = (ForwardedPort *) pollable;

  for (guint i = 0; i < MAX_ACCEPTS && port->forwarder->retry == NULL && port->fd >= 0; i++)
    {
      int fd = accept4 (port->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

      if (fd >= 0)
        take_connection (port, fd);
      else if (errno == EAGAIN)
        break;
      else if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO)
        rest (port->forwarder);
    }
}

static void
connection_ended (DevboxForwardedConnection *connection, gpointer user_data)
{
  DevboxPortForwarder *self = user_data;

  g_hash_table_steal (self->connections, connection);
  g_ptr_array_add (self->dead_connections, connection);
}

/* Ports */

static void
close_port (gpointer data)
{
  ForwardedPort *port = data;

  /* An event of this turn may still point at it. */
  close (port->fd);
  port->fd = -1;
  g_ptr_array_add (port->forwarder->dead_ports, port);
}

static gboolean
addresses_are_equal (const DevboxForwardAddress *a, const DevboxForwardAddress *b)
{
  if (a->any.sa_family != b->any.sa_family)
    return FALSE;
  if (a->any.sa_family == AF_INET)
    return a->ipv4.sin_port == b->ipv4.sin_port && a->ipv4.sin_addr.s_addr == b->ipv4.sin_addr.s_addr;

  return a->ipv6.sin6_port == b->ipv6.sin6_port && IN6_ARE_ADDR_EQUAL (&a->ipv6.sin6_addr, &b->ipv6.sin6_addr);
}

/* Never the listening socket itself, which a box that shares its network could reach. */
static void
add_address (DevboxForwardTarget *target, const DevboxForwardAddress *address, const DevboxForwardAddress *own)
{
  if (own == NULL || !addresses_are_equal (address, own))
    target->addresses[target->n_addresses++] = *address;
}

static gboolean
fill_target (DevboxForwardTarget *target, guint16 port, gboolean shares_network, int listen_fd)
{
  DevboxForwardAddress own = { 0 };
  DevboxForwardAddress same_host;
  DevboxForwardAddress ipv4
      = { .ipv4 = { .sin_family = AF_INET, .sin_port = g_htons (port), .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) } };
  DevboxForwardAddress ipv6
      = { .ipv6 = { .sin6_family = AF_INET6, .sin6_port = g_htons (port), .sin6_addr = IN6ADDR_LOOPBACK_INIT } };
  socklen_t size = sizeof own;
  socklen_t option_size = sizeof (int);
  int is_listening = 0;

  if (getsockopt (listen_fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &option_size) != 0 || !is_listening)
    return FALSE;
  if (getsockname (listen_fd, &own.any, &size) != 0 || (own.any.sa_family != AF_INET && own.any.sa_family != AF_INET6))
    return FALSE;

  same_host = own;
  if (own.any.sa_family == AF_INET)
    same_host.ipv4.sin_port = g_htons (port);
  else
    same_host.ipv6.sin6_port = g_htons (port);

  target->n_addresses = 0;
  if (shares_network)
    add_address (target, &same_host, &own);
  add_address (target, &ipv4, shares_network ? &own : NULL);
  add_address (target, &ipv6, shares_network ? &own : NULL);

  return TRUE;
}

gboolean
devbox_port_forwarder_add (DevboxPortForwarder *self,
                           guint16 port,
                           gboolean shares_network,
                           int listen_fd,
                           GError **error)
{
  ForwardedPort *forwarded = g_new0 (ForwardedPort, 1);
  int one = 1;

  forwarded->pollable.ready = port_ready;
  forwarded->forwarder = self;
  forwarded->fd = listen_fd;
  /* On Linux an accepted socket inherits TCP_NODELAY. */
  if (!fill_target (&forwarded->target, port, shares_network, listen_fd)
      || !g_unix_set_fd_nonblocking (listen_fd, TRUE, NULL)
      || setsockopt (listen_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0
      || (self->retry == NULL && !watch (forwarded)))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   /* Translators: %u is a port */
                   _ ("Port %u of the devbox cannot be forwarded: there is no listening socket for it"), port);
      close (listen_fd);
      g_free (forwarded);
      return FALSE;
    }

  g_hash_table_replace (self->ports, GUINT_TO_POINTER (port), forwarded);
  return TRUE;
}

void
devbox_port_forwarder_remove (DevboxPortForwarder *self, guint16 port)
{
  g_hash_table_remove (self->ports, GUINT_TO_POINTER (port));
}

/* The main loop */

static void
free_dead (DevboxPortForwarder *self)
{
  g_ptr_array_set_size (self->dead_connections, 0);
  g_ptr_array_set_size (self->dead_ports, 0);
}

static gboolean
forwarder_source_prepare (GSource *source, int *timeout)
{
  DevboxPortForwarder *self = ((ForwarderSource *) source)->forwarder;

  return !g_queue_is_empty (&self->hub.ready);
}

static gboolean
forwarder_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  DevboxPortForwarder *self = ((ForwarderSource *) source)->forwarder;
  struct epoll_event events[MAX_EVENTS];
  int n;

  /* Those that are queued again meanwhile wait for the next turn. */
  for (guint i = g_queue_get_length (&self->hub.ready); i > 0; i--)
    devbox_forwarded_connection_run_next (&self->hub);

  n = epoll_wait (self->hub.epoll_fd, events, MAX_EVENTS, 0);
  for (int i = 0; i < n; i++)
    {
      DevboxForwardPollable *pollable = events[i].data.ptr;

      pollable->ready (pollable, events[i].events);
    }
  free_dead (self);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs forwarder_source_funcs = {
  .prepare = forwarder_source_prepare,
  .dispatch = forwarder_source_dispatch,
};

DevboxPortForwarder *
devbox_port_forwarder_new (guint max_connections, GError **error)
{
  DevboxPortForwarder *self;
  int epoll_fd = epoll_create1 (EPOLL_CLOEXEC);

  if (epoll_fd < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot forward ports"));
      return NULL;
    }

  self = g_new0 (DevboxPortForwarder, 1);
  self->hub.epoll_fd = epoll_fd;
  self->hub.buffer = g_malloc (DEVBOX_FORWARD_PIECE);
  self->hub.ended = connection_ended;
  self->hub.user_data = self;
  g_queue_init (&self->hub.ready);
  self->max_connections = max_connections;
  self->ports = g_hash_table_new_full (NULL, NULL, NULL, close_port);
  self->connections = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) devbox_forwarded_connection_free, NULL);
  self->dead_ports = g_ptr_array_new_with_free_func (g_free);
  self->dead_connections = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_forwarded_connection_free);

  self->source = g_source_new (&forwarder_source_funcs, sizeof (ForwarderSource));
  ((ForwarderSource *) self->source)->forwarder = self;
  g_source_add_unix_fd (self->source, epoll_fd, G_IO_IN);
  g_source_attach (self->source, g_main_context_get_thread_default ());

  return self;
}

void
devbox_port_forwarder_free (DevboxPortForwarder *self)
{
  devbox_clear_source (&self->retry);
  devbox_clear_source (&self->source);
  g_hash_table_unref (self->ports);
  g_hash_table_unref (self->connections);
  free_dead (self);
  g_ptr_array_unref (self->dead_ports);
  g_ptr_array_unref (self->dead_connections);
  close (self->hub.epoll_fd);
  g_free (self->hub.buffer);
  g_free (self);
}

void
devbox_port_forwarder_get_bytes (DevboxPortForwarder *self, guint64 *bytes_in, guint64 *bytes_out)
{
  *bytes_in = self->hub.bytes_in;
  *bytes_out = self->hub.bytes_out;
}
