/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-request-private.h"

#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_SHELL "/bin/sh"
#define DEFAULT_TIMEOUT_MS 30000
#define MAX_TIMEOUT_MS (24 * 60 * 60 * 1000)
#define MAX_ENVIRONMENT_SIZE (128 * 1024)

struct _DevboxCommandRequest
{
  DevboxWorkspace *workspace;
  GPtrArray *arguments;   /* closed by NULL */
  GPtrArray *environment; /* closed by NULL */
  char *folder;
  int folder_fd; /* -1, or ours */
  DevboxCommandSpec spec;
};

static gboolean
refuse_empty (const char *member, GError **error)
{
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("“%s” must not be empty"), member);

  return FALSE;
}

/* `shell` is true for /bin/sh, or the path of a shell; *shell stays NULL without one. */
static gboolean
read_shell (JsonObject *object, const char **shell, GError **error)
{
  JsonNode *node = json_object_get_member (object, "shell");
  gboolean wanted = FALSE;

  if (node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    {
      *shell = json_node_get_string (node);
      return **shell != '\0' || refuse_empty ("shell", error);
    }

  if (!devbox_wire_json_get_boolean (object, "shell", FALSE, &wanted, error))
    return FALSE;

  *shell = wanted ? DEFAULT_SHELL : NULL;
  return TRUE;
}

/* With a shell, the arguments are its positional parameters, and $0 is the shell. */
static gboolean
read_arguments (DevboxCommandRequest *self, JsonObject *object, GError **error)
{
  const char *command = NULL;
  const char *shell = NULL;
  g_auto (GStrv) arguments = NULL;

  if (!devbox_wire_json_get_string (object, "command", TRUE, &command, error)
      || !devbox_wire_json_get_strv (object, "args", FALSE, &arguments, error) || !read_shell (object, &shell, error))
    return FALSE;
  if (command[0] == '\0')
    return refuse_empty ("command", error);

  if (shell != NULL)
    {
      g_ptr_array_add (self->arguments, g_strdup (shell));
      g_ptr_array_add (self->arguments, g_strdup ("-c"));
    }
  g_ptr_array_add (self->arguments, g_strdup (command));
  if (shell != NULL)
    g_ptr_array_add (self->arguments, g_strdup (shell));
  for (guint i = 0; arguments != NULL && arguments[i] != NULL; i++)
    g_ptr_array_add (self->arguments, g_steal_pointer (&arguments[i]));
  g_ptr_array_add (self->arguments, NULL);

  return TRUE;
}

static gboolean
is_variable_name (const char *name)
{
  if (!g_ascii_isalpha (name[0]) && name[0] != '_')
    return FALSE;

  for (const char *c = name + 1; *c != '\0'; c++)
    {
      if (!g_ascii_isalnum (*c) && *c != '_')
        return FALSE;
    }

  return TRUE;
}

/* Appends what `env` adds; base less what it replaces. */
static gboolean
read_variables (DevboxCommandRequest *self, JsonObject *variables, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  gsize size = 0;

  json_object_iter_init (&iter, variables);
  while (json_object_iter_next (&iter, &name, &node))
    {
      const char *value = NULL;

      if (!is_variable_name (name))
        {
          g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                       _ ("“env” holds “%s”, which cannot be the name of a variable"), name);
          return FALSE;
        }
      if (!devbox_wire_json_get_string (variables, name, TRUE, &value, error))
        {
          g_prefix_error (error, "env: ");
          return FALSE;
        }

      size += strlen (name) + strlen (value) + 2;
      if (size > MAX_ENVIRONMENT_SIZE)
        {
          g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                       _ ("“env” must not take more than %d bytes"), MAX_ENVIRONMENT_SIZE);
          return FALSE;
        }

      g_ptr_array_add (self->environment, g_strconcat (name, "=", value, NULL));
    }

  return TRUE;
}

static gboolean
is_replaced (JsonObject *variables, const char *variable)
{
  g_autofree char *name = g_strndup (variable, strcspn (variable, "="));

  return variables != NULL && json_object_has_member (variables, name);
}

static gboolean
read_environment (DevboxCommandRequest *self, JsonObject *object, const char *const *base, GError **error)
{
  JsonObject *variables = NULL;

  if (!devbox_wire_json_get_object (object, "env", FALSE, &variables, error))
    return FALSE;

  for (guint i = 0; base[i] != NULL; i++)
    {
      if (!is_replaced (variables, base[i]))
        g_ptr_array_add (self->environment, g_strdup (base[i]));
    }
  if (variables != NULL && !read_variables (self, variables, error))
    return FALSE;
  g_ptr_array_add (self->environment, NULL);

  return TRUE;
}

/* A relative folder stays in the workspace, an absolute one is taken as it is: the sandbox confines, not the path. */
static gboolean
read_folder (DevboxCommandRequest *self, JsonObject *object, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  const char *folder = NULL;

  if (!devbox_wire_json_get_string (object, "cwd", FALSE, &folder, error))
    return FALSE;

  if (folder == NULL)
    {
      self->spec.cwd_fd = devbox_workspace_get_fd (self->workspace);
      self->folder = g_strdup (devbox_workspace_get_path (self->workspace));
      return TRUE;
    }

  self->folder = g_strdup (folder);
  if (g_path_is_absolute (folder))
    return TRUE;

  self->folder_fd = devbox_workspace_open (self->workspace, folder, O_DIRECTORY | O_PATH, &local_error);
  self->spec.cwd_fd = self->folder_fd;
  if (self->folder_fd >= 0)
    return TRUE;

  /* A folder that is not there is a fault of this request, not a file that was asked for. */
  if (!g_error_matches (local_error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED))
    local_error->code = DEVBOX_WIRE_VALIDATION_ERROR;
  g_propagate_prefixed_error (error, g_steal_pointer (&local_error), "cwd: ");
  return FALSE;
}

DevboxCommandRequest *
devbox_command_request_new (JsonObject *object,
                            DevboxWorkspace *workspace,
                            DevboxLauncher *launcher,
                            gsize output_limit,
                            GError **error)
{
  g_autoptr (DevboxCommandRequest) self = g_new0 (DevboxCommandRequest, 1);
  gint64 timeout_ms = DEFAULT_TIMEOUT_MS;

  self->workspace = devbox_workspace_ref (workspace);
  self->arguments = g_ptr_array_new_with_free_func (g_free);
  self->environment = g_ptr_array_new_with_free_func (g_free);
  self->folder_fd = -1;
  self->spec.cwd_fd = -1;

  if (!read_arguments (self, object, error) || !read_folder (self, object, error)
      || !read_environment (self, object, devbox_launcher_get_base_environment (launcher), error)
      || !devbox_wire_json_get_int (object, "timeout", FALSE, 0, MAX_TIMEOUT_MS, &timeout_ms, error))
    return NULL;

  self->spec.argv = (const char *const *) self->arguments->pdata;
  self->spec.envp = (const char *const *) self->environment->pdata;
  self->spec.cwd = self->folder;
  self->spec.timeout_ms = timeout_ms;
  self->spec.output_limit = output_limit;

  return g_steal_pointer (&self);
}

void
devbox_command_request_free (DevboxCommandRequest *self)
{
  if (self->folder_fd >= 0)
    close (self->folder_fd);
  g_ptr_array_unref (self->arguments);
  g_ptr_array_unref (self->environment);
  devbox_workspace_unref (self->workspace);
  g_free (self->folder);
  g_free (self);
}

const DevboxCommandSpec *
devbox_command_request_get_spec (DevboxCommandRequest *self)
{
  return &self->spec;
}
