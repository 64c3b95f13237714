/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What agents say of processes, sessions, logs and ports. The first byte says which reply it is; each is read, or
 * refused with an error of ours. Server-sent events are the same in pieces of any size, and what a simple reader of the
 * whole finds in them. */
#include "devbox-command-events-private.h"
#include "devbox-command.h"
#include "devbox-event-parser-private.h"
#include "devbox-list-ports-request-private.h"
#include "devbox-log-messages-private.h"
#include "devbox-log-requests-private.h"
#include "devbox-process-requests-private.h"
#include "devbox-run-request-private.h"
#include "devbox-session-requests-private.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static const DevboxAgentFeatures classic = { .dialects = DEVBOX_DIALECT_CLASSIC };
static const DevboxAgentFeatures current = { .dialects = DEVBOX_DIALECT_CURRENT };

static DevboxAgentHandle *
get_handle (void)
{
  static DevboxAgentHandle handle;

  if (handle.context == NULL)
    {
      g_atomic_ref_count_init (&handle.ref_count);
      handle.context = g_main_context_default ();
    }

  return &handle;
}

static DevboxRequest *
make_request (guint8 kind)
{
  const char *const argv[] = { "program", NULL };
  g_autoptr (DevboxCommand) command = devbox_command_new (argv);

  switch (kind)
    {
    case 'S':
      return devbox_spawn_request_new (get_handle (), command, NULL);
    case 'L':
      return devbox_list_processes_request_new (get_handle ());
    case 'P':
    case 'p':
      return devbox_process_status_request_new (get_handle (), 5, NULL);
    case 'R':
    case 'r':
      return devbox_run_request_new (command, 0, NULL);
    case 'G':
      return devbox_get_session_request_new (get_handle (), "id", NULL);
    case 'g':
      return devbox_list_sessions_request_new (get_handle ());
    case 'l':
      return devbox_load_log_request_new (DEVBOX_LOG_SUBJECT_PROCESS, "id", 0);
    case 'o':
      return devbox_list_ports_request_new ();
    default:
      return NULL;
    }
}

static void
check_reply (guint8 kind, const guint8 *data, gsize size)
{
  g_autoptr (DevboxRequest) request = make_request (kind);
  g_autoptr (GBytes) body = g_bytes_new (data, size);
  const DevboxReply reply = { .status = 200, .body = body, .request_id = "r" };
  g_autoptr (GError) error = NULL;
  gpointer result;

  if (request == NULL)
    return;

  g_assert_true (request->prepare (
      request, g_ascii_islower (kind) && kind != 'l' && kind != 'g' && kind != 'o' ? &classic : &current, NULL));
  result = request->parse (request, &reply, &error);
  g_assert_true ((result == NULL) == (error != NULL));
  g_assert_true (error == NULL || error->domain == DEVBOX_ERROR);
  if (result != NULL)
    request->result_free (result);
}

static void
check_message (const guint8 *data, gsize size)
{
  g_auto (DevboxLogReply) reply = DEVBOX_LOG_REPLY_INIT;
  g_autoptr (GError) error = NULL;
  g_autofree char *request = devbox_log_message_new (DEVBOX_LOG_SUBJECT_PROCESS, "id", 1, FALSE);
  const gboolean is_read
      = devbox_log_reply_parse (&reply, DEVBOX_LOG_SUBJECT_PROCESS, (const char *) data, size, &error);

  g_assert_nonnull (request);
  g_assert_cmpint (is_read, ==, error == NULL);
  g_assert_true ((reply.kind == DEVBOX_LOG_REPLY_ENTRY) == (reply.entry != NULL));
  g_assert_true ((reply.kind == DEVBOX_LOG_REPLY_REFUSED) == (reply.reason != NULL));
  if (reply.entry != NULL)
    g_assert_true (g_utf8_validate (devbox_log_entry_get_text (reply.entry), -1, NULL));
}

static gboolean
note_event (const char *name, const char *data, gsize size, gpointer log, GError **error)
{
  g_auto (DevboxCommandEvent) event = DEVBOX_COMMAND_EVENT_INIT;
  g_autoptr (GError) reason = NULL;

  g_assert_cmpuint (strlen (data), ==, size);
  g_string_append_printf (log, "%s=%s;", name, data);
  if (!devbox_command_event_parse (&event, name, data, size, 1, &reason))
    g_assert_error (reason, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR);

  return TRUE;
}

static char *
parse_events (const guint8 *data, gsize size, gsize piece)
{
  GString *log = g_string_new (NULL);
  g_autoptr (DevboxEventParser) parser = devbox_event_parser_new (note_event, log);

  for (gsize i = 0; i < size; i += piece)
    {
      if (!devbox_event_parser_feed (parser, (const char *) data + i, MIN (piece, size - i), NULL))
        break;
    }

  return g_string_free (log, FALSE);
}

static void
read_line (GString *log, char **name, GString *event, const char *line)
{
  g_auto (GStrv) parts = g_strsplit (line, ":", 2);
  const char *value = parts[0] != NULL && parts[1] != NULL ? parts[1] : "";

  if (value[0] == ' ')
    value++;
  if (line[0] == '\0')
    {
      if (event->len > 0)
        g_string_append_printf (log, "%s=%.*s;", *name != NULL ? *name : "message", (int) event->len - 1, event->str);
      g_string_truncate (event, 0);
      g_clear_pointer (name, g_free);
    }
  else if (strcmp (parts[0], "data") == 0)
    {
      g_string_append_printf (event, "%s\n", value);
    }
  else if (strcmp (parts[0], "event") == 0)
    {
      g_free (*name);
      *name = value[0] != '\0' ? g_strndup (value, 64) : NULL;
    }
}

static char *
read_events (const guint8 *data, gsize size)
{
  GString *log = g_string_new (NULL);
  g_autoptr (GString) event = g_string_new (NULL);
  g_autoptr (GString) text = g_string_new_len ((const char *) data, (gssize) size);
  g_autofree char *name = NULL;
  g_auto (GStrv) lines = NULL;

  g_string_replace (text, "\r\n", "\n", 0);
  g_string_replace (text, "\r", "\n", 0);
  if (g_str_has_prefix (text->str, "\xef\xbb\xbf") && strchr (text->str, '\n') != NULL)
    g_string_erase (text, 0, 3);

  lines = g_strsplit (text->str, "\n", -1);
  for (guint i = 0; lines[0] != NULL && lines[i + 1] != NULL; i++)
    read_line (log, &name, event, lines[i]);

  return g_string_free (log, FALSE);
}

static void
check_events (const guint8 *data, gsize size)
{
  g_autofree char *whole = parse_events (data, size, MAX (size, 1));
  g_autofree char *bytes = parse_events (data, size, 1);
  g_autofree char *pieces = parse_events (data, size, 3);
  g_autofree char *expected = NULL;

  g_assert_cmpstr (whole, ==, bytes);
  g_assert_cmpstr (whole, ==, pieces);
  if (memchr (data, '\0', size) != NULL)
    return;

  expected = read_events (data, size);
  g_assert_cmpstr (whole, ==, expected);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size == 0 || size > 64 * 1024)
    return 0;

  if (data[0] == 'E')
    check_events (data + 1, size - 1);
  else if (data[0] == 'M')
    check_message (data + 1, size - 1);
  else
    check_reply (data[0], data + 1, size - 1);

  return 0;
}
