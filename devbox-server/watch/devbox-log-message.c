/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-log-message-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define ALL_LEVELS ((1 << DEVBOX_OUTPUT_N_STREAMS) - 1)
#define WRONG_INPUT 1400 /* what is 1422 elsewhere in this dialect */

static const char *const action_names[] = { "subscribe", "unsubscribe", "list", NULL };
static const char *const owner_names[] = { "process", "session", NULL };
static const char *const level_names[] = { "stdout", "stderr", "system", NULL };

/* -1: none of them */
static int
find_name (const char *const *names, const char *name)
{
  for (int i = 0; names[i] != NULL; i++)
    {
      if (strcmp (names[i], name) == 0)
        return i;
    }

  return -1;
}

static gboolean
parse_name (JsonObject *object, const char *member, const char *const *names, int *number, GError **error)
{
  const char *name = NULL;
  g_autofree char *known = NULL;

  if (!devbox_wire_json_get_string (object, member, TRUE, &name, error))
    return FALSE;

  *number = find_name (names, name);
  if (*number >= 0)
    return TRUE;

  known = g_strjoinv (", ", (char **) names);
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               /* Translators: the name of a member of a JSON object, and a list of values */
               _ ("“%s” must be one of: %s"), member, known);
  return FALSE;
}

static gboolean
parse_levels (DevboxLogRequest *self, JsonObject *options, GError **error)
{
  g_auto (GStrv) levels = NULL;

  if (!devbox_wire_json_get_strv (options, "levels", FALSE, &levels, error))
    return FALSE;
  if (levels == NULL || levels[0] == NULL)
    return TRUE;

  self->levels = 0;
  for (guint i = 0; levels[i] != NULL; i++)
    {
      int level = find_name (level_names, levels[i]);

      if (level < 0)
        {
          g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                               _ ("“levels” must hold only stdout, stderr and system"));
          return FALSE;
        }
      self->levels |= 1 << level;
    }

  return TRUE;
}

static gboolean
parse_options (DevboxLogRequest *self, JsonObject *object, GError **error)
{
  JsonObject *options = NULL;
  gint64 tail = 0;

  self->levels = ALL_LEVELS;
  if (!devbox_wire_json_get_object (object, "options", FALSE, &options, error))
    return FALSE;
  if (options == NULL)
    return TRUE;

  if (!parse_levels (self, options, error)
      || !devbox_wire_json_get_int (options, "tail", FALSE, 0, G_MAXINT64, &tail, error))
    return FALSE;

  self->tail = tail;
  return TRUE;
}

static gboolean
parse_target (DevboxLogRequest *self, JsonObject *object, GError **error)
{
  const char *target_id = NULL;
  int owner;

  if (!parse_name (object, "type", owner_names, &owner, error)
      || !devbox_wire_json_get_string (object, "targetId", TRUE, &target_id, error))
    return FALSE;

  self->owner = owner;
  self->target_id = g_strdup (target_id);
  return TRUE;
}

gboolean
devbox_log_request_parse (DevboxLogRequest *self, const char *text, gsize size, GError **error)
{
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (text, size, error);
  int action;

  memset (self, 0, sizeof *self);
  if (object == NULL || !parse_name (object, "action", action_names, &action, error))
    return FALSE;

  self->action = action;
  if (self->action == DEVBOX_LOG_LIST)
    return TRUE;

  return parse_target (self, object, error)
         && (self->action == DEVBOX_LOG_UNSUBSCRIBE || parse_options (self, object, error));
}

void
devbox_log_request_clear (DevboxLogRequest *self)
{
  g_free (self->target_id);
  memset (self, 0, sizeof *self);
}

const char *
devbox_log_owner_to_string (DevboxLogOwner owner)
{
  return owner_names[owner];
}

/* Numbers that stand for a point of time are seconds here, as programs written for this dialect expect. */
static void
append_seconds (GString *json, const char *name, gint64 time)
{
  g_string_append_printf (json, ",\"%s\":%" G_GINT64_FORMAT, name, time / G_USEC_PER_SEC);
}

static GString *
begin_answer (const char *action, DevboxLogOwner owner, const char *id)
{
  GString *json = g_string_sized_new (160);

  g_string_append_printf (json, "{\"action\":\"%s\",\"type\":\"%s\"", action, owner_names[owner]);
  devbox_wire_json_append_member (json, "targetId", id);
  append_seconds (json, "timestamp", g_get_real_time ());

  return json;
}

/* rest: what stands behind each name */
static void
append_levels (GString *json, guint levels, const char *rest)
{
  const char *separator = "";

  for (guint i = 0; i < DEVBOX_OUTPUT_N_STREAMS; i++)
    {
      if ((levels & (1 << i)) == 0)
        continue;
      g_string_append_printf (json, "%s\"%s\"%s", separator, level_names[i], rest);
      separator = ",";
    }
}

GString *
devbox_log_format_subscribed (DevboxLogOwner owner, const char *id, guint levels)
{
  GString *json = begin_answer ("subscribed", owner, id);

  g_string_append (json, ",\"levels\":{");
  append_levels (json, levels, ":true");

  return g_string_append (json, "}}");
}

GString *
devbox_log_format_unsubscribed (DevboxLogOwner owner, const char *id)
{
  return g_string_append_c (begin_answer ("unsubscribed", owner, id), '}');
}

GString *
devbox_log_format_ended (DevboxLogOwner owner, const char *id)
{
  return g_string_append (begin_answer ("unsubscribed", owner, id), ",\"reason\":\"ended\"}");
}

static GString *
begin_event (const char *type, DevboxLogOwner owner, const char *id, guint64 sequence)
{
  GString *json = g_string_sized_new (320);

  g_string_append_printf (json, "{\"type\":\"%s\",\"dataType\":\"%s\"", type, owner_names[owner]);
  devbox_wire_json_append_member (json, "targetId", id);
  g_string_append_printf (json, ",\"sequence\":%" G_GUINT64_FORMAT, sequence);

  return json;
}

GString *
devbox_log_format_line (DevboxLogOwner owner,
                        const char *id,
                        const DevboxOutputLine *line,
                        const GString *text,
                        gboolean is_history)
{
  GString *json = begin_event ("log", owner, id, line->sequence);

  g_string_append_printf (json, ",\"isHistory\":%s,\"log\":{\"level\":\"%s\"", is_history ? "true" : "false",
                          level_names[line->stream]);
  devbox_wire_json_append_bytes (json, "content", "contentBase64", text->str, text->len);
  append_seconds (json, "timestamp", line->time);
  g_string_append (json, ",\"time\":");
  devbox_wire_json_append_time (json, line->time);
  g_string_append_printf (json, ",\"sequence\":%" G_GUINT64_FORMAT, line->sequence);
  devbox_wire_json_append_member (json, "targetId", id);
  devbox_wire_json_append_member (json, "targetType", owner_names[owner]);

  return g_string_append (json, "}}");
}

GString *
devbox_log_format_gap (DevboxLogOwner owner, const char *id, guint64 sequence, guint64 n_lines)
{
  GString *json = begin_event ("gap", owner, id, sequence);

  g_string_append_printf (json, ",\"missed\":%" G_GUINT64_FORMAT "}", n_lines);

  return json;
}

GString *
devbox_log_format_failure (const GError *error)
{
  DevboxWireCode code = devbox_wire_code_from_error (error);
  guint status = code == DEVBOX_WIRE_VALIDATION_ERROR ? WRONG_INPUT : devbox_wire_code_get_envelope_status (code);
  GString *json = g_string_new (NULL);

  g_string_append_printf (json, "{\"status\":%u", status);
  devbox_wire_json_append_member (json, "message", error->message);

  return g_string_append_c (json, '}');
}

GString *
devbox_log_list_begin (void)
{
  return g_string_new ("{\"type\":\"list\",\"subscriptions\":[");
}

void
devbox_log_list_append (GString *list, DevboxLogOwner owner, const char *id, guint levels, gint64 created)
{
  g_autofree char *name = g_strconcat (owner_names[owner], ":", id, NULL);

  g_string_append (list, list->str[list->len - 1] == '[' ? "{\"id\":" : ",{\"id\":");
  devbox_wire_json_append_string (list, name, -1);
  devbox_wire_json_append_member (list, "type", owner_names[owner]);
  devbox_wire_json_append_member (list, "targetId", id);
  g_string_append (list, ",\"logLevels\":[");
  append_levels (list, levels, "");
  g_string_append_c (list, ']');
  append_seconds (list, "createdAt", created);
  g_string_append (list, ",\"active\":true}");
}

void
devbox_log_list_end (GString *list)
{
  g_string_append (list, "]}");
}
