/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-tls-front-private.h"

#include "devbox-http-tls-pump-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_STRANGERS 256 /* connections that have not shaken hands yet */
#define MAX_HANDSHAKES 16
#define HANDSHAKE_TIMEOUT_MS 10000 /* from accept () on */
#define LINGER_TIMEOUT_MS 2000
#define SWEEP_INTERVAL G_USEC_PER_SEC
#define MAX_DROPS 32 /* reads in one turn */

#define RECORD_HEADER_SIZE 5
#define RECORD_HANDSHAKE 22
#define MAX_RECORD_SIZE (16 * 1024)

typedef enum
{
  STATE_HELLO, /* what it has to say first is not there yet: no thread waits for that */
  STATE_HANDSHAKE,
  STATE_PUMP,
  STATE_LINGER, /* it was told the end; what it still sends is dropped, lest a reset takes what it has not read */
} State;

typedef struct _Connection Connection;

typedef struct
{
  DevboxHttpPollable pollable;
  Connection *connection; /* NULL once it is over */
} End;

struct _Connection
{
  End client; /* the first member: events that were fetched already may outlive the rest */
  End engine;
  DevboxHttpTlsFront *front;
  GList link;       /* in strangers or connections */
  GList ready_link; /* in ready */
  DevboxHttpPeer peer;
  State state;
  int fd;                    /* the stream's, once there is one */
  GIOStream *stream;         /* until the pump has it */
  GCancellable *cancellable; /* of the handshake */
  DevboxHttpTlsPump pump;
  gint64 deadline; /* monotonic, µs; 0: none */
  gboolean is_ready;
  gboolean is_hung_up; /* told while it had still to say hello */
  gboolean is_shaken;  /* set by the thread */
};

struct _DevboxHttpTlsFront
{
  DevboxHttpListener *listener;
  DevboxHttpEngine *engine;
  GTlsCertificate *certificate;
  GSource *source; /* turns that were put off, handshakes that ended, deadlines */
  GThreadPool *handshakes;
  GAsyncQueue *shaken; /* of Connection */
  GQueue strangers;    /* HELLO and HANDSHAKE, the oldest first */
  GQueue connections;  /* the others */
  GQueue ready;
  gint64 next_sweep; /* 0: nothing has a deadline */

  gboolean is_stopping;
  gint64 stop_time; /* 0: nothing to tell */
  GDestroyNotify stop_func;
  gpointer stop_data;
};

typedef struct
{
  GSource source;
  DevboxHttpTlsFront *front;
} FrontSource;

static void connection_run (Connection *self);

/* Time */

static void
update_timer (DevboxHttpTlsFront *self)
{
  gint64 time = self->next_sweep != 0 ? self->next_sweep : -1;

  if (self->stop_time != 0 && (time < 0 || self->stop_time < time))
    time = self->stop_time;
  if (self->ready.length > 0 || (self->stop_time != 0 && devbox_http_tls_front_get_n_connections (self) == 0))
    time = 0;
  g_source_set_ready_time (self->source, time);
  /* A thread that ended meanwhile has set it before us. */
  if (g_async_queue_length (self->shaken) > 0)
    g_source_set_ready_time (self->source, 0);
}

static void
set_deadline (Connection *self, guint ms)
{
  gint64 now = g_get_monotonic_time ();

  self->deadline = now + ms * G_GINT64_CONSTANT (1000);
  if (self->front->next_sweep != 0)
    return;
  self->front->next_sweep = now + SWEEP_INTERVAL;
  update_timer (self->front);
}

static void
queue_ready (Connection *self)
{
  if (self->is_ready)
    return;
  self->is_ready = TRUE;
  g_queue_push_tail_link (&self->front->ready, &self->ready_link);
  update_timer (self->front);
}

static void
unqueue_ready (Connection *self)
{
  if (!self->is_ready)
    return;
  self->is_ready = FALSE;
  g_queue_unlink (&self->front->ready, &self->ready_link);
}

/* Connections */

static GQueue *
get_queue (Connection *self)
{
  return self->state == STATE_HELLO || self->state == STATE_HANDSHAKE ? &self->front->strangers
                                                                      : &self->front->connections;
}

static void
set_state (Connection *self, State state)
{
  g_queue_unlink (get_queue (self), &self->link);
  self->state = state;
  g_queue_push_tail_link (get_queue (self), &self->link);
}

static void
close_engine_end (Connection *self)
{
  if (self->pump.fd < 0)
    return;
  devbox_http_engine_unwatch (self->front->engine, self->pump.fd);
  close (self->pump.fd);
  self->pump.fd = -1;
}

/* No thread has it any more. */
static void
connection_free (Connection *self)
{
  DevboxHttpTlsFront *front = self->front;
  gboolean is_owned = self->stream != NULL || self->pump.stream != NULL;

  unqueue_ready (self);
  g_queue_unlink (get_queue (self), &self->link);
  close_engine_end (self);
  if (self->fd >= 0)
    devbox_http_engine_unwatch (front->engine, self->fd);
  if (is_owned) /* for a renegotiation that the client began, whose thread may hold on to the stream */
    shutdown (self->fd, SHUT_RDWR);
  else if (self->fd >= 0)
    close (self->fd);
  devbox_http_tls_pump_clear (&self->pump);
  g_clear_object (&self->stream);
  g_clear_object (&self->cancellable);

  self->client.connection = NULL;
  self->engine.connection = NULL;
  g_ptr_array_add (front->engine->dead_pollables, self);
}

static void
connection_close (Connection *self)
{
  if (self->state != STATE_HANDSHAKE)
    {
      connection_free (self);
      return;
    }

  /* Its thread gives it back soon. */
  self->deadline = 0;
  g_cancellable_cancel (self->cancellable);
}

static void
client_ready (DevboxHttpPollable *pollable, guint32 events)
{
  Connection *self = ((End *) pollable)->connection;

  if (self == NULL || self->state == STATE_HANDSHAKE)
    return;
  self->is_hung_up |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  devbox_http_tls_pump_note_client (&self->pump);
  connection_run (self);
}

static void
engine_ready (DevboxHttpPollable *pollable, guint32 events)
{
  Connection *self = ((End *) pollable)->connection;

  if (self == NULL)
    return;
  devbox_http_tls_pump_note_engine (&self->pump);
  connection_run (self);
}

static Connection *
connection_new (DevboxHttpTlsFront *front, int fd, const DevboxHttpPeer *peer)
{
  Connection *self = g_new0 (Connection, 1);

  self->client.pollable.ready = client_ready;
  self->client.connection = self;
  self->engine.pollable.ready = engine_ready;
  self->engine.connection = self;
  self->front = front;
  self->link.data = self;
  self->ready_link.data = self;
  self->peer = *peer;
  self->fd = fd;
  self->pump.fd = -1;
  g_queue_push_tail_link (&front->strangers, &self->link);
  set_deadline (self, HANDSHAKE_TIMEOUT_MS);

  return self;
}

/* Lingering */

static void
linger (Connection *self)
{
  shutdown (self->fd, SHUT_WR);
  close_engine_end (self);
  set_state (self, STATE_LINGER);
  set_deadline (self, LINGER_TIMEOUT_MS);
}

static void
drop_input (Connection *self)
{
  guint8 buffer[4096];
  gssize n = 1;

  for (guint i = 0; i < MAX_DROPS && (n > 0 || errno == EINTR); i++)
    n = recv (self->fd, buffer, sizeof buffer, MSG_DONTWAIT);

  if (n > 0)
    queue_ready (self);
  else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
    connection_close (self);
}

/* Pumping */

static void
pump (Connection *self)
{
  gsize sent;

  switch (devbox_http_tls_pump_run (&self->pump, &sent))
    {
    case DEVBOX_HTTP_TLS_PUMP_ENDED:
      linger (self);
      drop_input (self);
      return;
    case DEVBOX_HTTP_TLS_PUMP_FAILED:
      connection_close (self);
      return;
    case DEVBOX_HTTP_TLS_PUMP_HAS_MORE:
      queue_ready (self);
      break;
    case DEVBOX_HTTP_TLS_PUMP_WAITS:
    default:
      break;
    }

  if (self->pump.out.buffer == NULL)
    self->deadline = 0;
  else if (sent > 0 || self->deadline == 0)
    set_deadline (self, self->front->engine->limits.write_stall_timeout_ms);
}

static void
start_pumping (Connection *self)
{
  DevboxHttpTlsFront *front = self->front;
  int fds[2];

  self->deadline = 0;
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
    {
      g_debug ("No descriptors for a TLS connection: %s", g_strerror (errno));
      connection_free (self);
      return;
    }

  devbox_http_tls_pump_init (&self->pump, g_steal_pointer (&self->stream), fds[1]);
  if (!devbox_http_engine_watch (front->engine, fds[1], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                 &self->engine.pollable))
    {
      close (fds[0]);
      connection_free (self);
      return;
    }
  devbox_http_listener_adopt (front->listener, fds[0], &self->peer);
  pump (self);
}

/* Handshakes */

/* In a thread of the pool */
static void
shake_hands (gpointer data, gpointer user_data)
{
  Connection *self = data;
  DevboxHttpTlsFront *front = user_data;
  g_autoptr (GError) error = NULL;

  self->is_shaken = g_tls_connection_handshake (G_TLS_CONNECTION (self->stream), self->cancellable, &error);
  if (!self->is_shaken)
    g_debug ("A TLS handshake failed: %s", error->message);
  g_async_queue_push (front->shaken, self);
  g_source_set_ready_time (front->source, 0);
}

static GIOStream *
make_stream (Connection *self, GError **error)
{
  static const char *const protocols[] = { "http/1.1", NULL };
  g_autoptr (GSocket) socket = g_socket_new_from_fd (self->fd, error);
  g_autoptr (GSocketConnection) plain = NULL;
  GIOStream *stream;

  if (socket == NULL)
    return NULL;
  plain = g_socket_connection_factory_create_connection (socket);
  stream = g_tls_server_connection_new (G_IO_STREAM (plain), self->front->certificate, error);
  if (stream == NULL)
    {
      /* It goes with the socket. */
      devbox_http_engine_unwatch (self->front->engine, self->fd);
      self->fd = -1;
      return NULL;
    }
  /* Nobody asks clients for a certificate; a copy of those of all authorities would be 3 MB each. */
  g_tls_connection_set_database (G_TLS_CONNECTION (stream), NULL);
  g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (stream), protocols);

  return stream;
}

static void
start_handshake (Connection *self)
{
  g_autoptr (GError) error = NULL;

  self->stream = make_stream (self, &error);
  if (self->stream == NULL)
    {
      g_warning ("Cannot begin a TLS connection: %s", error->message);
      connection_free (self);
      return;
    }
  self->cancellable = g_cancellable_new ();
  self->state = STATE_HANDSHAKE;
  g_thread_pool_push (self->front->handshakes, self, NULL);
}

static void
take_shaken (DevboxHttpTlsFront *self)
{
  Connection *connection;

  while ((connection = g_async_queue_try_pop (self->shaken)) != NULL)
    {
      gboolean is_welcome = connection->is_shaken && !g_cancellable_is_cancelled (connection->cancellable);

      g_clear_object (&connection->cancellable);
      set_state (connection, STATE_PUMP);
      if (is_welcome)
        start_pumping (connection);
      else
        connection_free (connection);
    }
}

/* Hellos */

typedef enum
{
  HELLO_INCOMPLETE,
  HELLO_COMPLETE,
  HELLO_PLAIN, /* HTTP without TLS */
  HELLO_WRONG,
} Hello;

/* Looks without taking: the first record has to be there as a whole before a thread is given to it. */
static Hello
look_at_hello (int fd)
{
  guint8 header[RECORD_HEADER_SIZE];
  gssize n = recv (fd, header, sizeof header, MSG_PEEK | MSG_DONTWAIT);
  int available = 0;
  int size;

  if (n < 0)
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? HELLO_INCOMPLETE : HELLO_WRONG;
  if (n == 0)
    return HELLO_WRONG;
  if (header[0] != RECORD_HANDSHAKE)
    return g_ascii_isupper (header[0]) ? HELLO_PLAIN : HELLO_WRONG;
  if (n < RECORD_HEADER_SIZE)
    return HELLO_INCOMPLETE;

  size = header[3] << 8 | header[4];
  if (size > MAX_RECORD_SIZE || ioctl (fd, FIONREAD, &available) != 0)
    return HELLO_WRONG;

  return available >= RECORD_HEADER_SIZE + size ? HELLO_COMPLETE : HELLO_INCOMPLETE;
}

static void
refuse_plain (Connection *self)
{
  static const char reply[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
                              "Content-Length: 33\r\n\r\nThis port speaks TLS: use https.\n";

  if (send (self->fd, reply, sizeof reply - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
    g_debug ("A client without TLS is gone already: %s", g_strerror (errno));
  linger (self);
  drop_input (self);
}

static void
greet (Connection *self)
{
  switch (look_at_hello (self->fd))
    {
    case HELLO_INCOMPLETE:
      if (self->is_hung_up)
        connection_close (self);
      break;
    case HELLO_COMPLETE:
      start_handshake (self);
      break;
    case HELLO_PLAIN:
      refuse_plain (self);
      break;
    case HELLO_WRONG:
    default:
      connection_close (self);
      break;
    }
}

static void
connection_run (Connection *self)
{
  switch (self->state)
    {
    case STATE_HELLO:
      greet (self);
      break;
    case STATE_PUMP:
      pump (self);
      break;
    case STATE_LINGER:
      drop_input (self);
      break;
    case STATE_HANDSHAKE:
    default:
      break;
    }
}

/* Room for one more: the one that has been silent for longest goes. */
static gboolean
evict_stranger (DevboxHttpTlsFront *self)
{
  for (GList *link = self->strangers.head; link != NULL; link = link->next)
    {
      Connection *connection = link->data;

      if (connection->state != STATE_HELLO)
        continue;
      connection_close (connection);
      return TRUE;
    }

  return FALSE;
}

static void
on_accepted (int fd, const DevboxHttpPeer *peer, gpointer user_data)
{
  DevboxHttpTlsFront *self = user_data;
  gboolean has_room = self->connections.length < self->engine->limits.max_connections + MAX_STRANGERS
                      && (self->strangers.length < MAX_STRANGERS || evict_stranger (self));
  Connection *connection;

  if (self->is_stopping || !has_room)
    {
      close (fd);
      return;
    }

  connection = connection_new (self, fd, peer);
  if (!devbox_http_engine_watch (self->engine, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                 &connection->client.pollable))
    connection_close (connection);
}

/* The source */

static void
run_ready (DevboxHttpTlsFront *self)
{
  /* Those that are queued again meanwhile wait for the next turn. */
  for (guint n = self->ready.length; n > 0 && self->ready.length > 0; n--)
    {
      Connection *connection = self->ready.head->data;

      unqueue_ready (connection);
      connection_run (connection);
    }
}

/* Whether others have a deadline still to come */
static gboolean
close_overdue (GQueue *queue, gint64 now)
{
  gboolean is_any_left = FALSE;

  for (GList *link = queue->head, *next; link != NULL; link = next)
    {
      Connection *connection = link->data;

      next = link->next;
      if (connection->deadline != 0 && connection->deadline <= now)
        connection_close (connection);
      else
        is_any_left |= connection->deadline != 0;
    }

  return is_any_left;
}

static void
sweep (DevboxHttpTlsFront *self, gint64 now)
{
  gboolean is_any_left = close_overdue (&self->strangers, now);

  is_any_left |= close_overdue (&self->connections, now);
  self->next_sweep = is_any_left ? now + SWEEP_INTERVAL : 0;
}

static void
close_all (GQueue *queue)
{
  for (GList *link = queue->head, *next; link != NULL; link = next)
    {
      next = link->next;
      connection_close (link->data);
    }
}

static void
finish_stop (DevboxHttpTlsFront *self)
{
  GDestroyNotify func = g_steal_pointer (&self->stop_func);

  self->stop_time = 0;
  if (func != NULL)
    func (g_steal_pointer (&self->stop_data));
}

static gboolean
front_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  DevboxHttpTlsFront *self = ((FrontSource *) source)->front;
  gint64 now = g_source_get_time (source);

  take_shaken (self);
  run_ready (self);
  if (self->next_sweep != 0 && self->next_sweep <= now)
    sweep (self, now);
  update_timer (self);

  /* The last thing, since it may free the front. */
  if (self->stop_time != 0 && (devbox_http_tls_front_get_n_connections (self) == 0 || self->stop_time <= now))
    {
      close_all (&self->connections);
      finish_stop (self);
    }

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs front_source_funcs = {
  .dispatch = front_source_dispatch,
};

DevboxHttpTlsFront *
devbox_http_tls_front_new (DevboxHttpListener *listener, GTlsCertificate *certificate, GError **error)
{
  DevboxHttpTlsFront *self;

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE,
                           _ ("There is no TLS on this machine: install the package glib-networking"));
      return NULL;
    }

  self = g_new0 (DevboxHttpTlsFront, 1);
  self->listener = listener;
  self->engine = devbox_http_engine_ref (devbox_http_listener_get_engine (listener));
  self->certificate = g_object_ref (certificate);
  self->shaken = g_async_queue_new ();
  self->handshakes = g_thread_pool_new (shake_hands, self, MAX_HANDSHAKES, FALSE, NULL);
  self->source = g_source_new (&front_source_funcs, sizeof (FrontSource));
  ((FrontSource *) self->source)->front = self;
  g_source_set_static_name (self->source, "[devbox-server] TLS");
  g_source_attach (self->source, self->engine->context);

  return self;
}

void
devbox_http_tls_front_free (DevboxHttpTlsFront *self)
{
  Connection *connection;

  self->is_stopping = TRUE;
  close_all (&self->strangers);
  g_thread_pool_free (self->handshakes, FALSE, TRUE);
  while ((connection = g_async_queue_try_pop (self->shaken)) != NULL)
    connection_free (connection);
  close_all (&self->connections);
  g_source_destroy (self->source);
  if (self->stop_time != 0)
    finish_stop (self);

  g_source_unref (self->source);
  g_async_queue_unref (self->shaken);
  g_object_unref (self->certificate);
  devbox_http_engine_unref (self->engine);
  g_free (self);
}

gboolean
devbox_http_tls_front_listen (DevboxHttpTlsFront *self, const char *host, guint16 port, GError **error)
{
  return devbox_http_listener_listen_for (self->listener, host, port, on_accepted, self, error);
}

void
devbox_http_tls_front_stop (DevboxHttpTlsFront *self, guint grace_ms, GDestroyNotify func, gpointer user_data)
{
  g_return_if_fail (!self->is_stopping);

  self->is_stopping = TRUE;
  self->stop_time = g_get_monotonic_time () + grace_ms * G_GINT64_CONSTANT (1000);
  self->stop_func = func;
  self->stop_data = user_data;
  close_all (&self->strangers);
  update_timer (self);
}

guint
devbox_http_tls_front_get_n_connections (DevboxHttpTlsFront *self)
{
  return self->strangers.length + self->connections.length;
}
