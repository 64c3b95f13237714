/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-suspend-clock-private.h"

#include "devbox-suspend-gap-private.h"

static GMutex clock_lock;
static guint n_holders;
static gint64 last_seen;
static gint64 suspended; /* in all, µs */

static gint64
look (void)
{
  gint64 now = g_get_monotonic_time ();

  if (n_holders > 0)
    suspended += devbox_suspend_gap_measure (&last_seen, now);

  return now - suspended;
}

gint64
devbox_suspend_clock_get_time (void)
{
  gint64 time;

  g_mutex_lock (&clock_lock);
  time = look ();
  g_mutex_unlock (&clock_lock);

  return time;
}

void
devbox_suspend_clock_hold (void)
{
  g_mutex_lock (&clock_lock);
  look ();
  if (n_holders++ == 0)
    last_seen = g_get_monotonic_time ();
  g_mutex_unlock (&clock_lock);
}

void
devbox_suspend_clock_release (void)
{
  g_mutex_lock (&clock_lock);
  n_holders--;
  g_mutex_unlock (&clock_lock);
}

/* The source: wakes every second, all sources at once, which is how the clock is looked at. */

typedef struct
{
  GSource source;
  gint64 interval; /* µs */
  gint64 due;      /* by the clock */
} Timeout;

static void
sleep_on (Timeout *self, gint64 now)
{
  gint64 monotonic = g_get_monotonic_time ();
  gint64 next_tick = (monotonic / DEVBOX_SUSPEND_TICK_USEC + 1) * DEVBOX_SUSPEND_TICK_USEC;

  g_source_set_ready_time (&self->source, MIN (monotonic + MAX (self->due - now, 0), next_tick));
}

static gboolean
timeout_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  Timeout *self = (Timeout *) source;
  gint64 now = devbox_suspend_clock_get_time ();

  if (now < self->due)
    {
      sleep_on (self, now);
      return G_SOURCE_CONTINUE;
    }

  self->due = now + self->interval;
  sleep_on (self, now);

  return callback != NULL && callback (user_data);
}

static void
timeout_finalize (GSource *source)
{
  devbox_suspend_clock_release ();
}

static GSourceFuncs timeout_funcs = {
  .dispatch = timeout_dispatch,
  .finalize = timeout_finalize,
};

GSource *
devbox_suspend_timeout_new (guint milliseconds)
{
  GSource *source = g_source_new (&timeout_funcs, sizeof (Timeout));

  devbox_suspend_clock_hold ();
  devbox_suspend_timeout_restart (source, milliseconds);

  return source;
}

void
devbox_suspend_timeout_restart (GSource *source, guint milliseconds)
{
  Timeout *self = (Timeout *) source;
  gint64 now = devbox_suspend_clock_get_time ();

  self->interval = milliseconds * G_GINT64_CONSTANT (1000);
  self->due = now + self->interval;
  sleep_on (self, now);
}
