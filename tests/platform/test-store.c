/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "store-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

static void
test_boxes (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxBoxRecord) first = make_box (1);
  g_autoptr (DevboxBoxRecord) second = make_box (2);
  g_autoptr (GPtrArray) records = NULL;

  put_box (fixture, first);
  put_box (fixture, second);
  first->goal = DEVBOX_BOX_GOAL_SHUTDOWN;
  put_box (fixture, first);

  store_fixture_reopen (fixture);
  records = load_boxes (fixture);
  g_assert_cmpuint (records->len, ==, 2);
  assert_equal_boxes (records->pdata[0], first);
  assert_equal_boxes (records->pdata[1], second);

  delete_box (fixture, first->uid);
  delete_box (fixture, first->uid);
  store_fixture_reopen (fixture);
  g_clear_pointer (&records, g_ptr_array_unref);
  records = load_boxes (fixture);
  g_assert_cmpuint (records->len, ==, 1);
  assert_equal_boxes (records->pdata[0], second);
}

static void
test_others (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxReleaseRecord) release = make_release (1);
  g_autoptr (DevboxUserRecord) user = make_user (1);
  g_autoptr (GPtrArray) releases = NULL;
  g_autoptr (GPtrArray) users = NULL;
  g_auto (Verdict) verdict = { 0 };

  devbox_store_put_release (fixture->store, release, verdict_set, &verdict);
  devbox_store_put_user (fixture->store, user, verdict_set, &verdict);
  verdict_wait (&verdict, 2);
  g_assert_no_error (verdict.error);
  store_fixture_reopen (fixture);

  releases = devbox_store_load_releases (fixture->store, NULL);
  users = devbox_store_load_users (fixture->store, NULL);
  g_assert_cmpuint (releases->len, ==, 1);
  g_assert_cmpstr (((DevboxReleaseRecord *) releases->pdata[0])->tag, ==, release->tag);
  g_assert_cmpuint (users->len, ==, 1);
  g_assert_cmpstr (((DevboxUserRecord *) users->pdata[0])->token_digest, ==, user->token_digest);

  devbox_store_delete_release (fixture->store, release->uid, verdict_set, &verdict);
  devbox_store_delete_user (fixture->store, user->name, verdict_set, &verdict);
  verdict_wait (&verdict, 4);
  g_clear_pointer (&releases, g_ptr_array_unref);
  g_clear_pointer (&users, g_ptr_array_unref);
  releases = devbox_store_load_releases (fixture->store, NULL);
  users = devbox_store_load_users (fixture->store, NULL);
  g_assert_cmpuint (releases->len + users->len, ==, 0);
}

typedef struct
{
  guint *n_told;
  guint expected;
} Turn;

static void
check_turn (const GError *error, gpointer user_data)
{
  g_autofree Turn *turn = user_data;

  g_assert_no_error (error);
  g_assert_cmpuint ((*turn->n_told)++, ==, turn->expected);
}

/* Of a thousand puts and deletes of the same boxes each is told in its turn, and the last ones count. */
static void
test_order (StoreFixture *fixture, gconstpointer data)
{
  const guint n_changes = 1000, n_boxes = 7;
  g_autoptr (GPtrArray) records = NULL;
  guint n_told = 0;

  for (guint i = 0; i < n_changes; i++)
    {
      g_autoptr (DevboxBoxRecord) record = make_box (i % n_boxes);
      Turn *turn = g_new (Turn, 1);

      *turn = (Turn){ &n_told, i };
      record->created = i;
      if (i % 3 == 0)
        devbox_store_delete_box (fixture->store, record->uid, check_turn, turn);
      else
        devbox_store_put_box (fixture->store, record, check_turn, turn);
    }
  while (n_told < n_changes)
    g_main_context_iteration (NULL, TRUE);

  records = load_boxes (fixture);
  for (guint i = 0; i < records->len; i++)
    {
      const DevboxBoxRecord *record = records->pdata[i];

      g_assert_cmpint (record->created, >=, n_changes - n_boxes);
      g_assert_cmpint (record->created % 3, !=, 0);
    }
  g_assert_cmpuint (records->len, ==, 4);
}

/* Freeing writes and tells what waits; what comes even then is refused. */
static void
put_again (const GError *error, gpointer user_data)
{
  StoreFixture *fixture = ((gpointer *) user_data)[0];
  Verdict *verdict = ((gpointer *) user_data)[1];
  g_autoptr (DevboxBoxRecord) record = make_box (500);

  g_assert_no_error (error);
  devbox_store_put_box (fixture->store, record, verdict_set, verdict);
}

static void
test_free_while_waiting (StoreFixture *fixture, gconstpointer data)
{
  g_auto (Verdict) verdict = { 0 }, late_verdict = { 0 };
  gpointer again[] = { fixture, &late_verdict };
  g_autoptr (DevboxBoxRecord) last = make_box (400);
  g_autoptr (GPtrArray) records = NULL;
  DevboxStore *store = fixture->store;

  for (guint i = 0; i < 400; i++)
    {
      g_autoptr (DevboxBoxRecord) record = make_box (i);

      devbox_store_put_box (store, record, verdict_set, &verdict);
    }
  devbox_store_put_box (store, last, put_again, again);
  g_assert_cmpuint (verdict.n_told, ==, 0);
  devbox_store_free (store);

  g_assert_cmpuint (verdict.n_told, ==, 400);
  g_assert_no_error (verdict.error);
  g_assert_cmpuint (late_verdict.n_told, ==, 1);
  assert_wire_error (late_verdict.error, DEVBOX_WIRE_SERVER_UNAVAILABLE);
  store_fixture_open (fixture);
  records = load_boxes (fixture);
  g_assert_cmpuint (records->len, ==, 401);
}

static void
test_unreadable_record (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxBoxRecord) record = make_box (1);
  g_auto (Verdict) verdict = { 0 };
  g_autoptr (GPtrArray) records = NULL;

  record->cpu = 0;
  devbox_store_put_box (fixture->store, record, verdict_set, &verdict);
  g_assert_cmpuint (verdict.n_told, ==, 0);
  verdict_wait (&verdict, 1);
  assert_wire_error (verdict.error, DEVBOX_WIRE_VALIDATION_ERROR);

  records = load_boxes (fixture);
  g_assert_cmpuint (records->len, ==, 0);

  g_test_expect_message ("DevboxServer", G_LOG_LEVEL_WARNING, "*could not be kept*cpu*");
  devbox_store_put_box (fixture->store, record, NULL, NULL);
  store_fixture_close (fixture);
  g_test_assert_expected_messages ();
}

/* A thousand that are put at once wait for the disk a few times only. */
static void
test_speed (StoreFixture *fixture, gconstpointer data)
{
  g_auto (Verdict) verdict = { 0 };
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (DevboxBoxRecord) record = make_box (i);

      devbox_store_put_box (fixture->store, record, verdict_set, &verdict);
    }
  g_test_message ("1,000 puts take %.1f ms of the caller", (g_get_monotonic_time () - begin) / 1000.0);
  verdict_wait (&verdict, 1000);
  g_test_message ("1,000 puts are told after %.1f ms", (g_get_monotonic_time () - begin) / 1000.0);

  begin = g_get_monotonic_time ();
  store_fixture_reopen (fixture);
  g_ptr_array_unref (load_boxes (fixture));
  g_test_message ("closed, opened and loaded in %.1f ms", (g_get_monotonic_time () - begin) / 1000.0);
}

static void
assert_mode (StoreFixture *fixture, const char *name)
{
  g_autofree char *path = store_fixture_get_path (fixture, name);
  struct stat status;

  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmphex (status.st_mode & 07777, ==, 0600);
}

static void
test_modes (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxBoxRecord) record = make_box (1);
  g_autofree char *path = store_fixture_get_path (fixture, "state.sqlite");

  put_box (fixture, record);
  assert_mode (fixture, "state.sqlite");
  assert_mode (fixture, "state.sqlite-wal");
  assert_mode (fixture, "state.sqlite-shm");
  assert_mode (fixture, "lock");

  store_fixture_close (fixture);
  g_assert_cmpint (chmod (path, 0644), ==, 0);
  store_fixture_open (fixture);
  assert_mode (fixture, "state.sqlite");
}

static void
assert_cannot_open (StoreFixture *fixture, DevboxWireCode code, const char *part)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_store_new (fixture->folder, &error));
  assert_wire_error (error, code);
  g_test_message ("%s", error->message);
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” is not in: %s", part, error->message);
}

static void
test_two_stores (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr (GSubprocess) other = NULL;
  g_autoptr (GError) error = NULL;

  assert_cannot_open (fixture, DEVBOX_WIRE_CONFLICT, fixture->folder);

  other = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, g_get_prgname (), "--open", fixture->folder, NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait (other, NULL, NULL));
  g_assert_cmpint (g_subprocess_get_exit_status (other), ==, DEVBOX_WIRE_CONFLICT);

  store_fixture_reopen (fixture);
}

/* The files of a database as they are, by name. */
static void
assert_left_alone (StoreFixture *fixture, DevboxWireCode code, const char *part)
{
  static const char *const names[] = { "state.sqlite", "state.sqlite-wal" };
  char *before[G_N_ELEMENTS (names)] = { NULL };
  gsize sizes[G_N_ELEMENTS (names)] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = store_fixture_get_path (fixture, names[i]);

      g_file_get_contents (path, &before[i], &sizes[i], NULL);
    }
  assert_cannot_open (fixture, code, part);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = store_fixture_get_path (fixture, names[i]);
      g_autofree char *after = NULL;
      gsize size = 0;

      g_file_get_contents (path, &after, &size, NULL);
      g_assert_cmpmem (before[i], sizes[i], after, size);
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_free (before[i]);
}

static void
put_content (StoreFixture *fixture, const char *content, gssize size)
{
  g_autofree char *path = store_fixture_get_path (fixture, "state.sqlite");
  g_autoptr (GError) error = NULL;

  store_fixture_close (fixture);
  g_file_set_contents (path, content, size, &error);
  g_assert_no_error (error);
}

static void
test_no_database (StoreFixture *fixture, gconstpointer data)
{
  put_content (fixture, "this is a text, and none of the shortest, so that it fills more than the header of a database",
               -1);
  assert_left_alone (fixture, DEVBOX_WIRE_INTERNAL_ERROR, "damaged");
}

static void
test_empty_file (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxBoxRecord) record = make_box (1);

  put_content (fixture, "", 0);
  store_fixture_open (fixture);
  put_box (fixture, record);
}

static void
test_foreign (StoreFixture *fixture, gconstpointer data)
{
  put_content (fixture, "", 0);
  store_fixture_execute (fixture, "CREATE TABLE notes (text)");
  assert_left_alone (fixture, DEVBOX_WIRE_INTERNAL_ERROR, "another program");
}

static void
test_newer (StoreFixture *fixture, gconstpointer data)
{
  store_fixture_close (fixture);
  store_fixture_execute (fixture, "PRAGMA user_version = 2");
  assert_left_alone (fixture, DEVBOX_WIRE_INTERNAL_ERROR, "newer");
}

static void
test_missing_table (StoreFixture *fixture, gconstpointer data)
{
  store_fixture_close (fixture);
  store_fixture_execute (fixture, "DROP TABLE users");
  assert_left_alone (fixture, DEVBOX_WIRE_INTERNAL_ERROR, "damaged");
}

static void
test_damaged_row (StoreFixture *fixture, gconstpointer data)
{
  static const char *const changes[] = {
    "UPDATE boxes SET record = substr (record, 1, 100)",
    "UPDATE boxes SET record = ''",
    "UPDATE boxes SET record = json_set (record, '$.uid', '00000000000000ff')",
    "UPDATE boxes SET key = '../../x'",
  };

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr (DevboxBoxRecord) record = make_box (1);
      g_autoptr (GError) error = NULL;

      put_box (fixture, record);
      store_fixture_close (fixture);
      store_fixture_execute (fixture, changes[i]);
      store_fixture_open (fixture);
      g_assert_null (devbox_store_load_boxes (fixture->store, &error));
      assert_wire_error (error, DEVBOX_WIRE_INTERNAL_ERROR);
      g_test_message ("%s", error->message);
      g_assert_null (strstr (error->message, record->token));

      store_fixture_close (fixture);
      store_fixture_execute (fixture, "DELETE FROM boxes");
      store_fixture_open (fixture);
    }
}

/* Overwritten in its middle: it is refused, or what is read is right. */
static void
test_damaged_pages (StoreFixture *fixture, gconstpointer data)
{
  g_autofree char *path = store_fixture_get_path (fixture, "state.sqlite");
  g_autofree char *content = NULL;
  guint n_refused = 0;
  gsize size;

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (DevboxBoxRecord) record = make_box (i);

      devbox_store_put_box (fixture->store, record, NULL, NULL);
    }
  store_fixture_close (fixture);
  g_assert_true (g_file_get_contents (path, &content, &size, NULL));

  for (gsize offset = 0; offset + 4096 <= size; offset += 4096)
    {
      g_autofree char *damaged = g_memdup2 (content, size);
      g_autoptr (DevboxStore) store = NULL;
      g_autoptr (GPtrArray) records = NULL;
      g_autoptr (GError) error = NULL;

      memset (damaged + offset, 0x5a, 512);
      g_assert_true (g_file_set_contents (path, damaged, size, NULL));
      store = devbox_store_new (fixture->folder, &error);
      if (store != NULL)
        records = devbox_store_load_boxes (store, &error);
      if (records == NULL)
        {
          assert_wire_error (error, DEVBOX_WIRE_INTERNAL_ERROR);
          n_refused++;
        }
      else
        {
          /* It was a page of the samples, or of what was deleted. */
          g_assert_cmpuint (records->len, ==, 200);
          assert_equal_boxes (records->pdata[7], records->pdata[7]);
        }
    }
  g_assert_cmpuint (n_refused, >, size / 4096 / 2);
}

static void
test_unusable_folder (StoreFixture *fixture, gconstpointer data)
{
  g_autofree char *path = store_fixture_get_path (fixture, "state.sqlite");
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_store_new ("/nonexistent/folder", &error));
  assert_wire_error (error, DEVBOX_WIRE_FILE_NOT_FOUND);

  store_fixture_close (fixture);
  g_assert_cmpint (unlink (path), ==, 0);
  g_assert_cmpint (mkdir (path, 0700), ==, 0);
  g_clear_error (&error);
  g_assert_null (devbox_store_new (fixture->folder, &error));
  assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_cmpint (rmdir (path), ==, 0);

  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  g_clear_error (&error);
  g_assert_null (devbox_store_new (fixture->folder, &error));
  assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
  g_assert_cmpint (unlink (path), ==, 0);

  g_assert_cmpint (symlink ("/etc/passwd", path), ==, 0);
  g_clear_error (&error);
  g_assert_null (devbox_store_new (fixture->folder, &error));
  assert_wire_error (error, DEVBOX_WIRE_PATH_TRAVERSAL_DETECTED);
}

/* Puts until one is refused; returns how many were kept. */
static guint
fill (StoreFixture *fixture)
{
  for (guint i = 0; i < 100000; i++)
    {
      g_autoptr (DevboxBoxRecord) record = make_box (i);
      g_auto (Verdict) verdict = { 0 };

      devbox_store_put_box (fixture->store, record, verdict_set, &verdict);
      verdict_wait (&verdict, 1);
      if (verdict.error != NULL)
        {
          assert_wire_error (verdict.error, DEVBOX_WIRE_DISK_FULL);
          return i;
        }
    }
  g_assert_not_reached ();
}

static void
assert_kept (StoreFixture *fixture, guint n_kept)
{
  g_autoptr (GPtrArray) records = load_boxes (fixture);

  g_assert_cmpuint (records->len, ==, n_kept);
  for (guint i = 0; i < n_kept; i++)
    {
      g_autoptr (DevboxBoxRecord) expected = make_box (i);
      const DevboxBoxRecord *record = records->pdata[i];

      g_assert_cmpstr (record->name, ==, expected->name);
      g_assert_cmpint (record->created, ==, expected->created);
    }
}

static void
test_file_size_limit (StoreFixture *fixture, gconstpointer data)
{
  struct rlimit old_limit, limit;
  g_autoptr (DevboxBoxRecord) record = NULL;
  guint n_kept;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old_limit), ==, 0);
  limit = (struct rlimit){ 300 * 1024, old_limit.rlim_max };
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  n_kept = fill (fixture);
  g_assert_cmpuint (n_kept, >, 10);
  assert_kept (fixture, n_kept);
  store_fixture_reopen (fixture);
  assert_kept (fixture, n_kept);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old_limit), ==, 0);

  record = make_box (n_kept);
  put_box (fixture, record);
  assert_kept (fixture, n_kept + 1);
}

static void
test_disk_full (StoreFixture *fixture, gconstpointer data)
{
  g_autofree char *filler = store_fixture_get_path (fixture, "filler");
  static const char page[4096];
  guint n_kept;
  int fd;

  store_fixture_close (fixture);
  mount_small (fixture->folder, "size=1m");
  store_fixture_open (fixture);
  fd = open (filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (write (fd, page, sizeof page), ==, sizeof page);

  n_kept = fill (fixture);
  assert_kept (fixture, n_kept);
  store_fixture_reopen (fixture);
  assert_kept (fixture, n_kept);

  g_assert_cmpint (ftruncate (fd, 0), ==, 0);
  close (fd);
  {
    g_autoptr (DevboxBoxRecord) record = make_box (n_kept);

    put_box (fixture, record);
  }
  assert_kept (fixture, n_kept + 1);
  store_fixture_close (fixture);
  g_assert_cmpint (umount2 (fixture->folder, MNT_DETACH), ==, 0);
}

/* Opens the store of a folder; the exit status is the code of the error. */
static int
open_and_leave (const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxStore) store = devbox_store_new (folder, &error);

  return store != NULL ? 0 : error->code;
}

#define ADD(path, func) g_test_add (path, StoreFixture, NULL, store_fixture_set_up, func, store_fixture_tear_down)

int
main (int argc, char *argv[])
{
  gboolean may_mount;

  if (argc == 3 && strcmp (argv[1], "--open") == 0)
    return open_and_leave (argv[2]);

  g_set_prgname (argv[0]);
  may_mount = workspace_enter_mount_namespace ();
  signal (SIGXFSZ, SIG_IGN);
  g_test_init (&argc, &argv, NULL);

  ADD ("/store/boxes", test_boxes);
  ADD ("/store/others", test_others);
  ADD ("/store/order", test_order);
  ADD ("/store/free-while-waiting", test_free_while_waiting);
  ADD ("/store/unreadable-record", test_unreadable_record);
  ADD ("/store/speed", test_speed);
  ADD ("/store/modes", test_modes);
  ADD ("/store/two-stores", test_two_stores);
  ADD ("/store/no-database", test_no_database);
  ADD ("/store/empty-file", test_empty_file);
  ADD ("/store/foreign", test_foreign);
  ADD ("/store/newer", test_newer);
  ADD ("/store/missing-table", test_missing_table);
  ADD ("/store/damaged-row", test_damaged_row);
  ADD ("/store/damaged-pages", test_damaged_pages);
  ADD ("/store/unusable-folder", test_unusable_folder);
  ADD ("/store/file-size-limit", test_file_size_limit);
  if (may_mount)
    ADD ("/store/disk-full", test_disk_full);
  else
    g_test_message ("No mount namespace is to be had here: only the limit of file size is tested");

  return g_test_run ();
}
