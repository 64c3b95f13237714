/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Many timers in one source: a main context looks at each of its sources in every turn. A queue and its timers belong
 * to one thread. */
typedef struct _DevboxTimerQueue DevboxTimerQueue;
typedef struct _DevboxTimer DevboxTimer;

typedef void (*DevboxTimerFunc) (gpointer data);

/* Embedded in what it is about. */
struct _DevboxTimer
{
  DevboxTimerQueue *queue;
  DevboxTimerFunc func;
  gpointer data;
  gint64 due;
  GSequenceIter *iter; /* NULL: not running */
};

DevboxTimerQueue *devbox_timer_queue_new (GMainContext *context);
void devbox_timer_queue_free (DevboxTimerQueue *self); /* with no timer running */

void devbox_timer_init (DevboxTimer *self, DevboxTimerQueue *queue, DevboxTimerFunc func, gpointer data);
void devbox_timer_start (DevboxTimer *self, gint64 due); /* monotonic time in µs; fires once; may be started again */
void devbox_timer_stop (DevboxTimer *self);

G_END_DECLS
