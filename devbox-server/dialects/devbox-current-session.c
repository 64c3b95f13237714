/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-current-private.h"

#include "devbox-agent-service-private.h"
#include "devbox-command-environment-private.h"
#include "devbox-command-reply-private.h"
#include "devbox-current-process-private.h"
#include "devbox-http-query-private.h"
#include "devbox-shell-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT 300
#define TIMED_OUT 1500
#define SYNTAX_ERROR 1600

/* A request that a session is to answer. */
typedef struct
{
  DevboxHttpExchange *exchange;
  DevboxAgentService *service;
  DevboxShellSession *session;
  char *path; /* of a `cd` */
} SessionCall;

static void
session_call_free (gpointer data)
{
  SessionCall *self = data;

  devbox_http_exchange_set_closed_func (self->exchange, NULL, NULL, NULL);
  devbox_http_exchange_unref (self->exchange);
  g_clear_pointer (&self->session, devbox_shell_session_unref);
  g_free (self->path);
  g_free (self);
}

static SessionCall *
session_call_new (DevboxHttpExchange *exchange, DevboxAgentService *service, DevboxShellSession *session)
{
  SessionCall *self = g_new0 (SessionCall, 1);

  self->exchange = devbox_http_exchange_ref (exchange);
  self->service = service;
  self->session = session != NULL ? devbox_shell_session_ref (session) : NULL;

  return self;
}

/* NULL when it was answered that there is none. */
static DevboxShellSession *
find_session (DevboxHttpExchange *exchange, DevboxAgentService *service, const char *id)
{
  DevboxShellSession *session = devbox_session_table_lookup (devbox_agent_service_get_session_table (service), id);
  g_autoptr (GError) error = NULL;

  if (session != NULL)
    return session;

  error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SESSION_NOT_FOUND, _ ("There is no session “%s”"), id);
  devbox_current_reply_error (exchange, error);
  return NULL;
}

static void
append_status (GString *json, DevboxShellSession *session)
{
  devbox_wire_json_append_member (json, "sessionStatus",
                                  devbox_shell_session_has_ended (session) ? "terminated" : "active");
}

static void
append_place (GString *json, DevboxShellSession *session)
{
  devbox_wire_json_append_member (json, "sessionId", devbox_shell_session_get_id (session));
  devbox_wire_json_append_member (json, "shell", devbox_shell_session_get_program (session));
  devbox_wire_json_append_member (json, "cwd", devbox_shell_session_get_folder (session));
  append_status (json, session);
}

static void
append_session (GString *json, DevboxShellSession *session)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  gboolean is_first = TRUE;

  append_place (json, session);
  g_string_append (json, ",\"env\":{");
  json_object_iter_init (&iter, devbox_shell_session_get_variables (session));
  while (json_object_iter_next (&iter, &name, &node))
    {
      if (!is_first)
        g_string_append_c (json, ',');
      is_first = FALSE;
      devbox_wire_json_append_string (json, name, -1);
      g_string_append_c (json, ':');
      devbox_wire_json_append_string (json, json_node_get_string (node), -1);
    }
  g_string_append (json, "},\"createdAt\":");
  devbox_wire_json_append_time_in_seconds (json, devbox_shell_session_get_created (session));
  g_string_append (json, ",\"lastUsedAt\":");
  devbox_wire_json_append_time_in_seconds (json, devbox_shell_session_get_last_used (session));
}

/* Create */

static void
on_ready (DevboxShellSession *session, const DevboxShellResult *result, gpointer user_data)
{
  SessionCall *call = user_data;
  GString *json;

  if (result->error != NULL)
    {
      devbox_session_table_forget (devbox_agent_service_get_session_table (call->service), session);
      devbox_current_reply_error (call->exchange, result->error);
      return;
    }

  json = devbox_current_begin ();
  append_place (json, session);
  devbox_current_reply (call->exchange, json);
}

/* Nobody would know its identifier. */
static void
on_creator_gone (DevboxHttpExchange *exchange, gpointer user_data)
{
  devbox_shell_session_terminate (user_data);
}

static void
create_session (DevboxHttpExchange *exchange,
                DevboxAgentService *service,
                const char *shell,
                const char *folder,
                JsonObject *variables)
{
  g_autoptr (GPtrArray) environment = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autofree char *program = devbox_shell_find_program (shell, &error);
  DevboxLauncher *launcher = devbox_agent_service_get_launcher (service);
  DevboxCommandSpec spec = { 0 };
  DevboxShellSession *session = NULL;
  int folder_fd = -1;

  if (program != NULL
      && devbox_command_folder_open (devbox_agent_service_get_workspace (service), "workingDir", folder, &spec,
                                     &folder_fd, &error))
    {
      devbox_command_environment_merge (environment, devbox_launcher_get_base_environment (launcher), variables);
      spec.envp = (const char *const *) environment->pdata;
      session = devbox_session_table_create (devbox_agent_service_get_session_table (service), program, &spec,
                                             variables, on_ready, session_call_new (exchange, service, NULL),
                                             session_call_free, &error);
      if (folder_fd >= 0)
        close (folder_fd);
    }

  if (session == NULL)
    devbox_current_reply_error (exchange, error);
  else
    devbox_http_exchange_set_closed_func (exchange, on_creator_gone, devbox_shell_session_ref (session),
                                          (GDestroyNotify) devbox_shell_session_unref);
}

static void
create_from_object (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  const char *folder = NULL;
  const char *shell = NULL;
  JsonObject *variables = NULL;
  g_autoptr (GError) error = NULL;

  if (!devbox_wire_json_get_string (object, "workingDir", FALSE, &folder, &error)
      || !devbox_wire_json_get_string (object, "shell", FALSE, &shell, &error)
      || !devbox_command_environment_read (object, FALSE, &variables, &error))
    devbox_current_reject (exchange, error);
  else
    create_session (exchange, user_data, shell, folder, variables);
}

static void
create (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  devbox_current_collect_object (exchange, create_from_object, user_data);
}

/* Look */

static void
append_to_list (DevboxShellSession *session, gpointer user_data)
{
  GString *json = user_data;
  gsize start;

  if (json->str[json->len - 1] == '}')
    g_string_append_c (json, ',');
  g_string_append_c (json, '{');
  start = json->len;
  append_session (json, session);
  g_string_erase (json, start, 1);
  g_string_append_c (json, '}');
}

static void
list (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  GString *json = devbox_current_begin ();

  g_string_append (json, ",\"sessions\":[");
  devbox_session_table_foreach (devbox_agent_service_get_session_table (user_data), append_to_list, json);
  g_string_append_c (json, ']');
  devbox_current_reply (exchange, json);
}

static void
show (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxShellSession *session = find_session (exchange, user_data, argument);
  GString *json;

  if (session == NULL)
    return;

  json = devbox_current_begin ();
  append_session (json, session);
  devbox_current_reply (exchange, json);
}

static void
logs (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxShellSession *session = find_session (exchange, user_data, argument);
  g_autoptr (DevboxHttpQuery) query = NULL;
  g_autoptr (GError) error = NULL;
  GString *json;
  gint64 tail = -1;

  if (session == NULL)
    return;

  query = devbox_http_query_new (exchange, &error);
  if (query == NULL || !devbox_http_query_get_int (query, "tail", 0, G_MAXINT32, &tail, &error))
    {
      devbox_current_reject (exchange, error);
      return;
    }

  json = devbox_current_begin ();
  devbox_wire_json_append_member (json, "sessionId", argument);
  devbox_current_reply_log (exchange, json, devbox_shell_session_get_log (session), tail);
}

/* Act */

/* The session that the path of the request names: the routes below /sessions/{id} that have a body. */
typedef void (*SessionBodyFunc) (DevboxHttpExchange *exchange,
                                 DevboxAgentService *service,
                                 DevboxShellSession *session,
                                 JsonObject *object);

typedef struct
{
  DevboxAgentService *service;
  DevboxShellSession *session;
  SessionBodyFunc func;
} SessionBody;

static void
session_body_free (gpointer data)
{
  SessionBody *self = data;

  devbox_shell_session_unref (self->session);
  g_free (self);
}

static void
on_body (DevboxHttpExchange *exchange, JsonObject *object, gpointer user_data)
{
  SessionBody *self = user_data;

  self->func (exchange, self->service, self->session, object);
}

static void
collect (DevboxHttpExchange *exchange, DevboxAgentService *service, const char *id, SessionBodyFunc func)
{
  DevboxShellSession *session = find_session (exchange, service, id);
  SessionBody *body;

  if (session == NULL)
    return;

  body = g_new (SessionBody, 1);
  body->service = service;
  body->session = devbox_shell_session_ref (session);
  body->func = func;
  devbox_http_exchange_set_data (exchange, body, session_body_free);
  devbox_current_collect_object (exchange, on_body, body);
}

static void
on_client_gone (DevboxHttpExchange *exchange, gpointer user_data)
{
  SessionCall *call = user_data;

  devbox_shell_session_abandon (call->session, call);
}

/* Nobody is left to whom the result could be told: what was asked for is ended, or never begun. */
static void
watch_client (SessionCall *call)
{
  devbox_http_exchange_set_closed_func (call->exchange, on_client_gone, call, NULL);
  if (devbox_http_exchange_is_closed (call->exchange))
    devbox_shell_session_abandon (call->session, call);
}

/* The beginning of the answer, whose status tells how the command came out. */
static GString *
begin_result (const DevboxShellResult *result)
{
  GString *json;

  if (result->syntax_error == NULL && !result->timed_out)
    return devbox_current_begin ();

  json = g_string_new ("{");
  if (result->syntax_error != NULL)
    devbox_current_append_failure (json, SYNTAX_ERROR, result->syntax_error);
  else if (result->shell_replaced)
    devbox_current_append_failure (json, TIMED_OUT,
                                   _ ("The command ran into its time-out and could only be ended with the shell; the "
                                      "new one has its folder and its exported variables, and nothing else of it"));
  else
    devbox_current_append_failure (json, TIMED_OUT, _ ("The command ran into its time-out and was ended"));

  return json;
}

static void
on_executed (DevboxShellSession *session, const DevboxShellResult *result, gpointer user_data)
{
  SessionCall *call = user_data;
  GString *json;

  if (result->error != NULL)
    {
      devbox_current_reply_error (call->exchange, result->error);
      return;
    }

  json = begin_result (result);
  if (result->timed_out)
    g_string_append (json, ",\"exitCode\":null");
  else
    g_string_append_printf (json, ",\"exitCode\":%d", result->exit_code);
  g_string_append_printf (json, ",\"duration\":%" G_GINT64_FORMAT, result->duration / 1000);
  devbox_wire_json_append_member (json, "workingDir", devbox_shell_session_get_folder (session));
  append_status (json, session);
  if (result->shell_replaced)
    g_string_append (json, ",\"shellReplaced\":true");
  devbox_command_reply_send (call->exchange, 200, json, result->log);
}

static void
exec_object (DevboxHttpExchange *exchange, DevboxAgentService *service, DevboxShellSession *session, JsonObject *object)
{
  const char *command = NULL;
  gint64 timeout = DEFAULT_TIMEOUT;
  g_autoptr (GError) error = NULL;
  SessionCall *call;

  if (!devbox_wire_json_get_string (object, "command", TRUE, &command, &error)
      || !devbox_wire_json_get_int (object, "timeout", FALSE, 0, DEVBOX_CURRENT_MAX_TIMEOUT, &timeout, &error))
    {
      devbox_current_reject (exchange, error);
      return;
    }

  call = session_call_new (exchange, service, session);
  if (devbox_shell_session_exec (session, command, timeout * 1000, on_executed, call, session_call_free, &error))
    watch_client (call);
  else
    devbox_current_reply_error (exchange, error);
}

static void
exec (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  collect (exchange, user_data, argument, exec_object);
}

/* TRUE: it was answered. */
static gboolean
reply_request_failure (SessionCall *call, const DevboxShellResult *result)
{
  g_autoptr (GError) error = NULL;

  if (result->error != NULL)
    error = g_error_copy (result->error);
  else if (result->timed_out)
    error = g_error_new_literal (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_OPERATION_TIMEOUT,
                                 _ ("The shell did not answer in time"));

  if (error != NULL)
    devbox_current_reply_error (call->exchange, error);
  return error != NULL;
}

static char *
dup_complaint (const DevboxShellResult *result)
{
  char buffer[512];
  gsize size = devbox_output_log_read (result->log, DEVBOX_OUTPUT_STDERR, 0, buffer, sizeof buffer);
  g_autofree char *text = g_utf8_make_valid (buffer, size);

  return g_strdup (g_strstrip (text));
}

static void
on_folder_changed (DevboxShellSession *session, const DevboxShellResult *result, gpointer user_data)
{
  SessionCall *call = user_data;
  g_autofree char *complaint = NULL;
  g_autoptr (GError) error = NULL;
  GString *json;

  if (reply_request_failure (call, result))
    return;

  if (result->exit_code != 0)
    {
      complaint = dup_complaint (result);
      error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_NOT_FOUND, _ ("Cannot change to “%s”: %s"), call->path,
                           complaint);
      devbox_current_reply_error (call->exchange, error);
      return;
    }

  json = devbox_current_begin ();
  devbox_wire_json_append_member (json, "workingDir", devbox_shell_session_get_folder (session));
  devbox_wire_json_append_member (json, "cwd", devbox_shell_session_get_folder (session));
  devbox_current_reply (call->exchange, json);
}

static void
change_folder_object (DevboxHttpExchange *exchange,
                      DevboxAgentService *service,
                      DevboxShellSession *session,
                      JsonObject *object)
{
  const char *path = NULL;
  g_autoptr (GError) error = NULL;
  SessionCall *call;

  if (!devbox_wire_json_get_string (object, "path", TRUE, &path, &error))
    {
      devbox_current_reject (exchange, error);
      return;
    }

  call = session_call_new (exchange, service, session);
  call->path = g_strdup (path);
  if (devbox_shell_session_change_folder (session, path, on_folder_changed, call, session_call_free, &error))
    watch_client (call);
  else
    devbox_current_reply_error (exchange, error);
}

static void
change_folder (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  collect (exchange, user_data, argument, change_folder_object);
}

static void
on_variables_set (DevboxShellSession *session, const DevboxShellResult *result, gpointer user_data)
{
  SessionCall *call = user_data;
  g_autofree char *complaint = NULL;
  g_autoptr (GError) error = NULL;

  if (reply_request_failure (call, result))
    return;

  if (result->exit_code == 0)
    {
      devbox_current_reply_success (call->exchange);
      return;
    }

  complaint = dup_complaint (result);
  error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED, _ ("Cannot set the variables: %s"),
                       complaint);
  devbox_current_reply_error (call->exchange, error);
}

static void
set_variables_object (DevboxHttpExchange *exchange,
                      DevboxAgentService *service,
                      DevboxShellSession *session,
                      JsonObject *object)
{
  JsonObject *variables = NULL;
  g_autoptr (GError) error = NULL;
  SessionCall *call;

  if (!devbox_command_environment_read (object, TRUE, &variables, &error))
    {
      devbox_current_reject (exchange, error);
      return;
    }

  call = session_call_new (exchange, service, session);
  if (devbox_shell_session_set_variables (session, variables, on_variables_set, call, session_call_free, &error))
    watch_client (call);
  else
    devbox_current_reply_error (exchange, error);
}

static void
set_variables (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  collect (exchange, user_data, argument, set_variables_object);
}

static void
on_terminated (DevboxShellSession *session, gpointer user_data)
{
  SessionCall *call = user_data;

  devbox_current_reply_success (call->exchange);
}

static void
terminate (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  DevboxShellSession *session = find_session (exchange, user_data, argument);

  if (session == NULL)
    return;

  devbox_shell_session_terminate (session);
  devbox_shell_session_add_ended_func (session, on_terminated, session_call_new (exchange, user_data, NULL),
                                       session_call_free);
}

const DevboxHttpRoute devbox_current_session_routes[] = {
  { "POST", "/api/v1/sessions/create", DEVBOX_HTTP_ROUTE_JSON, create },
  { "GET", "/api/v1/sessions", DEVBOX_HTTP_ROUTE_NONE, list },
  { "GET", "/api/v1/sessions/{}", DEVBOX_HTTP_ROUTE_NONE, show },
  { "POST", "/api/v1/sessions/{}/env", DEVBOX_HTTP_ROUTE_JSON, set_variables },
  { "POST", "/api/v1/sessions/{}/exec", DEVBOX_HTTP_ROUTE_JSON, exec },
  { "POST", "/api/v1/sessions/{}/cd", DEVBOX_HTTP_ROUTE_JSON, change_folder },
  { "POST", "/api/v1/sessions/{}/terminate", DEVBOX_HTTP_ROUTE_NONE, terminate },
  { "GET", "/api/v1/sessions/{}/logs", DEVBOX_HTTP_ROUTE_NONE, logs },
  DEVBOX_HTTP_ROUTES_END,
};
