/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-pool.h"

#include "devbox-enum-types.h"
#include "devbox-pool-state-private.h"

#define DEFAULT_MAX_SIZE 15
#define LARGEST_MAX_SIZE 1024
#define DEFAULT_CONNECTION_TIMEOUT (30 * 1000)
#define DEFAULT_MAX_IDLE_TIME (5 * 60 * 1000)

/**
 * DevboxPoolStrategy:
 * @DEVBOX_POOL_STRATEGY_LEAST_USED: The connection that has carried the fewest calls
 * @DEVBOX_POOL_STRATEGY_ROUND_ROBIN: The connections one after the other
 * @DEVBOX_POOL_STRATEGY_RANDOM: Any of them
 *
 * Which of several free connections carries the next call.
 *
 * Since: 1.0
 */

/**
 * DevboxPool:
 *
 * The connections of a client, and the rules by which they are kept.
 *
 * A connection is opened when a call finds none that is free, up to [property@Devbox.Pool:max-size] to one address;
 * further calls wait in line for at most [property@Devbox.Pool:connection-timeout]. A connection is kept after use and
 * closed when it was idle for [property@Devbox.Pool:max-idle-time], or for as long as the server said that it would
 * wait.
 *
 * Make a pool to choose the rules, and hand it to the client as [property@Devbox.Client:pool]. Several clients may get
 * the same pool: each opens connections of its own by these rules, and the counters tell of all.
 *
 * The counters are properties; their `notify` signals come in the main context that was the thread's default when the
 * pool was made, at most ten times a second. All functions may be called in any thread.
 *
 * Since: 1.0
 */
struct _DevboxPool
{
  GObject parent_instance;

  DevboxPoolState *state;
  DevboxPoolCounters notified; /* what the last notifications told */
};

G_DEFINE_FINAL_TYPE (DevboxPool, devbox_pool, G_TYPE_OBJECT)

enum
{
  PROP_MAX_SIZE = 1,
  PROP_CONNECTION_TIMEOUT,
  PROP_MAX_IDLE_TIME,
  PROP_STRATEGY,
  PROP_N_TOTAL,
  PROP_N_ACTIVE,
  PROP_N_OPERATIONS,
  PROP_BYTES_TRANSFERRED,
  PROP_REUSE_RATE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static double
get_reuse_rate (const DevboxPoolCounters *counters)
{
  return counters->n_operations > 0 ? (double) counters->n_reused / (double) counters->n_operations : 0.0;
}

static void
counters_changed (GObject *object)
{
  DevboxPool *self = DEVBOX_POOL (object);
  DevboxPoolCounters before = self->notified;
  DevboxPoolCounters now;

  devbox_pool_state_get_counters (self->state, &now);
  self->notified = now;

  g_object_freeze_notify (object);
  if (now.n_total != before.n_total)
    g_object_notify_by_pspec (object, properties[PROP_N_TOTAL]);
  if (now.n_active != before.n_active)
    g_object_notify_by_pspec (object, properties[PROP_N_ACTIVE]);
  if (now.n_operations != before.n_operations)
    g_object_notify_by_pspec (object, properties[PROP_N_OPERATIONS]);
  if (now.bytes_transferred != before.bytes_transferred)
    g_object_notify_by_pspec (object, properties[PROP_BYTES_TRANSFERRED]);
  if (now.n_reused * before.n_operations != before.n_reused * now.n_operations || before.n_operations == 0)
    g_object_notify_by_pspec (object, properties[PROP_REUSE_RATE]);
  g_object_thaw_notify (object);
}

static void
devbox_pool_finalize (GObject *object)
{
  DevboxPool *self = DEVBOX_POOL (object);

  devbox_pool_state_disconnect (self->state);
  devbox_pool_state_unref (self->state);

  G_OBJECT_CLASS (devbox_pool_parent_class)->finalize (object);
}

static void
devbox_pool_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxPool *self = DEVBOX_POOL (object);

  switch (property_id)
    {
    case PROP_MAX_SIZE:
      g_value_set_uint (value, devbox_pool_get_max_size (self));
      break;
    case PROP_CONNECTION_TIMEOUT:
      g_value_set_uint (value, devbox_pool_get_connection_timeout (self));
      break;
    case PROP_MAX_IDLE_TIME:
      g_value_set_uint (value, devbox_pool_get_max_idle_time (self));
      break;
    case PROP_STRATEGY:
      g_value_set_enum (value, devbox_pool_get_strategy (self));
      break;
    case PROP_N_TOTAL:
      g_value_set_uint (value, devbox_pool_get_n_total (self));
      break;
    case PROP_N_ACTIVE:
      g_value_set_uint (value, devbox_pool_get_n_active (self));
      break;
    case PROP_N_OPERATIONS:
      g_value_set_uint64 (value, devbox_pool_get_n_operations (self));
      break;
    case PROP_BYTES_TRANSFERRED:
      g_value_set_uint64 (value, devbox_pool_get_bytes_transferred (self));
      break;
    case PROP_REUSE_RATE:
      g_value_set_double (value, devbox_pool_get_reuse_rate (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_pool_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  DevboxPool *self = DEVBOX_POOL (object);

  switch (property_id)
    {
    case PROP_MAX_SIZE:
      devbox_pool_set_max_size (self, g_value_get_uint (value));
      break;
    case PROP_CONNECTION_TIMEOUT:
      devbox_pool_set_connection_timeout (self, g_value_get_uint (value));
      break;
    case PROP_MAX_IDLE_TIME:
      devbox_pool_set_max_idle_time (self, g_value_get_uint (value));
      break;
    case PROP_STRATEGY:
      devbox_pool_set_strategy (self, g_value_get_enum (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
install_settings (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * DevboxPool:max-size:
   *
   * How many connections there may be to one address.
   *
   * Connections that are too many after a change are closed as they become free.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_SIZE] = g_param_spec_uint ("max-size", NULL, NULL, 1, LARGEST_MAX_SIZE, DEFAULT_MAX_SIZE, flags);

  /**
   * DevboxPool:connection-timeout:
   *
   * How long a call waits for a connection to become free, in milliseconds.
   *
   * Then it ends with %DEVBOX_ERROR_CONNECTION_POOL_EXHAUSTED. With 0 it waits until its own time limit ends it.
   *
   * Since: 1.0
   */
  properties[PROP_CONNECTION_TIMEOUT]
      = g_param_spec_uint ("connection-timeout", NULL, NULL, 0, G_MAXUINT, DEFAULT_CONNECTION_TIMEOUT, flags);

  /**
   * DevboxPool:max-idle-time:
   *
   * How long a connection is kept while nothing uses it, in milliseconds.
   *
   * With 0 it is kept until the server closes it.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_IDLE_TIME]
      = g_param_spec_uint ("max-idle-time", NULL, NULL, 0, G_MAXUINT, DEFAULT_MAX_IDLE_TIME, flags);

  /**
   * DevboxPool:strategy:
   *
   * Which of several free connections carries the next call.
   *
   * Since: 1.0
   */
  properties[PROP_STRATEGY]
      = g_param_spec_enum ("strategy", NULL, NULL, DEVBOX_TYPE_POOL_STRATEGY, DEVBOX_POOL_STRATEGY_LEAST_USED, flags);
}

static void
install_counters (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * DevboxPool:n-total:
   *
   * How many connections there are.
   *
   * Since: 1.0
   */
  properties[PROP_N_TOTAL] = g_param_spec_uint ("n-total", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * DevboxPool:n-active:
   *
   * How many connections carry a call.
   *
   * Since: 1.0
   */
  properties[PROP_N_ACTIVE] = g_param_spec_uint ("n-active", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * DevboxPool:n-operations:
   *
   * How many requests were sent and answered, with whatever status.
   *
   * Since: 1.0
   */
  properties[PROP_N_OPERATIONS] = g_param_spec_uint64 ("n-operations", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxPool:bytes-transferred:
   *
   * How many bytes the bodies of these requests and of their replies had.
   *
   * Since: 1.0
   */
  properties[PROP_BYTES_TRANSFERRED] = g_param_spec_uint64 ("bytes-transferred", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxPool:reuse-rate:
   *
   * The part of these requests, from 0 to 1, that went over a connection which had carried one before.
   *
   * Since: 1.0
   */
  properties[PROP_REUSE_RATE] = g_param_spec_double ("reuse-rate", NULL, NULL, 0.0, 1.0, 0.0, flags);
}

static void
devbox_pool_class_init (DevboxPoolClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = devbox_pool_finalize;
  object_class->get_property = devbox_pool_get_property;
  object_class->set_property = devbox_pool_set_property;

  install_settings (object_class);
  install_counters (object_class);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
devbox_pool_init (DevboxPool *self)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  self->state = devbox_pool_state_new (context, G_OBJECT (self), counters_changed);
  devbox_pool_state_set_settings (self->state, &(DevboxPoolSettings){
                                                   .max_size = DEFAULT_MAX_SIZE,
                                                   .connection_timeout = DEFAULT_CONNECTION_TIMEOUT,
                                                   .max_idle_time = DEFAULT_MAX_IDLE_TIME,
                                                   .strategy = DEVBOX_POOL_STRATEGY_LEAST_USED,
                                               });
}

DevboxPoolState *
devbox_pool_get_state (DevboxPool *self)
{
  return self->state;
}

/**
 * devbox_pool_new:
 *
 * Makes a pool with the default rules.
 *
 * Returns: (transfer full): a new pool
 *
 * Since: 1.0
 */
DevboxPool *
devbox_pool_new (void)
{
  return g_object_new (DEVBOX_TYPE_POOL, NULL);
}

/**
 * devbox_pool_get_max_size:
 * @self: a pool
 *
 * Gets how many connections there may be to one address.
 *
 * Returns: the number of connections
 *
 * Since: 1.0
 */
guint
devbox_pool_get_max_size (DevboxPool *self)
{
  DevboxPoolSettings settings;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  devbox_pool_state_get_settings (self->state, &settings);

  return settings.max_size;
}

/**
 * devbox_pool_set_max_size:
 * @self: a pool
 * @max_size: the number of connections, from 1 to 1024
 *
 * Sets how many connections there may be to one address.
 *
 * Connections that are too many are closed as they become free.
 *
 * Since: 1.0
 */
void
devbox_pool_set_max_size (DevboxPool *self, guint max_size)
{
  DevboxPoolSettings settings;

  g_return_if_fail (DEVBOX_IS_POOL (self));
  g_return_if_fail (max_size >= 1 && max_size <= LARGEST_MAX_SIZE);

  devbox_pool_state_get_settings (self->state, &settings);
  if (settings.max_size == max_size)
    return;

  settings.max_size = max_size;
  devbox_pool_state_set_settings (self->state, &settings);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_SIZE]);
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
  DevboxPoolSettings settings;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  devbox_pool_state_get_settings (self->state, &settings);

  return settings.connection_timeout;
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
  DevboxPoolSettings settings;

  g_return_if_fail (DEVBOX_IS_POOL (self));

  devbox_pool_state_get_settings (self->state, &settings);
  if (settings.connection_timeout == timeout_ms)
    return;

  settings.connection_timeout = timeout_ms;
  devbox_pool_state_set_settings (self->state, &settings);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CONNECTION_TIMEOUT]);
}

/**
 * devbox_pool_get_max_idle_time:
 * @self: a pool
 *
 * Gets how long a connection is kept while nothing uses it.
 *
 * Returns: the time in milliseconds, or 0 for as long as the server keeps it
 *
 * Since: 1.0
 */
guint
devbox_pool_get_max_idle_time (DevboxPool *self)
{
  DevboxPoolSettings settings;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  devbox_pool_state_get_settings (self->state, &settings);

  return settings.max_idle_time;
}

/**
 * devbox_pool_set_max_idle_time:
 * @self: a pool
 * @idle_ms: the time in milliseconds, or 0 for as long as the server keeps it
 *
 * Sets how long a connection is kept while nothing uses it.
 *
 * A connection that is idle already keeps the limit it began with.
 *
 * Since: 1.0
 */
void
devbox_pool_set_max_idle_time (DevboxPool *self, guint idle_ms)
{
  DevboxPoolSettings settings;

  g_return_if_fail (DEVBOX_IS_POOL (self));

  devbox_pool_state_get_settings (self->state, &settings);
  if (settings.max_idle_time == idle_ms)
    return;

  settings.max_idle_time = idle_ms;
  devbox_pool_state_set_settings (self->state, &settings);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_IDLE_TIME]);
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
  DevboxPoolSettings settings;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), DEVBOX_POOL_STRATEGY_LEAST_USED);

  devbox_pool_state_get_settings (self->state, &settings);

  return settings.strategy;
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
  DevboxPoolSettings settings;

  g_return_if_fail (DEVBOX_IS_POOL (self));
  g_return_if_fail ((guint) strategy <= DEVBOX_POOL_STRATEGY_RANDOM);

  devbox_pool_state_get_settings (self->state, &settings);
  if (settings.strategy == strategy)
    return;

  settings.strategy = strategy;
  devbox_pool_state_set_settings (self->state, &settings);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STRATEGY]);
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
  DevboxPoolCounters counters;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  devbox_pool_state_get_counters (self->state, &counters);

  return counters.n_total;
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
  DevboxPoolCounters counters;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  devbox_pool_state_get_counters (self->state, &counters);

  return counters.n_active;
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
  DevboxPoolCounters counters;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  devbox_pool_state_get_counters (self->state, &counters);

  return counters.n_operations;
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
  DevboxPoolCounters counters;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0);

  devbox_pool_state_get_counters (self->state, &counters);

  return counters.bytes_transferred;
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
  DevboxPoolCounters counters;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), 0.0);

  devbox_pool_state_get_counters (self->state, &counters);

  return get_reuse_rate (&counters);
}
