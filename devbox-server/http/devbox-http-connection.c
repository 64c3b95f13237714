/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-connection-private.h"

#include "devbox-suspend-clock-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of heads, and of what is dropped: little, because what follows a head stays in memory while its request is being
 * answered. */
#define HEAD_READ_SIZE 8192
static GQueue *
get_queue (DevboxHttpConnection *self)
{
  switch ((DevboxHttpConnectionState) self->state)
    {
    case DEVBOX_HTTP_CONNECTION_FRESH:
      return &self->engine->fresh;
    case DEVBOX_HTTP_CONNECTION_IDLE:
      return &self->engine->idle;
    case DEVBOX_HTTP_CONNECTION_CLOSED:
      return &self->engine->dead;
    case DEVBOX_HTTP_CONNECTION_HEAD:
    case DEVBOX_HTTP_CONNECTION_EXCHANGE:
    case DEVBOX_HTTP_CONNECTION_DRAINING:
    default:
      return &self->engine->active;
    }
}

static void
set_state (DevboxHttpConnection *self, DevboxHttpConnectionState state, gint64 since)
{
  g_queue_unlink (get_queue (self), &self->link);
  self->state = state;
  self->since = since;
  g_queue_push_tail_link (get_queue (self), &self->link);
}

static void
unqueue (DevboxHttpConnection *self)
{
  if (!self->is_ready)
    return;
  self->is_ready = FALSE;
  g_queue_unlink (&self->engine->ready, &self->ready_link);
}

void
devbox_http_connection_queue (DevboxHttpConnection *self)
{
  if (self->is_ready || self->state == DEVBOX_HTTP_CONNECTION_CLOSED)
    return;
  self->is_ready = TRUE;
  g_queue_push_tail_link (&self->engine->ready, &self->ready_link);
}

static void
connection_ready (DevboxHttpPollable *pollable, guint32 events)
{
  DevboxHttpConnection *self = (DevboxHttpConnection *) pollable;

  if (self->state == DEVBOX_HTTP_CONNECTION_CLOSED)
    return;
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0)
    self->is_readable = TRUE;
  if ((events & EPOLLOUT) != 0)
    self->is_writable = TRUE;
  if ((events & EPOLLRDHUP) != 0)
    self->is_hung_up = TRUE;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0)
    self->is_broken = TRUE;
  devbox_http_connection_run (self);
}

void
devbox_http_connection_new (DevboxHttpEngine *engine, int fd, const DevboxHttpPeer *peer)
{
  DevboxHttpConnection *self = g_new0 (DevboxHttpConnection, 1);

  self->pollable.ready = connection_ready;
  self->engine = engine;
  self->link.data = self;
  self->ready_link.data = self;
  self->peer = *peer;
  self->fd = fd;
  self->is_writable = TRUE;
  self->since = devbox_suspend_clock_get_time ();
  g_queue_push_tail_link (&engine->fresh, &self->link);
  engine->n_connections++;
  devbox_http_engine_count_address (engine, peer, 1);
  devbox_http_engine_schedule_sweep (engine);

  /* Edge-triggered and for everything from the beginning: no further call is needed as long as the connection lives. */
  if (!devbox_http_engine_watch (engine, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &self->pollable))
    devbox_http_connection_close (self);
}

void
devbox_http_connection_free (DevboxHttpConnection *self)
{
  g_clear_object (&self->remote_address);
  g_free (self);
}

int
devbox_http_connection_steal_fd (DevboxHttpConnection *self)
{
  DevboxHttpEngine *engine = self->engine;
  int fd = self->fd;

  /* Closing would not be enough: a child that was forked meanwhile, and has not called exec () yet, keeps the file and
   * its events alive. */
  devbox_http_engine_unwatch (engine, fd);
  self->fd = -1;
  unqueue (self);
  set_state (self, DEVBOX_HTTP_CONNECTION_CLOSED, self->since);
  engine->n_connections--;
  devbox_http_engine_count_address (engine, &self->peer, -1);
  devbox_http_output_clear (&self->output);
  g_clear_pointer (&self->input, g_byte_array_unref);
  g_clear_pointer (&self->head, g_free);

  return fd;
}

void
devbox_http_connection_fail (DevboxHttpConnection *self, const GError *error)
{
  DevboxHttpExchange *exchange = g_steal_pointer (&self->exchange);

  if (self->state != DEVBOX_HTTP_CONNECTION_CLOSED)
    close (devbox_http_connection_steal_fd (self));
  if (exchange != NULL)
    devbox_http_exchange_finish (exchange, self->engine, TRUE, error);
}

void
devbox_http_connection_close (DevboxHttpConnection *self)
{
  devbox_http_connection_fail (self, NULL);
}

/* Input */

gssize
devbox_http_connection_receive (DevboxHttpConnection *self, guint8 *buffer, gsize size)
{
  gssize n;

  if (!self->is_readable)
    return -1;

  do
    n = recv (self->fd, buffer, size, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);

  if (n < 0)
    {
      self->is_readable = FALSE;
      self->is_broken = errno != EAGAIN && errno != EWOULDBLOCK;
      return -1;
    }
  if (n == 0)
    self->saw_end = TRUE;
  devbox_http_traffic_add_received (self->engine->traffic, n);
  /* Less than asked for means that nothing is left, and the next byte is a new event; only an end already seen is not
   * told again. */
  if (n == 0 || ((gsize) n < size && !self->is_hung_up))
    self->is_readable = FALSE;

  return n;
}

void
devbox_http_connection_keep_input (DevboxHttpConnection *self, const guint8 *data, gsize size)
{
  if (size == 0)
    return;
  if (self->input == NULL)
    self->input = g_byte_array_new ();
  g_byte_array_append (self->input, data, size);
}

static void
drop_input (DevboxHttpConnection *self, gsize size)
{
  if (size == self->input->len)
    g_clear_pointer (&self->input, g_byte_array_unref);
  else
    g_byte_array_remove_range (self->input, 0, size);
}

/* Output */

void
devbox_http_connection_note_output (DevboxHttpConnection *self)
{
  if (self->write_time == 0)
    self->write_time = devbox_suspend_clock_get_time ();
  devbox_http_connection_queue (self);
}

static void
note_sent (DevboxHttpConnection *self, DevboxHttpOutputResult result, gsize sent)
{
  self->turn_bytes += sent;
  devbox_http_traffic_add_sent (self->engine->traffic, sent);
  if (self->exchange != NULL)
    self->exchange->bytes_sent += sent;
  if (result == DEVBOX_HTTP_OUTPUT_BLOCKED)
    self->is_writable = FALSE;
  if (result == DEVBOX_HTTP_OUTPUT_FAILED)
    self->is_broken = TRUE;
  if (self->output == NULL)
    self->write_time = 0;
  else if (sent > 0 || self->write_time == 0)
    self->write_time = devbox_suspend_clock_get_time ();
}

void
devbox_http_connection_send (DevboxHttpConnection *self, const struct iovec *vectors, guint n_vectors, GBytes *bytes)
{
  DevboxHttpOutputResult result = DEVBOX_HTTP_OUTPUT_MORE;
  gsize sent = 0;

  if (self->is_broken)
    return;
  if (self->is_writable && self->turn_bytes < DEVBOX_HTTP_PIECE_SIZE)
    result = devbox_http_output_send (&self->output, self->fd, vectors, n_vectors, bytes, &sent);
  else
    devbox_http_output_add_vectors (&self->output, vectors, n_vectors, bytes);
  note_sent (self, result, sent);
  devbox_http_connection_queue (self);
}

/* FALSE when the rest has to wait: for the socket, or for the turn of the others */
static gboolean
flush (DevboxHttpConnection *self)
{
  DevboxHttpOutputResult result;
  gsize sent;

  if (self->output == NULL)
    return TRUE;
  if (!self->is_writable)
    return FALSE;
  result = devbox_http_output_flush (&self->output, self->fd, DEVBOX_HTTP_PIECE_SIZE, &sent);
  note_sent (self, result, sent);
  if (result == DEVBOX_HTTP_OUTPUT_MORE)
    self->wants_turn = TRUE;

  return result == DEVBOX_HTTP_OUTPUT_EMPTY;
}

/* Heads */

static void
start_draining (DevboxHttpConnection *self)
{
  set_state (self, DEVBOX_HTTP_CONNECTION_DRAINING, devbox_suspend_clock_get_time ());
  g_clear_pointer (&self->input, g_byte_array_unref);
  g_clear_pointer (&self->head, g_free);
}

static void
refuse (DevboxHttpConnection *self, guint status, const char *message)
{
  start_draining (self);
  devbox_http_connection_refuse (self, status, message);
}

static DevboxHttpHead *
take_head (DevboxHttpConnection *self)
{
  DevboxHttpHead *head = g_steal_pointer (&self->head);

  if (head != NULL)
    return head;
  head = g_steal_pointer (&self->engine->spare_head);
  if (head == NULL)
    head = g_new (DevboxHttpHead, 1);
  devbox_http_head_init (head);

  return head;
}

static void
give_head (DevboxHttpConnection *self, DevboxHttpHead *head)
{
  if (self->engine->spare_head == NULL)
    self->engine->spare_head = head;
  else
    g_free (head);
}

/* data, size: what there is of a request so far; it is the input, or was just received. */
static void
parse_head (DevboxHttpConnection *self, const guint8 *data, gsize size)
{
  DevboxHttpHead *head = take_head (self);
  gboolean is_input = self->input != NULL;

  switch (devbox_http_head_parse (head, data, size, self->engine->limits.max_head_size))
    {
    case DEVBOX_HTTP_HEAD_INCOMPLETE:
      if (!is_input)
        devbox_http_connection_keep_input (self, data, size);
      if (self->state != DEVBOX_HTTP_CONNECTION_HEAD)
        set_state (self, DEVBOX_HTTP_CONNECTION_HEAD, devbox_suspend_clock_get_time ());
      self->head = head;
      return;
    case DEVBOX_HTTP_HEAD_MALFORMED:
      refuse (self, head->status, head->message);
      break;
    case DEVBOX_HTTP_HEAD_COMPLETE:
    default:
      self->exchange = devbox_http_exchange_new (self, head, data);
      set_state (self, DEVBOX_HTTP_CONNECTION_EXCHANGE, self->exchange->begin_time);
      if (is_input)
        drop_input (self, head->size);
      else
        devbox_http_connection_keep_input (self, data + head->size, size - head->size);
      break;
    }
  give_head (self, head);
}

static void
call_handler (DevboxHttpConnection *self)
{
  DevboxHttpEngine *engine = self->engine;
  g_autoptr (DevboxHttpExchange) exchange = devbox_http_exchange_ref (self->exchange);

  engine->handler (exchange, engine->handler_data);
}

/* FALSE if nothing can be done for now */
static gboolean
step_head (DevboxHttpConnection *self)
{
  guint8 buffer[HEAD_READ_SIZE];
  gboolean is_pipelined = self->input != NULL && self->head == NULL;
  gssize n = 0;

  if (!is_pipelined)
    {
      n = devbox_http_connection_receive (self, buffer, sizeof buffer);
      if (n < 0)
        return self->is_broken;
      if (n == 0)
        {
          devbox_http_connection_close (self);
          return TRUE;
        }
      if (self->input != NULL)
        devbox_http_connection_keep_input (self, buffer, n);
    }

  if (self->input != NULL)
    parse_head (self, self->input->data, self->input->len);
  else
    parse_head (self, buffer, n);
  if (self->exchange != NULL)
    call_handler (self);

  return TRUE;
}

/* Exchanges */

/* The reply is out: on to the next request, or to the end. */
static void
end_exchange (DevboxHttpConnection *self)
{
  DevboxHttpExchange *exchange = g_steal_pointer (&self->exchange);
  gboolean keep = exchange->keep_alive && exchange->has_whole_request && !self->engine->is_stopping;
  /* A client that asked for the end sends no more: no need to wait for its FIN. */
  gboolean linger = !(exchange->asked_close && exchange->has_whole_request && self->input == NULL);

  if (!keep && linger)
    start_draining (self);
  else if (!keep)
    close (devbox_http_connection_steal_fd (self));
  else
    set_state (self, self->input != NULL ? DEVBOX_HTTP_CONNECTION_HEAD : DEVBOX_HTTP_CONNECTION_IDLE,
               devbox_suspend_clock_get_time ());
  devbox_http_exchange_finish (exchange, self->engine, FALSE, NULL);
}

static gboolean
step_exchange (DevboxHttpConnection *self)
{
  DevboxHttpExchange *exchange = self->exchange;
  gboolean is_flushed = flush (self);

  if (self->is_broken)
    return TRUE;
  if (exchange->reply_state == DEVBOX_HTTP_REPLY_ENDED)
    {
      if (!is_flushed)
        return FALSE;
      end_exchange (self);
      return TRUE;
    }
  if (exchange->is_full && devbox_http_output_get_size (self->output) <= DEVBOX_HTTP_QUEUE_LOW)
    {
      devbox_http_exchange_notify_writable (exchange);
      return TRUE;
    }
  if (devbox_http_exchange_step_body (exchange))
    return TRUE;
  if (self->is_hung_up && exchange->closed_func != NULL && !devbox_http_exchange_has_reader (exchange))
    {
      devbox_http_exchange_notify_closed (exchange);
      return TRUE;
    }

  return FALSE;
}

static gboolean
step_draining (DevboxHttpConnection *self)
{
  guint8 buffer[HEAD_READ_SIZE];
  gssize n;

  if (flush (self) && !self->is_shut_down)
    {
      self->is_shut_down = TRUE;
      self->since = devbox_suspend_clock_get_time ();
      shutdown (self->fd, SHUT_WR);
    }
  if (self->is_broken)
    return TRUE;

  n = devbox_http_connection_receive (self, buffer, sizeof buffer);
  if (n > 0)
    self->drained += n;
  if (self->is_shut_down && (self->saw_end || self->drained > self->engine->limits.max_drain_size))
    devbox_http_connection_close (self);

  return self->is_broken || (n > 0 && self->drained <= self->engine->limits.max_drain_size);
}

static gboolean
step (DevboxHttpConnection *self)
{
  if (self->is_broken)
    {
      devbox_http_connection_close (self);
      return FALSE;
    }

  switch ((DevboxHttpConnectionState) self->state)
    {
    case DEVBOX_HTTP_CONNECTION_EXCHANGE:
      return step_exchange (self);
    case DEVBOX_HTTP_CONNECTION_DRAINING:
      return step_draining (self);
    case DEVBOX_HTTP_CONNECTION_FRESH:
    case DEVBOX_HTTP_CONNECTION_IDLE:
    case DEVBOX_HTTP_CONNECTION_HEAD:
      return step_head (self);
    case DEVBOX_HTTP_CONNECTION_CLOSED:
    default:
      return FALSE;
    }
}

void
devbox_http_connection_run (DevboxHttpConnection *self)
{
  self->wants_turn = FALSE;
  self->turn_bytes = 0;

  while (!self->wants_turn && step (self))
    {
      /* Each callback is the last thing that a step does, so that whatever it did is seen by the next one. */
      if (self->turn_bytes >= DEVBOX_HTTP_PIECE_SIZE)
        self->wants_turn = TRUE;
    }

  if (self->wants_turn)
    devbox_http_connection_queue (self);
  else
    unqueue (self);
}

/* Deadlines */

static void
check_exchange_deadlines (DevboxHttpExchange *self, gint64 now)
{
  const DevboxHttpLimits *limits = &self->connection->engine->limits;
  g_autofree char *message = NULL;

  if (limits->total_timeout_ms > 0 && now - self->begin_time >= limits->total_timeout_ms * G_GINT64_CONSTANT (1000))
    {
      message = g_strdup_printf ("the request took more than %u ms", limits->total_timeout_ms);
      devbox_http_exchange_refuse (self, 503, DEVBOX_WIRE_OPERATION_TIMEOUT, message);
      if (!self->is_closed)
        devbox_http_exchange_notify_closed (self);
      return;
    }

  if (limits->min_body_rate == 0 || !devbox_http_exchange_waits_for_body (self)
      || now - self->rate_time < limits->body_rate_window_ms * G_GINT64_CONSTANT (1000))
    return;
  if (self->rate_bytes < limits->min_body_rate * (guint64) limits->body_rate_window_ms / 1000)
    {
      message = g_strdup_printf ("the body came slower than %" G_GSIZE_FORMAT " bytes a second", limits->min_body_rate);
      devbox_http_exchange_refuse (self, 408, DEVBOX_WIRE_OPERATION_TIMEOUT, message);
      return;
    }
  self->rate_time = now;
  self->rate_bytes = 0;
}

void
devbox_http_connection_check_deadlines (DevboxHttpConnection *self, gint64 now)
{
  const DevboxHttpLimits *limits = &self->engine->limits;

  if (self->output != NULL && now - self->write_time >= limits->write_stall_timeout_ms * G_GINT64_CONSTANT (1000))
    {
      devbox_http_connection_close (self);
      return;
    }

  switch ((DevboxHttpConnectionState) self->state)
    {
    case DEVBOX_HTTP_CONNECTION_HEAD:
      if (now - self->since >= limits->head_timeout_ms * G_GINT64_CONSTANT (1000))
        refuse (self, 408, "the head of the request did not arrive in time");
      break;
    case DEVBOX_HTTP_CONNECTION_EXCHANGE:
      {
        g_autoptr (DevboxHttpExchange) exchange = devbox_http_exchange_ref (self->exchange);

        check_exchange_deadlines (exchange, now);
        break;
      }
    case DEVBOX_HTTP_CONNECTION_DRAINING:
      if (self->is_shut_down && now - self->since >= limits->drain_timeout_ms * G_GINT64_CONSTANT (1000))
        devbox_http_connection_close (self);
      break;
    case DEVBOX_HTTP_CONNECTION_FRESH:
    case DEVBOX_HTTP_CONNECTION_IDLE:
    case DEVBOX_HTTP_CONNECTION_CLOSED:
    default:
      break;
    }
}
