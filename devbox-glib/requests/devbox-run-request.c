/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-run-request-private.h"

#include "devbox-command-result-private.h"
#include "devbox-command.h"
#include "devbox-error-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-wire-base64-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Both streams at the agent's cap of 10 MiB, as text and in base64, escapes included. */
#define MAX_REPLY_SIZE (64 * 1024 * 1024)
#define MAX_DURATION_MS 1e15

/* The bytes are exact where the agent gives them in base64, which it does for output that is no text. */
static GBytes *
parse_output (JsonObject *object, const char *text_member, const char *base64_member, GError **error)
{
  const char *text = NULL;
  const char *base64 = NULL;
  GBytes *bytes;

  if (!devbox_wire_json_get_string (object, text_member, TRUE, &text, error)
      || !devbox_wire_json_get_string (object, base64_member, FALSE, &base64, error))
    return NULL;
  if (base64 == NULL)
    return g_bytes_new (text, strlen (text));

  bytes = devbox_wire_base64_decode_all (base64, strlen (base64));
  if (bytes == NULL)
    g_set_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INTERNAL_ERROR, _ ("“%s” is not base64"), base64_member);

  return bytes;
}

/* A command that ran into its time limit has no exit code. */
static DevboxCommandResult *
parse_result (const DevboxReply *reply, gboolean has_ended, GError **error)
{
  g_autoptr (JsonObject) object = devbox_request_parse_object (reply, error);
  g_autoptr (GBytes) output = NULL;
  g_autoptr (GBytes) errors = NULL;
  gint64 exit_code = DEVBOX_COMMAND_RESULT_NO_EXIT_CODE;
  gint64 pid = 0;
  double duration = 0;
  gboolean truncated = FALSE;

  if (object == NULL || (output = parse_output (object, "stdout", "stdoutBase64", error)) == NULL
      || (errors = parse_output (object, "stderr", "stderrBase64", error)) == NULL
      || !devbox_wire_json_get_int (object, "pid", FALSE, 0, G_MAXINT, &pid, error)
      || !devbox_wire_json_get_double (object, "duration", FALSE, 0, MAX_DURATION_MS, &duration, error)
      || !devbox_wire_json_get_boolean (object, "truncated", FALSE, &truncated, error))
    return NULL;
  if (has_ended && !devbox_wire_json_get_int (object, "exitCode", TRUE, G_MININT, G_MAXINT, &exit_code, error))
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

/* What the command printed until then goes with the error; a 408 of somebody in between has nothing of the kind. */
static gpointer
fail_from_timeout (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (DevboxCommandResult) result = parse_result (reply, FALSE, NULL);
  GError *timeout = NULL;

  devbox_request_fail_from_reply (request, reply, &timeout);
  if (result != NULL)
    devbox_error_info_set_command_result (devbox_error_get_info (timeout), result);
  g_propagate_error (error, timeout);

  return NULL;
}

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  DevboxCommandResult *result;
  GError *reason = NULL;

  if (reply->status == SOUP_STATUS_REQUEST_TIMEOUT)
    return fail_from_timeout (request, reply, error);
  if (!SOUP_STATUS_IS_SUCCESSFUL (reply->status))
    return devbox_request_fail_from_reply (request, reply, error);

  result = parse_result (reply, TRUE, &reason);
  if (result == NULL)
    return devbox_request_fail_from_bad_reply (request, reason, error);

  return result;
}

static gboolean
check_arguments (const char *const *argv, GError **error)
{
  if (argv[0] == NULL)
    return devbox_request_refuse (error, NULL, _ ("The command has no program"));
  if (!devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_PROGRAM, argv[0], error))
    return FALSE;

  for (guint i = 1; argv[i] != NULL; i++)
    {
      if (!devbox_request_check_text (DEVBOX_REQUEST_TEXT_ARGUMENT, argv[i], error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
check (DevboxCommand *command, GError **error)
{
  const char *const *argv = devbox_command_get_argv (command);
  const char *shell_line = devbox_command_get_shell_line (command);
  const char *cwd = devbox_command_get_cwd (command);
  const char *const *environment = devbox_command_get_environ (command);
  static const char *const no_arguments[] = { NULL };

  if (shell_line != NULL ? !devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_COMMAND_LINE, shell_line, error)
                         : !check_arguments (argv != NULL ? argv : no_arguments, error))
    return FALSE;
  if (cwd != NULL && !devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_WORKING_DIRECTORY, cwd, error))
    return FALSE;

  return devbox_request_check_environ (environment, error);
}

static void
append_arguments (GString *body, const char *const *arguments)
{
  g_string_append (body, ",\"args\":[");
  for (guint i = 0; arguments[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (body, ',');
      devbox_wire_json_append_string (body, arguments[i], -1);
    }
  g_string_append_c (body, ']');
}

static void
append_environment (GString *body, const char *const *environment)
{
  g_string_append (body, ",\"env\":{");
  for (guint i = 0; environment[i] != NULL; i++)
    {
      const char *equals = strchr (environment[i], '=');

      if (i > 0)
        g_string_append_c (body, ',');
      devbox_wire_json_append_string (body, environment[i], equals - environment[i]);
      g_string_append_c (body, ':');
      devbox_wire_json_append_string (body, equals + 1, -1);
    }
  g_string_append_c (body, '}');
}

static GBytes *
build_body (DevboxCommand *command)
{
  const char *const *argv = devbox_command_get_argv (command);
  const char *shell_line = devbox_command_get_shell_line (command);
  const char *cwd = devbox_command_get_cwd (command);
  const char *const *environment = devbox_command_get_environ (command);
  GString *body = g_string_new ("{\"command\":");

  devbox_wire_json_append_string (body, shell_line != NULL ? shell_line : argv[0], -1);
  if (shell_line != NULL)
    g_string_append (body, ",\"shell\":true");
  else if (argv[1] != NULL)
    append_arguments (body, argv + 1);
  if (cwd != NULL)
    {
      g_string_append (body, ",\"cwd\":");
      devbox_wire_json_append_string (body, cwd, -1);
    }
  if (environment != NULL)
    append_environment (body, environment);
  g_string_append_printf (body, ",\"timeout\":%u}", devbox_command_get_timeout (command));

  return g_string_free_to_bytes (body);
}

/* A client that has no time-out of its own waits for as long as it takes. */
static guint
add_grace (guint timeout_ms, guint grace_ms)
{
  if (grace_ms == 0)
    return 0;

  return timeout_ms > G_MAXUINT - grace_ms ? G_MAXUINT : timeout_ms + grace_ms;
}

DevboxRequest *
devbox_run_request_new (DevboxCommand *command, guint grace_ms, GError **error)
{
  const char *shell_line = devbox_command_get_shell_line (command);
  DevboxRequest *request;

  if (!check (command, error))
    return NULL;

  request = devbox_request_new (SOUP_METHOD_POST, "/process/exec", parse, g_object_unref);
  request->body = build_body (command);
  request->content_type = "application/json";
  request->subject = g_strdup (shell_line != NULL ? shell_line : devbox_command_get_argv (command)[0]);
  request->timeout_ms = add_grace (devbox_command_get_timeout (command), grace_ms);
  request->max_reply_size = MAX_REPLY_SIZE;

  return request;
}
