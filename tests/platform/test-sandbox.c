/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "box-fixture.h"
#include "config.h"

#include "devbox-sandbox-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_no_bubblewrap (void)
{
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxSandbox) sandbox = NULL;

  g_setenv ("PATH", "/nowhere", TRUE);
  g_assert_null (devbox_sandbox_new (DEVBOX_SANDBOX_BUBBLEWRAP, "/bin/sh", &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED);
  g_assert_nonnull (strstr (error->message, "apt-get install bubblewrap"));

  sandbox = devbox_sandbox_new (DEVBOX_SANDBOX_AUTO, "/bin/sh", NULL);
  g_assert_cmpint (devbox_sandbox_get_kind (sandbox), ==, DEVBOX_SANDBOX_NONE);
  g_assert_cmpstr (devbox_sandbox_get_reason (sandbox), ==, error->message);
  g_setenv ("PATH", path, TRUE);
}

static void
test_bubblewrap_fails (void)
{
  g_autofree char *folder = g_dir_make_tmp ("devbox-box-XXXXXX", NULL);
  g_autofree char *program = g_build_filename (folder, "bwrap", NULL);
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  g_autofree char *changed = g_strconcat (folder, ":", path, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (
      g_file_set_contents_full (program, "#!/bin/sh\necho bwrap: No permissions >&2\nexit 1\n", -1, 0, 0755, NULL));
  g_setenv ("PATH", changed, TRUE);
  g_assert_null (devbox_sandbox_new (DEVBOX_SANDBOX_BUBBLEWRAP, "/bin/sh", &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED);
  g_assert_cmpstr (error->message, ==, "bubblewrap cannot make a sandbox on this machine: bwrap: No permissions");
  g_setenv ("PATH", path, TRUE);
  g_unlink (program);
  g_rmdir (folder);
}

static void
test_no_agent (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_sandbox_new (DEVBOX_SANDBOX_NONE, "/nowhere/devbox-server", &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_NOT_FOUND);
}

/* The agent itself, from wherever it was built, with the libraries that it needs. */
static void
test_real_agent (void)
{
  const char *program = g_getenv ("DEVBOX_SERVER");
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxSandbox) sandbox = devbox_sandbox_new (DEVBOX_SANDBOX_BUBBLEWRAP, NULL, &error);
  g_autoptr (DevboxSandboxCommand) command = NULL;
  g_autofree char *folder = g_dir_make_tmp ("devbox-box-XXXXXX", NULL);
  g_autofree char *workspace = g_build_filename (folder, "workspace", NULL);
  g_autofree char *home = g_build_filename (folder, "home", NULL);
  DevboxSandboxBox box = { .uid = "0123456789abcdef" };
  guint last;
  GPid pid;
  int status;

  if (!box_fixture_can_sandbox ())
    {
      g_test_skip ("bubblewrap does not run here");
      return;
    }

  g_assert_no_error (error);
  g_assert_cmpint (g_mkdir (workspace, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (home, 0700), ==, 0);
  box.folder = folder;
  command = devbox_sandbox_build_command (sandbox, &box, dup (STDERR_FILENO), &error);
  g_assert_no_error (error);
  last = g_strv_length (command->arguments) - 1;
  g_assert_cmpstr (command->arguments[last - 1], ==, program);
  g_free (command->arguments[last]);
  command->arguments[last] = g_strdup ("--version");

  g_assert_true (devbox_sandbox_command_spawn (command, NULL, NULL, STDERR_FILENO, &pid, &error));
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  g_rmdir (workspace);
  g_rmdir (home);
  g_rmdir (folder);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/sandbox/no-bubblewrap", test_no_bubblewrap);
  g_test_add_func ("/sandbox/bubblewrap-fails", test_bubblewrap_fails);
  g_test_add_func ("/sandbox/no-agent", test_no_agent);
  g_test_add_func ("/sandbox/real-agent", test_real_agent);

  return g_test_run ();
}
