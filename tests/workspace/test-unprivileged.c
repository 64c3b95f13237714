/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-replacement-private.h"
#include "workspace-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What permissions refuse: as nobody, since root may do everything. */

#define NOBODY 65534

static gboolean was_root;

static gboolean
replace (WorkspaceFixture *fixture, const char *path, GError **error)
{
  g_autoptr (DevboxFileReplacement) replacement = devbox_file_replacement_new (fixture->workspace, path, -1, error);

  return replacement != NULL && devbox_file_replacement_write (replacement, (const guint8 *) "new", 3, error)
         && devbox_file_replacement_commit (replacement, -1, error);
}

static void
assert_content (WorkspaceFixture *fixture, const char *path, const char *expected)
{
  g_autofree char *content = workspace_fixture_get (fixture, path, NULL);

  g_assert_cmpstr (content, ==, expected);
}

static void
test_permissions (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *file = g_build_filename (fixture->inside, "file", NULL);
  g_autofree char *folder = g_build_filename (fixture->inside, "folder", NULL);
  g_autofree char *names = NULL;
  g_autoptr (GError) error = NULL;
  struct stat status;

  workspace_fixture_put (fixture, "file", "old");
  workspace_fixture_make_folder (fixture, "folder");
  workspace_fixture_put (fixture, "folder/file", "old");

  g_assert_true (replace (fixture, "file", &error));
  g_assert_true (replace (fixture, "new", &error));
  g_assert_no_error (error);
  assert_content (fixture, "file", "new");

  g_assert_cmpint (g_chmod (file, 0444), ==, 0);
  g_assert_false (replace (fixture, "file", &error));
  assert_wire_error (error, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
  g_clear_error (&error);

  g_assert_cmpint (g_chmod (file, 0000), ==, 0);
  g_assert_cmpint (devbox_workspace_open_file (fixture->workspace, "file", &status, &error), ==, -1);
  assert_wire_error (error, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
  g_clear_error (&error);

  g_assert_cmpint (g_chmod (folder, 0555), ==, 0);
  g_assert_false (replace (fixture, "folder/file", &error));
  assert_wire_error (error, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
  g_clear_error (&error);
  g_assert_false (replace (fixture, "folder/not-made/new", &error));
  assert_wire_error (error, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
  g_clear_error (&error);
  assert_content (fixture, "folder/file", "old");

  g_assert_cmpint (g_chmod (folder, 0000), ==, 0);
  g_assert_cmpint (devbox_workspace_open (fixture->workspace, "folder/file", O_RDONLY, &error), ==, -1);
  assert_wire_error (error, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);

  g_assert_cmpint (g_chmod (folder, 0755), ==, 0);
  names = workspace_fixture_list (fixture);
  g_assert_cmpstr (names, ==, "file folder folder/file new");
}

/* A file of somebody else's that is open to all can be replaced, but not given back. */
static void
test_owner (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *file = g_build_filename (fixture->inside, "file", NULL);
  g_autoptr (GError) error = NULL;
  struct stat status;

  workspace_fixture_put (fixture, "file", "old");
  g_assert_cmpint (g_chmod (file, 0666), ==, 0);
  if (was_root)
    {
      g_assert_cmpint (seteuid (0), ==, 0);
      g_assert_cmpint (chown (file, 0, 0), ==, 0);
      g_assert_cmpint (seteuid (NOBODY), ==, 0);
    }

  g_assert_true (replace (fixture, "file", &error));
  g_assert_no_error (error);
  assert_content (fixture, "file", "new");
  workspace_fixture_stat (fixture, "file", &status);
  g_assert_cmpuint (status.st_uid, ==, geteuid ());
  g_assert_cmpuint (status.st_mode & 07777, ==, 0666);
}

static void
test_bad_workspace (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_chmod (fixture->inside, 0555), ==, 0);
  g_assert_false (devbox_workspace_is_usable (fixture->workspace));
  g_assert_null (devbox_workspace_new (fixture->inside, &error));
  assert_wire_error (error, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
  g_assert_cmpint (g_chmod (fixture->inside, 0755), ==, 0);
}

int
main (int argc, char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);

  was_root = geteuid () == 0;
  if (was_root)
    {
      g_assert_cmpint (setegid (NOBODY), ==, 0);
      g_assert_cmpint (seteuid (NOBODY), ==, 0);
    }

  workspace_test_add ("/unprivileged/permissions", test_permissions, 4);
  workspace_test_add ("/unprivileged/owner", test_owner, 4);
  workspace_test_add ("/unprivileged/bad-workspace", test_bad_workspace, 2);

  result = g_test_run ();

  /* The leak checker looks at the process from outside, which a change of user forbids. */
  if (was_root)
    {
      g_assert_cmpint (seteuid (0), ==, 0);
      g_assert_cmpint (setegid (0), ==, 0);
      g_assert_cmpint (prctl (PR_SET_DUMPABLE, 1), ==, 0);
    }

  return result;
}
