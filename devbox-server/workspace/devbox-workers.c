/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-workers-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>

struct _DevboxWorkers
{
  GMainContext *context;
  GThreadPool *pool;    /* each of its tasks is to take a job */
  GAsyncQueue *waiting; /* jobs that no thread has taken */
  guint max_jobs;       /* running and waiting */
  GQueue jobs;          /* not told yet */
  gboolean is_ending;
};

typedef struct
{
  DevboxWorkers *workers;
  GList link;
  DevboxWorkFunc work;
  DevboxWorkDoneFunc done;
  gpointer data;
  GCancellable *cancellable;
  GError *error;
  GSource *telling; /* made before the thread has it, and attached by the thread */
} Job;

static void
job_free (Job *job)
{
  g_queue_unlink (&job->workers->jobs, &job->link);
  g_source_destroy (job->telling);
  g_source_unref (job->telling);
  g_clear_error (&job->error);
  g_object_unref (job->cancellable);
  g_free (job);
}

static void
job_tell (Job *job)
{
  DevboxWorkDoneFunc done = job->done;
  gpointer data = job->data;
  g_autoptr (GError) error = g_steal_pointer (&job->error);

  job_free (job);
  done (data, error);
}

static gboolean
on_worked (gpointer user_data)
{
  job_tell (user_data);

  return G_SOURCE_REMOVE;
}

/* In a thread of the pool */
static void
run_job (gpointer task, gpointer user_data)
{
  DevboxWorkers *self = user_data;
  Job *job = g_async_queue_try_pop (self->waiting);
  g_autoptr (GSource) telling = NULL;

  /* It was refused for want of a thread. */
  if (job == NULL)
    return;

  telling = g_source_ref (job->telling);
  if (!g_cancellable_set_error_if_cancelled (job->cancellable, &job->error))
    job->work (job->data, job->cancellable, &job->error);

  g_source_attach (telling, self->context);
}

DevboxWorkers *
devbox_workers_new (guint max_threads, guint max_waiting)
{
  DevboxWorkers *self = g_new0 (DevboxWorkers, 1);

  self->context = g_main_context_ref_thread_default ();
  self->waiting = g_async_queue_new ();
  self->pool = g_thread_pool_new (run_job, self, max_threads, FALSE, NULL);
  self->max_jobs = max_threads + max_waiting;
  g_queue_init (&self->jobs);

  return self;
}

void
devbox_workers_free (DevboxWorkers *self)
{
  Job *job;

  self->is_ending = TRUE;
  for (GList *l = self->jobs.head; l != NULL; l = l->next)
    g_cancellable_cancel (((Job *) l->data)->cancellable);
  /* At once: waiting for what no thread has taken would be forever where none can be started. */
  g_thread_pool_free (self->pool, TRUE, TRUE);
  while ((job = g_async_queue_try_pop (self->waiting)) != NULL)
    g_cancellable_set_error_if_cancelled (job->cancellable, &job->error);

  /* Their sources may never have a turn any more. */
  while (!g_queue_is_empty (&self->jobs))
    job_tell (g_queue_peek_head (&self->jobs));
  g_async_queue_unref (self->waiting);
  g_main_context_unref (self->context);
  g_free (self);
}

/* FALSE: there is no thread, and none can be started. */
static gboolean
hand_over (DevboxWorkers *self, Job *job)
{
  g_async_queue_push (self->waiting, job);

  return g_thread_pool_push (self->pool, self, NULL) || g_thread_pool_get_num_threads (self->pool) > 0
         || !g_async_queue_remove (self->waiting, job);
}

gboolean
devbox_workers_push (DevboxWorkers *self,
                     DevboxWorkFunc work,
                     DevboxWorkDoneFunc done,
                     gpointer data,
                     GCancellable *cancellable,
                     GError **error)
{
  Job *job;

  if (self->is_ending)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The server is stopping"));
      return FALSE;
    }
  if (g_queue_get_length (&self->jobs) >= self->max_jobs)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
                           _ ("Too many file operations are waiting; try again in a moment"));
      return FALSE;
    }

  job = g_new0 (Job, 1);
  job->workers = self;
  job->link.data = job;
  job->work = work;
  job->done = done;
  job->data = data;
  job->cancellable = g_object_ref (cancellable);
  job->telling = g_idle_source_new ();
  g_source_set_priority (job->telling, G_PRIORITY_DEFAULT);
  g_source_set_callback (job->telling, on_worked, job, NULL);
  g_queue_push_tail_link (&self->jobs, &job->link);
  if (hand_over (self, job))
    return TRUE;

  job_free (job);
  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
                       _ ("No thread can be started for a file operation; try again in a moment"));
  return FALSE;
}
