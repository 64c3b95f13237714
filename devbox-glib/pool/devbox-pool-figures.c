/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-pool-stats-private.h"

#include <string.h>

#define FIGURE(name, member, type)                                                                                     \
  {                                                                                                                    \
    name, G_STRUCT_OFFSET (DevboxPoolFigures, member), type                                                            \
  }

static const struct
{
  const char *name;
  gsize offset;
  GType type;
} kinds[DEVBOX_POOL_N_FIGURES] = {
  [DEVBOX_POOL_FIGURE_N_TOTAL] = FIGURE ("n-total", n_total, G_TYPE_UINT),
  [DEVBOX_POOL_FIGURE_N_ACTIVE] = FIGURE ("n-active", n_active, G_TYPE_UINT),
  [DEVBOX_POOL_FIGURE_N_HEALTHY] = FIGURE ("n-healthy", n_healthy, G_TYPE_UINT),
  [DEVBOX_POOL_FIGURE_N_UNHEALTHY] = FIGURE ("n-unhealthy", n_unhealthy, G_TYPE_UINT),
  [DEVBOX_POOL_FIGURE_N_OPERATIONS] = FIGURE ("n-operations", n_operations, G_TYPE_UINT64),
  [DEVBOX_POOL_FIGURE_BYTES_TRANSFERRED] = FIGURE ("bytes-transferred", bytes_transferred, G_TYPE_UINT64),
  [DEVBOX_POOL_FIGURE_AVERAGE_LIFETIME] = FIGURE ("average-lifetime", average_lifetime, G_TYPE_UINT64),
  [DEVBOX_POOL_FIGURE_REUSE_RATE] = FIGURE ("reuse-rate", reuse_rate, G_TYPE_DOUBLE),
};

void
devbox_pool_state_get_figures (DevboxPoolState *self, DevboxPoolFigures *figures)
{
  DevboxPoolCounters counters;

  devbox_pool_state_get_counters (self, &counters);

  *figures = (DevboxPoolFigures){
    .n_total = counters.n_total,
    .n_active = counters.n_active,
    .n_healthy = counters.n_total - counters.n_unhealthy,
    .n_unhealthy = counters.n_unhealthy,
    .n_operations = counters.n_operations,
    .bytes_transferred = counters.bytes_transferred,
    .average_lifetime = counters.n_ended > 0 ? counters.ended_age_us / counters.n_ended / 1000 : 0,
    .reuse_rate = counters.n_operations > 0 ? (double) counters.n_reused / (double) counters.n_operations : 0.0,
  };
}

GParamSpec *
devbox_pool_figure_new_pspec (DevboxPoolFigure figure)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  const char *name = kinds[figure].name;

  switch (kinds[figure].type)
    {
    case G_TYPE_UINT:
      return g_param_spec_uint (name, NULL, NULL, 0, G_MAXUINT, 0, flags);
    case G_TYPE_UINT64:
      return g_param_spec_uint64 (name, NULL, NULL, 0, G_MAXUINT64, 0, flags);
    default:
      return g_param_spec_double (name, NULL, NULL, 0.0, 1.0, 0.0, flags);
    }
}

void
devbox_pool_figures_get (const DevboxPoolFigures *self, DevboxPoolFigure figure, GValue *value)
{
  gconstpointer member = G_STRUCT_MEMBER_P (self, kinds[figure].offset);

  switch (kinds[figure].type)
    {
    case G_TYPE_UINT:
      g_value_set_uint (value, *(const guint *) member);
      break;
    case G_TYPE_UINT64:
      g_value_set_uint64 (value, *(const guint64 *) member);
      break;
    default:
      g_value_set_double (value, *(const double *) member);
      break;
    }
}

gboolean
devbox_pool_figures_agree (const DevboxPoolFigures *self, const DevboxPoolFigures *other, DevboxPoolFigure figure)
{
  gsize offset = kinds[figure].offset;
  gsize size = kinds[figure].type == G_TYPE_UINT ? sizeof (guint) : sizeof (guint64);

  return memcmp (G_STRUCT_MEMBER_P (self, offset), G_STRUCT_MEMBER_P (other, offset), size) == 0;
}
