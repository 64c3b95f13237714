/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-metrics.h"

#include "devbox-metrics-counters-private.h"
#include "devbox-metrics-recorder-private.h"
#include "devbox-metrics-snapshot-private.h"

/**
 * DevboxMetrics:
 *
 * What a client has done so far, in numbers.
 *
 * A client has one of its own, [property@Devbox.Client:metrics], unless it is given another; several clients may share
 * one. The numbers are properties; their `notify` signals come in the main context that was the thread's default when
 * the object was made, at most ten times a second. [method@Devbox.Metrics.get_snapshot] takes all of them at once.
 *
 * A program that wants more than sums, such as a histogram, or that hands them to a system of its own, derives a class
 * and implements the virtual functions, each of which may chain up to the one that counts. They run in the main context
 * that was the thread's default when the client was made, some time after what they tell of, and together for many
 * calls when there are many: an implementation may take its time without a call waiting for it.
 *
 * ```python
 * class Slow(Devbox.Metrics):
 *     def do_record_operation(self, latency_us, succeeded):
 *         if latency_us > 1_000_000:
 *             print(f"A call took {latency_us / 1e6} s")
 *         Devbox.Metrics.do_record_operation(self, latency_us, succeeded)
 * ```
 *
 * All functions may be called in any thread.
 *
 * Since: 1.0
 */
typedef struct
{
  DevboxMetricsCounters *counters;
  DevboxNotifier *notifier;
  DevboxMetricsValues notified; /* what the last notifications told */
} DevboxMetricsPrivate;

G_DEFINE_TYPE_WITH_PRIVATE (DevboxMetrics, devbox_metrics, G_TYPE_OBJECT)

static GParamSpec *properties[DEVBOX_METRICS_N_PROPS];

static DevboxMetricsValues
get_values (DevboxMetrics *self)
{
  DevboxMetricsValues values;

  devbox_metrics_counters_get (devbox_metrics_get_counters (self), &values);

  return values;
}

static void
add (DevboxMetrics *self, const DevboxMetricsValues *values)
{
  devbox_metrics_counters_add (devbox_metrics_get_counters (self), values);
}

static void
devbox_metrics_real_record_connection (DevboxMetrics *self)
{
  add (self, &(DevboxMetricsValues){ .n_connections = 1 });
}

static void
devbox_metrics_real_record_operation (DevboxMetrics *self, guint64 latency_us, gboolean succeeded)
{
  add (self, &(DevboxMetricsValues){ .n_operations = 1, .latency_us = latency_us });
}

static void
devbox_metrics_real_record_transfer (DevboxMetrics *self, guint n_files, guint64 n_bytes, guint64 latency_us)
{
  add (self, &(DevboxMetricsValues){ .n_files = n_files, .n_bytes = n_bytes });
}

static void
devbox_metrics_real_record_error (DevboxMetrics *self, DevboxError code)
{
  add (self, &(DevboxMetricsValues){ .n_errors = 1 });
}

/* The notifier's: in the context of the object. */
static void
counters_changed (GObject *object)
{
  DevboxMetricsPrivate *priv = devbox_metrics_get_instance_private (DEVBOX_METRICS (object));
  const DevboxMetricsValues before = priv->notified;
  const DevboxMetricsValues now = get_values (DEVBOX_METRICS (object));

  priv->notified = now;

  g_object_freeze_notify (object);
  for (guint id = 1; id < DEVBOX_METRICS_N_PROPS; id++)
    {
      if (devbox_metrics_values_differ (&before, &now, id))
        g_object_notify_by_pspec (object, properties[id]);
    }
  g_object_thaw_notify (object);
}

static void
devbox_metrics_finalize (GObject *object)
{
  DevboxMetricsPrivate *priv = devbox_metrics_get_instance_private (DEVBOX_METRICS (object));

  devbox_notifier_disconnect (priv->notifier);
  devbox_notifier_unref (priv->notifier);
  devbox_metrics_counters_unref (priv->counters);

  G_OBJECT_CLASS (devbox_metrics_parent_class)->finalize (object);
}

static void
devbox_metrics_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxMetricsValues values = get_values (DEVBOX_METRICS (object));

  devbox_metrics_values_get_property (&values, object, property_id, value, pspec);
}

static void
devbox_metrics_class_init (DevboxMetricsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = devbox_metrics_finalize;
  object_class->get_property = devbox_metrics_get_property;
  klass->record_connection = devbox_metrics_real_record_connection;
  klass->record_operation = devbox_metrics_real_record_operation;
  klass->record_transfer = devbox_metrics_real_record_transfer;
  klass->record_error = devbox_metrics_real_record_error;

  /**
   * DevboxMetrics:connections-created:
   *
   * How many connections were opened.
   *
   * Since: 1.0
   */

  /**
   * DevboxMetrics:files-transferred:
   *
   * How many files were moved to or from devboxes.
   *
   * Since: 1.0
   */

  /**
   * DevboxMetrics:bytes-transferred:
   *
   * How many bytes went over the network to move files: the bodies of requests and replies.
   *
   * Since: 1.0
   */

  /**
   * DevboxMetrics:errors:
   *
   * How many calls failed.
   *
   * Since: 1.0
   */

  /**
   * DevboxMetrics:operations:
   *
   * How many calls have ended, well or not.
   *
   * Since: 1.0
   */

  /**
   * DevboxMetrics:average-latency:
   *
   * How long a call took on average, in milliseconds; 0 when none has ended yet.
   *
   * Since: 1.0
   */

  devbox_metrics_values_install (object_class, properties);
}

static void
devbox_metrics_init (DevboxMetrics *self)
{
  DevboxMetricsPrivate *priv = devbox_metrics_get_instance_private (self);
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  priv->notifier = devbox_notifier_new (context, G_OBJECT (self), DEVBOX_NOTIFIER_COUNTERS_MS, counters_changed);
  priv->counters = devbox_metrics_counters_new (devbox_notifier_ref (priv->notifier));
}

DevboxMetricsCounters *
devbox_metrics_get_counters (DevboxMetrics *self)
{
  DevboxMetricsPrivate *priv = devbox_metrics_get_instance_private (self);

  return priv->counters;
}

/**
 * devbox_metrics_new:
 *
 * Makes metrics that have counted nothing yet.
 *
 * Returns: (transfer full): new metrics
 *
 * Since: 1.0
 */
DevboxMetrics *
devbox_metrics_new (void)
{
  return g_object_new (DEVBOX_TYPE_METRICS, NULL);
}

/**
 * devbox_metrics_get_connections_created:
 * @self: metrics
 *
 * Gets how many connections were opened.
 *
 * Returns: the number of connections
 *
 * Since: 1.0
 */
guint64
devbox_metrics_get_connections_created (DevboxMetrics *self)
{
  DevboxMetricsValues values;

  g_return_val_if_fail (DEVBOX_IS_METRICS (self), 0);

  values = get_values (self);

  return values.n_connections;
}

/**
 * devbox_metrics_get_files_transferred:
 * @self: metrics
 *
 * Gets how many files were moved to or from devboxes.
 *
 * Returns: the number of files
 *
 * Since: 1.0
 */
guint64
devbox_metrics_get_files_transferred (DevboxMetrics *self)
{
  DevboxMetricsValues values;

  g_return_val_if_fail (DEVBOX_IS_METRICS (self), 0);

  values = get_values (self);

  return values.n_files;
}

/**
 * devbox_metrics_get_bytes_transferred:
 * @self: metrics
 *
 * Gets how many bytes went over the network to move files: the bodies of requests and replies.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
devbox_metrics_get_bytes_transferred (DevboxMetrics *self)
{
  DevboxMetricsValues values;

  g_return_val_if_fail (DEVBOX_IS_METRICS (self), 0);

  values = get_values (self);

  return values.n_bytes;
}

/**
 * devbox_metrics_get_errors:
 * @self: metrics
 *
 * Gets how many calls failed.
 *
 * Returns: the number of errors
 *
 * Since: 1.0
 */
guint64
devbox_metrics_get_errors (DevboxMetrics *self)
{
  DevboxMetricsValues values;

  g_return_val_if_fail (DEVBOX_IS_METRICS (self), 0);

  values = get_values (self);

  return values.n_errors;
}

/**
 * devbox_metrics_get_operations:
 * @self: metrics
 *
 * Gets how many calls have ended, well or not.
 *
 * Returns: the number of calls
 *
 * Since: 1.0
 */
guint64
devbox_metrics_get_operations (DevboxMetrics *self)
{
  DevboxMetricsValues values;

  g_return_val_if_fail (DEVBOX_IS_METRICS (self), 0);

  values = get_values (self);

  return values.n_operations;
}

/**
 * devbox_metrics_get_average_latency:
 * @self: metrics
 *
 * Gets how long a call took on average.
 *
 * Returns: the time in milliseconds, or 0 when no call has ended yet
 *
 * Since: 1.0
 */
double
devbox_metrics_get_average_latency (DevboxMetrics *self)
{
  DevboxMetricsValues values;

  g_return_val_if_fail (DEVBOX_IS_METRICS (self), 0.0);

  values = get_values (self);

  return devbox_metrics_values_get_average_latency (&values);
}

/**
 * devbox_metrics_get_snapshot:
 * @self: metrics
 *
 * Gets all numbers as they are at this moment, and stay.
 *
 * Returns: (transfer full): a snapshot
 *
 * Since: 1.0
 */
DevboxMetricsSnapshot *
devbox_metrics_get_snapshot (DevboxMetrics *self)
{
  DevboxMetricsValues values;

  g_return_val_if_fail (DEVBOX_IS_METRICS (self), NULL);

  values = get_values (self);

  return devbox_metrics_snapshot_new (&values);
}

/**
 * devbox_metrics_reset:
 * @self: metrics
 *
 * Begins to count anew, from 0.
 *
 * Since: 1.0
 */
void
devbox_metrics_reset (DevboxMetrics *self)
{
  g_return_if_fail (DEVBOX_IS_METRICS (self));

  devbox_metrics_counters_reset (devbox_metrics_get_counters (self));
}

/**
 * devbox_metrics_record_connection: (virtual record_connection)
 * @self: metrics
 *
 * Counts a connection that was opened.
 *
 * Since: 1.0
 */
void
devbox_metrics_record_connection (DevboxMetrics *self)
{
  g_return_if_fail (DEVBOX_IS_METRICS (self));

  DEVBOX_METRICS_GET_CLASS (self)->record_connection (self);
}

/**
 * devbox_metrics_record_operation: (virtual record_operation)
 * @self: metrics
 * @latency_us: how long the call took, in microseconds
 * @succeeded: whether it ended well
 *
 * Counts a call that has ended, and its time.
 *
 * The time is that between the beginning of the call and its end, with everything that it waited for.
 *
 * Since: 1.0
 */
void
devbox_metrics_record_operation (DevboxMetrics *self, guint64 latency_us, gboolean succeeded)
{
  g_return_if_fail (DEVBOX_IS_METRICS (self));

  DEVBOX_METRICS_GET_CLASS (self)->record_operation (self, latency_us, succeeded);
}

/**
 * devbox_metrics_record_transfer: (virtual record_transfer)
 * @self: metrics
 * @n_files: how many files were moved
 * @n_bytes: the size of the bodies of requests and replies that did it
 * @latency_us: how long that took, in microseconds
 *
 * Counts files that were moved to or from a devbox.
 *
 * The call that moved them is counted as well, with [method@Devbox.Metrics.record_operation].
 *
 * Since: 1.0
 */
void
devbox_metrics_record_transfer (DevboxMetrics *self, guint n_files, guint64 n_bytes, guint64 latency_us)
{
  g_return_if_fail (DEVBOX_IS_METRICS (self));

  DEVBOX_METRICS_GET_CLASS (self)->record_transfer (self, n_files, n_bytes, latency_us);
}

/**
 * devbox_metrics_record_error: (virtual record_error)
 * @self: metrics
 * @code: why the call failed
 *
 * Counts a call that has failed.
 *
 * A call that was cancelled is no error. The call is counted as well, with
 * [method@Devbox.Metrics.record_operation].
 *
 * Since: 1.0
 */
void
devbox_metrics_record_error (DevboxMetrics *self, DevboxError code)
{
  g_return_if_fail (DEVBOX_IS_METRICS (self));

  DEVBOX_METRICS_GET_CLASS (self)->record_error (self, code);
}
