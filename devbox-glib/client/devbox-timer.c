/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-timer-private.h"

struct _DevboxTimerQueue
{
  GSequence *timers; /* by due time */
  GSource *source;
  gint64 ready_time;
};

typedef struct
{
  GSource parent;
  DevboxTimerQueue *queue;
} TimerSource;

static int
compare_timers (gconstpointer a, gconstpointer b, gpointer data)
{
  const DevboxTimer *left = a;
  const DevboxTimer *right = b;

  return (left->due > right->due) - (left->due < right->due);
}

static void
set_ready_time (DevboxTimerQueue *self, gint64 ready_time)
{
  self->ready_time = ready_time;
  g_source_set_ready_time (self->source, ready_time);
}

static gboolean
dispatch_timers (GSource *source, GSourceFunc callback, gpointer data)
{
  DevboxTimerQueue *self = ((TimerSource *) source)->queue;
  gint64 now = g_get_monotonic_time ();
  GSequenceIter *first;

  while (!g_sequence_iter_is_end (first = g_sequence_get_begin_iter (self->timers)))
    {
      DevboxTimer *timer = g_sequence_get (first);

      if (timer->due > now)
        break;
      devbox_timer_stop (timer);
      timer->func (timer->data);
    }

  set_ready_time (self, g_sequence_iter_is_end (first) ? -1 : ((DevboxTimer *) g_sequence_get (first))->due);

  return G_SOURCE_CONTINUE;
}

DevboxTimerQueue *
devbox_timer_queue_new (GMainContext *context)
{
  static GSourceFuncs source_funcs = { .dispatch = dispatch_timers };
  DevboxTimerQueue *self = g_new0 (DevboxTimerQueue, 1);

  self->timers = g_sequence_new (NULL);
  self->source = g_source_new (&source_funcs, sizeof (TimerSource));
  ((TimerSource *) self->source)->queue = self;
  g_source_set_static_name (self->source, "[devbox] timers");
  /* A deadline holds however much there is to read. */
  g_source_set_priority (self->source, G_PRIORITY_HIGH);
  g_source_attach (self->source, context);
  self->ready_time = -1;

  return self;
}

void
devbox_timer_queue_free (DevboxTimerQueue *self)
{
  g_assert (g_sequence_is_empty (self->timers));

  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_sequence_free (self->timers);
  g_free (self);
}

void
devbox_timer_init (DevboxTimer *self, DevboxTimerQueue *queue, DevboxTimerFunc func, gpointer data)
{
  self->queue = queue;
  self->func = func;
  self->data = data;
  self->iter = NULL;
}

void
devbox_timer_start (DevboxTimer *self, gint64 due)
{
  devbox_timer_stop (self);

  self->due = due;
  self->iter = g_sequence_insert_sorted (self->queue->timers, self, compare_timers, NULL);
  if (self->queue->ready_time == -1 || due < self->queue->ready_time)
    set_ready_time (self->queue, due);
}

/* The source keeps its time: waking once in vain is cheaper than moving it with every call. */
void
devbox_timer_stop (DevboxTimer *self)
{
  g_clear_pointer (&self->iter, g_sequence_remove);
}
