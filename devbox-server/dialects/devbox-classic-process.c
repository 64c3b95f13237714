/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-classic-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-command-request-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-wire-base64-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

/* What is kept of each stream. */
#define OUTPUT_LIMIT (10 * 1024 * 1024)

static void
append_base64_member (GString *json, const char *name, const GString *bytes)
{
  gsize position;

  g_string_append_printf (json, ",\"%s\":\"", name);
  position = json->len;
  g_string_set_size (json, position + (bytes->len + 2) / 3 * 4);
  devbox_wire_base64_encode ((const guint8 *) bytes->str, bytes->len, json->str + position);
  g_string_append_c (json, '"');
}

/* A stream as text, and beside it as base64 where text cannot carry it. */
static void
append_stream (GString *json, const char *name, const char *base64_name, const GString *bytes)
{
  g_string_append_printf (json, ",\"%s\":", name);
  if (!devbox_wire_json_append_string (json, bytes->str, bytes->len))
    append_base64_member (json, base64_name, bytes);
}

static void
append_output (GString *json, DevboxServerCommand *command)
{
  append_stream (json, "stdout", "stdoutBase64", devbox_server_command_get_stdout (command));
  append_stream (json, "stderr", "stderrBase64", devbox_server_command_get_stderr (command));
  g_string_append_printf (json, ",\"duration\":%" G_GINT64_FORMAT, devbox_server_command_get_duration (command) / 1000);
  if (devbox_server_command_get_stdout_truncated (command) || devbox_server_command_get_stderr_truncated (command))
    g_string_append (json, ",\"truncated\":true");
}

static void
reply_result (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  int exit_code = devbox_server_command_get_exit_code (command);
  g_autoptr (GString) json = g_string_sized_new (512);

  g_string_append_printf (json,
                          "{\"pid\":%d,\"status\":\"%s\",\"exitCode\":%d",
                          (int) devbox_server_command_get_pid (command),
                          exit_code == 0 ? "completed" : "failed",
                          exit_code);
  append_output (json, command);
  g_string_append_c (json, '}');

  devbox_http_reply_json (exchange, 200, json);
}

static void
reply_timed_out (DevboxHttpExchange *exchange, DevboxServerCommand *command)
{
  g_autoptr (GString) json = g_string_new ("{\"success\":false,\"error\":");

  devbox_wire_json_append_string (json, _ ("The command ran into its time-out and was ended"), -1);
  g_string_append (json, ",\"code\":\"OPERATION_TIMEOUT\",\"timestamp\":");
  devbox_wire_json_append_time (json, g_get_real_time ());
  g_string_append_printf (json, ",\"pid\":%d", (int) devbox_server_command_get_pid (command));
  append_output (json, command);
  g_string_append_c (json, '}');

  devbox_http_reply_json (exchange, 408, json);
}

static void
on_command_done (DevboxServerCommand *command, gpointer user_data)
{
  DevboxHttpExchange *exchange = user_data;

  if (devbox_server_command_get_state (command) == DEVBOX_COMMAND_FAILED_TO_START)
    devbox_http_reply_error (exchange, devbox_server_command_get_error (command));
  else if (devbox_server_command_get_timed_out (command))
    reply_timed_out (exchange, command);
  else
    reply_result (exchange, command);
}

/* Nobody is left to whom the result could be told. */
static void
on_client_gone (DevboxHttpExchange *exchange, gpointer user_data)
{
  DevboxServerCommand *command = user_data;

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

  request = devbox_command_request_new (object,
                                        devbox_agent_service_get_workspace (service),
                                        devbox_agent_service_get_launcher (service),
                                        OUTPUT_LIMIT,
                                        &error);
  if (request != NULL)
    command = devbox_process_table_start (table,
                                          devbox_command_request_get_spec (request),
                                          on_command_done,
                                          devbox_http_exchange_ref (exchange),
                                          (GDestroyNotify) devbox_http_exchange_unref,
                                          &error);

  if (command == NULL)
    devbox_http_reply_error (exchange, error);
  else
    devbox_http_exchange_set_closed_func (exchange,
                                          on_client_gone,
                                          devbox_server_command_ref (command),
                                          (GDestroyNotify) devbox_server_command_unref);
}

void
devbox_classic_exec (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_classic_collect_object (exchange, exec, user_data);
}
