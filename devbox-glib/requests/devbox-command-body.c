/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-body-private.h"

#include "devbox-agent-reply-private.h"
#include "devbox-command.h"
#include "devbox-wire-json-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define PLAIN_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "/._-+"

static gboolean
check_arguments (const char *const *argv, GError **error)
{
  if (argv == NULL || argv[0] == NULL)
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

gboolean
devbox_command_body_check (DevboxCommand *command, GError **error)
{
  const char *shell_line = devbox_command_get_shell_line (command);
  const char *cwd = devbox_command_get_cwd (command);

  if (shell_line != NULL ? !devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_COMMAND_LINE, shell_line, error)
                         : !check_arguments (devbox_command_get_argv (command), error))
    return FALSE;
  if (cwd != NULL && !devbox_request_check_not_empty (DEVBOX_REQUEST_TEXT_WORKING_DIRECTORY, cwd, error))
    return FALSE;

  return devbox_request_check_environ (devbox_command_get_environ (command), error);
}

const char *
devbox_command_body_get_subject (DevboxCommand *command)
{
  const char *shell_line = devbox_command_get_shell_line (command);

  return shell_line != NULL ? shell_line : devbox_command_get_argv (command)[0];
}

static GString *
begin (const char *command)
{
  GString *body = g_string_new ("{\"command\":");

  devbox_wire_json_append_string (body, command, -1);

  return body;
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

static GBytes *
end (GString *body, DevboxCommand *command, guint64 timeout)
{
  const char *cwd = devbox_command_get_cwd (command);
  const char *const *environment = devbox_command_get_environ (command);

  if (cwd != NULL)
    devbox_wire_json_append_member (body, "cwd", cwd);
  if (environment != NULL)
    devbox_agent_append_environ (body, environment);
  g_string_append_printf (body, ",\"timeout\":%" G_GUINT64_FORMAT "}", timeout);

  return g_string_free_to_bytes (body);
}

GBytes *
devbox_command_body_new_classic (DevboxCommand *command)
{
  const char *const *argv = devbox_command_get_argv (command);
  const char *shell_line = devbox_command_get_shell_line (command);
  GString *body = begin (shell_line != NULL ? shell_line : argv[0]);

  if (shell_line != NULL)
    g_string_append (body, ",\"shell\":true");
  else if (argv[1] != NULL)
    append_arguments (body, argv + 1);

  return end (body, command, devbox_command_get_timeout (command));
}

/* One word, whatever splits it as a shell would. */
static char *
quote (const char *program)
{
  return program[strspn (program, PLAIN_CHARACTERS)] == '\0' ? g_strdup (program) : g_shell_quote (program);
}

/* Not with "shell": today's agent wants a path there, and reads the line in a way of its own. */
GBytes *
devbox_command_body_new_current (DevboxCommand *command)
{
  const char *const *argv = devbox_command_get_argv (command);
  const char *shell_line = devbox_command_get_shell_line (command);
  const char *const shell_arguments[] = { "-c", shell_line, NULL };
  g_autofree char *word = NULL;
  GString *body;

  if (shell_line != NULL)
    {
      body = begin ("/bin/sh");
      append_arguments (body, shell_arguments);
    }
  else if (argv[1] != NULL)
    {
      body = begin (argv[0]);
      append_arguments (body, argv + 1);
    }
  else
    {
      word = quote (argv[0]);
      body = begin (word);
    }

  return end (body, command, devbox_agent_to_seconds (devbox_command_get_timeout (command)));
}
