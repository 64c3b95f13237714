/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-process-private.h"

#include "devbox-command-exchange-private.h"
#include "devbox-command-reply-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

#define OPERATION_FAILED 1600
#define INTERNAL_ERROR 1500
#define EXIT_CODE_NOT_FOUND 127 /* as shells have it */

static const DevboxCommandRules background_rules = {
  .timeout_unit = 1000,
  .default_timeout = 2 * 60 * 60,
  .max_timeout = DEVBOX_CURRENT_MAX_TIMEOUT,
  .command_is_line = TRUE,
  .output = { .retention = DEVBOX_OUTPUT_KEEP_LAST, .max_lines = 10000 },
};

static const DevboxCommandRules foreground_rules = {
  .timeout_unit = 1000,
  .default_timeout = 30,
  .max_timeout = DEVBOX_CURRENT_MAX_TIMEOUT,
  .command_is_line = TRUE,
  .output = { .retention = DEVBOX_OUTPUT_KEEP_FIRST },
};

DevboxCommandRequest *
devbox_current_process_read_request (DevboxHttpExchange *exchange, JsonObject *object, const DevboxCommandRules *rules)
{
  g_autoptr (GError) error = NULL;
  DevboxCommandRequest *request = devbox_command_request_new (object, rules, &error);

  if (request == NULL)
    devbox_current_reject (exchange, error);

  return request;
}

const DevboxCommandSpec *
devbox_current_process_prepare (DevboxCommandRequest *request, DevboxAgentService *service, GError **error)
{
  return devbox_command_request_prepare (request, devbox_agent_service_get_workspace (service),
                                         devbox_agent_service_get_launcher (service), error);
}

/* The status of a failure to start: the command's, or the launcher's. */
static guint
get_start_failure_status (const GError *error)
{
  return g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR) ? OPERATION_FAILED : INTERNAL_ERROR;
}

/* A start in the background is answered once it is known whether the command runs. */
typedef struct
{
  DevboxHttpExchange *exchange; /* NULL: it was answered */
  DevboxProcessTable *table;
} Start;

static void
start_free (gpointer data)
{
  Start *self = data;

  g_clear_pointer (&self->exchange, devbox_http_exchange_unref);
  g_free (self);
}

static void
on_started (DevboxServerCommand *command, gpointer user_data)
{
  Start *self = user_data;
  GString *json = devbox_current_begin ();

  g_string_append_printf (json, ",\"processId\":\"%s\",\"pid\":%d,\"processStatus\":\"running\"",
                          devbox_process_table_get_id (self->table, command),
                          (int) devbox_server_command_get_pid (command));
  devbox_current_reply (self->exchange, json);
  /* The command may run for days. */
  g_clear_pointer (&self->exchange, devbox_http_exchange_unref);
}

static void
on_background_done (DevboxServerCommand *command, gpointer user_data)
{
  Start *self = user_data;
  const GError *error = devbox_server_command_get_error (command);

  if (self->exchange != NULL)
    devbox_current_reply_failure (self->exchange, get_start_failure_status (error), error->message);
}

static void
exec_object (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  const DevboxCommandSpec *spec;
  g_autoptr (DevboxCommandRequest) request = NULL;
  g_autoptr (DevboxServerCommand) command = NULL;
  g_autoptr (GError) error = NULL;
  Start *start = NULL;

  request = devbox_current_process_read_request (exchange, object, &background_rules);
  if (request == NULL)
    return;

  spec = devbox_current_process_prepare (request, service, &error);
  if (spec != NULL)
    {
      start = g_new0 (Start, 1);
      start->exchange = devbox_http_exchange_ref (exchange);
      start->table = devbox_agent_service_get_process_table (service);
      command = devbox_process_table_start (start->table, DEVBOX_PROCESS_BACKGROUND, spec, on_background_done, start,
                                            start_free, &error);
    }

  if (command != NULL)
    devbox_server_command_set_started_func (command, on_started, start);
  else
    devbox_current_reply_error (exchange, error);
}

static void
exec (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, exec_object, user_data);
}

void
devbox_current_process_append_exit_code (GString *json, DevboxServerCommand *command)
{
  if (devbox_server_command_get_state (command) == DEVBOX_COMMAND_EXITED)
    g_string_append_printf (json, ",\"exitCode\":%d", devbox_server_command_get_exit_code (command));
  else
    g_string_append (json, ",\"exitCode\":null");
}

static void
append_times (GString *json, DevboxServerCommand *command)
{
  g_string_append_printf (
      json, ",\"durationMs\":%" G_GINT64_FORMAT ",\"startTime\":", devbox_server_command_get_duration (command) / 1000);
  devbox_wire_json_append_time_in_seconds (json, devbox_server_command_get_start_time (command));
  g_string_append (json, ",\"endTime\":");
  devbox_wire_json_append_time_in_seconds (json, devbox_current_process_get_end_time (command));
}

static void
reply_not_started (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  const GError *error = devbox_server_command_get_error (command);
  g_autoptr (GString) json = g_string_new ("{");

  devbox_current_append_failure (json, get_start_failure_status (error), error->message);
  g_string_append_printf (json, ",\"exitCode\":%d,\"stdout\":\"\",\"stderr\":", EXIT_CODE_NOT_FOUND);
  devbox_wire_json_append_string (json, error->message, -1);
  append_times (json, command);
  g_string_append_c (json, '}');

  devbox_http_reply_json (exchange, 200, json);
}

static void
reply_result (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  const GError *error = devbox_server_command_get_error (command);
  GString *json;

  if (error == NULL && !devbox_server_command_get_timed_out (command))
    {
      json = devbox_current_begin ();
    }
  else
    {
      json = g_string_new ("{");
      devbox_current_append_failure (json, INTERNAL_ERROR,
                                     devbox_server_command_get_timed_out (command)
                                         ? _ ("The command ran into its time-out and was ended")
                                         : error->message);
    }

  devbox_current_process_append_exit_code (json, command);
  append_times (json, command);
  devbox_command_reply_send (exchange, 200, json, devbox_server_command_get_log (command));
}

static void
reply (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  if (devbox_server_command_get_state (command) == DEVBOX_COMMAND_FAILED_TO_START)
    reply_not_started (exchange, command);
  else
    reply_result (exchange, command);
}

static void
exec_sync_object (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  const DevboxCommandSpec *spec;
  g_autoptr (DevboxCommandRequest) request = NULL;
  g_autoptr (GError) error = NULL;

  request = devbox_current_process_read_request (exchange, object, &foreground_rules);
  if (request == NULL)
    return;

  spec = devbox_current_process_prepare (request, service, &error);
  if (spec == NULL
      || !devbox_command_exchange_run (exchange, devbox_agent_service_get_process_table (service), spec, reply, &error))
    devbox_current_reply_error (exchange, error);
}

static void
exec_sync (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, exec_sync_object, user_data);
}

const DevboxHttpRoute devbox_current_process_routes[] = {
  { "POST", "/api/v1/process/exec", DEVBOX_HTTP_ROUTE_JSON, exec },
  { "POST", "/api/v1/process/exec-sync", DEVBOX_HTTP_ROUTE_JSON, exec_sync },
  { "POST", "/api/v1/process/sync-stream", DEVBOX_HTTP_ROUTE_JSON, devbox_current_process_stream },
  { "GET", "/api/v1/process/list", DEVBOX_HTTP_ROUTE_NONE, devbox_current_process_list },
  { "GET", "/api/v1/process/{}/status", DEVBOX_HTTP_ROUTE_NONE, devbox_current_process_status },
  { "POST", "/api/v1/process/{}/kill", DEVBOX_HTTP_ROUTE_NONE, devbox_current_process_kill },
  { "GET", "/api/v1/process/{}/logs", DEVBOX_HTTP_ROUTE_NONE, devbox_current_process_logs },
  DEVBOX_HTTP_ROUTES_END,
};
