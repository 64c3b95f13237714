/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-request-private.h"

#include "devbox-command-environment-private.h"
#include "devbox-shell-words-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_SHELL "/bin/sh"

struct _DevboxCommandRequest
{
  /* As it was read */
  char *command;
  GStrv extra_arguments; /* NULL: there is no such member */
  char *shell;           /* NULL: none */
  char *folder;          /* NULL: the workspace */
  JsonObject *variables; /* NULL: none */
  gboolean command_is_line;

  /* What was made of it */
  DevboxWorkspace *workspace;
  GPtrArray *arguments;   /* closed by NULL */
  GPtrArray *environment; /* closed by NULL */
  int folder_fd;          /* -1, or ours */
  DevboxCommandSpec spec;
};

static gboolean
refuse_empty (const char *member, GError **error)
{
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” must not be empty"), member);

  return FALSE;
}

/* true for /bin/sh, or the path of a shell */
static gboolean
read_shell (DevboxCommandRequest *self, JsonObject *object, GError **error)
{
  JsonNode *node = json_object_get_member (object, "shell");
  gboolean wanted = FALSE;

  if (node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    {
      self->shell = g_strdup (json_node_get_string (node));
      return self->shell[0] != '\0' || refuse_empty ("shell", error);
    }

  if (!devbox_wire_json_get_boolean (object, "shell", FALSE, &wanted, error))
    return FALSE;

  self->shell = wanted ? g_strdup (DEFAULT_SHELL) : NULL;
  return TRUE;
}

static gboolean
read_members (DevboxCommandRequest *self, JsonObject *object, const DevboxCommandRules *rules, GError **error)
{
  const char *command = NULL;
  const char *folder = NULL;
  JsonObject *variables = NULL;
  gint64 timeout = rules->default_timeout;

  if (!devbox_wire_json_get_string (object, "command", TRUE, &command, error)
      || !devbox_wire_json_get_strv (object, "args", FALSE, &self->extra_arguments, error)
      || !devbox_wire_json_get_string (object, "cwd", FALSE, &folder, error)
      || !devbox_command_environment_read (object, FALSE, &variables, error)
      || !devbox_wire_json_get_int (object, "timeout", FALSE, 0, rules->max_timeout, &timeout, error)
      || !read_shell (self, object, error))
    return FALSE;

  self->command = g_strdup (command);
  self->folder = g_strdup (folder);
  self->variables = variables != NULL ? json_object_ref (variables) : NULL;
  self->spec.timeout_ms = timeout * rules->timeout_unit;

  return TRUE;
}

DevboxCommandRequest *
devbox_command_request_new (JsonObject *object, const DevboxCommandRules *rules, GError **error)
{
  g_autoptr (DevboxCommandRequest) self = g_new0 (DevboxCommandRequest, 1);

  self->command_is_line = rules->command_is_line;
  self->arguments = g_ptr_array_new_with_free_func (g_free);
  self->environment = g_ptr_array_new_with_free_func (g_free);
  self->folder_fd = -1;
  self->spec.cwd_fd = -1;
  self->spec.output_limit = rules->output.limit;
  self->spec.output_retention = rules->output.retention;
  self->spec.max_lines = rules->output.max_lines;

  return read_members (self, object, rules, error) ? g_steal_pointer (&self) : NULL;
}

void
devbox_command_request_free (DevboxCommandRequest *self)
{
  g_free (self->command);
  g_strfreev (self->extra_arguments);
  g_free (self->shell);
  g_free (self->folder);
  g_clear_pointer (&self->variables, json_object_unref);

  if (self->folder_fd >= 0)
    close (self->folder_fd);
  g_ptr_array_unref (self->arguments);
  g_ptr_array_unref (self->environment);
  g_clear_pointer (&self->workspace, devbox_workspace_unref);
  g_free (self);
}

static void
take_arguments (DevboxCommandRequest *self, GStrv arguments)
{
  for (guint i = 0; arguments[i] != NULL; i++)
    g_ptr_array_add (self->arguments, arguments[i]);
  g_free (arguments);
}

/* $0 is the shell. */
static void
make_shell_arguments (DevboxCommandRequest *self)
{
  gboolean appends = self->command_is_line && self->extra_arguments != NULL && self->extra_arguments[0] != NULL;

  g_ptr_array_add (self->arguments, g_strdup (self->shell));
  g_ptr_array_add (self->arguments, g_strdup ("-c"));
  g_ptr_array_add (self->arguments, g_strconcat (self->command, appends ? " \"$@\"" : NULL, NULL));
  g_ptr_array_add (self->arguments, g_strdup (self->shell));
}

static gboolean
make_arguments (DevboxCommandRequest *self, GError **error)
{
  gboolean is_line = self->command_is_line && self->shell == NULL && self->extra_arguments == NULL;

  if (is_line)
    {
      GStrv words = devbox_shell_words_split (self->command, error);

      if (words == NULL)
        {
          g_prefix_error (error, "command: ");
          return FALSE;
        }
      take_arguments (self, words);
    }
  else if (self->shell != NULL)
    {
      make_shell_arguments (self);
    }
  else
    {
      g_ptr_array_add (self->arguments, g_strdup (self->command));
    }

  if (self->arguments->len == 0 || self->command[0] == '\0')
    return refuse_empty ("command", error);

  if (self->extra_arguments != NULL)
    take_arguments (self, g_steal_pointer (&self->extra_arguments));
  g_ptr_array_add (self->arguments, NULL);

  return TRUE;
}

const DevboxCommandSpec *
devbox_command_request_prepare (DevboxCommandRequest *self,
                                DevboxWorkspace *workspace,
                                DevboxLauncher *launcher,
                                GError **error)
{
  g_return_val_if_fail (self->workspace == NULL, NULL);

  self->workspace = devbox_workspace_ref (workspace);
  if (!make_arguments (self, error)
      || !devbox_command_folder_open (workspace, "cwd", self->folder, &self->spec, &self->folder_fd, error))
    return NULL;
  devbox_command_environment_merge (self->environment, devbox_launcher_get_base_environment (launcher),
                                    self->variables);

  self->spec.argv = (const char *const *) self->arguments->pdata;
  self->spec.envp = (const char *const *) self->environment->pdata;

  return &self->spec;
}
