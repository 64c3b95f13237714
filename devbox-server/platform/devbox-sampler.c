/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-sampler-private.h"

#include "devbox-folder-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAX_SLICES 20 /* of an interval */
#define DISK_INTERVAL (60 * G_TIME_SPAN_SECOND)
#define DISK_SHARE 200 /* of this time measuring takes one part */

typedef struct _Measurement Measurement;

/* Once an interval all boxes that run are listed; the list is gone through in slices. */
struct _DevboxSampler
{
  DevboxBoxTable *boxes;
  DevboxStore *store;
  DevboxWorkers *workers;
  GSource *timer;
  gint64 interval;

  gint64 round_time; /* monotonic, as all times are but those of the samples */
  guint n_rounds;
  GPtrArray *round; /* of DevboxBox */
  guint n_slices;
  guint slice;

  GHashTable *states;       /* uid → State */
  GQueue unmeasured;        /* of State: the disk, longest waiting first */
  Measurement *measurement; /* one at a time */
  gint64 measurement_time;  /* not before that; one of a box that has none yet does not wait */
};

/* What has to be known of a box from one sample to the next. */
typedef struct
{
  char *uid;
  guint round; /* of the last sample; 0: there was none */
  guint list;  /* in which it was there last */
  gint64 time;
  guint64 cpu_time;

  GList link; /* in unmeasured */
  gboolean is_waiting;
  gboolean is_measured;
  gboolean has_skipped; /* its first sample, to have it with the disk */
  gint64 disk_time;     /* when to measure again */
  guint64 disk_used;
  guint64 disk_total;
} State;

struct _Measurement
{
  DevboxSampler *sampler; /* NULL: it is gone */
  char *uid;
  GCancellable *cancellable;
  char *folder;
  gint64 duration;
  guint64 used;
  guint64 total;
};

static void
state_free (State *state)
{
  g_free (state->uid);
  g_free (state);
}

static void
measurement_free (Measurement *self)
{
  g_free (self->uid);
  g_object_unref (self->cancellable);
  g_free (self->folder);
  g_free (self);
}

/* Of the limit. One that did not run in the last round used it all in one interval. */
static double
get_cpu_percent (DevboxSampler *self, State *state, const DevboxBoxRecord *record, guint64 cpu_time)
{
  gint64 now = g_get_monotonic_time ();
  gint64 elapsed = state->round + 1 >= self->n_rounds ? now - state->time : self->interval;
  /* A restart begins at 0. */
  guint64 used = cpu_time >= state->cpu_time ? cpu_time - state->cpu_time : cpu_time;

  state->round = self->n_rounds;
  state->time = now;
  state->cpu_time = cpu_time;

  return 100.0 * used / MAX (elapsed, 1) / (record->cpu / 1000.0);
}

static void
take_sample (DevboxSampler *self, State *state, DevboxBox *box, DevboxStoreSample *sample)
{
  const DevboxBoxRecord *record = devbox_box_get_record (box);
  DevboxBoxUsage usage;

  devbox_box_get_usage (box, &usage);
  sample->uid = state->uid;
  sample->sample = (DevboxBoxSample){
    .time = g_get_real_time () / G_TIME_SPAN_MILLISECOND,
    .cpu = get_cpu_percent (self, state, record, usage.cpu_time),
    .memory = 100.0 * usage.memory / ((guint64) record->memory * 1024 * 1024),
    .bytes_in = usage.bytes_in,
    .bytes_out = usage.bytes_out,
    .disk_used = state->disk_used,
    .disk_total = state->disk_total,
  };
}

/* In a worker */
static gboolean
measure (gpointer data, GCancellable *cancellable, GError **error)
{
  Measurement *self = data;
  gint64 begin = g_get_monotonic_time ();
  int fd = open (self->folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct statvfs status;
  gboolean measured;

  if (fd < 0)
    {
      devbox_wire_set_file_error (error, errno, _ ("Cannot open “%s”"), self->folder);
      return FALSE;
    }

  if (fstatvfs (fd, &status) == 0)
    self->total = (guint64) status.f_blocks * status.f_frsize;
  measured = devbox_folder_measure (fd, &self->used, cancellable, error);
  close (fd);
  self->duration = g_get_monotonic_time () - begin;

  return measured;
}

/* NULL: it does not run. */
static DevboxBox *
find_in_round (DevboxSampler *self, const char *uid)
{
  for (guint i = 0; i < self->round->len; i++)
    {
      DevboxBox *box = self->round->pdata[i];

      if (g_str_equal (devbox_box_get_record (box)->uid, uid))
        return devbox_box_get_status (box) == DEVBOX_BOX_RUNNING ? box : NULL;
    }

  return NULL;
}

static void measure_next (DevboxSampler *self);

/* One that waited for it with its first sample. */
static void
take_first_sample (DevboxSampler *self, State *state)
{
  DevboxBox *box = find_in_round (self, state->uid);
  DevboxStoreSample sample;

  if (box == NULL || state->round > 0)
    return;

  take_sample (self, state, box, &sample);
  devbox_store_add_samples (self->store, &sample, 1);
}

static void
keep_measurement (DevboxSampler *self, Measurement *measurement, gboolean is_good)
{
  State *state = g_hash_table_lookup (self->states, measurement->uid);
  gint64 now = g_get_monotonic_time ();
  gint64 pause = measurement->duration * DISK_SHARE;

  /* One that takes very long does not keep the others from their turns. */
  self->measurement_time = now + MIN (pause, DISK_INTERVAL);
  if (state == NULL)
    return;

  state->is_measured = TRUE;
  state->disk_time = now + MAX (pause, DISK_INTERVAL);
  if (is_good)
    {
      state->disk_used = measurement->used;
      state->disk_total = measurement->total;
    }
  take_first_sample (self, state);
}

static void
on_measured (gpointer data, const GError *error)
{
  Measurement *measurement = data;
  DevboxSampler *self = measurement->sampler;

  if (self != NULL)
    {
      self->measurement = NULL;
      keep_measurement (self, measurement, error == NULL);
      measure_next (self);
    }

  measurement_free (measurement);
}

static void
begin_measurement (DevboxSampler *self, DevboxBox *box)
{
  Measurement *measurement = g_new0 (Measurement, 1);

  measurement->sampler = self;
  measurement->uid = g_strdup (devbox_box_get_record (box)->uid);
  measurement->cancellable = g_cancellable_new ();
  measurement->folder = g_strdup (devbox_box_get_folder (box));
  self->measurement = measurement;
  if (devbox_workers_push (self->workers, measure, on_measured, measurement, measurement->cancellable, NULL))
    return;

  /* Too many wait for more important things. */
  self->measurement = NULL;
  keep_measurement (self, measurement, FALSE);
  measurement_free (measurement);
}

static void
measure_next (DevboxSampler *self)
{
  State *state = g_queue_peek_head (&self->unmeasured);
  DevboxBox *box;

  if (self->measurement != NULL || state == NULL
      || (state->is_measured && g_get_monotonic_time () < self->measurement_time))
    return;

  g_queue_unlink (&self->unmeasured, &state->link);
  state->is_waiting = FALSE;
  box = find_in_round (self, state->uid);
  if (box != NULL)
    begin_measurement (self, box);
}

static void
want_measurement (DevboxSampler *self, State *state)
{
  if (state->is_waiting || g_get_monotonic_time () < state->disk_time)
    return;

  state->is_waiting = TRUE;
  if (state->is_measured)
    g_queue_push_tail_link (&self->unmeasured, &state->link);
  else
    g_queue_push_head_link (&self->unmeasured, &state->link);
}

static State *
ensure_state (DevboxSampler *self, DevboxBox *box)
{
  const char *uid = devbox_box_get_record (box)->uid;
  State *state = g_hash_table_lookup (self->states, uid);

  if (state == NULL)
    {
      state = g_new0 (State, 1);
      state->uid = g_strdup (uid);
      state->link.data = state;
      g_hash_table_insert (self->states, state->uid, state);
    }

  return state;
}

/* Returns whether there is a sample. */
static gboolean
visit (DevboxSampler *self, DevboxBox *box, DevboxStoreSample *sample)
{
  State *state;

  if (devbox_box_get_status (box) != DEVBOX_BOX_RUNNING)
    return FALSE;

  state = ensure_state (self, box);
  want_measurement (self, state);
  if (!state->is_measured && !state->has_skipped)
    {
      state->has_skipped = TRUE;
      return FALSE;
    }

  take_sample (self, state, box, sample);

  return TRUE;
}

static void
run_slice (DevboxSampler *self)
{
  guint begin = (guint64) self->round->len * self->slice / self->n_slices;
  guint end = (guint64) self->round->len * (self->slice + 1) / self->n_slices;
  g_autofree DevboxStoreSample *samples = g_new (DevboxStoreSample, end - begin);
  guint n_samples = 0;

  for (guint i = begin; i < end; i++)
    n_samples += visit (self, self->round->pdata[i], &samples[n_samples]);
  if (n_samples > 0)
    devbox_store_add_samples (self->store, samples, n_samples);

  measure_next (self);
  self->slice++;
}

static gboolean
forget_missing (gpointer key, gpointer value, gpointer user_data)
{
  DevboxSampler *self = user_data;
  State *state = value;

  if (state->list == self->n_rounds)
    return FALSE;

  if (state->is_waiting)
    g_queue_unlink (&self->unmeasured, &state->link);

  return TRUE;
}

static void
add_to_round (DevboxBox *box, gpointer user_data)
{
  DevboxSampler *self = user_data;
  State *state = g_hash_table_lookup (self->states, devbox_box_get_record (box)->uid);

  if (state != NULL)
    state->list = self->n_rounds;
  if (devbox_box_get_status (box) == DEVBOX_BOX_RUNNING)
    g_ptr_array_add (self->round, devbox_box_ref (box));
}

static void
begin_round (DevboxSampler *self)
{
  self->n_rounds++;
  g_ptr_array_set_size (self->round, 0);
  devbox_box_table_foreach (self->boxes, add_to_round, self);
  g_hash_table_foreach_remove (self->states, forget_missing, self);

  self->n_slices = MIN (self->round->len, MAX_SLICES);
  self->slice = 0;
}

typedef struct
{
  GSource parent;
  DevboxSampler *sampler;
} Timer;

static gboolean
on_time (GSource *source, GSourceFunc callback, gpointer user_data)
{
  DevboxSampler *self = ((Timer *) source)->sampler;
  gint64 now = g_get_monotonic_time ();

  if (self->slice == self->n_slices)
    {
      self->round_time += self->interval;
      /* What was missed, as in a machine that was suspended, is not made up for. */
      if (now > self->round_time + self->interval)
        self->round_time = now;
      begin_round (self);
    }
  if (self->slice < self->n_slices)
    run_slice (self);

  if (self->slice < self->n_slices)
    g_source_set_ready_time (source, self->round_time + self->interval * self->slice / self->n_slices);
  else
    g_source_set_ready_time (source, self->round_time + self->interval);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_funcs = { .dispatch = on_time };

DevboxSampler *
devbox_sampler_new (DevboxBoxTable *boxes, DevboxStore *store, DevboxWorkers *workers, guint interval_ms)
{
  DevboxSampler *self = g_new0 (DevboxSampler, 1);

  self->boxes = boxes;
  self->store = store;
  self->workers = workers;
  self->interval = (gint64) interval_ms * G_TIME_SPAN_MILLISECOND;
  self->round_time = g_get_monotonic_time ();
  self->n_rounds = 1; /* in which nothing ran */
  self->round = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_box_unref);
  self->states = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) state_free);

  self->timer = g_source_new (&timer_funcs, sizeof (Timer));
  ((Timer *) self->timer)->sampler = self;
  g_source_set_static_name (self->timer, "devbox-sampler");
  g_source_set_ready_time (self->timer, self->round_time + self->interval);
  g_source_attach (self->timer, g_main_context_get_thread_default ());

  return self;
}

void
devbox_sampler_free (DevboxSampler *self)
{
  if (self->measurement != NULL)
    {
      self->measurement->sampler = NULL;
      g_cancellable_cancel (self->measurement->cancellable);
    }
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  g_ptr_array_unref (self->round);
  g_hash_table_unref (self->states);
  g_free (self);
}
