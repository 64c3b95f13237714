/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-tls-pump-private.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

typedef enum
{
  STEP_DONE,
  STEP_BLOCKED,
  STEP_FAILED,
} Step;

void
devbox_http_tls_pump_init (DevboxHttpTlsPump *self, GIOStream *stream, int fd)
{
  *self = (DevboxHttpTlsPump){ .stream = stream, .fd = fd };
  devbox_http_tls_pump_note_client (self);
  devbox_http_tls_pump_note_engine (self);
}

void
devbox_http_tls_pump_clear (DevboxHttpTlsPump *self)
{
  g_clear_object (&self->stream);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  g_clear_pointer (&self->in.buffer, g_free);
  g_clear_pointer (&self->out.buffer, g_free);
}

/* Reading may need to write in TLS, and the other way round: whatever happened at the socket, both are worth a try. */
void
devbox_http_tls_pump_note_client (DevboxHttpTlsPump *self)
{
  self->in.is_readable = TRUE;
  self->out.is_writable = TRUE;
}

void
devbox_http_tls_pump_note_engine (DevboxHttpTlsPump *self)
{
  self->in.is_writable = TRUE;
  self->out.is_readable = TRUE;
}

/* Buffers: one only where something is on its way, so that an idle connection has none. */

static void
take_buffer (DevboxHttpTlsPump *self, DevboxHttpTlsFlow *flow)
{
  flow->buffer = g_steal_pointer (&self->spare_buffer);
  if (flow->buffer == NULL)
    flow->buffer = g_malloc (DEVBOX_HTTP_TLS_BUFFER_SIZE);
  flow->start = flow->end = 0;
}

static void
give_buffer (DevboxHttpTlsPump *self, DevboxHttpTlsFlow *flow)
{
  g_free (self->spare_buffer);
  self->spare_buffer = g_steal_pointer (&flow->buffer);
}

/* What was read into the buffer of the flow; is_blocked: there is nothing to read now */
static Step
end_read (DevboxHttpTlsPump *self, DevboxHttpTlsFlow *flow, gssize n, gboolean is_blocked)
{
  if (n > 0)
    {
      flow->end = n;
      return STEP_DONE;
    }

  give_buffer (self, flow);
  if (n == 0)
    {
      flow->saw_end = TRUE;
      return STEP_DONE;
    }
  flow->is_readable = FALSE;

  return is_blocked ? STEP_BLOCKED : STEP_FAILED;
}

static Step
end_write (DevboxHttpTlsPump *self, DevboxHttpTlsFlow *flow, gssize n, gboolean is_blocked)
{
  if (n < 0)
    {
      flow->is_writable = FALSE;
      return is_blocked ? STEP_BLOCKED : STEP_FAILED;
    }

  flow->start += n;
  if (flow->start == flow->end)
    give_buffer (self, flow);

  return STEP_DONE;
}

/* The client's side */

static Step
read_client (DevboxHttpTlsPump *self)
{
  GPollableInputStream *stream = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream));
  g_autoptr (GError) error = NULL;
  gssize n;

  take_buffer (self, &self->in);
  n = g_pollable_input_stream_read_nonblocking (stream, self->in.buffer, DEVBOX_HTTP_TLS_BUFFER_SIZE, NULL, &error);

  return end_read (self, &self->in, n, g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK));
}

/* Until it succeeds it is tried again with the same buffer and count, as TLS asks for. */
static Step
write_client (DevboxHttpTlsPump *self, gsize *sent)
{
  GPollableOutputStream *stream = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));
  DevboxHttpTlsFlow *flow = &self->out;
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_output_stream_write_nonblocking (stream, flow->buffer + flow->start, flow->end - flow->start,
                                                         NULL, &error);

  if (n > 0)
    *sent += n;
  return end_write (self, flow, n, g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK));
}

/* close_notify, if it can be sent at once: a client that does not read has to do without. */
static void
tell_client_end (DevboxHttpTlsPump *self)
{
  GOutputStream *stream = g_io_stream_get_output_stream (self->stream);
  g_autoptr (GError) error = NULL;

  if (g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (stream))
      && !g_output_stream_close (stream, NULL, &error))
    g_debug ("Cannot end a TLS connection as it should be: %s", error->message);
}

/* The engine's side */

static Step
read_engine (DevboxHttpTlsPump *self)
{
  gssize n;

  take_buffer (self, &self->out);
  do
    n = recv (self->fd, self->out.buffer, DEVBOX_HTTP_TLS_BUFFER_SIZE, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  /* An engine that dropped what was sent to it has ended all the same. */
  if (n < 0 && errno == ECONNRESET)
    n = 0;

  return end_read (self, &self->out, n, n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

static Step
write_engine (DevboxHttpTlsPump *self)
{
  DevboxHttpTlsFlow *flow = &self->in;
  gssize n;

  do
    n = send (self->fd, flow->buffer + flow->start, flow->end - flow->start, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  /* It takes no more; its last reply may still be there to be read. */
  if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
    {
      give_buffer (self, flow);
      flow->saw_end = TRUE;
      flow->is_over = TRUE;
      return STEP_DONE;
    }

  return end_write (self, flow, n, n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

/* Both ways */

static Step
step_in (DevboxHttpTlsPump *self)
{
  DevboxHttpTlsFlow *flow = &self->in;

  if (flow->is_over)
    return STEP_BLOCKED;
  if (flow->buffer != NULL)
    return flow->is_writable ? write_engine (self) : STEP_BLOCKED;
  if (!flow->saw_end)
    return flow->is_readable ? read_client (self) : STEP_BLOCKED;

  shutdown (self->fd, SHUT_WR);
  flow->is_over = TRUE;

  return STEP_BLOCKED;
}

static Step
step_out (DevboxHttpTlsPump *self, gsize *sent)
{
  DevboxHttpTlsFlow *flow = &self->out;

  if (flow->buffer != NULL)
    return flow->is_writable ? write_client (self, sent) : STEP_BLOCKED;
  if (!flow->saw_end)
    return flow->is_readable ? read_engine (self) : STEP_BLOCKED;

  tell_client_end (self);
  flow->is_over = TRUE;

  return STEP_BLOCKED;
}

static DevboxHttpTlsPumpResult
run (DevboxHttpTlsPump *self, gsize *sent)
{
  const guint max_steps = 2 * DEVBOX_HTTP_PIECE_SIZE / DEVBOX_HTTP_TLS_BUFFER_SIZE;

  for (guint i = 0; i < max_steps; i++)
    {
      Step in = step_in (self);
      Step out = step_out (self, sent);

      if (self->out.is_over)
        return DEVBOX_HTTP_TLS_PUMP_ENDED;
      if (in == STEP_FAILED || out == STEP_FAILED)
        return DEVBOX_HTTP_TLS_PUMP_FAILED;
      if (in == STEP_BLOCKED && out == STEP_BLOCKED)
        return DEVBOX_HTTP_TLS_PUMP_WAITS;
    }

  return DEVBOX_HTTP_TLS_PUMP_HAS_MORE;
}

DevboxHttpTlsPumpResult
devbox_http_tls_pump_run (DevboxHttpTlsPump *self, gsize *sent)
{
  DevboxHttpTlsPumpResult result;

  *sent = 0;
  result = run (self, sent);
  g_clear_pointer (&self->spare_buffer, g_free);

  return result;
}
