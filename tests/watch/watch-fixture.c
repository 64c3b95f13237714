/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "watch-fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static const char *const type_names[] = { "created", "changed", "deleted", "renamed", "overflow", "ended" };

void
fixture_set_up (Fixture *fixture, gconstpointer kind)
{
  /* In memory where there is such a place: some tests make tens of thousands of files. */
  g_autofree char *base = g_strdup ("/dev/shm/devbox-watch-XXXXXX");

  if (g_getenv ("TMPDIR") != NULL || g_mkdtemp (base) == NULL)
    {
      g_autoptr (GError) error = NULL;

      g_free (base);
      base = g_dir_make_tmp ("devbox-watch-XXXXXX", &error);
      g_assert_no_error (error);
    }
  fixture->path = g_build_filename (base, "workspace", NULL);
  fixture->outside = g_build_filename (base, "outside", NULL);
  g_assert_cmpint (g_mkdir (fixture->path, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (fixture->outside, 0700), ==, 0);
  fixture->fd = open (fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (fixture->fd, >=, 0);
  fixture->watcher = devbox_tree_watcher_new (fixture->fd, GPOINTER_TO_INT (kind));
}

void
fixture_tear_down (Fixture *fixture, gconstpointer kind)
{
  g_autofree char *base = g_path_get_dirname (fixture->path);

  devbox_tree_watcher_unref (fixture->watcher);
  close (fixture->fd);
  remove_tree (base);
  g_free (fixture->path);
  g_free (fixture->outside);
  wait_until (count_threads ("devbox-watch") == 0);
}

static gboolean
is_at_or_below (const char *path, const char *folder)
{
  gsize length = strlen (folder);

  return g_str_has_prefix (path, folder) && (path[length] == '\0' || path[length] == '/' || length == 0);
}

/* Takes path and all below it out of known; into moved, under another name, if that is wanted. */
static void
forget (Watch *watch, const char *path, const char *new_path)
{
  g_autoptr (GPtrArray) moved = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, watch->known);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (is_at_or_below (name, path))
      {
        if (new_path != NULL)
          g_ptr_array_add (moved, g_strconcat (new_path, (char *) name + strlen (path), NULL));
        g_hash_table_iter_remove (&iter);
      }
  while (moved->len > 0)
    g_hash_table_add (watch->known, g_ptr_array_steal_index (moved, moved->len - 1));
}

static void
scan (GHashTable *known, const char *base, const char *relative)
{
  g_autofree char *path = g_build_filename (base, relative, NULL);
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      char *child = *relative != '\0' ? g_build_filename (relative, name, NULL) : g_strdup (name);
      g_autofree char *full = g_build_filename (base, child, NULL);

      g_hash_table_add (known, child);
      if (g_file_test (full, G_FILE_TEST_IS_DIR) && !g_file_test (full, G_FILE_TEST_IS_SYMLINK))
        scan (known, base, child);
    }
}

static void
rescan (Watch *watch, const char *path)
{
  forget (watch, path, NULL);
  if (*path != '\0')
    g_hash_table_add (watch->known, g_strdup (path)); /* if it is gone, that is told next */
  scan (watch->known, watch->fixture->path, path);
}

static void
follow (Watch *watch, const DevboxTreeEvent *event)
{
  switch (event->type)
    {
    case DEVBOX_TREE_EVENT_CREATED:
      g_hash_table_add (watch->known, g_strdup (event->path));
      break;
    case DEVBOX_TREE_EVENT_DELETED:
      if (event->is_dir)
        forget (watch, event->path, NULL);
      else
        g_hash_table_remove (watch->known, event->path);
      break;
    case DEVBOX_TREE_EVENT_RENAMED:
      if (event->is_dir)
        {
          forget (watch, event->old_path, event->path);
          /* A rescan may have seen what came after this move: then what it moves along is wrong. */
          if (watch->n_overflows > 0)
            rescan (watch, event->path);
          break;
        }
      g_hash_table_remove (watch->known, event->old_path);
      g_hash_table_add (watch->known, g_strdup (event->path));
      break;
    case DEVBOX_TREE_EVENT_OVERFLOW:
      watch->n_overflows++;
      rescan (watch, event->path);
      break;
    case DEVBOX_TREE_EVENT_ENDED:
      watch->ended = TRUE;
      break;
    case DEVBOX_TREE_EVENT_CHANGED:
    default:
      break;
    }
}

static void
events_cb (const DevboxTreeEvent *events, guint n_events, gpointer user_data)
{
  Watch *watch = user_data;

  g_assert_true (watch->ready);
  g_assert_cmpuint (n_events, >, 0);
  watch->n_batches++;
  watch->event_time = g_get_monotonic_time ();
  for (guint i = 0; i < n_events; i++)
    {
      g_assert_false (watch->ended);
      g_assert_cmpint (events[i].time, >, 0);
      g_assert_true ((events[i].old_path != NULL) == (events[i].type == DEVBOX_TREE_EVENT_RENAMED));
      g_ptr_array_add (watch->log,
                       g_strconcat (type_names[events[i].type], " ", events[i].path,
                                    events[i].old_path != NULL ? " from " : NULL, events[i].old_path, NULL));
      follow (watch, &events[i]);
    }

  if (watch->cancel_at_event)
    devbox_tree_watch_cancel (g_steal_pointer (&watch->watch));
}

static void
ready_cb (const GError *error, gpointer user_data)
{
  Watch *watch = user_data;

  g_assert_false (watch->ready);
  g_assert_cmpuint (watch->n_batches, ==, 0);
  watch->ready = TRUE;
  if (error != NULL)
    watch->error = g_error_copy (error);
}

Watch *
fixture_watch_unready (Fixture *fixture, const char *path, DevboxTreeWatchFlags flags)
{
  Watch *watch = g_new0 (Watch, 1);

  watch->fixture = fixture;
  watch->path = g_strdup (path);
  watch->log = g_ptr_array_new_with_free_func (g_free);
  watch->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  watch->watch = devbox_tree_watcher_watch (fixture->watcher, path, flags, NULL, ready_cb, events_cb, watch, NULL);

  return watch;
}

void
watch_wait_ready (Watch *watch)
{
  wait_until (watch->ready);
}

Watch *
fixture_watch (Fixture *fixture, const char *path, DevboxTreeWatchFlags flags)
{
  Watch *watch = fixture_watch_unready (fixture, path, flags);

  watch_wait_ready (watch);
  g_assert_no_error (watch->error);
  scan (watch->known, fixture->path, path);

  return watch;
}

void
watch_free (Watch *watch)
{
  g_clear_pointer (&watch->watch, devbox_tree_watch_cancel);
  g_clear_error (&watch->error);
  g_ptr_array_unref (watch->log);
  g_hash_table_unref (watch->known);
  g_free (watch->path);
  g_free (watch);
}

guint
watch_count (Watch *watch, const char *line)
{
  guint n = 0;

  for (guint i = 0; i < watch->log->len; i++)
    n += g_str_equal (g_ptr_array_index (watch->log, i), line);

  return n;
}

gboolean
watch_has (Watch *watch, const char *line)
{
  return watch_count (watch, line) > 0;
}

void
watch_expect (Watch *watch, const char *line)
{
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  while (!watch_has (watch, line))
    {
      if (g_get_monotonic_time () > end)
        {
          for (guint i = 0; i < watch->log->len; i++)
            g_test_message ("got: %s", (char *) g_ptr_array_index (watch->log, i));
          g_test_message ("expected: %s", line);
          g_assert_not_reached ();
        }
      wait_turn ();
    }
}

void
watch_clear (Watch *watch)
{
  g_ptr_array_set_size (watch->log, 0);
}

/* FALSE: an overflow came, which may stand for it. */
static gboolean
expect_line_or_overflow (Watch *watch, const char *line)
{
  guint n_overflows = watch->n_overflows;
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  while (!watch_has (watch, line) && watch->n_overflows == n_overflows && g_get_monotonic_time () < end)
    wait_turn ();

  return watch->n_overflows == n_overflows;
}

void
watch_settle (Watch *watch)
{
  static guint serial;
  gboolean is_settled = FALSE;

  while (!is_settled)
    {
      g_autofree char *name = g_strdup_printf ("settled-%u", serial++);
      g_autofree char *path = *watch->path != '\0' ? g_build_filename (watch->path, name, NULL) : g_strdup (name);
      g_autofree char *line = g_strconcat ("created ", path, NULL);

      write_file (watch->fixture, path, "");
      is_settled = expect_line_or_overflow (watch, line);
      if (is_settled)
        watch_expect (watch, line);
      remove_file (watch->fixture, path);
      wait_ms (30);
    }
}

static gboolean
same_set (GHashTable *a, GHashTable *b)
{
  GHashTableIter iter;
  gpointer name;

  if (g_hash_table_size (a) != g_hash_table_size (b))
    return FALSE;

  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_hash_table_contains (b, name))
      return FALSE;

  return TRUE;
}

static void
complain (GHashTable *a, GHashTable *b, const char *what)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_hash_table_contains (b, name))
      g_test_message ("%s: %s", what, (char *) name);
}

void
watch_expect_true_picture (Watch *watch)
{
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  g_autoptr (GHashTable) disk = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  scan (disk, watch->fixture->path, watch->path);
  while (!same_set (disk, watch->known))
    {
      if (g_get_monotonic_time () > end)
        {
          complain (disk, watch->known, "missed");
          complain (watch->known, disk, "invented");
          for (guint i = watch->log->len > 80 ? watch->log->len - 80 : 0; i < watch->log->len; i++)
            g_test_message ("told: %s", (char *) g_ptr_array_index (watch->log, i));
          g_assert_not_reached ();
        }
      wait_turn ();
    }
}

char *
below (Fixture *fixture, const char *path)
{
  return g_build_filename (fixture->path, path, NULL);
}

void
make_folders (Fixture *fixture, const char *path)
{
  g_autofree char *full = below (fixture, path);

  g_assert_cmpint (g_mkdir_with_parents (full, 0700), ==, 0);
}

static void
put (Fixture *fixture, const char *path, const char *content, int flags)
{
  g_autofree char *full = below (fixture, path);
  int fd = open (full, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, content, strlen (content)), ==, strlen (content));
  close (fd);
}

void
write_file (Fixture *fixture, const char *path, const char *content)
{
  put (fixture, path, content, 0);
}

void
append_file (Fixture *fixture, const char *path, const char *content)
{
  put (fixture, path, content, O_APPEND);
}

void
rename_file (Fixture *fixture, const char *from, const char *to)
{
  g_autofree char *full_from = below (fixture, from);
  g_autofree char *full_to = below (fixture, to);

  g_assert_cmpint (g_rename (full_from, full_to), ==, 0);
}

void
remove_file (Fixture *fixture, const char *path)
{
  g_autofree char *full = below (fixture, path);

  g_assert_cmpint (g_remove (full), ==, 0);
}

static int
remove_cb (const char *path, const struct stat *status, int flag, struct FTW *walk)
{
  return remove (path);
}

void
remove_tree (const char *path)
{
  nftw (path, remove_cb, 16, FTW_DEPTH | FTW_PHYS);
}

void
wait_turn (void)
{
  if (!g_main_context_iteration (NULL, FALSE))
    g_usleep (200);
}

void
wait_ms (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  while (g_get_monotonic_time () < end)
    wait_turn ();
}

guint
count_threads (const char *name)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const char *id;
  guint n = 0;

  while ((id = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", id, "comm", NULL);
      g_autofree char *comm = NULL;

      if (g_file_get_contents (path, &comm, NULL, NULL) && g_str_equal (g_strstrip (comm), name))
        n++;
    }

  return n;
}

guint
count_descriptors (void)
{
  g_autoptr (GDir) descriptors = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (descriptors) != NULL)
    n++;

  return n;
}

gsize
get_resident_size (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  fields = g_strsplit (text, " ", 3);

  return g_ascii_strtoull (fields[1], NULL, 10) * sysconf (_SC_PAGESIZE);
}

/* The address sanitizer and Valgrind do. */
gboolean
keeps_freed_memory (void)
{
#if defined(__SANITIZE_ADDRESS__)
  return TRUE;
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer)
  return TRUE;
#  endif
#endif
  return g_getenv ("LD_PRELOAD") != NULL && strstr (g_getenv ("LD_PRELOAD"), "vgpreload") != NULL;
}
