/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-sampler-private.h"
#include "store-fixture.h"

#include <glib/gstdio.h>
#include <sys/resource.h>

/* Boxes and their table as the sampler sees them. */
struct _DevboxBox
{
  gatomicrefcount n_refs;
  DevboxBoxRecord *record;
  DevboxBoxStatus status;
  char *folder;
  DevboxBoxUsage usage;
  guint n_asked;
};

struct _DevboxBoxTable
{
  GPtrArray *boxes;
};

DevboxBox *
devbox_box_ref (DevboxBox *self)
{
  g_atomic_ref_count_inc (&self->n_refs);

  return self;
}

void
devbox_box_unref (DevboxBox *self)
{
  if (!g_atomic_ref_count_dec (&self->n_refs))
    return;

  devbox_box_record_free (self->record);
  g_free (self->folder);
  g_free (self);
}

const DevboxBoxRecord *
devbox_box_get_record (DevboxBox *self)
{
  return self->record;
}

DevboxBoxStatus
devbox_box_get_status (DevboxBox *self)
{
  return self->status;
}

const char *
devbox_box_get_folder (DevboxBox *self)
{
  return self->folder;
}

void
devbox_box_get_usage (DevboxBox *self, DevboxBoxUsage *usage)
{
  self->n_asked++;
  *usage = self->usage;
}

void
devbox_box_table_foreach (DevboxBoxTable *self, DevboxBoxTableFunc func, gpointer user_data)
{
  for (guint i = 0; i < self->boxes->len; i++)
    func (self->boxes->pdata[i], user_data);
}

typedef struct
{
  StoreFixture store;
  DevboxBoxTable table;
  DevboxWorkers *workers;
  DevboxSampler *sampler;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  store_fixture_set_up (&fixture->store, NULL);
  fixture->table.boxes = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_box_unref);
  fixture->workers = devbox_workers_new (2, 10);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->sampler, devbox_sampler_free);
  devbox_workers_free (fixture->workers);
  g_ptr_array_unref (fixture->table.boxes);
  store_fixture_tear_down (&fixture->store, NULL);
}

/* With a folder of one file of 64 KiB. */
static DevboxBox *
add_box (Fixture *fixture, guint number)
{
  DevboxBox *box = g_new0 (DevboxBox, 1);
  g_autofree char *name = g_strdup_printf ("box-%u", number);
  g_autofree char *content = g_strnfill (64 * 1024, 'x');
  g_autofree char *file = NULL;

  g_atomic_ref_count_init (&box->n_refs);
  box->record = make_box (number);
  box->record->cpu = 500;
  box->record->memory = 1024;
  box->status = DEVBOX_BOX_RUNNING;
  box->folder = store_fixture_get_path (&fixture->store, name);
  file = g_build_filename (box->folder, "file", NULL);
  g_assert_cmpint (g_mkdir (box->folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (file, content, -1, NULL));
  g_ptr_array_add (fixture->table.boxes, box);
  put_box (&fixture->store, box->record);

  return box;
}

static void
on_samples (GArray *samples, const GError *error, gpointer user_data)
{
  g_assert_no_error (error);
  *(GArray **) user_data = g_array_ref (samples);
}

static GArray *
read_samples (Fixture *fixture, DevboxBox *box)
{
  GArray *samples = NULL;

  devbox_store_read_samples (fixture->store.store, box->record->uid, 0, G_MAXINT64, 0, on_samples, &samples);
  while (samples == NULL)
    g_main_context_iteration (NULL, TRUE);

  return samples;
}

/* Sample n, counted from 1, as soon as it is there; the sampler runs on meanwhile. */
static DevboxBoxSample
wait_samples (Fixture *fixture, DevboxBox *box, guint n)
{
  for (;;)
    {
      g_autoptr (GArray) samples = read_samples (fixture, box);

      if (samples->len >= n)
        return g_array_index (samples, DevboxBoxSample, n - 1);
      g_usleep (1000);
    }
}

/* On a slow machine some are told before the disk is measured. */
static DevboxBoxSample
wait_disk (Fixture *fixture, DevboxBox *box)
{
  for (guint n = 1;;)
    {
      g_autoptr (GArray) samples = NULL;
      DevboxBoxSample last = wait_samples (fixture, box, n);

      if (last.disk_used >= 64 * 1024)
        return last;
      samples = read_samples (fixture, box);
      n = samples->len + 1;
    }
}

static void
run_for (guint ms)
{
  gint64 end = g_get_monotonic_time () + 1000 * (gint64) ms;

  while (g_get_monotonic_time () < end)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (500);
    }
}

static void
test_values (Fixture *fixture, gconstpointer data)
{
  DevboxBox *box = add_box (fixture, 1);
  gint64 now = g_get_real_time () / 1000;
  DevboxBoxSample sample, with_disk;

  /* 60 ms of a processor in the 300 ms before the first sample: 20 %, of a half of one. */
  box->usage = (DevboxBoxUsage){ 60000, 256 * 1024 * 1024, 111, 222 };
  fixture->sampler = devbox_sampler_new (&fixture->table, fixture->store.store, fixture->workers, 300);
  sample = wait_samples (fixture, box, 1);

  g_assert_cmpfloat_with_epsilon (sample.cpu, 40, 0.001);
  g_assert_cmpfloat (sample.memory, ==, 25);
  g_assert_cmpuint (sample.bytes_in, ==, 111);
  g_assert_cmpuint (sample.bytes_out, ==, 222);
  g_assert_cmpint (ABS (sample.time - now), <, 10000);

  with_disk = wait_disk (fixture, box);
  g_assert_cmpuint (with_disk.disk_used, <, 128 * 1024);
  g_assert_cmpuint (with_disk.disk_total, >, with_disk.disk_used);

  /* Nothing more is used. */
  sample = wait_samples (fixture, box, 3);
  g_assert_cmpfloat (sample.cpu, ==, 0);
}

/* Counts from 0 again after a restart. */
static void
test_restart (Fixture *fixture, gconstpointer data)
{
  DevboxBox *box = add_box (fixture, 1);
  g_autoptr (GArray) samples = NULL;
  gboolean is_told = FALSE;

  box->usage.cpu_time = G_TIME_SPAN_HOUR;
  fixture->sampler = devbox_sampler_new (&fixture->table, fixture->store.store, fixture->workers, 20);
  wait_samples (fixture, box, 2);
  box->usage.cpu_time = 1000;
  run_for (100);

  samples = read_samples (fixture, box);
  for (guint i = 1; i < samples->len; i++)
    {
      const DevboxBoxSample *sample = &g_array_index (samples, DevboxBoxSample, i);

      g_assert_cmpfloat (sample->cpu, <, 1000);
      is_told |= sample->cpu > 0;
    }
  g_assert_true (is_told);
}

/* Back after a pause it has used nothing meanwhile. */
static void
test_pause (Fixture *fixture, gconstpointer data)
{
  DevboxBox *box = add_box (fixture, 1);
  DevboxBoxSample sample;
  guint n_asked;
  g_autoptr (GArray) before = NULL;

  box->usage.cpu_time = G_TIME_SPAN_HOUR;
  fixture->sampler = devbox_sampler_new (&fixture->table, fixture->store.store, fixture->workers, 20);
  wait_samples (fixture, box, 2);
  box->status = DEVBOX_BOX_STOPPED;
  n_asked = box->n_asked;
  run_for (100);
  g_assert_cmpuint (box->n_asked, ==, n_asked);

  before = read_samples (fixture, box);
  box->status = DEVBOX_BOX_RUNNING;
  box->usage.cpu_time += 2000;
  sample = wait_samples (fixture, box, before->len + 1);
  g_assert_cmpfloat_with_epsilon (sample.cpu, 20, 0.001);
}

/* Boxes come and go; what is measured then is nobody's. */
static void
test_changes (Fixture *fixture, gconstpointer data)
{
  fixture->sampler = devbox_sampler_new (&fixture->table, fixture->store.store, fixture->workers, 5);
  for (guint i = 0; i < 60; i++)
    {
      add_box (fixture, i);
      run_for (2);
      if (i % 3 == 2)
        g_ptr_array_remove_index (fixture->table.boxes, 0);
    }
  for (guint i = 0; i < fixture->table.boxes->len; i++)
    {
      wait_disk (fixture, fixture->table.boxes->pdata[i]);
    }

  /* Freed in the middle of it. */
  for (guint i = 100; i < 120; i++)
    {
      add_box (fixture, i);
      run_for (3);
      devbox_sampler_free (fixture->sampler);
      fixture->sampler = devbox_sampler_new (&fixture->table, fixture->store.store, fixture->workers, 2);
    }
}

static void
test_missing_folder (Fixture *fixture, gconstpointer data)
{
  DevboxBox *box = add_box (fixture, 1);
  DevboxBoxSample sample;

  remove_tree (box->folder);
  fixture->sampler = devbox_sampler_new (&fixture->table, fixture->store.store, fixture->workers, 10);
  sample = wait_samples (fixture, box, 2);
  g_assert_cmpuint (sample.disk_used, ==, 0);
}

static gint64
get_cpu_time (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);

  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_TIME_SPAN_SECOND + usage.ru_utime.tv_usec
         + usage.ru_stime.tv_usec;
}

/* A hundred boxes are asked once an interval each, not all of them at once. */
static void
test_hundred (Fixture *fixture, gconstpointer data)
{
  const guint interval_ms = 500;
  guint most_at_once = 0, n_asked = 0, n_rounds = 3;
  gint64 begin, cpu_time;

  for (guint i = 0; i < 100; i++)
    add_box (fixture, i);
  fixture->sampler = devbox_sampler_new (&fixture->table, fixture->store.store, fixture->workers, interval_ms);
  wait_samples (fixture, fixture->table.boxes->pdata[99], 1);

  for (guint i = 0; i < 100; i++)
    ((DevboxBox *) fixture->table.boxes->pdata[i])->n_asked = 0;
  begin = g_get_monotonic_time ();
  cpu_time = get_cpu_time ();
  while (g_get_monotonic_time () < begin + 1000 * (gint64) (n_rounds * interval_ms))
    {
      guint n_before = n_asked;

      g_main_context_iteration (NULL, TRUE);
      n_asked = 0;
      for (guint i = 0; i < 100; i++)
        n_asked += ((DevboxBox *) fixture->table.boxes->pdata[i])->n_asked;
      most_at_once = MAX (most_at_once, n_asked - n_before);
    }
  cpu_time = get_cpu_time () - cpu_time;

  g_test_message ("%u samples of 100 boxes take %.2f ms of a processor: %.1f µs each", n_asked, cpu_time / 1000.0,
                  (double) cpu_time / n_asked);
  g_assert_cmpuint (most_at_once, <=, 100 / 10);
  for (guint i = 0; i < 100; i++)
    {
      DevboxBox *box = fixture->table.boxes->pdata[i];

      g_assert_cmpuint (box->n_asked, >=, 1);
      g_assert_cmpuint (box->n_asked, <=, n_rounds + 1);
    }
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/sampler/values", test_values);
  ADD ("/sampler/restart", test_restart);
  ADD ("/sampler/pause", test_pause);
  ADD ("/sampler/changes", test_changes);
  ADD ("/sampler/missing-folder", test_missing_folder);
  ADD ("/sampler/hundred", test_hundred);

  return g_test_run ();
}
