/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-event-parser-private.h"

#include "devbox-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define DEFAULT_NAME "message"
#define MAX_NAME_LENGTH 64

struct _DevboxEventParser
{
  DevboxEventFunc func;
  gpointer user_data;

  GString *line; /* as far as it is there */
  GString *data; /* of the event, each of its lines with a line feed */
  char *name;
  gboolean is_first_line;
  gboolean is_after_cr; /* a line feed that follows belongs to the line that has ended */
};

DevboxEventParser *
devbox_event_parser_new (DevboxEventFunc func, gpointer user_data)
{
  DevboxEventParser *self = g_new0 (DevboxEventParser, 1);

  self->func = func;
  self->user_data = user_data;
  self->line = g_string_new (NULL);
  self->data = g_string_new (NULL);
  self->is_first_line = TRUE;

  return self;
}

void
devbox_event_parser_free (DevboxEventParser *self)
{
  g_string_free (self->line, TRUE);
  g_string_free (self->data, TRUE);
  g_free (self->name);
  g_free (self);
}

/* An event without data is none. */
static gboolean
end_event (DevboxEventParser *self, GError **error)
{
  gboolean goes_on = TRUE;

  if (self->data->len > 0)
    {
      g_string_truncate (self->data, self->data->len - 1);
      goes_on = self->func (self->name != NULL ? self->name : DEFAULT_NAME, self->data->str, self->data->len,
                            self->user_data, error);
    }

  g_string_truncate (self->data, 0);
  g_clear_pointer (&self->name, g_free);

  return goes_on;
}

static gboolean
fail_from_size (GError **error)
{
  g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("The agent sent an event of more than %d bytes"),
               DEVBOX_EVENT_PARSER_MAX_SIZE);
  return FALSE;
}

/* Of other fields, and of comments, nothing is needed. */
static gboolean
take_field (DevboxEventParser *self, const char *name, gsize name_length, const char *value, GError **error)
{
  if (name_length == strlen ("data") && memcmp (name, "data", name_length) == 0)
    {
      if (self->data->len + strlen (value) >= DEVBOX_EVENT_PARSER_MAX_SIZE)
        return fail_from_size (error);
      g_string_append (self->data, value);
      g_string_append_c (self->data, '\n');
    }
  else if (name_length == strlen ("event") && memcmp (name, "event", name_length) == 0)
    {
      g_free (self->name);
      self->name = value[0] != '\0' ? g_strndup (value, MAX_NAME_LENGTH) : NULL;
    }

  return TRUE;
}

static gboolean
end_line (DevboxEventParser *self, GError **error)
{
  const char *line = self->line->str;
  const char *colon;
  const char *value = "";
  gsize name_length;

  if (self->is_first_line && g_str_has_prefix (line, BYTE_ORDER_MARK))
    line += strlen (BYTE_ORDER_MARK);
  self->is_first_line = FALSE;
  if (line[0] == '\0')
    return end_event (self, error);

  colon = strchr (line, ':');
  name_length = colon != NULL ? (gsize) (colon - line) : strlen (line);
  if (colon != NULL)
    value = colon[1] == ' ' ? colon + 2 : colon + 1;

  return take_field (self, line, name_length, value, error);
}

static gboolean
take_part_of_line (DevboxEventParser *self, const char *bytes, gsize size, GError **error)
{
  if (self->line->len + size > DEVBOX_EVENT_PARSER_MAX_SIZE)
    return fail_from_size (error);
  if (memchr (bytes, '\0', size) != NULL)
    {
      g_set_error_literal (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR,
                           _ ("The agent sent an event with a NUL character"));
      return FALSE;
    }

  g_string_append_len (self->line, bytes, size);
  return TRUE;
}

static gsize
find_line_end (const char *bytes, gsize size)
{
  const char *lf = memchr (bytes, '\n', size);
  const gsize length = lf != NULL ? (gsize) (lf - bytes) : size;
  const char *cr = memchr (bytes, '\r', length);

  return cr != NULL ? (gsize) (cr - bytes) : length;
}

gboolean
devbox_event_parser_feed (DevboxEventParser *self, const char *bytes, gsize size, GError **error)
{
  while (size > 0)
    {
      gsize length;

      if (self->is_after_cr && *bytes == '\n')
        {
          bytes++;
          size--;
          self->is_after_cr = FALSE;
          continue;
        }

      self->is_after_cr = FALSE;
      length = find_line_end (bytes, size);
      if (!take_part_of_line (self, bytes, length, error))
        return FALSE;
      if (length == size)
        break;

      self->is_after_cr = bytes[length] == '\r';
      bytes += length + 1;
      size -= length + 1;
      if (!end_line (self, error))
        return FALSE;
      g_string_truncate (self->line, 0);
    }

  return TRUE;
}
