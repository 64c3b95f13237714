/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What agents say of processes, sessions, logs and ports. The first byte says which reply it is; each is read, or
 * refused with an error of ours. Server-sent events are the same in pieces of any size, and what a simple reader of the
 * whole finds in them. */
#include "devbox-client.h"
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

#define MAX_STEPS 4

static char *own_capabilities[] = { "classic", "current", NULL };
static const DevboxAgentFeatures classic = { .dialects = DEVBOX_DIALECT_CLASSIC };
static const DevboxAgentFeatures current = { .dialects = DEVBOX_DIALECT_CURRENT };
static const DevboxAgentFeatures both
    = { .dialects = DEVBOX_DIALECT_CLASSIC | DEVBOX_DIALECT_CURRENT, .capabilities = own_capabilities };

static DevboxAgentHandle *
get_handle (void)
{
  static DevboxAgentHandle handle;

  if (handle.context == NULL)
    {
      g_atomic_ref_count_init (&handle.ref_count);
      handle.context = g_main_context_default ();
      handle.client = devbox_client_new ();
    }

  return &handle;
}

static DevboxCommand *
make_command (void)
{
  return devbox_command_new ((const char *const[]){ "program", NULL });
}

static DevboxRequest *
make_spawn (void)
{
  g_autoptr (DevboxCommand) command = make_command ();

  return devbox_spawn_request_new (get_handle (), command, NULL);
}

static DevboxRequest *
make_run (void)
{
  g_autoptr (DevboxCommand) command = make_command ();

  return devbox_run_request_new (command, 0, NULL);
}

static DevboxRequest *
make_list_processes (void)
{
  return devbox_list_processes_request_new (get_handle ());
}

static DevboxRequest *
make_status (void)
{
  return devbox_process_status_request_new (get_handle (), 5, NULL);
}

static DevboxProcess *
make_process (void)
{
  g_auto (DevboxProcessState) state = DEVBOX_PROCESS_STATE_INIT;

  state.id = g_strdup ("id");
  state.pid = 5;
  state.status = DEVBOX_PROCESS_STATUS_RUNNING;

  return devbox_process_new_from_state (get_handle (), &state);
}

static DevboxRequest *
make_refresh (void)
{
  g_autoptr (DevboxProcess) process = make_process ();

  return devbox_process_refresh_request_new (process, DEVBOX_PROCESS_QUESTION_ALL, NULL);
}

static DevboxRequest *
make_wait (void)
{
  g_autoptr (DevboxProcess) process = make_process ();

  return devbox_process_refresh_request_new (process, DEVBOX_PROCESS_QUESTION_END, NULL);
}

static DevboxRequest *
make_signal (void)
{
  g_autoptr (DevboxProcess) process = make_process ();

  return devbox_process_signal_request_new (process, 15, NULL);
}

static DevboxSession *
make_session (void)
{
  g_auto (DevboxSessionState) state = { .id = g_strdup ("id") };

  return devbox_session_new_from_state (get_handle (), &state);
}

static const char *const environment[] = { "NAME=value", NULL };

static DevboxRequest *
make_create_session (void)
{
  return devbox_create_session_request_new (get_handle (), "/", environment, "/bin/sh", NULL);
}

static DevboxRequest *
make_get_session (void)
{
  return devbox_get_session_request_new (get_handle (), "id", NULL);
}

static DevboxRequest *
make_list_sessions (void)
{
  return devbox_list_sessions_request_new (get_handle ());
}

static DevboxRequest *
make_refresh_session (void)
{
  g_autoptr (DevboxSession) session = make_session ();

  return devbox_session_refresh_request_new (session);
}

static DevboxRequest *
make_cd (void)
{
  g_autoptr (DevboxSession) session = make_session ();

  return devbox_session_cd_request_new (session, "/", NULL);
}

static DevboxRequest *
make_environ (void)
{
  g_autoptr (DevboxSession) session = make_session ();

  return devbox_session_environ_request_new (session, environment, NULL);
}

static DevboxRequest *
make_terminate (void)
{
  g_autoptr (DevboxSession) session = make_session ();

  return devbox_session_terminate_request_new (session);
}

static DevboxRequest *
make_run_in_session (void)
{
  g_autoptr (DevboxSession) session = make_session ();

  return devbox_session_run_request_new (session, "true", 0, NULL);
}

static DevboxRequest *
make_load_log (void)
{
  return devbox_load_log_request_new (DEVBOX_LOG_SUBJECT_PROCESS, "id", 0);
}

static const struct
{
  char kind;
  DevboxRequest *(*make) (void);
  const DevboxAgentFeatures *features;
} kinds[] = {
  { 'S', make_spawn, &current },
  { 'L', make_list_processes, &current },
  { 'P', make_status, &current },
  { 'p', make_status, &classic },
  { 'B', make_status, &both },
  { 'R', make_run, &current },
  { 'r', make_run, &classic },
  { 'U', make_refresh, &current },
  { 'u', make_refresh, &classic },
  { 'b', make_refresh, &both },
  { 'w', make_wait, &both },
  { 'k', make_signal, &current },
  { 'C', make_create_session, &current },
  { 'G', make_get_session, &current },
  { 'g', make_list_sessions, &current },
  { 'F', make_refresh_session, &current },
  { 'c', make_cd, &current },
  { 'e', make_environ, &current },
  { 'T', make_terminate, &current },
  { 'X', make_run_in_session, &current },
  { 'l', make_load_log, &current },
  { 'o', devbox_list_ports_request_new, &current },
};

/* A failure where it begins with "!". */
static void
init_reply (DevboxReply *reply, const guint8 *data, gsize size)
{
  const gboolean has_failed = size > 0 && data[0] == '!';

  *reply = (DevboxReply){
    .status = has_failed ? 404 : 200,
    .body = g_bytes_new (data + has_failed, size - has_failed),
    .request_id = "r",
  };
}

static void
check_result (DevboxRequest *request, const DevboxReply *reply)
{
  g_autoptr (GError) error = NULL;
  gpointer result = request->parse (request, reply, &error);

  g_assert_true ((result == NULL) == (error != NULL));
  g_assert_true (error == NULL || error->domain == DEVBOX_ERROR);
  if (result != NULL && request->result_free != NULL)
    request->result_free (result);
}

/* What asks on and on has no result. */
static void
take_steps (DevboxRequest *request, const DevboxAgentFeatures *features, const DevboxReply *replies)
{
  guint delay_ms = 0;

  for (guint i = 0; i < MAX_STEPS; i++)
    {
      g_assert_true (request->prepare (request, features, NULL));
      if (request->step == NULL || !request->step (request, &replies[MIN (i, 1)], NULL, &delay_ms))
        {
          check_result (request, &replies[MIN (i, 1)]);
          return;
        }
    }
}

/* Behind a NUL is what is replied to a second question, and to all that follow. */
static void
check_reply (guint i, const guint8 *data, gsize size)
{
  const guint8 *nul = memchr (data, '\0', size);
  const gsize first = nul != NULL ? (gsize) (nul - data) : size;
  g_autoptr (DevboxRequest) request = kinds[i].make ();
  DevboxReply replies[2];

  init_reply (&replies[0], data, first);
  init_reply (&replies[1], nul != NULL ? nul + 1 : data, nul != NULL ? size - first - 1 : size);
  take_steps (request, kinds[i].features, replies);
  g_bytes_unref (replies[0].body);
  g_bytes_unref (replies[1].body);

  while (g_main_context_iteration (NULL, FALSE))
    ;
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

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (kinds[i].kind == data[0])
        check_reply (i, data + 1, size - 1);
    }

  return 0;
}
