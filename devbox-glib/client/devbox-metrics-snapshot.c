/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-metrics-snapshot-private.h"

/**
 * DevboxMetricsSnapshot:
 *
 * What a [class@Devbox.Metrics] had counted at one moment.
 *
 * Since: 1.0
 */
struct _DevboxMetricsSnapshot
{
  GObject parent_instance;

  DevboxMetricsValues values;
};

G_DEFINE_FINAL_TYPE (DevboxMetricsSnapshot, devbox_metrics_snapshot, G_TYPE_OBJECT)

static GParamSpec *properties[DEVBOX_METRICS_N_PROPS];

static void
devbox_metrics_snapshot_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxMetricsSnapshot *self = DEVBOX_METRICS_SNAPSHOT (object);

  devbox_metrics_values_get_property (&self->values, object, property_id, value, pspec);
}

static void
devbox_metrics_snapshot_class_init (DevboxMetricsSnapshotClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = devbox_metrics_snapshot_get_property;

  /**
   * DevboxMetricsSnapshot:connections-created:
   *
   * How many connections were opened.
   *
   * Since: 1.0
   */

  /**
   * DevboxMetricsSnapshot:files-transferred:
   *
   * How many files were moved to or from devboxes.
   *
   * Since: 1.0
   */

  /**
   * DevboxMetricsSnapshot:bytes-transferred:
   *
   * How many bytes went over the network to move files: the bodies of requests and replies.
   *
   * Since: 1.0
   */

  /**
   * DevboxMetricsSnapshot:errors:
   *
   * How many calls failed.
   *
   * Since: 1.0
   */

  /**
   * DevboxMetricsSnapshot:operations:
   *
   * How many calls have ended, well or not.
   *
   * Since: 1.0
   */

  /**
   * DevboxMetricsSnapshot:average-latency:
   *
   * How long a call took on average, in milliseconds; 0 when none has ended yet.
   *
   * Since: 1.0
   */

  devbox_metrics_values_install (object_class, properties);
}

static void
devbox_metrics_snapshot_init (DevboxMetricsSnapshot *self)
{
}

DevboxMetricsSnapshot *
devbox_metrics_snapshot_new (const DevboxMetricsValues *values)
{
  DevboxMetricsSnapshot *self = g_object_new (DEVBOX_TYPE_METRICS_SNAPSHOT, NULL);

  self->values = *values;

  return self;
}

/**
 * devbox_metrics_snapshot_get_connections_created:
 * @self: a snapshot
 *
 * Gets how many connections were opened.
 *
 * Returns: the number of connections
 *
 * Since: 1.0
 */
guint64
devbox_metrics_snapshot_get_connections_created (DevboxMetricsSnapshot *self)
{
  g_return_val_if_fail (DEVBOX_IS_METRICS_SNAPSHOT (self), 0);

  return self->values.n_connections;
}

/**
 * devbox_metrics_snapshot_get_files_transferred:
 * @self: a snapshot
 *
 * Gets how many files were moved to or from devboxes.
 *
 * Returns: the number of files
 *
 * Since: 1.0
 */
guint64
devbox_metrics_snapshot_get_files_transferred (DevboxMetricsSnapshot *self)
{
  g_return_val_if_fail (DEVBOX_IS_METRICS_SNAPSHOT (self), 0);

  return self->values.n_files;
}

/**
 * devbox_metrics_snapshot_get_bytes_transferred:
 * @self: a snapshot
 *
 * Gets how many bytes went over the network to move files: the bodies of requests and replies.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
devbox_metrics_snapshot_get_bytes_transferred (DevboxMetricsSnapshot *self)
{
  g_return_val_if_fail (DEVBOX_IS_METRICS_SNAPSHOT (self), 0);

  return self->values.n_bytes;
}

/**
 * devbox_metrics_snapshot_get_errors:
 * @self: a snapshot
 *
 * Gets how many calls failed.
 *
 * Returns: the number of errors
 *
 * Since: 1.0
 */
guint64
devbox_metrics_snapshot_get_errors (DevboxMetricsSnapshot *self)
{
  g_return_val_if_fail (DEVBOX_IS_METRICS_SNAPSHOT (self), 0);

  return self->values.n_errors;
}

/**
 * devbox_metrics_snapshot_get_operations:
 * @self: a snapshot
 *
 * Gets how many calls have ended, well or not.
 *
 * Returns: the number of calls
 *
 * Since: 1.0
 */
guint64
devbox_metrics_snapshot_get_operations (DevboxMetricsSnapshot *self)
{
  g_return_val_if_fail (DEVBOX_IS_METRICS_SNAPSHOT (self), 0);

  return self->values.n_operations;
}

/**
 * devbox_metrics_snapshot_get_average_latency:
 * @self: a snapshot
 *
 * Gets how long a call took on average.
 *
 * Returns: the time in milliseconds, or 0 when no call has ended yet
 *
 * Since: 1.0
 */
double
devbox_metrics_snapshot_get_average_latency (DevboxMetricsSnapshot *self)
{
  g_return_val_if_fail (DEVBOX_IS_METRICS_SNAPSHOT (self), 0.0);

  return devbox_metrics_values_get_average_latency (&self->values);
}
