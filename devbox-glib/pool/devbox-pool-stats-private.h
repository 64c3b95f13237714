/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-pool-state-private.h"
#include "devbox-pool-stats.h"

G_BEGIN_DECLS

/* What a pool tells of its counters, as properties of the pool itself and of its statistics. */
typedef enum
{
  DEVBOX_POOL_FIGURE_N_TOTAL,
  DEVBOX_POOL_FIGURE_N_ACTIVE,
  DEVBOX_POOL_FIGURE_N_HEALTHY,
  DEVBOX_POOL_FIGURE_N_UNHEALTHY,
  DEVBOX_POOL_FIGURE_N_OPERATIONS,
  DEVBOX_POOL_FIGURE_BYTES_TRANSFERRED,
  DEVBOX_POOL_FIGURE_AVERAGE_LIFETIME,
  DEVBOX_POOL_FIGURE_REUSE_RATE,
  DEVBOX_POOL_N_FIGURES
} DevboxPoolFigure;

typedef struct
{
  guint n_total;
  guint n_active;
  guint n_healthy;
  guint n_unhealthy;
  guint64 n_operations;
  guint64 bytes_transferred;
  guint64 average_lifetime; /* ms */
  double reuse_rate;
} DevboxPoolFigures;

void devbox_pool_state_get_figures (DevboxPoolState *self, DevboxPoolFigures *figures);
GParamSpec *devbox_pool_figure_new_pspec (DevboxPoolFigure figure);
void devbox_pool_figures_get (const DevboxPoolFigures *self, DevboxPoolFigure figure, GValue *value);
gboolean
devbox_pool_figures_agree (const DevboxPoolFigures *self, const DevboxPoolFigures *other, DevboxPoolFigure figure);

DevboxPoolStats *devbox_pool_stats_new (const DevboxPoolFigures *figures);

G_END_DECLS
