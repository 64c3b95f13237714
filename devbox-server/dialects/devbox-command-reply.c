/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-reply-private.h"

#include "devbox-piece-reply-private.h"
#include "devbox-wire-base64-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

/* Bytes of output that are encoded at a time. A multiple of three, so that base64 needs no padding between pieces. */
#define PIECE (48 * 1024)
/* The first and the last bytes of a character are at most this far apart. */
#define MAX_CONTINUATION 3

static const struct
{
  const char *name;
  const char *base64_name;
} names[] = {
  [DEVBOX_OUTPUT_STDOUT] = { "stdout", "stdoutBase64" },
  [DEVBOX_OUTPUT_STDERR] = { "stderr", "stderrBase64" },
};

#define N_STREAMS G_N_ELEMENTS (names)

/* Each stream as text, and beside it as base64 where text cannot carry it. */
typedef struct
{
  DevboxOutputLog *log;
  guint8 *piece;             /* read, and not encoded yet */
  gsize piece_size;          /* that fits there */
  DevboxOutputStream stream; /* behind the last one only the end is missing */
  guint64 offset;            /* in the stream */
  guint64 ends[N_STREAMS];   /* as they were at the beginning */
  gboolean is_open;          /* a string has begun */
  gboolean exact;
  gboolean as_base64;
  gboolean truncated;
} CommandReply;

static void
command_reply_free (gpointer data)
{
  CommandReply *self = data;

  devbox_output_log_release (self->log);
  devbox_output_log_unref (self->log);
  g_free (self->piece);
  g_free (self);
}

static gboolean
is_continuation (char c)
{
  return ((guchar) c & 0xc0) == 0x80;
}

/* How much of the text to take at once, so that no character is cut in two. */
static gsize
get_text_length (const guint8 *text, gsize length)
{
  if (length <= PIECE)
    return length;

  if (is_continuation (text[PIECE]))
    {
      for (guint i = 1; i <= MAX_CONTINUATION; i++)
        {
          if (!is_continuation (text[PIECE - i]))
            return PIECE - i;
        }
    }

  return PIECE;
}

/* What is there of the next piece, and one byte more to see where a character ends. The oldest output of a command that
 * goes on writing may have gone meanwhile. */
static gsize
read_piece (CommandReply *self)
{
  guint64 end = self->ends[self->stream];
  gsize length = 0;

  while (self->offset < end && length == 0)
    {
      length = devbox_output_log_read (self->log, self->stream, self->offset, self->piece,
                                       MIN (end - self->offset, self->piece_size));
      if (length == 0)
        {
          self->truncated = TRUE;
          self->offset
              = MIN (MAX (devbox_output_log_get_first_offset (self->log, self->stream), self->offset + 1), end);
        }
    }

  return length;
}

static void
append_text (CommandReply *self, GString *json)
{
  gsize length = get_text_length (self->piece, read_piece (self));
  gsize start = json->len;

  self->exact &= devbox_wire_json_append_string (json, (const char *) self->piece, length);
  if (self->is_open)
    g_string_erase (json, start, 1);
  self->offset += length;

  /* Of the quotes only the first and the last one stay. */
  if (self->offset < self->ends[self->stream])
    g_string_truncate (json, json->len - 1);
}

static void
append_base64 (CommandReply *self, GString *json)
{
  gsize length = MIN (read_piece (self), PIECE);
  gsize rest = self->offset + length < self->ends[self->stream] ? length % 3 : 0;
  gsize start;

  if (!self->is_open)
    g_string_append_c (json, '"');
  start = json->len;
  self->offset += length;
  length -= rest; /* there is one before a gap alone */
  g_string_set_size (json, start + (length + 2) / 3 * 4);
  devbox_wire_base64_encode (self->piece, length, json->str + start);

  if (self->offset >= self->ends[self->stream])
    g_string_append_c (json, '"');
}

static void
begin_stream (CommandReply *self, GString *json)
{
  g_string_append_printf (json,
                          ",\"%s\":", self->as_base64 ? names[self->stream].base64_name : names[self->stream].name);
  self->offset = devbox_output_log_get_first_offset (self->log, self->stream);
  self->truncated |= devbox_output_log_is_truncated (self->log, self->stream);
}

static void
end_stream (CommandReply *self)
{
  self->is_open = FALSE;
  self->as_base64 = !self->as_base64 && !self->exact;
  if (self->as_base64)
    return;

  self->exact = TRUE;
  self->stream++;
}

static gboolean
append_piece (GString *json, gpointer user_data)
{
  CommandReply *self = user_data;

  if (self->stream == N_STREAMS)
    {
      g_string_append (json, self->truncated ? ",\"truncated\":true}" : "}");
      return FALSE;
    }

  if (!self->is_open)
    begin_stream (self, json);
  if (self->as_base64)
    append_base64 (self, json);
  else
    append_text (self, json);
  self->is_open = TRUE;

  if (self->offset >= self->ends[self->stream])
    end_stream (self);

  return TRUE;
}

void
devbox_command_reply_send (DevboxHttpExchange *exchange, guint status, GString *head, DevboxOutputLog *log)
{
  CommandReply *self = g_new0 (CommandReply, 1);
  guint64 length = 0;

  self->log = devbox_output_log_ref (log);
  devbox_output_log_hold (log);
  self->exact = TRUE;
  for (guint i = 0; i < N_STREAMS; i++)
    {
      self->ends[i] = devbox_output_log_get_end_offset (log, i);
      length += self->ends[i] - devbox_output_log_get_first_offset (log, i);
    }
  self->piece_size = MIN (length, PIECE + 1);
  self->piece = g_malloc (self->piece_size);

  devbox_piece_reply_send (exchange, status, head, append_piece, self, command_reply_free);
}
