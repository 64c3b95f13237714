/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-removal-private.h"
#include "workspace-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

static void
assert_removed (WorkspaceFixture *fixture, const char *path, DevboxRemovalScope scope)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (devbox_workspace_remove (fixture->workspace, path, scope, NULL, &error));
  g_assert_no_error (error);
}

static char *
assert_refused (WorkspaceFixture *fixture, const char *path, DevboxRemovalScope scope, DevboxWireCode code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (devbox_workspace_remove (fixture->workspace, path, scope, NULL, &error));
  assert_wire_error (error, code);

  return g_strdup (error->message);
}

static void
refuse (WorkspaceFixture *fixture, const char *path, DevboxRemovalScope scope, DevboxWireCode code)
{
  g_free (assert_refused (fixture, path, scope, code));
}

static void
test_kinds (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *fifo = g_build_filename (fixture->inside, "fifo", NULL);

  workspace_fixture_put (fixture, "file", "content");
  workspace_fixture_put (fixture, "kept", "content");
  workspace_fixture_make_folder (fixture, "folder");
  workspace_fixture_put (fixture, "folder/file", "content");
  workspace_fixture_link (fixture, "folder", "link");
  workspace_fixture_link (fixture, "nowhere", "broken");
  workspace_fixture_link (fixture, fixture->outside, "out");
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);

  assert_removed (fixture, "file", DEVBOX_REMOVAL_NO_FOLDER);
  assert_removed (fixture, "link", DEVBOX_REMOVAL_NO_FOLDER);
  assert_removed (fixture, "broken", DEVBOX_REMOVAL_EMPTY_FOLDER);
  assert_removed (fixture, "out", DEVBOX_REMOVAL_TREE);
  assert_removed (fixture, fifo, DEVBOX_REMOVAL_TREE);
  workspace_fixture_assert_list (fixture, "folder folder/file kept");
  g_assert_true (g_file_test (fixture->outside, G_FILE_TEST_IS_DIR));
}

static void
test_folders (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *message = NULL;

  workspace_fixture_make_folder (fixture, "empty");
  workspace_fixture_make_folder (fixture, "full/a/b");
  workspace_fixture_put (fixture, "full/a/file", "content");
  workspace_fixture_link (fixture, fixture->outside, "full/a/out");

  message = assert_refused (fixture, "empty", DEVBOX_REMOVAL_NO_FOLDER, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_nonnull (strstr (message, "“empty” is a directory"));
  refuse (fixture, "full", DEVBOX_REMOVAL_NO_FOLDER, DEVBOX_WIRE_VALIDATION_ERROR);
  refuse (fixture, "full", DEVBOX_REMOVAL_EMPTY_FOLDER, DEVBOX_WIRE_CONFLICT);
  workspace_fixture_assert_list (fixture, "empty full full/a full/a/b full/a/file full/a/out");

  assert_removed (fixture, "empty/", DEVBOX_REMOVAL_EMPTY_FOLDER);
  assert_removed (fixture, "full", DEVBOX_REMOVAL_TREE);
  workspace_fixture_assert_list (fixture, "");
  g_assert_true (g_file_test (fixture->outside, G_FILE_TEST_IS_DIR));
}

static void
test_refused (WorkspaceFixture *fixture, gconstpointer mode)
{
  /* Nothing in here may name what is no fixture: the test would delete it, were it not refused. */
  const char *const own[] = { ".", "./", "folder/..", "folder/.", fixture->inside, "link/.." };
  const char *const leaving[]
      = { "..", "../outside", "out/secret", fixture->outside, fixture->base, "folder/../..", "folder/../../outside" };
  g_autofree char *secret = g_build_filename (fixture->outside, "secret", NULL);

  g_assert_true (g_file_set_contents (secret, "secret", -1, NULL));
  workspace_fixture_put (fixture, "file", "content");
  workspace_fixture_make_folder (fixture, "folder");
  workspace_fixture_link (fixture, "folder", "link");
  workspace_fixture_link (fixture, "../outside", "out");

  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    refuse (fixture, own[i], DEVBOX_REMOVAL_TREE, DEVBOX_WIRE_VALIDATION_ERROR);
  for (guint i = 0; i < G_N_ELEMENTS (leaving); i++)
    refuse (fixture, leaving[i], DEVBOX_REMOVAL_TREE, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  refuse (fixture, "", DEVBOX_REMOVAL_TREE, DEVBOX_WIRE_VALIDATION_ERROR);
  refuse (fixture, "file/", DEVBOX_REMOVAL_TREE, DEVBOX_WIRE_VALIDATION_ERROR);
  refuse (fixture, "link/", DEVBOX_REMOVAL_TREE, DEVBOX_WIRE_VALIDATION_ERROR);
  refuse (fixture, "file/below", DEVBOX_REMOVAL_TREE, DEVBOX_WIRE_VALIDATION_ERROR);
  refuse (fixture, "missing", DEVBOX_REMOVAL_TREE, DEVBOX_WIRE_FILE_NOT_FOUND);
  refuse (fixture, "missing/below", DEVBOX_REMOVAL_TREE, DEVBOX_WIRE_FILE_NOT_FOUND);

  workspace_fixture_assert_list (fixture, "file folder link out");
  g_assert_true (g_file_test (secret, G_FILE_TEST_EXISTS));
}

#define DEPTH 3000

/* Far more levels than descriptors, and a path that no call takes whole; at each level, on the way back too, there is
 * more to be deleted. */
static void
test_deep (WorkspaceFixture *fixture, gconstpointer mode)
{
  struct rlimit old_limit, limit;
  g_autofree char *name = g_strnfill (250, 'n');
  g_autoptr (GError) error = NULL;
  guint n_descriptors = count_descriptors ();
  int fd = open (fixture->inside, O_PATH | O_DIRECTORY | O_CLOEXEC);

  for (guint i = 0; i < DEPTH; i++)
    {
      int next;

      g_assert_cmpint (mkdirat (fd, name, 0755), ==, 0);
      next = openat (fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
      g_assert_cmpint (next, >=, 0);
      for (guint j = 0; j < 3; j++)
        {
          g_autofree char *other = g_strdup_printf ("%u", j);

          g_assert_cmpint (mkdirat (next, other, 0755), ==, 0);
          g_assert_cmpint (symlinkat ("..", next, j == 0 ? "a" : j == 1 ? "z" : "up"), ==, 0);
        }
      close (fd);
      fd = next;
    }
  close (fd);

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &old_limit), ==, 0);
  limit = old_limit;
  limit.rlim_cur = 100;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  g_assert_true (devbox_workspace_remove (fixture->workspace, name, DEVBOX_REMOVAL_TREE, NULL, &error));
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &old_limit), ==, 0);

  g_assert_no_error (error);
  workspace_fixture_assert_list (fixture, "");
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
}

#define N_WIDE 20000

static void
test_wide (WorkspaceFixture *fixture, gconstpointer mode)
{
  int fd;

  workspace_fixture_make_folder (fixture, "wide");
  fd = openat (devbox_workspace_get_fd (fixture->workspace), "wide", O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (guint i = 0; i < N_WIDE; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      g_assert_cmpint (symlinkat ("..", fd, name), ==, 0);
    }
  close (fd);

  assert_removed (fixture, "wide", DEVBOX_REMOVAL_TREE);
  workspace_fixture_assert_list (fixture, "");
}

typedef struct
{
  int folder_fd;
  int stop;
  guint n_made;
} Filler;

static gpointer
fill (gpointer user_data)
{
  Filler *self = user_data;

  while (!g_atomic_int_get (&self->stop))
    {
      g_autofree char *name = g_strdup_printf ("new-%u", self->n_made % 8);
      int fd = openat (self->folder_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

      if (fd >= 0)
        {
          close (fd);
          self->n_made++;
          g_usleep (20);
        }
    }

  return NULL;
}

/* Others make files in there meanwhile: it is either gone whole, or told not to be. */
static void
test_filled_meanwhile (WorkspaceFixture *fixture, gconstpointer mode)
{
  guint n_done = 0;

  for (guint round = 0; round < 20; round++)
    {
      g_autoptr (GError) error = NULL;
      Filler filler = { 0 };
      GThread *thread;
      gboolean done;

      workspace_fixture_make_folder (fixture, "folder/sub");
      filler.folder_fd
          = openat (devbox_workspace_get_fd (fixture->workspace), "folder/sub", O_PATH | O_DIRECTORY | O_CLOEXEC);
      thread = g_thread_new ("filler", fill, &filler);
      g_usleep (500);
      done = devbox_workspace_remove (fixture->workspace, "folder", DEVBOX_REMOVAL_TREE, NULL, &error);
      g_atomic_int_set (&filler.stop, TRUE);
      g_thread_join (thread);
      close (filler.folder_fd);

      if (done)
        workspace_fixture_assert_list (fixture, "");
      else
        assert_wire_error (error, DEVBOX_WIRE_CONFLICT);
      n_done += done;
    }

  g_test_message ("%u of 20 were deleted while they were filled", n_done);
}

static void
test_cancelled (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  workspace_fixture_make_folder (fixture, "folder/sub");
  g_cancellable_cancel (cancellable);
  g_assert_false (devbox_workspace_remove (fixture->workspace, "folder", DEVBOX_REMOVAL_TREE, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  workspace_fixture_assert_list (fixture, "folder folder/sub");
}

/* What fails is named, wherever it is. */
static void
test_failure_is_named (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *busy = g_build_filename (fixture->inside, "folder", "sub", "busy", NULL);
  g_autofree char *message = NULL;

  workspace_fixture_make_folder (fixture, "folder/sub/busy");
  mount_small (busy, "size=64k");
  message = assert_refused (fixture, "folder", DEVBOX_REMOVAL_TREE, DEVBOX_WIRE_INTERNAL_ERROR);
  g_assert_nonnull (strstr (message, "“folder/sub/busy”"));
  g_assert_cmpint (umount2 (busy, MNT_DETACH), ==, 0);
}

int
main (int argc, char *argv[])
{
  gboolean may_mount = workspace_enter_mount_namespace ();

  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/file-removal/kinds", test_kinds, 2);
  workspace_test_add ("/file-removal/folders", test_folders, 2);
  workspace_test_add ("/file-removal/refused", test_refused, 2);
  workspace_test_add ("/file-removal/deep", test_deep, 1);
  workspace_test_add ("/file-removal/wide", test_wide, 1);
  workspace_test_add ("/file-removal/filled-meanwhile", test_filled_meanwhile, 1);
  workspace_test_add ("/file-removal/cancelled", test_cancelled, 1);
  if (may_mount)
    workspace_test_add ("/file-removal/failure-is-named", test_failure_is_named, 1);
  else
    g_test_message ("No mount namespace is to be had here: what a mount refuses is not tested");

  return g_test_run ();
}
