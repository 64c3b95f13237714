/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-io-thread-private.h"

#include <signal.h>

struct _DevboxIoThread
{
  gatomicrefcount ref_count;
  GMainContext *context;

  GMutex mutex;
  gboolean is_started;
  gboolean has_ended;
  GQueue invocations;
  int is_invoked; /* atomic: there are some */

  /* The thread's own. */
  GSource *inbox;
  DevboxTimerQueue *timers;
  guint n_holds;
  gboolean is_stopping;
  GDestroyNotify shutdown;
  gpointer shutdown_data;
};

typedef struct
{
  GList link;
  GSourceFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Invocation;

/* One source for all that is invoked: attaching one for each would wake the thread while its context is locked, only to
 * let it wait for the lock. */
typedef struct
{
  GSource parent;
  DevboxIoThread *thread;
} Inbox;

static int n_running;

DevboxIoThread *
devbox_io_thread_new (void)
{
  DevboxIoThread *self = g_new0 (DevboxIoThread, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->context = g_main_context_new ();

  return self;
}

DevboxIoThread *
devbox_io_thread_ref (DevboxIoThread *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_io_thread_unref (DevboxIoThread *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_main_context_unref (self->context);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static gboolean
inbox_prepare (GSource *source, int *timeout)
{
  *timeout = -1;

  return g_atomic_int_get (&((Inbox *) source)->thread->is_invoked);
}

static gboolean
inbox_check (GSource *source)
{
  return g_atomic_int_get (&((Inbox *) source)->thread->is_invoked);
}

static void
put_in_locked (DevboxIoThread *self, Invocation *invocation)
{
  g_queue_push_tail_link (&self->invocations, &invocation->link);
  g_atomic_int_set (&self->is_invoked, TRUE);
}

static void
carry_out (DevboxIoThread *self, Invocation *invocation)
{
  if (invocation->func (invocation->data) == G_SOURCE_CONTINUE)
    {
      g_mutex_lock (&self->mutex);
      put_in_locked (self, invocation);
      g_mutex_unlock (&self->mutex);
      return;
    }

  if (invocation->destroy != NULL)
    invocation->destroy (invocation->data);
  g_free (invocation);
}

static gboolean
inbox_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  DevboxIoThread *self = ((Inbox *) source)->thread;
  GQueue taken;
  GList *link;

  g_mutex_lock (&self->mutex);
  taken = self->invocations;
  g_queue_init (&self->invocations);
  g_atomic_int_set (&self->is_invoked, FALSE);
  g_mutex_unlock (&self->mutex);

  while ((link = g_queue_pop_head_link (&taken)) != NULL)
    carry_out (self, link->data);

  return G_SOURCE_CONTINUE;
}

static GSource *
inbox_new (DevboxIoThread *thread)
{
  static GSourceFuncs source_funcs = {
    .prepare = inbox_prepare,
    .check = inbox_check,
    .dispatch = inbox_dispatch,
  };
  GSource *source = g_source_new (&source_funcs, sizeof (Inbox));

  ((Inbox *) source)->thread = thread;
  g_source_set_static_name (source, "[devbox] invoke");
  g_source_attach (source, thread->context);

  return source;
}

static gpointer
run (gpointer data)
{
  DevboxIoThread *self = data;

  g_main_context_acquire (self->context);
  g_main_context_push_thread_default (self->context);

  while (!self->is_stopping || self->n_holds > 0)
    g_main_context_iteration (self->context, TRUE);

  /* From here on nothing can be invoked; what was, still is: it only finds that there is nothing to do. */
  g_mutex_lock (&self->mutex);
  self->has_ended = TRUE;
  g_mutex_unlock (&self->mutex);
  while (g_main_context_iteration (self->context, FALSE))
    ;

  g_source_destroy (self->inbox);
  g_source_unref (self->inbox);
  devbox_timer_queue_free (self->timers);
  g_main_context_pop_thread_default (self->context);
  g_main_context_release (self->context);
  devbox_io_thread_unref (self);
  g_atomic_int_add (&n_running, -1);

  return NULL;
}

/* The program's signals are for the program's threads; those that a thread causes itself stay. */
static void
start_without_signals (DevboxIoThread *self)
{
  sigset_t all;
  sigset_t previous;

  sigfillset (&all);
  sigdelset (&all, SIGBUS);
  sigdelset (&all, SIGFPE);
  sigdelset (&all, SIGILL);
  sigdelset (&all, SIGSEGV);
  sigdelset (&all, SIGTRAP);
  pthread_sigmask (SIG_SETMASK, &all, &previous);
  g_thread_unref (g_thread_new ("devbox-io", run, devbox_io_thread_ref (self)));
  pthread_sigmask (SIG_SETMASK, &previous, NULL);
}

static void
ensure_started_locked (DevboxIoThread *self)
{
  if (self->is_started)
    return;

  self->is_started = TRUE;
  self->inbox = inbox_new (self);
  self->timers = devbox_timer_queue_new (self->context);
  g_atomic_int_inc (&n_running);
  start_without_signals (self);
}

gboolean
devbox_io_thread_is_current (DevboxIoThread *self)
{
  return g_main_context_is_owner (self->context);
}

GMainContext *
devbox_io_thread_get_context (DevboxIoThread *self)
{
  g_mutex_lock (&self->mutex);
  ensure_started_locked (self);
  g_mutex_unlock (&self->mutex);

  return self->context;
}

/* FALSE when it is too late. */
static gboolean
put_in (DevboxIoThread *self, Invocation *invocation)
{
  gboolean is_first;

  g_mutex_lock (&self->mutex);
  if (self->has_ended)
    {
      g_mutex_unlock (&self->mutex);
      return FALSE;
    }
  ensure_started_locked (self);
  is_first = g_queue_is_empty (&self->invocations);
  put_in_locked (self, invocation);
  g_mutex_unlock (&self->mutex);

  if (is_first)
    g_main_context_wakeup (self->context);

  return TRUE;
}

void
devbox_io_thread_invoke (DevboxIoThread *self, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  Invocation *invocation = g_new (Invocation, 1);

  *invocation = (Invocation){ .link.data = invocation, .func = func, .data = data, .destroy = destroy };
  if (put_in (self, invocation))
    return;

  g_free (invocation);
  if (destroy != NULL)
    destroy (data);
}

static gboolean
stop (gpointer data)
{
  DevboxIoThread *self = data;

  self->is_stopping = TRUE;
  self->shutdown (self->shutdown_data);

  return G_SOURCE_REMOVE;
}

void
devbox_io_thread_stop (DevboxIoThread *self, GDestroyNotify shutdown, gpointer data)
{
  gboolean is_started;

  self->shutdown = shutdown;
  self->shutdown_data = data;

  g_mutex_lock (&self->mutex);
  is_started = self->is_started;
  if (!is_started)
    self->has_ended = TRUE;
  g_mutex_unlock (&self->mutex);

  if (is_started)
    devbox_io_thread_invoke (self, stop, devbox_io_thread_ref (self), (GDestroyNotify) devbox_io_thread_unref);
  else
    shutdown (data);
}

void
devbox_io_thread_hold (DevboxIoThread *self)
{
  self->n_holds++;
}

void
devbox_io_thread_release (DevboxIoThread *self)
{
  self->n_holds--;
}

DevboxTimerQueue *
devbox_io_thread_get_timers (DevboxIoThread *self)
{
  return self->timers;
}

guint
devbox_io_thread_get_n_running (void)
{
  return g_atomic_int_get (&n_running);
}
