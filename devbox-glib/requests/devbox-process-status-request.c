/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-process-requests-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-error-private.h"
#include "devbox-process-reply-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

#define FIRST_DELAY_MS 50
#define LAST_DELAY_MS 5000
#define MAX_LIST_REPLY_SIZE (16 * 1024 * 1024)

static char *
build_classic_path (int pid)
{
  return g_strdup_printf ("/process/status/%d", pid);
}

static gboolean
read_classic (DevboxProcessState *state, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonObject) object = devbox_request_parse_object (reply, error);

  return object != NULL && devbox_process_state_read_classic (state, object, error);
}

/* By its pid: the classic dialect knows it, and the list of the current one its identifier. */

typedef enum
{
  PHASE_CLASSIC,
  PHASE_LIST,
} Phase;

typedef struct
{
  DevboxAgentHandle *handle;
  int pid;
  Phase phase;
  DevboxDialects dialects;
  gboolean has_state;
  DevboxProcessState state; /* what the classic dialect said */
} Status;

static void
status_free (gpointer data)
{
  Status *self = data;

  devbox_agent_handle_unref (self->handle);
  devbox_process_state_clear (&self->state);
  g_free (self);
}

static gboolean
prepare_status (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  Status *self = request->data;

  self->dialects = features->dialects;
  if (!(self->dialects & DEVBOX_DIALECT_CLASSIC))
    self->phase = PHASE_LIST;

  devbox_request_take_path (request, SOUP_METHOD_GET,
                            self->phase == PHASE_CLASSIC ? build_classic_path (self->pid)
                                                         : g_strdup ("/api/v1/process/list"));
  return TRUE;
}

/* An agent of both dialects keeps what ran in the background for longer than the classic one knows of it. */
static gboolean
step_status (DevboxRequest *request, const DevboxReply *reply, const GError *error, guint *delay_ms)
{
  Status *self = request->data;

  if (reply == NULL || self->phase == PHASE_LIST || !(self->dialects & DEVBOX_DIALECT_CURRENT))
    return FALSE;

  if (SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    {
      self->has_state = read_classic (&self->state, reply, NULL);
      if (!self->has_state)
        return FALSE; /* parse () will say why */
    }
  else if (reply->status != SOUP_STATUS_NOT_FOUND)
    {
      return FALSE;
    }

  self->phase = PHASE_LIST;
  *delay_ms = 0;
  return TRUE;
}

/* FALSE without an error: it is not in the list. */
static gboolean
find_in_list (Status *self, GPtrArray *objects, DevboxProcessState *found, GError **error)
{
  gboolean is_found = FALSE;

  for (guint i = 0; i < objects->len; i++)
    {
      g_auto (DevboxProcessState) state = DEVBOX_PROCESS_STATE_INIT;
      gboolean is_it;

      if (!devbox_process_state_read_current (&state, objects->pdata[i], error))
        return FALSE;

      is_it = self->has_state ? devbox_process_state_is_same (&state, &self->state) : state.pid == self->pid;
      if (is_it
          && (!is_found || found->start_time == NULL || state.start_time == NULL
              || g_date_time_compare (state.start_time, found->start_time) >= 0))
        {
          devbox_process_state_clear (found);
          *found = state;
          state = (DevboxProcessState) DEVBOX_PROCESS_STATE_INIT;
          is_found = TRUE;
        }
    }

  return is_found;
}

static gpointer
fail_from_unknown_pid (Status *self, GError **error)
{
  g_autofree char *pid = g_strdup_printf ("%d", self->pid);

  devbox_error_set (error, DEVBOX_ERROR_PROCESS_NOT_FOUND, &(DevboxErrorDetails){ .path = pid },
                    _ ("No process that the agent knows has the number %d"), self->pid);
  return NULL;
}

static gpointer
parse_from_list (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Status *self = request->data;
  g_auto (DevboxProcessState) found = DEVBOX_PROCESS_STATE_INIT;
  g_autoptr (GPtrArray) objects = NULL;
  GError *reason = NULL;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  if (object == NULL)
    return NULL;
  if (!devbox_wire_json_get_objects (object, "processes", FALSE, &objects, &reason)
      || (objects != NULL && !find_in_list (self, objects, &found, &reason) && reason != NULL))
    return devbox_request_fail_from_bad_reply (request, reason, error);

  if (found.id == NULL && !self->has_state)
    return fail_from_unknown_pid (self, error);
  if (found.id == NULL) /* nobody started it in the background */
    return devbox_process_new_from_state (self->handle, &self->state);

  if (self->has_state)
    devbox_process_state_complete (&found, &self->state);
  return devbox_process_new_from_state (self->handle, &found);
}

static gpointer
parse_status (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Status *self = request->data;
  g_auto (DevboxProcessState) state = DEVBOX_PROCESS_STATE_INIT;
  GError *reason = NULL;

  if (self->phase == PHASE_LIST)
    return parse_from_list (request, reply, error);
  if (!SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    return devbox_request_fail_from_reply (request, reply, error);
  if (!read_classic (&state, reply, &reason))
    return devbox_request_fail_from_bad_reply (request, reason, error);

  return devbox_process_new_from_state (self->handle, &state);
}

DevboxRequest *
devbox_process_status_request_new (DevboxAgentHandle *handle, int pid, GError **error)
{
  g_autofree char *path = build_classic_path (pid);
  g_autofree char *number = g_strdup_printf ("%d", pid);
  DevboxRequest *request;
  Status *self;

  if (pid < 1)
    {
      devbox_request_refuse (error, number, _ ("%d is not the number of a process"), pid);
      return NULL;
    }

  self = g_new0 (Status, 1);
  self->handle = devbox_agent_handle_ref (handle);
  self->pid = pid;
  self->state = (DevboxProcessState) DEVBOX_PROCESS_STATE_INIT;

  request = devbox_request_new (SOUP_METHOD_GET, path, parse_status, g_object_unref);
  request->subject = g_steal_pointer (&number);
  request->not_found = DEVBOX_ERROR_PROCESS_NOT_FOUND;
  request->max_reply_size = DEVBOX_AGENT_MAX_OUTPUT_REPLY_SIZE;
  request->prepare = prepare_status;
  request->step = step_status;
  request->data = self;
  request->data_free = status_free;

  return request;
}

/* One that is known: by its identifier, and what the classic dialect adds to that by its pid. */

typedef struct
{
  DevboxProcess *process;
  DevboxProcessQuestion question;
  const char *id; /* NULL: it has none */
  int pid;
  Phase phase;
  DevboxDialects dialects;
  gboolean tells_end;
  guint delay_ms;
  gboolean has_state;
  DevboxProcessState state; /* what the current dialect said */
} Refresh;

static void
refresh_free (gpointer data)
{
  Refresh *self = data;

  devbox_process_state_clear (&self->state);
  g_object_unref (self->process);
  g_free (self);
}

static gboolean
prepare_refresh (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  Refresh *self = request->data;

  self->dialects = features->dialects;
  /* Only an agent that tells what it can do ends its logs. */
  self->tells_end = self->id != NULL && (features->dialects & DEVBOX_DIALECT_CURRENT)
                    && devbox_agent_features_have (features, "current");
  if (!self->has_state)
    self->phase = self->id != NULL && (features->dialects & DEVBOX_DIALECT_CURRENT) ? PHASE_LIST : PHASE_CLASSIC;
  if (self->phase == PHASE_CLASSIC && (!(features->dialects & DEVBOX_DIALECT_CLASSIC) || self->pid == 0))
    return devbox_agent_refuse_unsupported (error,
                                            _ ("The agent does not know how to tell the status of this process"));

  devbox_request_take_path (request, SOUP_METHOD_GET,
                            self->phase == PHASE_CLASSIC
                                ? build_classic_path (self->pid)
                                : devbox_agent_path_new ("/api/v1/process/", self->id, "/status"));
  return TRUE;
}

static gboolean
read_current (DevboxRequest *request, DevboxProcessState *state, const DevboxReply *reply, GError **error)
{
  GError *reason = NULL;
  g_autoptr (JsonObject) object = devbox_request_parse_envelope (request, reply, error);

  if (object == NULL)
    return FALSE;
  if (devbox_process_state_read_current (state, object, &reason))
    return TRUE;

  devbox_request_fail_from_bad_reply (request, reason, error);
  return FALSE;
}

static gboolean
read_either (DevboxRequest *request, DevboxProcessState *state, const DevboxReply *reply, GError **error)
{
  Refresh *self = request->data;
  GError *reason = NULL;

  if (self->phase == PHASE_LIST)
    return read_current (request, state, reply, error);

  if (!SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    {
      devbox_request_fail_from_reply (request, reply, error);
      return FALSE;
    }
  if (read_classic (state, reply, &reason))
    return TRUE;

  devbox_request_fail_from_bad_reply (request, reason, error);
  return FALSE;
}

static gboolean
asks_again (Refresh *self, const DevboxProcessState *state, guint *delay_ms)
{
  if (self->question != DEVBOX_PROCESS_QUESTION_END || state->status != DEVBOX_PROCESS_STATUS_RUNNING)
    return FALSE;

  *delay_ms = self->delay_ms;
  self->delay_ms = MIN (2 * self->delay_ms, LAST_DELAY_MS);
  return TRUE;
}

static gboolean
step_refresh (DevboxRequest *request, const DevboxReply *reply, const GError *error, guint *delay_ms)
{
  Refresh *self = request->data;
  g_auto (DevboxProcessState) state = DEVBOX_PROCESS_STATE_INIT;

  if (reply == NULL || self->has_state || !read_either (request, &state, reply, NULL))
    return FALSE;
  if (asks_again (self, &state, delay_ms))
    return TRUE;
  if (self->question != DEVBOX_PROCESS_QUESTION_ALL || self->phase == PHASE_CLASSIC || state.pid == 0
      || !(self->dialects & DEVBOX_DIALECT_CLASSIC))
    return FALSE;

  self->state = state;
  state = (DevboxProcessState) DEVBOX_PROCESS_STATE_INIT;
  self->has_state = TRUE;
  self->pid = self->state.pid;
  self->phase = PHASE_CLASSIC;
  *delay_ms = 0;

  return TRUE;
}

/* The classic dialect forgets sooner, and gives a number again: then there is nothing to add. */
static void
complete (Refresh *self, const DevboxReply *reply)
{
  g_auto (DevboxProcessState) classic = DEVBOX_PROCESS_STATE_INIT;

  if (SOUP_STATUS_IS_SUCCESSFUL (reply->status) && read_classic (&classic, reply, NULL)
      && devbox_process_state_is_same (&self->state, &classic))
    devbox_process_state_complete (&self->state, &classic);
}

static gpointer
parse_refresh (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  Refresh *self = request->data;
  guint answer = DEVBOX_PROCESS_ANSWER_DONE;

  if (self->has_state)
    complete (self, reply);
  else if (!read_either (request, &self->state, reply, error))
    return NULL;

  if (self->state.status == DEVBOX_PROCESS_STATUS_RUNNING)
    answer |= DEVBOX_PROCESS_ANSWER_RUNS;
  if (self->tells_end)
    answer |= DEVBOX_PROCESS_ANSWER_TELLS_END;
  devbox_process_update (self->process, &self->state);

  return GUINT_TO_POINTER (answer);
}

DevboxRequest *
devbox_process_refresh_request_new (DevboxProcess *process, DevboxProcessQuestion question, GError **error)
{
  DevboxRequest *request;
  Refresh *self = g_new0 (Refresh, 1);

  self->process = g_object_ref (process);
  self->question = question;
  self->id = devbox_process_get_identifier (process);
  self->pid = devbox_process_get_pid (process);
  self->delay_ms = FIRST_DELAY_MS;
  self->state = (DevboxProcessState) DEVBOX_PROCESS_STATE_INIT;

  request = devbox_request_new (SOUP_METHOD_GET, "/api/v1/process/list", parse_refresh, NULL);
  request->subject = self->id != NULL ? g_strdup (self->id) : g_strdup_printf ("%d", self->pid);
  request->not_found = DEVBOX_ERROR_PROCESS_NOT_FOUND;
  request->max_reply_size = DEVBOX_AGENT_MAX_OUTPUT_REPLY_SIZE;
  request->timeout_ms = question == DEVBOX_PROCESS_QUESTION_END ? G_MAXUINT : 0;
  request->prepare = prepare_refresh;
  request->step = step_refresh;
  request->data = self;
  request->data_free = refresh_free;

  return request;
}
