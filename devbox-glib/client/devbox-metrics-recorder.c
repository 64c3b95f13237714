/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-metrics-recorder-private.h"

#define MAX_EVENTS 1024 /* that wait one by one; what comes after is merged */
#define MAX_CALLS_A_TURN 256

typedef enum
{
  EVENT_CONNECTION,
  EVENT_OPERATION,
  EVENT_TRANSFER,
  EVENT_ERROR,
} EventKind;

typedef struct
{
  EventKind kind;
  int detail; /* whether it succeeded, or the code of the error */
  guint64 n_events;
  guint64 latency_us; /* of all */
  guint64 n_files;
  guint64 n_bytes;
} Event;

struct _DevboxMetricsRecorder
{
  gatomicrefcount ref_count;
  DevboxMetricsCounters *counters; /* NULL: the metrics are of a derived type, and the rest is there */

  GWeakRef metrics;
  GThread *thread;
  gboolean is_telling; /* whoever runs the context knows */
  GMutex mutex;
  GMainContext *context; /* NULL once disconnected */
  GSource *source;       /* NULL: none is on its way */
  GQueue events;
};

DevboxMetricsRecorder *
devbox_metrics_recorder_new (DevboxMetrics *metrics, GMainContext *context)
{
  DevboxMetricsRecorder *self = g_new0 (DevboxMetricsRecorder, 1);

  g_atomic_ref_count_init (&self->ref_count);
  if (G_OBJECT_TYPE (metrics) == DEVBOX_TYPE_METRICS)
    {
      self->counters = devbox_metrics_counters_ref (devbox_metrics_get_counters (metrics));
      return self;
    }

  g_weak_ref_init (&self->metrics, metrics);
  self->thread = g_thread_ref (g_thread_self ());
  g_mutex_init (&self->mutex);
  self->context = g_main_context_ref (context);
  g_queue_init (&self->events);

  return self;
}

DevboxMetricsRecorder *
devbox_metrics_recorder_ref (DevboxMetricsRecorder *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_metrics_recorder_unref (DevboxMetricsRecorder *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (self->counters != NULL)
    devbox_metrics_counters_unref (self->counters);
  else
    {
      g_assert (self->context == NULL);

      g_queue_clear_full (&self->events, g_free);
      g_thread_unref (self->thread);
      g_weak_ref_clear (&self->metrics);
      g_mutex_clear (&self->mutex);
    }
  g_free (self);
}

/* Takes off what the virtual function is called with once: merged transfers are one, all others are told one by one. */
static gboolean
pop_event (DevboxMetricsRecorder *self, Event *event)
{
  Event *first;

  g_mutex_lock (&self->mutex);
  first = g_queue_peek_head (&self->events);
  if (first != NULL)
    {
      *event = *first;
      if (first->kind != EVENT_TRANSFER && first->n_events > 1)
        {
          event->latency_us = first->latency_us / first->n_events;
          first->latency_us -= event->latency_us;
          first->n_events--;
        }
      else
        g_free (g_queue_pop_head (&self->events));
    }
  g_mutex_unlock (&self->mutex);

  return first != NULL;
}

static void
tell (DevboxMetrics *metrics, const Event *event)
{
  switch (event->kind)
    {
    case EVENT_CONNECTION:
      devbox_metrics_record_connection (metrics);
      break;
    case EVENT_OPERATION:
      devbox_metrics_record_operation (metrics, event->latency_us, event->detail);
      break;
    case EVENT_TRANSFER:
      devbox_metrics_record_transfer (metrics, (guint) MIN (event->n_files, G_MAXUINT), event->n_bytes,
                                      event->latency_us);
      break;
    case EVENT_ERROR:
      devbox_metrics_record_error (metrics, event->detail);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* Whether more is left. */
static gboolean
tell_some (DevboxMetricsRecorder *self)
{
  g_autoptr (DevboxMetrics) metrics = g_weak_ref_get (&self->metrics);
  gboolean has_more = TRUE;
  Event event;

  self->is_telling = TRUE;
  for (guint i = 0; has_more && i < MAX_CALLS_A_TURN; i++)
    {
      has_more = pop_event (self, &event);
      if (has_more && metrics != NULL)
        tell (metrics, &event);
    }
  self->is_telling = FALSE;

  return has_more;
}

static gboolean
dispatch (gpointer data)
{
  DevboxMetricsRecorder *self = data;
  g_autoptr (GSource) source = NULL;

  if (tell_some (self))
    return G_SOURCE_CONTINUE;

  g_mutex_lock (&self->mutex);
  if (g_queue_is_empty (&self->events))
    source = g_steal_pointer (&self->source);
  g_mutex_unlock (&self->mutex);

  return source != NULL ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
attach_source_locked (DevboxMetricsRecorder *self)
{
  self->source = g_idle_source_new ();
  g_source_set_static_name (self->source, "[devbox] metrics");
  g_source_set_callback (self->source, dispatch, devbox_metrics_recorder_ref (self),
                         (GDestroyNotify) devbox_metrics_recorder_unref);
  g_source_attach (self->source, self->context);
}

static Event *
find_similar_locked (DevboxMetricsRecorder *self, const Event *event)
{
  for (GList *link = self->events.tail; link != NULL; link = link->prev)
    {
      Event *other = link->data;

      if (other->kind == event->kind && other->detail == event->detail)
        return other;
    }

  return NULL;
}

static void
push_event (DevboxMetricsRecorder *self, const Event *event)
{
  Event *similar = NULL;

  g_mutex_lock (&self->mutex);

  if (self->context != NULL && self->events.length >= MAX_EVENTS)
    similar = find_similar_locked (self, event);

  if (similar != NULL)
    {
      similar->n_events++;
      similar->latency_us += event->latency_us;
      similar->n_files += event->n_files;
      similar->n_bytes += event->n_bytes;
    }
  else if (self->context != NULL)
    {
      g_queue_push_tail (&self->events, g_memdup2 (event, sizeof *event));
      if (self->source == NULL)
        attach_source_locked (self);
    }

  g_mutex_unlock (&self->mutex);
}

static void
record (DevboxMetricsRecorder *self, const Event *event)
{
  DevboxMetricsValues values = { .n_files = event->n_files, .n_bytes = event->n_bytes };

  if (self->counters == NULL)
    {
      push_event (self, event);
      return;
    }

  if (event->kind == EVENT_CONNECTION)
    values.n_connections = 1;
  else if (event->kind == EVENT_ERROR)
    values.n_errors = 1;
  else if (event->kind == EVENT_OPERATION)
    {
      values.n_operations = 1;
      values.latency_us = event->latency_us;
    }
  devbox_metrics_counters_add (self->counters, &values);
}

void
devbox_metrics_recorder_add_connection (DevboxMetricsRecorder *self)
{
  record (self, &(Event){ .kind = EVENT_CONNECTION, .n_events = 1 });
}

void
devbox_metrics_recorder_add_operation (DevboxMetricsRecorder *self, guint64 latency_us, gboolean succeeded)
{
  record (self, &(Event){
                    .kind = EVENT_OPERATION,
                    .detail = succeeded != FALSE,
                    .n_events = 1,
                    .latency_us = latency_us,
                });
}

void
devbox_metrics_recorder_add_transfer (DevboxMetricsRecorder *self, guint n_files, guint64 n_bytes, guint64 latency_us)
{
  record (self, &(Event){
                    .kind = EVENT_TRANSFER,
                    .n_events = 1,
                    .latency_us = latency_us,
                    .n_files = n_files,
                    .n_bytes = n_bytes,
                });
}

void
devbox_metrics_recorder_add_error (DevboxMetricsRecorder *self, DevboxError code)
{
  record (self, &(Event){ .kind = EVENT_ERROR, .detail = (int) code, .n_events = 1 });
}

void
devbox_metrics_recorder_flush (DevboxMetricsRecorder *self)
{
  g_autoptr (GMainContext) context = NULL;

  if (self->counters != NULL || self->thread != g_thread_self ())
    return;

  g_mutex_lock (&self->mutex);
  if (self->context != NULL)
    context = g_main_context_ref (self->context);
  g_mutex_unlock (&self->mutex);

  if (context == NULL || !g_main_context_acquire (context))
    return;

  /* A virtual function may make a blocking call, which ends here. */
  while (!self->is_telling && tell_some (self))
    ;
  g_main_context_release (context);
}

void
devbox_metrics_recorder_disconnect (DevboxMetricsRecorder *self)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GSource) source = NULL;

  if (self->counters != NULL)
    return;

  devbox_metrics_recorder_flush (self);

  g_mutex_lock (&self->mutex);
  context = g_steal_pointer (&self->context);
  source = g_steal_pointer (&self->source);
  g_queue_clear_full (&self->events, g_free);
  g_queue_init (&self->events);
  g_mutex_unlock (&self->mutex);

  if (source != NULL)
    g_source_destroy (source);
}
