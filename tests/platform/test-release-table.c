/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-box-inner-private.h"
#include "devbox-release-table-private.h"
#include "store-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A box with a workspace in the data folder of a store, and the table of its releases. */
typedef struct
{
  StoreFixture store;
  DevboxWorkers *workers;
  DevboxReleaseTable *table;
  DevboxBoxHost host;
  DevboxBox *box;
} Fixture;

typedef struct
{
  guint n_told;
  char *uid; /* of the release that was told */
  gboolean is_complete;
  GError *error;
} Answer;

static void
answer_clear (Answer *self)
{
  g_clear_pointer (&self->uid, g_free);
  g_clear_error (&self->error);
  self->n_told = 0;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static void
on_answer (const DevboxReleaseRecord *release, const GError *error, gpointer user_data)
{
  Answer *answer = user_data;

  g_assert_true ((release == NULL) == (error != NULL));
  answer->n_told++;
  answer->uid = release != NULL ? g_strdup (release->uid) : NULL;
  answer->is_complete = release != NULL && release->is_complete;
  answer->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
wait_for (Answer *answer)
{
  while (answer->n_told == 0)
    g_main_context_iteration (NULL, TRUE);
}

static char *
get_path (Fixture *fixture, const char *path)
{
  return g_build_filename (fixture->store.folder, path, NULL);
}

static char *
get_box_path (Fixture *fixture, const char *path)
{
  return g_build_filename (fixture->store.folder, "boxes", devbox_box_get_record (fixture->box)->uid, path, NULL);
}

static void
put (Fixture *fixture, const char *name, const char *content)
{
  g_autofree char *path = get_box_path (fixture, name);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents_full (path, content, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
}

/* Sorted, as "a b". */
static char *
list_folder (Fixture *fixture, const char *name)
{
  g_autofree char *path = get_path (fixture, name);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *entry;

  while ((entry = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (entry));
  g_ptr_array_add (names, NULL);

  return g_strjoinv (" ", (char **) names->pdata);
}

static void
assert_folder (Fixture *fixture, const char *name, const char *expected)
{
  g_autofree char *names = list_folder (fixture, name);

  g_assert_cmpstr (names, ==, expected);
}

static void
open_table (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->workers = devbox_workers_new (2, 16);
  fixture->table = devbox_release_table_new (fixture->store.store, fixture->workers, fixture->store.folder, &error);
  g_assert_no_error (error);
}

static void
close_table (Fixture *fixture)
{
  g_clear_pointer (&fixture->workers, devbox_workers_free);
  g_clear_pointer (&fixture->table, devbox_release_table_free);
}

/* As a platform that was killed and started again */
static void
restart (Fixture *fixture)
{
  close_table (fixture);
  store_fixture_reopen (&fixture->store);
  open_table (fixture);
}

static DevboxBox *
make_a_box (Fixture *fixture, gboolean is_provisioned)
{
  DevboxBoxRecord *record = make_box (1);

  record->is_provisioned = is_provisioned;
  record->goal = DEVBOX_BOX_GOAL_RUNNING;

  return devbox_box_new (&fixture->host, record, TRUE, NULL, NULL);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  store_fixture_set_up (&fixture->store, NULL);
  fixture->box = make_a_box (fixture, TRUE);
  put (fixture, "workspace/folder/file", "content");
  open_table (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  close_table (fixture);
  devbox_box_unref (fixture->box);
  store_fixture_tear_down (&fixture->store, NULL);
}

static void
ask (Fixture *fixture, const char *tag, Answer *answer)
{
  devbox_release_table_create (fixture->table, fixture->box, tag, "for the test", on_answer, answer);
}

static const DevboxReleaseRecord *
lookup (Fixture *fixture, const char *tag)
{
  const DevboxBoxRecord *box = devbox_box_get_record (fixture->box);

  return devbox_release_table_lookup (fixture->table, box->owner, box->name, tag, NULL);
}

/* Complete, or with a reason */
static const DevboxReleaseRecord *
wait_until_settled (Fixture *fixture, const char *tag)
{
  const DevboxReleaseRecord *record = lookup (fixture, tag);

  while (!record->is_complete && record->reason == NULL)
    g_main_context_iteration (NULL, TRUE);

  return record;
}

/* Transfer full: the uid. */
static char *
make_one (Fixture *fixture, const char *tag)
{
  g_auto (Answer) answer = { 0 };

  ask (fixture, tag, &answer);
  wait_for (&answer);
  g_assert_no_error (answer.error);
  g_assert_false (answer.is_complete);
  g_assert_true (wait_until_settled (fixture, tag)->is_complete);

  return g_steal_pointer (&answer.uid);
}

static void
remove_one (Fixture *fixture, const char *tag, Answer *answer)
{
  const DevboxBoxRecord *box = devbox_box_get_record (fixture->box);

  devbox_release_table_remove (fixture->table, box->owner, box->name, tag, on_answer, answer);
}

static gboolean
seed (Fixture *fixture, const char *uid, const char *name, GError **error)
{
  g_autofree char *path = get_path (fixture, name);
  devbox_auto_descriptor int fd = -1;

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  return devbox_release_table_seed (fixture->table, uid, fd, NULL, error);
}

static void
assert_refused (Fixture *fixture, const char *tag, DevboxWireCode code)
{
  g_auto (Answer) answer = { 0 };

  ask (fixture, tag, &answer);
  wait_for (&answer);
  assert_wire_error (answer.error, code);
}

static void
assert_not_seeded (Fixture *fixture, const char *uid, DevboxWireCode code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (seed (fixture, uid, "not-seeded", &error));
  assert_wire_error (error, code);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_life (Fixture *fixture, gconstpointer data)
{
  const DevboxBoxRecord *box = devbox_box_get_record (fixture->box);
  g_autofree char *uid = make_one (fixture, "v1.0");
  g_autofree char *second = make_one (fixture, "v1.1");
  g_autofree char *path = get_path (fixture, "seeded/folder/file");
  g_autofree char *content = NULL;
  g_autoptr (GPtrArray) own = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GPtrArray) foreign = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (Answer) answer = { 0 };
  const DevboxReleaseRecord *record = lookup (fixture, "v1.0");

  g_assert_cmpstr (record->uid, ==, uid);
  g_assert_cmpstr (record->owner, ==, box->owner);
  g_assert_cmpstr (record->runtime, ==, box->runtime);
  g_assert_cmpstr (record->description, ==, "for the test");
  g_assert_true (devbox_release_table_lookup_uid (fixture->table, uid) == record);
  own = devbox_release_table_list (fixture->table, box->owner, box->name);
  g_assert_cmpuint (own->len, ==, 2);
  g_assert_cmpstr (((DevboxReleaseRecord *) own->pdata[0])->tag, ==, "v1.1");
  all = devbox_release_table_list (fixture->table, box->owner, NULL);
  g_assert_cmpuint (all->len, ==, 2);
  foreign = devbox_release_table_list (fixture->table, "ns-somebody", NULL);
  g_assert_cmpuint (foreign->len, ==, 0);
  g_assert_null (devbox_release_table_lookup (fixture->table, "ns-somebody", box->name, "v1.0", &error));
  assert_wire_error (error, DEVBOX_WIRE_FILE_NOT_FOUND);
  g_clear_error (&error);

  /* A release stays as it was made. */
  put (fixture, "workspace/folder/file", "changed");
  g_assert_true (seed (fixture, uid, "seeded", &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "content");
  assert_folder (fixture, "incoming", "");

  remove_one (fixture, "v1.0", &answer);
  g_assert_null (lookup (fixture, "v1.0"));
  wait_for (&answer);
  g_assert_no_error (answer.error);
  g_assert_cmpstr (answer.uid, ==, uid);
  assert_folder (fixture, "releases", second);
  assert_not_seeded (fixture, uid, DEVBOX_WIRE_FILE_NOT_FOUND, "no such release");
  answer_clear (&answer);
  remove_one (fixture, "v1.0", &answer);
  wait_for (&answer);
  assert_wire_error (answer.error, DEVBOX_WIRE_FILE_NOT_FOUND);

  restart (fixture);
  g_assert_null (lookup (fixture, "v1.0"));
  g_assert_true (lookup (fixture, "v1.1")->is_complete);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  const char *const tags[] = { "", ".a", "-a", "a/b", "a b", "ä", "a\n" };
  g_autofree char *long_tag = g_strnfill (64, 'a');
  g_autofree char *longest_tag = g_strnfill (63, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    assert_refused (fixture, tags[i], DEVBOX_WIRE_VALIDATION_ERROR);
  assert_refused (fixture, long_tag, DEVBOX_WIRE_VALIDATION_ERROR);
  g_free (make_one (fixture, longest_tag));
  assert_refused (fixture, longest_tag, DEVBOX_WIRE_CONFLICT);

  /* A description is the store's to refuse, and leaves nothing behind. */
  {
    g_autofree char *long_text = g_strnfill (DEVBOX_RELEASE_MAX_DESCRIPTION + 1, 'a');
    g_auto (Answer) answer = { 0 };

    devbox_release_table_create (fixture->table, fixture->box, "described", long_text, on_answer, &answer);
    wait_for (&answer);
    assert_wire_error (answer.error, DEVBOX_WIRE_VALIDATION_ERROR);
    g_assert_null (lookup (fixture, "described"));
  }

  devbox_box_unref (fixture->box);
  fixture->box = make_a_box (fixture, FALSE);
  assert_refused (fixture, "v1", DEVBOX_WIRE_CONFLICT);
}

/* Two at the same time, and one that is asked for again and removed before it is made */
static void
test_at_once (Fixture *fixture, gconstpointer data)
{
  g_auto (Answer) first = { 0 };
  g_auto (Answer) second = { 0 };
  g_auto (Answer) removed = { 0 };

  ask (fixture, "v1", &first);
  ask (fixture, "v1", &second);
  remove_one (fixture, "v1", &removed);
  assert_refused (fixture, "v1", DEVBOX_WIRE_CONFLICT);
  wait_for (&first);
  wait_for (&second);
  wait_for (&removed);
  g_assert_no_error (first.error);
  assert_wire_error (second.error, DEVBOX_WIRE_CONFLICT);
  g_assert_no_error (removed.error);
  g_free (make_one (fixture, "v1"));
}

static void
test_many (Fixture *fixture, gconstpointer data)
{
  const DevboxBoxRecord *box = devbox_box_get_record (fixture->box);
  g_auto (Verdict) verdict = { 0 };

  for (guint i = 0; i < DEVBOX_RELEASE_TABLE_MAX; i++)
    {
      g_autoptr (DevboxReleaseRecord) record = make_release (i + 1);

      g_free (record->owner);
      record->owner = g_strdup (box->owner);
      g_clear_pointer (&record->tag, g_free);
      record->tag = g_strdup_printf ("v%u", i);
      record->is_complete = FALSE;
      g_free (record->reason);
      record->reason = g_strdup ("a test");
      devbox_store_put_release (fixture->store.store, record, verdict_set, &verdict);
    }
  verdict_wait (&verdict, DEVBOX_RELEASE_TABLE_MAX);
  g_assert_no_error (verdict.error);
  restart (fixture);
  assert_refused (fixture, "one-more", DEVBOX_WIRE_RATE_LIMITED);
}

static void
test_failure (Fixture *fixture, gconstpointer data)
{
  g_autofree char *workspace = get_box_path (fixture, "workspace");
  g_auto (Answer) answer = { 0 };
  const DevboxReleaseRecord *record;

  remove_tree (workspace);
  ask (fixture, "v1", &answer);
  wait_for (&answer);
  g_assert_no_error (answer.error);
  record = wait_until_settled (fixture, "v1");
  g_assert_false (record->is_complete);
  g_assert_nonnull (strstr (record->reason, "workspace"));
  assert_folder (fixture, "incoming", "");
  assert_folder (fixture, "releases", "");
  assert_not_seeded (fixture, answer.uid, DEVBOX_WIRE_CONFLICT, "is not usable");

  restart (fixture);
  g_assert_nonnull (lookup (fixture, "v1")->reason);
}

/* What a crash leaves, step by step */
static void
test_crashes (Fixture *fixture, gconstpointer data)
{
  g_autofree char *uid = make_one (fixture, "v1");
  g_autofree char *folder = g_build_filename (fixture->store.folder, "releases", uid, NULL);
  g_autofree char *stray = get_path (fixture, "releases/0123456789abcdef");
  g_autoptr (DevboxReleaseRecord) record = devbox_release_record_copy (lookup (fixture, "v1"));
  g_auto (Verdict) verdict = { 0 };

  /* In its place, but the store was not told. */
  record->is_complete = FALSE;
  devbox_store_put_release (fixture->store.store, record, verdict_set, &verdict);
  /* Deleted in the store, but not in releases/. */
  g_assert_cmpint (g_mkdir_with_parents (stray, 0700), ==, 0);
  restart (fixture);
  g_assert_true (lookup (fixture, "v1")->is_complete);
  assert_folder (fixture, "releases", uid);

  /* Gone from its place */
  remove_tree (folder);
  restart (fixture);
  g_assert_false (lookup (fixture, "v1")->is_complete);
  g_assert_nonnull (lookup (fixture, "v1")->reason);

  /* Stored, not copied */
  g_clear_pointer (&record->reason, g_free);
  devbox_store_put_release (fixture->store.store, record, verdict_set, &verdict);
  restart (fixture);
  g_assert_false (lookup (fixture, "v1")->is_complete);
  g_assert_nonnull (strstr (lookup (fixture, "v1")->reason, "ended before"));
  verdict_wait (&verdict, 2);
  g_assert_no_error (verdict.error);

  /* What the start found is stored. */
  restart (fixture);
  g_assert_nonnull (strstr (lookup (fixture, "v1")->reason, "ended before"));
}

/* The platform ends while releases are being made: nobody waits for ever, and the next start says what became of them.
 */
static void
test_end (Fixture *fixture, gconstpointer data)
{
  Answer answers[8] = { 0 };

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *name = g_strdup_printf ("workspace/%u", i);

      put (fixture, name, "content");
    }
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *tag = g_strdup_printf ("v%u", i);

      ask (fixture, tag, &answers[i]);
    }
  wait_for (&answers[0]);
  restart (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *tag = g_strdup_printf ("v%u", i);
      const DevboxReleaseRecord *record = lookup (fixture, tag);

      g_assert_cmpuint (answers[i].n_told, ==, 1);
      g_assert_true (answers[i].error != NULL || record != NULL);
      g_assert_true (record == NULL || record->is_complete || record->reason != NULL);
      answer_clear (&answers[i]);
    }
}

/* A box that is deleted while it is copied gives no release with half of its files. */
static void
test_box_vanishes (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = get_box_path (fixture, "");
  g_autofree char *trash = get_path (fixture, "trash/box");
  g_auto (Answer) answer = { 0 };
  const DevboxReleaseRecord *record;

  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *name = g_strdup_printf ("workspace/%u", i);

      put (fixture, name, "");
    }
  ask (fixture, "v1", &answer);
  wait_for (&answer);
  g_usleep (1000);
  g_assert_cmpint (rename (folder, trash), ==, 0);
  remove_tree (trash);
  record = wait_until_settled (fixture, "v1");
  if (record->is_complete)
    {
      g_autofree char *path = g_build_filename ("releases", record->uid, NULL);
      g_autofree char *names = list_folder (fixture, path);
      g_auto (GStrv) list = g_strsplit (names, " ", -1);

      g_assert_cmpuint (g_strv_length (list), ==, 2001);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/release-table/life", Fixture, NULL, set_up, test_life, tear_down);
  g_test_add ("/release-table/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/release-table/at-once", Fixture, NULL, set_up, test_at_once, tear_down);
  g_test_add ("/release-table/many", Fixture, NULL, set_up, test_many, tear_down);
  g_test_add ("/release-table/failure", Fixture, NULL, set_up, test_failure, tear_down);
  g_test_add ("/release-table/crashes", Fixture, NULL, set_up, test_crashes, tear_down);
  g_test_add ("/release-table/end", Fixture, NULL, set_up, test_end, tear_down);
  g_test_add ("/release-table/box-vanishes", Fixture, NULL, set_up, test_box_vanishes, tear_down);

  return g_test_run ();
}
