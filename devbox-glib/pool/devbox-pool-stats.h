/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_POOL_STATS (devbox_pool_stats_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxPoolStats, devbox_pool_stats, DEVBOX, POOL_STATS, GObject)

DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_stats_get_n_total (DevboxPoolStats *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_stats_get_n_active (DevboxPoolStats *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_stats_get_n_healthy (DevboxPoolStats *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_stats_get_n_unhealthy (DevboxPoolStats *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_pool_stats_get_n_operations (DevboxPoolStats *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_pool_stats_get_bytes_transferred (DevboxPoolStats *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_pool_stats_get_average_lifetime (DevboxPoolStats *self);
DEVBOX_AVAILABLE_IN_1_0
double devbox_pool_stats_get_reuse_rate (DevboxPoolStats *self);

G_END_DECLS
