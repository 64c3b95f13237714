/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-io-thread-private.h"
#include "devbox-pool.h"

G_BEGIN_DECLS

#define DEVBOX_POOL_LARGEST_MAX_SIZE 1024

/* What a DevboxPool shares with the I/O threads, which never hold the object itself: its settings and counters.
 * Reference counted, thread safe. */
typedef struct _DevboxPoolState DevboxPoolState;

typedef struct
{
  guint max_size;
  guint connection_timeout;    /* ms; 0: no limit of its own */
  guint keep_alive_interval;   /* ms; 0: never */
  guint health_check_interval; /* ms; 0: never */
  guint health_check_timeout;  /* ms */
  guint max_idle_time;         /* ms; 0: no limit */
  guint strategy;              /* of DevboxPoolStrategy */
} DevboxPoolSettings;

typedef struct
{
  guint n_total;
  guint n_active;
  guint n_unhealthy;
  guint64 n_operations;
  guint64 n_reused;
  guint64 bytes_transferred;
  guint64 n_ended;      /* connections that were open once */
  guint64 ended_age_us; /* of all of these together */
} DevboxPoolCounters;

/* Called in `context`, some time after counters have changed, until devbox_pool_state_disconnect (). */
DevboxPoolState *devbox_pool_state_new (GMainContext *context, GObject *object, void (*changed) (GObject *object));
DevboxPoolState *devbox_pool_state_ref (DevboxPoolState *self);
void devbox_pool_state_unref (DevboxPoolState *self);
void devbox_pool_state_disconnect (DevboxPoolState *self);

void devbox_pool_state_get_settings (DevboxPoolState *self, DevboxPoolSettings *settings);
void devbox_pool_state_set_settings (DevboxPoolState *self, const DevboxPoolSettings *settings);
/* Sets the one of them at that offset; returns whether it changed. */
gboolean devbox_pool_state_set_setting (DevboxPoolState *self, gsize offset, guint value);

void devbox_pool_state_get_counters (DevboxPoolState *self, DevboxPoolCounters *counters);
void devbox_pool_state_count_connections (DevboxPoolState *self, int total, int active, int unhealthy);
void devbox_pool_state_count_operation (DevboxPoolState *self, gboolean was_reused, guint64 n_bytes);
void devbox_pool_state_count_end (DevboxPoolState *self, gint64 age_us);

/* The connection sets that live by this state, each in its thread; the id is never 0. */
guint devbox_pool_state_register (DevboxPoolState *self, DevboxIoThread *thread, gpointer set);
void devbox_pool_state_unregister (DevboxPoolState *self, guint id); /* in that thread */
gboolean devbox_pool_state_in_io_thread (DevboxPoolState *self);     /* of any of them */
/* Calls `func (set, data)` for each of them in its thread, soon, unless it is gone by then. Every such call has a
 * reference to the data of its own, which is released in any case. */
void
devbox_pool_state_invoke (DevboxPoolState *self, GFunc func, gpointer data, GBoxedCopyFunc ref, GDestroyNotify unref);

DevboxPoolState *devbox_pool_get_state (DevboxPool *self); /* transfer none */

G_END_DECLS
