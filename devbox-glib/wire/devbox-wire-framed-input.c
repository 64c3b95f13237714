/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-framed-input-private.h"

#include "devbox-wire-error-private.h"

#include <errno.h>
#include <string.h>

void
devbox_wire_framed_input_init (DevboxWireFramedInput *self,
                               GInputStream *input,
                               GOutputStream *output,
                               const DevboxWireFrames *frames)
{
  self->input = G_POLLABLE_INPUT_STREAM (g_object_ref (input));
  self->output = G_POLLABLE_OUTPUT_STREAM (g_object_ref (output));
  self->frames = *frames;
}

void
devbox_wire_framed_input_clear (DevboxWireFramedInput *self)
{
  g_clear_object (&self->input);
  g_clear_object (&self->output);
}

/* A socket that failed counts as writable: the pong finds out. */
static gboolean
is_held (DevboxWireFramedInput *self)
{
  if (self->awaits_output && g_pollable_output_stream_is_writable (self->output))
    self->awaits_output = FALSE;

  return self->awaits_output;
}

static gboolean
count_unanswered (DevboxWireFramedInput *self, gsize size, GError **error)
{
  if (g_pollable_output_stream_is_writable (self->output))
    {
      self->n_unanswered = 0;
      return TRUE;
    }

  self->n_unanswered += size;
  if (self->n_unanswered <= DEVBOX_WIRE_FRAMED_INPUT_MAX_UNANSWERED)
    return TRUE;
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
               "WebSocket: the peer sent more than %d bytes and took none", DEVBOX_WIRE_FRAMED_INPUT_MAX_UNANSWERED);

  return FALSE;
}

/* Like a read: 0 is the end. */
static gssize
fill (DevboxWireFramedInput *self, gsize *n_received, GError **error)
{
  gssize size
      = g_pollable_input_stream_read_nonblocking (self->input, self->buffer, sizeof (self->buffer), NULL, error);

  if (size <= 0)
    return size;
  *n_received = (gsize) size;
  self->begin = 0;
  self->end = (gsize) size;

  return count_unanswered (self, (gsize) size, error) ? size : -1;
}

gssize
devbox_wire_framed_input_read (DevboxWireFramedInput *self, void *data, gsize size, gsize *n_received, GError **error)
{
  gsize taken;

  *n_received = 0;
  if (self->is_turn_over || is_held (self))
    {
      self->is_turn_over = FALSE;
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, g_strerror (EAGAIN));
      return -1;
    }
  if (self->begin == self->end)
    {
      gssize filled = fill (self, n_received, error);

      if (filled <= 0)
        return filled;
    }

  taken
      = devbox_wire_frames_take (&self->frames, self->buffer + self->begin, MIN (size, self->end - self->begin), error);
  if (taken == 0)
    return -1;
  memcpy (data, self->buffer + self->begin, taken);
  self->begin += taken;
  self->is_turn_over = devbox_wire_frames_is_between (&self->frames);
  self->awaits_output = self->is_turn_over && self->frames.opcode == DEVBOX_WIRE_FRAMES_PING;

  return (gssize) taken;
}

gboolean
devbox_wire_framed_input_is_readable (DevboxWireFramedInput *self)
{
  return !is_held (self) && (self->begin < self->end || g_pollable_input_stream_is_readable (self->input));
}

GSource *
devbox_wire_framed_input_create_source (DevboxWireFramedInput *self,
                                        GPollableInputStream *stream,
                                        GCancellable *cancellable)
{
  g_autoptr (GSource) obstacle = NULL;

  self->is_turn_over = FALSE;
  if (is_held (self))
    obstacle = g_pollable_output_stream_create_source (self->output, NULL);
  else if (self->begin < self->end)
    obstacle = g_timeout_source_new (0);
  else
    obstacle = g_pollable_input_stream_create_source (self->input, NULL);

  return g_pollable_source_new_full (stream, obstacle, cancellable);
}
