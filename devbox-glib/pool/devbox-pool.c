/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-pool.h"

#include "devbox-enum-types.h"
#include "devbox-pool-stats-private.h"

#define DEFAULT_MAX_SIZE 15
#define DEFAULT_CONNECTION_TIMEOUT (30 * 1000)
#define DEFAULT_KEEP_ALIVE_INTERVAL (60 * 1000)
#define DEFAULT_HEALTH_CHECK_INTERVAL (60 * 1000)
#define DEFAULT_HEALTH_CHECK_TIMEOUT (3 * 1000)
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
 * A connection is opened when a call finds none that is free, up to [property@Devbox.Pool:max-size] to one devbox at
 * one address; further calls wait in line, first come, first served, for at most
 * [property@Devbox.Pool:connection-timeout]. A connection is kept after use and closed when no call used it for
 * [property@Devbox.Pool:max-idle-time], when the server closes it, and shortly before the server would.
 *
 * Idle connections to a devbox are checked every [property@Devbox.Pool:health-check-interval], and each that was silent
 * for [property@Devbox.Pool:keep-alive-interval], with a request to the agent which carries no token. One that does not
 * answer it within three seconds, or is answered by a gateway in the agent's stead, is closed, and replaced if a call
 * waits. Connections to the platform are never checked.
 *
 * Make a pool to choose the rules, and hand it to the client as [property@Devbox.Client:pool]. Several clients may get
 * the same pool: each opens connections of its own by these rules, and the counters tell of all.
 *
 * The counters are properties; their `notify` signals come in the main context that was the thread's default when the
 * pool was made, at most ten times a second. [method@Devbox.Pool.get_stats] has all of them as they are at one moment.
 * All functions may be called in any thread.
 *
 * Since: 1.0
 */
struct _DevboxPool
{
  GObject parent_instance;

  DevboxPoolState *state;
  DevboxPoolFigures notified; /* what the last notifications told */
};

G_DEFINE_FINAL_TYPE (DevboxPool, devbox_pool, G_TYPE_OBJECT)

enum
{
  PROP_MAX_SIZE = 1,
  PROP_CONNECTION_TIMEOUT,
  PROP_KEEP_ALIVE_INTERVAL,
  PROP_HEALTH_CHECK_INTERVAL,
  PROP_MAX_IDLE_TIME,
  PROP_STRATEGY,
  PROP_FIRST_FIGURE,
  N_PROPS = PROP_FIRST_FIGURE + DEVBOX_POOL_N_FIGURES
};

static GParamSpec *properties[N_PROPS];

static void
counters_changed (GObject *object)
{
  DevboxPool *self = DEVBOX_POOL (object);
  DevboxPoolFigures before = self->notified;

  devbox_pool_state_get_figures (self->state, &self->notified);

  g_object_freeze_notify (object);
  for (guint i = 0; i < DEVBOX_POOL_N_FIGURES; i++)
    {
      if (!devbox_pool_figures_agree (&before, &self->notified, i))
        g_object_notify_by_pspec (object, properties[PROP_FIRST_FIGURE + i]);
    }
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
get_figure (DevboxPool *self, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxPoolFigures figures;

  if (property_id < PROP_FIRST_FIGURE || property_id >= N_PROPS)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (self, property_id, pspec);
      return;
    }

  devbox_pool_state_get_figures (self->state, &figures);
  devbox_pool_figures_get (&figures, property_id - PROP_FIRST_FIGURE, value);
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
    case PROP_KEEP_ALIVE_INTERVAL:
      g_value_set_uint (value, devbox_pool_get_keep_alive_interval (self));
      break;
    case PROP_HEALTH_CHECK_INTERVAL:
      g_value_set_uint (value, devbox_pool_get_health_check_interval (self));
      break;
    case PROP_MAX_IDLE_TIME:
      g_value_set_uint (value, devbox_pool_get_max_idle_time (self));
      break;
    case PROP_STRATEGY:
      g_value_set_enum (value, devbox_pool_get_strategy (self));
      break;
    default:
      get_figure (self, property_id, value, pspec);
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
    case PROP_KEEP_ALIVE_INTERVAL:
      devbox_pool_set_keep_alive_interval (self, g_value_get_uint (value));
      break;
    case PROP_HEALTH_CHECK_INTERVAL:
      devbox_pool_set_health_check_interval (self, g_value_get_uint (value));
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
   * How many connections there may be to one devbox at one address.
   *
   * Of those that are too many after a change the idle ones are closed at once, and the others when their calls have
   * ended.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_SIZE]
      = g_param_spec_uint ("max-size", NULL, NULL, 1, DEVBOX_POOL_LARGEST_MAX_SIZE, DEFAULT_MAX_SIZE, flags);

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
   * DevboxPool:keep-alive-interval:
   *
   * How long an idle connection is relied upon without being checked, in milliseconds.
   *
   * When it was silent for so long, it is checked, which also keeps whatever lies between from forgetting it. Where
   * that was not possible, as while the machine was asleep, it is checked before a call gets it. With 0 neither is
   * done.
   *
   * Since: 1.0
   */
  properties[PROP_KEEP_ALIVE_INTERVAL]
      = g_param_spec_uint ("keep-alive-interval", NULL, NULL, 0, G_MAXUINT, DEFAULT_KEEP_ALIVE_INTERVAL, flags);

  /**
   * DevboxPool:health-check-interval:
   *
   * How often all idle connections are checked, in milliseconds.
   *
   * Also those that are used often, and so are never silent for [property@Devbox.Pool:keep-alive-interval]. With 0
   * there are no such rounds.
   *
   * Since: 1.0
   */
  properties[PROP_HEALTH_CHECK_INTERVAL]
      = g_param_spec_uint ("health-check-interval", NULL, NULL, 0, G_MAXUINT, DEFAULT_HEALTH_CHECK_INTERVAL, flags);

  /**
   * DevboxPool:max-idle-time:
   *
   * How long a connection is kept while no call uses it, in milliseconds.
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
install_figures (GObjectClass *object_class)
{
  /**
   * DevboxPool:n-total:
   *
   * How many connections there are, to all addresses.
   *
   * Since: 1.0
   */
  properties[PROP_FIRST_FIGURE + DEVBOX_POOL_FIGURE_N_TOTAL]
      = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_N_TOTAL);

  /**
   * DevboxPool:n-active:
   *
   * How many connections carry a call.
   *
   * Since: 1.0
   */
  properties[PROP_FIRST_FIGURE + DEVBOX_POOL_FIGURE_N_ACTIVE]
      = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_N_ACTIVE);

  /**
   * DevboxPool:n-healthy:
   *
   * How many connections are in order, as far as it is known: all but the unhealthy ones.
   *
   * Since: 1.0
   */
  properties[PROP_FIRST_FIGURE + DEVBOX_POOL_FIGURE_N_HEALTHY]
      = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_N_HEALTHY);

  /**
   * DevboxPool:n-unhealthy:
   *
   * How many connections did not answer a check within one second.
   *
   * No call gets one of these. They are closed after two more seconds, or are healthy again if the answer came.
   *
   * Since: 1.0
   */
  properties[PROP_FIRST_FIGURE + DEVBOX_POOL_FIGURE_N_UNHEALTHY]
      = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_N_UNHEALTHY);

  /**
   * DevboxPool:n-operations:
   *
   * How many requests were sent and answered, with whatever status. Checks do not count.
   *
   * Since: 1.0
   */
  properties[PROP_FIRST_FIGURE + DEVBOX_POOL_FIGURE_N_OPERATIONS]
      = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_N_OPERATIONS);

  /**
   * DevboxPool:bytes-transferred:
   *
   * How many bytes the bodies of these requests and of their replies had.
   *
   * Since: 1.0
   */
  properties[PROP_FIRST_FIGURE + DEVBOX_POOL_FIGURE_BYTES_TRANSFERRED]
      = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_BYTES_TRANSFERRED);

  /**
   * DevboxPool:average-lifetime:
   *
   * How long a connection lived on average, in milliseconds: from its opening to its end, of all that have ended.
   *
   * Since: 1.0
   */
  properties[PROP_FIRST_FIGURE + DEVBOX_POOL_FIGURE_AVERAGE_LIFETIME]
      = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_AVERAGE_LIFETIME);

  /**
   * DevboxPool:reuse-rate:
   *
   * The part of these requests, from 0 to 1, that went over a connection which had carried one before.
   *
   * Since: 1.0
   */
  properties[PROP_FIRST_FIGURE + DEVBOX_POOL_FIGURE_REUSE_RATE]
      = devbox_pool_figure_new_pspec (DEVBOX_POOL_FIGURE_REUSE_RATE);
}

static void
devbox_pool_class_init (DevboxPoolClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = devbox_pool_finalize;
  object_class->get_property = devbox_pool_get_property;
  object_class->set_property = devbox_pool_set_property;

  install_settings (object_class);
  install_figures (object_class);
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
                                                   .keep_alive_interval = DEFAULT_KEEP_ALIVE_INTERVAL,
                                                   .health_check_interval = DEFAULT_HEALTH_CHECK_INTERVAL,
                                                   .health_check_timeout = DEFAULT_HEALTH_CHECK_TIMEOUT,
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
