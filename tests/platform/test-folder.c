/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-folder-private.h"
#include "workspace-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The trees stand in the fixture's workspace: what is copied in "from", the copy in "to". */

#define NOBODY 65534
#define N_FILES 100000
#define DEPTH 1000

static int
open_folder (WorkspaceFixture *fixture, const char *path)
{
  g_autofree char *full = g_build_filename (fixture->inside, path, NULL);
  int fd = open (full, O_PATH | O_DIRECTORY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);

  return fd;
}

static gboolean
copy (WorkspaceFixture *fixture, GCancellable *cancellable, GError **error)
{
  devbox_auto_descriptor int from = open_folder (fixture, "from");
  devbox_auto_descriptor int to = open_folder (fixture, "to");

  return devbox_folder_copy (from, to, cancellable, error);
}

static gboolean
remove_folder (WorkspaceFixture *fixture, const char *name, GCancellable *cancellable, GError **error)
{
  devbox_auto_descriptor int parent = open_folder (fixture, ".");

  return devbox_folder_remove (parent, name, cancellable, error);
}

static guint64
measure (WorkspaceFixture *fixture, const char *path)
{
  devbox_auto_descriptor int fd = open_folder (fixture, path);
  g_autoptr (GError) error = NULL;
  guint64 used;

  g_assert_true (devbox_folder_measure (fd, &used, NULL, &error));
  g_assert_no_error (error);

  return used;
}

static void
assert_copied (WorkspaceFixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (copy (fixture, NULL, &error));
  g_assert_no_error (error);
}

static void
assert_removed (WorkspaceFixture *fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->inside, name, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (remove_folder (fixture, name, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
make_folders (WorkspaceFixture *fixture)
{
  workspace_fixture_make_folder (fixture, "from");
  workspace_fixture_make_folder (fixture, "to");
}

static void
assert_same_attributes (WorkspaceFixture *fixture, const char *name)
{
  g_autofree char *original_path = g_build_filename ("from", name, NULL);
  g_autofree char *copied_path = g_build_filename ("to", name, NULL);
  struct stat original;
  struct stat copied;

  workspace_fixture_stat (fixture, original_path, &original);
  workspace_fixture_stat (fixture, copied_path, &copied);
  g_assert_cmpuint (copied.st_mode, ==, original.st_mode);
  g_assert_cmpuint (copied.st_uid, ==, original.st_uid);
  g_assert_cmpint (copied.st_mtim.tv_sec, ==, original.st_mtim.tv_sec);
  g_assert_cmpint (copied.st_mtim.tv_nsec, ==, original.st_mtim.tv_nsec);
}

static void
set_attributes (WorkspaceFixture *fixture, const char *path, mode_t mode, gint64 time)
{
  g_autofree char *full = g_build_filename (fixture->inside, path, NULL);
  const struct timespec times[2] = { { time, 1 }, { time, 123456789 } };

  g_assert_cmpint (utimensat (AT_FDCWD, full, times, AT_SYMLINK_NOFOLLOW), ==, 0);
  if (!g_file_test (full, G_FILE_TEST_IS_SYMLINK))
    g_assert_cmpint (g_chmod (full, mode), ==, 0);
}

static void
test_attributes (WorkspaceFixture *fixture, gconstpointer mode)
{
  const char *const names[] = { ".", "file", "program", "folder", "folder/\xff\n\\", "link" };
  g_autofree char *content = NULL;

  make_folders (fixture);
  workspace_fixture_put (fixture, "from/file", "content");
  workspace_fixture_put (fixture, "from/program", "");
  workspace_fixture_make_folder (fixture, "from/folder");
  workspace_fixture_put (fixture, "from/folder/\xff\n\\", "odd");
  workspace_fixture_link (fixture, "/", "from/link");
  set_attributes (fixture, "from/folder/\xff\n\\", 0444, 1000);
  set_attributes (fixture, "from/file", 0600, 2000);
  set_attributes (fixture, "from/program", 0751, 3000);
  set_attributes (fixture, "from/folder", 0555, 4000);
  set_attributes (fixture, "from/link", 0777, 5000);
  set_attributes (fixture, "from", 0750, 6000);

  assert_copied (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    assert_same_attributes (fixture, names[i]);
  content = workspace_fixture_get (fixture, "to/folder/\xff\n\\", NULL);
  g_assert_cmpstr (content, ==, "odd");
}

static void
test_holes (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *path = g_build_filename (fixture->inside, "from", "file", NULL);
  g_autofree char *content = NULL;
  struct stat status;
  gsize size;

  make_folders (fixture);
  workspace_fixture_put (fixture, "from/file", "begin");
  g_assert_cmpint (truncate (path, 64 * 1024 * 1024), ==, 0);

  assert_copied (fixture);

  workspace_fixture_stat (fixture, "to/file", &status);
  g_assert_cmpint (status.st_size, ==, 64 * 1024 * 1024);
  g_assert_cmpint (status.st_blocks, <, 1024);
  content = workspace_fixture_get (fixture, "to/file", &size);
  g_assert_cmpmem (content, 6, "begin", 6);
}

/* Links to the world, and what only waits to be opened */
static void
test_kinds (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *fifo = g_build_filename (fixture->inside, "from", "fifo", NULL);
  g_autofree char *device = g_build_filename (fixture->inside, "from", "device", NULL);
  g_autofree char *kept = g_build_filename (fixture->outside, "kept", NULL);
  g_autofree char *target = NULL;
  g_autofree char *copied = g_build_filename (fixture->inside, "to", "up", NULL);

  make_folders (fixture);
  g_assert_true (g_file_set_contents (kept, "kept", -1, NULL));
  workspace_fixture_link (fixture, "/", "from/root");
  workspace_fixture_link (fixture, "../../outside", "from/up");
  workspace_fixture_link (fixture, "nowhere", "from/broken");
  workspace_fixture_link (fixture, "self", "from/self");
  g_assert_cmpint (mkfifo (fifo, 0666), ==, 0);
  /* A device takes root. */
  g_assert_true (mknod (device, S_IFCHR | 0666, 0) == 0 || errno == EPERM);

  g_assert_cmpuint (measure (fixture, "from"), <, 1024 * 1024);
  assert_copied (fixture);
  target = g_file_read_link (copied, NULL);
  g_assert_cmpstr (target, ==, "../../outside");
  assert_removed (fixture, "from");
  workspace_fixture_assert_list (fixture, "to to/broken to/root to/self to/up");
  assert_removed (fixture, "to");
  g_assert_true (g_file_test (kept, G_FILE_TEST_IS_REGULAR));
}

static void
test_many (WorkspaceFixture *fixture, gconstpointer mode)
{
  guint n_copied = 0;
  int fd;

  make_folders (fixture);
  fd = open_folder (fixture, "from");
  for (guint i = 0; i < N_FILES; i++)
    {
      char name[16];

      g_snprintf (name, sizeof name, "%u", i);
      g_assert_cmpint (mknodat (fd, name, S_IFREG | 0600, 0), ==, 0);
    }
  close (fd);

  assert_copied (fixture);
  {
    g_autofree char *to = g_build_filename (fixture->inside, "to", NULL);
    g_autoptr (GDir) dir = g_dir_open (to, 0, NULL);

    while (g_dir_read_name (dir) != NULL)
      n_copied++;
  }
  g_assert_cmpuint (n_copied, ==, N_FILES);
  assert_removed (fixture, "from");
  assert_removed (fixture, "to");
}

static guint
get_depth (WorkspaceFixture *fixture, const char *path)
{
  int fd = open_folder (fixture, path);
  guint depth = 0;
  int next;

  while ((next = openat (fd, "folder with a name that makes paths long", O_PATH | O_CLOEXEC)) >= 0)
    {
      close (fd);
      fd = next;
      depth++;
    }
  close (fd);

  return depth;
}

static void
test_deep (WorkspaceFixture *fixture, gconstpointer mode)
{
  guint n_descriptors = count_descriptors ();
  int fd;

  make_folders (fixture);
  fd = open_folder (fixture, "from");
  for (guint i = 0; i < DEPTH; i++)
    {
      int next;

      g_assert_cmpint (mkdirat (fd, "folder with a name that makes paths long", 0700), ==, 0);
      next = openat (fd, "folder with a name that makes paths long", O_PATH | O_CLOEXEC);
      close (fd);
      fd = next;
    }
  close (fd);

  assert_copied (fixture);
  g_assert_cmpuint (get_depth (fixture, "to"), ==, DEPTH);
  g_assert_cmpuint (measure (fixture, "to"), ==, measure (fixture, "from"));
  assert_removed (fixture, "from");
  assert_removed (fixture, "to");
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
}

static void
test_measure (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *content = g_strnfill (1024 * 1024, 'x');
  g_autofree char *file = g_build_filename (fixture->inside, "from", "file", NULL);
  guint64 empty;

  make_folders (fixture);
  empty = measure (fixture, "from");
  workspace_fixture_put (fixture, "from/file", content);
  for (guint i = 0; i < 64; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autofree char *path = g_build_filename (fixture->inside, "from", name, NULL);

      g_assert_cmpint (link (file, path), ==, 0);
    }

  g_assert_cmpuint (measure (fixture, "from"), >=, empty + 1024 * 1024 - 4096);
  g_assert_cmpuint (measure (fixture, "from"), <, empty + 1024 * 1024 + 65536);
}

static void
test_cancelled (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  devbox_auto_descriptor int fd = -1;
  guint64 used;

  make_folders (fixture);
  workspace_fixture_put (fixture, "from/file", "content");
  fd = open_folder (fixture, "from");
  g_cancellable_cancel (cancellable);

  g_assert_false (copy (fixture, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (devbox_folder_measure (fd, &used, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (remove_folder (fixture, "from", cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  workspace_fixture_assert_list (fixture, "from from/file to");
}

typedef struct
{
  int fd;
  gint is_over;
} Flipper;

/* One name is a folder, a file, a link to the world, or nothing. */
static gpointer
flip (gpointer data)
{
  Flipper *flipper = data;

  while (!g_atomic_int_get (&flipper->is_over))
    {
      mkdirat (flipper->fd, "name", 0700);
      mknodat (flipper->fd, "name/file", S_IFREG | 0600, 0);
      unlinkat (flipper->fd, "name/file", 0);
      unlinkat (flipper->fd, "name", AT_REMOVEDIR);
      mknodat (flipper->fd, "name", S_IFREG | 0600, 0);
      unlinkat (flipper->fd, "name", 0);
      g_assert_cmpint (symlinkat ("/", flipper->fd, "name"), ==, 0);
      unlinkat (flipper->fd, "name", 0);
    }

  return NULL;
}

static void
test_live (WorkspaceFixture *fixture, gconstpointer mode)
{
  Flipper flipper = { 0 };
  GThread *thread;

  workspace_fixture_make_folder (fixture, "from/folder");
  flipper.fd = open_folder (fixture, "from/folder");
  thread = g_thread_new ("flip", flip, &flipper);
  for (guint i = 0; i < 500; i++)
    {
      workspace_fixture_make_folder (fixture, "to");
      assert_copied (fixture);
      g_assert_cmpuint (measure (fixture, "to"), <, 1024 * 1024);
      assert_removed (fixture, "to");
    }
  g_atomic_int_set (&flipper.is_over, 1);
  g_thread_join (thread);
  close (flipper.fd);
}

/* In a process of its own, as nobody: root may do everything. */
static void
run_unprivileged (WorkspaceFixture *fixture)
{
  g_autofree char *folder = g_build_filename (fixture->inside, "from", "folder", NULL);
  g_autofree char *file = g_build_filename (fixture->inside, "from", "file", NULL);
  g_autoptr (GError) error = NULL;

  make_folders (fixture);
  workspace_fixture_make_folder (fixture, "from/folder/below");
  workspace_fixture_put (fixture, "from/folder/below/file", "content");
  workspace_fixture_put (fixture, "from/file", "content");
  g_assert_cmpint (g_chmod (file, 0), ==, 0);

  g_assert_false (copy (fixture, NULL, &error));
  assert_wire_error (error, DEVBOX_WIRE_INSUFFICIENT_PERMISSIONS);
  g_assert_nonnull (strstr (error->message, "/file”"));
  g_clear_error (&error);

  set_attributes (fixture, "from/folder/below", 0, 1000);
  g_assert_cmpint (g_chmod (folder, 0111), ==, 0);
  g_assert_cmpuint (measure (fixture, "from"), <, 1024 * 1024);
  assert_removed (fixture, "from");
  assert_removed (fixture, "to");
}

static void
test_modes (WorkspaceFixture *fixture, gconstpointer mode)
{
  pid_t pid;
  int status;

  if (geteuid () != 0)
    {
      run_unprivileged (fixture);
      return;
    }

  g_assert_cmpint (chown (fixture->base, NOBODY, NOBODY), ==, 0);
  g_assert_cmpint (chown (fixture->inside, NOBODY, NOBODY), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      g_assert_cmpint (setresgid (NOBODY, NOBODY, NOBODY), ==, 0);
      g_assert_cmpint (setresuid (NOBODY, NOBODY, NOBODY), ==, 0);
      /* Else what is in /proc/self/fd still belongs to root. */
      g_assert_cmpint (prctl (PR_SET_DUMPABLE, 1), ==, 0);
      run_unprivileged (fixture);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

static void
test_mounts (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *place = g_build_filename (fixture->inside, "from", "mounted", NULL);
  g_autofree char *bound = g_build_filename (fixture->inside, "from", "bound", NULL);
  g_autofree char *kept = g_build_filename (fixture->outside, "kept", NULL);
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;

  make_folders (fixture);
  workspace_fixture_make_folder (fixture, "from/mounted");
  workspace_fixture_make_folder (fixture, "from/bound");
  g_assert_true (g_file_set_contents (kept, "kept", -1, NULL));
  mount_small (place, "size=4m");
  workspace_fixture_put (fixture, "from/mounted/file", "content");
  g_assert_cmpint (mount (fixture->outside, bound, NULL, MS_BIND, NULL), ==, 0);

  assert_copied (fixture);
  g_assert_cmpuint (measure (fixture, "from"), ==, measure (fixture, "to"));
  g_assert_false (remove_folder (fixture, "from", NULL, &error));
  g_assert_nonnull (strstr (error->message, g_strerror (EBUSY)));
  g_assert_cmpint (umount (bound), ==, 0);
  g_clear_error (&error);
  g_assert_false (remove_folder (fixture, "from", NULL, &error));
  content = workspace_fixture_get (fixture, "from/mounted/file", NULL);
  g_assert_cmpstr (content, ==, "content");
  assert_removed (fixture, "to");
  g_assert_true (g_file_test (kept, G_FILE_TEST_IS_REGULAR));
  g_assert_cmpint (umount (place), ==, 0);
}

int
main (int argc, char *argv[])
{
  gboolean may_mount = workspace_enter_mount_namespace ();

  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/folder/attributes", test_attributes, 1);
  workspace_test_add ("/folder/holes", test_holes, 1);
  workspace_test_add ("/folder/kinds", test_kinds, 1);
  workspace_test_add ("/folder/many", test_many, 1);
  workspace_test_add ("/folder/deep", test_deep, 1);
  workspace_test_add ("/folder/measure", test_measure, 1);
  workspace_test_add ("/folder/cancelled", test_cancelled, 1);
  workspace_test_add ("/folder/live", test_live, 1);
  workspace_test_add ("/folder/modes", test_modes, 1);
  if (may_mount)
    workspace_test_add ("/folder/mounts", test_mounts, 1);
  else
    g_test_message ("No mount namespace is to be had here: what is mounted is not tested");

  return g_test_run ();
}
