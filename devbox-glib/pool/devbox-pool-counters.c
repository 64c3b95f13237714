/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-pool-stats-private.h"

static DevboxPoolFigures
get_figures (DevboxPool *self)
{
  DevboxPoolFigures figures;

  devbox_pool_state_get_figures (devbox_pool_get_state (self), &figures);

  return figures;
}

/**
 * devbox_pool_get_n_total:
 * @self: a pool
 *
 * Gets how many connections there are.
 *
 * Returns: the number of connections, to all addresses
 *
 * Since: 1.0
 */
guint
devbox_pool_get_n_total (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_figures (self).n_total;
}

/**
 * devbox_pool_get_n_active:
 * @self: a pool
 *
 * Gets how many connections carry a call.
 *
 * Returns: the number of connections, to all addresses
 *
 * Since: 1.0
 */
guint
devbox_pool_get_n_active (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_figures (self).n_active;
}

/**
 * devbox_pool_get_n_healthy:
 * @self: a pool
 *
 * Gets how many connections are in order.
 *
 * Returns: the number of connections, to all addresses
 *
 * Since: 1.0
 */
guint
devbox_pool_get_n_healthy (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_figures (self).n_healthy;
}

/**
 * devbox_pool_get_n_unhealthy:
 * @self: a pool
 *
 * Gets how many connections are out of order.
 *
 * Returns: the number of connections, to all addresses
 *
 * Since: 1.0
 */
guint
devbox_pool_get_n_unhealthy (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_figures (self).n_unhealthy;
}

/**
 * devbox_pool_get_n_operations:
 * @self: a pool
 *
 * Gets how many requests were sent and answered, with whatever status.
 *
 * Returns: the number of requests
 *
 * Since: 1.0
 */
guint64
devbox_pool_get_n_operations (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_figures (self).n_operations;
}

/**
 * devbox_pool_get_bytes_transferred:
 * @self: a pool
 *
 * Gets how many bytes the bodies of these requests and of their replies had.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
devbox_pool_get_bytes_transferred (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_figures (self).bytes_transferred;
}

/**
 * devbox_pool_get_average_lifetime:
 * @self: a pool
 *
 * Gets how long a connection lived on average.
 *
 * Returns: the time in milliseconds; 0 before the first connection has ended
 *
 * Since: 1.0
 */
guint64
devbox_pool_get_average_lifetime (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_figures (self).average_lifetime;
}

/**
 * devbox_pool_get_reuse_rate:
 * @self: a pool
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
devbox_pool_get_reuse_rate (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0.0);

  return get_figures (self).reuse_rate;
}

/**
 * devbox_pool_get_stats:
 * @self: a pool
 *
 * Gets all counters as they are at one moment.
 *
 * Returns: (transfer full): what was counted
 *
 * Since: 1.0
 */
DevboxPoolStats *
devbox_pool_get_stats (DevboxPool *self)
{
  DevboxPoolFigures figures;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), NULL);

  figures = get_figures (self);

  return devbox_pool_stats_new (&figures);
}
