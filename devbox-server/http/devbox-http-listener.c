/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-listener-private.h"

#include "devbox-http-connection-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
#define MAX_ACCEPTS 256 /* in one turn */

typedef struct
{
  DevboxHttpPollable pollable;
  DevboxHttpListener *listener;
  int fd; /* -1: closed */
  gboolean is_watched;
  DevboxHttpAcceptFunc func;
  gpointer user_data;
} ListeningSocket;

struct _DevboxHttpListener
{
  DevboxHttpEngine *engine;
  GPtrArray *sockets;
  GSocketAddress *local_address;
  gboolean is_loopback;
  int spare_fd; /* given up to tell a client that there is no descriptor left for it */
};

/* GIO does the same as soon as a GSocket is made: sendfile () has no MSG_NOSIGNAL. A program's own choice stands. */
static void
ignore_sigpipe (void)
{
  struct sigaction action;

  if (sigaction (SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
    signal (SIGPIPE, SIG_IGN);
}

static int
open_spare (void)
{
  return open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Accepting */

static void
set_watched (ListeningSocket *socket, gboolean watched)
{
  DevboxHttpEngine *engine = socket->listener->engine;

  if (socket->is_watched == watched)
    return;
  if (watched)
    watched = devbox_http_engine_watch (engine, socket->fd, EPOLLIN, &socket->pollable);
  else
    devbox_http_engine_unwatch (engine, socket->fd);
  socket->is_watched = watched;
}

static void
retry_accepting (gpointer user_data)
{
  DevboxHttpListener *self = user_data;

  if (self->spare_fd < 0)
    self->spare_fd = open_spare ();
  for (guint i = 0; i < self->sockets->len; i++)
    set_watched (g_ptr_array_index (self->sockets, i), TRUE);
}

static int
accept_one (ListeningSocket *socket, DevboxHttpPeer *peer)
{
  socklen_t size = sizeof *peer;
  int fd;

  memset (peer, 0, sizeof *peer);
  do
    fd = accept4 (socket->fd, &peer->any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  while (fd < 0 && (errno == EINTR || errno == ECONNABORTED || errno == EPROTO));

  return fd;
}

/* There is no descriptor left. An idle connection makes room, as it does at the cap; with none, the client is sent
 * away, so that it does not wait in a queue that nobody looks at. Whether it is worth trying on at once. */
static gboolean
survive_exhaustion (ListeningSocket *socket)
{
  DevboxHttpListener *self = socket->listener;
  struct pollfd pending = { .fd = socket->fd, .events = POLLIN };
  DevboxHttpPeer peer;
  gboolean dropped = FALSE;

  /* accept () looks for a descriptor before it looks for a client. */
  if (poll (&pending, 1, 0) <= 0)
    return FALSE;
  if (devbox_http_engine_evict (self->engine))
    return TRUE;

  if (self->spare_fd >= 0)
    {
      int fd;

      close (self->spare_fd);
      fd = accept_one (socket, &peer);
      if (fd >= 0)
        close (fd);
      dropped = fd >= 0;
      self->spare_fd = open_spare ();
    }
  if (!dropped)
    {
      set_watched (socket, FALSE);
      devbox_http_engine_schedule_sweep (self->engine);
    }

  return dropped;
}

static void
turn_away (int fd)
{
  static const char reply[]
      = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";

  if (send (fd, reply, sizeof reply - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
    g_debug ("A connection past the limit is gone already: %s", g_strerror (errno));
  close (fd);
}

void
devbox_http_listener_adopt (DevboxHttpListener *self, int fd, const DevboxHttpPeer *peer)
{
  DevboxHttpEngine *engine = self->engine;
  const DevboxHttpLimits *limits = &engine->limits;
  gboolean has_room = engine->n_connections < limits->max_connections || devbox_http_engine_evict (engine);

  if (has_room && limits->max_connections_per_address > 0)
    has_room = devbox_http_engine_count_address (engine, peer, 0) < limits->max_connections_per_address;
  if (has_room)
    devbox_http_connection_new (engine, fd, peer);
  else
    turn_away (fd);
}

static void
take_connection (int fd, const DevboxHttpPeer *peer, gpointer user_data)
{
  devbox_http_listener_adopt (user_data, fd, peer);
}

static void
socket_ready (DevboxHttpPollable *pollable, guint32 events)
{
  ListeningSocket *socket = (ListeningSocket *) pollable;

  for (guint i = 0; i < MAX_ACCEPTS && socket->fd >= 0; i++)
    {
      DevboxHttpPeer peer;
      int fd = accept_one (socket, &peer);

      if (fd >= 0)
        socket->func (fd, &peer, socket->user_data);
      else if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS)
        break;
      else if (!survive_exhaustion (socket))
        break;
    }
}

/* Listening */

static void
close_sockets (DevboxHttpListener *self)
{
  for (guint i = 0; i < self->sockets->len; i++)
    {
      ListeningSocket *socket = g_ptr_array_index (self->sockets, i);

      set_watched (socket, FALSE);
      close (socket->fd);
      socket->fd = -1;
      /* An event of this turn may still point at it. */
      g_ptr_array_add (self->engine->dead_pollables, socket);
    }
  g_ptr_array_set_size (self->sockets, 0);
}

static GSocketAddress *
get_bound_address (int fd)
{
  struct sockaddr_storage address;
  socklen_t size = sizeof address;

  if (getsockname (fd, (struct sockaddr *) &address, &size) != 0)
    return NULL;

  return g_socket_address_new_from_native (&address, size);
}

static void
add_socket (DevboxHttpListener *self, int fd, gboolean is_loopback, DevboxHttpAcceptFunc func, gpointer user_data)
{
  ListeningSocket *socket = g_new0 (ListeningSocket, 1);
  int one = 1;

  /* On Linux an accepted socket inherits the option, which saves a call for each; a socket that is not of TCP refuses
   * it. */
  if (setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0)
    g_debug ("A listening socket without TCP_NODELAY: %s", g_strerror (errno));

  socket->pollable.ready = socket_ready;
  socket->listener = self;
  socket->fd = fd;
  socket->func = func;
  socket->user_data = user_data;
  g_ptr_array_add (self->sockets, socket);
  set_watched (socket, TRUE);
  self->is_loopback &= is_loopback;
  if (self->local_address == NULL)
    self->local_address = get_bound_address (fd);
}

static void
fail_from_errno (GError **error, const char *host, guint16 port)
{
  int saved_errno = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
               /* Translators: %s is a host, %u a port, the last %s the system's reason */
               _ ("Cannot listen on %s port %u: %s"), host, port, g_strerror (saved_errno));
}

static int
bind_socket (GInetAddress *address, guint16 port, const char *host, GError **error)
{
  g_autoptr (GSocketAddress) socket_address = g_inet_socket_address_new (address, port);
  struct sockaddr_storage native;
  int one = 1;
  int fd;

  if (!g_socket_address_to_native (socket_address, &native, sizeof native, error))
    return -1;
  fd = socket (native.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    {
      fail_from_errno (error, host, port);
      return -1;
    }
  if (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0
      || bind (fd, (struct sockaddr *) &native, g_socket_address_get_native_size (socket_address)) != 0
      || listen (fd, BACKLOG) != 0)
    {
      fail_from_errno (error, host, port);
      close (fd);
      return -1;
    }

  return fd;
}

/* Names are for loopback: what else a name means can change, and is not looked up again. */
static GList *
resolve (const char *host, GError **error)
{
  g_autoptr (GResolver) resolver = NULL;
  GInetAddress *address = g_inet_address_new_from_string (host);
  GList *addresses;

  if (address != NULL)
    return g_list_prepend (NULL, address);

  resolver = g_resolver_get_default ();
  addresses = g_resolver_lookup_by_name (resolver, host, NULL, error);
  for (GList *l = addresses; l != NULL; l = l->next)
    {
      if (g_inet_address_get_is_loopback (l->data))
        continue;
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   /* Translators: %s is the name of a host */
                   _ ("Cannot listen on “%s”: the name is not one of this machine alone; give an address"), host);
      g_resolver_free_addresses (addresses);
      return NULL;
    }

  return addresses;
}

typedef struct
{
  const char *host; /* as it was given */
  DevboxHttpAcceptFunc func;
  gpointer user_data;
} Target;

static gboolean
listen_on (DevboxHttpListener *self, GInetAddress *address, guint16 *port, const Target *target, GError **error)
{
  int fd = bind_socket (address, *port, target->host, error);
  g_autoptr (GSocketAddress) bound = NULL;

  if (fd < 0)
    return FALSE;
  add_socket (self, fd, g_inet_address_get_is_loopback (address), target->func, target->user_data);
  bound = get_bound_address (fd);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));

  return TRUE;
}

gboolean
devbox_http_listener_listen_for (DevboxHttpListener *self,
                                 const char *host,
                                 guint16 port,
                                 DevboxHttpAcceptFunc func,
                                 gpointer user_data,
                                 GError **error)
{
  Target target = { host, func, user_data };
  GList *addresses = resolve (host, error);
  gboolean result;

  if (addresses == NULL)
    return FALSE;
  result = listen_on (self, addresses->data, &port, &target, error);

  /* A name may have an address of IPv6 too; it is welcome, with the same port, but not needed. */
  for (GList *l = addresses->next; result && l != NULL; l = l->next)
    {
      g_autoptr (GError) local_error = NULL;

      if (!g_inet_address_equal (l->data, addresses->data) && !listen_on (self, l->data, &port, &target, &local_error))
        g_debug ("%s", local_error->message);
    }
  g_resolver_free_addresses (addresses);

  return result;
}

gboolean
devbox_http_listener_listen (DevboxHttpListener *self, const char *host, guint16 port, GError **error)
{
  return devbox_http_listener_listen_for (self, host, port, take_connection, self, error);
}

gboolean
devbox_http_listener_listen_fd (DevboxHttpListener *self, int fd, GError **error)
{
  int is_listening = 0;
  socklen_t size = sizeof is_listening;

  if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0 || !is_listening)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   /* Translators: %d is the number of a file descriptor */
                   _ ("Descriptor %d is not a listening socket"), fd);
      close (fd);
      return FALSE;
    }
  if (!g_unix_set_fd_nonblocking (fd, TRUE, error))
    {
      close (fd);
      return FALSE;
    }
  fcntl (fd, F_SETFD, FD_CLOEXEC);
  add_socket (self, fd, TRUE, take_connection, self);

  return TRUE;
}

GSocketAddress *
devbox_http_listener_get_local_address (DevboxHttpListener *self)
{
  return self->local_address;
}

static char *
host_for_uri (GInetAddress *address)
{
  g_autofree char *text = g_inet_address_to_string (address);

  if (g_inet_address_get_is_any (address))
    return g_strdup (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 ? "[::1]" : "127.0.0.1");

  return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 ? g_strdup_printf ("[%s]", text) : g_strdup (text);
}

char *
devbox_http_listener_dup_uri (DevboxHttpListener *self)
{
  GSocketAddress *address = devbox_http_listener_get_local_address (self);
  g_autofree char *host = NULL;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return NULL;

  host = host_for_uri (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
  return g_strdup_printf ("http://%s:%u", host, g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
}

gboolean
devbox_http_listener_is_loopback (DevboxHttpListener *self)
{
  return self->is_loopback;
}

DevboxHttpEngine *
devbox_http_listener_get_engine (DevboxHttpListener *self)
{
  return self->engine;
}

DevboxHttpListener *
devbox_http_listener_new (GMainContext *context,
                          const DevboxHttpLimits *limits,
                          DevboxHttpHandler handler,
                          gpointer user_data,
                          GDestroyNotify destroy)
{
  DevboxHttpListener *self = g_new0 (DevboxHttpListener, 1);

  ignore_sigpipe ();
  self->engine = devbox_http_engine_new (context, limits);
  self->engine->handler = handler;
  self->engine->handler_data = user_data;
  self->engine->handler_destroy = destroy;
  self->engine->sweep_func = retry_accepting;
  self->engine->sweep_data = self;
  self->sockets = g_ptr_array_new ();
  self->is_loopback = TRUE;
  self->spare_fd = open_spare ();

  return self;
}

void
devbox_http_listener_unref (DevboxHttpListener *self)
{
  close_sockets (self);
  self->engine->sweep_func = NULL;
  devbox_http_engine_close (self->engine);
  devbox_http_engine_unref (self->engine);
  if (self->spare_fd >= 0)
    close (self->spare_fd);
  g_ptr_array_unref (self->sockets);
  g_clear_object (&self->local_address);
  g_free (self);
}

void
devbox_http_listener_set_finished_func (DevboxHttpListener *self,
                                        DevboxHttpHandler func,
                                        gpointer user_data,
                                        GDestroyNotify destroy)
{
  DevboxHttpEngine *engine = self->engine;

  if (engine->finished_destroy != NULL)
    engine->finished_destroy (engine->finished_data);
  engine->finished_func = func;
  engine->finished_data = user_data;
  engine->finished_destroy = destroy;
}

void
devbox_http_listener_set_traffic (DevboxHttpListener *self, DevboxHttpTraffic *traffic)
{
  devbox_http_traffic_unref (self->engine->traffic);
  self->engine->traffic = devbox_http_traffic_ref (traffic);
}

void
devbox_http_listener_stop (DevboxHttpListener *self, guint grace_ms, GDestroyNotify func, gpointer user_data)
{
  close_sockets (self);
  devbox_http_engine_stop (self->engine, grace_ms, func, user_data);
}

guint
devbox_http_listener_get_n_connections (DevboxHttpListener *self)
{
  return self->engine->n_connections;
}
