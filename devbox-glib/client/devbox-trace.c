/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-trace-private.h"

#include "devbox-request-checks-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define RANDOM_LENGTH 8 /* digits of a random number */
#define VERSION_LENGTH 2
#define FLAGS_LENGTH 2
#define KNOWN_FLAGS 0x03 /* sampled, and random; others are not passed on */
#define TRACE_ID_START (VERSION_LENGTH + 1)
#define SPAN_ID_START (TRACE_ID_START + DEVBOX_TRACE_ID_LENGTH + 1)
#define FLAGS_START (SPAN_ID_START + DEVBOX_TRACE_SPAN_ID_LENGTH + 1)

G_STATIC_ASSERT (FLAGS_START + FLAGS_LENGTH == DEVBOX_TRACE_PARENT_LENGTH);

static gboolean
is_lower_hex (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isdigit (text[i]) && (text[i] < 'a' || text[i] > 'f'))
        return FALSE;
    }

  return TRUE;
}

static gboolean
is_zero (const char *digits, gsize length)
{
  return strspn (digits, "0") >= length;
}

static gboolean
is_identifier (const char *text, gsize length)
{
  return is_lower_hex (text, length) && !is_zero (text, length);
}

/* Versions after 00 begin as that one does, and may go on after another dash. */
static gboolean
is_parent (const char *parent)
{
  if (strnlen (parent, DEVBOX_TRACE_PARENT_LENGTH) < DEVBOX_TRACE_PARENT_LENGTH)
    return FALSE;
  if (!is_lower_hex (parent, VERSION_LENGTH) || strncmp (parent, "ff", VERSION_LENGTH) == 0)
    return FALSE;
  if (parent[DEVBOX_TRACE_PARENT_LENGTH] != '\0'
      && (parent[DEVBOX_TRACE_PARENT_LENGTH] != '-' || is_zero (parent, VERSION_LENGTH)))
    return FALSE;

  return parent[TRACE_ID_START - 1] == '-' && is_identifier (parent + TRACE_ID_START, DEVBOX_TRACE_ID_LENGTH)
         && parent[SPAN_ID_START - 1] == '-' && is_identifier (parent + SPAN_ID_START, DEVBOX_TRACE_SPAN_ID_LENGTH)
         && parent[FLAGS_START - 1] == '-' && is_lower_hex (parent + FLAGS_START, FLAGS_LENGTH);
}

gboolean
devbox_trace_parse (DevboxTrace *self, const char *parent, GError **error)
{
  if (!is_parent (parent))
    {
      g_autofree char *shown = g_utf8_make_valid (parent, -1);

      return devbox_request_refuse (error, shown,
                                    /* Translators: traceparent is the name of a header */
                                    _ ("“%s” is not a traceparent of the W3C Trace Context"), shown);
    }

  *self = (DevboxTrace){ .flags = (guint8) g_ascii_xdigit_value (parent[FLAGS_START + 1]) & KNOWN_FLAGS };
  memcpy (self->trace_id, parent + TRACE_ID_START, DEVBOX_TRACE_ID_LENGTH);
  memcpy (self->span_id, parent + SPAN_ID_START, DEVBOX_TRACE_SPAN_ID_LENGTH);

  return TRUE;
}

static void
write_hex (char *digits, guint32 number)
{
  for (guint i = 0; i < RANDOM_LENGTH; i++)
    digits[i] = "0123456789abcdef"[number >> (4 * i) & 0xf];
}

/* Not by printf (), which every call of the client would wait for several times. */
void
devbox_trace_fill_with_random (char *identifier, gsize length)
{
  do
    for (gsize i = 0; i < length; i += RANDOM_LENGTH)
      write_hex (identifier + i, g_random_int ());
  while (is_zero (identifier, length));
  identifier[length] = '\0';
}

void
devbox_trace_init_random (DevboxTrace *self)
{
  devbox_trace_fill_with_random (self->trace_id, DEVBOX_TRACE_ID_LENGTH);
  devbox_trace_fill_with_random (self->span_id, DEVBOX_TRACE_SPAN_ID_LENGTH);
  self->flags = 0;
}

void
devbox_trace_begin_span (DevboxTrace *self)
{
  devbox_trace_fill_with_random (self->span_id, DEVBOX_TRACE_SPAN_ID_LENGTH);
}

void
devbox_trace_format (const DevboxTrace *self, char parent[DEVBOX_TRACE_PARENT_LENGTH + 1])
{
  g_snprintf (parent, DEVBOX_TRACE_PARENT_LENGTH + 1, "00-%s-%s-%02x", self->trace_id, self->span_id, self->flags);
}
