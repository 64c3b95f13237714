/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-session-requests-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-client.h"
#include "devbox-command-result.h"
#include "devbox-error-private.h"
#include "devbox-run-request-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define SESSIONS "/api/v1/sessions"
#define MAX_LIST_REPLY_SIZE (64 * 1024 * 1024) /* 200 sessions, each with its environment */
#define INTERNAL_ERROR 1500
#define OPERATION_FAILED 1600

void
devbox_session_state_clear (DevboxSessionState *self)
{
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->shell, g_free);
  g_clear_pointer (&self->cwd, g_free);
  g_clear_pointer (&self->environment, g_strfreev);
  g_clear_pointer (&self->created, g_date_time_unref);
  g_clear_pointer (&self->last_used, g_date_time_unref);
}

static gboolean
read_environment (JsonObject *object, GStrv *environment, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GList) names = NULL;
  JsonObject *variables = NULL;

  if (!devbox_wire_json_get_object (object, "env", FALSE, &variables, error))
    return FALSE;
  if (variables == NULL)
    return TRUE;

  names = json_object_get_members (variables);
  for (GList *link = names; link != NULL; link = link->next)
    {
      g_autofree char *variable = NULL;
      const char *value = NULL;

      if (!devbox_wire_json_get_string (variables, link->data, TRUE, &value, error))
        return FALSE;
      variable = g_strconcat (link->data, "=", value, NULL);
      g_strv_builder_add (builder, variable);
    }

  *environment = g_strv_builder_end (builder);
  return TRUE;
}

static DevboxSessionStatus
status_from_string (const char *text)
{
  if (g_ascii_strcasecmp (text, "active") == 0)
    return DEVBOX_SESSION_STATUS_ACTIVE;
  if (g_ascii_strcasecmp (text, "terminated") == 0)
    return DEVBOX_SESSION_STATUS_TERMINATED;

  return DEVBOX_SESSION_STATUS_UNKNOWN;
}

/* What any reply on a session may tell. */
static gboolean
read_changes (DevboxSessionState *self, JsonObject *object, const char *cwd_member, GError **error)
{
  const char *cwd = NULL;
  const char *status = NULL;

  if (!devbox_wire_json_get_string (object, cwd_member, FALSE, &cwd, error)
      || !devbox_wire_json_get_string (object, "sessionStatus", FALSE, &status, error))
    return FALSE;

  self->cwd = g_strdup (cwd);
  self->status = status != NULL ? status_from_string (status) : DEVBOX_SESSION_STATUS_UNKNOWN;
  return TRUE;
}

gboolean
devbox_session_state_read (DevboxSessionState *self, JsonObject *object, GError **error)
{
  const char *id = NULL;
  const char *shell = NULL;

  if (!devbox_agent_read_id (object, "sessionId", &id, error)
      || !devbox_wire_json_get_string (object, "shell", FALSE, &shell, error)
      || !read_changes (self, object, "cwd", error) || !read_environment (object, &self->environment, error)
      || !devbox_agent_read_time (object, "createdAt", &self->created, error)
      || !devbox_agent_read_time (object, "lastUsedAt", &self->last_used, error))
    return FALSE;

  self->id = g_strdup (id);
  self->shell = g_strdup (shell);
  return TRUE;
}

static gboolean
prepare (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  return devbox_agent_check_current (features, _ ("The agent does not know how to keep sessions"), error);
}

static void
unref_handle (gpointer data)
{
  devbox_agent_handle_unref (data);
}

/* What comes with the creation, and is in no reply to it. */
typedef struct
{
  DevboxAgentHandle *handle;
  GStrv environment;
} Creation;

static void
creation_free (gpointer data)
{
  Creation *self = data;

  devbox_agent_handle_unref (self->handle);
  g_strfreev (self->environment);
  g_free (self);
}

static DevboxRequest *
request_new_for_agent (DevboxAgentHandle *handle, const char *method, const char *path, DevboxRequestParse parse)
{
  DevboxRequest *request = devbox_request_new (method, path, parse, g_object_unref);

  request->not_found = DEVBOX_ERROR_SESSION_NOT_FOUND;
  request->prepare = prepare;
  request->data = devbox_agent_handle_ref (handle);
  request->data_free = unref_handle;

  return request;
}

static gboolean
read_session (DevboxRequest *request, DevboxSessionState *state, const DevboxReply *reply, GError **error)
{
  GError *reason = NULL;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  if (object == NULL)
    return FALSE;
  if (devbox_session_state_read (state, object, &reason))
    return TRUE;

  devbox_request_fail_from_bad_reply (request, reason, error);
  return FALSE;
}

static gpointer
parse_session (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_auto (DevboxSessionState) state = { 0 };

  return read_session (request, &state, reply, error) ? devbox_session_new_from_state (request->data, &state) : NULL;
}

static gpointer
parse_created (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Creation *creation = request->data;
  g_auto (DevboxSessionState) state = { 0 };

  if (!read_session (request, &state, reply, error))
    return NULL;

  if (state.environment == NULL)
    state.environment = g_steal_pointer (&creation->environment);
  return devbox_session_new_from_state (creation->handle, &state);
}

static GString *
build_creation (const char *working_directory, const char *const *environment, const char *shell)
{
  GString *body = g_string_new (NULL);

  if (working_directory != NULL)
    devbox_wire_json_append_member (body, "workingDir", working_directory);
  if (shell != NULL)
    devbox_wire_json_append_member (body, "shell", shell);
  if (environment != NULL)
    devbox_agent_append_environ (body, environment);
  if (body->len > 0)
    body->str[0] = '{';
  else
    g_string_append_c (body, '{');
  g_string_append_c (body, '}');

  return body;
}

DevboxRequest *
devbox_create_session_request_new (DevboxAgentHandle *handle,
                                   const char *working_directory,
                                   const char *const *environment,
                                   const char *shell,
                                   GError **error)
{
  DevboxRequest *request;
  Creation *creation;

  if ((working_directory != NULL
       && !devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_WORKING_DIRECTORY, working_directory, error))
      || (shell != NULL && !devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PROGRAM, shell, error))
      || !devbox_request_check_environ (environment, error))
    return NULL;

  creation = g_new0 (Creation, 1);
  creation->handle = devbox_agent_handle_ref (handle);
  creation->environment = g_strdupv ((GStrv) environment);

  request = devbox_request_new (SOUP_METHOD_POST, SESSIONS "/create", parse_created, g_object_unref);
  request->prepare = prepare;
  request->data = creation;
  request->data_free = creation_free;
  devbox_request_take_json (request, build_creation (working_directory, environment, shell));
  request->subject = g_strdup (working_directory);

  return request;
}

DevboxRequest *
devbox_get_session_request_new (DevboxAgentHandle *handle, const char *id, GError **error)
{
  g_autofree char *path = NULL;
  DevboxRequest *request;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_IDENTIFIER, id, error))
    return NULL;

  path = devbox_agent_path_new (SESSIONS "/", id, NULL);
  request = request_new_for_agent (handle, SOUP_METHOD_GET, path, parse_session);
  request->subject = g_strdup (id);

  return request;
}

static gboolean
append_sessions (GListStore *store, DevboxAgentHandle *handle, GPtrArray *objects, GError **error)
{
  for (guint i = 0; i < objects->len; i++)
    {
      g_auto (DevboxSessionState) state = { 0 };
      g_autoptr (DevboxSession) session = NULL;

      if (!devbox_session_state_read (&state, objects->pdata[i], error))
        return FALSE;

      session = devbox_session_new_from_state (handle, &state);
      g_list_store_append (store, session);
    }

  return TRUE;
}

static gpointer
parse_list (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (GListStore) store = NULL;
  g_autoptr (GPtrArray) objects = NULL;
  GError *reason = NULL;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  if (object == NULL)
    return NULL;

  store = g_list_store_new (DEVBOX_TYPE_SESSION);
  if (!devbox_wire_json_get_objects (object, "sessions", FALSE, &objects, &reason)
      || (objects != NULL && !append_sessions (store, request->data, objects, &reason)))
    return devbox_request_fail_from_bad_reply (request, reason, error);

  return g_steal_pointer (&store);
}

DevboxRequest *
devbox_list_sessions_request_new (DevboxAgentHandle *handle)
{
  DevboxRequest *request = request_new_for_agent (handle, SOUP_METHOD_GET, SESSIONS, parse_list);

  request->max_reply_size = MAX_LIST_REPLY_SIZE;

  return request;
}

/* On one that is known */

static DevboxRequest *
request_new_for_session (DevboxSession *session, const char *method, const char *after, DevboxRequestParse parse)
{
  g_autofree char *path = devbox_agent_path_new (SESSIONS "/", devbox_session_get_identifier (session), after);
  DevboxRequest *request = devbox_request_new (method, path, parse, NULL);

  request->subject = g_strdup (devbox_session_get_identifier (session));
  request->not_found = DEVBOX_ERROR_SESSION_NOT_FOUND;
  request->prepare = prepare;
  request->data = g_object_ref (session);
  request->data_free = g_object_unref;

  return request;
}

static gpointer
parse_refresh (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_auto (DevboxSessionState) state = { 0 };

  if (!read_session (request, &state, reply, error))
    return NULL;

  devbox_session_update (request->data, &state);
  return GINT_TO_POINTER (TRUE);
}

DevboxRequest *
devbox_session_refresh_request_new (DevboxSession *session)
{
  return request_new_for_session (session, SOUP_METHOD_GET, NULL, parse_refresh);
}

static gpointer
parse_cd (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_auto (DevboxSessionState) state = { 0 };
  GError *reason = NULL;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  if (object == NULL)
    return NULL;
  if (!read_changes (&state, object, json_object_has_member (object, "cwd") ? "cwd" : "workingDir", &reason))
    return devbox_request_fail_from_bad_reply (request, reason, error);

  devbox_session_update (request->data, &state);
  return GINT_TO_POINTER (TRUE);
}

DevboxRequest *
devbox_session_cd_request_new (DevboxSession *session, const char *path, GError **error)
{
  DevboxRequest *request;
  GString *body;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_WORKING_DIRECTORY, path, error))
    return NULL;

  body = g_string_new ("{\"path\":");
  devbox_wire_json_append_string (body, path, -1);
  g_string_append_c (body, '}');

  request = request_new_for_session (session, SOUP_METHOD_POST, "/cd", parse_cd);
  devbox_request_take_json (request, body);
  request->not_found = 0; /* the folder rather than the session */

  return request;
}

typedef struct
{
  DevboxSession *session;
  GStrv environment;
} Setting;

static void
setting_free (gpointer data)
{
  Setting *self = data;

  g_object_unref (self->session);
  g_strfreev (self->environment);
  g_free (self);
}

static gpointer
parse_set (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Setting *setting = request->data;
  g_auto (DevboxSessionState) state = { 0 };
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  if (object == NULL)
    return NULL;

  state.environment = devbox_session_dup_environ (setting->session);
  for (guint i = 0; setting->environment[i] != NULL; i++)
    {
      const char *value = strchr (setting->environment[i], '=');
      g_autofree char *name = g_strndup (setting->environment[i], value - setting->environment[i]);

      state.environment = g_environ_setenv (state.environment, name, value + 1, TRUE);
    }

  devbox_session_update (setting->session, &state);
  return GINT_TO_POINTER (TRUE);
}

DevboxRequest *
devbox_session_environ_request_new (DevboxSession *session, const char *const *environment, GError **error)
{
  DevboxRequest *request;
  Setting *setting;
  GString *body;

  if (!devbox_request_check_environ (environment, error))
    return NULL;

  body = g_string_new (NULL);
  devbox_agent_append_environ (body, environment);
  body->str[0] = '{';
  g_string_append_c (body, '}');

  request = request_new_for_session (session, SOUP_METHOD_POST, "/env", parse_set);
  devbox_request_take_json (request, body);

  setting = g_new0 (Setting, 1);
  setting->session = g_steal_pointer (&request->data);
  setting->environment = g_strdupv ((GStrv) environment);
  request->data = setting;
  request->data_free = setting_free;

  return request;
}

static gpointer
parse_terminated (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  DevboxSessionState state = { .status = DEVBOX_SESSION_STATUS_TERMINATED };
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  if (object == NULL)
    return NULL;

  devbox_session_update (request->data, &state);
  return GINT_TO_POINTER (TRUE);
}

/* That it has ended already is no error, so it may be asked twice. */
DevboxRequest *
devbox_session_terminate_request_new (DevboxSession *session)
{
  DevboxRequest *request = request_new_for_session (session, SOUP_METHOD_POST, "/terminate", parse_terminated);

  request->idempotent = TRUE;

  return request;
}

/* Run */

typedef struct
{
  DevboxSession *session;
  guint timeout_ms;
  gint64 sent;
} Run;

static void
run_free (gpointer data)
{
  Run *self = data;

  g_object_unref (self->session);
  g_free (self);
}

static gboolean
prepare_run (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  Run *run = request->data;

  run->sent = g_get_monotonic_time ();

  return prepare (request, features, error);
}

static gpointer
fail_to_run (Run *run, const DevboxReply *reply, GError *failure, GError **error)
{
  const gint64 elapsed_ms = (g_get_monotonic_time () - run->sent) / G_TIME_SPAN_MILLISECOND;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (DevboxCommandResult) result = NULL;
  gint64 status = 0;

  if (SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    object = devbox_request_parse_object (reply, NULL);
  if (object != NULL)
    {
      devbox_wire_json_get_int (object, "status", FALSE, 0, G_MAXINT, &status, NULL);
      result = devbox_run_request_read_result (object, "duration", FALSE, NULL);
    }

  if (status == INTERNAL_ERROR && run->timeout_ms > 0 && elapsed_ms >= run->timeout_ms)
    return devbox_run_request_fail_as (DEVBOX_ERROR_OPERATION_TIMEOUT, failure, result, error);
  if (status == OPERATION_FAILED) /* nothing that the shell understands */
    return devbox_run_request_fail_as (DEVBOX_ERROR_VALIDATION_ERROR, failure, NULL, error);

  g_propagate_error (error, failure);
  return NULL;
}

static gpointer
parse_run (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Run *run = request->data;
  g_auto (DevboxSessionState) state = { 0 };
  GError *reason = NULL;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, &reason);
  DevboxCommandResult *result;

  if (object == NULL)
    return fail_to_run (run, reply, reason, error);

  result = read_changes (&state, object, "workingDir", &reason)
               ? devbox_run_request_read_result (object, "duration", FALSE, &reason)
               : NULL;
  if (result == NULL)
    return devbox_request_fail_from_bad_reply (request, reason, error);

  devbox_session_update (run->session, &state);
  return result;
}

DevboxRequest *
devbox_session_run_request_new (DevboxSession *session, const char *line, guint timeout_ms, GError **error)
{
  DevboxAgentHandle *handle = devbox_session_get_handle (session);
  const guint grace_ms = handle != NULL ? devbox_client_get_timeout (handle->client) : 0;
  DevboxRequest *request;
  GString *body;
  Run *run;

  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_COMMAND_LINE, line, error))
    return NULL;

  body = g_string_new ("{\"command\":");
  devbox_wire_json_append_string (body, line, -1);
  g_string_append_printf (body, ",\"timeout\":%" G_GUINT64_FORMAT "}", devbox_agent_to_seconds (timeout_ms));

  request = request_new_for_session (session, SOUP_METHOD_POST, "/exec", parse_run);
  devbox_request_take_json (request, body);
  request->result_free = g_object_unref;
  request->prepare = prepare_run;
  request->timeout_ms = timeout_ms > 0 ? devbox_run_request_add_grace (timeout_ms, grace_ms) : G_MAXUINT;
  request->max_reply_size = DEVBOX_AGENT_MAX_OUTPUT_REPLY_SIZE;

  run = g_new0 (Run, 1);
  run->session = g_steal_pointer (&request->data);
  run->timeout_ms = timeout_ms;
  request->data = run;
  request->data_free = run_free;

  return request;
}
