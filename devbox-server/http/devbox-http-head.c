/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-head-private.h"

#include <stdarg.h>
#include <string.h>

enum
{
  IS_TOKEN = 1 << 0,  /* tchar of RFC 9110 */
  IS_TARGET = 1 << 1, /* visible ASCII without '#' */
  IS_HOST = 1 << 2,   /* reg-name of RFC 3986 */
  IS_VALUE = 1 << 3,  /* of a field: tab, space, visible ASCII, obs-text */
};

#define T (IS_TOKEN | IS_TARGET | IS_VALUE)
#define A (IS_TOKEN | IS_TARGET | IS_HOST | IS_VALUE)
#define H (IS_TARGET | IS_HOST | IS_VALUE)
#define G (IS_TARGET | IS_VALUE)
#define V (IS_VALUE)
#define X (IS_TOKEN | IS_VALUE)

/* clang-format off */
static const guint8 char_classes[256] = {
  0, 0, 0, 0, 0, 0, 0, 0, 0, V, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  V, A, G, X, A, A, A, A, H, H, A, A, H, A, A, G, /* space to '/' */
  A, A, A, A, A, A, A, A, A, A, G, H, G, H, G, G, /* '0' to '?' */
  G, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* '@' to 'O' */
  A, A, A, A, A, A, A, A, A, A, A, G, G, G, T, A, /* 'P' to '_' */
  T, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A,
  A, A, A, A, A, A, A, A, A, A, A, G, T, G, A, 0,
  V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
  V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
  V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
  V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
};
/* clang-format on */

#undef T
#undef A
#undef H
#undef G
#undef V
#undef X

static inline gboolean
has_class (guint8 c, guint8 class)
{
  return (char_classes[c] & class) != 0;
}

gboolean
devbox_http_is_token_char (guint8 c)
{
  return has_class (c, IS_TOKEN);
}

static gsize
span (const guint8 *data, gsize size, guint8 class)
{
  gsize i = 0;

  while (i < size && has_class (data[i], class))
    i++;

  return i;
}

static gboolean
equals_ignoring_case (const guint8 *data, gsize size, const char *word)
{
  return size == strlen (word) && g_ascii_strncasecmp ((const char *) data, word, size) == 0;
}

gboolean
devbox_http_list_has_token (const char *list, gsize length, const char *token)
{
  const char *end = list + length;

  while (list < end)
    {
      const char *comma = memchr (list, ',', end - list);
      const char *element_end = comma != NULL ? comma : end;
      const char *next = comma != NULL ? comma + 1 : end;

      while (list < element_end && (*list == ' ' || *list == '\t'))
        list++;
      while (element_end > list && (element_end[-1] == ' ' || element_end[-1] == '\t'))
        element_end--;
      if (equals_ignoring_case ((const guint8 *) list, element_end - list, token))
        return TRUE;
      list = next;
    }

  return FALSE;
}

void
devbox_http_head_init (DevboxHttpHead *self)
{
  memset (self, 0, G_STRUCT_OFFSET (DevboxHttpHead, message) + 1);
  self->line = 1;
}

static gboolean fail (DevboxHttpHead *self, guint status, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fail (DevboxHttpHead *self, guint status, const char *format, ...)
{
  va_list args;

  self->is_failed = TRUE;
  self->status = status;
  va_start (args, format);
  g_vsnprintf (self->message, sizeof self->message, format, args);
  va_end (args);

  return FALSE;
}

/* offset: of the bad byte from the start of its line */
static gboolean
fail_at (DevboxHttpHead *self, const guint8 *line, gsize offset, const char *what)
{
  return fail (self, 400, "line %u, byte %" G_GSIZE_FORMAT ": %s (0x%02x)", self->line, offset + 1, what,
               (guint) line[offset]);
}

/* The length of a host name or of an address, in brackets if it is one of IPv6; 0 if there is none */
static gsize
span_host (const guint8 *authority, gsize length)
{
  gsize i = 1;

  if (length == 0 || authority[0] != '[')
    return span (authority, length, IS_HOST);
  while (i < length && (g_ascii_isxdigit (authority[i]) || authority[i] == ':' || authority[i] == '.'))
    i++;

  return i > 1 && i < length && authority[i] == ']' ? i + 1 : 0;
}

/* The authority of a target in absolute form, or the value of Host: no user, and a port of digits */
static gboolean
check_authority (DevboxHttpHead *self, const guint8 *authority, gsize length, const char *where)
{
  gsize i = span_host (authority, length);

  if (length == 0)
    return fail (self, 400, "line %u: %s names no host", self->line, where);
  if (i > 0 && i < length && authority[i] == ':')
    {
      i++;
      while (i < length && g_ascii_isdigit (authority[i]))
        i++;
    }
  if (i != length)
    return fail (self, 400, "line %u: %s is not a host with an optional port", self->line, where);

  return TRUE;
}

static void
set_path_and_query (DevboxHttpHead *self, const guint8 *data, gsize start, gsize end)
{
  const guint8 *mark = memchr (data + start, '?', end - start);

  self->path = start;
  self->path_length = end - start;
  if (mark != NULL)
    {
      self->path_length = mark - (data + start);
      self->has_query = TRUE;
      self->query = mark + 1 - data;
      self->query_length = data + end - (mark + 1);
    }
}

static gboolean
parse_absolute_target (DevboxHttpHead *self, const guint8 *data, gsize start, gsize end)
{
  static const char scheme[] = "http://";
  gsize authority = start + strlen (scheme);
  gsize slash = authority;

  if (end - start < strlen (scheme) || g_ascii_strncasecmp ((const char *) data + start, scheme, strlen (scheme)) != 0)
    return fail (self, 400, "line %u: the request target is neither a path nor an http URI", self->line);

  while (slash < end && data[slash] != '/' && data[slash] != '?')
    slash++;
  if (!check_authority (self, data + authority, slash - authority, "the request target"))
    return FALSE;
  self->authority = authority;
  self->authority_length = slash - authority;
  set_path_and_query (self, data, slash, end);

  return TRUE;
}

static gboolean
parse_target (DevboxHttpHead *self, const guint8 *data, gsize start, gsize end)
{
  if (data[start] == '/')
    {
      set_path_and_query (self, data, start, end);
      return TRUE;
    }
  if (end - start == 1 && data[start] == '*')
    {
      if (!self->is_options)
        return fail (self, 400, "line %u: the request target * is for OPTIONS alone", self->line);
      self->path = start;
      self->path_length = 1;
      return TRUE;
    }

  return parse_absolute_target (self, data, start, end);
}

static gboolean
parse_version (DevboxHttpHead *self, const guint8 *version, gsize length)
{
  if (length != strlen ("HTTP/1.1") || memcmp (version, "HTTP/", 5) != 0 || !g_ascii_isdigit (version[5])
      || version[6] != '.' || !g_ascii_isdigit (version[7]))
    return fail (self, 400, "line %u: the request line does not end in a version of HTTP", self->line);
  if (version[5] != '1' || version[7] > '1')
    return fail (self, 505, "line %u: HTTP/%c.%c is not supported", self->line, version[5], version[7]);
  self->minor_version = version[7] - '0';

  return TRUE;
}

/* end: of the line, without its CRLF */
static gboolean
parse_request_line (DevboxHttpHead *self, const guint8 *data, gsize end)
{
  gsize start = self->line_start;
  const guint8 *line = data + start;
  gsize target;
  gsize target_end;

  self->method = start;
  self->method_length = span (line, end - start, IS_TOKEN);
  target = start + self->method_length + 1;
  if (target > end)
    return fail (self, 400, "line %u: the request line is only a method", self->line);
  if (self->method_length == 0 || data[target - 1] != ' ')
    return fail_at (self, line, self->method_length, "not allowed in a method");
  self->is_options = self->method_length == 7 && memcmp (line, "OPTIONS", 7) == 0;

  target_end = target + span (data + target, end - target, IS_TARGET);
  if (target_end == end)
    return fail (self, 400, "line %u: the request line names no version of HTTP", self->line);
  if (target_end == target || data[target_end] != ' ')
    return fail_at (self, line, target_end - start, "not allowed in a request target");

  /* The version first: another one may have another idea of a target. */
  return parse_version (self, data + target_end + 1, end - target_end - 1)
         && parse_target (self, data, target, target_end);
}

static gboolean
parse_content_length (DevboxHttpHead *self, const guint8 *value, gsize length)
{
  gint64 result = 0;

  if (self->has_content_length)
    return fail (self, 400, "line %u: a second Content-Length", self->line);
  if (length == 0)
    return fail (self, 400, "line %u: Content-Length is empty", self->line);

  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isdigit (value[i]))
        return fail (self, 400, "line %u: Content-Length is not a number", self->line);
      if (result > (G_MAXINT64 - 9) / 10)
        return fail (self, 400, "line %u: Content-Length is too large", self->line);
      result = result * 10 + (value[i] - '0');
    }
  self->has_content_length = TRUE;
  self->content_length = result;

  return TRUE;
}

static gboolean
parse_transfer_encoding (DevboxHttpHead *self, const guint8 *value, gsize length)
{
  if (self->minor_version == 0)
    return fail (self, 400, "line %u: Transfer-Encoding in HTTP/1.0", self->line);
  if (self->is_chunked)
    return fail (self, 400, "line %u: a second Transfer-Encoding", self->line);
  if (length == 0)
    return fail (self, 400, "line %u: Transfer-Encoding is empty", self->line);
  if (!equals_ignoring_case (value, length, "chunked"))
    return fail (self, 501, "line %u: a Transfer-Encoding other than chunked", self->line);
  self->is_chunked = TRUE;

  return TRUE;
}

static gboolean
parse_host (DevboxHttpHead *self, const guint8 *value, gsize length)
{
  if (self->has_host)
    return fail (self, 400, "line %u: a second Host", self->line);
  self->has_host = TRUE;

  return check_authority (self, value, length, "Host");
}

static gboolean
parse_known_field (DevboxHttpHead *self, const guint8 *name, gsize name_length, const guint8 *value, gsize length)
{
  switch (name_length)
    {
    case 4:
      if (equals_ignoring_case (name, name_length, "Host"))
        return parse_host (self, value, length);
      break;
    case 6:
      if (equals_ignoring_case (name, name_length, "Expect"))
        {
          if (!equals_ignoring_case (value, length, "100-continue"))
            return fail (self, 417, "line %u: an Expect other than 100-continue", self->line);
          self->expects_continue = TRUE;
        }
      break;
    case 10:
      if (equals_ignoring_case (name, name_length, "Connection"))
        {
          self->says_close |= devbox_http_list_has_token ((const char *) value, length, "close");
          self->says_keep_alive |= devbox_http_list_has_token ((const char *) value, length, "keep-alive");
          self->says_upgrade |= devbox_http_list_has_token ((const char *) value, length, "upgrade");
        }
      break;
    case 14:
      if (equals_ignoring_case (name, name_length, "Content-Length"))
        return parse_content_length (self, value, length);
      break;
    case 17:
      if (equals_ignoring_case (name, name_length, "Transfer-Encoding"))
        return parse_transfer_encoding (self, value, length);
      break;
    default:
      break;
    }

  return TRUE;
}

static gboolean
parse_field_line (DevboxHttpHead *self, const guint8 *data, gsize end)
{
  const guint8 *line = data + self->line_start;
  gsize length = end - self->line_start;
  gsize name_length = span (line, length, IS_TOKEN);
  gsize value = name_length + 1;
  gsize value_end = length;
  gsize bad;
  DevboxHttpField *field;

  if (line[0] == ' ' || line[0] == '\t')
    return fail (self, 400, "line %u: a folded header field", self->line);
  if (name_length == length)
    return fail (self, 400, "line %u: a header field without a colon", self->line);
  if (name_length == 0 || line[name_length] != ':')
    return fail_at (self, line, name_length, "not allowed in the name of a header field");
  bad = value + span (line + value, length - value, IS_VALUE);
  if (bad < length)
    return fail_at (self, line, bad, "not allowed in the value of a header field");
  if (self->n_fields == DEVBOX_HTTP_HEAD_MAX_FIELDS)
    return fail (self, 431, "line %u: more than %d header fields", self->line, DEVBOX_HTTP_HEAD_MAX_FIELDS);

  while (value < value_end && (line[value] == ' ' || line[value] == '\t'))
    value++;
  while (value_end > value && (line[value_end - 1] == ' ' || line[value_end - 1] == '\t'))
    value_end--;

  field = &self->fields[self->n_fields++];
  field->name = self->line_start;
  field->name_length = name_length;
  field->value = self->line_start + value;
  field->value_length = value_end - value;

  return parse_known_field (self, line, name_length, line + value, value_end - value);
}

/* What holds between the fields, once all are there */
static gboolean
check_whole (DevboxHttpHead *self, const guint8 *data)
{
  if (!self->has_host && self->minor_version > 0)
    return fail (self, 400, "line %u: the head ends without a Host", self->line);
  if (self->is_chunked && self->has_content_length)
    return fail (self, 400, "line %u: the head has both Content-Length and Transfer-Encoding", self->line);
  if (self->is_chunked)
    self->content_length = -1;

  for (guint i = 0; self->authority_length > 0 && i < self->n_fields; i++)
    {
      const DevboxHttpField *field = &self->fields[i];

      if (equals_ignoring_case (data + field->name, field->name_length, "Host")
          && (field->value_length != self->authority_length
              || g_ascii_strncasecmp ((const char *) data + field->value, (const char *) data + self->authority,
                                      self->authority_length)
                     != 0))
        return fail (self, 400, "line %u: Host is not the host of the request target", i + 2);
    }

  return TRUE;
}

/* end: of the line without its CRLF; sets size at the empty line that ends the head */
static gboolean
parse_line (DevboxHttpHead *self, const guint8 *data, gsize end)
{
  gboolean is_empty = end == self->line_start;

  if (self->line > 1)
    {
      if (!is_empty)
        return parse_field_line (self, data, end);
      self->size = end + 2;
      return check_whole (self, data);
    }
  if (!is_empty)
    return parse_request_line (self, data, end);
  if (self->skipped_empty_line)
    return fail (self, 400, "line %u: more than one empty line before the request", self->line);
  /* RFC 9112, 2.2: one empty line before the request is forgiven. */
  self->skipped_empty_line = TRUE;
  self->line = 0;

  return TRUE;
}

/* What can be said before the line has its end, at the same byte however the bytes arrive */
static gboolean
check_unfinished_line (DevboxHttpHead *self, const guint8 *data, gsize size, gsize max_size)
{
  if (self->line == 1 && size - self->line_start > DEVBOX_HTTP_HEAD_MAX_REQUEST_LINE)
    return fail (self, 414, "line %u: longer than %d bytes", self->line, DEVBOX_HTTP_HEAD_MAX_REQUEST_LINE);
  if (size >= max_size && self->line == 1)
    return fail (self, 414, "line %u: longer than %" G_GSIZE_FORMAT " bytes", self->line, max_size);
  if (size >= max_size)
    return fail (self, 431, "line %u: the head is larger than %" G_GSIZE_FORMAT " bytes", self->line, max_size);

  return TRUE;
}

DevboxHttpHeadResult
devbox_http_head_parse (DevboxHttpHead *self, const guint8 *data, gsize size, gsize max_size)
{
  while (!self->is_failed)
    {
      const guint8 *feed;
      gsize end;

      /* Whoever speaks another protocol (TLS first of all) is told so at the first byte, not at the end of a line that
       * never comes. */
      if (self->line == 1 && self->line_start < size && !has_class (data[self->line_start], IS_TOKEN)
          && data[self->line_start] != '\r' && data[self->line_start] != '\n')
        {
          fail_at (self, data + self->line_start, 0, "not allowed in a method");
          break;
        }

      feed = memchr (data + self->scanned, '\n', size - self->scanned);
      end = feed != NULL ? (gsize) (feed - data) : size;
      if (!check_unfinished_line (self, data, MIN (end, max_size), max_size))
        break;
      if (feed == NULL)
        {
          self->scanned = size;
          return DEVBOX_HTTP_HEAD_INCOMPLETE;
        }
      if (end == self->line_start || data[end - 1] != '\r')
        {
          fail (self, 400, "line %u, byte %" G_GSIZE_FORMAT ": a line feed without a carriage return", self->line,
                end - self->line_start + 1);
          break;
        }
      if (!parse_line (self, data, end - 1))
        break;
      if (self->size > 0)
        return DEVBOX_HTTP_HEAD_COMPLETE;
      self->line++;
      self->line_start = self->scanned = end + 1;
    }

  return DEVBOX_HTTP_HEAD_MALFORMED;
}
