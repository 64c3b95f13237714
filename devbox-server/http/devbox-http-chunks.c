/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-chunks-private.h"

#include "devbox-http-head-private.h"

#include <string.h>

enum
{
  STATE_SIZE,
  STATE_EXTENSION,
  STATE_SIZE_LF,
  STATE_DATA,
  STATE_DATA_CR,
  STATE_DATA_LF,
  STATE_TRAILER_START, /* of a line: a field, or the end */
  STATE_TRAILER_NAME,
  STATE_TRAILER_VALUE,
  STATE_TRAILER_LF,
  STATE_END_LF,
  STATE_END,
};

#define MAX_DIGITS 15 /* so that a size never overflows 63 bits */

void
devbox_http_chunks_init (DevboxHttpChunks *self)
{
  memset (self, 0, sizeof *self);
}

static guint8
fail (DevboxHttpChunks *self, const char *problem)
{
  self->problem = problem;

  return self->state;
}

static guint8
read_size (DevboxHttpChunks *self, guint8 c)
{
  int digit = g_ascii_xdigit_value (c);

  if (digit >= 0)
    {
      if (self->digits == MAX_DIGITS)
        return fail (self, "the size of a chunk is too large");
      self->digits++;
      self->remaining = self->remaining * 16 + digit;
      return STATE_SIZE;
    }
  if (self->digits == 0)
    return fail (self, "the size of a chunk is not hexadecimal");
  if (c == '\r')
    return STATE_SIZE_LF;
  if (c == ';')
    return STATE_EXTENSION;

  return fail (self, "not allowed after the size of a chunk");
}

static gboolean
is_text (guint8 c)
{
  return c == '\t' || (c >= ' ' && c != 0x7f);
}

static guint8
read_extension (DevboxHttpChunks *self, guint8 c)
{
  if (c == '\r')
    return STATE_SIZE_LF;
  if (!is_text (c))
    return fail (self, "not allowed in a chunk extension");
  if (++self->extensions > DEVBOX_HTTP_CHUNKS_MAX_EXTENSIONS)
    return fail (self, "the chunk extensions are too long");

  return STATE_EXTENSION;
}

static guint8
read_size_end (DevboxHttpChunks *self, guint8 c)
{
  if (c != '\n')
    return fail (self, "a carriage return without a line feed");
  self->digits = 0;

  return self->remaining > 0 ? STATE_DATA : STATE_TRAILER_START;
}

static guint8
read_trailer (DevboxHttpChunks *self, guint8 c)
{
  if (++self->trailers > DEVBOX_HTTP_CHUNKS_MAX_TRAILERS)
    return fail (self, "the trailer fields are too long");

  switch (self->state)
    {
    case STATE_TRAILER_START:
      if (c == '\r')
        return STATE_END_LF;
      return devbox_http_is_token_char (c) ? STATE_TRAILER_NAME
                                           : fail (self, "not allowed in the name of a trailer field");
    case STATE_TRAILER_NAME:
      if (c == ':')
        return STATE_TRAILER_VALUE;
      return devbox_http_is_token_char (c) ? STATE_TRAILER_NAME
                                           : fail (self, "not allowed in the name of a trailer field");
    default:
      if (c == '\r')
        return STATE_TRAILER_LF;
      return is_text (c) ? STATE_TRAILER_VALUE : fail (self, "not allowed in the value of a trailer field");
    }
}

/* Everything but the data; returns the next state */
static guint8
read_framing (DevboxHttpChunks *self, guint8 c)
{
  switch (self->state)
    {
    case STATE_SIZE:
      return read_size (self, c);
    case STATE_EXTENSION:
      return read_extension (self, c);
    case STATE_SIZE_LF:
      return read_size_end (self, c);
    case STATE_DATA_CR:
      return c == '\r' ? STATE_DATA_LF : fail (self, "a chunk is longer than its size");
    case STATE_DATA_LF:
      return c == '\n' ? STATE_SIZE : fail (self, "a carriage return without a line feed");
    case STATE_TRAILER_LF:
      return c == '\n' ? STATE_TRAILER_START : fail (self, "a carriage return without a line feed");
    case STATE_END_LF:
      return c == '\n' ? STATE_END : fail (self, "a carriage return without a line feed");
    default:
      return read_trailer (self, c);
    }
}

DevboxHttpChunksResult
devbox_http_chunks_decode (DevboxHttpChunks *self, guint8 *data, gsize size, gsize *consumed, gsize *produced)
{
  gsize in = 0;
  gsize out = 0;

  while (in < size && self->state != STATE_END && self->problem == NULL)
    {
      if (self->state == STATE_DATA)
        {
          gsize piece = MIN ((guint64) self->remaining, size - in);

          if (in != out)
            memmove (data + out, data + in, piece);
          in += piece;
          out += piece;
          self->offset += piece;
          self->remaining -= piece;
          if (self->remaining == 0)
            self->state = STATE_DATA_CR;
        }
      else
        {
          guint8 next = read_framing (self, data[in]);

          if (self->problem != NULL)
            break;
          self->state = next;
          self->offset++;
          in++;
        }
    }

  *consumed = in;
  *produced = out;
  if (self->problem != NULL)
    return DEVBOX_HTTP_CHUNKS_MALFORMED;

  return self->state == STATE_END ? DEVBOX_HTTP_CHUNKS_END : DEVBOX_HTTP_CHUNKS_MORE;
}
