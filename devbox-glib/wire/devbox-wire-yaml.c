/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-kubeconfig-private.h"

#include "devbox-wire-error-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>
#include <yaml.h>

#define MAX_DEPTH 32
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

typedef struct
{
  yaml_parser_t parser;
  GHashTable *lines; /* or NULL */
} Reader;

static void
clear_buffer (guchar *start, guchar *end)
{
  if (start != NULL)
    explicit_bzero (start, (gsize) (end - start));
}

/* The text may hold secrets, and these are copies of it. */
static void
clear_reader (Reader *self)
{
  clear_buffer (self->parser.raw_buffer.start, self->parser.raw_buffer.end);
  clear_buffer (self->parser.buffer.start, self->parser.buffer.end);
  yaml_parser_delete (&self->parser);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, clear_reader)

/* The text of a scalar may be a secret. */
static void
clear_event (yaml_event_t *event)
{
  if (event->type == YAML_SCALAR_EVENT)
    explicit_bzero (event->data.scalar.value, event->data.scalar.length);
  yaml_event_delete (event);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (yaml_event_t, clear_event)

static void
fail (GError **error, yaml_mark_t mark, const char *problem)
{
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG,
               /* Translators: the numbers count from 1, %s says what is wrong there */
               _ ("Malformed YAML at line %llu, column %llu: %s"), (unsigned long long) mark.line + 1,
               (unsigned long long) mark.column + 1, problem);
}

/* Events */

static gboolean
has_property (const yaml_event_t *event)
{
  switch (event->type)
    {
    case YAML_SCALAR_EVENT:
      return event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL;
    case YAML_SEQUENCE_START_EVENT:
      return event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL;
    case YAML_MAPPING_START_EVENT:
      return event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL;
    default:
      return FALSE;
    }
}

/* libyaml tells the byte alone of a character that does not belong into any text. */
static yaml_mark_t
get_problem_mark (const yaml_parser_t *parser)
{
  const guchar *text = parser->input.string.start;
  yaml_mark_t mark = { .index = parser->problem_offset };

  if (parser->error != YAML_READER_ERROR)
    return parser->problem_mark;

  for (gsize i = 0; i < parser->problem_offset; i++)
    {
      mark.column = text[i] == '\n' ? 0 : mark.column + 1;
      mark.line += text[i] == '\n';
    }

  return mark;
}

static gboolean
next_event (yaml_parser_t *parser, yaml_event_t *event, GError **error)
{
  if (!yaml_parser_parse (parser, event))
    {
      /* A constant of libyaml's, in English, which repeats nothing of the text. */
      fail (error, get_problem_mark (parser), parser->problem != NULL ? parser->problem : g_strerror (ENOMEM));
      return FALSE;
    }
  if (event->type == YAML_ALIAS_EVENT || has_property (event))
    {
      fail (error, event->start_mark, _ ("anchors, aliases and tags are not allowed"));
      return FALSE;
    }
  if (event->type == YAML_SCALAR_EVENT && memchr (event->data.scalar.value, '\0', event->data.scalar.length) != NULL)
    {
      fail (error, event->start_mark, _ ("a NUL character is not allowed"));
      return FALSE;
    }

  return TRUE;
}

/* Scalars, after the core schema of YAML 1.2 */

static gboolean
is_one_of (const char *text, const char *const *words)
{
  return g_strv_contains (words, text);
}

static gboolean
is_null (const char *text)
{
  static const char *const words[] = { "", "~", "null", "Null", "NULL", NULL };

  return is_one_of (text, words);
}

static gboolean
is_boolean (const char *text, gboolean *value)
{
  static const char *const true_words[] = { "true", "True", "TRUE", NULL };
  static const char *const false_words[] = { "false", "False", "FALSE", NULL };

  *value = is_one_of (text, true_words);
  return *value || is_one_of (text, false_words);
}

static const char *
skip_sign (const char *text)
{
  return *text == '-' || *text == '+' ? text + 1 : text;
}

static const char *
skip_digits (const char *text)
{
  return text + strspn (text, "0123456789");
}

/* The base that the text is an integer of, or 0; *digits: behind the sign or the prefix. */
static guint
get_integer_base (const char *text, const char **digits)
{
  static const struct
  {
    const char *prefix;
    const char *digits;
    guint base;
  } prefixes[] = { { "0x", "0123456789abcdefABCDEF", 16 }, { "0o", "01234567", 8 } };

  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    {
      if (!g_str_has_prefix (text, prefixes[i].prefix))
        continue;
      *digits = text + strlen (prefixes[i].prefix);
      return **digits != '\0' && (*digits)[strspn (*digits, prefixes[i].digits)] == '\0' ? prefixes[i].base : 0;
    }

  *digits = skip_sign (text);
  return **digits != '\0' && *skip_digits (*digits) == '\0' ? 10 : 0;
}

/* [-+]? (\. [0-9]+ | [0-9]+ (\. [0-9]*)?) ([eE] [-+]? [0-9]+)? */
static gboolean
is_decimal (const char *text)
{
  const char *whole = skip_sign (text);
  const char *position = skip_digits (whole);
  gboolean has_digits = position > whole;

  if (*position == '.')
    {
      const char *fraction = position + 1;

      position = skip_digits (fraction);
      has_digits |= position > fraction;
    }
  if (has_digits && (*position == 'e' || *position == 'E'))
    {
      const char *exponent = skip_sign (position + 1);

      position = skip_digits (exponent);
      has_digits = position > exponent;
    }

  return has_digits && *position == '\0';
}

static gboolean
is_special_number (const char *text)
{
  static const char *const infinities[] = { ".inf", ".Inf", ".INF", NULL };
  static const char *const nans[] = { ".nan", ".NaN", ".NAN", NULL };

  return is_one_of (skip_sign (text), infinities) || is_one_of (text, nans);
}

static JsonNode *
new_integer (const char *text, const char *digits, guint base)
{
  guint64 magnitude;
  gboolean is_negative = text[0] == '-';

  if (!g_ascii_string_to_unsigned (digits, base, 0, (guint64) G_MAXINT64 + is_negative, &magnitude, NULL))
    return NULL;

  return json_node_init_int (json_node_alloc (), (gint64) (is_negative ? -magnitude : magnitude));
}

static JsonNode *
new_plain_scalar (const char *text, yaml_mark_t mark, GError **error)
{
  JsonNode *node = NULL;
  const char *digits;
  gboolean boolean;
  guint base;

  if (is_null (text))
    return json_node_init_null (json_node_alloc ());
  if (is_boolean (text, &boolean))
    return json_node_init_boolean (json_node_alloc (), boolean);

  base = get_integer_base (text, &digits);
  if (base != 0)
    node = new_integer (text, digits, base);
  else if (is_decimal (text) && isfinite (g_ascii_strtod (text, NULL)))
    node = json_node_init_double (json_node_alloc (), g_ascii_strtod (text, NULL));
  else if (!is_decimal (text) && !is_special_number (text))
    node = json_node_init_string (json_node_alloc (), text);

  if (node == NULL)
    fail (error, mark, _ ("a number is out of range"));
  return node;
}

/* Nodes */

static void
note_line (Reader *reader, JsonNode *node, const yaml_event_t *event)
{
  if (reader->lines != NULL)
    g_hash_table_insert (reader->lines, node, GSIZE_TO_POINTER (event->start_mark.line + 1));
}

static JsonNode *read_node (Reader *reader, const yaml_event_t *event, guint depth, GError **error);

static JsonNode *
read_sequence (Reader *reader, guint depth, GError **error)
{
  g_autoptr (DevboxWireSecretNode) node = json_node_init_array (json_node_alloc (), NULL);
  JsonArray *array = json_array_new ();

  json_node_take_array (node, array);
  for (;;)
    {
      g_auto (yaml_event_t) event = { 0 };
      JsonNode *element;

      if (!next_event (&reader->parser, &event, error))
        return NULL;
      if (event.type == YAML_SEQUENCE_END_EVENT)
        return g_steal_pointer (&node);
      element = read_node (reader, &event, depth, error);
      if (element == NULL)
        return NULL;
      json_array_add_element (array, element);
    }
}

static gboolean
read_member (Reader *reader, JsonObject *object, const yaml_event_t *name_event, guint depth, GError **error)
{
  g_auto (yaml_event_t) event = { 0 };
  const char *name;
  JsonNode *value;

  if (name_event->type != YAML_SCALAR_EVENT)
    {
      fail (error, name_event->start_mark, _ ("a name must be text"));
      return FALSE;
    }
  name = (const char *) name_event->data.scalar.value;
  if (json_object_has_member (object, name))
    {
      fail (error, name_event->start_mark, _ ("a name must stand only once in a mapping"));
      return FALSE;
    }

  if (!next_event (&reader->parser, &event, error))
    return FALSE;
  value = read_node (reader, &event, depth, error);
  if (value == NULL)
    return FALSE;
  json_object_set_member (object, name, value);
  note_line (reader, value, name_event);

  return TRUE;
}

static JsonNode *
read_mapping (Reader *reader, guint depth, GError **error)
{
  g_autoptr (DevboxWireSecretNode) node = json_node_init_object (json_node_alloc (), NULL);
  JsonObject *object = json_object_new ();

  json_node_take_object (node, object);
  for (;;)
    {
      g_auto (yaml_event_t) event = { 0 };

      if (!next_event (&reader->parser, &event, error))
        return NULL;
      if (event.type == YAML_MAPPING_END_EVENT)
        return g_steal_pointer (&node);
      if (!read_member (reader, object, &event, depth, error))
        return NULL;
    }
}

/* event: the first one of the node; depth: of the collections that it stands in */
static JsonNode *
read_value (Reader *reader, const yaml_event_t *event, guint depth, GError **error)
{
  if (event->type == YAML_SCALAR_EVENT)
    {
      const char *text = (const char *) event->data.scalar.value;

      if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        return new_plain_scalar (text, event->start_mark, error);

      return json_node_init_string (json_node_alloc (), text);
    }
  if (depth == MAX_DEPTH)
    {
      fail (error, event->start_mark, _ ("the nesting is too deep"));
      return NULL;
    }

  return event->type == YAML_SEQUENCE_START_EVENT ? read_sequence (reader, depth + 1, error)
                                                  : read_mapping (reader, depth + 1, error);
}

static JsonNode *
read_node (Reader *reader, const yaml_event_t *event, guint depth, GError **error)
{
  JsonNode *node = read_value (reader, event, depth, error);

  if (node != NULL)
    note_line (reader, node, event);

  return node;
}

/* Documents */

static gboolean
expect_end (Reader *reader, GError **error)
{
  g_auto (yaml_event_t) document_end = { 0 };
  g_auto (yaml_event_t) event = { 0 };

  if (!next_event (&reader->parser, &document_end, error) || !next_event (&reader->parser, &event, error))
    return FALSE;
  if (event.type != YAML_STREAM_END_EVENT)
    {
      fail (error, event.start_mark, _ ("there must be only one document"));
      return FALSE;
    }

  return TRUE;
}

static JsonNode *
read_stream (Reader *reader, GError **error)
{
  g_auto (yaml_event_t) stream_start = { 0 };
  g_auto (yaml_event_t) document_start = { 0 };
  g_auto (yaml_event_t) event = { 0 };
  g_autoptr (DevboxWireSecretNode) root = NULL;

  if (!next_event (&reader->parser, &stream_start, error) || !next_event (&reader->parser, &document_start, error))
    return NULL;
  if (document_start.type == YAML_STREAM_END_EVENT)
    return json_node_init_null (json_node_alloc ());

  if (!next_event (&reader->parser, &event, error))
    return NULL;
  root = read_node (reader, &event, 0, error);
  if (root == NULL || !expect_end (reader, error))
    return NULL;

  return g_steal_pointer (&root);
}

JsonNode *
devbox_wire_yaml_parse (const char *data, gsize size, GError **error)
{
  return devbox_wire_yaml_parse_with_lines (data, size, NULL, error);
}

JsonNode *
devbox_wire_yaml_parse_with_lines (const char *data, gsize size, GHashTable *lines, GError **error)
{
  g_auto (Reader) reader = { .lines = lines };

  if (size > DEVBOX_WIRE_KUBECONFIG_MAX_SIZE)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG, _ ("The YAML text has more than %d bytes"),
                   DEVBOX_WIRE_KUBECONFIG_MAX_SIZE);
      return NULL;
    }
  if (!g_utf8_validate_len (data, size, NULL))
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG,
                           _ ("The YAML text is not UTF-8, or holds a NUL character"));
      return NULL;
    }
  if (!yaml_parser_initialize (&reader.parser))
    g_error ("out of memory");
  /* libyaml would count it as a column. */
  if (size >= strlen (BYTE_ORDER_MARK) && memcmp (data, BYTE_ORDER_MARK, strlen (BYTE_ORDER_MARK)) == 0)
    {
      data += strlen (BYTE_ORDER_MARK);
      size -= strlen (BYTE_ORDER_MARK);
    }

  yaml_parser_set_input_string (&reader.parser, (const guchar *) (size > 0 ? data : ""), size);
  yaml_parser_set_encoding (&reader.parser, YAML_UTF8_ENCODING);

  return read_stream (&reader, error);
}

/* As every reader of YAML understands it. */
static void
append_string (GString *out, const char *string)
{
  g_string_append_c (out, '"');
  for (const char *p = string; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar character = g_utf8_get_char (p);

      if (character == '"' || character == '\\')
        g_string_append_c (out, '\\');
      if (character >= 0x20 && character < 0x7f)
        g_string_append_c (out, (char) character);
      else
        g_string_append_printf (out, character > 0xffff ? "\\U%08x" : "\\u%04x", character);
    }
  g_string_append_c (out, '"');
}

void
devbox_wire_yaml_append_member (GString *out, const char *indent_and_name, const char *value)
{
  if (value == NULL)
    return;

  g_string_append (out, indent_and_name);
  g_string_append (out, ": ");
  append_string (out, value);
  g_string_append_c (out, '\n');
}
