/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-store-database-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define MAX_PURGED 20000 /* at once: others wait meanwhile */

/* The samples of one step, as they are gathered. */
typedef struct
{
  gint64 begin;
  guint n_samples; /* 0: there is none */
  double cpu;
  double memory;
  double disk_used;
  double disk_total;
  guint64 bytes_in;
  guint64 bytes_out;
} Step;

gboolean
devbox_store_database_add_sample (DevboxStoreDatabase *self, const DevboxStoreSampleRow *row, GError **error)
{
  sqlite3_stmt *statement = devbox_store_database_get_statement (self, DEVBOX_STORE_ADD_SAMPLE);
  const DevboxBoxSample *sample = &row->sample;

  sqlite3_bind_text (statement, 1, row->uid, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 2, sample->time);
  sqlite3_bind_double (statement, 3, sample->cpu);
  sqlite3_bind_double (statement, 4, sample->memory);
  sqlite3_bind_int64 (statement, 5, MIN (sample->bytes_in, G_MAXINT64));
  sqlite3_bind_int64 (statement, 6, MIN (sample->bytes_out, G_MAXINT64));
  sqlite3_bind_int64 (statement, 7, MIN (sample->disk_used, G_MAXINT64));
  sqlite3_bind_int64 (statement, 8, MIN (sample->disk_total, G_MAXINT64));

  return devbox_store_database_run (self, statement, error);
}

gboolean
devbox_store_database_purge_samples (DevboxStoreDatabase *self, gint64 before, gboolean *has_more, GError **error)
{
  sqlite3_stmt *statement = devbox_store_database_get_statement (self, DEVBOX_STORE_PURGE_SAMPLES);

  sqlite3_bind_int64 (statement, 1, before);
  sqlite3_bind_int (statement, 2, MAX_PURGED);
  if (!devbox_store_database_run (self, statement, error))
    return FALSE;

  *has_more = devbox_store_database_get_n_changes (self) == MAX_PURGED;

  return TRUE;
}

static double
get_double (sqlite3_stmt *statement, int column)
{
  double number = sqlite3_column_double (statement, column);

  return isfinite (number) && number > 0 ? number : 0;
}

static guint64
get_counter (sqlite3_stmt *statement, int column)
{
  return MAX (sqlite3_column_int64 (statement, column), 0);
}

static gboolean
append_step (GArray *samples, Step *step, GError **error)
{
  DevboxBoxSample sample = { step->begin };

  if (step->n_samples == 0)
    return TRUE;
  if (samples->len == DEVBOX_STORE_MAX_READ_SAMPLES)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   _ ("There are more than %u samples: ask for a longer step or for less time"),
                   DEVBOX_STORE_MAX_READ_SAMPLES);
      return FALSE;
    }

  sample.cpu = step->cpu / step->n_samples;
  sample.memory = step->memory / step->n_samples;
  sample.disk_used = step->disk_used / step->n_samples;
  sample.disk_total = step->disk_total / step->n_samples;
  sample.bytes_in = step->bytes_in;
  sample.bytes_out = step->bytes_out;
  g_array_append_val (samples, sample);
  *step = (Step){ 0 };

  return TRUE;
}

static void
step_add (Step *self, sqlite3_stmt *row)
{
  self->n_samples++;
  self->cpu += get_double (row, 1);
  self->memory += get_double (row, 2);
  self->bytes_in = get_counter (row, 3);
  self->bytes_out = get_counter (row, 4);
  self->disk_used += get_counter (row, 5);
  self->disk_total += get_counter (row, 6);
}

static gboolean
gather (DevboxStoreDatabase *self, sqlite3_stmt *row, gint64 start, gint64 length, GArray *samples, GError **error)
{
  Step step = { 0 };
  int result;

  while ((result = sqlite3_step (row)) == SQLITE_ROW)
    {
      gint64 time = sqlite3_column_int64 (row, 0);
      gint64 begin = length > 0 ? time - (time - start) % length : time;

      if (begin != step.begin && !append_step (samples, &step, error))
        return FALSE;
      step.begin = begin;
      step_add (&step, row);
    }
  if (result != SQLITE_DONE)
    return devbox_store_database_fail (self, error);

  return append_step (samples, &step, error);
}

GArray *
devbox_store_database_read_samples (DevboxStoreDatabase *self,
                                    const char *uid,
                                    gint64 start,
                                    gint64 end,
                                    gint64 step,
                                    GError **error)
{
  sqlite3_stmt *statement = devbox_store_database_get_statement (self, DEVBOX_STORE_READ_SAMPLES);
  g_autoptr (GArray) samples = g_array_new (FALSE, FALSE, sizeof (DevboxBoxSample));
  gboolean gathered;

  sqlite3_bind_text (statement, 1, uid, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 2, start);
  sqlite3_bind_int64 (statement, 3, end);
  gathered = gather (self, statement, start, step, samples, error);
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);

  return gathered ? g_steal_pointer (&samples) : NULL;
}
