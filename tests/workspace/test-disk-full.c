/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-replacement-private.h"
#include "workspace-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Small file systems in a mount namespace of our own, and a limit of file size, which needs no privilege. */

#define PAGE 4096
#define N_OFFSETS 50

/* Puts a small file system in the place of the workspace. */
static void
set_up_small (WorkspaceFixture *fixture, const WorkspaceMode *mode, const char *options)
{
  g_autoptr (GError) error = NULL;

  devbox_workspace_unref (fixture->workspace);
  mount_small (fixture->inside, options);
  fixture->workspace = devbox_workspace_new (fixture->inside, &error);
  g_assert_no_error (error);
  devbox_workspace_set_force_walk (fixture->workspace, mode->force_walk);
  devbox_workspace_set_force_named_temporaries (fixture->workspace, mode->force_named);
}

static void
tear_down_small (WorkspaceFixture *fixture)
{
  g_assert_cmpint (umount2 (fixture->inside, MNT_DETACH), ==, 0);
}

static guint64
get_free_pages (WorkspaceFixture *fixture)
{
  struct statvfs status;

  g_assert_cmpint (statvfs (fixture->inside, &status), ==, 0);

  return status.f_bfree * status.f_frsize / PAGE;
}

/* Fills the file system up to so many free pages. */
static void
leave_free_pages (WorkspaceFixture *fixture, guint64 n_pages)
{
  g_autofree char *filler = g_build_filename (fixture->inside, "filler", NULL);
  static const char page[PAGE];
  int fd = open (filler, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

  while (get_free_pages (fixture) > n_pages)
    g_assert_cmpint (write (fd, page, PAGE), ==, PAGE);
  close (fd);
  g_assert_cmpuint (get_free_pages (fixture), ==, n_pages);
}

static gboolean
replace (WorkspaceFixture *fixture,
         const char *path,
         const char *content,
         gsize size,
         gboolean path_last,
         GError **error)
{
  g_autoptr (DevboxFileReplacement) replacement = NULL;

  replacement = devbox_file_replacement_new (fixture->workspace, path_last ? NULL : path, -1, error);

  return replacement != NULL && devbox_file_replacement_write (replacement, (const guint8 *) content, size, error)
         && (!path_last || devbox_file_replacement_set_path (replacement, path, error))
         && devbox_file_replacement_commit (replacement, -1, error);
}

static void
assert_content (WorkspaceFixture *fixture, const char *path, const char *expected, gsize expected_size)
{
  gsize size;
  g_autofree char *content = workspace_fixture_get (fixture, path, &size);

  g_assert_nonnull (content);
  g_assert_cmpmem (content, size, expected, expected_size);
}

static void
test_every_offset (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *content = g_strnfill (N_OFFSETS * PAGE, 'n');

  set_up_small (fixture, mode, "size=1m");
  workspace_fixture_put (fixture, "old", "old");

  for (guint n_pages = 0; n_pages < N_OFFSETS; n_pages++)
    {
      g_autoptr (GError) error = NULL;

      leave_free_pages (fixture, n_pages);
      g_assert_false (replace (fixture, "old", content, N_OFFSETS * PAGE, FALSE, &error));
      assert_wire_error (error, DEVBOX_WIRE_DISK_FULL);
      g_clear_error (&error);
      g_assert_false (replace (fixture, "not-made/new", content, N_OFFSETS * PAGE, FALSE, &error));
      assert_wire_error (error, DEVBOX_WIRE_DISK_FULL);

      assert_content (fixture, "old", "old", 3);
      workspace_fixture_assert_list (fixture, "filler old");
      g_assert_cmpuint (get_free_pages (fixture), ==, n_pages);
    }

  leave_free_pages (fixture, N_OFFSETS);
  g_assert_true (replace (fixture, "old", content, N_OFFSETS * PAGE, FALSE, NULL));
  assert_content (fixture, "old", content, N_OFFSETS * PAGE);

  tear_down_small (fixture);
}

/* Each file and folder takes an inode: it ends while the parents are made, or before. */
static void
test_every_folder (WorkspaceFixture *fixture, gconstpointer mode)
{
  guint n_refused = 0;

  /* One is the root's, one that of "old". */
  for (guint n_inodes = 2;; n_inodes++)
    {
      g_autofree char *options = g_strdup_printf ("size=1m,nr_inodes=%u", n_inodes);
      g_autoptr (GError) error = NULL;
      gboolean done;

      set_up_small (fixture, mode, options);
      workspace_fixture_put (fixture, "old", "old");
      done = replace (fixture, "a/b/c/d/file", "content", 7, FALSE, &error);
      if (done)
        assert_content (fixture, "a/b/c/d/file", "content", 7);
      else
        {
          assert_wire_error (error, DEVBOX_WIRE_DISK_FULL);
          workspace_fixture_assert_list (fixture, "old");
          n_refused++;
        }
      tear_down_small (fixture);
      if (done)
        break;
    }

  g_assert_cmpuint (n_refused, >=, 4);
}

static void
test_other_file_system (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *other = g_build_filename (fixture->inside, "other", NULL);
  g_autofree char *content = g_strnfill (N_OFFSETS * PAGE, 'n');
  g_autoptr (GError) error = NULL;

  workspace_fixture_make_folder (fixture, "other");
  mount_small (other, "size=300k");
  workspace_fixture_put (fixture, "other/old", "old");
  workspace_fixture_link (fixture, "other/old", "link");

  g_assert_true (replace (fixture, "other/new", "content", 7, TRUE, &error));
  g_assert_true (replace (fixture, "link", "content", 7, TRUE, &error));
  g_assert_true (replace (fixture, "other/made/new", content, N_OFFSETS * PAGE, FALSE, &error));
  g_assert_no_error (error);
  assert_content (fixture, "other/new", "content", 7);
  assert_content (fixture, "other/old", "content", 7);
  assert_content (fixture, "other/made/new", content, N_OFFSETS * PAGE);

  /* There is no room for a second one. */
  g_assert_false (replace (fixture, "other/made/new", content, N_OFFSETS * PAGE, TRUE, &error));
  assert_wire_error (error, DEVBOX_WIRE_DISK_FULL);
  g_clear_error (&error);
  g_assert_false (replace (fixture, "other/not-made/new", content, N_OFFSETS * PAGE, TRUE, &error));
  assert_wire_error (error, DEVBOX_WIRE_DISK_FULL);
  assert_content (fixture, "other/made/new", content, N_OFFSETS * PAGE);
  workspace_fixture_assert_list (fixture, "link other other/made other/made/new other/new other/old");

  g_assert_cmpint (umount2 (other, MNT_DETACH), ==, 0);
}

/* The same file system, yet a link or rename between two mounts of it is refused. */
static void
test_bind_mount (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *real = g_build_filename (fixture->inside, "real", NULL);
  g_autofree char *bound = g_build_filename (fixture->inside, "bound", NULL);
  g_autoptr (GError) error = NULL;

  workspace_fixture_make_folder (fixture, "real");
  workspace_fixture_make_folder (fixture, "bound");
  g_assert_cmpint (mount (real, bound, "none", MS_BIND, NULL), ==, 0);
  workspace_fixture_put (fixture, "bound/old", "old");

  g_assert_true (replace (fixture, "bound/one", "content", 7, FALSE, &error));
  g_assert_true (replace (fixture, "bound/two", "content", 7, TRUE, &error));
  g_assert_true (replace (fixture, "bound/old", "content", 7, FALSE, &error));
  g_assert_true (replace (fixture, "bound/old", "content", 7, TRUE, &error));
  g_assert_no_error (error);
  workspace_fixture_assert_list (fixture, "bound bound/old bound/one bound/two real real/old real/one real/two");
  assert_content (fixture, "real/old", "content", 7);

  g_assert_cmpint (umount2 (bound, MNT_DETACH), ==, 0);
}

static void
test_read_only (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *other = g_build_filename (fixture->inside, "other", NULL);
  g_autoptr (GError) error = NULL;

  workspace_fixture_make_folder (fixture, "other");
  mount_small (other, "size=300k");
  workspace_fixture_put (fixture, "other/old", "old");
  g_assert_cmpint (mount ("none", other, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=300k"), ==, 0);

  g_assert_false (replace (fixture, "other/old", "content", 7, FALSE, &error));
  assert_wire_error (error, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
  g_clear_error (&error);
  g_assert_false (replace (fixture, "other/new", "content", 7, TRUE, &error));
  assert_wire_error (error, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
  g_clear_error (&error);
  g_assert_null (devbox_workspace_new (other, &error));
  assert_wire_error (error, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
  assert_content (fixture, "other/old", "old", 3);

  g_assert_cmpint (umount2 (other, MNT_DETACH), ==, 0);
}

static void
test_file_size_limit (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *content = g_strnfill (N_OFFSETS * PAGE, 'n');
  struct rlimit old_limit;

  workspace_fixture_put (fixture, "old", "old");
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old_limit), ==, 0);

  for (guint i = 0; i < N_OFFSETS; i++)
    {
      struct rlimit limit = { i * PAGE + i, old_limit.rlim_max };
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
      g_assert_false (replace (fixture, "old", content, N_OFFSETS * PAGE, FALSE, &error));
      g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old_limit), ==, 0);

      assert_wire_error (error, DEVBOX_WIRE_FILE_TOO_LARGE);
      assert_content (fixture, "old", "old", 3);
      workspace_fixture_assert_list (fixture, "old");
    }
}

int
main (int argc, char *argv[])
{
  gboolean may_mount = workspace_enter_mount_namespace ();

  signal (SIGXFSZ, SIG_IGN);
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/disk-full/file-size-limit", test_file_size_limit, 4);
  if (may_mount)
    {
      workspace_test_add ("/disk-full/every-offset", test_every_offset, 4);
      workspace_test_add ("/disk-full/every-folder", test_every_folder, 4);
      workspace_test_add ("/disk-full/other-file-system", test_other_file_system, 4);
      workspace_test_add ("/disk-full/bind-mount", test_bind_mount, 4);
      workspace_test_add ("/disk-full/read-only", test_read_only, 4);
    }
  else
    g_test_message ("No mount namespace is to be had here: only the limit of file size is tested");

  return g_test_run ();
}
