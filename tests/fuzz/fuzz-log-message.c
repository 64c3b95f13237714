/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client asks of a log on a WebSocket is what the JSON parser for whole documents finds in its text; and
 * whatever a line holds, what is told of it is JSON with all its bytes in it. */
#include "config.h"

#include "devbox-log-message-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static const char *const level_names[] = { "stdout", "stderr", "system" };

static JsonObject *
parse_answer (GString *answer)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object = devbox_wire_json_parse_object (answer->str, answer->len, &error);

  g_assert_no_error (error);
  g_string_free (answer, TRUE);

  return object;
}

static void
check_answer (GString *answer, const char *name, const char *value)
{
  g_autoptr (JsonObject) object = parse_answer (answer);

  g_assert_cmpstr (json_object_get_string_member (object, name), ==, value);
}

static void
check_line (const guint8 *data, gsize size)
{
  DevboxOutputLine line = { .sequence = 7, .stream = size % DEVBOX_OUTPUT_N_STREAMS, .time = G_USEC_PER_SEC };
  g_autoptr (GString) text = g_string_new_len ((const char *) data, size);
  g_autoptr (JsonObject) message = parse_answer (devbox_log_format_line (DEVBOX_LOG_SESSION, "id", &line, text, TRUE));
  JsonObject *log = json_object_get_object_member (message, "log");
  g_autofree guchar *bytes = NULL;

  g_assert_cmpstr (json_object_get_string_member (log, "level"), ==, level_names[line.stream]);
  if (!json_object_has_member (log, "contentBase64"))
    {
      g_assert_cmpmem (json_object_get_string_member (log, "content"),
                       strlen (json_object_get_string_member (log, "content")), data, size);
      return;
    }

  bytes = g_base64_decode (json_object_get_string_member (log, "contentBase64"), &size);
  g_assert_cmpmem (bytes, size, text->str, text->len);
}

static guint
find_levels (JsonObject *options)
{
  JsonArray *names = NULL;
  guint levels = 0;

  g_assert_true (devbox_wire_json_get_array (options, "levels", FALSE, &names, NULL));
  for (guint i = 0; names != NULL && i < json_array_get_length (names); i++)
    for (guint level = 0; level < G_N_ELEMENTS (level_names); level++)
      if (strcmp (json_array_get_string_element (names, i), level_names[level]) == 0)
        levels |= 1 << level;

  return levels == 0 ? (1 << G_N_ELEMENTS (level_names)) - 1 : levels;
}

static void
check_subscription (const DevboxLogRequest *request, JsonObject *object)
{
  g_autoptr (JsonObject) none = json_object_new ();
  JsonObject *options = none;
  gint64 tail = 0;
  GString *list;

  g_assert_true (devbox_wire_json_get_object (object, "options", FALSE, &options, NULL));
  g_assert_true (devbox_wire_json_get_int (options, "tail", FALSE, 0, G_MAXINT64, &tail, NULL));
  g_assert_cmpuint (request->tail, ==, tail);
  g_assert_cmpuint (request->levels, ==, find_levels (options));

  check_answer (devbox_log_format_subscribed (request->owner, request->target_id, request->levels), "targetId",
                request->target_id);
  list = devbox_log_list_begin ();
  devbox_log_list_append (list, request->owner, request->target_id, request->levels, 1);
  devbox_log_list_append (list, request->owner, request->target_id, request->levels, 2);
  devbox_log_list_end (list);
  check_answer (list, "type", "list");
}

static void
check_taken (const DevboxLogRequest *request, JsonObject *object)
{
  static const char *const actions[] = { "subscribe", "unsubscribe", "list" };

  g_assert_cmpstr (json_object_get_string_member (object, "action"), ==, actions[request->action]);
  if (request->action == DEVBOX_LOG_LIST)
    return;

  g_assert_cmpstr (json_object_get_string_member (object, "type"), ==, devbox_log_owner_to_string (request->owner));
  g_assert_cmpstr (json_object_get_string_member (object, "targetId"), ==, request->target_id);
  check_answer (devbox_log_format_unsubscribed (request->owner, request->target_id), "targetId", request->target_id);
  check_answer (devbox_log_format_ended (request->owner, request->target_id), "reason", "ended");
  check_answer (devbox_log_format_gap (request->owner, request->target_id, 1, 2), "type", "gap");
  if (request->action == DEVBOX_LOG_SUBSCRIBE)
    check_subscription (request, object);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object ((const char *) data, size, NULL);
  g_autoptr (GError) error = NULL;
  g_auto (DevboxLogRequest) request = { 0 };

  if (devbox_log_request_parse (&request, (const char *) data, size, &error))
    check_taken (&request, object);
  else
    {
      g_assert_true (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR));
      check_answer (devbox_log_format_failure (error), "message", error->message);
    }
  check_line (data, size);

  return 0;
}
