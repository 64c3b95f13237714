/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-forwarded-connection-private.h"

#include "devbox-auto-descriptor-private.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Pieces that one connection moves in a turn. */
#define MAX_PIECES 4

/* epoll tells of each change once (EPOLLET): what a descriptor is ready for is kept here. */
typedef struct
{
  DevboxForwardPollable pollable;
  DevboxForwardedConnection *connection;
  int fd;
  gboolean is_readable;
  gboolean is_writable;
} End;

/* One direction. */
typedef struct
{
  End *from;
  End *to;
  guint64 *counter;
  guint8 *rest; /* what the other end does not take yet, from rest_offset on; or NULL */
  gsize rest_size;
  gsize rest_offset;
  gboolean has_ended; /* nothing more comes */
  gboolean is_done;   /* and all was handed on */
} Stream;

struct _DevboxForwardedConnection
{
  DevboxForwardHub *hub;
  DevboxForwardTarget target;
  guint n_tried;
  gboolean is_connected;
  gboolean is_ready; /* in the queue of the hub */
  gboolean is_ended;
  End outer;
  End inner;
  Stream in;
  Stream out;
};

static void
end (DevboxForwardedConnection *self)
{
  if (self->is_ended)
    return;

  self->is_ended = TRUE;
  devbox_auto_descriptor_clear (&self->outer.fd);
  devbox_auto_descriptor_clear (&self->inner.fd);
  self->hub->ended (self, self->hub->user_data);
}

/* Data */

static Stream *
get_reverse (Stream *stream)
{
  DevboxForwardedConnection *self = stream->from->connection;

  return stream == &self->in ? &self->out : &self->in;
}

/* How much the other end took; nothing goes there any more once it broke. */
static gsize
hand_on (Stream *stream, const guint8 *data, gsize size)
{
  gssize n;

  do
    n = send (stream->to->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);

  if (n < 0 && errno != EAGAIN)
    {
      stream->is_done = TRUE;
      return size;
    }
  if (n < (gssize) size)
    stream->to->is_writable = FALSE;

  return MAX (n, 0);
}

static void
keep_rest (Stream *stream, const guint8 *data, gsize size)
{
  stream->rest = g_memdup2 (data, size);
  stream->rest_size = size;
  stream->rest_offset = 0;
  stream->from->connection->hub->kept += size;
}

static void
drop_rest (Stream *stream)
{
  if (stream->rest == NULL)
    return;

  stream->from->connection->hub->kept -= stream->rest_size;
  g_clear_pointer (&stream->rest, g_free);
}

/* A peer that reset the connection reads no more either; what it had sent before is handed on. */
static void
read_end (Stream *stream, gboolean is_reset)
{
  stream->has_ended = TRUE;
  if (is_reset)
    get_reverse (stream)->is_done = TRUE;
}

static void
move_piece (Stream *stream)
{
  DevboxForwardHub *hub = stream->from->connection->hub;
  gsize size = hub->kept < DEVBOX_FORWARD_MAX_KEPT ? DEVBOX_FORWARD_PIECE : DEVBOX_FORWARD_SMALL_PIECE;
  gssize n;
  gsize taken;

  do
    n = recv (stream->from->fd, hub->buffer, size, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);

  if (n < 0 && errno == EAGAIN)
    {
      stream->from->is_readable = FALSE;
      return;
    }
  if (n <= 0)
    {
      read_end (stream, n < 0);
      return;
    }

  *stream->counter += n;
  taken = hand_on (stream, hub->buffer, n);
  if (taken < (gsize) n)
    keep_rest (stream, hub->buffer + taken, n - taken);
}

static void
move_rest (Stream *stream)
{
  stream->rest_offset += hand_on (stream, stream->rest + stream->rest_offset, stream->rest_size - stream->rest_offset);
  if (stream->rest_offset == stream->rest_size)
    drop_rest (stream);
}

/* Whether there is more to do at once. */
static gboolean
run_stream (Stream *stream)
{
  for (guint i = 0; i < MAX_PIECES; i++)
    {
      if (stream->is_done)
        return FALSE;

      if (stream->rest != NULL)
        {
          if (!stream->to->is_writable)
            return FALSE;
          move_rest (stream);
        }
      else if (stream->has_ended)
        {
          shutdown (stream->to->fd, SHUT_WR);
          stream->is_done = TRUE;
        }
      else
        {
          if (!stream->from->is_readable)
            return FALSE;
          move_piece (stream);
        }
    }

  return !stream->is_done;
}

static void
run (DevboxForwardedConnection *self)
{
  gboolean more;

  if (!self->is_connected || self->is_ended)
    return;

  more = run_stream (&self->in);
  more |= run_stream (&self->out);
  if (self->in.is_done && self->out.is_done)
    end (self);
  else if (more && !self->is_ready)
    {
      self->is_ready = TRUE;
      g_queue_push_tail (&self->hub->ready, self);
    }
}

void
devbox_forwarded_connection_run_next (DevboxForwardHub *hub)
{
  DevboxForwardedConnection *self = g_queue_pop_head (&hub->ready);

  self->is_ready = FALSE;
  run (self);
}

/* Connecting */

static gboolean
watch (End *end)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = &end->pollable };

  return epoll_ctl (end->connection->hub->epoll_fd, EPOLL_CTL_ADD, end->fd, &event) == 0;
}

static gboolean
try_address (DevboxForwardedConnection *self, const DevboxForwardAddress *address)
{
  socklen_t size = address->any.sa_family == AF_INET6 ? sizeof address->ipv6 : sizeof address->ipv4;
  int one = 1;

  devbox_auto_descriptor_clear (&self->inner.fd);
  self->inner.is_readable = self->inner.is_writable = FALSE;
  self->inner.fd = socket (address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (self->inner.fd < 0)
    return FALSE;
  setsockopt (self->inner.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);

  return (connect (self->inner.fd, &address->any, size) == 0 || errno == EINPROGRESS) && watch (&self->inner);
}

static gboolean
try_next (DevboxForwardedConnection *self)
{
  while (self->n_tried < self->target.n_addresses)
    {
      if (try_address (self, &self->target.addresses[self->n_tried++]))
        return TRUE;
    }

  return FALSE;
}

static void
check_connected (DevboxForwardedConnection *self, guint32 events)
{
  int error = 0;
  socklen_t size = sizeof error;

  if (getsockopt (self->inner.fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
    self->is_connected = (events & EPOLLOUT) != 0 && (events & EPOLLERR) == 0;
  else if (!try_next (self))
    end (self);
}

/* Events */

static void
end_ready (DevboxForwardPollable *pollable, guint32 events)
{
  End *ready = (End *) pollable;
  DevboxForwardedConnection *self = ready->connection;

  if (self->is_ended)
    return;

  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
    ready->is_readable = TRUE;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
    ready->is_writable = TRUE;
  if (!self->is_connected && ready == &self->inner)
    check_connected (self, events);
  else if (!self->is_connected && events & (EPOLLHUP | EPOLLERR))
    end (self);
  run (self);
}

static void
set_up_end (End *end, DevboxForwardedConnection *self, int fd)
{
  end->pollable.ready = end_ready;
  end->connection = self;
  end->fd = fd;
}

DevboxForwardedConnection *
devbox_forwarded_connection_new (DevboxForwardHub *hub, int outer_fd, const DevboxForwardTarget *target)
{
  DevboxForwardedConnection *self = g_new0 (DevboxForwardedConnection, 1);

  self->hub = hub;
  self->target = *target;
  set_up_end (&self->outer, self, outer_fd);
  set_up_end (&self->inner, self, -1);
  self->in = (Stream){ .from = &self->outer, .to = &self->inner, .counter = &hub->bytes_in };
  self->out = (Stream){ .from = &self->inner, .to = &self->outer, .counter = &hub->bytes_out };

  if (watch (&self->outer) && try_next (self))
    return self;

  devbox_forwarded_connection_free (self);
  return NULL;
}

void
devbox_forwarded_connection_free (DevboxForwardedConnection *self)
{
  devbox_auto_descriptor_clear (&self->outer.fd);
  devbox_auto_descriptor_clear (&self->inner.fd);
  drop_rest (&self->in);
  drop_rest (&self->out);
  if (self->is_ready)
    g_queue_remove (&self->hub->ready, self);
  g_free (self);
}
