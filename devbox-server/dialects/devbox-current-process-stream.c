/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-process-private.h"

#include "devbox-command-exchange-private.h"
#include "devbox-event-stream-private.h"
#include "devbox-wire-base64-private.h"
#include "devbox-wire-json-private.h"
#include "devbox-wire-text-private.h"

#include <glib/gi18n-lib.h>

/* What an event carries at most, and what may be missing of the last character of it. */
#define PIECE (32 * 1024)
#define MAX_CONTINUATION 3

/* The command waits for the client, so that more than a few turns of the main loop never have to be kept. */
static const DevboxCommandRules rules = {
  .timeout_unit = 1000,
  .default_timeout = 5 * 60,
  .max_timeout = DEVBOX_CURRENT_MAX_TIMEOUT,
  .command_is_line = TRUE,
  .output = { .retention = DEVBOX_OUTPUT_KEEP_LAST, .limit = 1024 * 1024 },
};

static const char *const stream_names[] = {
  [DEVBOX_OUTPUT_STDOUT] = "stdout",
  [DEVBOX_OUTPUT_STDERR] = "stderr",
};

#define N_STREAMS G_N_ELEMENTS (stream_names)

typedef struct
{
  DevboxEventStream *events;
  DevboxServerCommand *command; /* NULL: none could be started */
  DevboxOutputReader *reader;
  guint64 offsets[N_STREAMS];
  gboolean truncated;
  GString *json;
} ProcessStream;

static void
process_stream_free (ProcessStream *self)
{
  devbox_event_stream_free (self->events);
  if (self->command != NULL)
    {
      DevboxOutputLog *log = devbox_server_command_get_log (self->command);

      devbox_output_log_remove_reader (log, self->reader);
      devbox_output_log_release (log);
      devbox_server_command_unref (self->command);
    }
  g_string_free (self->json, TRUE);
  g_free (self);
}

/* An event with what is in self->json, whose object is still open, and when it was. */
static gboolean
send_event (ProcessStream *self, const char *name)
{
  gboolean takes_more;

  g_string_append (self->json, self->json->len > 1 ? ",\"timestamp\":" : "\"timestamp\":");
  devbox_wire_json_append_time_in_seconds (self->json, g_get_real_time ());
  g_string_append_c (self->json, '}');

  takes_more = devbox_event_stream_send (self->events, name, self->json->str);
  g_string_assign (self->json, "{");

  return takes_more;
}

/* Less a character that is not there as a whole. */
static gsize
get_whole_length (const guint8 *text, gsize size)
{
  for (gsize i = 1; i <= MIN (MAX_CONTINUATION, size); i++)
    {
      guint length;

      if (text[size - i] < 0x80)
        break;
      if (text[size - i] >= 0xc0)
        return devbox_wire_text_check_character (text + size - i, text + size, &length) == DEVBOX_WIRE_UTF8_CUT
                   ? size - i
                   : size;
    }

  return size;
}

static void
append_base64 (GString *json, const guint8 *data, gsize size)
{
  gsize start;

  g_string_append (json, ",\"outputBase64\":\"");
  start = json->len;
  g_string_set_size (json, start + (size + 2) / 3 * 4);
  devbox_wire_base64_encode (data, size, json->str + start);
  g_string_append_c (json, '"');
}

/* What comes next in a stream, as far as it can be told. FALSE: nothing. */
static gboolean
send_output (ProcessStream *self, DevboxOutputStream stream)
{
  DevboxOutputLog *log = devbox_server_command_get_log (self->command);
  guint8 piece[PIECE];
  guint64 first = devbox_output_log_get_first_offset (log, stream);
  gsize size;

  if (self->offsets[stream] < first)
    {
      self->truncated = TRUE;
      self->offsets[stream] = first;
    }

  size = devbox_output_log_read (log, stream, self->offsets[stream], piece, sizeof piece);
  if (size == sizeof piece || !devbox_output_log_has_ended (log))
    size = get_whole_length (piece, size);
  if (size == 0)
    return FALSE;

  g_string_append (self->json, "\"output\":");
  if (!devbox_wire_json_append_string (self->json, (const char *) piece, size))
    append_base64 (self->json, piece, size);
  self->offsets[stream] += size;
  send_event (self, stream_names[stream]);

  return TRUE;
}

static void
send_failure (ProcessStream *self, const char *message, gint64 duration)
{
  g_string_append (self->json, "\"error\":");
  devbox_wire_json_append_string (self->json, message, -1);
  g_string_append_printf (self->json, ",\"durationMs\":%" G_GINT64_FORMAT, duration);
  send_event (self, "error");
}

static void
send_end (ProcessStream *self)
{
  const GError *error = devbox_server_command_get_error (self->command);
  gint64 duration = devbox_server_command_get_duration (self->command) / 1000;

  if (devbox_server_command_get_timed_out (self->command))
    {
      send_failure (self, _ ("The command ran into its time-out and was ended"), duration);
      return;
    }
  if (error != NULL)
    {
      send_failure (self, error->message, duration);
      return;
    }

  g_string_append_printf (self->json, "\"duration\":%" G_GINT64_FORMAT, duration);
  devbox_current_process_append_exit_code (self->json, self->command);
  if (self->truncated)
    g_string_append (self->json, ",\"truncated\":true");
  send_event (self, "complete");
}

/* What is there, as far as the client takes it; for more than that the command waits. */
static void
send_available (ProcessStream *self)
{
  gboolean more = TRUE;

  while (more && devbox_event_stream_has_room (self->events))
    {
      more = FALSE;
      for (guint i = 0; i < N_STREAMS; i++)
        more |= send_output (self, i);
    }

  if (more)
    {
      devbox_server_command_pause_output (self->command);
    }
  else if (devbox_output_log_has_ended (devbox_server_command_get_log (self->command)))
    {
      send_end (self);
      devbox_event_stream_end (self->events);
      process_stream_free (self);
    }
  else
    {
      devbox_server_command_resume_output (self->command);
    }
}

static void
on_output (DevboxOutputLog *log, gpointer user_data)
{
  ProcessStream *self = user_data;

  if (devbox_event_stream_has_room (self->events))
    send_available (self);
}

static void
on_ready (gpointer user_data)
{
  send_available (user_data);
}

static void
on_gone (gpointer user_data)
{
  ProcessStream *self = user_data;

  devbox_command_exchange_abandon (self->command);
  process_stream_free (self);
}

static const DevboxEventStreamFuncs stream_funcs = { on_ready, on_gone };

/* The end of its log was told to the reader. */
static void
on_done (DevboxServerCommand *command, gpointer user_data)
{
}

static void
follow (ProcessStream *self)
{
  DevboxOutputLog *log = devbox_server_command_get_log (self->command);

  devbox_output_log_hold (log);
  self->reader = devbox_output_log_add_reader (log, on_output, self);
  if (devbox_event_stream_is_closed (self->events))
    on_gone (self);
  else
    send_available (self);
}

static void
stream_object (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  const DevboxCommandSpec *spec;
  g_autoptr (DevboxCommandRequest) request = NULL;
  g_autoptr (DevboxServerCommand) command = NULL;
  g_autoptr (GError) error = NULL;
  ProcessStream *self;

  request = devbox_current_process_read_request (exchange, object, &rules);
  if (request == NULL)
    return;

  spec = devbox_current_process_prepare (request, service, &error);
  if (spec != NULL)
    {
      command = devbox_process_table_start (devbox_agent_service_get_process_table (service), DEVBOX_PROCESS_FOREGROUND,
                                            spec, on_done, NULL, NULL, &error);
      if (command == NULL)
        {
          devbox_current_reply_error (exchange, error);
          return;
        }
    }

  self = g_new0 (ProcessStream, 1);
  self->json = g_string_new ("{");
  self->events = devbox_event_stream_new (exchange, &stream_funcs, self);
  self->command = g_steal_pointer (&command);

  send_event (self, "start");
  if (self->command != NULL)
    {
      follow (self);
      return;
    }

  send_failure (self, error->message, 0);
  devbox_event_stream_end (self->events);
  process_stream_free (self);
}

void
devbox_current_process_stream (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, stream_object, user_data);
}
