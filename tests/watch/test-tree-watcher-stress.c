/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-error-private.h"
#include "watch-fixture.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RECURSIVE DEVBOX_TREE_WATCH_RECURSIVE
#define DOT_FILES DEVBOX_TREE_WATCH_DOT_FILES

/* The kernel's part, as the watcher and GIO see it: these stand before the C library's. */
static gint refuse_watches;   /* errno that inotify_add_watch () fails with; atomic */
static gint allowed_watches;  /* so many more succeed before; atomic */
static gint hold_watches;     /* inotify_add_watch () waits as long as this is set; atomic */
static gint n_held;           /* atomic */
static gint refuse_instances; /* errno that inotify_init1 () fails with; atomic */
static gint refuse_openat2;   /* atomic */

/* Takes six arguments whatever was given, which the address sanitizer would not let pass. */
__attribute__ ((no_sanitize ("address"))) long
syscall (long number, ...)
{
  static long (*real_syscall) (long, ...);
  long arguments[6];
  va_list list;

  va_start (list, number);
  for (guint i = 0; i < G_N_ELEMENTS (arguments); i++)
    arguments[i] = va_arg (list, long);
  va_end (list);

  if (number == SYS_openat2 && g_atomic_int_get (&refuse_openat2))
    {
      errno = EPERM;
      return -1;
    }
  if (real_syscall == NULL)
    real_syscall = (long (*) (long, ...)) dlsym (RTLD_NEXT, "syscall");

  return real_syscall (number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

int
inotify_add_watch (int fd, const char *path, guint32 mask)
{
  int refuse = g_atomic_int_get (&refuse_watches);

  if (refuse != 0 && g_atomic_int_add (&allowed_watches, -1) <= 0)
    {
      errno = refuse;
      return -1;
    }
  while (g_atomic_int_get (&hold_watches))
    {
      g_atomic_int_set (&n_held, 1);
      g_usleep (500);
    }

  return syscall (SYS_inotify_add_watch, fd, path, mask);
}

int
inotify_init1 (int flags)
{
  int refuse = g_atomic_int_get (&refuse_instances);

  if (refuse != 0)
    {
      errno = refuse;
      return -1;
    }

  return syscall (SYS_inotify_init1, flags);
}

static void
burst (Fixture *fixture, guint n_files, const char *folder)
{
  for (guint i = 0; i < n_files; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/f%u", folder, i);

      write_file (fixture, path, "");
    }
}

/* Missed nothing, or said so. */
static void
test_bursts (Fixture *fixture, gconstpointer kind)
{
  const guint n_files = 10000;
  g_autoptr (Watch) watch = NULL;

  make_folders (fixture, "a");
  make_folders (fixture, "b");
  watch = fixture_watch (fixture, "", RECURSIVE);

  burst (fixture, n_files, "a");
  watch_expect_true_picture (watch);
  for (guint i = 0; i < n_files; i++)
    {
      g_autofree char *from = g_strdup_printf ("a/f%u", i);
      g_autofree char *to = g_strdup_printf ("b/g%u", i);

      rename_file (fixture, from, to);
    }
  watch_expect_true_picture (watch);
  for (guint i = 0; i < n_files; i++)
    {
      g_autofree char *path = g_strdup_printf ("b/g%u", i);

      remove_file (fixture, path);
    }
  watch_expect_true_picture (watch);
  watch_settle (watch);
  watch_expect_true_picture (watch);
  g_test_message ("3 bursts of %u: %u events in %u batches, %u overflows", n_files, watch->log->len, watch->n_batches,
                  watch->n_overflows);
}

/* The reader is away: what waits for it is bounded. */
static void
test_slow_reader (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) watch = NULL;

  make_folders (fixture, "a");
  watch = fixture_watch (fixture, "", RECURSIVE);
  burst (fixture, 11000, "a");
  g_usleep (400 * 1000);
  watch_expect_true_picture (watch);
  g_assert_cmpuint (watch->n_overflows, >=, 1);
  watch_clear (watch);
  write_file (fixture, "after", "");
  watch_expect (watch, "created after");
}

/* The watcher is away until the kernel's queue runs over. */
static void
test_kernel_overflow (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) watch = NULL;
  g_autofree char *limit = NULL;
  guint n;

  g_assert_true (g_file_get_contents ("/proc/sys/fs/inotify/max_queued_events", &limit, NULL, NULL));
  n = g_ascii_strtoull (limit, NULL, 10);
  if (n > 20000)
    {
      g_test_message ("the kernel's queue is too long to fill: %u", n);
      n = 20000;
    }

  make_folders (fixture, "a");
  watch = fixture_watch (fixture, "", RECURSIVE);
  g_atomic_int_set (&n_held, 0);
  g_atomic_int_set (&hold_watches, TRUE);
  make_folders (fixture, "stall");
  while (!g_atomic_int_get (&n_held))
    g_usleep (500);
  /* Two events a file: names, and then none of them is there any more. */
  burst (fixture, n / 2, "a");
  for (guint i = 0; i < n / 2; i++)
    {
      g_autofree char *path = g_strdup_printf ("a/f%u", i);

      remove_file (fixture, path);
    }
  write_file (fixture, "lost", "");
  make_folders (fixture, "lost-folder/below");
  g_atomic_int_set (&hold_watches, FALSE);

  watch_expect_true_picture (watch);
  wait_until (watch->n_overflows >= 1);
  watch_expect_true_picture (watch);
  write_file (fixture, "lost-folder/below/f", "");
  watch_expect (watch, "created lost-folder/below/f");
}

static void
test_limit (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) failed = NULL;
  g_autoptr (Watch) watch = NULL;

  make_folders (fixture, "a/b");
  g_atomic_int_set (&allowed_watches, 1);
  g_atomic_int_set (&refuse_watches, ENOSPC);
  failed = fixture_watch_unready (fixture, "", RECURSIVE);
  watch_wait_ready (failed);
  g_assert_error (failed->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR);
  g_assert_nonnull (strstr (failed->error->message, "max_user_watches"));
  wait_until (devbox_tree_watcher_get_n_watched_folders (fixture->watcher) == 0);
  g_atomic_int_set (&refuse_watches, 0);

  /* At the limit only once it stands: never silent, and well again as soon as it can be. */
  watch = fixture_watch (fixture, "", RECURSIVE);
  g_atomic_int_set (&allowed_watches, 0);
  g_atomic_int_set (&refuse_watches, ENOSPC);
  make_folders (fixture, "c/d");
  watch_expect (watch, "created c");
  watch_expect (watch, "overflow c");
  write_file (fixture, "c/d/unseen", "");
  g_atomic_int_set (&refuse_watches, 0);
  watch_expect (watch, "created c/d/unseen");
  watch_expect_true_picture (watch);
}

static void
test_no_instance (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) failed = NULL;
  g_autoptr (Watch) watch = NULL;

  g_atomic_int_set (&refuse_instances, EMFILE);
  failed = fixture_watch_unready (fixture, "", RECURSIVE);
  watch_wait_ready (failed);
  g_assert_error (failed->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR);
  g_assert_nonnull (strstr (failed->error->message, "max_user_instances"));

  g_atomic_int_set (&refuse_instances, 0);
  watch = fixture_watch (fixture, "", RECURSIVE);
  write_file (fixture, "f", "");
  watch_expect (watch, "created f");
}

static int
find_inotify_fd (void)
{
  g_autoptr (GDir) descriptors = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (descriptors)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      if (g_strcmp0 (target, "anon_inode:inotify") == 0)
        return g_ascii_strtoll (name, NULL, 10);
    }
  g_assert_not_reached ();
}

static void
test_broken_engine (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) broken = fixture_watch (fixture, "", RECURSIVE);
  g_autoptr (Watch) watch = NULL;
  int fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  g_test_expect_message ("Devbox", G_LOG_LEVEL_WARNING, "*engine failed*");
  g_assert_cmpint (dup3 (fd, find_inotify_fd (), O_CLOEXEC), >=, 0);
  close (fd);
  write_file (fixture, "a", "");
  g_usleep (20 * 1000);
  watch_expect (broken, "ended ");
  g_test_assert_expected_messages ();
  g_assert_false (devbox_tree_watcher_is_alive (fixture->watcher));

  watch = fixture_watch (fixture, "", RECURSIVE);
  g_assert_true (devbox_tree_watcher_is_alive (fixture->watcher));
  write_file (fixture, "b", "");
  watch_expect (watch, "created b");
}

/* Random work, whose true picture must come out. The seed is printed by GTest. */
static void
do_something (Fixture *fixture, guint n_names)
{
  g_autofree char *a
      = g_strdup_printf ("n%d/n%d", g_test_rand_int_range (0, n_names), g_test_rand_int_range (0, n_names));
  g_autofree char *b
      = g_strdup_printf ("n%d/n%d", g_test_rand_int_range (0, n_names), g_test_rand_int_range (0, n_names));
  g_autofree char *top = g_strdup_printf ("n%d", g_test_rand_int_range (0, n_names));
  g_autofree char *full_a = below (fixture, a);
  g_autofree char *full_b = below (fixture, b);
  g_autofree char *full_top = below (fixture, top);
  g_autofree char *deep = g_build_filename (full_a, "x", "y", NULL);
  g_autofree char *deep_file = g_build_filename (deep, "f", NULL);
  g_autofree char *away = g_build_filename (fixture->outside, top, NULL);

  switch (g_test_rand_int_range (0, 10))
    {
    case 0:
    case 1:
      g_mkdir_with_parents (deep, 0700);
      g_file_set_contents (deep_file, "x", 1, NULL);
      break;
    case 2:
      g_rename (full_a, full_b);
      break;
    case 3:
      g_rename (full_top, full_a);
      break;
    case 4:
      g_rename (full_a, full_top);
      break;
    case 5:
      g_rename (full_top, away);
      break;
    case 6:
      g_rename (away, full_top);
      break;
    case 7:
      remove_tree (full_a);
      break;
    case 8:
      g_file_set_contents (full_a, "x", 1, NULL);
      break;
    case 9:
    default:
      syscall (SYS_renameat2, AT_FDCWD, full_a, AT_FDCWD, full_b, RENAME_EXCHANGE);
      break;
    }
}

static void
test_chaos (Fixture *fixture, gconstpointer kind)
{
  const guint n_rounds = g_test_slow () ? 2000 : GPOINTER_TO_INT (kind) == DEVBOX_TREE_ENGINE_INOTIFY ? 60 : 10;
  g_autoptr (Watch) watch = fixture_watch (fixture, "", RECURSIVE | DOT_FILES);

  for (guint i = 0; i < n_rounds; i++)
    {
      watch_clear (watch);
      for (guint k = 0; k < 20; k++)
        do_something (fixture, 4);
      watch_expect_true_picture (watch);
    }
  g_test_message ("%u rounds, %u overflows", n_rounds, watch->n_overflows);
}

static void
test_churn (Fixture *fixture, gconstpointer kind)
{
  guint n_descriptors;

  watch_free (fixture_watch (fixture, "", RECURSIVE));
  wait_until (count_threads ("devbox-watch") == 0);
  n_descriptors = count_descriptors ();

  make_folders (fixture, "a/b/c");
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (Watch) watch = NULL;

      if (i % 3 == 0)
        watch = fixture_watch (fixture, i % 2 == 0 ? "" : "a/b", RECURSIVE);
      else
        watch = fixture_watch_unready (fixture, "a", RECURSIVE);
    }
  wait_until (count_threads ("devbox-watch") == 0);
  g_assert_cmpuint (count_descriptors (), ==, n_descriptors);
  g_assert_cmpuint (devbox_tree_watcher_get_n_watched_folders (fixture->watcher), ==, 0);
}

static gpointer
flip_thread (gpointer data)
{
  Fixture *fixture = data;
  g_autofree char *name = below (fixture, "flip");
  g_autofree char *aside = below (fixture, "aside");
  g_autofree char *link = below (fixture, "link");

  while (g_atomic_int_get (&n_held))
    {
      g_rename (name, aside);
      g_rename (link, name);
      g_usleep (50);
      g_rename (name, link);
      g_rename (aside, name);
      g_usleep (50);
    }

  return NULL;
}

static gpointer
outside_thread (gpointer data)
{
  Fixture *fixture = data;

  for (guint i = 0; g_atomic_int_get (&n_held); i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/outside-%u", fixture->outside, i);

      g_file_set_contents (path, "", 0, NULL);
      g_usleep (200);
      g_unlink (path);
    }

  return NULL;
}

/* A folder and a link that leads out change places without end. */
static void
test_escape (Fixture *fixture, gconstpointer kind)
{
  g_autofree char *link = below (fixture, "link");
  GThread *threads[2];
  gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC * (g_test_slow () ? 50 : 4) / 10;
  guint n_rounds = 0;

  make_folders (fixture, "flip/inner");
  g_assert_cmpint (symlink (fixture->outside, link), ==, 0);
  g_atomic_int_set (&n_held, 1);
  threads[0] = g_thread_new ("flip", flip_thread, fixture);
  threads[1] = g_thread_new ("outside", outside_thread, fixture);

  for (; g_get_monotonic_time () < end; n_rounds++)
    {
      g_autoptr (Watch) whole = fixture_watch_unready (fixture, "", RECURSIVE);
      g_autoptr (Watch) part = fixture_watch_unready (fixture, "flip", RECURSIVE);

      wait_ms (20);
      for (guint i = 0; i < whole->log->len; i++)
        g_assert_null (strstr (g_ptr_array_index (whole->log, i), "outside"));
      for (guint i = 0; i < part->log->len; i++)
        g_assert_null (strstr (g_ptr_array_index (part->log, i), "outside"));
    }

  g_atomic_int_set (&n_held, 0);
  g_thread_join (threads[0]);
  g_thread_join (threads[1]);
  g_test_message ("%u rounds", n_rounds);
}

static void
test_escape_by_walk (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (Watch) watch = NULL;

  g_atomic_int_set (&refuse_openat2, TRUE);
  test_escape (fixture, kind);
  make_folders (fixture, "a/b/c");
  watch = fixture_watch (fixture, "a", RECURSIVE);
  write_file (fixture, "a/b/c/f", "");
  watch_expect (watch, "created a/b/c/f");
  g_atomic_int_set (&refuse_openat2, FALSE);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 difference = *(const gint64 *) a - *(const gint64 *) b;

  return (difference > 0) - (difference < 0);
}

/* From the write to the callback, in a program that sleeps between events. Printed, not asserted. */
static void
test_latency (Fixture *fixture, gconstpointer kind)
{
  gint64 times[31];
  g_autoptr (Watch) watch = NULL;

  write_file (fixture, "f", "");
  watch = fixture_watch (fixture, "", RECURSIVE);
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      gint64 begin;

      wait_ms (15);
      watch_clear (watch);
      begin = g_get_monotonic_time ();
      append_file (fixture, "f", "x");
      while (watch->log->len == 0)
        g_main_context_iteration (NULL, TRUE);
      times[i] = watch->event_time - begin;
    }
  qsort (times, G_N_ELEMENTS (times), sizeof times[0], compare_times);
  g_test_message ("write to callback: median %" G_GINT64_FORMAT " µs, worst %" G_GINT64_FORMAT " µs",
                  times[G_N_ELEMENTS (times) / 2], times[G_N_ELEMENTS (times) - 1]);
}

static void
test_many_folders (Fixture *fixture, gconstpointer kind)
{
  const guint n_folders = GPOINTER_TO_INT (kind) == DEVBOX_TREE_ENGINE_INOTIFY || g_test_slow () ? 10000 : 1000;
  g_autoptr (Watch) watch = NULL;
  gint64 begin;
  gsize before;

  watch_free (fixture_watch (fixture, "", RECURSIVE));
  for (guint i = 0; i < n_folders; i++)
    {
      g_autofree char *path = g_strdup_printf ("t%u/s%u", i / 100, i % 100);

      make_folders (fixture, path);
    }

  before = get_resident_size ();
  begin = g_get_monotonic_time ();
  watch = fixture_watch_unready (fixture, "", RECURSIVE);
  watch_wait_ready (watch);
  g_assert_no_error (watch->error);
  g_assert_cmpuint (devbox_tree_watcher_get_n_watched_folders (fixture->watcher), ==, 1 + n_folders / 100 + n_folders);
  g_test_message ("%u folders: ready in %" G_GINT64_FORMAT " ms, %" G_GSIZE_FORMAT " bytes each", n_folders,
                  (g_get_monotonic_time () - begin) / 1000, (get_resident_size () - before) / n_folders);
  write_file (fixture, "t7/s77/f", "");
  watch_expect (watch, "created t7/s77/f");
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

  ADD ("bursts", test_bursts);
  ADD ("slow-reader", test_slow_reader);
  g_test_add ("/watch/inotify/kernel-overflow", Fixture, GINT_TO_POINTER (DEVBOX_TREE_ENGINE_INOTIFY), fixture_set_up,
              test_kernel_overflow, fixture_tear_down);
  g_test_add ("/watch/inotify/broken-engine", Fixture, GINT_TO_POINTER (DEVBOX_TREE_ENGINE_INOTIFY), fixture_set_up,
              test_broken_engine, fixture_tear_down);
  ADD ("limit", test_limit);
  ADD ("no-instance", test_no_instance);
  ADD ("chaos", test_chaos);
  ADD ("churn", test_churn);
  ADD ("escape", test_escape);
  ADD ("escape-by-walk", test_escape_by_walk);
  ADD ("latency", test_latency);
  ADD ("many-folders", test_many_folders);

  return g_test_run ();
}
