/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-json-state-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-json-number-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <stddef.h>
#include <string.h>

G_STATIC_ASSERT (DEVBOX_WIRE_JSON_MAX_NUMBER < DEVBOX_WIRE_JSON_BUFFER_SIZE);

#define MANY_MEMBERS 64

const guint8 *
devbox_wire_json_reader_fail (DevboxWireJsonReader *self, guint64 offset, const char *problem)
{
  g_set_error (&self->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               /* Translators: the number counts bytes from 0, %s says what is wrong there */
               _ ("Malformed JSON at byte %llu: %s"), (unsigned long long) offset, problem);

  return NULL;
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
    case DEVBOX_WIRE_JSON_EXPECT_VALUE:
      return _ ("a value");
    case DEVBOX_WIRE_JSON_EXPECT_VALUE | DEVBOX_WIRE_JSON_EXPECT_CLOSE:
      return _ ("a value or “]”");
    case DEVBOX_WIRE_JSON_EXPECT_NAME:
      return _ ("the name of a member");
    case DEVBOX_WIRE_JSON_EXPECT_NAME | DEVBOX_WIRE_JSON_EXPECT_CLOSE:
      return _ ("the name of a member or “}”");
    case DEVBOX_WIRE_JSON_EXPECT_COLON:
      return _ ("“:”");
    case DEVBOX_WIRE_JSON_EXPECT_COMMA | DEVBOX_WIRE_JSON_EXPECT_CLOSE:
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

  return devbox_wire_json_reader_fail (self, devbox_wire_json_reader_get_offset (self, position), problem);
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
      devbox_wire_json_reader_end_value (self);
      return self->handler.number == NULL || self->handler.number (self->user_data, self->buffer, &self->error);
    case DEVBOX_WIRE_JSON_NUMBER_TOO_LARGE:
      problem = g_strdup_printf (_ ("the number %s is out of range"), self->buffer);
      break;
    case DEVBOX_WIRE_JSON_NUMBER_MALFORMED:
    default:
      problem = g_strdup_printf (_ ("“%s” is not a number"), self->buffer);
      break;
    }

  devbox_wire_json_reader_fail (self, self->token_offset, problem);
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
        return devbox_wire_json_reader_fail (self, self->token_offset, _ ("a number is longer than 64 characters"));
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

  devbox_wire_json_reader_end_value (self);
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
        return devbox_wire_json_reader_fail (self, self->token_offset,
                                             _ ("only “true”, “false” and “null” may stand without quotes"));
    }

  if (self->literal[self->n_literal] == '\0' && !end_literal (self))
    return NULL;

  return position;
}

/* Between tokens. */

static const guint8 *
begin_token (DevboxWireJsonReader *self, DevboxWireJsonState state, const guint8 *position, const guint8 *next)
{
  self->token_offset = devbox_wire_json_reader_get_offset (self, position);
  self->state = state;

  return next;
}

static const guint8 *
begin_literal (DevboxWireJsonReader *self, const char *literal, const guint8 *position)
{
  self->literal = literal;
  self->n_literal = 0;

  return begin_token (self, DEVBOX_WIRE_JSON_STATE_LITERAL, position, position);
}

static const guint8 *
open_container (DevboxWireJsonReader *self, const guint8 *position)
{
  gboolean is_object = *position == '{';
  gboolean (*begin) (gpointer, GError **) = is_object ? self->handler.begin_object : self->handler.begin_array;

  if (self->depth == DEVBOX_WIRE_JSON_MAX_DEPTH)
    return devbox_wire_json_reader_fail (self, devbox_wire_json_reader_get_offset (self, position),
                                         _ ("more than 64 arrays and objects lie within each other"));

  self->containers = self->containers << 1 | (is_object ? 1 : 0);
  self->n_members[self->depth++] = 0;
  self->n_containers++;
  self->expected
      = (is_object ? DEVBOX_WIRE_JSON_EXPECT_NAME : DEVBOX_WIRE_JSON_EXPECT_VALUE) | DEVBOX_WIRE_JSON_EXPECT_CLOSE;
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
  devbox_wire_json_reader_end_value (self);
  if (finish != NULL && !finish (self->user_data, &self->error))
    return NULL;

  return position + 1;
}

static void
count_member (DevboxWireJsonReader *self)
{
  const guint n_members = ++self->n_members[self->depth - 1];

  if (n_members > MANY_MEMBERS)
    self->n_pairs += n_members;
}

/* What has to be expected for `c` to be right. */
static DevboxWireJsonExpect
get_role (guint8 c)
{
  switch (c)
    {
    case '"':
      return DEVBOX_WIRE_JSON_EXPECT_VALUE | DEVBOX_WIRE_JSON_EXPECT_NAME;
    case ':':
      return DEVBOX_WIRE_JSON_EXPECT_COLON;
    case ',':
      return DEVBOX_WIRE_JSON_EXPECT_COMMA;
    case '}':
    case ']':
      return DEVBOX_WIRE_JSON_EXPECT_CLOSE;
    case '{':
    case '[':
    case '-':
    case 't':
    case 'f':
    case 'n':
      return DEVBOX_WIRE_JSON_EXPECT_VALUE;
    default:
      return g_ascii_isdigit (c) ? DEVBOX_WIRE_JSON_EXPECT_VALUE : 0;
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
      self->is_name = (self->expected & DEVBOX_WIRE_JSON_EXPECT_NAME) != 0;
      return begin_token (self, DEVBOX_WIRE_JSON_STATE_STRING, position, position + 1);
    case '{':
    case '[':
      return open_container (self, position);
    case '}':
    case ']':
      return close_container (self, position);
    case ',':
      self->expected = in_object (self) ? DEVBOX_WIRE_JSON_EXPECT_NAME : DEVBOX_WIRE_JSON_EXPECT_VALUE;
      return position + 1;
    case ':':
      self->expected = DEVBOX_WIRE_JSON_EXPECT_VALUE;
      count_member (self);
      return position + 1;
    case 't':
      return begin_literal (self, "true", position);
    case 'f':
      return begin_literal (self, "false", position);
    case 'n':
      return begin_literal (self, "null", position);
    default:
      return begin_token (self, DEVBOX_WIRE_JSON_STATE_NUMBER, position, position);
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
        case DEVBOX_WIRE_JSON_STATE_STRUCTURE:
          position = read_structure (self, position, end);
          break;
        case DEVBOX_WIRE_JSON_STATE_NUMBER:
          position = read_number (self, position, end);
          break;
        case DEVBOX_WIRE_JSON_STATE_LITERAL:
          position = read_literal (self, position, end);
          break;
        case DEVBOX_WIRE_JSON_STATE_STRING:
        case DEVBOX_WIRE_JSON_STATE_CHARACTER:
        case DEVBOX_WIRE_JSON_STATE_ESCAPE:
        case DEVBOX_WIRE_JSON_STATE_HEX_DIGITS:
        case DEVBOX_WIRE_JSON_STATE_SURROGATE_BACKSLASH:
        case DEVBOX_WIRE_JSON_STATE_SURROGATE_U:
        default:
          position = devbox_wire_json_reader_read_string (self, position, end);
          break;
        }
    }
  self->piece_offset += size;

  return position != NULL;
}

static gboolean
finish (DevboxWireJsonReader *self)
{
  g_autofree char *problem = NULL;

  if (self->state == DEVBOX_WIRE_JSON_STATE_NUMBER && !end_number (self))
    return FALSE;
  if (self->state == DEVBOX_WIRE_JSON_STATE_STRUCTURE && self->expected == 0)
    return TRUE;

  if (self->state == DEVBOX_WIRE_JSON_STATE_LITERAL)
    problem = g_strdup (_ ("the text ends within a literal"));
  else if (self->state != DEVBOX_WIRE_JSON_STATE_STRUCTURE)
    problem = g_strdup (_ ("the text ends within a string"));
  else
    /* Translators: %s is what was expected, as “a value or “]”” */
    problem = g_strdup_printf (_ ("the text ends where %s was expected"), describe_expected (self));

  devbox_wire_json_reader_fail (self, self->piece_offset, problem);
  return FALSE;
}

static void
reader_init (DevboxWireJsonReader *self, const DevboxWireJsonHandler *handler, gpointer user_data)
{
  memset (self, 0, offsetof (DevboxWireJsonReader, buffer));
  if (handler != NULL)
    self->handler = *handler;
  self->user_data = user_data;
  self->expected = DEVBOX_WIRE_JSON_EXPECT_VALUE;
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
devbox_wire_json_measure (const char *data,
                          gsize size,
                          guint64 *n_containers,
                          guint64 *n_values,
                          guint64 *n_pairs,
                          GError **error)
{
  DevboxWireJsonReader reader;

  reader_init (&reader, NULL, NULL);
  if (feed (&reader, data, size) && finish (&reader))
    {
      *n_containers = reader.n_containers;
      *n_values = reader.n_values;
      *n_pairs = reader.n_pairs;
      return TRUE;
    }

  g_propagate_error (error, reader.error);

  return FALSE;
}

gboolean
devbox_wire_json_scan (const char *data, gsize size, GError **error)
{
  guint64 n_containers;
  guint64 n_values;
  guint64 n_pairs;

  return devbox_wire_json_measure (data, size, &n_containers, &n_values, &n_pairs, error);
}
