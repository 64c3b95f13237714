/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-events-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-command-result-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

static gboolean
parse_output (DevboxCommandEvent *self, JsonObject *object, DevboxLogLevel level, gint64 sequence, GError **error)
{
  const char *output = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GDateTime) time = NULL;

  if (!devbox_wire_json_get_string (object, "output", TRUE, &output, error)
      || !devbox_agent_read_output (object, "output", "outputBase64", TRUE, &bytes, error)
      || !devbox_agent_read_time (object, "timestamp", &time, error))
    return FALSE;

  self->kind = DEVBOX_COMMAND_EVENT_OUTPUT;
  self->entry = devbox_log_entry_new (&(DevboxLogLine){
      .level = level,
      .text = output,
      .bytes = bytes,
      .time = time,
      .sequence = sequence,
  });

  return TRUE;
}

static gboolean
parse_complete (DevboxCommandEvent *self, JsonObject *object, GError **error)
{
  g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);
  gint64 exit_code = DEVBOX_COMMAND_RESULT_NO_EXIT_CODE;
  double duration = 0;
  gboolean truncated = FALSE;

  if (!devbox_wire_json_get_int (object, "exitCode", FALSE, G_MININT, G_MAXINT, &exit_code, error)
      || !devbox_wire_json_get_double (object, "duration", FALSE, 0, DEVBOX_AGENT_MAX_DURATION_MS, &duration, error)
      || !devbox_wire_json_get_boolean (object, "truncated", FALSE, &truncated, error))
    return FALSE;

  self->kind = DEVBOX_COMMAND_EVENT_COMPLETE;
  self->result = devbox_command_result_new (&(DevboxCommandOutcome){
      .exit_code = (int) exit_code,
      .output = nothing,
      .errors = nothing,
      .duration_ms = (guint64) duration,
      .truncated = truncated,
  });

  return TRUE;
}

static gboolean
parse_failure (DevboxCommandEvent *self, JsonObject *object, GError **error)
{
  const char *message = NULL;
  double duration = 0;

  if (!devbox_wire_json_get_string (object, "error", TRUE, &message, error)
      || !devbox_wire_json_get_double (object, "durationMs", FALSE, 0, DEVBOX_AGENT_MAX_DURATION_MS, &duration, error))
    return FALSE;

  self->kind = DEVBOX_COMMAND_EVENT_FAILED;
  self->message = g_strdup (message);
  self->duration_ms = (guint64) duration;

  return TRUE;
}

static gboolean
parse_object (DevboxCommandEvent *self, const char *name, JsonObject *object, gint64 sequence, GError **error)
{
  DevboxLogLevel level;

  if (g_str_equal (name, "complete"))
    return parse_complete (self, object, error);
  if (g_str_equal (name, "error"))
    return parse_failure (self, object, error);
  if (devbox_log_level_from_string (name, &level))
    return parse_output (self, object, level, sequence, error);

  return TRUE;
}

gboolean
devbox_command_event_parse (DevboxCommandEvent *self,
                            const char *name,
                            const char *data,
                            gsize size,
                            gint64 sequence,
                            GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (data, size, &reason);

  if (object != NULL && parse_object (self, name, object, sequence, &reason))
    return TRUE;

  g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR,
               /* Translators: %s says what is wrong with the event */
               _ ("An event of a running command makes no sense: %s"), reason->message);
  return FALSE;
}

void
devbox_command_event_clear (DevboxCommandEvent *self)
{
  g_clear_object (&self->entry);
  g_clear_object (&self->result);
  g_clear_pointer (&self->message, g_free);
}
