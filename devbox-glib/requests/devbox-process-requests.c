/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-process-requests-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-client.h"
#include "devbox-command-body-private.h"
#include "devbox-command.h"
#include "devbox-error-private.h"
#include "devbox-process-reply-private.h"
#include "devbox-run-request-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

#define MAX_LIST_REPLY_SIZE (16 * 1024 * 1024)

static void
unref_handle (gpointer data)
{
  devbox_agent_handle_unref (data);
}

/* Spawn */

typedef struct
{
  DevboxAgentHandle *handle;
  GBytes *body;
  char *command;
} Spawn;

static void
spawn_free (gpointer data)
{
  Spawn *self = data;

  devbox_agent_handle_unref (self->handle);
  g_bytes_unref (self->body);
  g_free (self->command);
  g_free (self);
}

static gpointer
parse_spawned (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Spawn *spawn = request->data;
  g_auto (DevboxProcessState) state = DEVBOX_PROCESS_STATE_INIT;
  GError *reason = NULL;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, &reason);

  if (object == NULL)
    {
      /* What the command is to blame for: there is no such program, for instance. */
      if (g_error_matches (reason, DEVBOX_ERROR, DEVBOX_ERROR_DEVBOX_OPERATION_FAILED))
        return devbox_run_request_fail_as (DEVBOX_ERROR_VALIDATION_ERROR, reason, NULL, error);
      g_propagate_error (error, reason);
      return NULL;
    }

  if (!devbox_process_state_read_current (&state, object, &reason))
    return devbox_request_fail_from_bad_reply (request, reason, error);
  if (state.command == NULL)
    state.command = g_strdup (spawn->command);

  return devbox_process_new_from_state (spawn->handle, &state);
}

static gboolean
prepare_spawn (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  return devbox_agent_check_current (
      features, _ ("The agent does not know how to start a command without waiting for its end"), error);
}

DevboxRequest *
devbox_spawn_request_new (DevboxAgentHandle *handle, DevboxCommand *command, GError **error)
{
  DevboxRequest *request;
  Spawn *spawn;

  if (!devbox_command_body_check (command, error))
    return NULL;

  spawn = g_new0 (Spawn, 1);
  spawn->handle = devbox_agent_handle_ref (handle);
  spawn->body = devbox_command_body_new_current (command);
  spawn->command = g_strdup (devbox_command_body_get_subject (command));

  request = devbox_request_new (SOUP_METHOD_POST, "/api/v1/process/exec", parse_spawned, g_object_unref);
  request->body = g_bytes_ref (spawn->body);
  request->content_type = "application/json";
  request->subject = g_strdup (spawn->command);
  request->prepare = prepare_spawn;
  request->data = spawn;
  request->data_free = spawn_free;

  return request;
}

/* List */

static gboolean
prepare_list (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  return devbox_agent_check_current (features, _ ("The agent does not know how to list processes"), error);
}

static gboolean
append_processes (GListStore *store, DevboxAgentHandle *handle, GPtrArray *objects, GError **error)
{
  for (guint i = 0; i < objects->len; i++)
    {
      g_auto (DevboxProcessState) state = DEVBOX_PROCESS_STATE_INIT;
      g_autoptr (DevboxProcess) process = NULL;

      if (!devbox_process_state_read_current (&state, objects->pdata[i], error))
        return FALSE;

      process = devbox_process_new_from_state (handle, &state);
      g_list_store_append (store, process);
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

  store = g_list_store_new (DEVBOX_TYPE_PROCESS);
  if (!devbox_wire_json_get_objects (object, "processes", FALSE, &objects, &reason)
      || (objects != NULL && !append_processes (store, request->data, objects, &reason)))
    return devbox_request_fail_from_bad_reply (request, reason, error);

  return g_steal_pointer (&store);
}

DevboxRequest *
devbox_list_processes_request_new (DevboxAgentHandle *handle)
{
  DevboxRequest *request = devbox_request_new (SOUP_METHOD_GET, "/api/v1/process/list", parse_list, g_object_unref);

  request->max_reply_size = MAX_LIST_REPLY_SIZE;
  request->prepare = prepare_list;
  request->data = devbox_agent_handle_ref (handle);
  request->data_free = unref_handle;

  return request;
}

/* Signal */

static gboolean
prepare_signal (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  return devbox_agent_check_current (features, _ ("The agent does not know how to send signals"), error);
}

static gpointer
parse_success (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  return object != NULL ? GINT_TO_POINTER (TRUE) : NULL;
}

/* Agents take a number as a name in different ways; a name is a name for all. */
static const char *
get_signal_name (int signal_num)
{
  static const struct
  {
    int number; /* on the devbox, which is Linux, whatever this is */
    const char *name;
  } signals[] = {
    { 1, "SIGHUP" },   { 2, "SIGINT" },   { 3, "SIGQUIT" },  { 6, "SIGABRT" },   { 9, "SIGKILL" },
    { 10, "SIGUSR1" }, { 12, "SIGUSR2" }, { 13, "SIGPIPE" }, { 14, "SIGALRM" },  { 15, "SIGTERM" },
    { 18, "SIGCONT" }, { 19, "SIGSTOP" }, { 20, "SIGTSTP" }, { 28, "SIGWINCH" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      if (signals[i].number == signal_num)
        return signals[i].name;
    }

  return NULL;
}

DevboxRequest *
devbox_process_signal_request_new (DevboxProcess *process, int signal_num, GError **error)
{
  const char *name = get_signal_name (signal_num);
  g_autofree char *number = g_strdup_printf ("%d", signal_num);
  g_autofree char *query = g_strconcat ("/kill?signal=", name != NULL ? name : number, NULL);
  g_autofree char *path = NULL;
  DevboxRequest *request;

  if (signal_num < 1 || signal_num > 64)
    {
      devbox_request_refuse (error, number, _ ("%d is not the number of a signal"), signal_num);
      return NULL;
    }
  if (!devbox_process_check_identifier (process, error))
    return NULL;

  path = devbox_agent_path_new ("/api/v1/process/", devbox_process_get_identifier (process), query);
  request = devbox_request_new (SOUP_METHOD_POST, path, parse_success, NULL);
  request->subject = g_strdup (devbox_process_get_identifier (process));
  request->not_found = DEVBOX_ERROR_PROCESS_NOT_FOUND;
  request->prepare = prepare_signal;

  return request;
}
