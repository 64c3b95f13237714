/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-kubeconfig-private.h"

#include "devbox-call-private.h"

/* From which files, and what of them. */
typedef struct
{
  GPtrArray *files;
  gboolean merges; /* else the first that exists is taken alone */
  char *context;
  DevboxKubeconfigFlags flags;
} Load;

static Load *
load_new (const char *context, DevboxKubeconfigFlags flags)
{
  Load *self = g_new0 (Load, 1);

  self->files = g_ptr_array_new_with_free_func (g_object_unref);
  self->context = g_strdup (context);
  self->flags = flags;

  return self;
}

static Load *
load_new_for_file (GFile *file, const char *context, DevboxKubeconfigFlags flags)
{
  Load *self = load_new (context, flags);

  g_ptr_array_add (self->files, g_object_ref (file));

  return self;
}

static void
add_path (Load *self, const char *path)
{
  g_ptr_array_add (self->files, g_file_new_for_path (path));
}

static Load *
load_new_for_default (const char *context, DevboxKubeconfigFlags flags)
{
  Load *self = load_new (context, flags);
  const char *list = g_getenv ("KUBECONFIG");
  g_autofree char *own = g_build_filename (g_get_home_dir (), ".kube", "config", NULL);
  g_autofree char *local = devbox_wire_kubeconfig_dup_local_path ();

  if (list != NULL && list[0] != '\0')
    {
      g_auto (GStrv) paths = g_strsplit (list, G_SEARCHPATH_SEPARATOR_S, -1);

      self->merges = TRUE;
      for (guint i = 0; paths[i] != NULL; i++)
        {
          if (paths[i][0] != '\0')
            add_path (self, paths[i]);
        }
      return self;
    }

  add_path (self, own);
  add_path (self, local);

  return self;
}

static void
load_free (gpointer data)
{
  Load *self = data;

  g_ptr_array_unref (self->files);
  g_free (self->context);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Load, load_free)

static DevboxKubeconfig *
load_run (Load *self, GCancellable *cancellable, GError **error)
{
  DevboxKubeconfigTree *tree = devbox_kubeconfig_tree_load (self->files, self->merges, cancellable, error);

  return tree != NULL ? devbox_kubeconfig_new_for_tree (tree, self->context, self->flags, cancellable, error) : NULL;
}

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  DevboxKubeconfig *kubeconfig = load_run (data, cancellable, &error);

  if (kubeconfig != NULL)
    g_task_return_pointer (task, kubeconfig, g_object_unref);
  else
    g_task_return_error (task, error);
}

/* Takes the load. */
static void
load_async (Load *self, GCancellable *cancellable, gpointer tag, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, self, load_free);
  g_task_run_in_thread (task, load_in_thread);
}

/* Takes both. */
static DevboxKubeconfig *
return_or_fail (DevboxKubeconfig *kubeconfig, GError *cause, GError **error)
{
  if (cause != NULL)
    {
      devbox_error_info_note (cause);
      g_propagate_error (error, cause);
    }

  return kubeconfig;
}

static DevboxKubeconfig *
load_sync (Load *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (Load) load = self;
  GError *cause = NULL;
  DevboxKubeconfig *kubeconfig = load_run (load, cancellable, &cause);

  return return_or_fail (kubeconfig, cause, error);
}

/**
 * devbox_kubeconfig_new_from_bytes:
 * @bytes: YAML or JSON
 * @error: where to put an error
 *
 * Makes a kubeconfig from its text.
 *
 * Its current context is used. No file is read, and no program run.
 *
 * Errors: %DEVBOX_ERROR_INVALID_KUBECONFIG when the text makes no sense, when it names no current context, or one whose
 * credential or certificates are in files, or come from a program.
 *
 * Returns: (transfer full): a new kubeconfig
 *
 * Since: 1.0
 */
DevboxKubeconfig *
devbox_kubeconfig_new_from_bytes (GBytes *bytes, GError **error)
{
  GError *cause = NULL;
  DevboxKubeconfigTree *tree;
  DevboxKubeconfig *kubeconfig = NULL;

  g_return_val_if_fail (bytes != NULL, NULL);

  tree = devbox_kubeconfig_tree_new_from_bytes (bytes, &cause);
  if (tree != NULL)
    kubeconfig = devbox_kubeconfig_new_for_tree (tree, NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, NULL, &cause);

  return return_or_fail (kubeconfig, cause, error);
}

/**
 * devbox_kubeconfig_load_file_async:
 * @file: a file
 * @context: (nullable): the name of a context, or %NULL for the current one
 * @flags: what the kubeconfig may do
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the kubeconfig is there
 * @user_data: what to give to @callback
 *
 * Loads a kubeconfig from a file, and what the context names in other files.
 *
 * Since: 1.0
 */
void
devbox_kubeconfig_load_file_async (GFile *file,
                                   const char *context,
                                   DevboxKubeconfigFlags flags,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_return_if_fail (G_IS_FILE (file));

  load_async (load_new_for_file (file, context, flags), cancellable, devbox_kubeconfig_load_file_async, callback,
              user_data);
}

/**
 * devbox_kubeconfig_load_file_finish:
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [func@Devbox.Kubeconfig.load_file_async].
 *
 * Errors: %DEVBOX_ERROR_INVALID_KUBECONFIG when a file is missing or makes no sense, or when the credential would come
 * from a program and that was not allowed; %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): a new kubeconfig
 *
 * Since: 1.0
 */
DevboxKubeconfig *
devbox_kubeconfig_load_file_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, devbox_kubeconfig_load_file_async), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_kubeconfig_load_file_sync:
 * @file: a file
 * @context: (nullable): the name of a context, or %NULL for the current one
 * @flags: what the kubeconfig may do
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Loads a kubeconfig from a file; blocks until it is there.
 *
 * See [func@Devbox.Kubeconfig.load_file_async] and [func@Devbox.Kubeconfig.load_file_finish].
 *
 * Returns: (transfer full): a new kubeconfig
 *
 * Since: 1.0
 */
DevboxKubeconfig *
devbox_kubeconfig_load_file_sync (GFile *file,
                                  const char *context,
                                  DevboxKubeconfigFlags flags,
                                  GCancellable *cancellable,
                                  GError **error)
{
  g_return_val_if_fail (G_IS_FILE (file), NULL);

  return load_sync (load_new_for_file (file, context, flags), cancellable, error);
}

/**
 * devbox_kubeconfig_load_default_async:
 * @context: (nullable): the name of a context, or %NULL for the current one
 * @flags: what the kubeconfig may do
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the kubeconfig is there
 * @user_data: what to give to @callback
 *
 * Loads the kubeconfig of whoever runs the program.
 *
 * When the environment variable `KUBECONFIG` is set, it lists files, which are merged: of two entries with the same
 * name the one in the earlier file counts; a file that does not exist is skipped. Otherwise it is `~/.kube/config`, or,
 * where there is no such file, what the local platform has left in `$XDG_CONFIG_HOME/devbox-platform/kubeconfig`.
 *
 * Since: 1.0
 */
void
devbox_kubeconfig_load_default_async (const char *context,
                                      DevboxKubeconfigFlags flags,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  load_async (load_new_for_default (context, flags), cancellable, devbox_kubeconfig_load_default_async, callback,
              user_data);
}

/**
 * devbox_kubeconfig_load_default_finish:
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [func@Devbox.Kubeconfig.load_default_async].
 *
 * Errors: %DEVBOX_ERROR_INVALID_KUBECONFIG when there is none, which names the places that were looked at, when one
 * makes no sense, or when the credential would come from a program and that was not allowed; %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): a new kubeconfig
 *
 * Since: 1.0
 */
DevboxKubeconfig *
devbox_kubeconfig_load_default_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, devbox_kubeconfig_load_default_async), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_kubeconfig_load_default_sync:
 * @context: (nullable): the name of a context, or %NULL for the current one
 * @flags: what the kubeconfig may do
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Loads the kubeconfig of whoever runs the program; blocks until it is there.
 *
 * See [func@Devbox.Kubeconfig.load_default_async] and [func@Devbox.Kubeconfig.load_default_finish].
 *
 * Returns: (transfer full): a new kubeconfig
 *
 * Since: 1.0
 */
DevboxKubeconfig *
devbox_kubeconfig_load_default_sync (const char *context,
                                     DevboxKubeconfigFlags flags,
                                     GCancellable *cancellable,
                                     GError **error)
{
  return load_sync (load_new_for_default (context, flags), cancellable, error);
}
