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
  const GString *(*get) (DevboxServerCommand *command);
} streams[] = {
  { "stdout", "stdoutBase64", devbox_server_command_get_stdout },
  { "stderr", "stderrBase64", devbox_server_command_get_stderr },
};

/* Each stream as text, and beside it as base64 where text cannot carry it. */
typedef struct
{
  DevboxServerCommand *command;
  GString *json; /* encoded, and not sent yet */
  guint stream;  /* in streams; behind the last one only the end is missing */
  gsize offset;  /* in the stream */
  gboolean exact;
  gboolean as_base64;
} CommandReply;

static void
command_reply_clear (gpointer data)
{
  CommandReply *self = data;

  devbox_server_command_release_output (self->command);
  devbox_server_command_unref (self->command);
  g_string_free (self->json, TRUE);
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
get_text_length (const char *text, gsize length)
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

static void
append_text (CommandReply *self, const GString *output)
{
  gsize length = get_text_length (output->str + self->offset, output->len - self->offset);
  gsize start;

  if (self->offset == 0)
    g_string_append_printf (self->json, ",\"%s\":", streams[self->stream].name);
  start = self->json->len;
  self->exact &= devbox_wire_json_append_string (self->json, output->str + self->offset, length);

  /* Of the quotes only the first and the last one stay. */
  if (self->offset > 0)
    g_string_erase (self->json, start, 1);
  self->offset += length;
  if (self->offset < output->len)
    g_string_truncate (self->json, self->json->len - 1);
}

static void
append_base64 (CommandReply *self, const GString *output)
{
  gsize length = MIN (PIECE, output->len - self->offset);
  gsize start;

  if (self->offset == 0)
    g_string_append_printf (self->json, ",\"%s\":\"", streams[self->stream].base64_name);
  start = self->json->len;
  g_string_set_size (self->json, start + (length + 2) / 3 * 4);
  devbox_wire_base64_encode ((const guint8 *) output->str + self->offset, length, self->json->str + start);

  self->offset += length;
  if (self->offset == output->len)
    g_string_append_c (self->json, '"');
}

static void
append_end (CommandReply *self)
{
  g_string_append_printf (self->json, ",\"duration\":%" G_GINT64_FORMAT,
                          devbox_server_command_get_duration (self->command) / 1000);
  if (devbox_server_command_get_stdout_truncated (self->command)
      || devbox_server_command_get_stderr_truncated (self->command))
    g_string_append (self->json, ",\"truncated\":true");
  g_string_append_c (self->json, '}');
}

/* FALSE when that was the last piece. */
static gboolean
append_piece (CommandReply *self)
{
  const GString *output;

  if (self->stream == G_N_ELEMENTS (streams))
    {
      append_end (self);
      return FALSE;
    }

  output = streams[self->stream].get (self->command);
  if (self->as_base64)
    append_base64 (self, output);
  else
    append_text (self, output);
  if (self->offset < output->len)
    return TRUE;

  self->as_base64 = !self->as_base64 && !self->exact;
  if (!self->as_base64)
    {
      self->stream++;
      self->exact = TRUE;
    }
  self->offset = 0;

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
devbox_command_reply_send (DevboxHttpExchange *exchange, guint status, GString *head, DevboxServerCommand *command)
{
  g_autoptr (CommandReply) self = g_rc_box_new0 (CommandReply);
  gsize length = 0;

  self->command = devbox_server_command_ref (command);
  devbox_server_command_hold_output (command);
  self->json = head;
  self->exact = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    length += streams[i].get (command)->len;

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
