/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kubeconfigs whose credential a program tells. */
#include "config.h"

#include "kubeconfig-test-util.h"

#include "devbox-kubeconfig-private.h"

#include <glib/gstdio.h>
#include <string.h>

#define CREDENTIAL(status)                                                                                             \
  "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{" status "}}"

static char *
write_plugin (TestFolder *self, const char *script)
{
  g_autofree char *text = g_strconcat ("#!/bin/sh\n", script, "\n", NULL);
  g_autofree char *path = test_folder_write (self, "plugin", text);

  g_assert_cmpint (g_chmod (path, 0700), ==, 0);
  return test_folder_write (self, "config",
                            "current-context: x\n"
                            "contexts: [{name: x, context: {user: u}}]\n"
                            "users:\n"
                            "- name: u\n"
                            "  user:\n"
                            "    exec:\n"
                            "      apiVersion: client.authentication.k8s.io/v1\n"
                            "      command: ./plugin\n"
                            "      args: [one, 'two words']\n"
                            "      env: [{name: PLUGIN_SECRET, value: " MARKER "-env}]\n"
                            "      interactiveMode: Never\n");
}

static void
test_plugin (TestFolder *self, gconstpointer data)
{
  g_autofree char *path = write_plugin (
      self, "cd \"$(dirname \"$0\")\"; echo run >> runs; printf '%s|' \"$@\" > arguments; "
            "[ \"$PLUGIN_SECRET\" = " MARKER "-env ] || exit 1; echo \"$KUBERNETES_EXEC_INFO\" > info; cat > input; "
            "echo '" CREDENTIAL ("\"token\":\"" MARKER "-plugin\"") "'");
  g_autofree char *runs_path = g_build_filename (self->path, "runs", NULL);
  g_autofree char *arguments_path = g_build_filename (self->path, "arguments", NULL);
  g_autofree char *info_path = g_build_filename (self->path, "info", NULL);
  g_autofree char *arguments = NULL;
  g_autofree char *runs = NULL;
  g_autofree char *info = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = test_kubeconfig_load (path, DEVBOX_KUBECONFIG_FLAGS_NONE, &error);

  test_kubeconfig_assert_invalid (error);
  g_assert_nonnull (strstr (error->message, "line 6: “exec” would run a program, which was not allowed"));
  g_clear_error (&error);

  /* Only when it is needed. */
  kubeconfig = test_kubeconfig_load (path, DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test (runs_path, G_FILE_TEST_EXISTS));

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *authorization
          = devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error);

      g_assert_no_error (error);
      g_assert_nonnull (strstr (authorization, MARKER "-plugin"));
      g_assert_null (strstr (authorization, "exec"));
    }
  g_assert_true (g_file_get_contents (runs_path, &runs, NULL, NULL));
  g_assert_cmpstr (runs, ==, "run\n");
  g_assert_true (g_file_get_contents (arguments_path, &arguments, NULL, NULL));
  g_assert_cmpstr (arguments, ==, "one|two words|");
  g_assert_true (g_file_get_contents (info_path, &info, NULL, NULL));
  g_assert_cmpstr (info, ==,
                   "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"spec\":{"
                   "\"interactive\":false}}\n");
}

/* A credential that has ended is asked for anew. */
static void
test_plugin_expiry (TestFolder *self, gconstpointer data)
{
  g_autofree char *path
      = write_plugin (self, "cd \"$(dirname \"$0\")\"; echo run >> runs; echo '" CREDENTIAL (
                                "\"token\":\"t\",\"expirationTimestamp\":\"2020-01-01T00:00:00Z\"") "'");
  g_autofree char *runs_path = g_build_filename (self->path, "runs", NULL);
  g_autofree char *runs = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = test_kubeconfig_load (path, DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    g_free (devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (runs_path, &runs, NULL, NULL));
  g_assert_cmpstr (runs, ==, "run\nrun\n");
}

static void
test_plugin_failures (TestFolder *self, gconstpointer data)
{
  static const struct
  {
    const char *script;
    const char *message;
  } cases[] = {
    { "echo " MARKER "; echo " MARKER " >&2; exit 3", "exit status 3" },
    { "kill -9 $$", "signal 9" },
    { "echo " MARKER, "“stdout”" },
    { "true", "“stdout”" },
    { "echo '[]'", "“stdout”" },
    { "echo '{\"kind\":\"" MARKER "\"}'", "“kind”" },
    { "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\"}'", "“apiVersion”" },
    { "echo '" CREDENTIAL ("") "'", "“token”" },
    { "echo '" CREDENTIAL ("\"token\":5") "'", "“token”" },
    { "echo '" CREDENTIAL ("\"clientCertificateData\":\"" MARKER "\"") "'", "“clientKeyData”" },
    { "echo '" CREDENTIAL ("\"clientCertificateData\":\"" MARKER "\",\"clientKeyData\":\"x\"") "'", "" },
    { "echo '" CREDENTIAL ("\"token\":\"t\",\"expirationTimestamp\":\"" MARKER "\"") "'", "“expirationTimestamp”" },
    { "head -c 300000 /dev/zero; sleep 30", "prints too much" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = write_plugin (self, cases[i].script);
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxKubeconfig) kubeconfig = test_kubeconfig_load (path, DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC, &error);

      g_assert_no_error (error);
      g_assert_null (devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error));
      test_kubeconfig_assert_invalid (error);
      if (strstr (error->message, cases[i].message) == NULL)
        g_error ("%s: %s", cases[i].script, error->message);
    }
}

static void
test_plugin_refused (TestFolder *self, gconstpointer data)
{
  static const struct
  {
    const char *members;
    const char *name;
  } cases[] = {
    { "", "“apiVersion”" },
    { "apiVersion: client.authentication.k8s.io/v1alpha1, command: x", "“apiVersion”" },
    { "apiVersion: client.authentication.k8s.io/v1", "“command”" },
    { "apiVersion: client.authentication.k8s.io/v1, command: x, args: [5]", "“args”" },
    { "apiVersion: client.authentication.k8s.io/v1, command: x, env: [{name: 'A=B', value: c}]", "“env”" },
    { "apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always", "“interactiveMode”" },
  };
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("{current-context: x, contexts: [{name: x, context: {user: u}}], "
                                               "users: [{name: u, user: {exec: {%s}}}]}",
                                               cases[i].members);
      g_autofree char *config = test_folder_write (self, "config", text);
      g_autoptr (GError) refusal = NULL;

      g_assert_null (test_kubeconfig_load (config, DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC, &refusal));
      test_kubeconfig_assert_invalid (refusal);
      g_assert_nonnull (strstr (refusal->message, cases[i].name));
    }

  path = test_folder_write (
      self, "config",
      "{current-context: x, contexts: [{name: x, context: {user: u}}], users: [{name: u, user: {exec: "
      "{apiVersion: client.authentication.k8s.io/v1beta1, command: devbox-no-such-program, "
      "installHint: Install it}}}]}");
  kubeconfig = test_kubeconfig_load (path, DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC, &error);
  g_assert_no_error (error);
  g_assert_null (devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error));
  test_kubeconfig_assert_invalid (error);
  g_assert_nonnull (strstr (error->message, "(Install it)"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  TEST_KUBECONFIG_ADD ("plugin", test_plugin);
  TEST_KUBECONFIG_ADD ("plugin-expiry", test_plugin_expiry);
  TEST_KUBECONFIG_ADD ("plugin-failures", test_plugin_failures);
  TEST_KUBECONFIG_ADD ("plugin-refused", test_plugin_refused);

  return g_test_run ();
}
