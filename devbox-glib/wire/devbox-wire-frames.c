/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-frames-private.h"

#include "devbox-wire-error-private.h"

#define FIN 0x80
#define RESERVED 0x70
#define OPCODE 0x0f
#define CONTROL 0x08 /* in the opcode */
#define MASK 0x80
#define LENGTH 0x7f
#define LENGTH_16 126
#define LENGTH_64 127
#define MASK_SIZE 4
#define MAX_CONTROL_SIZE 125

static gboolean
check_first_byte (DevboxWireFrames *self, GError **error)
{
  guint8 first = self->header[0];
  guint8 opcode = first & OPCODE;
  const char *problem = NULL;

  if ((first & RESERVED) != 0)
    problem = "a reserved bit is set";
  else if (opcode > DEVBOX_WIRE_FRAMES_PONG
           || (opcode > DEVBOX_WIRE_FRAMES_BINARY && opcode < DEVBOX_WIRE_FRAMES_CLOSE))
    problem = "the opcode is unknown";
  else if ((opcode & CONTROL) != 0 && (first & FIN) == 0)
    problem = "a control frame is fragmented";
  else if (opcode == DEVBOX_WIRE_FRAMES_CONTINUATION && !self->in_message)
    problem = "there is no message to continue";
  else if ((opcode & CONTROL) == 0 && opcode != DEVBOX_WIRE_FRAMES_CONTINUATION && self->in_message)
    problem = "a message begins inside another one";

  if (problem == NULL)
    return TRUE;
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, "WebSocket frame 0x%02x: %s", first, problem);

  return FALSE;
}

static gboolean
check_second_byte (DevboxWireFrames *self, GError **error)
{
  guint8 second = self->header[1];

  if (((second & MASK) != 0) == self->from_server)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                           self->from_server ? "WebSocket frame of a server: it is masked"
                                             : "WebSocket frame of a client: it is not masked");
      return FALSE;
    }
  if ((self->header[0] & CONTROL) != 0 && (second & LENGTH) > MAX_CONTROL_SIZE)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   "WebSocket control frame 0x%02x: it is longer than %d bytes", self->header[0], MAX_CONTROL_SIZE);
      return FALSE;
    }

  return TRUE;
}

static guint
get_length_size (const DevboxWireFrames *self)
{
  switch (self->header[1] & LENGTH)
    {
    case LENGTH_16:
      return 2;
    case LENGTH_64:
      return 8;
    default:
      return 0;
    }
}

static guint
get_header_size (const DevboxWireFrames *self)
{
  return 2 + get_length_size (self) + (self->from_server ? 0 : MASK_SIZE);
}

static guint64
get_length (const DevboxWireFrames *self)
{
  guint size = get_length_size (self);
  guint64 length = 0;

  if (size == 0)
    return self->header[1] & LENGTH;
  for (guint i = 0; i < size; i++)
    length = length << 8 | self->header[2 + i];

  return length;
}

static gboolean
check_length (DevboxWireFrames *self, GError **error)
{
  guint size = get_length_size (self);
  guint64 length = get_length (self);

  if ((size == 2 && length < LENGTH_16) || (size == 8 && (length <= G_MAXUINT16 || length > G_MAXINT64)))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   "WebSocket frame: its length of %" G_GUINT64_FORMAT " is not told in %u bytes", length, size);
      return FALSE;
    }
  if ((self->header[0] & CONTROL) == 0 && length > self->max_message_size - self->message_size)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_TOO_LARGE,
                   "WebSocket message: it is longer than %" G_GSIZE_FORMAT " bytes", self->max_message_size);
      return FALSE;
    }

  return TRUE;
}

/* The header grew by one byte. */
static gboolean
check_header (DevboxWireFrames *self, GError **error)
{
  if (self->n_header == 1)
    return check_first_byte (self, error);
  if (self->n_header == 2 && !check_second_byte (self, error))
    return FALSE;
  if (self->n_header == 2 + get_length_size (self))
    return check_length (self, error);

  return TRUE;
}

static void
begin_payload (DevboxWireFrames *self)
{
  gboolean is_last = (self->header[0] & FIN) != 0;

  self->n_header = 0;
  self->opcode = self->header[0] & OPCODE;
  self->n_left = get_length (self);
  if ((self->opcode & CONTROL) != 0)
    {
      self->n_control_frames++;
      return;
    }

  self->n_data_frames++;
  self->message_size = is_last ? 0 : self->message_size + (gsize) self->n_left;
  self->in_message = !is_last;
}

gsize
devbox_wire_frames_take (DevboxWireFrames *self, const guint8 *data, gsize size, GError **error)
{
  gsize taken = 0;

  g_return_val_if_fail (size > 0, 0);

  if (self->is_refused)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                           "WebSocket: an earlier frame was refused");
      return 0;
    }

  while (self->n_left == 0 && taken < size)
    {
      self->header[self->n_header++] = data[taken++];
      self->is_refused = !check_header (self, error);
      if (self->is_refused)
        return 0;
      if (self->n_header < 2 || self->n_header < get_header_size (self))
        continue;
      begin_payload (self);
      if (self->n_left == 0)
        return taken;
    }

  if (self->n_left > 0)
    {
      gsize step = (gsize) MIN (self->n_left, size - taken);

      self->n_left -= step;
      taken += step;
    }

  return taken;
}

gboolean
devbox_wire_frames_is_between (const DevboxWireFrames *self)
{
  return self->n_left == 0 && self->n_header == 0;
}

#define FINAL 0x80
#define LENGTH_16 126
#define LENGTH_64 127

void
devbox_wire_frames_append_text (GByteArray *out, const char *text, gsize size)
{
  guint8 header[2 + sizeof (guint64)] = { FINAL | DEVBOX_WIRE_FRAMES_TEXT };
  guint16 size_16 = GUINT16_TO_BE (size);
  guint64 size_64 = GUINT64_TO_BE (size);

  if (size < LENGTH_16)
    {
      header[1] = size;
      g_byte_array_append (out, header, 2);
    }
  else if (size <= G_MAXUINT16)
    {
      header[1] = LENGTH_16;
      memcpy (header + 2, &size_16, sizeof size_16);
      g_byte_array_append (out, header, 2 + sizeof size_16);
    }
  else
    {
      header[1] = LENGTH_64;
      memcpy (header + 2, &size_64, sizeof size_64);
      g_byte_array_append (out, header, 2 + sizeof size_64);
    }
  g_byte_array_append (out, (const guint8 *) text, size);
}
