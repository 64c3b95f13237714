/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kubeconfigs in files: those that they name, the default places, and several of them as one. */
#include "config.h"

#include "kubeconfig-test-util.h"

#include "devbox-kubeconfig-private.h"
#include "test-certificates.h"

#include <string.h>
#include <sys/stat.h>

static char *
dup_told (DevboxKubeconfig *kubeconfig)
{
  g_autoptr (GBytes) bytes = devbox_kubeconfig_to_bytes (kubeconfig);

  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* Relative paths start at the file's folder, and what they name is told in their place. */
static void
test_paths (TestFolder *self, gconstpointer data)
{
  g_autofree char *path = test_folder_write (
      self, "config",
      "{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}], "
      "clusters: [{name: c, cluster: {server: 'https://x.example', certificate-authority: certificates/ca.pem}}], "
      "users: [{name: u, user: {client-certificate: certificates/me.pem, client-key: certificates/me.key, "
      "tokenFile: ./token}}]}");
  G_GNUC_UNUSED g_autofree char *authority = test_folder_write (self, "certificates/ca.pem", test_authority);
  G_GNUC_UNUSED g_autofree char *certificate = test_folder_write (self, "certificates/me.pem", test_client_certificate);
  G_GNUC_UNUSED g_autofree char *key = test_folder_write (self, "certificates/me.key", test_client_key);
  G_GNUC_UNUSED g_autofree char *token = test_folder_write (self, "token", "\n" MARKER "-in-file\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = test_kubeconfig_load (path, DEVBOX_KUBECONFIG_FLAGS_NONE, &error);
  g_autofree char *told = NULL;
  g_autofree char *encoded_authority = g_base64_encode ((const guchar *) test_authority, strlen (test_authority));
  g_autofree char *encoded_key = g_base64_encode ((const guchar *) test_client_key, strlen (test_client_key));

  g_assert_no_error (error);
  told = dup_told (kubeconfig);
  g_assert_nonnull (strstr (told, "    token: \"" MARKER "-in-file\"\n"));
  g_assert_nonnull (strstr (told, encoded_authority));
  g_assert_nonnull (strstr (told, encoded_key));
  g_assert_null (strstr (told, self->path));
  g_assert_null (strstr (told, "certificates/"));

  /* It is self-contained. */
  g_clear_object (&kubeconfig);
  kubeconfig = test_kubeconfig_new (told, &error);
  g_assert_no_error (error);
}

/* Data beats a path, and a token its file: what is beaten need not even be there. */
static void
test_precedence (TestFolder *self, gconstpointer data)
{
  g_autofree char *encoded = g_base64_encode ((const guchar *) test_authority, strlen (test_authority));
  g_autofree char *text
      = g_strdup_printf ("{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}], "
                         "clusters: [{name: c, cluster: {server: 'https://x.example', certificate-authority: missing, "
                         "certificate-authority-data: %s}}], users: [{name: u, user: {token: t, tokenFile: missing, "
                         "exec: {command: no}}}]}",
                         encoded);
  g_autofree char *path = test_folder_write (self, "config", text);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = test_kubeconfig_load (path, DEVBOX_KUBECONFIG_FLAGS_NONE, &error);
  g_autofree char *told = NULL;

  g_assert_no_error (error);
  told = dup_told (kubeconfig);
  g_assert_nonnull (strstr (told, "token: \"t\""));
  g_assert_null (strstr (told, "exec"));
}

/* Each error says which file, and where in it. */
static void
test_file_errors (TestFolder *self, gconstpointer data)
{
  static const struct
  {
    const char *text;
    const char *message; /* behind the name of the file */
  } cases[] = {
    { "a: [", "”: Malformed YAML at line 2" },
    { "current-context: x\ncontexts: 5\n", "”, line 2: “contexts” must be a list" },
    { "current-context: x\ncontexts: [{name: x, context: {user: u}}]\nusers:\n- name: u\n  user:\n    tokenFile: "
      "missing\n",
      "”, line 6: Cannot read “" },
    { "current-context: x\ncontexts: [{name: x, context: {user: u}}]\nusers:\n- name: u\n  user:\n    tokenFile: "
      "empty\n",
      "”, line 6: Cannot read “" },
    { "current-context: x\ncontexts: [{name: x, context: {user: u}}]\nusers:\n- name: u\n  user:\n    tokenFile: .\n",
      "”, line 6: Cannot read “" },
    { "current-context: x\ncontexts: [{name: x, context: {user: u}}]\nusers:\n- name: u\n  user:\n    tokenFile: "
      "fifo\n",
      "”, line 6: Cannot read “" },
    { "current-context: x\ncontexts: [{name: x, context: {user: u}}]\nusers:\n- name: u\n  user:\n    tokenFile: "
      "large\n",
      "”, line 6: Cannot read “" },
  };
  G_GNUC_UNUSED g_autofree char *empty = test_folder_write (self, "empty", "\n");
  g_autofree char *filler = g_strnfill (65 * 1024, 's');
  G_GNUC_UNUSED g_autofree char *large = test_folder_write (self, "large", filler);
  g_autofree char *fifo = g_build_filename (self->path, "fifo", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = test_folder_write (self, "config", cases[i].text);
      g_autofree char *expected = g_strconcat ("“", path, cases[i].message, NULL);
      g_autoptr (GError) refusal = NULL;

      g_assert_null (test_kubeconfig_load (path, DEVBOX_KUBECONFIG_FLAGS_NONE, &refusal));
      test_kubeconfig_assert_invalid (refusal);
      if (!g_str_has_prefix (refusal->message, expected))
        g_error ("%s: %s", cases[i].text, refusal->message);
    }

  g_assert_null (test_kubeconfig_load (fifo, DEVBOX_KUBECONFIG_FLAGS_NONE, &error));
  test_kubeconfig_assert_invalid (error);
  g_clear_error (&error);
  g_assert_null (test_kubeconfig_load ("/nonexistent/config", DEVBOX_KUBECONFIG_FLAGS_NONE, &error));
  test_kubeconfig_assert_invalid (error);
  g_assert_nonnull (strstr (error->message, "“/nonexistent/config”"));
}

/* The default places, of which the environment of this process tells; each case in a process of its own. */
static void
test_default_in_subprocess (TestFolder *self, gconstpointer data)
{
  const char *expected = g_getenv ("EXPECTED_USER");
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig
      = devbox_kubeconfig_load_default_sync (NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, NULL, &error);

  if (expected != NULL)
    {
      g_assert_no_error (error);
      g_assert_cmpstr (devbox_kubeconfig_get_user (kubeconfig), ==, expected);
      return;
    }

  test_kubeconfig_assert_invalid (error);
  if (strstr (error->message, g_getenv ("EXPECTED_ERROR")) == NULL)
    g_error ("%s", error->message);
}

static char *
write_minimal (TestFolder *self, const char *name, const char *user)
{
  g_autofree char *text = g_strdup_printf ("{current-context: %s, contexts: [{name: %s, context: {user: %s}}], "
                                           "users: [{name: %s, user: {token: t}}]}",
                                           user, user, user, user);

  return test_folder_write (self, name, text);
}

static void
run_default (TestFolder *self, const char *list, const char *user, const char *message)
{
  g_autofree char *config = g_build_filename (self->path, "xdg", NULL);

  g_setenv ("HOME", self->path, TRUE);
  g_setenv ("XDG_CONFIG_HOME", config, TRUE);
  if (list != NULL)
    g_setenv ("KUBECONFIG", list, TRUE);
  else
    g_unsetenv ("KUBECONFIG");
  if (user != NULL)
    g_setenv ("EXPECTED_USER", user, TRUE);
  else
    g_unsetenv ("EXPECTED_USER");
  g_setenv ("EXPECTED_ERROR", message != NULL ? message : "", TRUE);
  g_test_trap_subprocess ("/client/kubeconfig/default/subprocess", 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

static void
test_default (TestFolder *self, gconstpointer data)
{
  g_autofree char *broken = test_folder_write (self, "broken", "a: [");
  g_autofree char *one = write_minimal (self, "one", "one");
  g_autofree char *two = write_minimal (self, "two", "two");
  g_autofree char *local = NULL;
  g_autofree char *own = NULL;
  g_autofree char *merged = g_strconcat ("/missing:", one, "::", two, NULL);
  g_autofree char *with_broken = g_strconcat (one, ":", broken, NULL);

  run_default (self, NULL, NULL, "devbox-platform/kubeconfig");
  run_default (self, NULL, NULL, ".kube/config");
  local = write_minimal (self, "xdg/devbox-platform/kubeconfig", "local");
  run_default (self, NULL, "local", NULL);
  run_default (self, "", "local", NULL);
  own = write_minimal (self, ".kube/config", "own");
  run_default (self, NULL, "own", NULL);
  run_default (self, two, "two", NULL);
  run_default (self, merged, "one", NULL);
  run_default (self, with_broken, NULL, "broken");
  run_default (self, "/missing:/absent", NULL, "“/missing”, “/absent”");
  g_assert_true (g_file_set_contents (own, "current-context: 5", -1, NULL));
  run_default (self, NULL, NULL, ".kube/config");
}

/* The first file to name something wins, and each path starts at its own file. */
static void
test_merge (TestFolder *self, gconstpointer data)
{
  g_autofree char *first
      = test_folder_write (self, "a/config",
                           "{current-context: '', contexts: [{name: x, context: {cluster: c, user: u}}], "
                           "users: [{name: u, user: {tokenFile: token}}]}");
  g_autofree char *second = test_folder_write (
      self, "b/config",
      "{current-context: x, contexts: [{name: x, context: {user: other}}, {name: y, context: {user: v}}], "
      "clusters: [{name: c, cluster: {server: 'https://x.example'}}], "
      "users: [{name: u, user: {token: no}}, {name: v, user: {tokenFile: token}}]}");
  G_GNUC_UNUSED g_autofree char *token_a = test_folder_write (self, "a/token", "of-a");
  G_GNUC_UNUSED g_autofree char *token_b = test_folder_write (self, "b/token", "of-b");
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = NULL;
  g_autoptr (DevboxKubeconfig) other = NULL;
  g_autofree char *told = NULL;
  g_autofree char *told_other = NULL;

  g_ptr_array_add (files, g_file_new_for_path (first));
  g_ptr_array_add (files, g_file_new_for_path (second));
  kubeconfig = devbox_kubeconfig_new_for_tree (devbox_kubeconfig_tree_load (files, TRUE, NULL, &error), NULL,
                                               DEVBOX_KUBECONFIG_FLAGS_NONE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (devbox_kubeconfig_get_user (kubeconfig), ==, "u");
  g_assert_cmpstr (devbox_kubeconfig_get_server (kubeconfig), ==, "https://x.example");
  g_assert_cmpstrv ((GStrv) devbox_kubeconfig_get_contexts (kubeconfig), ((const char *[]){ "x", "y", NULL }));
  told = dup_told (kubeconfig);
  g_assert_nonnull (strstr (told, "token: \"of-a\""));
  other = devbox_kubeconfig_with_context (kubeconfig, "y", &error);
  g_assert_no_error (error);
  told_other = dup_told (other);
  g_assert_nonnull (strstr (told_other, "token: \"of-b\""));
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
test_async (TestFolder *self, gconstpointer data)
{
  g_autofree char *path = write_minimal (self, "config", "me");
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) cancelled = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = NULL;
  g_autoptr (GError) error = NULL;

  devbox_kubeconfig_load_file_async (file, "me", DEVBOX_KUBECONFIG_FLAGS_NONE, NULL, loaded_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  kubeconfig = devbox_kubeconfig_load_file_finish (result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (devbox_kubeconfig_get_user (kubeconfig), ==, "me");

  g_cancellable_cancel (cancellable);
  devbox_kubeconfig_load_default_async (NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, cancellable, loaded_cb, &cancelled);
  while (cancelled == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (devbox_kubeconfig_load_default_finish (cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (devbox_kubeconfig_load_file_sync (file, NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  TEST_KUBECONFIG_ADD ("paths", test_paths);
  TEST_KUBECONFIG_ADD ("precedence", test_precedence);
  TEST_KUBECONFIG_ADD ("file-errors", test_file_errors);
  TEST_KUBECONFIG_ADD ("default", test_default);
  TEST_KUBECONFIG_ADD ("default/subprocess", test_default_in_subprocess);
  TEST_KUBECONFIG_ADD ("merge", test_merge);
  TEST_KUBECONFIG_ADD ("async", test_async);

  return g_test_run ();
}
