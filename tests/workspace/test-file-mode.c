/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-mode-private.h"
#include "workspace-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NOBODY 65534

static guint
get_mode (WorkspaceFixture *fixture, const char *path)
{
  struct stat status;

  workspace_fixture_stat (fixture, path, &status);

  return status.st_mode & 07777;
}

static void
change (WorkspaceFixture *fixture, const char *path, const char *mode, gboolean recursive)
{
  DevboxModeChange mode_change = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (devbox_mode_change_set_mode (&mode_change, mode, &error));
  devbox_workspace_change_mode (fixture->workspace, path, &mode_change, recursive, NULL, &error);
  g_assert_no_error (error);
}

static void
refuse (WorkspaceFixture *fixture, const char *path, gboolean recursive, DevboxWireCode code)
{
  const DevboxModeChange mode_change = { .mode = 0700 };
  g_autoptr (GError) error = NULL;

  g_assert_false (devbox_workspace_change_mode (fixture->workspace, path, &mode_change, recursive, NULL, &error));
  assert_wire_error (error, code);
}

static void
test_spellings (void)
{
  static const struct
  {
    const char *text;
    int mode; /* -1: refused */
  } cases[] = {
    { "755", 0755 },     { "0755", 0755 }, { "0o755", 0755 }, { "0", 0 },      { "7777", 07777 }, { "02750", 02750 },
    { "0o7777", 07777 }, { "10000", -1 },  { "", -1 },        { "0o", -1 },    { "8", -1 },       { "u+x", -1 },
    { "-755", -1 },      { "755 ", -1 },   { " 755", -1 },    { "0x1ff", -1 }, { "0O755", -1 },   { "000755", -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DevboxModeChange mode_change = { 0 };
      g_autoptr (GError) error = NULL;
      gboolean set = devbox_mode_change_set_mode (&mode_change, cases[i].text, &error);

      g_assert_cmpint (set, ==, cases[i].mode >= 0);
      if (set)
        g_assert_cmpuint (mode_change.mode, ==, cases[i].mode);
      else
        assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
    }
}

static void
test_owner_spellings (void)
{
  static const char *const refused[] = { "",
                                         ":",
                                         "root:",
                                         "nobody-of-this-name",
                                         ":nobody-of-this-name",
                                         "root:nobody-of-this-name",
                                         "-1",
                                         "4294967295",
                                         ":4294967295",
                                         "4294967296",
                                         "1:2:3",
                                         "1.5",
                                         " 1",
                                         "0x1" };
  static const struct
  {
    const char *text;
    gint64 user; /* -1: kept */
    gint64 group;
  } cases[] = {
    { "root", 0, -1 },
    { "root:root", 0, 0 },
    { ":root", -1, 0 },
    { "12345", 12345, -1 },
    { ":1", -1, 1 },
    { "1:2", 1, 2 },
    { "4294967294", 4294967294, -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DevboxModeChange mode_change = { 0 };
      g_autoptr (GError) error = NULL;

      devbox_mode_change_set_owner (&mode_change, cases[i].text, &error);
      g_assert_no_error (error);
      g_assert_cmpint (mode_change.has_user ? (gint64) mode_change.user : -1, ==, cases[i].user);
      g_assert_cmpint (mode_change.has_group ? (gint64) mode_change.group : -1, ==, cases[i].group);
    }
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      DevboxModeChange mode_change = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_false (devbox_mode_change_set_owner (&mode_change, refused[i], &error));
      assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
    }
}

static void
test_kinds (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *fifo = g_build_filename (fixture->inside, "fifo", NULL);

  workspace_fixture_put (fixture, "file", "content");
  workspace_fixture_make_folder (fixture, "folder");
  workspace_fixture_put (fixture, "folder/file", "content");
  workspace_fixture_link (fixture, "folder/file", "link");
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);

  change (fixture, "file", "4751", FALSE);
  change (fixture, "folder", "0o2750", FALSE);
  change (fixture, "link", "600", TRUE);
  change (fixture, fifo, "0622", FALSE);
  change (fixture, ".", "711", FALSE);
  g_assert_cmpuint (get_mode (fixture, "file"), ==, 04751);
  g_assert_cmpuint (get_mode (fixture, "folder"), ==, 02750);
  g_assert_cmpuint (get_mode (fixture, "folder/file"), ==, 0600);
  g_assert_cmpuint (get_mode (fixture, "fifo"), ==, 0622);
  g_assert_cmpuint (get_mode (fixture, "."), ==, 0711);
}

static void
test_recursive (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *secret = g_build_filename (fixture->outside, "secret", NULL);
  struct stat status;

  g_assert_true (g_file_set_contents_full (secret, "secret", -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
  workspace_fixture_make_folder (fixture, "folder/sub/deep");
  workspace_fixture_put (fixture, "folder/file", "content");
  workspace_fixture_put (fixture, "folder/sub/deep/file", "content");
  workspace_fixture_put (fixture, "other", "content");
  workspace_fixture_link (fixture, "../../outside/secret", "folder/out");
  workspace_fixture_link (fixture, "../other", "folder/link");
  workspace_fixture_link (fixture, "folder", "top");

  change (fixture, "folder", "700", FALSE);
  g_assert_cmpuint (get_mode (fixture, "folder"), ==, 0700);
  g_assert_cmpuint (get_mode (fixture, "folder/sub"), ==, 0755);

  change (fixture, "top", "750", TRUE);
  g_assert_cmpuint (get_mode (fixture, "folder"), ==, 0750);
  g_assert_cmpuint (get_mode (fixture, "folder/file"), ==, 0750);
  g_assert_cmpuint (get_mode (fixture, "folder/sub/deep"), ==, 0750);
  g_assert_cmpuint (get_mode (fixture, "folder/sub/deep/file"), ==, 0750);
  g_assert_cmpuint (get_mode (fixture, "other"), ==, 0644);
  g_assert_cmpint (stat (secret, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 07777, ==, 0644);

  change (fixture, "other", "0600", TRUE);
  g_assert_cmpuint (get_mode (fixture, "other"), ==, 0600);
}

static void
test_refused (WorkspaceFixture *fixture, gconstpointer mode)
{
  workspace_fixture_put (fixture, "file", "content");
  workspace_fixture_link (fixture, "../outside", "out");
  workspace_fixture_link (fixture, "nowhere", "broken");

  for (guint recursive = 0; recursive < 2; recursive++)
    {
      refuse (fixture, "missing", recursive, DEVBOX_WIRE_FILE_NOT_FOUND);
      refuse (fixture, "broken", recursive, DEVBOX_WIRE_FILE_NOT_FOUND);
      refuse (fixture, "file/", recursive, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "", recursive, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "out", recursive, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
      refuse (fixture, "..", recursive, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
      refuse (fixture, fixture->outside, recursive, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
    }
}

static void
test_owner (WorkspaceFixture *fixture, gconstpointer mode)
{
  DevboxModeChange mode_change = { .mode = 04755, .has_user = TRUE, .user = 12345, .has_group = TRUE, .group = 54321 };
  g_autofree char *outside_link = g_build_filename (fixture->inside, "folder", "link", NULL);
  static const char *const paths[] = { "folder", "folder/file", "folder/link" };
  g_autoptr (GError) error = NULL;
  struct stat status;

  workspace_fixture_make_folder (fixture, "folder");
  workspace_fixture_put (fixture, "folder/file", "content");
  g_assert_cmpint (symlink (fixture->outside, outside_link), ==, 0);

  if (geteuid () != 0)
    {
      g_assert_false (devbox_workspace_change_mode (fixture->workspace, "folder", &mode_change, TRUE, NULL, &error));
      assert_wire_error (error, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
      return;
    }

  g_assert_true (devbox_workspace_change_mode (fixture->workspace, "folder", &mode_change, TRUE, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      workspace_fixture_stat (fixture, paths[i], &status);
      g_assert_cmpuint (status.st_uid, ==, 12345);
      g_assert_cmpuint (status.st_gid, ==, 54321);
    }
  g_assert_cmpuint (get_mode (fixture, "folder/file"), ==, 04755);
  g_assert_cmpint (stat (fixture->outside, &status), ==, 0);
  g_assert_cmpuint (status.st_uid, ==, 0);

  /* Each alone leaves the other. */
  mode_change = (DevboxModeChange){ .mode = 0644, .has_group = TRUE, .group = 1 };
  g_assert_true (devbox_workspace_change_mode (fixture->workspace, "folder/file", &mode_change, FALSE, NULL, &error));
  workspace_fixture_stat (fixture, "folder/file", &status);
  g_assert_cmpuint (status.st_uid, ==, 12345);
  g_assert_cmpuint (status.st_gid, ==, 1);
}

/* Who may do everything would not notice that a folder was closed too early or opened too late. */
static void
test_unprivileged (WorkspaceFixture *fixture, gconstpointer mode)
{
  gboolean was_root = geteuid () == 0;

  if (was_root)
    {
      g_assert_cmpint (g_chmod (fixture->base, 0755), ==, 0);
      g_assert_cmpint (chown (fixture->inside, NOBODY, NOBODY), ==, 0);
      g_assert_cmpint (seteuid (NOBODY), ==, 0);
    }

  workspace_fixture_make_folder (fixture, "folder/sub/deep");
  workspace_fixture_put (fixture, "folder/sub/deep/file", "content");
  change (fixture, "folder", "600", TRUE);
  g_assert_cmpuint (get_mode (fixture, "folder"), ==, 0600);
  change (fixture, "folder", "755", TRUE);
  g_assert_cmpuint (get_mode (fixture, "folder/sub/deep/file"), ==, 0755);
  change (fixture, "folder", "000", TRUE);
  refuse (fixture, "folder/sub", FALSE, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
  change (fixture, "folder", "700", TRUE);
  g_assert_cmpuint (get_mode (fixture, "folder/sub/deep/file"), ==, 0700);

  if (was_root)
    {
      refuse (fixture, "theirs", FALSE, DEVBOX_WIRE_FILE_NOT_FOUND);
      g_assert_cmpint (seteuid (0), ==, 0);
      workspace_fixture_put (fixture, "theirs", "content");
      g_assert_cmpint (seteuid (NOBODY), ==, 0);
      refuse (fixture, "theirs", FALSE, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
      g_assert_cmpint (seteuid (0), ==, 0);
      /* The leak checker looks at the process from outside, which a change of user forbids. */
      g_assert_cmpint (prctl (PR_SET_DUMPABLE, 1), ==, 0);
    }
}

static void
test_cancelled (WorkspaceFixture *fixture, gconstpointer mode)
{
  const DevboxModeChange mode_change = { .mode = 0700 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  workspace_fixture_make_folder (fixture, "folder/sub");
  g_cancellable_cancel (cancellable);
  g_assert_false (devbox_workspace_change_mode (fixture->workspace, "folder", &mode_change, TRUE, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (get_mode (fixture, "folder/sub"), ==, 0755);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/file-mode/spellings", test_spellings);
  g_test_add_func ("/file-mode/owner-spellings", test_owner_spellings);
  workspace_test_add ("/file-mode/kinds", test_kinds, 2);
  workspace_test_add ("/file-mode/recursive", test_recursive, 2);
  workspace_test_add ("/file-mode/refused", test_refused, 2);
  workspace_test_add ("/file-mode/owner", test_owner, 1);
  workspace_test_add ("/file-mode/unprivileged", test_unprivileged, 1);
  workspace_test_add ("/file-mode/cancelled", test_cancelled, 1);

  return g_test_run ();
}
