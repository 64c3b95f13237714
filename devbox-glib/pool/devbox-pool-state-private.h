/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-pool.h"

G_BEGIN_DECLS

/* What a DevboxPool shares with the I/O threads, which never hold the object itself: its settings and counters.
 * Reference counted, thread safe. */
typedef struct _DevboxPoolState DevboxPoolState;

typedef struct
{
  guint max_size;
  guint connection_timeout; /* ms */
  guint max_idle_time;      /* ms */
  DevboxPoolStrategy strategy;
} DevboxPoolSettings;

typedef struct
{
  guint n_total;
  guint n_active;
  guint64 n_operations;
  guint64 n_reused;
  guint64 bytes_transferred;
} DevboxPoolCounters;

/* Called in `context`, some time after counters have changed, until devbox_pool_state_disconnect (). */
DevboxPoolState *devbox_pool_state_new (GMainContext *context, GObject *object, void (*changed) (GObject *object));
DevboxPoolState *devbox_pool_state_ref (DevboxPoolState *self);
void devbox_pool_state_unref (DevboxPoolState *self);
void devbox_pool_state_disconnect (DevboxPoolState *self);

void devbox_pool_state_get_settings (DevboxPoolState *self, DevboxPoolSettings *settings);
void devbox_pool_state_set_settings (DevboxPoolState *self, const DevboxPoolSettings *settings);

void devbox_pool_state_get_counters (DevboxPoolState *self, DevboxPoolCounters *counters);
void devbox_pool_state_count_connections (DevboxPoolState *self, int total, int active);
void devbox_pool_state_count_operation (DevboxPoolState *self, gboolean was_reused, guint64 n_bytes);

DevboxPoolState *devbox_pool_get_state (DevboxPool *self); /* transfer none */

G_END_DECLS
