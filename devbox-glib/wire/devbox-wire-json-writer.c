/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-json-private.h"

#include "devbox-wire-base64-private.h"

#include "devbox-wire-text-private.h"

#include <time.h>

/* A byte makes at most six, as \u0001 does; room is made for that many at once. */
#define CHUNK 4096
#define MAX_EXPANSION 6
#define MAX_CHARACTER 4

static char *
write_escape (char *out, guint8 c)
{
  static const char short_escapes[0x20] = {
    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
  };
  static const char digits[] = "0123456789abcdef";

  *out++ = '\\';
  if (c >= 0x20 || short_escapes[c] != '\0')
    {
      *out++ = c >= 0x20 ? c : short_escapes[c];
      return out;
    }

  *out++ = 'u';
  *out++ = '0';
  *out++ = '0';
  *out++ = digits[c >> 4];
  *out++ = digits[c & 0x0f];

  return out;
}

static char *
write_replacement (char *out, gboolean *exact)
{
  *exact = FALSE;
  memcpy (out, "\xef\xbf\xbd", 3); /* U+FFFD */

  return out + 3;
}

/* From `text` to `stop`, or as far beyond as the last character goes. */
static char *
write_text (char *out, const guint8 **text, const guint8 *stop, const guint8 *end, gboolean *exact)
{
  const guint8 *position = *text;

  while (position < stop)
    {
      const guint8 *special = devbox_wire_text_skip_plain (position, stop);
      guint n_bytes = 1;

      memcpy (out, position, special - position);
      out += special - position;
      position = special;
      if (position == stop)
        break;

      if (*position == '\0')
        {
          out = write_replacement (out, exact);
        }
      else if (*position < 0x80)
        {
          out = write_escape (out, *position);
        }
      else if (devbox_wire_text_check_character (position, end, &n_bytes) != DEVBOX_WIRE_UTF8_VALID)
        {
          out = write_replacement (out, exact);
        }
      else
        {
          memcpy (out, position, n_bytes);
          out += n_bytes;
        }
      position += n_bytes;
    }

  *text = position;

  return out;
}

gboolean
devbox_wire_json_append_string (GString *out, const char *string, gssize length)
{
  const guint8 *position = (const guint8 *) (length == 0 ? "" : string);
  const guint8 *end = position + (length < 0 ? strlen (string) : (gsize) length);
  gboolean exact = TRUE;

  g_string_append_c (out, '"');
  while (position < end)
    {
      gsize chunk = MIN (CHUNK, end - position);
      gsize written = out->len;
      char *next;

      g_string_set_size (out, written + (chunk + MAX_CHARACTER) * MAX_EXPANSION);
      next = write_text (out->str + written, &position, position + chunk, end, &exact);
      g_string_truncate (out, next - out->str);
    }
  g_string_append_c (out, '"');

  return exact;
}

void
devbox_wire_json_append_member (GString *out, const char *name, const char *value)
{
  g_string_append (out, ",\"");
  g_string_append (out, name);
  g_string_append (out, "\":");
  devbox_wire_json_append_string (out, value, -1);
}

void
devbox_wire_json_append_bytes (GString *out, const char *name, const char *bytes_name, const char *bytes, gsize length)
{
  gsize position;

  g_string_append_printf (out, ",\"%s\":", name);
  if (devbox_wire_json_append_string (out, bytes, length))
    return;

  g_string_append_printf (out, ",\"%s\":\"", bytes_name);
  position = out->len;
  g_string_set_size (out, position + (length + 2) / 3 * 4);
  devbox_wire_base64_encode ((const guint8 *) bytes, length, out->str + position);
  g_string_append_c (out, '"');
}

void
devbox_wire_json_append_path (GString *out, const char *name, const char *bytes_name, const char *path)
{
  devbox_wire_json_append_bytes (out, name, bytes_name, path, strlen (path));
}

/* Returns the milliseconds beside the seconds, which are rounded down. */
static int
split_time (gint64 real_time_us, struct tm *utc)
{
  gint64 milliseconds = real_time_us / 1000 - (real_time_us % 1000 < 0 ? 1 : 0);
  gint64 remainder = milliseconds % 1000 < 0 ? milliseconds % 1000 + 1000 : milliseconds % 1000;
  time_t seconds = (milliseconds - remainder) / 1000;

  gmtime_r (&seconds, utc);

  return remainder;
}

static void
append_seconds (GString *out, const struct tm *utc)
{
  g_string_append_printf (out, "\"%04d-%02d-%02dT%02d:%02d:%02d", utc->tm_year + 1900, utc->tm_mon + 1, utc->tm_mday,
                          utc->tm_hour, utc->tm_min, utc->tm_sec);
}

void
devbox_wire_json_append_time (GString *out, gint64 real_time_us)
{
  struct tm utc;
  int milliseconds = split_time (real_time_us, &utc);

  append_seconds (out, &utc);
  g_string_append_printf (out, ".%03dZ\"", milliseconds);
}

void
devbox_wire_json_append_time_in_seconds (GString *out, gint64 real_time_us)
{
  struct tm utc;

  split_time (real_time_us, &utc);
  append_seconds (out, &utc);
  g_string_append (out, "Z\"");
}

void
devbox_wire_json_append_error (GString *out, DevboxWireCode code, const char *message)
{
  g_string_append (out, "\"success\":false,\"error\":");
  devbox_wire_json_append_string (out, message, -1);
  g_string_append_printf (out, ",\"code\":\"%s\",\"timestamp\":", devbox_wire_code_to_string (code));
  devbox_wire_json_append_time (out, g_get_real_time ());
}
