/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-multipart-private.h"

#include "devbox-http-head-private.h"
#include "devbox-http-parameters-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* White space that may follow a boundary on its line. */
#define MAX_PADDING 64
/* A line break, two hyphens, the boundary; then padding or two more hyphens, and a line break. */
#define MAX_DELIMITER (4 + DEVBOX_HTTP_MULTIPART_MAX_BOUNDARY)
#define MAX_HELD (MAX_DELIMITER + MAX_PADDING)

typedef enum
{
  STATE_TEXT,      /* content, or what stands before the first part */
  STATE_DELIMITER, /* within a line break, hyphens and boundary; from here on what was read is held, since it may turn
                    * out to be text */
  STATE_AFTER,     /* behind the boundary */
  STATE_HYPHEN,
  STATE_PADDING,
  STATE_LINE_FEED,
  STATE_CLOSED, /* behind the hyphens of the last boundary */
  STATE_CLOSED_LINE_FEED,
  STATE_HEADERS,
  STATE_EPILOGUE,
} State;

struct _DevboxHttpMultipart
{
  const DevboxHttpMultipartHandler *handler;
  gpointer user_data;
  GError *error; /* the first one: it stays */

  State state;
  gboolean in_part;
  guint n_parts;
  gsize n_margin;

  char delimiter[MAX_DELIMITER];
  gsize n_delimiter;
  guint8 held[MAX_HELD];
  gsize n_held;

  /* The header of the part that begins */
  GString *line;
  gsize n_headers;
  guint n_fields;
  char *name;
  char *file_name;
  char *content_type;
};

static gboolean
is_boundary (const char *text)
{
  static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? ";
  gsize length = strlen (text);

  return length > 0 && length <= DEVBOX_HTTP_MULTIPART_MAX_BOUNDARY && strspn (text, allowed) == length
         && text[length - 1] != ' ';
}

char *
devbox_http_multipart_find_boundary (const char *content_type, GError **error)
{
  g_auto (DevboxHttpParameters) parameters = { 0 };
  const char *problem = devbox_http_parameters_parse (&parameters, content_type != NULL ? content_type : "");
  const char *boundary;

  if (problem != NULL || strcmp (parameters.value, "multipart/form-data") != 0)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                           _ ("The content type must be multipart/form-data"));
      return NULL;
    }

  boundary = devbox_http_parameters_get (&parameters, "boundary");
  if (boundary == NULL || !is_boundary (boundary))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("The content type must name a boundary of 1 to %d characters"),
                   DEVBOX_HTTP_MULTIPART_MAX_BOUNDARY);
      return NULL;
    }

  return g_strdup (boundary);
}

/* It begins as if a line had just ended. */
DevboxHttpMultipart *
devbox_http_multipart_new (const char *boundary, const DevboxHttpMultipartHandler *handler, gpointer user_data)
{
  DevboxHttpMultipart *self = g_new0 (DevboxHttpMultipart, 1);

  g_assert (is_boundary (boundary));
  self->handler = handler;
  self->user_data = user_data;
  self->line = g_string_new (NULL);
  self->n_delimiter = stpcpy (stpcpy (self->delimiter, "\r\n--"), boundary) - self->delimiter;
  self->state = STATE_DELIMITER;
  self->n_held = strlen ("\r\n");
  memcpy (self->held, self->delimiter, self->n_held);

  return self;
}

static void
clear_header (DevboxHttpMultipart *self)
{
  g_string_truncate (self->line, 0);
  self->n_headers = 0;
  self->n_fields = 0;
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->file_name, g_free);
  g_clear_pointer (&self->content_type, g_free);
}

void
devbox_http_multipart_free (DevboxHttpMultipart *self)
{
  clear_header (self);
  g_string_free (self->line, TRUE);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
fail (DevboxHttpMultipart *self, const char *problem)
{
  g_set_error (&self->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               /* Translators: %u counts parts from 1; the second %s is a whole sentence */
               _ ("Part %u of the form: %s"), MAX (self->n_parts, 1), problem);

  return FALSE;
}

static gboolean fail_formatted (DevboxHttpMultipart *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail_formatted (DevboxHttpMultipart *self, const char *format, ...)
{
  g_autofree char *problem = NULL;
  g_autofree char *shown = NULL;
  va_list arguments;

  va_start (arguments, format);
  problem = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  shown = g_utf8_make_valid (problem, -1);

  return fail (self, shown);
}

/* The header of a part */

/* Browsers, curl and Node.js write the three characters that a quoted string cannot hold this way, and no other: a
 * percent sign elsewhere is one. */
static char *
decode_form_name (const char *text)
{
  GString *name = g_string_new (NULL);

  while (*text != '\0')
    {
      char c = 0;

      if (g_ascii_strncasecmp (text, "%22", 3) == 0)
        c = '"';
      else if (g_ascii_strncasecmp (text, "%0d", 3) == 0)
        c = '\r';
      else if (g_ascii_strncasecmp (text, "%0a", 3) == 0)
        c = '\n';

      g_string_append_c (name, c != 0 ? c : *text);
      text += c != 0 ? 3 : 1;
    }

  return g_string_free (name, FALSE);
}

/* What a sender that knows filename* says there beats what it says to those who do not. */
static gboolean
take_file_name (DevboxHttpMultipart *self, const DevboxHttpParameters *disposition)
{
  const char *plain = devbox_http_parameters_get (disposition, "filename");
  const char *extended = devbox_http_parameters_get (disposition, "filename*");

  if (extended != NULL)
    {
      self->file_name = devbox_http_parameters_decode_extended (extended);
      if (self->file_name == NULL)
        return fail_formatted (self, _ ("filename* is “%s”, but must be UTF-8'' and a percent-encoded name"), extended);
    }
  else if (plain != NULL)
    self->file_name = decode_form_name (plain);

  return TRUE;
}

static gboolean
take_disposition (DevboxHttpMultipart *self, const char *value)
{
  g_auto (DevboxHttpParameters) disposition = { 0 };
  const char *problem = devbox_http_parameters_parse (&disposition, value);
  const char *name;

  if (problem != NULL)
    return fail_formatted (self, _ ("Content-Disposition: %s"), problem);
  if (strcmp (disposition.value, "form-data") != 0)
    return fail_formatted (self, _ ("Content-Disposition is “%s”, but must be form-data"), disposition.value);
  name = devbox_http_parameters_get (&disposition, "name");
  if (name == NULL)
    return fail (self, _ ("Content-Disposition has no name"));
  if (self->name != NULL)
    return fail (self, _ ("Content-Disposition is there twice"));

  self->name = decode_form_name (name);

  return take_file_name (self, &disposition);
}

/* RFC 7578 has none but these left, and what they say needs no decoding. */
static gboolean
check_transfer_encoding (DevboxHttpMultipart *self, const char *value)
{
  if (g_ascii_strcasecmp (value, "binary") == 0 || g_ascii_strcasecmp (value, "8bit") == 0
      || g_ascii_strcasecmp (value, "7bit") == 0)
    return TRUE;

  return fail_formatted (self, _ ("Content-Transfer-Encoding is “%s”, but must be binary"), value);
}

static gboolean
take_field (DevboxHttpMultipart *self, const char *name, const char *value)
{
  if (g_ascii_strcasecmp (name, "Content-Disposition") == 0)
    return take_disposition (self, value);
  if (g_ascii_strcasecmp (name, "Content-Transfer-Encoding") == 0)
    return check_transfer_encoding (self, value);
  if (g_ascii_strcasecmp (name, "Content-Type") == 0)
    {
      g_free (self->content_type);
      self->content_type = g_strdup (value);
    }

  return TRUE;
}

static gboolean
has_control_character (const GString *line)
{
  for (gsize i = 0; i < line->len; i++)
    {
      guint8 c = line->str[i];

      if ((c < ' ' && c != '\t') || c == 0x7f)
        return TRUE;
    }

  return FALSE;
}

static gboolean
take_header_line (DevboxHttpMultipart *self)
{
  char *name = self->line->str;
  char *end = name;
  char *value;

  if (has_control_character (self->line))
    return fail (self, _ ("A header field holds a control character"));
  if (++self->n_fields > DEVBOX_HTTP_MULTIPART_MAX_FIELDS)
    return fail_formatted (self, _ ("It has more than %d header fields"), DEVBOX_HTTP_MULTIPART_MAX_FIELDS);

  while (devbox_http_is_token_char (*end))
    end++;
  if (end == name || *end != ':')
    return fail_formatted (self, _ ("“%.64s” is no header field"), name);

  *end = '\0';
  value = g_strstrip (end + 1);

  return take_field (self, name, value);
}

static gboolean
begin_part (DevboxHttpMultipart *self)
{
  DevboxHttpPart part = {
    .name = self->name,
    .file_name = self->file_name,
    .content_type = self->content_type,
  };

  if (self->name == NULL)
    return fail (self, _ ("It has no Content-Disposition"));

  self->in_part = TRUE;
  self->state = STATE_TEXT;

  return self->handler->begin_part (self->user_data, &part, &self->error);
}

/* The line is complete, with its line feed. */
static gboolean
end_header_line (DevboxHttpMultipart *self)
{
  gsize length = self->line->len - 1;

  if (length == 0 || self->line->str[length - 1] != '\r')
    return fail (self, _ ("A line of the header does not end with a carriage return and a line feed"));

  g_string_truncate (self->line, length - 1);
  if (self->line->len == 0)
    return begin_part (self);
  if (!take_header_line (self))
    return FALSE;

  g_string_truncate (self->line, 0);

  return TRUE;
}

static const guint8 *
read_header (DevboxHttpMultipart *self, const guint8 *position, const guint8 *end)
{
  const guint8 *line_feed = memchr (position, '\n', end - position);
  gsize size = (line_feed != NULL ? line_feed + 1 : end) - position;

  if (size > DEVBOX_HTTP_MULTIPART_MAX_HEADERS - self->n_headers)
    {
      fail_formatted (self, _ ("Its header is longer than %d bytes"), DEVBOX_HTTP_MULTIPART_MAX_HEADERS);
      return NULL;
    }

  self->n_headers += size;
  g_string_append_len (self->line, (const char *) position, size);
  if (line_feed != NULL && !end_header_line (self))
    return NULL;

  return position + size;
}

/* Text and boundaries */

static gboolean
take_margin (DevboxHttpMultipart *self, gsize size)
{
  self->n_margin += size;
  if (self->n_margin <= DEVBOX_HTTP_MULTIPART_MAX_MARGIN)
    return TRUE;

  g_set_error (&self->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               self->state == STATE_EPILOGUE ? _ ("More than %d bytes follow the closing boundary of the form")
                                             : _ ("The first %d bytes of the form hold no boundary"),
               DEVBOX_HTTP_MULTIPART_MAX_MARGIN);

  return FALSE;
}

static gboolean
take_text (DevboxHttpMultipart *self, const guint8 *text, gsize size)
{
  if (!self->in_part)
    return take_margin (self, size);

  return size == 0 || self->handler->data (self->user_data, text, size, &self->error);
}

static gboolean
end_part (DevboxHttpMultipart *self)
{
  gboolean was_in_part = self->in_part;

  self->in_part = FALSE;
  self->n_held = 0;
  self->n_margin = 0;

  return !was_in_part || self->handler->end_part (self->user_data, &self->error);
}

static gboolean
begin_headers (DevboxHttpMultipart *self)
{
  if (!end_part (self))
    return FALSE;

  clear_header (self);
  self->state = STATE_HEADERS;
  if (++self->n_parts > DEVBOX_HTTP_MULTIPART_MAX_PARTS)
    return fail_formatted (self, _ ("A form must not have more than %d parts"), DEVBOX_HTTP_MULTIPART_MAX_PARTS);

  return TRUE;
}

/* As far as it is certain to be text. A carriage return begins a delimiter, and none is within one: the last one alone
 * can begin one that the piece does not end. */
static const guint8 *
read_text (DevboxHttpMultipart *self, const guint8 *position, const guint8 *end)
{
  const guint8 *found = memmem (position, end - position, self->delimiter, self->n_delimiter);
  gsize n_found = self->n_delimiter;

  if (found == NULL)
    {
      gsize n_tail = MIN ((gsize) (end - position), self->n_delimiter - 1);

      found = memrchr (end - n_tail, '\r', n_tail);
      n_found = found != NULL ? end - found : 0;
      if (found == NULL || memcmp (found, self->delimiter, n_found) != 0)
        return take_text (self, position, end - position) ? end : NULL;
    }

  if (!take_text (self, position, found - position))
    return NULL;

  memcpy (self->held, found, n_found);
  self->n_held = n_found;
  self->state = n_found == self->n_delimiter ? STATE_AFTER : STATE_DELIMITER;

  return found + n_found;
}

/* What follows from c, in the states of a delimiter; STATE_TEXT when it was none. */
static State
next_state (const DevboxHttpMultipart *self, guint8 c)
{
  gboolean is_padding = (c == ' ' || c == '\t') && self->n_held < MAX_HELD - 1;

  switch (self->state)
    {
    case STATE_DELIMITER:
      if (c != (guint8) self->delimiter[self->n_held])
        return STATE_TEXT;
      return self->n_held + 1 == self->n_delimiter ? STATE_AFTER : STATE_DELIMITER;
    case STATE_AFTER:
      if (c == '-')
        return STATE_HYPHEN;
      G_GNUC_FALLTHROUGH;
    case STATE_PADDING:
      return is_padding ? STATE_PADDING : c == '\r' ? STATE_LINE_FEED : STATE_TEXT;
    case STATE_LINE_FEED:
      return c == '\n' ? STATE_HEADERS : STATE_TEXT;
    case STATE_HYPHEN:
      return c == '-' ? STATE_CLOSED : STATE_TEXT;
    case STATE_CLOSED:
      return is_padding ? STATE_CLOSED : c == '\r' ? STATE_CLOSED_LINE_FEED : STATE_TEXT;
    case STATE_CLOSED_LINE_FEED:
      return c == '\n' ? STATE_EPILOGUE : STATE_TEXT;
    case STATE_TEXT:
    case STATE_HEADERS:
    case STATE_EPILOGUE:
    default:
      g_return_val_if_reached (STATE_TEXT);
    }
}

static const guint8 *
read_delimiter (DevboxHttpMultipart *self, const guint8 *position)
{
  State next = next_state (self, *position);
  gsize n_held = self->n_held;

  switch (next)
    {
    case STATE_TEXT:
      /* The character may begin the next delimiter. */
      self->state = STATE_TEXT;
      self->n_held = 0;
      return take_text (self, self->held, n_held) ? position : NULL;
    case STATE_HEADERS:
      return begin_headers (self) ? position + 1 : NULL;
    case STATE_EPILOGUE:
      self->state = STATE_EPILOGUE;
      return end_part (self) ? position + 1 : NULL;
    default:
      self->state = next;
      self->held[self->n_held++] = *position;
      return position + 1;
    }
}

static const guint8 *
read_some (DevboxHttpMultipart *self, const guint8 *position, const guint8 *end)
{
  switch (self->state)
    {
    case STATE_TEXT:
      return read_text (self, position, end);
    case STATE_HEADERS:
      return read_header (self, position, end);
    case STATE_EPILOGUE:
      return take_margin (self, end - position) ? end : NULL;
    default:
      return read_delimiter (self, position);
    }
}

static gboolean
succeed_or_fail (DevboxHttpMultipart *self, GError **error)
{
  if (self->error == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->error));

  return FALSE;
}

gboolean
devbox_http_multipart_feed (DevboxHttpMultipart *self, const guint8 *data, gsize size, GError **error)
{
  const guint8 *position = data;

  while (self->error == NULL && position < data + size)
    position = read_some (self, position, data + size);

  return succeed_or_fail (self, error);
}

gboolean
devbox_http_multipart_finish (DevboxHttpMultipart *self, GError **error)
{
  if (self->error != NULL)
    return succeed_or_fail (self, error);

  if (self->state == STATE_CLOSED || self->state == STATE_CLOSED_LINE_FEED)
    {
      self->state = STATE_EPILOGUE;
      end_part (self);
    }
  else if (self->state != STATE_EPILOGUE)
    {
      g_set_error_literal (&self->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                           _ ("The form ends before its closing boundary"));
    }

  return succeed_or_fail (self, error);
}
