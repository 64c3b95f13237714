/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error-private.h"
#include "devbox-path-policy.h"

#include <string.h>

#define PASSES (-1)

typedef struct
{
  const char *path;
  int code;
} Case;

static void
check_cases (DevboxPathPolicy *policy, const Case *cases, gsize n_cases)
{
  for (gsize i = 0; i < n_cases; i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean passes = devbox_path_policy_check_path (policy, cases[i].path, &error);

      g_test_message ("“%s”: %s", cases[i].path, error != NULL ? error->message : "passes");
      g_assert_cmpint (passes, ==, cases[i].code == PASSES);
      if (cases[i].code == PASSES)
        g_assert_no_error (error);
      else
        {
          g_assert_error (error, DEVBOX_ERROR, cases[i].code);
          g_assert_cmpstr (devbox_error_info_get_value (devbox_error_get_info (error)), ==, cases[i].path);
        }
    }
}

static void
test_default (void)
{
  static const Case cases[] = {
    { "a", PASSES },
    { "a/b", PASSES },
    { "a/../b", PASSES },
    { "a/b/../../c", PASSES },
    { "a/..", PASSES },
    { ".", PASSES },
    { "./", PASSES },
    { "./a", PASSES },
    { "a/", PASSES },
    { "a//b///", PASSES },
    { "..a", PASSES },
    { "...", PASSES },
    { "a/..b", PASSES },
    { " ", PASSES },
    { "a\nb", PASSES },
    { "~", PASSES },
    { "%2e%2e/a", PASSES },
    { "..\\a", PASSES },
    { "\\..\\..\\a", PASSES },
    { "C:\\a", PASSES },
    { "\xc3\xa4/\xe6\x96\x87", PASSES },
    { "..", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "../", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "../a", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "./../a", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "a/../..", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "a/../../b", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "a/..//../b", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "a/././../../b", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "a/b/../../../workspace/c", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "../workspace/a", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/workspace", PASSES },
    { "/workspace/", PASSES },
    { "/workspace/a", PASSES },
    { "//workspace//a", PASSES },
    { "/./workspace/./a", PASSES },
    { "/workspace/a/../b", PASSES },
    { "/", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "//", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/etc/passwd", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/workspace2", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/workspac", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/workspace/..", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/workspace/../etc", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/workspace/../workspace/a", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/../workspace/a", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/a/workspace", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/WORKSPACE/a", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "", DEVBOX_ERROR_VALIDATION_ERROR },
  };
  g_autoptr (DevboxPathPolicy) policy = g_object_new (DEVBOX_TYPE_PATH_POLICY, NULL);

  g_assert_cmpstr (devbox_path_policy_get_workspace (policy), ==, "/workspace");
  check_cases (policy, cases, G_N_ELEMENTS (cases));
}

static void
test_other_workspace (void)
{
  static const Case cases[] = {
    { "a", PASSES },
    { "/home/user/work", PASSES },
    { "/home/user/work/a", PASSES },
    { "/home/user/", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/home/user/workspace", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/workspace/a", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/home/user/work/..", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/home/./user//work/a", PASSES },
  };
  g_autoptr (DevboxPathPolicy) policy = devbox_path_policy_new ("/home/user//work/");
  g_autofree char *workspace = NULL;

  g_object_get (policy, "workspace", &workspace, NULL);
  g_assert_cmpstr (workspace, ==, "/home/user//work/");
  check_cases (policy, cases, G_N_ELEMENTS (cases));
}

static void
test_no_workspace (void)
{
  static const Case cases[] = {
    { "a", PASSES },
    { "..", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "/workspace", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "//workspace", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
  };
  g_autoptr (DevboxPathPolicy) policy = devbox_path_policy_new (NULL);

  g_assert_null (devbox_path_policy_get_workspace (policy));
  check_cases (policy, cases, G_N_ELEMENTS (cases));
}

static void
test_root (void)
{
  static const Case cases[] = {
    { "a", PASSES },
    { "/", PASSES },
    { "/etc/passwd", PASSES },
    { "/..", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
  };
  g_autoptr (DevboxPathPolicy) policy = devbox_path_policy_new ("/");

  check_cases (policy, cases, G_N_ELEMENTS (cases));
}

static void
test_relative_workspace (void)
{
  g_autoptr (DevboxPathPolicy) policy = NULL;
  g_autoptr (GError) error = NULL;

  g_test_expect_message ("Devbox", G_LOG_LEVEL_CRITICAL, "*g_path_is_absolute*");
  policy = devbox_path_policy_new ("");
  g_test_assert_expected_messages ();
  g_assert_null (devbox_path_policy_get_workspace (policy));
  g_assert_false (devbox_path_policy_check_path (policy, "/etc/passwd", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED);
}

static void
test_text (void)
{
  g_autoptr (DevboxPathPolicy) policy = g_object_new (DEVBOX_TYPE_PATH_POLICY, NULL);
  g_autofree char *longest = g_strnfill (4095, 'a');
  g_autofree char *longer = g_strnfill (4096, 'a');
  g_autoptr (GError) error = NULL;

  g_assert_true (devbox_path_policy_check_path (policy, longest, &error));
  g_assert_no_error (error);
  g_assert_false (devbox_path_policy_check_path (policy, longer, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_cmpuint (strlen (error->message), <, 200);
  g_clear_error (&error);

  g_assert_false (devbox_path_policy_check_path (policy, "a\xff", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_cmpstr (devbox_error_info_get_value (devbox_error_get_info (error)), ==, "a\xef\xbf\xbd");

  g_assert_false (devbox_path_policy_check_path (policy, "..", NULL));
}

/* A policy that a program makes. */
struct _OddPolicy
{
  DevboxPathPolicy parent_instance;

  guint n_asked;
};

#define ODD_TYPE_POLICY (odd_policy_get_type ())
G_DECLARE_FINAL_TYPE (OddPolicy, odd_policy, ODD, POLICY, DevboxPathPolicy)
G_DEFINE_FINAL_TYPE (OddPolicy, odd_policy, DEVBOX_TYPE_PATH_POLICY)

static gboolean
odd_policy_check_path (DevboxPathPolicy *policy, const char *path, GError **error)
{
  ODD_POLICY (policy)->n_asked++;

  if (strcmp (path, "io") == 0)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY, "Hands off");
  else if (strcmp (path, "own") == 0)
    g_set_error_literal (error, DEVBOX_ERROR, DEVBOX_ERROR_INSUFFICIENT_PERMISSIONS, "Mine");
  else if (strcmp (path, "both") == 0)
    {
      g_set_error_literal (error, DEVBOX_ERROR, DEVBOX_ERROR_CONFLICT, "Yes and no");
      return TRUE;
    }
  else if (strcmp (path, "silent") != 0)
    return DEVBOX_PATH_POLICY_CLASS (odd_policy_parent_class)->check_path (policy, path, error);

  return FALSE;
}

static void
odd_policy_class_init (OddPolicyClass *klass)
{
  DEVBOX_PATH_POLICY_CLASS (klass)->check_path = odd_policy_check_path;
}

static void
odd_policy_init (OddPolicy *self)
{
}

static void
test_derived (void)
{
  static const Case cases[] = {
    { "a", PASSES },
    { "..", DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED },
    { "io", DEVBOX_ERROR_VALIDATION_ERROR },
    { "own", DEVBOX_ERROR_INSUFFICIENT_PERMISSIONS },
    { "both", DEVBOX_ERROR_CONFLICT },
    { "silent", DEVBOX_ERROR_VALIDATION_ERROR },
    { "", DEVBOX_ERROR_VALIDATION_ERROR },
  };
  g_autoptr (OddPolicy) policy = g_object_new (ODD_TYPE_POLICY, NULL);
  g_autoptr (GError) error = NULL;

  check_cases (DEVBOX_PATH_POLICY (policy), cases, G_N_ELEMENTS (cases));
  g_assert_cmpuint (policy->n_asked, ==, 6); /* not for what is no path at all */

  g_assert_false (devbox_path_policy_check_path (DEVBOX_PATH_POLICY (policy), "io", &error));
  g_assert_cmpstr (error->message, ==, "Hands off");
  g_assert_error (devbox_error_info_get_cause (devbox_error_get_info (error)), G_IO_ERROR, G_IO_ERROR_READ_ONLY);
  g_clear_error (&error);

  g_assert_false (devbox_path_policy_check_path (DEVBOX_PATH_POLICY (policy), "own", &error));
  g_assert_cmpstr (error->message, ==, "Mine");
  g_assert_null (devbox_error_info_get_cause (devbox_error_get_info (error)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/path-policy/default", test_default);
  g_test_add_func ("/client/path-policy/other-workspace", test_other_workspace);
  g_test_add_func ("/client/path-policy/no-workspace", test_no_workspace);
  g_test_add_func ("/client/path-policy/root", test_root);
  g_test_add_func ("/client/path-policy/relative-workspace", test_relative_workspace);
  g_test_add_func ("/client/path-policy/text", test_text);
  g_test_add_func ("/client/path-policy/derived", test_derived);

  return g_test_run ();
}
