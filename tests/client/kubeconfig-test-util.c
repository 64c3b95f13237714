/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "kubeconfig-test-util.h"

#include "devbox-error-info.h"

#include <string.h>

DevboxKubeconfig *
test_kubeconfig_new (const char *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));

  return devbox_kubeconfig_new_from_bytes (bytes, error);
}

DevboxKubeconfig *
test_kubeconfig_load (const char *path, DevboxKubeconfigFlags flags, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  return devbox_kubeconfig_load_file_sync (file, NULL, flags, NULL, error);
}

void
test_kubeconfig_assert_invalid (const GError *error)
{
  g_autoptr (DevboxErrorInfo) info = NULL;
  const GError *cause;

  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INVALID_KUBECONFIG);
  g_assert_null (strstr (error->message, MARKER));
  info = devbox_error_info_from_error (error);
  cause = devbox_error_info_get_cause (info);
  g_assert_true (cause == NULL || strstr (cause->message, MARKER) == NULL);
}

void
test_folder_set_up (TestFolder *self, gconstpointer data)
{
  self->path = g_dir_make_tmp ("devbox-test-XXXXXX", NULL);
  g_assert_nonnull (self->path);
}

void
test_folder_tear_down (TestFolder *self, gconstpointer data)
{
  g_autofree char *quoted = g_shell_quote (self->path);
  g_autofree char *command = g_strconcat ("rm -rf ", quoted, NULL);

  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_free (self->path);
}

char *
test_folder_write (TestFolder *self, const char *name, const char *text)
{
  char *path = g_build_filename (self->path, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}
