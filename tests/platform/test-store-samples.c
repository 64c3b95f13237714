/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "store-fixture.h"

#include <math.h>
#include <sqlite3.h>

#define DAY_MS (24 * 60 * 60 * 1000)

typedef struct
{
  gboolean is_told;
  GArray *samples;
  GError *error;
} Answer;

static void
on_samples (GArray *samples, const GError *error, gpointer user_data)
{
  Answer *answer = user_data;

  g_assert_false (answer->is_told);
  g_assert_true ((samples != NULL) == (error == NULL));
  answer->is_told = TRUE;
  if (samples != NULL)
    answer->samples = g_array_ref (samples);
  else
    answer->error = g_error_copy (error);
}

static GArray *
read_samples (StoreFixture *fixture, const char *uid, gint64 start, gint64 end, gint64 step, GError **error)
{
  Answer answer = { 0 };

  devbox_store_read_samples (fixture->store, uid, start, end, step, on_samples, &answer);
  g_assert_false (answer.is_told);
  while (!answer.is_told)
    g_main_context_iteration (NULL, TRUE);
  if (answer.error != NULL)
    g_propagate_error (error, answer.error);

  return answer.samples;
}

static DevboxBoxSample
make_sample (gint64 time, guint number)
{
  return (DevboxBoxSample){ time, number, 2.0 * number, 1000 + number, 2000 + number, 3000 + 10 * number, 1 << 20 };
}

static void
add_sample (StoreFixture *fixture, const char *uid, gint64 time, guint number)
{
  DevboxStoreSample sample = { uid, make_sample (time, number) };

  devbox_store_add_samples (fixture->store, &sample, 1);
}

static const DevboxBoxSample *
get (GArray *samples, guint i)
{
  g_assert_cmpuint (i, <, samples->len);

  return &g_array_index (samples, DevboxBoxSample, i);
}

static gint64
get_now (void)
{
  return g_get_real_time () / 1000;
}

/* Ten samples of each of two boxes, one a second from `begin` on. */
static void
add_two_boxes (StoreFixture *fixture, gint64 begin, char *uids[2])
{
  for (guint box = 0; box < 2; box++)
    {
      g_autoptr (DevboxBoxRecord) record = make_box (box);

      put_box (fixture, record);
      uids[box] = g_strdup (record->uid);
    }
  for (guint i = 0; i < 10; i++)
    {
      for (guint box = 0; box < 2; box++)
        add_sample (fixture, uids[box], begin + 1000 * i, 100 * box + i);
    }
}

static void
test_range (StoreFixture *fixture, gconstpointer data)
{
  gint64 begin = get_now () - 20000;
  g_autofree char *uid = NULL, *other_uid = NULL;
  char *uids[2];
  g_autoptr (GArray) all = NULL;
  g_autoptr (GArray) some = NULL;
  g_autoptr (GArray) none = NULL;
  g_autoptr (GArray) unknown = NULL;

  add_two_boxes (fixture, begin, uids);
  uid = uids[0];
  other_uid = uids[1];
  all = read_samples (fixture, uid, 0, G_MAXINT64, 0, NULL);
  g_assert_cmpuint (all->len, ==, 10);
  for (guint i = 0; i < 10; i++)
    {
      DevboxBoxSample expected = make_sample (begin + 1000 * i, i);

      g_assert_cmpmem (get (all, i), sizeof expected, &expected, sizeof expected);
    }

  store_fixture_reopen (fixture);
  some = read_samples (fixture, other_uid, begin + 1000, begin + 3000, 0, NULL);
  g_assert_cmpuint (some->len, ==, 3);
  g_assert_cmpfloat (get (some, 0)->cpu, ==, 101);
  g_assert_cmpint (get (some, 2)->time, ==, begin + 3000);

  none = read_samples (fixture, other_uid, begin + 3000, begin + 1000, 0, NULL);
  g_assert_cmpuint (none->len, ==, 0);
  unknown = read_samples (fixture, "ffffffffffffffff", 0, G_MAXINT64, 10, NULL);
  g_assert_cmpuint (unknown->len, ==, 0);
}

static void
test_step (StoreFixture *fixture, gconstpointer data)
{
  gint64 begin = get_now () - 20000;
  g_autofree char *uid = NULL;
  char *uids[2];
  g_autoptr (GArray) steps = NULL;
  g_autoptr (GArray) whole = NULL;

  add_two_boxes (fixture, begin, uids);
  uid = uids[0];
  g_free (uids[1]);
  add_sample (fixture, uid, begin + 15500, 50);

  /* From a second before the first one, by four: 3, 4, 3, none, 1. */
  steps = read_samples (fixture, uid, begin - 1000, G_MAXINT64, 4000, NULL);
  g_assert_cmpuint (steps->len, ==, 4);
  g_assert_cmpint (get (steps, 0)->time, ==, begin - 1000);
  g_assert_cmpfloat (get (steps, 0)->cpu, ==, 1);
  g_assert_cmpfloat (get (steps, 0)->memory, ==, 2);
  g_assert_cmpuint (get (steps, 0)->bytes_in, ==, 1002);
  g_assert_cmpuint (get (steps, 0)->bytes_out, ==, 2002);
  g_assert_cmpuint (get (steps, 0)->disk_used, ==, 3010);
  g_assert_cmpuint (get (steps, 0)->disk_total, ==, 1 << 20);
  g_assert_cmpint (get (steps, 1)->time, ==, begin + 3000);
  g_assert_cmpfloat (get (steps, 1)->cpu, ==, 4.5);
  g_assert_cmpuint (get (steps, 1)->bytes_in, ==, 1006);
  g_assert_cmpint (get (steps, 2)->time, ==, begin + 7000);
  g_assert_cmpfloat (get (steps, 2)->cpu, ==, 8);
  g_assert_cmpint (get (steps, 3)->time, ==, begin + 15000);
  g_assert_cmpfloat (get (steps, 3)->cpu, ==, 50);

  whole = read_samples (fixture, uid, 0, G_MAXINT64, G_MAXINT64, NULL);
  g_assert_cmpuint (whole->len, ==, 1);
  g_assert_cmpint (get (whole, 0)->time, ==, 0);
  g_assert_cmpfloat (get (whole, 0)->cpu, ==, 95.0 / 11);
}

static void
test_odd_values (StoreFixture *fixture, gconstpointer data)
{
  gint64 now = get_now ();
  g_autoptr (DevboxBoxRecord) record = make_box (1);
  DevboxStoreSample odd = { record->uid, { now, NAN, INFINITY, G_MAXUINT64, G_MAXUINT64, 1, 2 } };
  g_autoptr (GArray) samples = NULL;

  put_box (fixture, record);
  devbox_store_add_samples (fixture->store, &odd, 1);
  add_sample (fixture, record->uid, now, 5); /* the later one of the same time counts */
  odd.sample.time = now + 1;
  devbox_store_add_samples (fixture->store, &odd, 1);
  samples = read_samples (fixture, record->uid, G_MININT64, G_MAXINT64, 0, NULL);
  g_assert_cmpuint (samples->len, ==, 2);
  g_assert_cmpfloat (get (samples, 0)->cpu, ==, 5);
  g_assert_cmpfloat (get (samples, 1)->cpu, ==, 0);
  g_assert_cmpfloat (get (samples, 1)->memory, ==, 0);
  g_assert_cmpuint (get (samples, 1)->bytes_in, ==, G_MAXINT64);

  /* What somebody else put there. */
  store_fixture_close (fixture);
  store_fixture_execute (fixture, "UPDATE samples SET cpu = 9e999, memory = -1, bytes_in = -5, disk_used = -1");
  store_fixture_open (fixture);
  g_clear_pointer (&samples, g_array_unref);
  samples = read_samples (fixture, record->uid, 0, G_MAXINT64, 0, NULL);
  g_assert_cmpfloat (get (samples, 1)->cpu, ==, 0);
  g_assert_cmpfloat (get (samples, 1)->memory, ==, 0);
  g_assert_cmpuint (get (samples, 1)->bytes_in, ==, 0);
  g_assert_cmpuint (get (samples, 1)->disk_used, ==, 0);
}

static void
test_deleted_box (StoreFixture *fixture, gconstpointer data)
{
  g_autofree char *uid = NULL, *other_uid = NULL;
  g_autoptr (DevboxBoxRecord) record = make_box (0);
  char *uids[2];
  g_autoptr (GArray) gone = NULL;
  g_autoptr (GArray) kept = NULL;

  add_two_boxes (fixture, get_now () - 10000, uids);
  uid = uids[0];
  other_uid = uids[1];
  g_array_unref (read_samples (fixture, uid, 0, G_MAXINT64, 0, NULL));
  add_sample (fixture, uid, get_now (), 1);
  delete_box (fixture, uid);
  put_box (fixture, record);

  gone = read_samples (fixture, uid, 0, G_MAXINT64, 0, NULL);
  kept = read_samples (fixture, other_uid, 0, G_MAXINT64, 0, NULL);
  g_assert_cmpuint (gone->len, <=, 1); /* the last one was not written before */
  g_assert_cmpuint (kept->len, ==, 10);
}

static void
add_many (StoreFixture *fixture, const char *uid, gint64 begin, guint n_samples, guint interval_ms)
{
  g_autofree DevboxStoreSample *samples = g_new (DevboxStoreSample, n_samples);

  for (guint i = 0; i < n_samples; i++)
    samples[i] = (DevboxStoreSample){ uid, make_sample (begin + (gint64) i * interval_ms, i) };
  devbox_store_add_samples (fixture->store, samples, n_samples);
}

static void
test_most (StoreFixture *fixture, gconstpointer data)
{
  gint64 begin = get_now () - DAY_MS / 2;
  g_autoptr (DevboxBoxRecord) record = make_box (1);
  g_autoptr (GArray) most = NULL;
  g_autoptr (GArray) steps = NULL;
  g_autoptr (GError) error = NULL;

  put_box (fixture, record);
  add_many (fixture, record->uid, begin, 11001, 1000);

  g_assert_null (read_samples (fixture, record->uid, 0, G_MAXINT64, 0, &error));
  assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);
  g_clear_error (&error);
  g_assert_null (read_samples (fixture, record->uid, begin, G_MAXINT64, 1, &error));
  assert_wire_error (error, DEVBOX_WIRE_VALIDATION_ERROR);

  most = read_samples (fixture, record->uid, begin + 1, G_MAXINT64, 0, NULL);
  g_assert_cmpuint (most->len, ==, 11000);
  steps = read_samples (fixture, record->uid, begin, G_MAXINT64, 2000, NULL);
  g_assert_cmpuint (steps->len, ==, 5501);
}

static void
test_purge (StoreFixture *fixture, gconstpointer data)
{
  gint64 now = get_now ();
  g_autofree char *uid = NULL, *stopped_uid = NULL;
  char *uids[2];
  g_autoptr (GArray) samples = NULL;

  add_two_boxes (fixture, now - DAY_MS - 60000, uids);
  uid = uids[0];
  stopped_uid = uids[1];
  add_sample (fixture, stopped_uid, now - DAY_MS + 60000, 7);
  add_sample (fixture, uid, now, 8);
  samples = read_samples (fixture, uid, 0, G_MAXINT64, 0, NULL);
  g_assert_cmpuint (samples->len, ==, 1);
  g_assert_cmpfloat (get (samples, 0)->cpu, ==, 8);
  g_clear_pointer (&samples, g_array_unref);
  samples = read_samples (fixture, stopped_uid, 0, G_MAXINT64, 0, NULL);
  g_assert_cmpuint (samples->len, ==, 1);
  g_assert_cmpfloat (get (samples, 0)->cpu, ==, 7);
}

static void
refuse_read (GArray *samples, const GError *error, gpointer user_data)
{
  guint *n_told = user_data;

  n_told[0]++;
  if (error == NULL)
    return;
  assert_wire_error (error, DEVBOX_WIRE_RATE_LIMITED);
  n_told[1]++;
}

static void
test_many_readers (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxBoxRecord) record = make_box (1);
  guint n_told[2] = { 0 };

  put_box (fixture, record);
  add_many (fixture, record->uid, get_now () - DAY_MS / 2, 10000, 1000);
  for (guint i = 0; i < 1000; i++)
    devbox_store_read_samples (fixture->store, record->uid, 0, G_MAXINT64, 60000, refuse_read, n_told);
  while (n_told[0] < 1000)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (n_told[1], >, 0);
  g_assert_cmpuint (n_told[1], <=, 1000 - 256);
}

static void
test_flood (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxBoxRecord) record = make_box (1);
  g_autoptr (GArray) samples = NULL;

  put_box (fixture, record);
  g_test_expect_message ("DevboxServer", G_LOG_LEVEL_WARNING, "*dropped*");
  add_many (fixture, record->uid, get_now (), 64 * 1024 + 1, 1);
  g_test_assert_expected_messages ();
  samples = read_samples (fixture, record->uid, 0, G_MAXINT64, 0, NULL);
  g_assert_cmpuint (samples->len, ==, 0);
}

/* A day of ten boxes, a sample each five seconds. */
static void
test_speed (StoreFixture *fixture, gconstpointer data)
{
  const guint n_boxes = 10, n_samples = DAY_MS / 5000 - 10;
  gint64 begin = get_now () - (gint64) n_samples * 5000;
  gint64 started = g_get_monotonic_time ();
  g_autoptr (DevboxBoxRecord) first = make_box (0);
  g_autoptr (GArray) steps = NULL;

  for (guint box = 0; box < n_boxes; box++)
    {
      g_autoptr (DevboxBoxRecord) record = make_box (box);

      put_box (fixture, record);
      add_many (fixture, record->uid, begin, n_samples, 5000);
      g_array_unref (read_samples (fixture, record->uid, 0, 1, 0, NULL));
    }
  g_test_message ("%u samples written in %.1f ms", n_boxes * n_samples, (g_get_monotonic_time () - started) / 1000.0);

  started = g_get_monotonic_time ();
  steps = read_samples (fixture, first->uid, begin, G_MAXINT64, 60000, NULL);
  g_test_message ("a day by the minute read in %.1f ms", (g_get_monotonic_time () - started) / 1000.0);
  g_assert_cmpuint (steps->len, ==, (n_samples + 11) / 12);

  started = g_get_monotonic_time ();
  delete_box (fixture, first->uid);
  g_test_message ("a box with a day deleted in %.1f ms", (g_get_monotonic_time () - started) / 1000.0);
}

#define ADD(path, func) g_test_add (path, StoreFixture, NULL, store_fixture_set_up, func, store_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/store-samples/range", test_range);
  ADD ("/store-samples/step", test_step);
  ADD ("/store-samples/odd-values", test_odd_values);
  ADD ("/store-samples/deleted-box", test_deleted_box);
  ADD ("/store-samples/most", test_most);
  ADD ("/store-samples/purge", test_purge);
  ADD ("/store-samples/many-readers", test_many_readers);
  ADD ("/store-samples/flood", test_flood);
  ADD ("/store-samples/speed", test_speed);

  return g_test_run ();
}
