/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-command-reply-private.h"
#include "devbox-command-request-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

/* What is kept of each stream. */
#define OUTPUT_LIMIT (10 * 1024 * 1024)

static void
reply_result (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  int exit_code = devbox_server_command_get_exit_code (command);
  GString *json = g_string_sized_new (512);

  g_string_append_printf (json, "{\"pid\":%d,\"status\":\"%s\",\"exitCode\":%d",
                          (int) devbox_server_command_get_pid (command), exit_code == 0 ? "completed" : "failed",
                          exit_code);

  devbox_command_reply_send (exchange, 200, json, command);
}

static void
reply_timed_out (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  GString *json = g_string_new ("{");

  devbox_wire_json_append_error (json, DEVBOX_WIRE_OPERATION_TIMEOUT,
                                 _ ("The command ran into its time-out and was ended"));
  g_string_append_printf (json, ",\"pid\":%d", (int) devbox_server_command_get_pid (command));

  devbox_command_reply_send (exchange, 408, json, command);
}

static void
on_command_done (DevboxServerCommand *command, gpointer user_data)
{
  DevboxHttpExchange *exchange = user_data;

  /* It could not start, or the launcher was lost under it. */
  if (devbox_server_command_get_error (command) != NULL)
    devbox_http_reply_error (exchange, devbox_server_command_get_error (command));
  else if (devbox_server_command_get_timed_out (command))
    reply_timed_out (exchange, command);
  else
    reply_result (exchange, command);
}

/* Nobody is left to whom the result could be told. What an ended command left to run goes on. */
static void
on_client_gone (DevboxHttpExchange *exchange, gpointer user_data)
{
  DevboxServerCommand *command = user_data;
  DevboxCommandState state = devbox_server_command_get_state (command);

  if (state == DEVBOX_COMMAND_STARTING || state == DEVBOX_COMMAND_RUNNING)
    devbox_server_command_kill (command);
}

static void
exec (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  DevboxAgentService *service = user_data;
  DevboxProcessTable *table = devbox_agent_service_get_process_table (service);
  g_autoptr (DevboxCommandRequest) request = NULL;
  g_autoptr (DevboxServerCommand) command = NULL;
  g_autoptr (GError) error = NULL;

  request = devbox_command_request_new (object, devbox_agent_service_get_workspace (service),
                                        devbox_agent_service_get_launcher (service), OUTPUT_LIMIT, &error);
  if (request != NULL)
    command = devbox_process_table_start (table, devbox_command_request_get_spec (request), on_command_done,
                                          devbox_http_exchange_ref (exchange),
                                          (GDestroyNotify) devbox_http_exchange_unref, &error);

  if (command == NULL)
    devbox_http_reply_error (exchange, error);
  else
    devbox_http_exchange_set_closed_func (exchange, on_client_gone, devbox_server_command_ref (command),
                                          (GDestroyNotify) devbox_server_command_unref);
}

void
devbox_classic_exec (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_classic_collect_object (exchange, exec, user_data);
}
