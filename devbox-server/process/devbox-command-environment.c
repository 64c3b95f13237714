/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-environment-private.h"

#include "devbox-wire-environment-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>

static gboolean
check_variables (JsonObject *variables, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;
  gsize size = 0;

  json_object_iter_init (&iter, variables);
  while (json_object_iter_next (&iter, &name, &node))
    {
      const char *value = NULL;

      if (!devbox_wire_is_variable_name (name, strlen (name)))
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
      if (size > DEVBOX_WIRE_MAX_ENVIRONMENT_SIZE)
        {
          g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                       _ ("“env” must not take more than %d bytes"), DEVBOX_WIRE_MAX_ENVIRONMENT_SIZE);
          return FALSE;
        }
    }

  return TRUE;
}

gboolean
devbox_command_environment_read (JsonObject *object, gboolean required, JsonObject **variables, GError **error)
{
  if (!devbox_wire_json_get_object (object, "env", required, variables, error))
    return FALSE;

  return *variables == NULL || check_variables (*variables, error);
}

static gboolean
is_replaced (JsonObject *variables, const char *variable)
{
  g_autofree char *name = g_strndup (variable, strcspn (variable, "="));

  return variables != NULL && json_object_has_member (variables, name);
}

void
devbox_command_environment_merge (GPtrArray *environment, const char *const *base, JsonObject *variables)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  for (guint i = 0; base[i] != NULL; i++)
    {
      if (!is_replaced (variables, base[i]))
        g_ptr_array_add (environment, g_strdup (base[i]));
    }

  if (variables != NULL)
    {
      json_object_iter_init_ordered (&iter, variables);
      while (json_object_iter_next_ordered (&iter, &name, &node))
        g_ptr_array_add (environment, g_strconcat (name, "=", json_node_get_string (node), NULL));
    }
  g_ptr_array_add (environment, NULL);
}

/* The sandbox confines what runs, not the path. */
gboolean
devbox_command_folder_open (DevboxWorkspace *workspace,
                            const char *member,
                            const char *folder,
                            DevboxCommandSpec *spec,
                            int *folder_fd,
                            GError **error)
{
  g_autoptr (GError) local_error = NULL;

  *folder_fd = -1;
  spec->cwd = folder;
  spec->cwd_fd = -1;
  if (folder == NULL)
    {
      spec->cwd = devbox_workspace_get_path (workspace);
      spec->cwd_fd = devbox_workspace_get_fd (workspace);
      return TRUE;
    }

  if (g_path_is_absolute (folder))
    return TRUE;

  *folder_fd = devbox_workspace_open (workspace, folder, O_DIRECTORY | O_PATH, &local_error);
  spec->cwd_fd = *folder_fd;
  if (*folder_fd >= 0)
    return TRUE;

  /* A folder that is not there is not a file that was asked for. */
  if (!g_error_matches (local_error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED))
    local_error->code = DEVBOX_WIRE_DEVBOX_OPERATION_FAILED;
  g_propagate_prefixed_error (error, g_steal_pointer (&local_error), "%s: ", member);
  return FALSE;
}
