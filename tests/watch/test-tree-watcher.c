/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-error-private.h"
#include "watch-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RECURSIVE DEVBOX_TREE_WATCH_RECURSIVE
#define DOT_FILES DEVBOX_TREE_WATCH_DOT_FILES

static void
test_basic (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) watch = NULL;

  write_file (fixture, "old", "old");
  make_folders (fixture, "folder");
  watch = fixture_watch (fixture, "", RECURSIVE);
  g_assert_true (devbox_tree_watcher_is_alive (fixture->watcher));
  g_assert_cmpuint (devbox_tree_watcher_get_n_watched_folders (fixture->watcher), ==, 2);

  write_file (fixture, "new", "1");
  watch_expect (watch, "created new");
  watch_settle (watch);
  g_assert_cmpuint (watch_count (watch, "created new"), ==, 1);
  g_assert_false (watch_has (watch, "created old"));

  watch_clear (watch);
  append_file (fixture, "new", "2");
  watch_expect (watch, "changed new");
  watch_settle (watch);
  g_assert_cmpuint (watch_count (watch, "changed new"), ==, 1);
  g_assert_false (watch_has (watch, "created new"));

  write_file (fixture, "folder/inner", "");
  watch_expect (watch, "created folder/inner");
  remove_file (fixture, "folder/inner");
  watch_expect (watch, "deleted folder/inner");
  remove_file (fixture, "folder");
  watch_expect (watch, "deleted folder");
  watch_expect_true_picture (watch);
  wait_until (devbox_tree_watcher_get_n_watched_folders (fixture->watcher) == 1);
}

/* The file is there before the watcher can know of its folder. */
static void
test_nested_at_once (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) watch = fixture_watch (fixture, "", RECURSIVE);

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *folder = g_strdup_printf ("d%u/a/b/c", i);
      g_autofree char *file = g_build_filename (folder, "f", NULL);

      make_folders (fixture, folder);
      write_file (fixture, file, "x");
      if (i % 10 == 0)
        wait_ms (1);
    }

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *line = g_strdup_printf ("created d%u/a/b/c/f", i);

      watch_expect (watch, line);
      g_assert_cmpuint (watch_count (watch, line), ==, 1);
    }
  watch_expect_true_picture (watch);
  g_assert_cmpuint (watch->n_overflows, ==, 0);
}

static void
test_not_recursive (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) watch = NULL;

  make_folders (fixture, "folder");
  watch = fixture_watch (fixture, "", DEVBOX_TREE_WATCH_NONE);
  g_assert_cmpuint (devbox_tree_watcher_get_n_watched_folders (fixture->watcher), ==, 1);

  write_file (fixture, "folder/hidden", "");
  make_folders (fixture, "other/below");
  watch_expect (watch, "created other");
  watch_settle (watch);
  g_assert_false (watch_has (watch, "created folder/hidden"));
  g_assert_false (watch_has (watch, "created other/below"));
}

static void
test_rename_file (Fixture *fixture, gconstpointer kind)
{
  g_autofree char *outside = g_build_filename (fixture->outside, "x", NULL);
  g_autofree char *inside = below (fixture, "sub/in");
  g_autoptr (Watch) watch = NULL;

  make_folders (fixture, "sub");
  write_file (fixture, "a", "a");
  write_file (fixture, "target", "t");
  watch = fixture_watch (fixture, "", RECURSIVE);

  rename_file (fixture, "a", "b");
  watch_expect (watch, "renamed b from a");
  rename_file (fixture, "b", "sub/c");
  watch_expect (watch, "renamed sub/c from b");
  rename_file (fixture, "sub/c", "target");
  watch_expect (watch, "renamed target from sub/c");
  g_assert_cmpuint (watch->log->len, ==, 3);

  g_assert_true (g_file_set_contents (outside, "x", -1, NULL));
  g_assert_cmpint (g_rename (outside, inside), ==, 0);
  watch_expect (watch, "created sub/in");
  g_assert_cmpint (g_rename (inside, outside), ==, 0);
  watch_expect (watch, "deleted sub/in");
  watch_settle (watch);
  watch_expect_true_picture (watch);
}

static void
test_rename_folder (Fixture *fixture, gconstpointer kind)
{
  g_autofree char *outside = g_build_filename (fixture->outside, "tree", NULL);
  g_autofree char *outside_file = g_build_filename (outside, "late", NULL);
  g_autofree char *inside = below (fixture, "in");
  g_autoptr (Watch) watch = NULL;

  make_folders (fixture, "a/deep/er");
  make_folders (fixture, "sub");
  write_file (fixture, "a/deep/er/f", "");
  watch = fixture_watch (fixture, "", RECURSIVE);

  rename_file (fixture, "a", "sub/b");
  watch_expect (watch, "renamed sub/b from a");
  watch_settle (watch);
  g_assert_cmpuint (watch_count (watch, "renamed sub/b from a"), ==, 1);
  g_assert_false (watch_has (watch, "created sub/b"));
  g_assert_false (watch_has (watch, "deleted a"));
  /* GIO looses sight of a folder that is moved; that must be told. */
  if (GPOINTER_TO_INT (kind) == DEVBOX_TREE_ENGINE_GIO)
    watch_expect (watch, "overflow sub/b");
  else
    g_assert_cmpuint (watch->n_overflows, ==, 0);
  append_file (fixture, "sub/b/deep/er/f", "x");
  watch_expect (watch, "changed sub/b/deep/er/f");
  write_file (fixture, "sub/b/deep/er/g", "");
  watch_expect (watch, "created sub/b/deep/er/g");

  /* Out of the tree: nothing of what happens there is told. */
  g_free (g_steal_pointer (&inside));
  inside = below (fixture, "sub/b");
  g_assert_cmpint (g_rename (inside, outside), ==, 0);
  watch_expect (watch, "deleted sub/b");
  watch_clear (watch);
  g_assert_true (g_file_set_contents (outside_file, "x", -1, NULL));
  watch_settle (watch);
  g_assert_cmpuint (watch->log->len, ==, 2);
  wait_until (devbox_tree_watcher_get_n_watched_folders (fixture->watcher) == 2);

  /* And in again: all that it brings is new. */
  g_free (g_steal_pointer (&inside));
  inside = below (fixture, "in");
  g_assert_cmpint (g_rename (outside, inside), ==, 0);
  watch_expect (watch, "created in");
  watch_expect (watch, "created in/deep/er/f");
  watch_expect (watch, "created in/late");
  write_file (fixture, "in/deep/er/h", "");
  watch_expect (watch, "created in/deep/er/h");
  watch_expect_true_picture (watch);
}

static void
test_recreate (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) watch = NULL;

  make_folders (fixture, "d");
  watch = fixture_watch (fixture, "", RECURSIVE);

  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *path = g_strdup_printf ("d/f%u", i);
      g_autofree char *line = g_strdup_printf ("created d/f%u", i);

      remove_file (fixture, "d");
      make_folders (fixture, "d");
      write_file (fixture, path, "");
      if (i % 2 == 0)
        watch_expect (watch, line);
      remove_file (fixture, path);
    }
  write_file (fixture, "d/last", "");
  watch_expect (watch, "created d/last");
  watch_expect_true_picture (watch);
}

static void
test_one_file (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) watch = NULL;

  make_folders (fixture, "conf");
  write_file (fixture, "conf/file", "1");
  write_file (fixture, "conf/other", "1");
  watch = fixture_watch (fixture, "conf/file", RECURSIVE);

  append_file (fixture, "conf/other", "2");
  append_file (fixture, "conf/file", "2");
  watch_expect (watch, "changed conf/file");
  watch_clear (watch);

  /* Replaced whole, by an editor and by the agent. */
  write_file (fixture, "conf/file~", "3");
  rename_file (fixture, "conf/file~", "conf/file");
  watch_expect (watch, "changed conf/file");
  watch_clear (watch);
  write_file (fixture, "conf/.devbox-tmp-1", "4");
  rename_file (fixture, "conf/.devbox-tmp-1", "conf/file");
  watch_expect (watch, "changed conf/file");
  watch_clear (watch);

  rename_file (fixture, "conf/file", "conf/backup");
  watch_expect (watch, "deleted conf/file");
  write_file (fixture, "conf/file", "5");
  watch_expect (watch, "created conf/file");
  remove_file (fixture, "conf/file");
  wait_until (watch_count (watch, "deleted conf/file") == 2);
  write_file (fixture, "conf/file", "6");
  wait_until (watch_count (watch, "created conf/file") == 2);
  g_assert_false (watch_has (watch, "created conf/backup"));

  rename_file (fixture, "conf", "moved");
  watch_expect (watch, "ended conf/file");
  wait_until (devbox_tree_watcher_get_n_watched_folders (fixture->watcher) == 0);
}

static void
test_temporary (Fixture *fixture, gconstpointer kind)
{
  g_autofree char *path = below (fixture, "linked");
  g_autofree char *descriptor = NULL;
  int fd;
  g_autoptr (Watch) watch = fixture_watch (fixture, "", RECURSIVE | DOT_FILES);

  write_file (fixture, ".devbox-tmp-a", "1");
  rename_file (fixture, ".devbox-tmp-a", "x");
  watch_expect (watch, "created x");
  write_file (fixture, ".devbox-tmp-b", "2");
  rename_file (fixture, ".devbox-tmp-b", "x");
  watch_expect (watch, "changed x");
  write_file (fixture, ".devbox-tmp-c", "3");
  remove_file (fixture, ".devbox-tmp-c");
  rename_file (fixture, "x", ".devbox-tmp-d");
  watch_expect (watch, "deleted x");
  watch_settle (watch);
  g_assert_cmpuint (watch->log->len, ==, 5);

  /* A name given to a file that is complete. */
  fd = open (fixture->path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      g_assert_true (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL);
      return;
    }
  g_assert_cmpint (write (fd, "4", 1), ==, 1);
  descriptor = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_assert_cmpint (linkat (AT_FDCWD, descriptor, AT_FDCWD, path, AT_SYMLINK_FOLLOW), ==, 0);
  watch_expect (watch, "created linked");
  close (fd);
}

static void
test_dot_files (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) plain = NULL;
  g_autoptr (Watch) all = NULL;
  g_autoptr (Watch) inner = NULL;

  make_folders (fixture, ".git/objects");
  make_folders (fixture, "src");
  plain = fixture_watch (fixture, "", RECURSIVE);
  g_assert_cmpuint (devbox_tree_watcher_get_n_watched_folders (fixture->watcher), ==, 2);
  all = fixture_watch (fixture, "", RECURSIVE | DOT_FILES);
  inner = fixture_watch (fixture, ".git", RECURSIVE);
  g_assert_cmpuint (devbox_tree_watcher_get_n_watched_folders (fixture->watcher), ==, 4);

  write_file (fixture, ".env", "");
  write_file (fixture, ".git/objects/1", "");
  write_file (fixture, "src/.swp", "");
  watch_expect (all, "created .env");
  watch_expect (all, "created .git/objects/1");
  watch_expect (all, "created src/.swp");
  watch_expect (inner, "created .git/objects/1");

  /* Across the border, what was hidden comes to light and goes again, with all below. */
  rename_file (fixture, ".git", "git");
  watch_expect (all, "renamed git from .git");
  watch_expect (inner, "ended .git");
  watch_expect (plain, "created git");
  watch_expect (plain, "created git/objects/1");
  rename_file (fixture, "git", ".git");
  watch_expect (plain, "deleted git");
  watch_settle (plain);
  g_assert_false (watch_has (plain, "created .env"));
  g_assert_false (watch_has (plain, "created src/.swp"));
  g_assert_false (watch_has (all, "created git"));
  watch_expect_true_picture (all);

  watch_free (g_steal_pointer (&all));
  wait_until (devbox_tree_watcher_get_n_watched_folders (fixture->watcher) == 2);
}

static void
test_overlap (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) whole = NULL;
  g_autoptr (Watch) part = NULL;
  g_autoptr (Watch) again = NULL;

  make_folders (fixture, "a/b/c");
  make_folders (fixture, "x/y");
  part = fixture_watch (fixture, "a/b", RECURSIVE);
  g_assert_cmpuint (devbox_tree_watcher_get_n_watched_folders (fixture->watcher), ==, 4);
  whole = fixture_watch (fixture, "", RECURSIVE);
  again = fixture_watch (fixture, "./a//b/", RECURSIVE);
  g_assert_cmpuint (devbox_tree_watcher_get_n_watched_folders (fixture->watcher), ==, 6);

  write_file (fixture, "a/b/c/f", "");
  watch_expect (whole, "created a/b/c/f");
  watch_expect (part, "created a/b/c/f");
  watch_expect (again, "created a/b/c/f");
  write_file (fixture, "x/y/f", "");
  watch_expect (whole, "created x/y/f");
  watch_free (g_steal_pointer (&whole));
  wait_until (devbox_tree_watcher_get_n_watched_folders (fixture->watcher) == 4);
  write_file (fixture, "a/b/c/g", "");
  watch_expect (part, "created a/b/c/g");
  g_assert_false (watch_has (part, "created x/y/f"));
}

static void
test_ended (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) deleted = NULL;
  g_autoptr (Watch) moved = NULL;
  g_autoptr (Watch) root = NULL;

  make_folders (fixture, "gone/below");
  make_folders (fixture, "outer/inner");
  root = fixture_watch (fixture, "", DEVBOX_TREE_WATCH_NONE);
  deleted = fixture_watch (fixture, "gone/below", RECURSIVE);
  moved = fixture_watch (fixture, "outer/inner", RECURSIVE);

  remove_file (fixture, "gone/below");
  watch_expect (deleted, "ended gone/below");
  rename_file (fixture, "outer", "elsewhere");
  watch_expect (moved, "ended outer/inner");
  make_folders (fixture, "outer/inner");
  write_file (fixture, "outer/inner/f", "");
  watch_expect (root, "renamed elsewhere from outer");

  remove_tree (fixture->path);
  watch_expect (root, "ended ");
  wait_until (devbox_tree_watcher_get_n_watched_folders (fixture->watcher) == 0);
  g_assert_cmpuint (moved->log->len, ==, 1);
}

static void
assert_fails (Fixture *fixture, const char *path, DevboxWireCode code)
{
  g_autoptr (Watch) watch = fixture_watch_unready (fixture, path, RECURSIVE);

  watch_wait_ready (watch);
  g_assert_error (watch->error, DEVBOX_WIRE_ERROR, (int) code);
}

static void
test_errors (Fixture *fixture, gconstpointer kind)
{
  g_autofree char *link = below (fixture, "out");
  g_autofree char *up = below (fixture, "up");
  g_autofree char *loop = below (fixture, "loop");

  write_file (fixture, "file", "");
  g_assert_cmpint (symlink (fixture->outside, link), ==, 0);
  g_assert_cmpint (symlink ("../outside", up), ==, 0);
  g_assert_cmpint (symlink ("loop", loop), ==, 0);

  assert_fails (fixture, "missing", DEVBOX_WIRE_FILE_NOT_FOUND);
  assert_fails (fixture, "file/below", DEVBOX_WIRE_VALIDATION_ERROR);
  assert_fails (fixture, "..", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  assert_fails (fixture, "missing/../..", DEVBOX_WIRE_FILE_NOT_FOUND);
  assert_fails (fixture, "/etc", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  assert_fails (fixture, "out", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  assert_fails (fixture, "up", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  assert_fails (fixture, "loop", DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
  g_assert_cmpuint (devbox_tree_watcher_get_n_watched_folders (fixture->watcher), ==, 0);
}

/* Links on the way to the watched folder are followed inside the root, those below it are not. */
static void
test_links (Fixture *fixture, gconstpointer kind)
{
  g_autofree char *link = below (fixture, "link");
  g_autofree char *inner = below (fixture, "real/inner");
  g_autoptr (Watch) linked = NULL;
  g_autoptr (Watch) file = NULL;
  g_autoptr (Watch) dots = NULL;

  make_folders (fixture, "real/sub");
  make_folders (fixture, "elsewhere");
  write_file (fixture, "real/file", "");
  g_assert_cmpint (symlink ("real", link), ==, 0);
  g_assert_cmpint (symlink ("../elsewhere", inner), ==, 0);
  linked = fixture_watch (fixture, "link", RECURSIVE);
  file = fixture_watch (fixture, "link/file", RECURSIVE);
  dots = fixture_watch (fixture, "real/../elsewhere", RECURSIVE);

  write_file (fixture, "real/sub/f", "");
  watch_expect (linked, "created link/sub/f");
  append_file (fixture, "real/file", "x");
  watch_expect (file, "changed link/file");
  write_file (fixture, "elsewhere/f", "");
  watch_expect (dots, "created elsewhere/f");
  watch_settle (linked);
  for (guint i = 0; i < linked->log->len; i++)
    g_assert_null (strstr (g_ptr_array_index (linked->log, i), "inner/f"));
}

static void
test_mapped_write (Fixture *fixture, gconstpointer kind)
{
  g_autofree char *path = below (fixture, "mapped");
  g_autoptr (Watch) watch = NULL;
  char *map;
  int fd;

  write_file (fixture, "mapped", "0123");
  watch = fixture_watch (fixture, "", RECURSIVE);
  fd = open (path, O_RDWR | O_CLOEXEC);
  map = mmap (NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  g_assert_true (map != MAP_FAILED);
  map[0] = 'x';
  munmap (map, 4);
  close (fd);
  watch_expect (watch, "changed mapped");
}

static void
test_coalesce (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) watch = NULL;

  write_file (fixture, "log", "");
  watch = fixture_watch (fixture, "", RECURSIVE);
  for (guint i = 0; i < 2000; i++)
    append_file (fixture, "log", "x");
  watch_settle (watch);
  g_assert_cmpuint (watch_count (watch, "changed log"), >=, 1);
  g_assert_cmpuint (watch_count (watch, "changed log"), <=, watch->n_batches);
  g_assert_cmpuint (watch_count (watch, "changed log"), <, 200);
}

static void
test_cancel_from_callback (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) watch = fixture_watch (fixture, "", RECURSIVE);
  guint n_events;

  watch->cancel_at_event = TRUE;
  write_file (fixture, "a", "");
  wait_until (watch->watch == NULL);
  n_events = watch->log->len;
  write_file (fixture, "b", "");
  wait_ms (50);
  g_assert_cmpuint (watch->log->len, ==, n_events);
}

#define ADD(name, func)                                                                                                \
  g_test_add ("/watch/inotify/" name, Fixture, GINT_TO_POINTER (DEVBOX_TREE_ENGINE_INOTIFY), fixture_set_up, func,     \
              fixture_tear_down);                                                                                      \
  g_test_add ("/watch/gio/" name, Fixture, GINT_TO_POINTER (DEVBOX_TREE_ENGINE_GIO), fixture_set_up, func,             \
              fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("basic", test_basic);
  ADD ("nested-at-once", test_nested_at_once);
  ADD ("not-recursive", test_not_recursive);
  ADD ("rename-file", test_rename_file);
  ADD ("rename-folder", test_rename_folder);
  ADD ("recreate", test_recreate);
  ADD ("one-file", test_one_file);
  ADD ("temporary", test_temporary);
  ADD ("dot-files", test_dot_files);
  ADD ("overlap", test_overlap);
  ADD ("ended", test_ended);
  ADD ("errors", test_errors);
  ADD ("links", test_links);
  ADD ("coalesce", test_coalesce);
  ADD ("cancel-from-callback", test_cancel_from_callback);
  g_test_add ("/watch/inotify/mapped-write", Fixture, GINT_TO_POINTER (DEVBOX_TREE_ENGINE_INOTIFY), fixture_set_up,
              test_mapped_write, fixture_tear_down);

  return g_test_run ();
}
