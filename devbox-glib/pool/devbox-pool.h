/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-pool-stats.h"

G_BEGIN_DECLS

typedef enum
{
  DEVBOX_POOL_STRATEGY_LEAST_USED,
  DEVBOX_POOL_STRATEGY_ROUND_ROBIN,
  DEVBOX_POOL_STRATEGY_RANDOM,
} DevboxPoolStrategy;

#define DEVBOX_TYPE_POOL (devbox_pool_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxPool, devbox_pool, DEVBOX, POOL, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxPool *devbox_pool_new (void);

DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_get_max_size (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_pool_set_max_size (DevboxPool *self, guint max_size);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_get_connection_timeout (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_pool_set_connection_timeout (DevboxPool *self, guint timeout_ms);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_get_keep_alive_interval (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_pool_set_keep_alive_interval (DevboxPool *self, guint interval_ms);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_get_health_check_interval (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_pool_set_health_check_interval (DevboxPool *self, guint interval_ms);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_get_max_idle_time (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_pool_set_max_idle_time (DevboxPool *self, guint idle_ms);
DEVBOX_AVAILABLE_IN_1_0
DevboxPoolStrategy devbox_pool_get_strategy (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_pool_set_strategy (DevboxPool *self, DevboxPoolStrategy strategy);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_get_n_total (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_get_n_active (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_get_n_healthy (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_pool_get_n_unhealthy (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_pool_get_n_operations (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_pool_get_bytes_transferred (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_pool_get_average_lifetime (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
double devbox_pool_get_reuse_rate (DevboxPool *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxPoolStats *devbox_pool_get_stats (DevboxPool *self);

DEVBOX_AVAILABLE_IN_1_0
void devbox_pool_remove_unhealthy_async (DevboxPool *self,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
DEVBOX_AVAILABLE_IN_1_0
gssize devbox_pool_remove_unhealthy_finish (DevboxPool *self, GAsyncResult *result, GError **error);
DEVBOX_AVAILABLE_IN_1_0
gssize devbox_pool_remove_unhealthy_sync (DevboxPool *self, GCancellable *cancellable, GError **error);
DEVBOX_AVAILABLE_IN_1_0
void devbox_pool_close_all (DevboxPool *self);

G_END_DECLS
