/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-recorder.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-wire-json-reader-private.h"

#include <string.h>

typedef struct
{
  DevboxWireJsonReader *reader;
  GString *record;
  GString *string; /* the value that is being read */
  guint depth;
  gboolean needs_comma;
  gboolean in_string;
} Recorder;

static void
begin_item (Recorder *self)
{
  g_assert_false (self->in_string);
  g_assert_cmpuint (devbox_wire_json_reader_get_depth (self->reader), ==, self->depth);
  if (self->needs_comma)
    g_string_append_c (self->record, ',');
  self->needs_comma = TRUE;
}

static gboolean
begin_container (Recorder *self, char bracket)
{
  self->depth++;
  begin_item (self);
  g_string_append_c (self->record, bracket);
  self->needs_comma = FALSE;

  return TRUE;
}

static gboolean
end_container (Recorder *self, char bracket)
{
  self->depth--;
  self->needs_comma = FALSE;
  begin_item (self);
  g_string_append_c (self->record, bracket);

  return TRUE;
}

static gboolean
begin_object (gpointer user_data, GError **error)
{
  return begin_container (user_data, '{');
}

static gboolean
end_object (gpointer user_data, GError **error)
{
  return end_container (user_data, '}');
}

static gboolean
begin_array (gpointer user_data, GError **error)
{
  return begin_container (user_data, '[');
}

static gboolean
end_array (gpointer user_data, GError **error)
{
  return end_container (user_data, ']');
}

static gboolean
member (gpointer user_data, const char *name, GError **error)
{
  Recorder *self = user_data;

  begin_item (self);
  g_assert_cmpuint (strlen (name), <=, 1024);
  g_assert_true (devbox_wire_json_append_string (self->record, name, -1));
  g_string_append_c (self->record, ':');
  self->needs_comma = FALSE;

  return TRUE;
}

static gboolean
string (gpointer user_data, const char *data, gsize size, gboolean last, GError **error)
{
  Recorder *self = user_data;

  if (!self->in_string)
    begin_item (self);
  self->in_string = !last;

  g_assert_true (size > 0 || last);
  g_assert_true (g_utf8_validate_len (data, size, NULL));
  g_string_append_len (self->string, data, size);
  if (last)
    {
      g_assert_true (devbox_wire_json_append_string (self->record, self->string->str, self->string->len));
      g_string_truncate (self->string, 0);
    }

  return TRUE;
}

static gboolean
number (gpointer user_data, const char *text, GError **error)
{
  Recorder *self = user_data;

  begin_item (self);
  g_assert_cmpuint (strlen (text), <=, 64);
  g_string_append (self->record, text);

  return TRUE;
}

static gboolean
boolean (gpointer user_data, gboolean value, GError **error)
{
  Recorder *self = user_data;

  begin_item (self);
  g_string_append (self->record, value ? "true" : "false");

  return TRUE;
}

static gboolean
null (gpointer user_data, GError **error)
{
  Recorder *self = user_data;

  begin_item (self);
  g_string_append (self->record, "null");

  return TRUE;
}

static const DevboxWireJsonHandler handler = {
  .begin_object = begin_object,
  .end_object = end_object,
  .begin_array = begin_array,
  .end_array = end_array,
  .member = member,
  .string = string,
  .number = number,
  .boolean = boolean,
  .null = null,
};

static char *
take_message (GError *error)
{
  char *message;

  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
  message = g_strdup (error->message);
  g_error_free (error);

  return message;
}

char *
json_recorder_read (const char *data, gsize size, GRand *splitter, guint max_piece, GString *record)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Recorder self = { .record = record, .string = text };
  g_autoptr (DevboxWireJsonReader) reader = devbox_wire_json_reader_new (&handler, &self);
  GError *error = NULL;

  self.reader = reader;
  g_string_truncate (record, 0);

  for (gsize done = 0; done < size;)
    {
      gsize wanted = splitter != NULL ? (gsize) g_rand_int_range (splitter, 0, max_piece + 1) : size;
      gsize length = MIN (wanted, size - done);
      g_autofree char *piece = g_memdup2 (data + done, length); /* of its own, so that a sanitizer sees its ends */

      if (!devbox_wire_json_reader_feed (reader, piece, length, &error))
        return take_message (error);
      done += length;
    }

  if (!devbox_wire_json_reader_finish (reader, &error))
    return take_message (error);

  g_assert_cmpuint (devbox_wire_json_reader_get_depth (reader), ==, 0);

  return NULL;
}

static void
check_accepted (const char *data, gsize size, GString *record)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) parsed = devbox_wire_json_parse (data, size, &error);
  g_autoptr (JsonNode) reparsed = NULL;

  g_assert_no_error (error);
  g_assert_nonnull (parsed);
  reparsed = devbox_wire_json_parse (record->str, record->len, &error);
  g_assert_no_error (error);
  g_assert_true (json_node_equal (parsed, reparsed));
}

char *
json_recorder_check_agreement (const char *data, gsize size, GRand *splitter, guint n_splits)
{
  g_autoptr (GString) whole = g_string_new (NULL);
  g_autoptr (GString) split = g_string_new (NULL);
  GError *error = NULL;
  g_autofree char *message = devbox_wire_json_scan (data, size, &error) ? NULL : take_message (error);
  g_autofree char *whole_message = json_recorder_read (data, size, NULL, 0, whole);

  g_assert_cmpstr (whole_message, ==, message);

  for (guint i = 0; i < n_splits; i++)
    {
      guint max_piece = i == 0 ? 1 : g_rand_int_range (splitter, 1, MIN (size, 4096) + 2);
      g_autofree char *split_message = json_recorder_read (data, size, splitter, max_piece, split);

      g_assert_cmpstr (split_message, ==, message);
      if (message == NULL)
        g_assert_cmpstr (split->str, ==, whole->str);
    }

  if (message == NULL)
    check_accepted (data, size, whole);

  return g_steal_pointer (&message);
}
