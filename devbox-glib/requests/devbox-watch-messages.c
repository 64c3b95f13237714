/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-watch-messages-private.h"

#include "devbox-error.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

char *
devbox_watch_message_new (const char *path, DevboxFileMonitorFlags flags)
{
  GString *message = g_string_new ("{\"type\":\"watch\",\"path\":");

  devbox_wire_json_append_string (message, path, -1);
  g_string_append (message, ",\"renames\":true");
  g_string_append_printf (message, ",\"recursive\":%s",
                          flags & DEVBOX_FILE_MONITOR_FLAGS_NO_RECURSION ? "false" : "true");
  g_string_append_printf (message, ",\"dotfiles\":%s}", flags & DEVBOX_FILE_MONITOR_FLAGS_DOT_FILES ? "true" : "false");

  return g_string_free (message, FALSE);
}

static gboolean
event_from_string (const char *type, GFileMonitorEvent *event)
{
  static const struct
  {
    const char *type;
    GFileMonitorEvent event;
  } events[] = {
    { "add", G_FILE_MONITOR_EVENT_CREATED },
    { "change", G_FILE_MONITOR_EVENT_CHANGED },
    { "unlink", G_FILE_MONITOR_EVENT_DELETED },
    { "rename", G_FILE_MONITOR_EVENT_RENAMED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    {
      if (g_str_equal (type, events[i].type))
        {
          *event = events[i].event;
          return TRUE;
        }
    }

  return FALSE;
}

/* An event of a kind that we do not know is for a client newer than this one. */
static gboolean
parse_event (DevboxWatchReply *self, JsonObject *message, GError **error)
{
  JsonObject *event = NULL;
  const char *type = NULL;
  const char *path = NULL;
  const char *old_path = NULL;

  if (!devbox_wire_json_get_object (message, "event", TRUE, &event, error)
      || !devbox_wire_json_get_string (event, "type", TRUE, &type, error)
      || !devbox_wire_json_get_string (event, "path", TRUE, &path, error))
    return FALSE;
  if (!event_from_string (type, &self->event))
    return TRUE;
  if (!devbox_wire_json_get_string (event, "oldPath", self->event == G_FILE_MONITOR_EVENT_RENAMED, &old_path, error))
    return FALSE;

  self->kind = DEVBOX_WATCH_REPLY_EVENT;
  self->path = g_strdup (path);
  self->old_path = g_strdup (old_path);

  return TRUE;
}

static gboolean
parse_overflow (DevboxWatchReply *self, JsonObject *message, GError **error)
{
  const char *path = "";

  if (!devbox_wire_json_get_string (message, "path", FALSE, &path, error))
    return FALSE;

  self->kind = DEVBOX_WATCH_REPLY_OVERFLOW;
  self->path = g_strdup (path);

  return TRUE;
}

static gboolean
parse_refusal (DevboxWatchReply *self, JsonObject *message, GError **error)
{
  const char *text = NULL;
  const char *name = NULL;
  DevboxWireCode code = DEVBOX_WIRE_DEVBOX_OPERATION_FAILED;

  if (!devbox_wire_json_get_string (message, "error", TRUE, &text, error)
      || !devbox_wire_json_get_string (message, "code", FALSE, &name, error))
    return FALSE;
  if (name != NULL)
    devbox_wire_code_from_string (name, &code);

  self->kind = DEVBOX_WATCH_REPLY_REFUSED;
  g_set_error_literal (&self->reason, DEVBOX_ERROR, (int) code, text);

  return TRUE;
}

static gboolean
parse_acknowledgement (DevboxWatchReply *self, JsonObject *message, GError **error)
{
  gboolean success = FALSE;
  const char *type = NULL;

  if (!devbox_wire_json_get_boolean (message, "success", TRUE, &success, error))
    return FALSE;
  if (!success)
    return parse_refusal (self, message, error);
  if (!devbox_wire_json_get_string (message, "type", TRUE, &type, error))
    return FALSE;
  if (g_str_equal (type, "watch"))
    self->kind = DEVBOX_WATCH_REPLY_STARTED;

  return TRUE;
}

static gboolean
parse_message (DevboxWatchReply *self, JsonObject *message, GError **error)
{
  const char *type = NULL;

  if (json_object_has_member (message, "success"))
    return parse_acknowledgement (self, message, error);
  if (!devbox_wire_json_get_string (message, "type", FALSE, &type, error))
    return FALSE;
  if (g_strcmp0 (type, "file-change") == 0)
    return parse_event (self, message, error);
  if (g_strcmp0 (type, "overflow") == 0)
    return parse_overflow (self, message, error);

  return TRUE;
}

gboolean
devbox_watch_reply_parse (DevboxWatchReply *self, const char *text, gsize size, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (JsonObject) message = devbox_wire_json_parse_object (text, size, &reason);

  if (message != NULL && parse_message (self, message, &reason))
    return TRUE;

  g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR,
               /* Translators: %s says what is wrong with the message */
               _ ("A message about file changes makes no sense: %s"), reason->message);
  return FALSE;
}

void
devbox_watch_reply_clear (DevboxWatchReply *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->old_path, g_free);
  g_clear_error (&self->reason);
}
