/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-connection-set-private.h"

static DevboxPoolSettings
get_settings (DevboxPool *self)
{
  DevboxPoolSettings settings;

  devbox_pool_state_get_settings (devbox_pool_get_state (self), &settings);

  return settings;
}

/* Connections that are there already obey it at once. */
static void
set_setting (DevboxPool *self, gsize offset, guint value, const char *property)
{
  DevboxPoolState *state = devbox_pool_get_state (self);

  if (!devbox_pool_state_set_setting (state, offset, value))
    return;

  devbox_pool_state_invoke (state, devbox_connection_set_apply_settings, NULL, NULL, NULL);
  g_object_notify (G_OBJECT (self), property);
}

/**
 * devbox_pool_get_max_size:
 * @self: a pool
 *
 * Gets how many connections there may be to one devbox at one address.
 *
 * Returns: the number of connections
 *
 * Since: 1.0
 */
guint
devbox_pool_get_max_size (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_settings (self).max_size;
}

/**
 * devbox_pool_set_max_size:
 * @self: a pool
 * @max_size: the number of connections, from 1 to 1024
 *
 * Sets how many connections there may be to one devbox at one address.
 *
 * Of those that are too many after a change the idle ones are closed at once, and the others when their calls have
 * ended.
 *
 * Since: 1.0
 */
void
devbox_pool_set_max_size (DevboxPool *self, guint max_size)
{
  g_return_if_fail (DEVBOX_IS_POOL (self));
  g_return_if_fail (max_size >= 1 && max_size <= DEVBOX_POOL_LARGEST_MAX_SIZE);

  set_setting (self, G_STRUCT_OFFSET (DevboxPoolSettings, max_size), max_size, "max-size");
}

/**
 * devbox_pool_get_connection_timeout:
 * @self: a pool
 *
 * Gets how long a call waits for a connection to become free.
 *
 * Returns: the time in milliseconds, or 0 for no limit but the call's own
 *
 * Since: 1.0
 */
guint
devbox_pool_get_connection_timeout (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_settings (self).connection_timeout;
}

/**
 * devbox_pool_set_connection_timeout:
 * @self: a pool
 * @timeout_ms: the time in milliseconds, or 0 for no limit but the call's own
 *
 * Sets how long a call waits for a connection to become free.
 *
 * A call that waits already keeps the limit it began with.
 *
 * Since: 1.0
 */
void
devbox_pool_set_connection_timeout (DevboxPool *self, guint timeout_ms)
{
  g_return_if_fail (DEVBOX_IS_POOL (self));

  set_setting (self, G_STRUCT_OFFSET (DevboxPoolSettings, connection_timeout), timeout_ms, "connection-timeout");
}

/**
 * devbox_pool_get_keep_alive_interval:
 * @self: a pool
 *
 * Gets how long an idle connection is relied upon without being checked.
 *
 * Returns: the time in milliseconds, or 0 for as long as it is idle
 *
 * Since: 1.0
 */
guint
devbox_pool_get_keep_alive_interval (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_settings (self).keep_alive_interval;
}

/**
 * devbox_pool_set_keep_alive_interval:
 * @self: a pool
 * @interval_ms: the time in milliseconds, or 0 for as long as it is idle
 *
 * Sets how long an idle connection is relied upon without being checked.
 *
 * See [property@Devbox.Pool:keep-alive-interval].
 *
 * Since: 1.0
 */
void
devbox_pool_set_keep_alive_interval (DevboxPool *self, guint interval_ms)
{
  g_return_if_fail (DEVBOX_IS_POOL (self));

  set_setting (self, G_STRUCT_OFFSET (DevboxPoolSettings, keep_alive_interval), interval_ms, "keep-alive-interval");
}

/**
 * devbox_pool_get_health_check_interval:
 * @self: a pool
 *
 * Gets how often all idle connections are checked.
 *
 * Returns: the time in milliseconds, or 0 for never
 *
 * Since: 1.0
 */
guint
devbox_pool_get_health_check_interval (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_settings (self).health_check_interval;
}

/**
 * devbox_pool_set_health_check_interval:
 * @self: a pool
 * @interval_ms: the time in milliseconds, or 0 for never
 *
 * Sets how often all idle connections are checked.
 *
 * See [property@Devbox.Pool:health-check-interval].
 *
 * Since: 1.0
 */
void
devbox_pool_set_health_check_interval (DevboxPool *self, guint interval_ms)
{
  g_return_if_fail (DEVBOX_IS_POOL (self));

  set_setting (self, G_STRUCT_OFFSET (DevboxPoolSettings, health_check_interval), interval_ms, "health-check-interval");
}

/**
 * devbox_pool_get_max_idle_time:
 * @self: a pool
 *
 * Gets how long a connection is kept while no call uses it.
 *
 * Returns: the time in milliseconds, or 0 for as long as the server keeps it
 *
 * Since: 1.0
 */
guint
devbox_pool_get_max_idle_time (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  return get_settings (self).max_idle_time;
}

/**
 * devbox_pool_set_max_idle_time:
 * @self: a pool
 * @idle_ms: the time in milliseconds, or 0 for as long as the server keeps it
 *
 * Sets how long a connection is kept while no call uses it.
 *
 * Since: 1.0
 */
void
devbox_pool_set_max_idle_time (DevboxPool *self, guint idle_ms)
{
  g_return_if_fail (DEVBOX_IS_POOL (self));

  set_setting (self, G_STRUCT_OFFSET (DevboxPoolSettings, max_idle_time), idle_ms, "max-idle-time");
}

/**
 * devbox_pool_get_strategy:
 * @self: a pool
 *
 * Gets which of several free connections carries the next call.
 *
 * Returns: the strategy
 *
 * Since: 1.0
 */
DevboxPoolStrategy
devbox_pool_get_strategy (DevboxPool *self)
{
  g_return_val_if_fail (DEVBOX_IS_POOL (self), DEVBOX_POOL_STRATEGY_LEAST_USED);

  return get_settings (self).strategy;
}

/**
 * devbox_pool_set_strategy:
 * @self: a pool
 * @strategy: the strategy
 *
 * Sets which of several free connections carries the next call.
 *
 * Since: 1.0
 */
void
devbox_pool_set_strategy (DevboxPool *self, DevboxPoolStrategy strategy)
{
  g_return_if_fail (DEVBOX_IS_POOL (self));
  g_return_if_fail ((guint) strategy <= DEVBOX_POOL_STRATEGY_RANDOM);

  set_setting (self, G_STRUCT_OFFSET (DevboxPoolSettings, strategy), strategy, "strategy");
}
