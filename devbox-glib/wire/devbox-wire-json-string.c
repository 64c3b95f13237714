/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-json-state-private.h"

#include "devbox-wire-text-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Parts of this size go to the handler as they stand in the input. */
#define MIN_SLICE 1024

G_STATIC_ASSERT (DEVBOX_WIRE_JSON_MAX_NAME < DEVBOX_WIRE_JSON_BUFFER_SIZE);

/* The parts of a value go to the handler, those of a name into the buffer. */

static gboolean
send_string (DevboxWireJsonReader *self, const char *data, gsize size, gboolean last)
{
  return self->handler.string == NULL || self->handler.string (self->user_data, data, size, last, &self->error);
}

static gboolean
send_buffer (DevboxWireJsonReader *self)
{
  gsize size = self->n_buffer;

  self->n_buffer = 0;

  return size == 0 || send_string (self, self->buffer, size, FALSE);
}

static gboolean
append_to_name (DevboxWireJsonReader *self, const guint8 *data, gsize size)
{
  if (size > DEVBOX_WIRE_JSON_MAX_NAME - self->n_buffer)
    {
      devbox_wire_json_reader_fail (self, self->token_offset, _ ("the name of a member is longer than 1024 bytes"));
      return FALSE;
    }

  memcpy (self->buffer + self->n_buffer, data, size);
  self->n_buffer += size;

  return TRUE;
}

static gboolean
append_to_string (DevboxWireJsonReader *self, const guint8 *data, gsize size)
{
  if (self->is_name)
    return append_to_name (self, data, size);
  if (self->handler.string == NULL || size == 0)
    return TRUE;
  if (size >= MIN_SLICE)
    return send_buffer (self) && send_string (self, (const char *) data, size, FALSE);
  if (size > DEVBOX_WIRE_JSON_BUFFER_SIZE - self->n_buffer && !send_buffer (self))
    return FALSE;

  memcpy (self->buffer + self->n_buffer, data, size);
  self->n_buffer += size;

  return TRUE;
}

static gboolean
end_name (DevboxWireJsonReader *self, const guint8 *data, gsize size)
{
  if (!append_to_name (self, data, size))
    return FALSE;

  self->buffer[self->n_buffer] = '\0';
  self->n_buffer = 0;
  self->state = DEVBOX_WIRE_JSON_STATE_STRUCTURE;
  self->expected = DEVBOX_WIRE_JSON_EXPECT_COLON;

  return self->handler.member == NULL || self->handler.member (self->user_data, self->buffer, &self->error);
}

/* `data` is the last part. */
static gboolean
end_string (DevboxWireJsonReader *self, const guint8 *data, gsize size)
{
  if (self->is_name)
    return end_name (self, data, size);

  devbox_wire_json_reader_end_value (self);
  if (self->n_buffer == 0)
    return send_string (self, (const char *) data, size, TRUE);
  if (!append_to_string (self, data, size))
    return FALSE;

  size = self->n_buffer;
  self->n_buffer = 0;

  return send_string (self, self->buffer, size, TRUE);
}

static const guint8 *
read_characters (DevboxWireJsonReader *self, const guint8 *start, const guint8 *end)
{
  const guint8 *position = start;
  DevboxWireUtf8 validity = DEVBOX_WIRE_UTF8_VALID;
  guint n_bytes = 0;

  for (;;)
    {
      position = devbox_wire_text_skip_plain (position, end);
      if (position == end || *position < 0x80)
        break;
      validity = devbox_wire_text_check_character (position, end, &n_bytes);
      if (validity != DEVBOX_WIRE_UTF8_VALID)
        break;
      position += n_bytes;
    }

  if (position < end && *position == '"')
    return end_string (self, start, position - start) ? position + 1 : NULL;
  if (!append_to_string (self, start, position - start))
    return NULL;
  if (position == end)
    return end;

  if (*position == '\\')
    {
      self->escape_offset = devbox_wire_json_reader_get_offset (self, position);
      self->state = DEVBOX_WIRE_JSON_STATE_ESCAPE;
      return position + 1;
    }
  if (*position < 0x20)
    return devbox_wire_json_reader_fail (self, devbox_wire_json_reader_get_offset (self, position),
                                         _ ("a control character in a string must be escaped"));
  if (validity == DEVBOX_WIRE_UTF8_INVALID)
    return devbox_wire_json_reader_fail (self, devbox_wire_json_reader_get_offset (self, position),
                                         _ ("the text is not valid UTF-8"));

  self->n_character = n_bytes;
  memcpy (self->character, position, n_bytes);
  self->state = DEVBOX_WIRE_JSON_STATE_CHARACTER;

  return end;
}

/* A character that a border between two pieces has cut. */
static const guint8 *
read_cut_character (DevboxWireJsonReader *self, const guint8 *position)
{
  guint n_bytes;

  self->character[self->n_character++] = *position++;

  switch (devbox_wire_text_check_character (self->character, self->character + self->n_character, &n_bytes))
    {
    case DEVBOX_WIRE_UTF8_VALID:
      self->state = DEVBOX_WIRE_JSON_STATE_STRING;
      return append_to_string (self, self->character, n_bytes) ? position : NULL;
    case DEVBOX_WIRE_UTF8_INVALID:
      return devbox_wire_json_reader_fail (self,
                                           devbox_wire_json_reader_get_offset (self, position) - self->n_character,
                                           _ ("the text is not valid UTF-8"));
    case DEVBOX_WIRE_UTF8_CUT:
    default:
      return position;
    }
}

static const guint8 *
fail_surrogate (DevboxWireJsonReader *self)
{
  return devbox_wire_json_reader_fail (self, self->escape_offset, _ ("half of a surrogate pair stands alone"));
}

static const guint8 *
append_unescaped (DevboxWireJsonReader *self, gunichar character, const guint8 *next)
{
  char utf8[6];
  int size = g_unichar_to_utf8 (character, utf8);

  self->state = DEVBOX_WIRE_JSON_STATE_STRING;

  return append_to_string (self, (const guint8 *) utf8, size) ? next : NULL;
}

static const guint8 *
read_escape (DevboxWireJsonReader *self, const guint8 *position)
{
  const guint8 *next = position + 1;

  switch (*position)
    {
    case '"':
    case '\\':
    case '/':
      return append_unescaped (self, *position, next);
    case 'b':
      return append_unescaped (self, '\b', next);
    case 'f':
      return append_unescaped (self, '\f', next);
    case 'n':
      return append_unescaped (self, '\n', next);
    case 'r':
      return append_unescaped (self, '\r', next);
    case 't':
      return append_unescaped (self, '\t', next);
    case 'u':
      self->state = DEVBOX_WIRE_JSON_STATE_HEX_DIGITS;
      self->n_hex_digits = 0;
      self->code_unit = 0;
      return next;
    default:
      return devbox_wire_json_reader_fail (self, self->escape_offset, _ ("there is no such escape"));
    }
}

static const guint8 *
end_hex_digits (DevboxWireJsonReader *self, const guint8 *next)
{
  gunichar high = self->high_surrogate;
  gunichar unit = self->code_unit;
  gboolean is_low = unit >= 0xdc00 && unit <= 0xdfff;

  self->high_surrogate = 0;
  if (is_low != (high != 0))
    return fail_surrogate (self);
  if (is_low)
    return append_unescaped (self, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00), next);

  if (unit >= 0xd800 && unit <= 0xdbff)
    {
      self->high_surrogate = unit;
      self->state = DEVBOX_WIRE_JSON_STATE_SURROGATE_BACKSLASH;
      return next;
    }
  if (unit == 0)
    return devbox_wire_json_reader_fail (
        self, self->escape_offset,
        _ ("\\u0000 is refused, since strings become paths and arguments; bytes can be sent as base64"));

  return append_unescaped (self, unit, next);
}

static const guint8 *
read_hex_digit (DevboxWireJsonReader *self, const guint8 *position)
{
  int digit = g_ascii_xdigit_value (*position);

  if (digit < 0)
    return devbox_wire_json_reader_fail (self, self->escape_offset, _ ("\\u needs four hexadecimal digits"));

  self->code_unit = self->code_unit << 4 | digit;
  if (++self->n_hex_digits < 4)
    return position + 1;

  return end_hex_digits (self, position + 1);
}

static const guint8 *
read_surrogate (DevboxWireJsonReader *self, const guint8 *position)
{
  if (self->state == DEVBOX_WIRE_JSON_STATE_SURROGATE_BACKSLASH && *position == '\\')
    {
      self->state = DEVBOX_WIRE_JSON_STATE_SURROGATE_U;
      return position + 1;
    }
  if (self->state == DEVBOX_WIRE_JSON_STATE_SURROGATE_U && *position == 'u')
    return read_escape (self, position);

  return fail_surrogate (self);
}

const guint8 *
devbox_wire_json_reader_read_string (DevboxWireJsonReader *self, const guint8 *position, const guint8 *end)
{
  while (position != NULL && position < end)
    {
      switch (self->state)
        {
        case DEVBOX_WIRE_JSON_STATE_STRING:
          position = read_characters (self, position, end);
          break;
        case DEVBOX_WIRE_JSON_STATE_CHARACTER:
          position = read_cut_character (self, position);
          break;
        case DEVBOX_WIRE_JSON_STATE_ESCAPE:
          position = read_escape (self, position);
          break;
        case DEVBOX_WIRE_JSON_STATE_HEX_DIGITS:
          position = read_hex_digit (self, position);
          break;
        case DEVBOX_WIRE_JSON_STATE_SURROGATE_BACKSLASH:
        case DEVBOX_WIRE_JSON_STATE_SURROGATE_U:
          position = read_surrogate (self, position);
          break;
        case DEVBOX_WIRE_JSON_STATE_STRUCTURE:
        case DEVBOX_WIRE_JSON_STATE_NUMBER:
        case DEVBOX_WIRE_JSON_STATE_LITERAL:
        default:
          return position;
        }
    }

  return position;
}
