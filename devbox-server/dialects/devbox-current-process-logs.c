/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-process-private.h"

#include "devbox-clear-source-private.h"
#include "devbox-event-stream-private.h"
#include "devbox-http-query-private.h"
#include "devbox-main-turn-private.h"
#include "devbox-piece-reply-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-wire-text-private.h"

#include <string.h>

#define PIECE (16 * 1024)
#define EVENTS_PIECE (8 * 1024) /* that is sent at once */
#define REPLACEMENT "\xef\xbf\xbd"

static const char *const prefixes[DEVBOX_OUTPUT_N_STREAMS] = {
  [DEVBOX_OUTPUT_STDOUT] = "[stdout] ",
  [DEVBOX_OUTPUT_STDERR] = "[stderr] ",
  [DEVBOX_OUTPUT_SYSTEM] = "[system] ",
};

/* The lines of a log one after the other. */
typedef struct
{
  DevboxOutputLog *log;
  guint64 next;
  guint64 n_missing; /* that were gone before they could be read */
  GString *entry;    /* the last one that was read, which may be any bytes */
} LogCursor;

static void
log_cursor_init (LogCursor *self, DevboxOutputLog *log, gint64 tail)
{
  guint64 first = devbox_output_log_get_first_line (log);
  guint64 end = devbox_output_log_get_next_line (log);

  self->log = devbox_output_log_ref (log);
  devbox_output_log_hold (log);
  self->next = tail >= 0 && (guint64) tail < end - first ? end - tail : first;
  self->entry = g_string_new (NULL);
}

static void
log_cursor_clear (LogCursor *self)
{
  devbox_output_log_release (self->log);
  devbox_output_log_unref (self->log);
  g_string_free (self->entry, TRUE);
}

static void
log_cursor_skip (LogCursor *self, guint64 next)
{
  if (next > self->next)
    {
      self->n_missing += next - self->next;
      self->next = next;
    }
}

/* FALSE: there is none before end. */
static gboolean
log_cursor_read (LogCursor *self, guint64 end)
{
  DevboxOutputLine line;

  for (;;)
    {
      log_cursor_skip (self, devbox_output_log_get_first_line (self->log));
      if (self->next >= end)
        return FALSE;
      if (devbox_output_log_read_line (self->log, self->next, &line, self->entry))
        break;
      log_cursor_skip (self, self->next + 1);
    }

  self->next++;
  g_string_prepend (self->entry, prefixes[line.stream]);

  return TRUE;
}

/* All at once */
typedef struct
{
  LogCursor cursor;
  guint64 end;
  gboolean has_entries;
} LogReply;

static void
log_reply_free (gpointer data)
{
  LogReply *self = data;

  log_cursor_clear (&self->cursor);
  g_free (self);
}

static gboolean
append_entries (GString *json, gpointer user_data)
{
  LogReply *self = user_data;
  gsize limit = json->len + PIECE;

  while (json->len < limit)
    {
      if (!log_cursor_read (&self->cursor, self->end))
        {
          g_string_append (json, "]}");
          return FALSE;
        }

      if (self->has_entries)
        g_string_append_c (json, ',');
      devbox_wire_json_append_string (json, self->cursor.entry->str, self->cursor.entry->len);
      self->has_entries = TRUE;
    }

  return TRUE;
}

void
devbox_current_reply_log (DevboxHttpExchange *exchange, GString *json, DevboxOutputLog *log, gint64 tail)
{
  LogReply *self = g_new0 (LogReply, 1);

  log_cursor_init (&self->cursor, log, tail);
  self->end = devbox_output_log_get_next_line (log);

  g_string_append (json, ",\"logs\":[");
  devbox_piece_reply_send (exchange, 200, json, append_entries, self, log_reply_free);
}

static void
reply (DevboxHttpExchange *exchange, const char *id, DevboxServerCommand *command, gint64 tail)
{
  GString *json = devbox_current_begin ();

  devbox_current_process_append_status (json, id, command);
  devbox_current_reply_log (exchange, json, devbox_server_command_get_log (command), tail);
}

/* As they come, until the process has ended */
typedef struct
{
  LogCursor cursor;
  DevboxEventStream *events;
  DevboxOutputReader *reader;
  GSource *more; /* while there is more to send in the next turn of the main loop */
  GString *text;
} LogStream;

static void
log_stream_free (LogStream *self)
{
  devbox_clear_source (&self->more);
  devbox_output_log_remove_reader (self->cursor.log, self->reader);
  devbox_event_stream_free (self->events);
  log_cursor_clear (&self->cursor);
  g_string_free (self->text, TRUE);
  g_free (self);
}

/* The entry as text, replaced where it is none as in JSON. */
static void
set_text (GString *text, const GString *entry)
{
  const guint8 *c = (const guint8 *) entry->str;
  const guint8 *end = c + entry->len;

  g_string_truncate (text, 0);
  if (g_utf8_validate_len (entry->str, entry->len, NULL))
    {
      g_string_append_len (text, entry->str, entry->len);
      return;
    }

  while (c < end)
    {
      guint length = 1;

      if (*c >= 0x80 ? devbox_wire_text_check_character (c, end, &length) == DEVBOX_WIRE_UTF8_VALID : *c != '\0')
        g_string_append_len (text, (const char *) c, length);
      else
        g_string_append (text, REPLACEMENT);
      c += length;
    }
}

static void
add_gap (LogStream *self)
{
  g_autofree char *text = g_strdup_printf (" %" G_GUINT64_FORMAT " lines are missing", self->cursor.n_missing);

  devbox_event_stream_add_comment (self->events, text);
  self->cursor.n_missing = 0;
}

/* A piece of what there is. TRUE: that was all. */
static gboolean
add_entries (LogStream *self)
{
  gboolean is_all = FALSE;

  while (!is_all && devbox_event_stream_get_added (self->events) < EVENTS_PIECE)
    {
      is_all = !log_cursor_read (&self->cursor, devbox_output_log_get_next_line (self->cursor.log));
      if (self->cursor.n_missing > 0)
        add_gap (self);
      if (!is_all)
        {
          set_text (self->text, self->cursor.entry);
          devbox_event_stream_add (self->events, NULL, self->text->str);
        }
    }

  return is_all;
}

static gboolean on_more (gpointer user_data);

static void
continue_in_next_turn (LogStream *self)
{
  self->more = g_idle_source_new ();
  g_source_set_priority (self->more, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->more, "[devbox-server] log stream");
  g_source_set_callback (self->more, on_more, self, NULL);
  g_source_attach (self->more, g_main_context_get_thread_default ());
}

static void
send_entries (LogStream *self)
{
  gboolean takes_more;
  gboolean is_all;

  if (self->more != NULL || !devbox_event_stream_has_room (self->events))
    return;

  do
    {
      is_all = add_entries (self);
      takes_more = devbox_event_stream_flush (self->events);
    }
  while (takes_more && !is_all && !devbox_main_turn_is_over ());

  if (is_all && devbox_output_log_has_ended (self->cursor.log))
    {
      devbox_event_stream_end (self->events);
      log_stream_free (self);
    }
  else if (takes_more && !is_all)
    {
      continue_in_next_turn (self);
    }
}

static gboolean
on_more (gpointer user_data)
{
  LogStream *self = user_data;

  devbox_clear_source (&self->more);
  send_entries (self);

  return G_SOURCE_REMOVE;
}

static void
on_output (DevboxOutputLog *log, gpointer user_data)
{
  send_entries (user_data);
}

static void
on_ready (gpointer user_data)
{
  send_entries (user_data);
}

static void
on_gone (gpointer user_data)
{
  log_stream_free (user_data);
}

static const DevboxEventStreamFuncs stream_funcs = { on_ready, on_gone };

static void
follow (DevboxHttpExchange *exchange, DevboxServerCommand *command, gint64 tail)
{
  LogStream *self = g_new0 (LogStream, 1);

  log_cursor_init (&self->cursor, devbox_server_command_get_log (command), tail);
  self->text = g_string_new (NULL);
  self->reader = devbox_output_log_add_reader (self->cursor.log, on_output, self);
  self->events = devbox_event_stream_new (exchange, &stream_funcs, self);

  if (devbox_event_stream_is_closed (self->events))
    log_stream_free (self);
  else
    send_entries (self);
}

/* Whether the Accept field names text/event-stream. */
static gboolean
accepts_events (DevboxHttpExchange *exchange)
{
  const char *accept = devbox_http_exchange_get_header (exchange, "Accept");
  g_auto (GStrv) types = g_strsplit (accept != NULL ? accept : "", ",", 0);

  for (guint i = 0; types[i] != NULL; i++)
    {
      types[i][strcspn (types[i], ";")] = '\0';
      if (g_ascii_strcasecmp (g_strstrip (types[i]), "text/event-stream") == 0)
        return TRUE;
    }

  return FALSE;
}

void
devbox_current_process_logs (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  g_autoptr (DevboxHttpQuery) query = NULL;
  g_autoptr (GError) error = NULL;
  DevboxServerCommand *command;
  gboolean stream = FALSE;
  gint64 tail = -1;

  command = devbox_current_process_find (exchange, user_data, argument);
  if (command == NULL)
    return;

  query = devbox_http_query_new (exchange, &error);
  if (query == NULL || !devbox_http_query_get_boolean (query, "stream", &stream, &error)
      || !devbox_http_query_get_int (query, "tail", 0, G_MAXINT32, &tail, &error))
    devbox_current_reject (exchange, error);
  else if (stream || accepts_events (exchange))
    follow (exchange, command, tail);
  else
    reply (exchange, argument, command, tail);
}
