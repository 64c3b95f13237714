/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-process-private.h"

#include "devbox-http-query-private.h"
#include "devbox-piece-reply-private.h"
#include "devbox-signal-name-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <signal.h>

#define UNKNOWN_SIGNAL 1400

static gboolean
is_running (DevboxServerCommand *command)
{
  return devbox_server_command_get_state (command) == DEVBOX_COMMAND_RUNNING;
}

static const char *
get_status (DevboxServerCommand *command)
{
  switch (devbox_server_command_get_state (command))
    {
    case DEVBOX_COMMAND_STARTING:
    case DEVBOX_COMMAND_RUNNING:
      return "running";
    case DEVBOX_COMMAND_SIGNALED:
      return "killed";
    default:
      return devbox_server_command_get_exit_code (command) == 0 ? "completed" : "failed";
    }
}

gint64
devbox_current_process_get_end_time (DevboxServerCommand *command)
{
  return devbox_server_command_get_start_time (command) + devbox_server_command_get_duration (command);
}

void
devbox_current_process_append_status (GString *json, const char *id, DevboxServerCommand *command)
{
  g_string_append_printf (json, ",\"processId\":\"%s\",\"pid\":%d,\"processStatus\":\"%s\",\"exitCode\":", id,
                          (int) devbox_server_command_get_pid (command), get_status (command));
  if (is_running (command))
    g_string_append (json, "null");
  else
    g_string_append_printf (json, "%d", devbox_server_command_get_exit_code (command));
}

static void
append_process (GString *json, const char *id, DevboxServerCommand *command)
{
  devbox_current_process_append_status (json, id, command);
  g_string_append (json, ",\"command\":");
  devbox_wire_json_append_string (json, devbox_server_command_get_command_line (command), -1);
  g_string_append (json, ",\"startTime\":");
  devbox_wire_json_append_time_in_seconds (json, devbox_server_command_get_start_time (command));
  g_string_append (json, ",\"endTime\":");
  if (is_running (command))
    g_string_append (json, "null");
  else
    devbox_wire_json_append_time_in_seconds (json, devbox_current_process_get_end_time (command));
}

DevboxServerCommand *
devbox_current_process_find (DevboxHttpExchange *exchange, DevboxAgentService *service, const char *id)
{
  DevboxProcessTable *table = devbox_agent_service_get_process_table (service);
  DevboxServerCommand *command = devbox_process_table_lookup_id (table, id);
  g_autoptr (GError) error = NULL;

  if (command != NULL)
    return command;

  error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_PROCESS_NOT_FOUND, _ ("There is no process “%s”"), id);
  devbox_current_reply_error (exchange, error);
  return NULL;
}

/* The processes as they are now, in pieces: their command lines may be long. */
typedef struct
{
  GPtrArray *commands;
  GPtrArray *ids;
  guint n_sent;
} List;

static void
list_free (gpointer data)
{
  List *self = data;

  g_ptr_array_unref (self->commands);
  g_ptr_array_unref (self->ids);
  g_free (self);
}

static void
add_to_list (DevboxServerCommand *command, const char *id, DevboxProcessOrigin origin, gpointer user_data)
{
  List *self = user_data;

  if (origin != DEVBOX_PROCESS_BACKGROUND || devbox_server_command_get_pid (command) == 0)
    return;

  g_ptr_array_add (self->commands, devbox_server_command_ref (command));
  g_ptr_array_add (self->ids, g_strdup (id));
}

static gboolean
append_next (GString *json, gpointer user_data)
{
  List *self = user_data;
  gsize start;

  if (self->n_sent == self->commands->len)
    {
      g_string_append (json, "]}");
      return FALSE;
    }

  g_string_append (json, self->n_sent > 0 ? ",{" : "{");
  start = json->len;
  append_process (json, self->ids->pdata[self->n_sent], self->commands->pdata[self->n_sent]);
  g_string_erase (json, start, 1);
  g_string_append_c (json, '}');
  self->n_sent++;

  return TRUE;
}

void
devbox_current_process_list (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  List *list = g_new0 (List, 1);
  GString *json = devbox_current_begin ();

  list->commands = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_server_command_unref);
  list->ids = g_ptr_array_new_with_free_func (g_free);
  devbox_process_table_foreach (devbox_agent_service_get_process_table (user_data), add_to_list, list);

  g_string_append (json, ",\"processes\":[");
  devbox_piece_reply_send (exchange, 200, json, append_next, list, list_free);
}

void
devbox_current_process_status (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxServerCommand *command = devbox_current_process_find (exchange, user_data, argument);
  GString *json;

  if (command == NULL)
    return;

  json = devbox_current_begin ();
  append_process (json, argument, command);
  devbox_current_reply (exchange, json);
}

/* A kill is answered once nothing is left: who asks then is told so. */
typedef struct
{
  DevboxHttpExchange *exchange;
  DevboxOutputLog *log;
  DevboxOutputReader *reader;
} Kill;

static void
kill_free (Kill *self)
{
  devbox_output_log_remove_reader (self->log, self->reader);
  devbox_output_log_unref (self->log);
  devbox_http_exchange_unref (self->exchange);
  g_free (self);
}

static void
on_output (DevboxOutputLog *log, gpointer user_data)
{
  Kill *self = user_data;

  if (!devbox_output_log_has_ended (log))
    return;

  devbox_current_reply_success (self->exchange);
  kill_free (self);
}

static void
kill_and_wait (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  Kill *self = g_new (Kill, 1);

  self->exchange = devbox_http_exchange_ref (exchange);
  self->log = devbox_output_log_ref (devbox_server_command_get_log (command));
  self->reader = devbox_output_log_add_reader (self->log, on_output, self);
  devbox_server_command_kill (command);
}

static int
parse_signal (DevboxHttpExchange *exchange, GError **error)
{
  g_autoptr (DevboxHttpQuery) query = devbox_http_query_new (exchange, error);
  const char *name = NULL;
  int signum;

  if (query == NULL)
    return 0;

  name = devbox_http_query_get (query, "signal");
  signum = name != NULL ? devbox_signal_from_name (name) : SIGKILL;
  if (signum == 0)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("There is no signal “%s”"), name);

  return signum;
}

void
devbox_current_process_kill (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  DevboxServerCommand *command;
  int signum;

  command = devbox_current_process_find (exchange, user_data, argument);
  if (command == NULL)
    return;

  signum = parse_signal (exchange, &error);
  if (signum == 0)
    {
      devbox_current_reply_failure (exchange, UNKNOWN_SIGNAL, error->message);
    }
  else if (!is_running (command))
    {
      error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("The process “%s” does not run any more"),
                           argument);
      devbox_current_reply_error (exchange, error);
    }
  else if (signum == SIGKILL)
    {
      kill_and_wait (exchange, command);
    }
  else
    {
      devbox_server_command_send_signal (command, signum);
      devbox_current_reply_success (exchange);
    }
}
