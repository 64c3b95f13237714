/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-log-messages-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-error-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const char *const subject_names[] = {
  [DEVBOX_LOG_SUBJECT_PROCESS] = "process",
  [DEVBOX_LOG_SUBJECT_SESSION] = "session",
};

char *
devbox_log_message_new (DevboxLogSubject subject, const char *id, guint n_lines, gboolean only_system)
{
  GString *message = g_string_new ("{\"action\":\"subscribe\"");

  devbox_wire_json_append_member (message, "type", subject_names[subject]);
  devbox_wire_json_append_member (message, "targetId", id);
  g_string_append_printf (message, ",\"options\":{\"levels\":[%s],\"tail\":%u}}",
                          only_system ? "\"system\"" : "\"stdout\",\"stderr\",\"system\"", n_lines);

  return g_string_free (message, FALSE);
}

static gboolean
parse_entry (DevboxLogReply *self, JsonObject *message, GError **error)
{
  JsonObject *log = NULL;
  const char *level = NULL;
  const char *content = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GDateTime) time = NULL;
  DevboxLogLine line = { .sequence = DEVBOX_LOG_NO_SEQUENCE };

  if (!devbox_wire_json_get_object (message, "log", TRUE, &log, error)
      || !devbox_wire_json_get_string (log, "level", TRUE, &level, error)
      || !devbox_wire_json_get_string (log, "content", TRUE, &content, error)
      || !devbox_agent_read_output (log, "content", "contentBase64", TRUE, &bytes, error)
      || !devbox_wire_json_get_int (log, "sequence", FALSE, 0, G_MAXINT64, &line.sequence, error)
      || !devbox_agent_read_time (log, json_object_has_member (log, "time") ? "time" : "timestamp", &time, error))
    return FALSE;
  if (!devbox_log_level_from_string (level, &line.level))
    return TRUE; /* for a client newer than this one */

  line.text = content;
  line.bytes = bytes;
  line.time = time;
  self->kind = DEVBOX_LOG_REPLY_ENTRY;
  self->entry = devbox_log_entry_new (&line);

  return TRUE;
}

static gboolean
parse_gap (DevboxLogReply *self, JsonObject *message, GError **error)
{
  gint64 n_missed = 0;

  if (!devbox_wire_json_get_int (message, "missed", TRUE, 0, G_MAXINT64, &n_missed, error))
    return FALSE;

  self->kind = DEVBOX_LOG_REPLY_GAP;
  self->n_missed = (guint64) n_missed;
  return TRUE;
}

static gboolean
parse_answer (DevboxLogReply *self, JsonObject *message, GError **error)
{
  const char *action = NULL;
  const char *reason = NULL;

  if (!devbox_wire_json_get_string (message, "action", TRUE, &action, error)
      || !devbox_wire_json_get_string (message, "reason", FALSE, &reason, error))
    return FALSE;

  if (strcmp (action, "subscribed") == 0)
    self->kind = DEVBOX_LOG_REPLY_STARTED;
  else if (strcmp (action, "unsubscribed") == 0 && g_strcmp0 (reason, "ended") == 0)
    self->kind = DEVBOX_LOG_REPLY_ENDED;

  return TRUE;
}

static gboolean
parse_refusal (DevboxLogReply *self, DevboxLogSubject subject, JsonObject *message, GError **error)
{
  const DevboxWireCode not_found
      = subject == DEVBOX_LOG_SUBJECT_PROCESS ? DEVBOX_WIRE_PROCESS_NOT_FOUND : DEVBOX_WIRE_SESSION_NOT_FOUND;
  const char *text = NULL;
  gint64 status = 0;
  DevboxWireCode code;

  if (!devbox_wire_json_get_int (message, "status", TRUE, 0, G_MAXINT, &status, error)
      || !devbox_wire_json_get_string (message, "message", FALSE, &text, error))
    return FALSE;
  if (status == 0)
    return TRUE;

  code = devbox_wire_code_from_envelope_status (status);
  self->kind = DEVBOX_LOG_REPLY_REFUSED;
  self->reason = devbox_error_new ((DevboxError) (code == DEVBOX_WIRE_FILE_NOT_FOUND ? not_found : code), NULL, "%s",
                                   text != NULL && text[0] != '\0' ? text : _ ("The agent refuses to send the log"));
  return TRUE;
}

static gboolean
parse_message (DevboxLogReply *self, DevboxLogSubject subject, JsonObject *message, GError **error)
{
  const char *type = NULL;

  if (json_object_has_member (message, "action"))
    return parse_answer (self, message, error);
  if (json_object_has_member (message, "status"))
    return parse_refusal (self, subject, message, error);
  if (!devbox_wire_json_get_string (message, "type", FALSE, &type, error))
    return FALSE;
  if (g_strcmp0 (type, "log") == 0)
    return parse_entry (self, message, error);
  if (g_strcmp0 (type, "gap") == 0)
    return parse_gap (self, message, error);

  return TRUE;
}

gboolean
devbox_log_reply_parse (DevboxLogReply *self, DevboxLogSubject subject, const char *text, gsize size, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (JsonObject) message = devbox_wire_json_parse_object (text, size, &reason);

  if (message != NULL && parse_message (self, subject, message, &reason))
    return TRUE;

  devbox_error_set (error, DEVBOX_ERROR_INTERNAL_ERROR, NULL,
                    /* Translators: %s says what is wrong with the message */
                    _ ("A message about a log makes no sense: %s"), reason->message);
  return FALSE;
}

void
devbox_log_reply_clear (DevboxLogReply *self)
{
  g_clear_object (&self->entry);
  g_clear_error (&self->reason);
}

/* Each of them becomes an object. */
#define MAX_LINES (1024 * 1024)

/* What has no level in front is taken as it is. */
static DevboxLogEntry *
read_line (const char *text)
{
  const char *end = text[0] == '[' ? strchr (text, ']') : NULL;
  g_autofree char *name = end != NULL ? g_strndup (text + 1, end - text - 1) : NULL;
  DevboxLogLine line = { .level = DEVBOX_LOG_LEVEL_STDOUT, .text = text, .sequence = DEVBOX_LOG_NO_SEQUENCE };

  if (name != NULL && devbox_log_level_from_string (name, &line.level))
    line.text = end[1] == ' ' ? end + 2 : end + 1;

  return devbox_log_entry_new (&line);
}

GListStore *
devbox_log_read_lines (JsonObject *object, GError **error)
{
  g_autoptr (GListStore) store = g_list_store_new (DEVBOX_TYPE_LOG_ENTRY);
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_object_unref);
  g_auto (GStrv) lines = NULL;

  if (!devbox_agent_check_length (object, "logs", MAX_LINES, error)
      || !devbox_wire_json_get_strv (object, "logs", FALSE, &lines, error))
    return NULL;

  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    g_ptr_array_add (entries, read_line (lines[i]));
  g_list_store_splice (store, 0, 0, entries->pdata, entries->len);

  return g_steal_pointer (&store);
}
