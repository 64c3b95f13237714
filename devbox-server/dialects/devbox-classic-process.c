/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-command-exchange-private.h"
#include "devbox-command-reply-private.h"
#include "devbox-command-request-private.h"
#include "devbox-http-query-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-process-usage-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

static const DevboxCommandRules rules = {
  .timeout_unit = 1,
  .default_timeout = 30 * 1000,
  .max_timeout = 24 * 60 * 60 * 1000,
  .output = { .retention = DEVBOX_OUTPUT_KEEP_FIRST },
};

/* The status of a command that has ended. */
static const char *
get_final_status (DevboxServerCommand *command)
{
  return devbox_server_command_get_exit_code (command) == 0 ? "completed" : "failed";
}

static void
reply_ended (DevboxHttpExchange *exchange, guint status, GString *json, DevboxServerCommand *command)
{
  g_string_append_printf (json, ",\"duration\":%" G_GINT64_FORMAT, devbox_server_command_get_duration (command) / 1000);

  devbox_command_reply_send (exchange, status, json, devbox_server_command_get_log (command));
}

static void
reply_result (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  GString *json = g_string_sized_new (512);

  g_string_append_printf (json, "{\"pid\":%d,\"status\":\"%s\",\"exitCode\":%d",
                          (int) devbox_server_command_get_pid (command), get_final_status (command),
                          devbox_server_command_get_exit_code (command));

  reply_ended (exchange, 200, json, command);
}

static void
reply_timed_out (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  GString *json = g_string_new ("{");

  devbox_wire_json_append_error (json, DEVBOX_WIRE_OPERATION_TIMEOUT,
                                 _ ("The command ran into its time-out and was ended"));
  g_string_append_printf (json, ",\"pid\":%d", (int) devbox_server_command_get_pid (command));

  reply_ended (exchange, 408, json, command);
}

static void
reply (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  if (devbox_server_command_get_error (command) != NULL)
    devbox_http_reply_error (exchange, devbox_server_command_get_error (command));
  else if (devbox_server_command_get_timed_out (command))
    reply_timed_out (exchange, command);
  else
    reply_result (exchange, command);
}

static void
exec (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  const DevboxCommandSpec *spec = NULL;
  g_autoptr (DevboxCommandRequest) request = NULL;
  g_autoptr (GError) error = NULL;

  request = devbox_command_request_new (object, &rules, &error);
  if (request != NULL)
    spec = devbox_command_request_prepare (request, devbox_agent_service_get_workspace (service),
                                           devbox_agent_service_get_launcher (service), &error);
  if (spec != NULL
      && devbox_command_exchange_run (exchange, devbox_agent_service_get_process_table (service), spec, reply, &error))
    return;

  /* Nothing has failed here yet: the request asks for what cannot be. */
  if (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED))
    error->code = DEVBOX_WIRE_VALIDATION_ERROR;
  devbox_http_reply_error (exchange, error);
}

void
devbox_classic_exec (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_classic_collect_object (exchange, exec, user_data);
}

static void
append_usage (GString *json, DevboxServerCommand *command)
{
  gint64 duration = devbox_server_command_get_duration (command);
  gint64 cpu_time;
  guint64 resident;
  char cpu[G_ASCII_DTOSTR_BUF_SIZE];

  if (!devbox_process_usage_read (devbox_server_command_get_pid (command), &cpu_time, &resident))
    return;

  g_ascii_formatd (cpu, sizeof cpu, "%.1f", 100.0 * cpu_time / MAX (duration, 1));
  g_string_append_printf (json, ",\"cpu\":%s,\"memory\":%" G_GUINT64_FORMAT, cpu, resident);
}

/* A command whose launcher was lost under it: nobody saw how it ended. */
static gboolean
has_unknown_end (DevboxServerCommand *command)
{
  return devbox_server_command_get_error (command) != NULL;
}

static void
reply_status (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  GString *json = g_string_sized_new (512);
  gboolean is_running = devbox_server_command_get_state (command) == DEVBOX_COMMAND_RUNNING;

  g_string_append_printf (json, "{\"pid\":%d", (int) devbox_server_command_get_pid (command));
  if (is_running)
    g_string_append (json, ",\"status\":\"running\"");
  else if (has_unknown_end (command))
    g_string_append (json, ",\"status\":\"unknown\"");
  else
    g_string_append_printf (json, ",\"status\":\"%s\",\"exitCode\":%d", get_final_status (command),
                            devbox_server_command_get_exit_code (command));

  g_string_append_printf (json, ",\"startTime\":%" G_GINT64_FORMAT ",\"runningTime\":%" G_GINT64_FORMAT,
                          devbox_server_command_get_start_time (command) / 1000,
                          devbox_server_command_get_duration (command) / 1000);
  if (is_running)
    append_usage (json, command);

  devbox_command_reply_send (exchange, 200, json, devbox_server_command_get_log (command));
}

static DevboxServerCommand *
find_command (DevboxProcessTable *table, const char *word, GError **error)
{
  DevboxServerCommand *command;
  guint64 pid;

  if (word == NULL || !g_ascii_string_to_unsigned (word, 10, 1, G_MAXINT32, &pid, NULL))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("“pid” is “%s”, but must be the number of a process"), word != NULL ? word : "");
      return NULL;
    }

  command = devbox_process_table_lookup_pid (table, pid);
  if (command == NULL)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_PROCESS_NOT_FOUND,
                 _ ("No process that is known here has the number %u"), (guint) pid);

  return command;
}

void
devbox_classic_process_status (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  g_autoptr (DevboxHttpQuery) query = NULL;
  g_autoptr (GError) error = NULL;
  DevboxServerCommand *command = NULL;

  query = devbox_http_query_new (exchange, &error);
  if (query != NULL)
    command = find_command (devbox_agent_service_get_process_table (user_data),
                            argument != NULL ? argument : devbox_http_query_get (query, "pid"), &error);

  if (command != NULL)
    reply_status (exchange, command);
  else
    devbox_http_reply_error (exchange, error);
}
