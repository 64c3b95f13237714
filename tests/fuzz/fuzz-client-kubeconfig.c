/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kubeconfig of a client, from memory and, where it names files, from a file beside which there are others, and what
 * a plugin prints. What the platform is told is a kubeconfig itself, which says the same and needs no files; it can
 * stand in a header. */
#include "devbox-error.h"
#include "devbox-exec-plugin-private.h"
#include "devbox-kubeconfig-private.h"
#include "devbox-wire-json-private.h"

#include <glib/gstdio.h>
#include <string.h>

#define VERSION "v1"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static const char *
get_folder (void)
{
  static char *folder;

  if (folder == NULL)
    {
      g_autofree char *token = NULL;

      folder = g_dir_make_tmp ("fuzz-XXXXXX", NULL);
      g_assert_nonnull (folder);
      token = g_build_filename (folder, "token", NULL);
      g_assert_true (g_file_set_contents (token, "in-a-file\n", -1, NULL));
    }

  return folder;
}

static void
remove_folder (void)
{
  g_autofree char *token = g_build_filename (get_folder (), "token", NULL);
  g_autofree char *config = g_build_filename (get_folder (), "config", NULL);

  g_remove (token);
  g_remove (config);
  g_rmdir (get_folder ());
}

static void
check_header (DevboxKubeconfig *kubeconfig, DevboxAuthorizationForm form)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *authorization = devbox_kubeconfig_dup_authorization (kubeconfig, form, &error);

  if (authorization == NULL)
    g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INVALID_KUBECONFIG);
  for (const char *c = authorization; c != NULL && *c != '\0'; c++)
    g_assert_true (g_ascii_isgraph (*c) || c == authorization + strlen ("Bearer"));
}

static void
check_kubeconfig (DevboxKubeconfig *kubeconfig)
{
  g_autoptr (GBytes) told = devbox_kubeconfig_to_bytes (kubeconfig);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) again = devbox_kubeconfig_new_from_bytes (told, &error);
  g_autoptr (GBytes) told_again = NULL;

  g_assert_no_error (error);
  told_again = devbox_kubeconfig_to_bytes (again);
  g_assert_true (g_bytes_equal (told, told_again));
  g_assert_cmpstr (devbox_kubeconfig_get_base_url (again), ==, devbox_kubeconfig_get_base_url (kubeconfig));
  check_header (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN);
  check_header (kubeconfig, DEVBOX_AUTHORIZATION_FORM_BEARER);
}

static void
check_loaded (DevboxKubeconfig *kubeconfig, const GError *error)
{
  g_assert_true ((kubeconfig == NULL) == (error != NULL));
  if (kubeconfig != NULL)
    check_kubeconfig (kubeconfig);
  else
    g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INVALID_KUBECONFIG);
}

static void
check_from_memory (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = devbox_kubeconfig_new_from_bytes (bytes, &error);

  check_loaded (kubeconfig, error);
}

/* From a file all else is the same, and much slower. */
static gboolean
names_files (const guint8 *data, gsize size)
{
  static const char *const names[] = { "certificate-authority", "client-certificate", "client-key", "tokenFile" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (memmem (data, size, names[i], strlen (names[i])) != NULL)
        return TRUE;
    }

  return FALSE;
}

static void
check_from_file (const guint8 *data, gsize size)
{
  g_autofree char *path = g_build_filename (get_folder (), "config", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = NULL;

  /* What is written in place keeps the end of what was longer. */
  g_remove (path);
  g_assert_true (
      g_file_set_contents_full (path, (const char *) data, (gssize) size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  kubeconfig = devbox_kubeconfig_load_file_sync (file, NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, NULL, &error);
  check_loaded (kubeconfig, error);
}

static void
check_credential (const guint8 *data, gsize size)
{
  DevboxCredential credential = { NULL };
  g_autoptr (GError) error = NULL;

  if (devbox_credential_parse (&credential, VERSION, (const char *) data, size, &error))
    {
      g_assert_true (credential.token != NULL || credential.certificate != NULL);
      g_assert_true ((credential.certificate == NULL) == (credential.key == NULL));
    }
  else
    g_assert_true (error != NULL && credential.token == NULL && credential.certificate == NULL
                   && credential.key == NULL);
  devbox_credential_clear (&credential);
}

/* As a kubeconfig has it; the plugin is not run. */
static void
check_plugin (const guint8 *data, gsize size)
{
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object ((const char *) data, size, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxExecPlugin) plugin = NULL;

  if (object == NULL)
    return;

  plugin = devbox_exec_plugin_new (object, &error);
  g_assert_true ((plugin == NULL) == (error != NULL));
}

static void
ignore_message (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static gboolean is_prepared;

  if (!is_prepared)
    {
      is_prepared = TRUE;
      g_log_set_handler ("Devbox", G_LOG_LEVEL_MESSAGE, ignore_message, NULL);
      atexit (remove_folder);
    }

  check_from_memory (data, size);
  if (names_files (data, size))
    check_from_file (data, size);
  check_credential (data, size);
  check_plugin (data, size);

  return 0;
}
