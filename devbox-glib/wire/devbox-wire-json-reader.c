/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-json-reader-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-json-number-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-wire-text-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

/* Each container that is open is a bit of a guint64. */
#define MAX_DEPTH 64
#define MAX_NAME 1024
/* Short parts of a string are gathered here; longer ones go to the handler as slices of the input. */
#define BUFFER_SIZE 4096
#define MIN_SLICE 1024

G_STATIC_ASSERT (MAX_NAME < BUFFER_SIZE);
G_STATIC_ASSERT (DEVBOX_WIRE_JSON_MAX_NUMBER < BUFFER_SIZE);

typedef enum
{
  STATE_STRUCTURE,           /* between tokens */
  STATE_STRING,              /* between characters of a string */
  STATE_CHARACTER,           /* within one that is not ASCII */
  STATE_ESCAPE,              /* after a backslash */
  STATE_HEX_DIGITS,          /* after \u */
  STATE_SURROGATE_BACKSLASH, /* after the \u escape of a high surrogate */
  STATE_SURROGATE_U,
  STATE_NUMBER,
  STATE_LITERAL,
} State;

/* What may come next, between tokens; nothing but white space when none is set. */
typedef enum
{
  EXPECT_VALUE = 1 << 0,
  EXPECT_NAME = 1 << 1,
  EXPECT_COLON = 1 << 2,
  EXPECT_COMMA = 1 << 3,
  EXPECT_CLOSE = 1 << 4,
} Expect;

struct _DevboxWireJsonReader
{
  DevboxWireJsonHandler handler;
  gpointer user_data;
  GError *error; /* the first one: it stays */

  const guint8 *piece;
  guint64 piece_offset; /* of piece[0] in the document */
  guint64 token_offset; /* of the string, number or literal that is being read */
  guint64 escape_offset;

  State state;
  Expect expected;
  guint64 containers; /* the lowest bit is the innermost one: set for an object */
  guint depth;

  gboolean is_name; /* the string is the name of a member */
  const char *literal;
  guint n_literal;
  guint n_hex_digits;
  gunichar code_unit;
  gunichar high_surrogate; /* 0: none */
  guint8 character[4];
  guint n_character;

  gsize n_buffer;
  char buffer[BUFFER_SIZE]; /* the last member: not cleared */
};

static const guint8 *
fail (DevboxWireJsonReader *self, guint64 offset, const char *problem)
{
  g_set_error (&self->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               /* Translators: the number counts bytes from 0, %s says what is wrong there */
               _ ("Malformed JSON at byte %" PRIu64 ": %s"), offset, problem);

  return NULL;
}

static guint64
get_offset (DevboxWireJsonReader *self, const guint8 *position)
{
  return self->piece_offset + (position - self->piece);
}

static gboolean
in_object (DevboxWireJsonReader *self)
{
  return (self->containers & 1) != 0;
}

static const char *
describe_expected (DevboxWireJsonReader *self)
{
  switch ((guint) self->expected)
    {
    case EXPECT_VALUE:
      return _ ("a value");
    case EXPECT_VALUE | EXPECT_CLOSE:
      return _ ("a value or “]”");
    case EXPECT_NAME:
      return _ ("the name of a member");
    case EXPECT_NAME | EXPECT_CLOSE:
      return _ ("the name of a member or “}”");
    case EXPECT_COLON:
      return _ ("“:”");
    case EXPECT_COMMA | EXPECT_CLOSE:
      return in_object (self) ? _ ("“,” or “}”") : _ ("“,” or “]”");
    default:
      return _ ("the end of the text");
    }
}

static const guint8 *
fail_unexpected (DevboxWireJsonReader *self, const guint8 *position)
{
  g_autofree char *problem = NULL;

  if (g_ascii_isgraph (*position))
    /* Translators: the first %s is what was expected, as “a value or “]””; %c is the character that is there instead */
    problem = g_strdup_printf (_ ("expected %s, found “%c”"), describe_expected (self), *position);
  else
    problem = g_strdup_printf (_ ("expected %s, found the byte 0x%02x"), describe_expected (self), *position);

  return fail (self, get_offset (self, position), problem);
}

/* Strings: the parts of a value go to the handler, those of a name into the buffer. */

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
  if (size > MAX_NAME - self->n_buffer)
    {
      fail (self, self->token_offset, _ ("the name of a member is longer than 1024 bytes"));
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
  if (size > BUFFER_SIZE - self->n_buffer && !send_buffer (self))
    return FALSE;

  memcpy (self->buffer + self->n_buffer, data, size);
  self->n_buffer += size;

  return TRUE;
}

static void
end_value (DevboxWireJsonReader *self)
{
  self->state = STATE_STRUCTURE;
  self->expected = self->depth > 0 ? EXPECT_COMMA | EXPECT_CLOSE : 0;
}

static gboolean
end_name (DevboxWireJsonReader *self, const guint8 *data, gsize size)
{
  if (!append_to_name (self, data, size))
    return FALSE;

  self->buffer[self->n_buffer] = '\0';
  self->n_buffer = 0;
  self->state = STATE_STRUCTURE;
  self->expected = EXPECT_COLON;

  return self->handler.member == NULL || self->handler.member (self->user_data, self->buffer, &self->error);
}

/* `data` is the last part. */
static gboolean
end_string (DevboxWireJsonReader *self, const guint8 *data, gsize size)
{
  if (self->is_name)
    return end_name (self, data, size);

  end_value (self);
  if (self->n_buffer == 0)
    return send_string (self, (const char *) data, size, TRUE);
  if (!append_to_string (self, data, size))
    return FALSE;

  size = self->n_buffer;
  self->n_buffer = 0;

  return send_string (self, self->buffer, size, TRUE);
}

static const guint8 *
read_string (DevboxWireJsonReader *self, const guint8 *start, const guint8 *end)
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
      self->escape_offset = get_offset (self, position);
      self->state = STATE_ESCAPE;
      return position + 1;
    }
  if (*position < 0x20)
    return fail (self, get_offset (self, position), _ ("a control character in a string must be escaped"));
  if (validity == DEVBOX_WIRE_UTF8_INVALID)
    return fail (self, get_offset (self, position), _ ("the text is not valid UTF-8"));

  self->n_character = n_bytes;
  memcpy (self->character, position, n_bytes);
  self->state = STATE_CHARACTER;

  return end;
}

/* A character that a border between two pieces has cut. */
static const guint8 *
read_character (DevboxWireJsonReader *self, const guint8 *position, const guint8 *end)
{
  guint n_bytes;

  self->character[self->n_character++] = *position++;

  switch (devbox_wire_text_check_character (self->character, self->character + self->n_character, &n_bytes))
    {
    case DEVBOX_WIRE_UTF8_VALID:
      self->state = STATE_STRING;
      return append_to_string (self, self->character, n_bytes) ? position : NULL;
    case DEVBOX_WIRE_UTF8_INVALID:
      return fail (self, get_offset (self, position) - self->n_character, _ ("the text is not valid UTF-8"));
    case DEVBOX_WIRE_UTF8_CUT:
    default:
      return position;
    }
}

static const guint8 *
fail_surrogate (DevboxWireJsonReader *self)
{
  return fail (self, self->escape_offset, _ ("half of a surrogate pair stands alone"));
}

static const guint8 *
append_unescaped (DevboxWireJsonReader *self, gunichar character, const guint8 *next)
{
  char utf8[6];
  int size = g_unichar_to_utf8 (character, utf8);

  self->state = STATE_STRING;

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
      self->state = STATE_HEX_DIGITS;
      self->n_hex_digits = 0;
      self->code_unit = 0;
      return next;
    default:
      return fail (self, self->escape_offset, _ ("there is no such escape"));
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
      self->state = STATE_SURROGATE_BACKSLASH;
      return next;
    }
  if (unit == 0)
    return fail (self, self->escape_offset,
                 _ ("\\u0000 is refused, since strings become paths and arguments; bytes can be sent as base64"));

  return append_unescaped (self, unit, next);
}

static const guint8 *
read_hex_digit (DevboxWireJsonReader *self, const guint8 *position)
{
  int digit = g_ascii_xdigit_value (*position);

  if (digit < 0)
    return fail (self, self->escape_offset, _ ("\\u needs four hexadecimal digits"));

  self->code_unit = self->code_unit << 4 | digit;
  if (++self->n_hex_digits < 4)
    return position + 1;

  return end_hex_digits (self, position + 1);
}

static const guint8 *
read_surrogate (DevboxWireJsonReader *self, const guint8 *position)
{
  if (self->state == STATE_SURROGATE_BACKSLASH && *position == '\\')
    {
      self->state = STATE_SURROGATE_U;
      return position + 1;
    }
  if (self->state == STATE_SURROGATE_U && *position == 'u')
    return read_escape (self, position);

  return fail_surrogate (self);
}

/* Numbers and literals. */

static gboolean
end_number (DevboxWireJsonReader *self)
{
  g_autofree char *problem = NULL;

  self->buffer[self->n_buffer] = '\0';
  self->n_buffer = 0;

  switch (devbox_wire_json_number_check (self->buffer))
    {
    case DEVBOX_WIRE_JSON_NUMBER_VALID:
      end_value (self);
      return self->handler.number == NULL || self->handler.number (self->user_data, self->buffer, &self->error);
    case DEVBOX_WIRE_JSON_NUMBER_TOO_LARGE:
      problem = g_strdup_printf (_ ("the number %s is out of range"), self->buffer);
      break;
    case DEVBOX_WIRE_JSON_NUMBER_MALFORMED:
    default:
      problem = g_strdup_printf (_ ("“%s” is not a number"), self->buffer);
      break;
    }

  fail (self, self->token_offset, problem);
  return FALSE;
}

static gboolean
is_number_character (guint8 c)
{
  return g_ascii_isdigit (c) || c == '.' || c == 'e' || c == 'E' || c == '-' || c == '+';
}

static const guint8 *
read_number (DevboxWireJsonReader *self, const guint8 *position, const guint8 *end)
{
  for (; position < end && is_number_character (*position); position++)
    {
      if (self->n_buffer == DEVBOX_WIRE_JSON_MAX_NUMBER)
        return fail (self, self->token_offset, _ ("a number is longer than 64 characters"));
      self->buffer[self->n_buffer++] = *position;
    }

  if (position < end && !end_number (self))
    return NULL;

  return position;
}

static gboolean
end_literal (DevboxWireJsonReader *self)
{
  char first = self->literal[0];

  end_value (self);
  if (first == 'n')
    return self->handler.null == NULL || self->handler.null (self->user_data, &self->error);

  return self->handler.boolean == NULL || self->handler.boolean (self->user_data, first == 't', &self->error);
}

static const guint8 *
read_literal (DevboxWireJsonReader *self, const guint8 *position, const guint8 *end)
{
  for (; position < end && self->literal[self->n_literal] != '\0'; position++)
    {
      if (*position != self->literal[self->n_literal++])
        return fail (self, self->token_offset, _ ("only “true”, “false” and “null” may stand without quotes"));
    }

  if (self->literal[self->n_literal] == '\0' && !end_literal (self))
    return NULL;

  return position;
}

/* Between tokens. */

static const guint8 *
begin_token (DevboxWireJsonReader *self, State state, const guint8 *position, const guint8 *next)
{
  self->token_offset = get_offset (self, position);
  self->state = state;

  return next;
}

static const guint8 *
begin_literal (DevboxWireJsonReader *self, const char *literal, const guint8 *position)
{
  self->literal = literal;
  self->n_literal = 0;

  return begin_token (self, STATE_LITERAL, position, position);
}

static const guint8 *
open_container (DevboxWireJsonReader *self, const guint8 *position)
{
  gboolean is_object = *position == '{';
  gboolean (*begin) (gpointer, GError **) = is_object ? self->handler.begin_object : self->handler.begin_array;

  if (self->depth == MAX_DEPTH)
    return fail (self, get_offset (self, position), _ ("more than 64 arrays and objects lie within each other"));

  self->containers = self->containers << 1 | (is_object ? 1 : 0);
  self->depth++;
  self->expected = (is_object ? EXPECT_NAME : EXPECT_VALUE) | EXPECT_CLOSE;
  if (begin != NULL && !begin (self->user_data, &self->error))
    return NULL;

  return position + 1;
}

static const guint8 *
close_container (DevboxWireJsonReader *self, const guint8 *position)
{
  gboolean is_object = *position == '}';
  gboolean (*finish) (gpointer, GError **) = is_object ? self->handler.end_object : self->handler.end_array;

  if (is_object != in_object (self))
    return fail_unexpected (self, position);

  self->containers >>= 1;
  self->depth--;
  end_value (self);
  if (finish != NULL && !finish (self->user_data, &self->error))
    return NULL;

  return position + 1;
}

/* What has to be expected for `c` to be right. */
static Expect
get_role (guint8 c)
{
  switch (c)
    {
    case '"':
      return EXPECT_VALUE | EXPECT_NAME;
    case ':':
      return EXPECT_COLON;
    case ',':
      return EXPECT_COMMA;
    case '}':
    case ']':
      return EXPECT_CLOSE;
    case '{':
    case '[':
    case '-':
    case 't':
    case 'f':
    case 'n':
      return EXPECT_VALUE;
    default:
      return g_ascii_isdigit (c) ? EXPECT_VALUE : 0;
    }
}

static const guint8 *
read_structure (DevboxWireJsonReader *self, const guint8 *position, const guint8 *end)
{
  while (position < end && (*position == ' ' || *position == '\n' || *position == '\r' || *position == '\t'))
    position++;
  if (position == end)
    return end;
  if ((get_role (*position) & self->expected) == 0)
    return fail_unexpected (self, position);

  switch (*position)
    {
    case '"':
      self->is_name = (self->expected & EXPECT_NAME) != 0;
      return begin_token (self, STATE_STRING, position, position + 1);
    case '{':
    case '[':
      return open_container (self, position);
    case '}':
    case ']':
      return close_container (self, position);
    case ',':
      self->expected = in_object (self) ? EXPECT_NAME : EXPECT_VALUE;
      return position + 1;
    case ':':
      self->expected = EXPECT_VALUE;
      return position + 1;
    case 't':
      return begin_literal (self, "true", position);
    case 'f':
      return begin_literal (self, "false", position);
    case 'n':
      return begin_literal (self, "null", position);
    default:
      return begin_token (self, STATE_NUMBER, position, position);
    }
}

static gboolean
feed (DevboxWireJsonReader *self, const char *data, gsize size)
{
  const guint8 *position = (const guint8 *) data;
  const guint8 *end;

  if (size == 0)
    return TRUE;

  end = position + size;
  self->piece = position;
  while (position != NULL && position < end)
    {
      switch (self->state)
        {
        case STATE_STRUCTURE:
          position = read_structure (self, position, end);
          break;
        case STATE_STRING:
          position = read_string (self, position, end);
          break;
        case STATE_CHARACTER:
          position = read_character (self, position, end);
          break;
        case STATE_ESCAPE:
          position = read_escape (self, position);
          break;
        case STATE_HEX_DIGITS:
          position = read_hex_digit (self, position);
          break;
        case STATE_SURROGATE_BACKSLASH:
        case STATE_SURROGATE_U:
          position = read_surrogate (self, position);
          break;
        case STATE_NUMBER:
          position = read_number (self, position, end);
          break;
        case STATE_LITERAL:
          position = read_literal (self, position, end);
          break;
        default:
          g_assert_not_reached ();
        }
    }
  self->piece_offset += size;

  return position != NULL;
}

static gboolean
finish (DevboxWireJsonReader *self)
{
  g_autofree char *problem = NULL;

  if (self->state == STATE_NUMBER && !end_number (self))
    return FALSE;
  if (self->state == STATE_STRUCTURE && self->expected == 0)
    return TRUE;

  if (self->state == STATE_LITERAL)
    problem = g_strdup (_ ("the text ends within a literal"));
  else if (self->state != STATE_STRUCTURE)
    problem = g_strdup (_ ("the text ends within a string"));
  else
    /* Translators: %s is what was expected, as “a value or “]”” */
    problem = g_strdup_printf (_ ("the text ends where %s was expected"), describe_expected (self));

  fail (self, self->piece_offset, problem);
  return FALSE;
}

static void
reader_init (DevboxWireJsonReader *self, const DevboxWireJsonHandler *handler, gpointer user_data)
{
  memset (self, 0, offsetof (DevboxWireJsonReader, buffer));
  if (handler != NULL)
    self->handler = *handler;
  self->user_data = user_data;
  self->expected = EXPECT_VALUE;
}

DevboxWireJsonReader *
devbox_wire_json_reader_new (const DevboxWireJsonHandler *handler, gpointer user_data)
{
  DevboxWireJsonReader *self = g_new (DevboxWireJsonReader, 1);

  reader_init (self, handler, user_data);

  return self;
}

void
devbox_wire_json_reader_free (DevboxWireJsonReader *self)
{
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
report (DevboxWireJsonReader *self, GError **error)
{
  if (self->error == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->error));

  return FALSE;
}

gboolean
devbox_wire_json_reader_feed (DevboxWireJsonReader *self, const char *data, gsize size, GError **error)
{
  if (self->error == NULL)
    feed (self, data, size);

  return report (self, error);
}

gboolean
devbox_wire_json_reader_finish (DevboxWireJsonReader *self, GError **error)
{
  if (self->error == NULL)
    finish (self);

  return report (self, error);
}

guint
devbox_wire_json_reader_get_depth (DevboxWireJsonReader *self)
{
  return self->depth;
}

gboolean
devbox_wire_json_scan (const char *data, gsize size, GError **error)
{
  DevboxWireJsonReader reader;

  reader_init (&reader, NULL, NULL);
  if (feed (&reader, data, size) && finish (&reader))
    return TRUE;

  g_propagate_error (error, reader.error);

  return FALSE;
}
