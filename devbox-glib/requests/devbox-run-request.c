/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-run-request-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-command-body-private.h"
#include "devbox-command-result-private.h"
#include "devbox-command.h"
#include "devbox-error-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>

#define EXIT_CODE_NOT_FOUND 127
#define INTERNAL_ERROR 1500
#define OPERATION_FAILED 1600

/* The command in both dialects: it may change after the request was made. */
typedef struct
{
  GBytes *classic;
  GBytes *current;
  guint timeout_ms;
  gint64 sent; /* the last time */
} Run;

static void
run_free (gpointer data)
{
  Run *self = data;

  g_bytes_unref (self->classic);
  g_bytes_unref (self->current);
  g_free (self);
}

/* Where no exit code is told, the command ran into its time limit, or a signal ended it. */
DevboxCommandResult *
devbox_run_request_read_result (JsonObject *object, const char *duration_member, gboolean has_exit_code, GError **error)
{
  g_autoptr (GBytes) output = NULL;
  g_autoptr (GBytes) errors = NULL;
  gint64 exit_code = DEVBOX_COMMAND_RESULT_NO_EXIT_CODE;
  gint64 pid = 0;
  double duration = 0;
  gboolean truncated = FALSE;

  if (!devbox_agent_read_output (object, "stdout", "stdoutBase64", TRUE, &output, error)
      || !devbox_agent_read_output (object, "stderr", "stderrBase64", TRUE, &errors, error)
      || !devbox_wire_json_get_int (object, "exitCode", has_exit_code, G_MININT, G_MAXINT, &exit_code, error)
      || !devbox_wire_json_get_int (object, "pid", FALSE, 0, G_MAXINT, &pid, error)
      || !devbox_wire_json_get_double (object, duration_member, FALSE, 0, DEVBOX_AGENT_MAX_DURATION_MS, &duration,
                                       error)
      || !devbox_wire_json_get_boolean (object, "truncated", FALSE, &truncated, error))
    return NULL;

  return devbox_command_result_new (&(DevboxCommandOutcome){
      .exit_code = (int) exit_code,
      .output = output,
      .errors = errors,
      .duration_ms = (guint64) duration,
      .pid = (int) pid,
      .truncated = truncated,
  });
}

static DevboxCommandResult *
parse_result (const DevboxReply *reply, const char *duration_member, gboolean has_exit_code, GError **error)
{
  g_autoptr (JsonObject) object = devbox_request_parse_object (reply, error);

  return object != NULL ? devbox_run_request_read_result (object, duration_member, has_exit_code, error) : NULL;
}

/* What the command printed until then goes with the error; a 408 of somebody in between has nothing of the kind. */
static gpointer
fail_from_timeout (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (DevboxCommandResult) result = parse_result (reply, "duration", FALSE, NULL);
  GError *timeout = NULL;

  devbox_request_fail_from_reply (request, reply, &timeout);
  if (result != NULL)
    devbox_error_info_set_command_result (devbox_error_get_info (timeout), result);
  g_propagate_error (error, timeout);

  return NULL;
}

static gpointer
parse_classic (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  DevboxCommandResult *result;
  GError *reason = NULL;

  if (reply->status == SOUP_STATUS_REQUEST_TIMEOUT)
    return fail_from_timeout (request, reply, error);
  if (!SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    return devbox_request_fail_from_reply (request, reply, error);

  result = parse_result (reply, "duration", TRUE, &reason);
  if (result == NULL)
    return devbox_request_fail_from_bad_reply (request, reason, error);

  return result;
}

gpointer
devbox_run_request_fail_as (DevboxError code, GError *failure, DevboxCommandResult *result, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GError) owned = failure;
  DevboxErrorInfo *info = devbox_error_get_info (failure);
  GError *renamed;

  renamed = devbox_error_new (code,
                              &(DevboxErrorDetails){
                                  .http_status = devbox_error_info_get_http_status (info),
                                  .request_id = devbox_error_info_get_request_id (info),
                                  .path = devbox_error_info_get_path (info),
                              },
                              "%s", failure->message);
  if (result != NULL)
    devbox_error_info_set_command_result (devbox_error_get_info (renamed), result);
  g_propagate_error (error, renamed);

  return NULL;
}

/* The current dialect has one status for all that goes wrong inside, and one for all that the command is to blame for.
 */
static gpointer
fail_from_envelope (DevboxRequest *request,
                    const DevboxReply *reply,
                    JsonObject *object,
                    GError *failure,
                    GError **error)
{
  Run *run = request->data;
  g_autoptr (DevboxCommandResult) result = NULL;
  const gint64 elapsed_ms = (g_get_monotonic_time () - run->sent) / G_TIME_SPAN_MILLISECOND;
  gint64 status = 0;
  gint64 exit_code = 0;

  devbox_wire_json_get_int (object, "status", FALSE, 0, G_MAXINT, &status, NULL);
  devbox_wire_json_get_int (object, "exitCode", FALSE, G_MININT, G_MAXINT, &exit_code, NULL);
  result = devbox_run_request_read_result (object, "durationMs", FALSE, NULL);

  if (status == OPERATION_FAILED && exit_code == EXIT_CODE_NOT_FOUND)
    return devbox_run_request_fail_as (DEVBOX_ERROR_VALIDATION_ERROR, failure, NULL, error);
  if (status == INTERNAL_ERROR && elapsed_ms >= run->timeout_ms)
    return devbox_run_request_fail_as (DEVBOX_ERROR_OPERATION_TIMEOUT, failure, result, error);

  g_propagate_error (error, failure);
  return NULL;
}

static gpointer
parse_current (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  GError *reason = NULL;
  g_autoptr (JsonObject) members = devbox_request_parse_envelope (request, reply, &reason);
  g_autoptr (JsonObject) object = NULL;
  DevboxCommandResult *result;

  if (members != NULL)
    {
      result = devbox_run_request_read_result (members, "durationMs", FALSE, &reason);
      return result != NULL ? result : devbox_request_fail_from_bad_reply (request, reason, error);
    }

  if (SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    object = devbox_request_parse_object (reply, NULL);
  if (object != NULL)
    return fail_from_envelope (request, reply, object, reason, error);

  g_propagate_error (error, reason);
  return NULL;
}

/* The classic route knows more of a command: its exact exit code after a signal, its pid, milliseconds. */
static gboolean
prepare (DevboxRequest *request, const DevboxAgentFeatures *features, GError **error)
{
  Run *run = request->data;
  const gboolean is_classic = features->dialects & DEVBOX_DIALECT_CLASSIC;

  devbox_request_take_path (request, SOUP_METHOD_POST,
                            g_strdup (is_classic ? "/process/exec" : "/api/v1/process/exec-sync"));
  g_clear_pointer (&request->body, g_bytes_unref);
  request->body = g_bytes_ref (is_classic ? run->classic : run->current);
  request->content_type = "application/json";
  request->parse = is_classic ? parse_classic : parse_current;
  run->sent = g_get_monotonic_time ();

  return TRUE;
}

guint
devbox_run_request_add_grace (guint timeout_ms, guint grace_ms)
{
  if (grace_ms == 0)
    return 0;

  return timeout_ms > G_MAXUINT - grace_ms ? G_MAXUINT : timeout_ms + grace_ms;
}

DevboxRequest *
devbox_run_request_new (DevboxCommand *command, guint grace_ms, GError **error)
{
  DevboxRequest *request;
  Run *run;

  if (!devbox_command_body_check (command, error))
    return NULL;

  run = g_new0 (Run, 1);
  run->classic = devbox_command_body_new_classic (command);
  run->current = devbox_command_body_new_current (command);
  run->timeout_ms = devbox_command_get_timeout (command);

  request = devbox_request_new (SOUP_METHOD_POST, "/process/exec", parse_classic, g_object_unref);
  request->body = g_bytes_ref (run->classic);
  request->content_type = "application/json";
  request->subject = g_strdup (devbox_command_body_get_subject (command));
  request->timeout_ms = devbox_run_request_add_grace (run->timeout_ms, grace_ms);
  request->max_reply_size = DEVBOX_AGENT_MAX_OUTPUT_REPLY_SIZE;
  request->prepare = prepare;
  request->data = run;
  request->data_free = run_free;

  return request;
}
