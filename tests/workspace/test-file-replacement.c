/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-replacement-private.h"
#include "workspace-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#define OTHER_ID 12345

static gboolean
replace (WorkspaceFixture *fixture, const char *path, const char *content, int mode, GError **error)
{
  g_autoptr (DevboxFileReplacement) replacement = devbox_file_replacement_new (fixture->workspace, path, -1, error);

  return replacement != NULL
         && devbox_file_replacement_write (replacement, (const guint8 *) content, strlen (content), error)
         && devbox_file_replacement_commit (replacement, mode, error);
}

static void
assert_replaces (WorkspaceFixture *fixture, const char *path, const char *content, int mode)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (replace (fixture, path, content, mode, &error));
  g_assert_no_error (error);
}

static void
assert_content (WorkspaceFixture *fixture, const char *path, const char *expected)
{
  g_autofree char *content = workspace_fixture_get (fixture, path, NULL);

  g_assert_cmpstr (content, ==, expected);
}

static void
assert_mode (WorkspaceFixture *fixture, const char *path, guint expected)
{
  struct stat status;

  workspace_fixture_stat (fixture, path, &status);
  g_assert_cmpuint (status.st_mode, ==, S_IFREG | expected);
}

static void
assert_list (WorkspaceFixture *fixture, const char *expected)
{
  g_autofree char *names = workspace_fixture_list (fixture);

  g_assert_cmpstr (names, ==, expected);
}

static void
test_new (WorkspaceFixture *fixture, gconstpointer mode)
{
  mode_t old_umask = umask (027);
  guint n_descriptors = count_descriptors ();

  assert_replaces (fixture, "new", "content", -1);
  assert_replaces (fixture, "empty", "", -1);
  assert_replaces (fixture, "with-mode", "content", 0755);
  assert_replaces (fixture, "made/on/the/way", "content", 0);
  umask (old_umask);

  assert_content (fixture, "new", "content");
  assert_content (fixture, "empty", "");
  assert_mode (fixture, "new", 0640);
  assert_mode (fixture, "with-mode", 0755);
  assert_mode (fixture, "made/on/the/way", 0);
  assert_list (fixture, "empty made made/on made/on/the made/on/the/way new with-mode");
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
}

static void
test_old (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const mode_t modes[] = { 0644, 0600, 0755, 0444, 0 };
  g_autofree char *file = g_build_filename (fixture->inside, "file", NULL);

  workspace_fixture_put (fixture, "file", "old");

  for (guint i = 0; i < G_N_ELEMENTS (modes) && geteuid () == 0; i++)
    {
      g_assert_cmpint (g_chmod (file, modes[i]), ==, 0);
      assert_replaces (fixture, "file", "new", -1);
      assert_mode (fixture, "file", modes[i]);
    }

  g_assert_cmpint (g_chmod (file, 0600), ==, 0);
  assert_replaces (fixture, "file", "newer", -1);
  assert_mode (fixture, "file", 0600);
  assert_replaces (fixture, "file", "newest", 0640);
  assert_mode (fixture, "file", 0640);
  assert_content (fixture, "file", "newest");
  assert_list (fixture, "file");
}

/* Who replaces the content of a program that runs as another user must mean it. */
static void
test_set_user_id (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *file = g_build_filename (fixture->inside, "file", NULL);

  workspace_fixture_put (fixture, "file", "old");
  g_assert_cmpint (g_chmod (file, 06755), ==, 0);

  assert_replaces (fixture, "file", "new", -1);
  assert_mode (fixture, "file", 0755);
  assert_replaces (fixture, "file", "new", 04755);
  assert_mode (fixture, "file", 04755);
}

static void
test_owner (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *file = g_build_filename (fixture->inside, "file", NULL);
  gboolean is_root = geteuid () == 0;
  uid_t user = is_root ? OTHER_ID : geteuid ();
  gid_t group = is_root ? OTHER_ID + 1 : getegid ();
  struct stat status;

  workspace_fixture_put (fixture, "file", "old");
  g_assert_cmpint (chown (file, user, group), ==, 0);
  g_assert_cmpint (g_chmod (file, 0640), ==, 0);

  assert_replaces (fixture, "file", "new", -1);
  workspace_fixture_stat (fixture, "file", &status);
  g_assert_cmpuint (status.st_uid, ==, user);
  g_assert_cmpuint (status.st_gid, ==, group);
  g_assert_cmpuint (status.st_mode & 07777, ==, 0640);
}

/* New files in a folder with the setgid bit belong to its group, even where the file was begun before the folder was
 * known. */
static void
test_folder_group (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (DevboxFileReplacement) replacement = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_build_filename (fixture->inside, "folder", NULL);
  gid_t group = geteuid () == 0 ? OTHER_ID : getegid ();
  struct stat status;

  workspace_fixture_make_folder (fixture, "folder");
  g_assert_cmpint (chown (folder, -1, group), ==, 0);
  g_assert_cmpint (g_chmod (folder, 02775), ==, 0);

  assert_replaces (fixture, "folder/one", "new", -1);
  workspace_fixture_stat (fixture, "folder/one", &status);
  g_assert_cmpuint (status.st_gid, ==, group);

  replacement = devbox_file_replacement_new (fixture->workspace, NULL, -1, &error);
  g_assert_true (devbox_file_replacement_set_path (replacement, "folder/two", &error));
  g_assert_true (devbox_file_replacement_commit (replacement, -1, &error));
  workspace_fixture_stat (fixture, "folder/two", &status);
  g_assert_cmpuint (status.st_gid, ==, group);
}

static void
test_links (WorkspaceFixture *fixture, gconstpointer mode)
{
  struct stat status;

  workspace_fixture_make_folder (fixture, "a/b");
  workspace_fixture_put (fixture, "a/b/file", "old");
  workspace_fixture_link (fixture, "b/../b/file", "a/link");
  workspace_fixture_link (fixture, "a/link", "link");
  workspace_fixture_link (fixture, "a/new", "dangling");
  workspace_fixture_link (fixture, "made/new", "dangling-deep");

  assert_replaces (fixture, "link", "by link", -1);
  assert_content (fixture, "a/b/file", "by link");
  assert_replaces (fixture, "dangling", "by link", -1);
  assert_content (fixture, "a/new", "by link");
  assert_replaces (fixture, "dangling-deep", "by link", -1);
  assert_content (fixture, "made/new", "by link");

  for (const char *const *name = (const char *const[]){ "link", "a/link", "dangling", "dangling-deep", NULL }; *name;
       name++)
    {
      workspace_fixture_stat (fixture, *name, &status);
      g_assert_true (S_ISLNK (status.st_mode));
    }
  assert_list (fixture, "a a/b a/b/file a/link a/new dangling dangling-deep link made made/new");
}

static void
test_hard_links (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (DevboxFileReplacement) replacement = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *one = g_build_filename (fixture->inside, "one", NULL);
  g_autofree char *two = g_build_filename (fixture->inside, "two", NULL);
  struct stat status;

  workspace_fixture_put (fixture, "one", "old");
  g_assert_cmpint (link (one, two), ==, 0);

  replacement = devbox_file_replacement_new (fixture->workspace, "one", -1, &error);
  g_assert_true (devbox_file_replacement_write (replacement, (const guint8 *) "new", 3, &error));
  g_assert_true (devbox_file_replacement_commit (replacement, -1, &error));

  g_assert_cmpuint (devbox_file_replacement_get_n_old_links (replacement), ==, 2);
  assert_content (fixture, "one", "new");
  assert_content (fixture, "two", "old");
  workspace_fixture_stat (fixture, "one", &status);
  g_assert_cmpuint (status.st_nlink, ==, 1);
}

static void
test_refused (WorkspaceFixture *fixture, gconstpointer mode)
{
  static const struct
  {
    const char *path;
    int expected;
  } cases[] = {
    { "", DEVBOX_WIRE_VALIDATION_ERROR },
    { ".", DEVBOX_WIRE_VALIDATION_ERROR },
    { "folder", DEVBOX_WIRE_VALIDATION_ERROR },
    { "folder/", DEVBOX_WIRE_VALIDATION_ERROR },
    { "new/", DEVBOX_WIRE_VALIDATION_ERROR },
    { "not-made/new/", DEVBOX_WIRE_VALIDATION_ERROR },
    { "file/", DEVBOX_WIRE_VALIDATION_ERROR },
    { "file/new", DEVBOX_WIRE_VALIDATION_ERROR },
    { "fifo", DEVBOX_WIRE_VALIDATION_ERROR },
    { "folder-link", DEVBOX_WIRE_VALIDATION_ERROR },
    { "slash-link", DEVBOX_WIRE_VALIDATION_ERROR },
    { "folder/..", DEVBOX_WIRE_VALIDATION_ERROR },
    { "out", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
    { "out/secret", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
    { "out-file", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
    { "out-new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
    { "absolute", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
    { "loop", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
    { "..", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
    { "../outside/new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
    { "not-made/../../outside/new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
    { "/etc/devbox-new", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED },
  };
  g_autofree char *secret = g_build_filename (fixture->outside, "secret", NULL);
  g_autofree char *own = g_build_filename (fixture->inside, "file", NULL);
  g_autofree char *fifo = g_build_filename (fixture->inside, "fifo", NULL);
  g_autofree char *before = NULL;
  g_autofree char *content = NULL;
  g_autoptr (GDir) outside = NULL;

  g_assert_true (g_file_set_contents (secret, "secret", -1, NULL));
  workspace_fixture_make_folder (fixture, "folder");
  workspace_fixture_put (fixture, "file", "old");
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  workspace_fixture_link (fixture, "folder", "folder-link");
  workspace_fixture_link (fixture, "new/", "slash-link");
  workspace_fixture_link (fixture, "../outside", "out");
  workspace_fixture_link (fixture, "../outside/secret", "out-file");
  workspace_fixture_link (fixture, "../outside/new", "out-new");
  workspace_fixture_link (fixture, own, "absolute");
  workspace_fixture_link (fixture, "loop", "loop");
  before = workspace_fixture_list (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].path);
      g_assert_false (replace (fixture, cases[i].path, "new", -1, &error));
      assert_wire_error (error, cases[i].expected);
      assert_list (fixture, before);
    }

  assert_content (fixture, "file", "old");
  g_assert_true (g_file_get_contents (secret, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "secret");
  outside = g_dir_open (fixture->outside, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (outside), ==, "secret");
  g_assert_null (g_dir_read_name (outside));
}

static void
test_freed (WorkspaceFixture *fixture, gconstpointer mode)
{
  guint n_descriptors = count_descriptors ();

  workspace_fixture_put (fixture, "file", "old");

  for (const char *const *path = (const char *const[]){ "file", "new", "not-made/new", NULL }; *path; path++)
    {
      g_autoptr (GError) error = NULL;
      DevboxFileReplacement *replacement = devbox_file_replacement_new (fixture->workspace, *path, -1, &error);

      g_assert_no_error (error);
      g_assert_true (devbox_file_replacement_write (replacement, (const guint8 *) "half", 4, &error));
      devbox_file_replacement_free (replacement);
    }

  assert_content (fixture, "file", "old");
  assert_list (fixture, "file");
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
}

static void
test_too_large (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (DevboxFileReplacement) replacement = NULL;
  g_autoptr (GError) error = NULL;

  workspace_fixture_put (fixture, "file", "old");
  replacement = devbox_file_replacement_new (fixture->workspace, "file", 10, &error);
  g_assert_no_error (error);

  g_assert_true (devbox_file_replacement_write (replacement, (const guint8 *) "0123456789", 10, &error));
  g_assert_cmpint (devbox_file_replacement_get_size (replacement), ==, 10);
  g_assert_false (devbox_file_replacement_write (replacement, (const guint8 *) "x", 1, &error));
  assert_wire_error (error, DEVBOX_WIRE_FILE_TOO_LARGE);
  g_clear_error (&error);

  /* What has failed once cannot be committed by a caller who did not look. */
  g_assert_false (devbox_file_replacement_commit (replacement, -1, &error));
  assert_wire_error (error, DEVBOX_WIRE_FILE_TRANSFER_FAILED);
  assert_content (fixture, "file", "old");
}

static void
test_read_back (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (DevboxFileReplacement) replacement = NULL;
  g_autoptr (GError) error = NULL;
  guint8 bytes[4];

  replacement = devbox_file_replacement_new (fixture->workspace, NULL, -1, &error);
  g_assert_true (devbox_file_replacement_write (replacement, (const guint8 *) "abcdef", 6, &error));
  g_assert_true (devbox_file_replacement_read_at (replacement, 2, bytes, 4, &error));
  g_assert_cmpmem (bytes, 4, "cdef", 4);
  g_assert_true (devbox_file_replacement_write_at (replacement, 4, (const guint8 *) "XYZ", 3, &error));
  g_assert_cmpint (devbox_file_replacement_get_size (replacement), ==, 7);
  g_assert_true (devbox_file_replacement_set_path (replacement, "file", &error));
  g_assert_true (devbox_file_replacement_commit (replacement, -1, &error));
  assert_content (fixture, "file", "abcdXYZ");
}

/* What comes and goes between the beginning and the commit. */
static void
test_meanwhile (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (DevboxFileReplacement) over_new = NULL;
  g_autoptr (DevboxFileReplacement) over_folder = NULL;
  g_autoptr (DevboxFileReplacement) in_removed = NULL;
  g_autoptr (DevboxFileReplacement) over_out = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_build_filename (fixture->inside, "folder", NULL);

  workspace_fixture_make_folder (fixture, "folder");
  over_new = devbox_file_replacement_new (fixture->workspace, "new", -1, &error);
  over_folder = devbox_file_replacement_new (fixture->workspace, "now-folder", -1, &error);
  in_removed = devbox_file_replacement_new (fixture->workspace, "folder/file", -1, &error);
  over_out = devbox_file_replacement_new (fixture->workspace, "now-out", -1, &error);
  g_assert_no_error (error);

  workspace_fixture_put (fixture, "new", "theirs");
  workspace_fixture_make_folder (fixture, "now-folder");
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  workspace_fixture_link (fixture, "../outside/new", "now-out");

  g_assert_true (devbox_file_replacement_commit (over_new, -1, &error));
  assert_content (fixture, "new", "");
  g_assert_true (devbox_file_replacement_commit (in_removed, -1, &error));
  assert_content (fixture, "folder/file", "");

  g_assert_false (devbox_file_replacement_commit (over_folder, -1, &error));
  assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
  g_clear_error (&error);
  g_assert_false (devbox_file_replacement_commit (over_out, -1, &error));
  assert_wire_error (error, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
}

/* Two contents of one length: whatever is read is one of them. */
#define SHARED_SIZE (64 * 1024)

typedef struct
{
  WorkspaceFixture *fixture;
  int stop;
  guint n_reads;
} Reader;

static gboolean
is_uniform (const char *content, gsize size)
{
  return size == SHARED_SIZE && (content[0] == 'A' || content[0] == 'B')
         && memcmp (content, content + 1, size - 1) == 0;
}

static gpointer
read_all_the_time (gpointer user_data)
{
  Reader *self = user_data;

  while (!g_atomic_int_get (&self->stop))
    {
      gsize size;
      g_autofree char *content = workspace_fixture_get (self->fixture, "shared", &size);

      g_assert_nonnull (content);
      g_assert_true (is_uniform (content, size));
      self->n_reads++;
    }

  return NULL;
}

static void
test_concurrent_reader (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *a = g_strnfill (SHARED_SIZE, 'A');
  g_autofree char *b = g_strnfill (SHARED_SIZE, 'B');
  Reader reader = { .fixture = fixture };
  GThread *thread;

  assert_replaces (fixture, "shared", b, -1);
  thread = g_thread_new ("reader", read_all_the_time, &reader);
  for (guint i = 0; i < 500; i++)
    assert_replaces (fixture, "shared", i % 2 == 0 ? a : b, -1);
  g_atomic_int_set (&reader.stop, TRUE);
  g_thread_join (thread);

  g_assert_cmpuint (reader.n_reads, >, 0);
  assert_list (fixture, "shared");
}

static gpointer
write_all_the_time (gpointer user_data)
{
  WorkspaceFixture *fixture = user_data;

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *path = g_strdup_printf ("made-%u/by-all/file", i);

      assert_replaces (fixture, "one", "same", -1);
      assert_replaces (fixture, path, "same", -1);
    }

  return NULL;
}

static void
test_concurrent_writers (WorkspaceFixture *fixture, gconstpointer mode)
{
  GThread *threads[4];
  struct stat status;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("writer", write_all_the_time, fixture);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  assert_content (fixture, "one", "same");
  assert_content (fixture, "made-199/by-all/file", "same");
  workspace_fixture_stat (fixture, "one", &status);
  g_assert_cmpuint (status.st_nlink, ==, 1);
}

static void
write_until_killed (WorkspaceFixture *fixture)
{
  g_autofree char *a = g_strnfill (SHARED_SIZE, 'A');
  g_autofree char *b = g_strnfill (SHARED_SIZE, 'B');

  for (guint i = 0;; i++)
    {
      replace (fixture, "folder/shared", i % 2 == 0 ? a : b, -1, NULL);
      replace (fixture, "shared", i % 2 == 0 ? a : b, -1, NULL);
    }
}

static void
kill_one_writer (WorkspaceFixture *fixture)
{
  pid_t pid = fork ();

  if (pid == 0)
    write_until_killed (fixture);

  g_assert_cmpint (pid, >, 0);
  g_usleep (g_test_rand_int_range (0, 2000));
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
}

/* 50 times (1,000 with -m slow): each file is old or new, and nothing is left after the sweep that begins an agent's
 * life. */
static void
test_killed (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autofree char *content = g_strnfill (SHARED_SIZE, 'A');
  guint n_swept = 0;

  workspace_fixture_make_folder (fixture, "folder");
  workspace_fixture_put (fixture, "shared", content);
  workspace_fixture_put (fixture, "folder/shared", content);

  for (guint i = 0; i < (g_test_slow () ? 1000 : 50); i++)
    {
      g_autofree char *shared = NULL;
      g_autofree char *deep = NULL;
      gsize size, deep_size;

      kill_one_writer (fixture);
      n_swept += devbox_workspace_sweep_temporaries (fixture->workspace);
      assert_list (fixture, "folder folder/shared shared");
      shared = workspace_fixture_get (fixture, "shared", &size);
      deep = workspace_fixture_get (fixture, "folder/shared", &deep_size);
      g_assert_true (is_uniform (shared, size));
      g_assert_true (is_uniform (deep, deep_size));
    }

  g_test_message ("%u temporary files were swept", n_swept);
  if (((const WorkspaceMode *) mode)->force_named)
    g_assert_cmpuint (n_swept, >, 0);
}

static void
test_sweep (WorkspaceFixture *fixture, gconstpointer mode)
{
  g_autoptr (DevboxFileReplacement) going_on = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *locked = g_build_filename (fixture->inside, ".devbox-tmp-locked00", NULL);
  int fd;

  workspace_fixture_put (fixture, ".devbox-tmp-abandon0", "old");
  workspace_fixture_put (fixture, ".devbox-tmp-locked00", "somebody writes it");
  workspace_fixture_put (fixture, ".devbox-tmp-", "not ours");
  workspace_fixture_put (fixture, ".devbox-tmp-too-long-for-us", "not ours");
  workspace_fixture_put (fixture, "devbox-tmp-12345678", "not ours");
  workspace_fixture_make_folder (fixture, ".devbox-tmp-folder00");
  workspace_fixture_link (fixture, "devbox-tmp-12345678", ".devbox-tmp-link0000");
  fd = open (locked, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (flock (fd, LOCK_EX), ==, 0);
  going_on = devbox_file_replacement_new (fixture->workspace, NULL, -1, &error);
  g_assert_no_error (error);

  g_assert_cmpuint (devbox_workspace_sweep_temporaries (fixture->workspace), ==, 1);
  g_assert_true (devbox_file_replacement_set_path (going_on, "new", &error));
  g_assert_true (devbox_file_replacement_commit (going_on, -1, &error));
  assert_list (fixture, ".devbox-tmp- .devbox-tmp-folder00 .devbox-tmp-link0000 .devbox-tmp-locked00 "
                        ".devbox-tmp-too-long-for-us devbox-tmp-12345678 new");

  close (fd);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  workspace_test_add ("/file-replacement/new", test_new, 4);
  workspace_test_add ("/file-replacement/old", test_old, 4);
  workspace_test_add ("/file-replacement/set-user-id", test_set_user_id, 4);
  workspace_test_add ("/file-replacement/owner", test_owner, 4);
  workspace_test_add ("/file-replacement/folder-group", test_folder_group, 4);
  workspace_test_add ("/file-replacement/links", test_links, 4);
  workspace_test_add ("/file-replacement/hard-links", test_hard_links, 4);
  workspace_test_add ("/file-replacement/refused", test_refused, 4);
  workspace_test_add ("/file-replacement/freed", test_freed, 4);
  workspace_test_add ("/file-replacement/too-large", test_too_large, 4);
  workspace_test_add ("/file-replacement/read-back", test_read_back, 4);
  workspace_test_add ("/file-replacement/meanwhile", test_meanwhile, 4);
  workspace_test_add ("/file-replacement/concurrent-reader", test_concurrent_reader, 4);
  workspace_test_add ("/file-replacement/concurrent-writers", test_concurrent_writers, 4);
  workspace_test_add ("/file-replacement/killed", test_killed, 4);
  workspace_test_add ("/file-replacement/sweep", test_sweep, 4);

  return g_test_run ();
}
