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

static const DevboxCommandRules program_rules = {
  .timeout_unit = 1,
  .default_timeout = 30000,
  .max_timeout = 24 * 60 * 60 * 1000,
  .output = { .retention = DEVBOX_OUTPUT_KEEP_FIRST, .limit = TEST_OUTPUT_LIMIT },
};

static const DevboxCommandRules line_rules = {
  .timeout_unit = 1000,
  .default_timeout = 2,
  .max_timeout = 3600,
  .command_is_line = TRUE,
  .output = { .retention = DEVBOX_OUTPUT_KEEP_LAST, .limit = 7, .max_lines = 5 },
};

static DevboxCommandRequest *
parse (const char *json, const DevboxCommandRules *rules, GError **error)
{
  g_autoptr (JsonObject) object = devbox_wire_json_parse_object (json, strlen (json), error);

  g_assert_nonnull (object);

  return devbox_command_request_new (object, rules, error);
}

static DevboxServerCommand *
run_with (const char *json, const DevboxCommandRules *rules)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxCommandRequest) request = parse (json, rules, &error);
  const DevboxCommandSpec *spec;

  g_assert_no_error (error);
  spec = devbox_command_request_prepare (request, workspace, launcher, &error);
  g_assert_no_error (error);

  return test_run (launcher, spec);
}

static DevboxServerCommand *
run (const char *json)
{
  return run_with (json, &program_rules);
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

/* `command` is a line of words where there are no `args`, and with a shell is continued by them. */
static void
test_line (void)
{
  static const char *const cases[][2] = {
    { "{\"command\":\"printf %s@ 'a b' ; $HOME *\"}", "a b@;@$HOME@*@" },
    { "{\"command\":\"printf %s@ a b\",\"args\":null}", "a@b@" },
    { "{\"command\":\"printf\",\"args\":[\"%s@\",\"a b\",\"'c'\"]}", "a b@'c'@" },
    { "{\"command\":\"printf %s@ 1 &&  printf %s@\",\"args\":[\"a b\",\"$x\",\"\"],\"shell\":true}", "1@a b@$x@@" },
    { "{\"command\":\"echo $0 $#\",\"args\":[],\"shell\":\"sh\"}", "sh 0\n" },
    { "{\"command\":\"echo $((6*7)) # no\",\"shell\":\"/bin/bash\"}", "42\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DevboxCommandRules rules = line_rules;
      g_autoptr (DevboxServerCommand) command = NULL;

      rules.output.limit = TEST_OUTPUT_LIMIT;
      command = run_with (cases[i][0], &rules);
      g_assert_null (devbox_server_command_get_error (command));
      test_assert_output (command, DEVBOX_OUTPUT_STDOUT, cases[i][1]);
    }
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

  for (guint i = 0; i < 5000; i++)
    g_string_append_printf (json, "%s\"variable_number_%05u\":\"\"", i > 0 ? "," : "", i);
  g_string_append (json, "}}");

  before = g_get_monotonic_time ();
  request = parse (json->str, &program_rules, &error);
  g_assert_no_error (error);
  devbox_command_request_prepare (request, workspace, launcher, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - before, <, G_USEC_PER_SEC);
}

static void
test_rules (void)
{
  static const struct
  {
    const DevboxCommandRules *rules;
    const char *json;
    guint timeout_ms;
  } cases[] = {
    { &program_rules, "{\"command\":\"true\"}", 30000 },
    { &program_rules, "{\"command\":\"true\",\"timeout\":0}", 0 },
    { &program_rules, "{\"command\":\"true\",\"timeout\":1}", 1 },
    { &program_rules, "{\"command\":\"true\",\"timeout\":86400000}", 86400000 },
    { &line_rules, "{\"command\":\"true\"}", 2000 },
    { &line_rules, "{\"command\":\"true\",\"timeout\":3600}", 3600000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxCommandRequest) request = parse (cases[i].json, cases[i].rules, &error);
      const DevboxCommandSpec *spec;

      g_assert_no_error (error);
      spec = devbox_command_request_prepare (request, workspace, launcher, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (spec->timeout_ms, ==, cases[i].timeout_ms);
      g_assert_cmpuint (spec->output_limit, ==, cases[i].rules->output.limit);
      g_assert_cmpint (spec->output_retention, ==, cases[i].rules->output.retention);
      g_assert_cmpuint (spec->max_lines, ==, cases[i].rules->output.max_lines);
    }
}

/* Before anything was looked up */
static void
assert_refused (const char *json, const char *named)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxCommandRequest) request = parse (json, &program_rules, &error);

  g_assert_null (request);
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_nonnull (strstr (error->message, named));
}

static void
assert_impossible (const char *json, const DevboxCommandRules *rules, DevboxWireCode code, const char *named)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxCommandRequest) request = parse (json, rules, &error);

  g_assert_no_error (error);
  g_assert_null (devbox_command_request_prepare (request, workspace, launcher, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, named));
}

static void
test_impossible (void)
{
  static const struct
  {
    const char *json;
    const DevboxCommandRules *rules;
    DevboxWireCode code;
    const char *named;
  } cases[] = {
    { "{\"command\":\"\"}", &program_rules, DEVBOX_WIRE_VALIDATION_ERROR, "command" },
    { "{\"command\":\"\",\"shell\":true}", &program_rules, DEVBOX_WIRE_VALIDATION_ERROR, "command" },
    { "{\"command\":\"ls\",\"cwd\":\"\"}", &program_rules, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED, "cwd" },
    { "{\"command\":\"ls\",\"cwd\":\"missing\"}", &program_rules, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED, "cwd" },
    { "{\"command\":\"ls\",\"cwd\":\"sub/tool\"}", &program_rules, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED, "cwd" },
    { "{\"command\":\"ls\",\"cwd\":\"..\"}", &program_rules, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED, "cwd" },
    { "{\"command\":\"ls\",\"cwd\":\"sub/../..\"}", &program_rules, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED, "cwd" },
    { "{\"command\":\"ls\",\"cwd\":\"out\"}", &line_rules, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED, "cwd" },
    { "{\"command\":\"\"}", &line_rules, DEVBOX_WIRE_VALIDATION_ERROR, "command" },
    { "{\"command\":\"\",\"args\":[\"x\"]}", &line_rules, DEVBOX_WIRE_VALIDATION_ERROR, "command" },
    { "{\"command\":\" # nothing\"}", &line_rules, DEVBOX_WIRE_VALIDATION_ERROR, "command" },
    { "{\"command\":\"echo 'a\"}", &line_rules, DEVBOX_WIRE_VALIDATION_ERROR, "command: A quote (') is not closed" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_impossible (cases[i].json, cases[i].rules, cases[i].code, cases[i].named);
}

static void
test_refused (void)
{
  g_autofree char *huge = g_strnfill (128 * 1024, 'x');
  g_autofree char *large = g_strdup_printf ("{\"command\":\"true\",\"env\":{\"A\":\"%s\"}}", huge);

  assert_refused ("{}", "command");
  assert_refused ("{\"command\":null}", "command");
  assert_refused ("{\"command\":7}", "command");
  assert_refused ("{\"command\":[\"ls\"]}", "command");
  assert_refused ("{\"command\":\"ls\",\"args\":\"-l\"}", "args");
  assert_refused ("{\"command\":\"ls\",\"args\":[1]}", "args");
  assert_refused ("{\"command\":\"ls\",\"args\":[null]}", "args");
  assert_refused ("{\"command\":\"ls\",\"shell\":1}", "shell");
  assert_refused ("{\"command\":\"ls\",\"shell\":\"\"}", "shell");
  assert_refused ("{\"command\":\"ls\",\"cwd\":1}", "cwd");
  assert_refused ("{\"command\":\"ls\",\"env\":[]}", "env");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"A\":1}}", "A");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"A\":null}}", "A");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"\":\"x\"}}", "env");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"1A\":\"x\"}}", "1A");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"A=B\":\"x\"}}", "A=B");
  assert_refused ("{\"command\":\"ls\",\"env\":{\"ä\":\"x\"}}", "ä");
  assert_refused (large, "env");
  assert_refused ("{\"command\":\"ls\",\"timeout\":-1}", "timeout");
  assert_refused ("{\"command\":\"ls\",\"timeout\":86400001}", "timeout");
  assert_refused ("{\"command\":\"ls\",\"timeout\":1.5}", "timeout");
  assert_refused ("{\"command\":\"ls\",\"timeout\":\"5\"}", "timeout");
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
  g_test_add_func ("/command-request/rules", test_rules);
  g_test_add_func ("/command-request/line", test_line);
  g_test_add_func ("/command-request/impossible", test_impossible);
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
