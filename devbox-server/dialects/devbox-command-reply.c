/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-reply-private.h"

#include "devbox-http-replies-private.h"
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
  GString *json;             /* encoded, and not sent yet */
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
command_reply_clear (gpointer data)
{
  CommandReply *self = data;

  devbox_output_log_release (self->log);
  devbox_output_log_unref (self->log);
  g_string_free (self->json, TRUE);
  g_free (self->piece);
}

static void
command_reply_unref (gpointer self)
{
  g_rc_box_release_full (self, command_reply_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CommandReply, command_reply_unref)

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
append_text (CommandReply *self)
{
  gsize length = get_text_length (self->piece, read_piece (self));
  gsize start = self->json->len;

  self->exact &= devbox_wire_json_append_string (self->json, (const char *) self->piece, length);
  if (self->is_open)
    g_string_erase (self->json, start, 1);
  self->offset += length;

  /* Of the quotes only the first and the last one stay. */
  if (self->offset < self->ends[self->stream])
    g_string_truncate (self->json, self->json->len - 1);
}

static void
append_base64 (CommandReply *self)
{
  gsize length = MIN (read_piece (self), PIECE);
  gsize rest = self->offset + length < self->ends[self->stream] ? length % 3 : 0;
  gsize start;

  if (!self->is_open)
    g_string_append_c (self->json, '"');
  start = self->json->len;
  self->offset += length;
  length -= rest; /* there is one before a gap alone */
  g_string_set_size (self->json, start + (length + 2) / 3 * 4);
  devbox_wire_base64_encode (self->piece, length, self->json->str + start);

  if (self->offset >= self->ends[self->stream])
    g_string_append_c (self->json, '"');
}

static void
begin_stream (CommandReply *self)
{
  g_string_append_printf (self->json,
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

/* FALSE when that was the last piece. */
static gboolean
append_piece (CommandReply *self)
{
  if (self->stream == N_STREAMS)
    {
      g_string_append (self->json, self->truncated ? ",\"truncated\":true}" : "}");
      return FALSE;
    }

  if (!self->is_open)
    begin_stream (self);
  if (self->as_base64)
    append_base64 (self);
  else
    append_text (self);
  self->is_open = TRUE;

  if (self->offset >= self->ends[self->stream])
    end_stream (self);

  return TRUE;
}

/* Sends pieces until the connection takes no more. */
static void
send_pieces (DevboxHttpExchange *exchange, gpointer user_data)
{
  CommandReply *self = user_data;
  gboolean takes_more = TRUE;
  gboolean more = TRUE;

  while (more && takes_more)
    {
      more = append_piece (self);
      takes_more = devbox_http_exchange_write (exchange, self->json->str, self->json->len);
      g_string_truncate (self->json, 0);
    }

  if (!more)
    {
      devbox_http_exchange_set_writable_func (exchange, NULL, NULL, NULL);
      devbox_http_exchange_end_reply (exchange);
    }
}

void
devbox_command_reply_send (DevboxHttpExchange *exchange, guint status, GString *head, DevboxOutputLog *log)
{
  g_autoptr (CommandReply) self = g_rc_box_new0 (CommandReply);
  guint64 length = 0;

  self->log = devbox_output_log_ref (log);
  devbox_output_log_hold (log);
  self->json = head;
  self->exact = TRUE;
  for (guint i = 0; i < N_STREAMS; i++)
    {
      self->ends[i] = devbox_output_log_get_end_offset (log, i);
      length += self->ends[i] - devbox_output_log_get_first_offset (log, i);
    }
  self->piece_size = MIN (length, PIECE + 1);
  self->piece = g_malloc (self->piece_size);

  /* Little is answered at once, with its length. So is a client that has gone, whom nothing reaches. */
  if (length <= PIECE || devbox_http_exchange_is_closed (exchange))
    {
      while (length <= PIECE && append_piece (self))
        ;
      devbox_http_reply_json (exchange, status, self->json);
      return;
    }

  devbox_http_exchange_begin_reply (exchange, status, "application/json", -1);
  devbox_http_exchange_set_writable_func (exchange, send_pieces, g_rc_box_acquire (self), command_reply_unref);
  send_pieces (exchange, self);
}
