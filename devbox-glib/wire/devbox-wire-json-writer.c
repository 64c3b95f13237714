/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-json-private.h"

#include "devbox-wire-text-private.h"

#include <time.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void
append_escape (GString *out, guint8 c)
{
  static const char short_escapes[0x20] = {
    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
  };

  if (c >= 0x20)
    {
      g_string_append_c (out, '\\');
      g_string_append_c (out, c);
    }
  else if (short_escapes[c] != '\0')
    {
      g_string_append_c (out, '\\');
      g_string_append_c (out, short_escapes[c]);
    }
  else
    {
      g_string_append_printf (out, "\\u%04x", c);
    }
}

gboolean
devbox_wire_json_append_string (GString *out, const char *string, gssize length)
{
  const guint8 *start = (const guint8 *) string;
  const guint8 *end = start + (length < 0 ? strlen (string) : (gsize) length);
  const guint8 *position = start;
  gboolean exact = TRUE;

  g_string_append_c (out, '"');

  while (position < end)
    {
      guint n_bytes = 1;

      position = devbox_wire_text_skip_plain (position, end);
      if (position == end)
        break;
      if (*position >= 0x80 && devbox_wire_text_check_character (position, end, &n_bytes) == DEVBOX_WIRE_UTF8_VALID)
        {
          position += n_bytes;
          continue;
        }

      g_string_append_len (out, (const char *) start, position - start);
      if (*position == '\0' || *position >= 0x80)
        {
          g_string_append (out, REPLACEMENT);
          exact = FALSE;
        }
      else
        {
          append_escape (out, *position);
        }
      position += n_bytes;
      start = position;
    }

  g_string_append_len (out, (const char *) start, end - start);
  g_string_append_c (out, '"');

  return exact;
}

void
devbox_wire_json_append_time (GString *out, gint64 real_time_us)
{
  gint64 milliseconds = real_time_us / 1000 - (real_time_us % 1000 < 0 ? 1 : 0);
  gint64 remainder = milliseconds % 1000 < 0 ? milliseconds % 1000 + 1000 : milliseconds % 1000;
  time_t seconds = (milliseconds - remainder) / 1000;
  struct tm utc;

  gmtime_r (&seconds, &utc);
  g_string_append_printf (out, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", utc.tm_year + 1900, utc.tm_mon + 1,
                          utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (int) remainder);
}
