/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-move-private.h"
#include "workspace-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As on a file system that knows no flags of a rename. */
static int without_flags;

/* In the place of the C library's. */
int
renameat2 (int folder_fd, const char *name, int new_folder_fd, const char *new_name, unsigned int flags)
{
  if (flags != 0 && g_atomic_int_get (&without_flags))
    {
      errno = EINVAL;
      return -1;
    }

  return syscall (SYS_renameat2, folder_fd, name, new_folder_fd, new_name, flags);
}

static void
assert_content (WorkspaceFixture *fixture, const char *path, const char *expected)
{
  g_autofree char *content = workspace_fixture_get (fixture, path, NULL);

  g_assert_cmpstr (content, ==, expected);
}

static void
move (WorkspaceFixture *fixture, const char *source, const char *destination, gboolean overwrite)
{
  g_autoptr (GError) error = NULL;

  devbox_workspace_move (fixture->workspace, source, destination, overwrite, NULL, &error);
  g_assert_no_error (error);
}

static void
refuse (WorkspaceFixture *fixture, const char *source, const char *destination, gboolean overwrite, DevboxWireCode code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (devbox_workspace_move (fixture->workspace, source, destination, overwrite, NULL, &error));
  assert_wire_error (error, code);
  g_test_message ("%s", error->message);
}

/* Runs a test once with the flags of a rename and once without. */
static void
run_both (WorkspaceFixture *fixture, void (*test) (WorkspaceFixture *fixture))
{
  for (guint i = 0; i < 2; i++)
    {
      WorkspaceFixture other;

      g_atomic_int_set (&without_flags, i);
      workspace_fixture_set_up (&other, &workspace_modes[0]);
      test (&other);
      workspace_fixture_tear_down (&other);
    }
  g_atomic_int_set (&without_flags, 0);
  test (fixture);
}

static void
check_kinds (WorkspaceFixture *fixture)
{
  workspace_fixture_put (fixture, "file", "content");
  workspace_fixture_make_folder (fixture, "folder/sub");
  workspace_fixture_put (fixture, "folder/sub/file", "below");
  workspace_fixture_link (fixture, "nowhere", "broken");
  workspace_fixture_link (fixture, fixture->outside, "out");

  move (fixture, "file", "moved", FALSE);
  move (fixture, "moved", "made/on/the/way", FALSE);
  move (fixture, "folder", "made/folder/", FALSE);
  move (fixture, "broken", "made/broken", FALSE);
  move (fixture, "out", "made/out", FALSE);
  move (fixture, "made/folder/sub/../sub/file", "top", FALSE);
  assert_content (fixture, "made/on/the/way", "content");
  assert_content (fixture, "top", "below");
  workspace_fixture_assert_list (
      fixture, "made made/broken made/folder made/folder/sub made/on made/on/the made/on/the/way made/out top");
}

static void
test_kinds (WorkspaceFixture *fixture, gconstpointer mode)
{
  run_both (fixture, check_kinds);
}

static void
check_conflicts (WorkspaceFixture *fixture)
{
  const char *const all = "a b empty empty2 full full/file link";

  workspace_fixture_put (fixture, "a", "a");
  workspace_fixture_put (fixture, "b", "b");
  workspace_fixture_make_folder (fixture, "empty");
  workspace_fixture_make_folder (fixture, "empty2");
  workspace_fixture_make_folder (fixture, "full");
  workspace_fixture_put (fixture, "full/file", "below");
  workspace_fixture_link (fixture, "full", "link");

  for (guint overwrite = 0; overwrite < 2; overwrite++)
    {
      refuse (fixture, "a", "empty", overwrite, DEVBOX_WIRE_CONFLICT);
      refuse (fixture, "a", "full", overwrite, DEVBOX_WIRE_CONFLICT);
      refuse (fixture, "empty", "a", overwrite, DEVBOX_WIRE_CONFLICT);
      refuse (fixture, "empty", "link", overwrite, DEVBOX_WIRE_CONFLICT);
      refuse (fixture, "empty", "full", overwrite, DEVBOX_WIRE_CONFLICT);
      refuse (fixture, "full/file", "full", overwrite, DEVBOX_WIRE_CONFLICT);
    }
  refuse (fixture, "a", "b", FALSE, DEVBOX_WIRE_CONFLICT);
  refuse (fixture, "a", "a", FALSE, DEVBOX_WIRE_CONFLICT);
  refuse (fixture, "a", "link", FALSE, DEVBOX_WIRE_CONFLICT);
  refuse (fixture, "full", "empty", FALSE, DEVBOX_WIRE_CONFLICT);
  workspace_fixture_assert_list (fixture, all);

  move (fixture, "a", "./a", TRUE);
  workspace_fixture_assert_list (fixture, all);
  move (fixture, "a", "b", TRUE);
  assert_content (fixture, "b", "a");
  move (fixture, "full", "empty", TRUE);
  assert_content (fixture, "empty/file", "below");
  move (fixture, "b", "link", TRUE);
  assert_content (fixture, "link", "a");
  workspace_fixture_assert_list (fixture, "empty empty/file empty2 link");
}

static void
test_conflicts (WorkspaceFixture *fixture, gconstpointer mode)
{
  run_both (fixture, check_conflicts);
}

static void
check_refused (WorkspaceFixture *fixture)
{
  g_autofree char *elsewhere = g_build_filename (fixture->outside, "new", NULL);

  workspace_fixture_put (fixture, "file", "content");
  workspace_fixture_make_folder (fixture, "folder/sub");
  workspace_fixture_link (fixture, "folder/sub", "link");
  workspace_fixture_link (fixture, "../outside", "out");

  for (guint overwrite = 0; overwrite < 2; overwrite++)
    {
      refuse (fixture, "folder", "folder/new", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "folder", "folder/sub/made/new", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "folder", "link/new", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, ".", "new", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, fixture->inside, "folder/new", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "file", ".", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "file", "folder/..", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "file", "new/", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "file/", "new", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "file", "file/new", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "", "new", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "file", "", overwrite, DEVBOX_WIRE_VALIDATION_ERROR);
      refuse (fixture, "missing", "made/new", overwrite, DEVBOX_WIRE_FILE_NOT_FOUND);
      refuse (fixture, "file", "../new", overwrite, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
      refuse (fixture, "file", "out/new", overwrite, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
      refuse (fixture, "file", elsewhere, overwrite, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
      refuse (fixture, "../outside", "new", overwrite, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
      refuse (fixture, "..", "new", overwrite, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
    }
  workspace_fixture_assert_list (fixture, "file folder folder/sub link out");
}

static void
test_refused (WorkspaceFixture *fixture, gconstpointer mode)
{
  run_both (fixture, check_refused);
}

/* A rename of one name of a file over another does nothing, says the standard. */
static void
test_hard_links (WorkspaceFixture *fixture, gconstpointer mode)
{
  int fd = devbox_workspace_get_fd (fixture->workspace);

  workspace_fixture_put (fixture, "a", "content");
  g_assert_cmpint (linkat (fd, "a", fd, "b", 0), ==, 0);

  refuse (fixture, "a", "b", FALSE, DEVBOX_WIRE_CONFLICT);
  workspace_fixture_assert_list (fixture, "a b");
  move (fixture, "a", "b", TRUE);
  workspace_fixture_assert_list (fixture, "b");
  assert_content (fixture, "b", "content");
}

#define N_RACERS 4
#define N_ROUNDS 200

typedef struct
{
  WorkspaceFixture *fixture;
  guint number;
  guint n_moved;
} Racer;

static gpointer
race (gpointer user_data)
{
  Racer *self = user_data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      g_autofree char *source = g_strdup_printf ("racer-%u-%u", self->number, i);
      g_autofree char *target = g_strdup_printf ("target-%u", i);

      self->n_moved += devbox_workspace_move (self->fixture->workspace, source, target, FALSE, NULL, NULL);
    }

  return NULL;
}

/* Of several that move to one name at once, one gets it, and nobody's file is lost. */
static void
check_race (WorkspaceFixture *fixture)
{
  Racer racers[N_RACERS];
  GThread *threads[N_RACERS];
  guint n_moved = 0;
  guint n_files = 0;
  g_autoptr (GDir) dir = NULL;

  for (guint i = 0; i < N_RACERS; i++)
    for (guint j = 0; j < N_ROUNDS; j++)
      {
        g_autofree char *source = g_strdup_printf ("racer-%u-%u", i, j);

        workspace_fixture_put (fixture, source, source);
      }

  for (guint i = 0; i < N_RACERS; i++)
    {
      racers[i] = (Racer){ fixture, i, 0 };
      threads[i] = g_thread_new ("racer", race, &racers[i]);
    }
  for (guint i = 0; i < N_RACERS; i++)
    {
      g_thread_join (threads[i]);
      n_moved += racers[i].n_moved;
    }
  g_assert_cmpuint (n_moved, ==, N_ROUNDS);

  dir = g_dir_open (fixture->inside, 0, NULL);
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *content = workspace_fixture_get (fixture, name, NULL);

      g_assert_true (g_str_has_prefix (content, "racer-"));
      n_files++;
    }
  g_assert_cmpuint (n_files, ==, N_RACERS * N_ROUNDS);
}

static void
test_race (WorkspaceFixture *fixture, gconstpointer mode)
{
  run_both (fixture, check_race);
}

static char *
mount_other (WorkspaceFixture *fixture, const char *options)
{
  char *other = g_build_filename (fixture->inside, "other", NULL);

  workspace_fixture_make_folder (fixture, "other");
  mount_small (other, options);

  return other;
}

static void
assert_same_attributes (const struct stat *status, const struct stat *old_status)
{
  g_assert_cmpuint (status->st_mode, ==, old_status->st_mode);
  g_assert_cmpuint (status->st_uid, ==, old_status->st_uid);
  g_assert_cmpuint (status->st_gid, ==, old_status->st_gid);
  g_assert_cmpint (status->st_mtim.tv_sec, ==, old_status->st_mtim.tv_sec);
  g_assert_cmpint (status->st_mtim.tv_nsec, ==, old_status->st_mtim.tv_nsec);
}

static void
set_attributes (WorkspaceFixture *fixture, const char *path, mode_t mode, struct stat *status)
{
  const struct timespec times[2] = { { 1000000000, 1 }, { 1100000000, 123456789 } };
  int fd = devbox_workspace_get_fd (fixture->workspace);

  if (geteuid () == 0)
    fchownat (fd, path, 12345, 54321, AT_SYMLINK_NOFOLLOW);
  workspace_fixture_stat (fixture, path, status);
  if (!S_ISLNK (status->st_mode))
    g_assert_cmpint (fchmodat (fd, path, mode, 0), ==, 0);
  g_assert_cmpint (utimensat (fd, path, times, AT_SYMLINK_NOFOLLOW), ==, 0);
  workspace_fixture_stat (fixture, path, status);
}

static void
test_other_file_system (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const char *const paths[]
      = { "tree/file", "tree/deep/er/script", "tree/link", "tree/deep/fifo", "tree/deep", "tree" };
  static const mode_t modes[] = { 0640, 04755, 0, 0600, 02750, 0700 };
  g_autofree char *other = mount_other (fixture, "size=1m");
  struct stat statuses[G_N_ELEMENTS (paths)];
  int fd = devbox_workspace_get_fd (fixture->workspace);

  workspace_fixture_make_folder (fixture, "tree/deep/er");
  workspace_fixture_put (fixture, "tree/file", "content");
  workspace_fixture_put (fixture, "tree/deep/er/script", "#!");
  workspace_fixture_link (fixture, "../../outside", "tree/link");
  g_assert_cmpint (mkfifoat (fd, "tree/deep/fifo", 0600), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    set_attributes (fixture, paths[i], modes[i], &statuses[i]);

  move (fixture, "tree", "other/made/tree", FALSE);
  workspace_fixture_assert_list (fixture,
                                 "other other/made other/made/tree other/made/tree/deep other/made/tree/deep/er "
                                 "other/made/tree/deep/er/script other/made/tree/deep/fifo "
                                 "other/made/tree/file other/made/tree/link");
  assert_content (fixture, "other/made/tree/file", "content");
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *moved = g_build_filename ("other/made", paths[i], NULL);
      struct stat status;

      workspace_fixture_stat (fixture, moved, &status);
      assert_same_attributes (&status, &statuses[i]);
    }

  /* And back: a file, over another one, and a link. */
  workspace_fixture_put (fixture, "file", "old");
  refuse (fixture, "other/made/tree/file", "file", FALSE, DEVBOX_WIRE_CONFLICT);
  move (fixture, "other/made/tree/file", "file", TRUE);
  assert_content (fixture, "file", "content");
  move (fixture, "other/made/tree/link", "link", FALSE);
  g_assert_true (g_file_test (fixture->outside, G_FILE_TEST_IS_DIR));
  workspace_fixture_assert_list (fixture, "file link other other/made other/made/tree other/made/tree/deep "
                                          "other/made/tree/deep/er other/made/tree/deep/er/script "
                                          "other/made/tree/deep/fifo");
  g_assert_cmpint (umount2 (other, MNT_DETACH), ==, 0);
}

static void
test_other_conflicts (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *other = mount_other (fixture, "size=1m");
  const char *all = "empty file full full/file other other/empty other/file other/full other/full/file";

  workspace_fixture_put (fixture, "file", "content");
  workspace_fixture_make_folder (fixture, "empty");
  workspace_fixture_make_folder (fixture, "full");
  workspace_fixture_put (fixture, "full/file", "below");
  workspace_fixture_put (fixture, "other/file", "content");
  workspace_fixture_make_folder (fixture, "other/empty");
  workspace_fixture_make_folder (fixture, "other/full");
  workspace_fixture_put (fixture, "other/full/file", "below");

  for (guint overwrite = 0; overwrite < 2; overwrite++)
    {
      refuse (fixture, "file", "other/empty", overwrite, DEVBOX_WIRE_CONFLICT);
      refuse (fixture, "full", "other/file", overwrite, DEVBOX_WIRE_CONFLICT);
      refuse (fixture, "full", "other/full", overwrite, DEVBOX_WIRE_CONFLICT);
    }
  refuse (fixture, "file", "other/file", FALSE, DEVBOX_WIRE_CONFLICT);
  refuse (fixture, "full", "other/empty", FALSE, DEVBOX_WIRE_CONFLICT);
  workspace_fixture_assert_list (fixture, all);

  move (fixture, "full", "other/empty", TRUE);
  workspace_fixture_assert_list (fixture,
                                 "empty file other other/empty other/empty/file other/file other/full other/full/file");
  g_assert_cmpint (umount2 (other, MNT_DETACH), ==, 0);
}

/* The other file system is in the folder that is to go there. */
static void
test_into_itself_elsewhere (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *other = g_build_filename (fixture->inside, "folder", "other", NULL);

  workspace_fixture_make_folder (fixture, "folder/other/sub");
  mount_small (other, "size=1m");
  workspace_fixture_put (fixture, "folder/file", "content");
  refuse (fixture, "folder", "folder/other/new/folder", FALSE, DEVBOX_WIRE_VALIDATION_ERROR);
  workspace_fixture_assert_list (fixture, "folder folder/file folder/other");
  g_assert_cmpint (umount2 (other, MNT_DETACH), ==, 0);
}

/* Full at each of many moments: nothing is lost, and nothing is left. */
static void
test_other_is_full (WorkspaceFixture *fixture, gconstpointer mode)
{
  guint n_refused = 0;

  workspace_fixture_make_folder (fixture, "tree/sub");
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *path = g_strdup_printf ("tree/%s%u", i % 2 == 0 ? "sub/" : "", i);
      g_autofree char *content = g_strnfill (10000, 'c');

      workspace_fixture_put (fixture, path, content);
    }

  for (guint kib = 4;; kib += 4)
    {
      g_autofree char *options = g_strdup_printf ("size=%uk", kib);
      g_autofree char *other = mount_other (fixture, options);
      g_autofree char *before = workspace_fixture_list (fixture);
      g_autoptr (GError) error = NULL;
      gboolean moved;

      moved = devbox_workspace_move (fixture->workspace, "tree", "other/made/tree", FALSE, NULL, &error);
      if (!moved)
        {
          assert_wire_error (error, DEVBOX_WIRE_DISK_FULL);
          workspace_fixture_assert_list (fixture, before);
          n_refused++;
        }
      g_assert_cmpint (umount2 (other, MNT_DETACH), ==, 0);
      if (moved)
        break;
    }

  g_assert_cmpuint (n_refused, >=, 10);
  workspace_fixture_assert_list (fixture, "other");
}

/* What cannot be deleted is not copied first. */
static void
test_read_only_source (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *other = mount_other (fixture, "size=64k");

  workspace_fixture_put (fixture, "other/file", "content");
  g_assert_cmpint (mount ("none", other, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=64k"), ==, 0);
  refuse (fixture, "other/file", "made/file", FALSE, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
  workspace_fixture_assert_list (fixture, "other other/file");
  g_assert_cmpint (umount2 (other, MNT_DETACH), ==, 0);
}

/* The copy is whole before the deletion begins: when that fails, the message says that both are there. */
static void
test_source_is_not_deleted (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *other = mount_other (fixture, "size=64k");
  g_autofree char *busy = g_build_filename (fixture->inside, "tree", "busy", NULL);
  g_autoptr (GError) error = NULL;

  workspace_fixture_make_folder (fixture, "tree/busy");
  mount_small (busy, "size=64k");
  workspace_fixture_put (fixture, "tree/busy/file", "content");

  g_assert_false (devbox_workspace_move (fixture->workspace, "tree", "other/tree", FALSE, NULL, &error));
  assert_wire_error (error, DEVBOX_WIRE_INTERNAL_ERROR);
  g_assert_nonnull (strstr (error->message, "copied to “other/tree”, but not deleted"));
  assert_content (fixture, "other/tree/busy/file", "content");
  g_assert_cmpint (umount2 (busy, MNT_DETACH), ==, 0);
  g_assert_cmpint (umount2 (other, MNT_DETACH), ==, 0);
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (2000);
  g_cancellable_cancel (cancellable);

  return NULL;
}

static void
test_cancelled (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *other = mount_other (fixture, "size=512m");
  g_autofree char *big = g_build_filename (fixture->inside, "big", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *content = g_strnfill (1024 * 1024, 'c');
  int fd = open (big, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  GThread *thread;

  for (guint i = 0; i < 256; i++)
    g_assert_cmpint (write (fd, content, 1024 * 1024), ==, 1024 * 1024);
  close (fd);

  thread = g_thread_new ("canceller", cancel_soon, cancellable);
  g_assert_false (devbox_workspace_move (fixture->workspace, "big", "other/big", FALSE, cancellable, &error));
  g_thread_join (thread);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  workspace_fixture_assert_list (fixture, "big other");
  g_assert_cmpint (umount2 (other, MNT_DETACH), ==, 0);
}

/* Holes take no room on the other side either. */
static void
test_sparse (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *other = mount_other (fixture, "size=1m");
  g_autofree char *sparse = g_build_filename (fixture->inside, "sparse", NULL);
  int fd = open (sparse, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  char content[8] = "";
  struct stat status;

  g_assert_cmpint (pwrite (fd, "middle", 6, 1 << 30), ==, 6);
  g_assert_cmpint (ftruncate (fd, G_GINT64_CONSTANT (1) << 32), ==, 0);
  close (fd);

  move (fixture, "sparse", "other/sparse", FALSE);
  workspace_fixture_stat (fixture, "other/sparse", &status);
  g_assert_cmpint (status.st_size, ==, G_GINT64_CONSTANT (1) << 32);
  fd = devbox_workspace_open (fixture->workspace, "other/sparse", O_RDONLY, NULL);
  g_assert_cmpint (pread (fd, content, 6, 1 << 30), ==, 6);
  g_assert_cmpstr (content, ==, "middle");
  close (fd);
  workspace_fixture_assert_list (fixture, "other other/sparse");
  g_assert_cmpint (umount2 (other, MNT_DETACH), ==, 0);
}

#define DEPTH 1500

static void
test_deep (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *other = mount_other (fixture, "size=64m");
  g_autofree char *name = g_strnfill (200, 'n');
  g_autofree char *target = g_build_filename ("other", name, NULL);
  guint n_descriptors = count_descriptors ();
  int fd = open (fixture->inside, O_PATH | O_DIRECTORY | O_CLOEXEC);
  guint depth = 0;

  for (guint i = 0; i < DEPTH; i++)
    {
      int next;

      g_assert_cmpint (mkdirat (fd, name, 0755), ==, 0);
      next = openat (fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
      close (fd);
      fd = next;
      g_assert_cmpint (symlinkat ("..", fd, "up"), ==, 0);
    }
  close (fd);

  move (fixture, name, target, FALSE);

  fd = open (other, O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (;;)
    {
      int next = openat (fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

      close (fd);
      fd = next;
      if (fd < 0)
        break;
      g_assert_cmpint (faccessat (fd, "up", F_OK, AT_SYMLINK_NOFOLLOW), ==, 0);
      depth++;
    }
  g_assert_cmpuint (depth, ==, DEPTH);
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
  g_assert_cmpint (umount2 (other, MNT_DETACH), ==, 0);
  workspace_fixture_assert_list (fixture, "other");
}

int
main (int argc, char *argv[])
{
  gboolean may_mount = workspace_enter_mount_namespace ();

  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/file-move/kinds", test_kinds, 2);
  workspace_test_add ("/file-move/conflicts", test_conflicts, 2);
  workspace_test_add ("/file-move/refused", test_refused, 2);
  workspace_test_add ("/file-move/hard-links", test_hard_links, 1);
  workspace_test_add ("/file-move/race", test_race, 1);
  if (may_mount)
    {
      workspace_test_add ("/file-move/other-file-system", test_other_file_system, 2);
      workspace_test_add ("/file-move/other-conflicts", test_other_conflicts, 1);
      workspace_test_add ("/file-move/into-itself-elsewhere", test_into_itself_elsewhere, 1);
      workspace_test_add ("/file-move/other-is-full", test_other_is_full, 1);
      workspace_test_add ("/file-move/read-only-source", test_read_only_source, 1);
      workspace_test_add ("/file-move/source-is-not-deleted", test_source_is_not_deleted, 1);
      workspace_test_add ("/file-move/cancelled", test_cancelled, 1);
      workspace_test_add ("/file-move/sparse", test_sparse, 1);
      workspace_test_add ("/file-move/deep", test_deep, 1);
    }
  else
    g_test_message ("No mount namespace is to be had here: moves between file systems are not tested");

  return g_test_run ();
}
