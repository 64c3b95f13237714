/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-store-private.h"

#include "devbox-secret-private.h"
#include "devbox-store-inner-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MAX_CHANGES 256         /* in one transaction */
#define MAX_READS 256           /* that wait */
#define MAX_SAMPLES (64 * 1024) /* that wait */
#define SAMPLES_SOON 8192       /* so many are written before their time */
#define SAMPLES_INTERVAL (30 * G_TIME_SPAN_SECOND)
#define PURGE_INTERVAL (10 * G_TIME_SPAN_MINUTE)
#define SAMPLES_AGE (24 * G_TIME_SPAN_HOUR / G_TIME_SPAN_MILLISECOND)
#define LOCK_TIMEOUT_USEC G_USEC_PER_SEC
#define LOCK_PAUSE_USEC (10 * 1000)

struct _DevboxStore
{
  int lock_fd;
  GThread *thread;
  GMainContext *context;
  GSource *telling;

  GMutex database_lock;
  DevboxStoreDatabase *database;

  GMutex lock; /* of all that follows */
  GCond cond;
  GQueue changes; /* of Operation, in their order */
  GQueue reads;
  GQueue done;
  GArray *samples;     /* of DevboxStoreSampleRow; not written yet */
  gint64 samples_time; /* monotonic: when the first of them came */
  gboolean drops_samples;
  gboolean is_closing;

  /* Of the thread */
  gint64 purge_time;
  gboolean samples_failed;
};

/* One that changes a record, or reads samples. */
typedef struct
{
  GList link;
  DevboxStoreTable table;
  char *key;
  char *record; /* NULL: it is deleted */
  DevboxStoreFunc func;

  gboolean is_read;
  gint64 start;
  gint64 end;
  gint64 step;
  GArray *samples;
  DevboxStoreSamplesFunc samples_func;

  gpointer user_data;
  GError *error;
} Operation;

static Operation *
operation_new (const char *key, gpointer user_data)
{
  Operation *operation = g_new0 (Operation, 1);

  operation->link.data = operation;
  operation->key = g_strdup (key);
  operation->user_data = user_data;

  return operation;
}

static void
operation_free (Operation *operation)
{
  g_free (operation->key);
  devbox_secret_free (operation->record);
  g_clear_pointer (&operation->samples, g_array_unref);
  g_clear_error (&operation->error);
  g_free (operation);
}

static void
operation_tell (Operation *operation)
{
  if (operation->is_read)
    operation->samples_func (operation->samples, operation->error, operation->user_data);
  else if (operation->func != NULL)
    operation->func (operation->error, operation->user_data);
  else if (operation->error != NULL)
    g_warning ("The record of “%s” could not be kept: %s", operation->key, operation->error->message);

  operation_free (operation);
}

static Operation *
pop_done (DevboxStore *self)
{
  GList *link;

  g_mutex_lock (&self->lock);
  link = g_queue_pop_head_link (&self->done);
  g_mutex_unlock (&self->lock);

  return link != NULL ? link->data : NULL;
}

/* Ready while something is done; the threads set its time. */
typedef struct
{
  GSource parent;
  DevboxStore *store;
} Telling;

static gboolean
on_done (GSource *source, GSourceFunc callback, gpointer user_data)
{
  DevboxStore *self = ((Telling *) source)->store;
  Operation *operation;

  g_source_set_ready_time (source, -1);
  while ((operation = pop_done (self)) != NULL)
    operation_tell (operation);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs telling_funcs = { .dispatch = on_done };

/* With the lock held. */
static void
push_done (DevboxStore *self, GQueue *operations)
{
  GList *link;

  if (g_queue_is_empty (operations))
    return;

  while ((link = g_queue_pop_head_link (operations)) != NULL)
    g_queue_push_tail_link (&self->done, link);
  g_source_set_ready_time (self->telling, 0);
}

static gboolean
make_change (DevboxStore *self, const Operation *operation, GError **error)
{
  if (operation->record == NULL)
    return devbox_store_database_delete (self->database, operation->table, operation->key, error);

  return devbox_store_database_put (self->database, operation->table, operation->key, operation->record, error);
}

/* In one transaction: all or none. */
static gboolean
commit_changes (DevboxStore *self, GList *first, GList *end, GError **error)
{
  gboolean made = devbox_store_database_begin (self->database, error);

  for (GList *l = first; made && l != end; l = l->next)
    made = make_change (self, l->data, error);
  if (made && devbox_store_database_commit (self->database, error))
    return TRUE;

  devbox_store_database_roll_back (self->database);

  return FALSE;
}

static gboolean
is_busy (const GError *error)
{
  return g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE);
}

/* Many wait for the disk once. Where that fails each is tried alone, so that each learns its own verdict; but for
 * another program all have waited long enough. */
static void
write_changes (DevboxStore *self, GQueue *changes)
{
  g_autoptr (GError) error = NULL;

  if (changes->length > 1 && commit_changes (self, changes->head, NULL, &error))
    return;

  for (GList *l = changes->head; l != NULL; l = l->next)
    {
      Operation *operation = l->data;

      if (!is_busy (error))
        {
          g_clear_error (&error);
          commit_changes (self, l, l->next, &error);
        }
      operation->error = error != NULL ? g_error_copy (error) : NULL;
    }
}

/* Rows of a box side by side touch fewer pages. */
static int
compare_rows (gconstpointer a, gconstpointer b)
{
  const DevboxStoreSampleRow *row = a, *other = b;
  int order = strcmp (row->uid, other->uid);

  return order != 0 ? order : (row->sample.time > other->sample.time) - (row->sample.time < other->sample.time);
}

static gboolean
add_and_purge (DevboxStore *self, GArray *rows, GError **error)
{
  gboolean has_more = FALSE;

  for (guint i = 0; i < rows->len; i++)
    {
      if (!devbox_store_database_add_sample (self->database, &g_array_index (rows, DevboxStoreSampleRow, i), error))
        return FALSE;
    }

  if (g_get_monotonic_time () < self->purge_time)
    return TRUE;
  if (!devbox_store_database_purge_samples (self->database, g_get_real_time () / G_TIME_SPAN_MILLISECOND - SAMPLES_AGE,
                                            &has_more, error))
    return FALSE;
  if (!has_more)
    self->purge_time = g_get_monotonic_time () + PURGE_INTERVAL;

  return TRUE;
}

static void
write_samples (DevboxStore *self, GArray *rows)
{
  g_autoptr (GError) error = NULL;

  g_array_sort (rows, compare_rows);
  devbox_store_database_set_durable (self->database, FALSE);
  if (!devbox_store_database_begin (self->database, &error) || !add_and_purge (self, rows, &error)
      || !devbox_store_database_commit (self->database, &error))
    devbox_store_database_roll_back (self->database);
  devbox_store_database_set_durable (self->database, TRUE);

  if (error != NULL && !self->samples_failed)
    g_warning ("Samples are lost: %s", error->message);
  self->samples_failed = error != NULL;
}

static void
read_samples (DevboxStore *self, Operation *operation)
{
  operation->samples = devbox_store_database_read_samples (self->database, operation->key, operation->start,
                                                           operation->end, operation->step, &operation->error);
}

/* What the thread does in one turn, without the lock. */
typedef struct
{
  GQueue operations; /* changes, or one that reads */
  GArray *samples;   /* to be written; NULL: none */
} Turn;

static gboolean
samples_are_due (DevboxStore *self)
{
  return self->samples->len >= SAMPLES_SOON
         || (self->samples->len > 0
             && (self->is_closing || !g_queue_is_empty (&self->reads)
                 || g_get_monotonic_time () >= self->samples_time + SAMPLES_INTERVAL));
}

/* With the lock held. Changes come first, and who reads finds every sample that came before; FALSE: there is nothing to
 * do. */
static gboolean
take_turn (DevboxStore *self, Turn *turn)
{
  *turn = (Turn){ G_QUEUE_INIT };

  if (!g_queue_is_empty (&self->changes))
    {
      while (turn->operations.length < MAX_CHANGES && !g_queue_is_empty (&self->changes))
        g_queue_push_tail_link (&turn->operations, g_queue_pop_head_link (&self->changes));
      return TRUE;
    }

  if (samples_are_due (self))
    {
      turn->samples = g_steal_pointer (&self->samples);
      self->samples = g_array_new (FALSE, FALSE, sizeof (DevboxStoreSampleRow));
      return TRUE;
    }

  if (!g_queue_is_empty (&self->reads))
    {
      g_queue_push_tail_link (&turn->operations, g_queue_pop_head_link (&self->reads));
      return TRUE;
    }

  return FALSE;
}

static void
run_turn (DevboxStore *self, Turn *turn)
{
  Operation *operation = g_queue_peek_head (&turn->operations);

  g_mutex_lock (&self->database_lock);
  if (turn->samples != NULL)
    write_samples (self, turn->samples);
  else if (operation->is_read)
    read_samples (self, operation);
  else
    write_changes (self, &turn->operations);
  g_mutex_unlock (&self->database_lock);

  g_clear_pointer (&turn->samples, g_array_unref);
}

static gpointer
run (gpointer user_data)
{
  DevboxStore *self = user_data;
  Turn turn;

  g_mutex_lock (&self->lock);
  for (;;)
    {
      if (take_turn (self, &turn))
        {
          g_mutex_unlock (&self->lock);
          run_turn (self, &turn);
          g_mutex_lock (&self->lock);
          push_done (self, &turn.operations);
        }
      else if (self->is_closing)
        break;
      else if (self->samples->len > 0)
        g_cond_wait_until (&self->cond, &self->lock, self->samples_time + SAMPLES_INTERVAL);
      else
        g_cond_wait (&self->cond, &self->lock);
    }
  g_mutex_unlock (&self->lock);

  return NULL;
}

/* A child of a platform that was killed may hold it still, for the moment until it runs its own program. */
static gboolean
lock_file (int fd)
{
  gint64 deadline = g_get_monotonic_time () + LOCK_TIMEOUT_USEC;

  while (flock (fd, LOCK_EX | LOCK_NB) != 0)
    {
      if (errno != EWOULDBLOCK || g_get_monotonic_time () > deadline)
        return FALSE;
      g_usleep (LOCK_PAUSE_USEC);
    }

  return TRUE;
}

/* One that ends takes it along, however it ends. */
static int
lock_folder (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "lock", NULL);
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

  if (fd >= 0 && lock_file (fd))
    return fd;

  if (fd >= 0 && errno == EWOULDBLOCK)
    g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("Another platform uses the folder “%s”"), folder);
  else
    devbox_wire_set_file_error (error, errno, _ ("Cannot lock “%s”"), path);
  if (fd >= 0)
    close (fd);

  return -1;
}

static gboolean
start (DevboxStore *self, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  self->thread = g_thread_try_new ("devbox-store", run, self, &local_error);
  if (self->thread == NULL)
    g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR, local_error->message);

  return self->thread != NULL;
}

DevboxStore *
devbox_store_new (const char *folder, GError **error)
{
  g_autoptr (DevboxStore) self = g_new0 (DevboxStore, 1);
  g_autofree char *path = g_build_filename (folder, "state.sqlite", NULL);

  g_mutex_init (&self->database_lock);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->samples = g_array_new (FALSE, FALSE, sizeof (DevboxStoreSampleRow));
  self->context = g_main_context_ref_thread_default ();
  self->telling = g_source_new (&telling_funcs, sizeof (Telling));
  ((Telling *) self->telling)->store = self;
  g_source_set_static_name (self->telling, "devbox-store");
  g_source_attach (self->telling, self->context);

  self->lock_fd = lock_folder (folder, error);
  if (self->lock_fd < 0)
    return NULL;
  self->database = devbox_store_database_open (path, error);
  if (self->database == NULL || !start (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

static void
stop_thread (DevboxStore *self)
{
  g_mutex_lock (&self->lock);
  self->is_closing = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);

  g_clear_pointer (&self->thread, g_thread_join);
}

void
devbox_store_free (DevboxStore *self)
{
  Operation *operation;

  if (self->thread != NULL)
    stop_thread (self);
  g_source_destroy (self->telling);
  while ((operation = pop_done (self)) != NULL)
    operation_tell (operation);

  g_clear_pointer (&self->database, devbox_store_database_close);
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  g_source_unref (self->telling);
  g_main_context_unref (self->context);
  g_array_unref (self->samples);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->database_lock);
  g_free (self);
}

gboolean
devbox_store_load (DevboxStore *self,
                   DevboxStoreTable table,
                   DevboxStoreRowFunc func,
                   gpointer user_data,
                   GError **error)
{
  gboolean loaded;

  g_mutex_lock (&self->database_lock);
  loaded = devbox_store_database_load (self->database, table, func, user_data, error);
  g_mutex_unlock (&self->database_lock);

  return loaded;
}

/* Takes the operation. One that has its error is only told. */
static void
push (DevboxStore *self, GQueue *queue, Operation *operation)
{
  g_mutex_lock (&self->lock);
  if (self->is_closing && operation->error == NULL)
    g_set_error_literal (&operation->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE,
                         _ ("The platform is stopping"));
  if (operation->error != NULL)
    queue = &self->done;

  g_queue_push_tail_link (queue, &operation->link);
  if (queue == &self->done)
    g_source_set_ready_time (self->telling, 0);
  else
    g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

void
devbox_store_push_change (DevboxStore *self,
                          DevboxStoreTable table,
                          const char *key,
                          char *record,
                          GError *error,
                          DevboxStoreFunc func,
                          gpointer user_data)
{
  Operation *operation = operation_new (key, user_data);

  operation->table = table;
  operation->record = record;
  operation->error = error;
  operation->func = func;
  push (self, &self->changes, operation);
}

static void
append_row (GArray *rows, const DevboxStoreSample *sample)
{
  DevboxStoreSampleRow row = { .sample = sample->sample };

  g_strlcpy (row.uid, sample->uid, sizeof row.uid);
  if (!isfinite (row.sample.cpu))
    row.sample.cpu = 0;
  if (!isfinite (row.sample.memory))
    row.sample.memory = 0;
  g_array_append_val (rows, row);
}

void
devbox_store_add_samples (DevboxStore *self, const DevboxStoreSample *samples, guint n_samples)
{
  gboolean is_first, drops;

  g_mutex_lock (&self->lock);
  is_first = self->samples->len == 0;
  drops = n_samples > MAX_SAMPLES - self->samples->len;
  if (drops && !self->drops_samples)
    g_warning ("The disk is too slow: samples are dropped");
  self->drops_samples = drops;

  for (guint i = 0; !drops && i < n_samples; i++)
    append_row (self->samples, &samples[i]);
  if (is_first)
    self->samples_time = g_get_monotonic_time ();
  if (is_first || self->samples->len >= SAMPLES_SOON)
    g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

void
devbox_store_read_samples (DevboxStore *self,
                           const char *uid,
                           gint64 start,
                           gint64 end,
                           gint64 step,
                           DevboxStoreSamplesFunc func,
                           gpointer user_data)
{
  Operation *operation = operation_new (uid, user_data);
  guint n_waiting;

  operation->is_read = TRUE;
  operation->start = MAX (start, 0);
  operation->end = end;
  operation->step = step;
  operation->samples_func = func;

  g_mutex_lock (&self->lock);
  n_waiting = self->reads.length;
  g_mutex_unlock (&self->lock);
  if (n_waiting >= MAX_READS)
    g_set_error_literal (&operation->error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
                         _ ("Too many requests for samples are waiting; try again in a moment"));
  push (self, &self->reads, operation);
}
