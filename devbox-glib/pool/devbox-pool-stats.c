/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-pool-stats-private.h"

/**
 * DevboxPoolStats:
 *
 * What a [class@Devbox.Pool] had counted at one moment.
 *
 * All figures belong together, and none of them changes any more: it can be read from any thread.
 *
 * Since: 1.0
 */
struct _DevboxPoolStats
{
  GObject parent_instance;

  DevboxPoolFigures figures;
};

G_DEFINE_FINAL_TYPE (DevboxPoolStats, devbox_pool_stats, G_TYPE_OBJECT)

static GParamSpec *properties[1 + DEVBOX_POOL_N_FIGURES];

static void
devbox_pool_stats_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxPoolStats *self = DEVBOX_POOL_STATS (object);

  if (property_id > DEVBOX_POOL_N_FIGURES)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
  else
    devbox_pool_figures_get (&self->figures, property_id - 1, value);
}

static void
devbox_pool_stats_class_init (DevboxPoolStatsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = devbox_pool_stats_get_property;

  /**
   * DevboxPoolStats:n-total:
   *
   * How many connections there are, to all addresses.
   *
   * Since: 1.0
   */
  properties[1 + DEVBOX_POOL_FIGURE_N_TOTAL] = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_N_TOTAL);

  /**
   * DevboxPoolStats:n-active:
   *
   * How many connections carry a call.
   *
   * Since: 1.0
   */
  properties[1 + DEVBOX_POOL_FIGURE_N_ACTIVE] = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_N_ACTIVE);

  /**
   * DevboxPoolStats:n-healthy:
   *
   * How many connections are in order, as far as it is known: all but the unhealthy ones.
   *
   * Since: 1.0
   */
  properties[1 + DEVBOX_POOL_FIGURE_N_HEALTHY] = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_N_HEALTHY);

  /**
   * DevboxPoolStats:n-unhealthy:
   *
   * How many connections did not answer a check within one second.
   *
   * No call gets one of these. They are closed after two more seconds, or are healthy again if the answer came.
   *
   * Since: 1.0
   */
  properties[1 + DEVBOX_POOL_FIGURE_N_UNHEALTHY] = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_N_UNHEALTHY);

  /**
   * DevboxPoolStats:n-operations:
   *
   * How many requests were sent and answered, with whatever status. Checks do not count.
   *
   * Since: 1.0
   */
  properties[1 + DEVBOX_POOL_FIGURE_N_OPERATIONS] = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_N_OPERATIONS);

  /**
   * DevboxPoolStats:bytes-transferred:
   *
   * How many bytes the bodies of these requests and of their replies had.
   *
   * Since: 1.0
   */
  properties[1 + DEVBOX_POOL_FIGURE_BYTES_TRANSFERRED]
      = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_BYTES_TRANSFERRED);

  /**
   * DevboxPoolStats:average-lifetime:
   *
   * How long a connection lived on average, in milliseconds: from its opening to its end, of all that have ended.
   *
   * Since: 1.0
   */
  properties[1 + DEVBOX_POOL_FIGURE_AVERAGE_LIFETIME]
      = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_AVERAGE_LIFETIME);

  /**
   * DevboxPoolStats:reuse-rate:
   *
   * The part of these requests, from 0 to 1, that went over a connection which had carried one before.
   *
   * Since: 1.0
   */
  properties[1 + DEVBOX_POOL_FIGURE_REUSE_RATE] = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_REUSE_RATE);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
devbox_pool_stats_init (DevboxPoolStats *self)
{
}

DevboxPoolStats *
devbox_pool_stats_new (const DevboxPoolFigures *figures)
{
  DevboxPoolStats *self = g_object_new (DEVBOX_TYPE_POOL_STATS, NULL);

  self->figures = *figures;

  return self;
}

/**
 * devbox_pool_stats_get_n_total:
 * @self: what a pool had counted
 *
 * Gets how many connections there are.
 *
 * Returns: the number of connections, to all addresses
 *
 * Since: 1.0
 */
guint
devbox_pool_stats_get_n_total (DevboxPoolStats *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL_STATS (self), 0);

  return self->figures.n_total;
}

/**
 * devbox_pool_stats_get_n_active:
 * @self: what a pool had counted
 *
 * Gets how many connections carry a call.
 *
 * Returns: the number of connections, to all addresses
 *
 * Since: 1.0
 */
guint
devbox_pool_stats_get_n_active (DevboxPoolStats *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL_STATS (self), 0);

  return self->figures.n_active;
}

/**
 * devbox_pool_stats_get_n_healthy:
 * @self: what a pool had counted
 *
 * Gets how many connections are in order.
 *
 * Returns: the number of connections, to all addresses
 *
 * Since: 1.0
 */
guint
devbox_pool_stats_get_n_healthy (DevboxPoolStats *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL_STATS (self), 0);

  return self->figures.n_healthy;
}

/**
 * devbox_pool_stats_get_n_unhealthy:
 * @self: what a pool had counted
 *
 * Gets how many connections are out of order.
 *
 * Returns: the number of connections, to all addresses
 *
 * Since: 1.0
 */
guint
devbox_pool_stats_get_n_unhealthy (DevboxPoolStats *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL_STATS (self), 0);

  return self->figures.n_unhealthy;
}

/**
 * devbox_pool_stats_get_n_operations:
 * @self: what a pool had counted
 *
 * Gets how many requests were sent and answered, with whatever status.
 *
 * Returns: the number of requests
 *
 * Since: 1.0
 */
guint64
devbox_pool_stats_get_n_operations (DevboxPoolStats *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL_STATS (self), 0);

  return self->figures.n_operations;
}

/**
 * devbox_pool_stats_get_bytes_transferred:
 * @self: what a pool had counted
 *
 * Gets how many bytes the bodies of these requests and of their replies had.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
devbox_pool_stats_get_bytes_transferred (DevboxPoolStats *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL_STATS (self), 0);

  return self->figures.bytes_transferred;
}

/**
 * devbox_pool_stats_get_average_lifetime:
 * @self: what a pool had counted
 *
 * Gets how long a connection lived on average.
 *
 * Returns: the time in milliseconds; 0 before the first connection has ended
 *
 * Since: 1.0
 */
guint64
devbox_pool_stats_get_average_lifetime (DevboxPoolStats *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL_STATS (self), 0);

  return self->figures.average_lifetime;
}

/**
 * devbox_pool_stats_get_reuse_rate:
 * @self: what a pool had counted
 *
 * Gets the part of these requests that went over a connection which had carried one before.
 *
 * It is measured on the connections themselves, not derived from the settings.
 *
 * Returns: a number from 0 to 1; 0 before the first request
 *
 * Since: 1.0
 */
double
devbox_pool_stats_get_reuse_rate (DevboxPoolStats *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL_STATS (self), 0.0);

  return self->figures.reuse_rate;
}
