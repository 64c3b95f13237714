/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-request-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"
#include "process-test-util.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static DevboxLauncher *launcher;
static DevboxWorkspace *workspace;
static char *root;

static DevboxCommandRequest *
parse (const char *json, GError **error)
{
  JsonObject *object;
  DevboxCommandRequest *request;

  object = devbox_wire_json_parse_object (json, strlen (json), error);
  g_assert_nonnull (object);
  request = devbox_command_request_new (object, workspace, launcher, TEST_OUTPUT_LIMIT, error);
  json_object_unref (object);

  return request;
}

static DevboxServerCommand *
run (const char *json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxCommandRequest) request = parse (json, &error);

  g_assert_no_error (error);

  return test_run (launcher, devbox_command_request_get_spec (request));
}

static void
assert_output (const char *json, const char *expected)
{
  g_autoptr (DevboxServerCommand) command = run (json);

  g_assert_null (devbox_server_command_get_error (command));
  g_assert_cmpint (devbox_server_command_get_exit_code (command), ==, 0);
  test_assert_output (command, DEVBOX_OUTPUT_STDOUT, expected);
}

static void
test_no_shell (void)
{
  assert_output ("{\"command\":\"printf\",\"args\":[\"<%s>\",\"; touch x\",\"$HOME\",\"\",\"ä\"]}",
                 "<; touch x><$HOME><><ä>");
  assert_output ("{\"command\":\"echo\",\"args\":null,\"shell\":false,\"env\":null,\"cwd\":null,\"timeout\":null}",
                 "\n");
  assert_output ("{\"command\":\"echo\",\"args\":[\"a\"],\"shell\":null}", "a\n");
}

static void
test_shell (void)
{
  assert_output ("{\"command\":\"echo a && echo $((1+2))\",\"shell\":true}", "a\n3\n");
  assert_output ("{\"command\":\"printf '<%s>' \\\"$0\\\" \\\"$@\\\"\",\"args\":[\"one two\",\"$x\"],\"shell\":true}",
                 "</bin/sh><one two><$x>");
  assert_output ("{\"command\":\"echo $0 $#\",\"shell\":\"sh\"}", "sh 0\n");
  assert_output ("{\"command\":\"echo $BASH\",\"shell\":\"/bin/bash\"}", "/bin/bash\n");
}

static void
test_folder (void)
{
  g_autofree char *folder = g_build_filename (root, "sub", NULL);
  g_autofree char *in_root = g_strdup_printf ("%s\n", root);
  g_autofree char *in_folder = g_strdup_printf ("%s\n", folder);
  g_autofree char *absolute = g_strdup_printf ("{\"command\":\"/bin/pwd\",\"cwd\":\"%s\"}", folder);

  assert_output ("{\"command\":\"/bin/pwd\"}", in_root);
  assert_output ("{\"command\":\"/bin/pwd\",\"cwd\":\".\"}", in_root);
  assert_output ("{\"command\":\"/bin/pwd\",\"cwd\":\"sub\"}", in_folder);
  assert_output ("{\"command\":\"/bin/pwd\",\"cwd\":\"sub/../sub\"}", in_folder);
  assert_output ("{\"command\":\"./tool\",\"cwd\":\"sub\"}", "tool\n");
  assert_output ("{\"command\":\"/bin/pwd\",\"cwd\":\"/\"}", "/\n");
  assert_output (absolute, in_folder);
}

static void
test_environment (void)
{
  g_autoptr (DevboxServerCommand) all = NULL;

  g_auto (GStrv) base = g_get_environ ();

  base = g_environ_setenv (base, "DEVBOX_TEST_OLD", "old", TRUE);
  base = g_environ_setenv (base, "DEVBOX_TEST_KEPT", "kept", TRUE);
  base = g_environ_setenv (base, "TOKEN", "secret-marker", TRUE);
  devbox_launcher_set_base_environment (launcher, (const char *const *) base);

  all = run ("{\"command\":\"env\",\"env\":{\"DEVBOX_TEST_OLD\":\"new\",\"_x1\":\"a=b\\nc\",\"EMPTY\":\"\"}}");
  g_assert_true (test_output_contains (all, DEVBOX_OUTPUT_STDOUT, "DEVBOX_TEST_OLD=new\n"));
  g_assert_false (test_output_contains (all, DEVBOX_OUTPUT_STDOUT, "DEVBOX_TEST_OLD=old\n"));
  g_assert_true (test_output_contains (all, DEVBOX_OUTPUT_STDOUT, "DEVBOX_TEST_KEPT=kept\n"));
  g_assert_true (test_output_contains (all, DEVBOX_OUTPUT_STDOUT, "_x1=a=b\nc\n"));
  g_assert_true (test_output_contains (all, DEVBOX_OUTPUT_STDOUT, "EMPTY=\n"));
  g_assert_false (test_output_contains (all, DEVBOX_OUTPUT_STDOUT, "secret-marker"));

  /* The PATH is that of the command. */
  assert_output ("{\"command\":\"tool\",\"cwd\":\"sub\",\"env\":{\"PATH\":\"/nonexistent:.\"}}", "tool\n");
}

/* A variable that is asked for is no secret of ours. */
static void
test_environment_named_token (void)
{
  assert_output ("{\"command\":\"printenv\",\"args\":[\"TOKEN\"],\"env\":{\"TOKEN\":\"mine\"}}", "mine\n");
}

static void
test_environment_many (void)
{
  g_autoptr (GString) json = g_string_new ("{\"command\":\"true\",\"env\":{");
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxCommandRequest) request = NULL;
  gint64 before;

  for (guint i = 0; i < 14000; i++)
    g_string_append_printf (json, "%s\"v%05u\":\"\"", i > 0 ? "," : "", i);
  g_string_append (json, "}}");

  before = g_get_monotonic_time ();
  request = parse (json->str, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - before, <, G_USEC_PER_SEC);
}

static void
test_timeout (void)
{
  static const struct
  {
    const char *json;
    guint timeout_ms;
  } cases[] = {
    { "{\"command\":\"true\"}", 30000 },
    { "{\"command\":\"true\",\"timeout\":0}", 0 },
    { "{\"command\":\"true\",\"timeout\":1}", 1 },
    { "{\"command\":\"true\",\"timeout\":86400000}", 86400000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxCommandRequest) request = parse (cases[i].json, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (devbox_command_request_get_spec (request)->timeout_ms, ==, cases[i].timeout_ms);
      g_assert_cmpuint (devbox_command_request_get_spec (request)->output_limit, ==, TEST_OUTPUT_LIMIT);
    }
}

static void
assert_refused (const char *json, DevboxWireCode code, const char *named)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxCommandRequest) request = parse (json, &error);

  g_assert_null (request);
  g_assert_error (error, DEVBOX_WIRE_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, named));
}

static void
test_refused (void)
{
  g_autofree char *huge = g_strnfill (128 * 1024, 'x');
  g_autofree char *large = g_strdup_printf ("{\"command\":\"true\",\"env\":{\"A\":\"%s\"}}", huge);

  assert_refused ("{}", DEVBOX_WIRE_VALIDATION_ERROR, "command");
  assert_refused ("{\"command\":null}", DEVBOX_WIRE_VALIDATION_ERROR, "command");
  assert_refused ("{\"command\":7}", DEVBOX_WIRE_VALIDATION_ERROR, "command");
  assert_refused ("{\"command\":[\"ls\"]}", DEVBOX_WIRE_VALIDATION_ERROR, "command");
  assert_refused ("{\"command\":\"\"}", DEVBOX_WIRE_VALIDATION_ERROR, "command");
  assert_refused ("{\"command\":\"ls\",\"args\":\"-l\"}", DEVBOX_WIRE_VALIDATION_ERROR, "args");
  assert_refused ("{\"command\":\"ls\",\"args\":[1]}", DEVBOX_WIRE_VALIDATION_ERROR, "args");
  assert_refused ("{\"command\":\"ls\",\"args\":[null]}", DEVBOX_WIRE_VALIDATION_ERROR, "args");
  assert_refused ("{\"command\":\"ls\",\"shell\":1}", DEVBOX_WIRE_VALIDATION_ERROR, "shell");
  assert_refused ("{\"command\":\"ls\",\"shell\":\"\"}", DEVBOX_WIRE_VALIDATION_ERROR, "shell");
  assert_refused ("{\"command\":\"ls\",\"cwd\":1}", DEVBOX_WIRE_VALIDATION_ERROR, "cwd");
  assert_refused ("{\"command\":\"ls\",\"cwd\":\"\"}", DEVBOX_WIRE_VALIDATION_ERROR, "cwd");
  assert_refused ("{\"command\":\"ls\",\"cwd\":\"missing\"}", DEVBOX_WIRE_VALIDATION_ERROR, "cwd");
  assert_refused ("{\"command\":\"ls\",\"cwd\":\"sub/tool\"}", DEVBOX_WIRE_VALIDATION_ERROR, "cwd");
  assert_refused ("{\"command\":\"ls\",\"cwd\":\"..\"}", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED, "cwd");
  assert_refused ("{\"command\":\"ls\",\"cwd\":\"sub/../..\"}", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED, "cwd");
  assert_refused ("{\"command\":\"ls\",\"cwd\":\"out\"}", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED, "cwd");
  assert_refused ("{\"command\":\"ls\",\"env\":[]}", DEVBOX_WIRE_VALIDATION_ERROR, "env");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"A\":1}}", DEVBOX_WIRE_VALIDATION_ERROR, "A");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"A\":null}}", DEVBOX_WIRE_VALIDATION_ERROR, "A");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"\":\"x\"}}", DEVBOX_WIRE_VALIDATION_ERROR, "env");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"1A\":\"x\"}}", DEVBOX_WIRE_VALIDATION_ERROR, "1A");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"A=B\":\"x\"}}", DEVBOX_WIRE_VALIDATION_ERROR, "A=B");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"ä\":\"x\"}}", DEVBOX_WIRE_VALIDATION_ERROR, "ä");
  assert_refused (large, DEVBOX_WIRE_VALIDATION_ERROR, "env");
  assert_refused ("{\"command\":\"ls\",\"timeout\":-1}", DEVBOX_WIRE_VALIDATION_ERROR, "timeout");
  assert_refused ("{\"command\":\"ls\",\"timeout\":86400001}", DEVBOX_WIRE_VALIDATION_ERROR, "timeout");
  assert_refused ("{\"command\":\"ls\",\"timeout\":1.5}", DEVBOX_WIRE_VALIDATION_ERROR, "timeout");
  assert_refused ("{\"command\":\"ls\",\"timeout\":\"5\"}", DEVBOX_WIRE_VALIDATION_ERROR, "timeout");
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *made = g_dir_make_tmp ("devbox-request-XXXXXX", NULL);
  g_autofree char *folder = NULL;
  g_autofree char *tool = NULL;
  g_autofree char *link = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  launcher = test_launcher_new ();
  workspace = devbox_workspace_new (made, &error);
  g_assert_no_error (error);
  root = g_strdup (devbox_workspace_get_path (workspace));
  folder = g_build_filename (root, "sub", NULL);
  tool = g_build_filename (folder, "tool", NULL);
  link = g_build_filename (root, "out", NULL);
  g_assert_cmpint (g_mkdir (folder, 0755), ==, 0);
  g_assert_true (g_file_set_contents (tool, "#!/bin/sh\necho tool\n", -1, NULL));
  g_assert_cmpint (g_chmod (tool, 0755), ==, 0);
  g_assert_cmpint (symlink ("/tmp", link), ==, 0);

  g_test_add_func ("/command-request/no-shell", test_no_shell);
  g_test_add_func ("/command-request/shell", test_shell);
  g_test_add_func ("/command-request/folder", test_folder);
  g_test_add_func ("/command-request/environment", test_environment);
  g_test_add_func ("/command-request/environment/named-token", test_environment_named_token);
  g_test_add_func ("/command-request/environment/many", test_environment_many);
  g_test_add_func ("/command-request/timeout", test_timeout);
  g_test_add_func ("/command-request/refused", test_refused);
  result = g_test_run ();

  g_unlink (tool);
  g_unlink (link);
  g_rmdir (folder);
  g_rmdir (root);
  g_free (root);
  devbox_workspace_unref (workspace);
  devbox_launcher_unref (launcher);

  return result;
}
