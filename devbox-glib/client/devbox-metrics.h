/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-error.h"
#include "devbox-metrics-snapshot.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_METRICS (devbox_metrics_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_DERIVABLE_TYPE (DevboxMetrics, devbox_metrics, DEVBOX, METRICS, GObject)

/**
 * DevboxMetricsClass:
 * @parent_class: the parent class
 * @record_connection: a connection was opened
 * @record_operation: a call has ended
 * @record_transfer: files were moved
 * @record_error: a call has failed
 *
 * The virtual functions of metrics.
 *
 * Since: 1.0
 */
struct _DevboxMetricsClass
{
  GObjectClass parent_class;

  void (*record_connection) (DevboxMetrics *self);
  void (*record_operation) (DevboxMetrics *self, guint64 latency_us, gboolean succeeded);
  void (*record_transfer) (DevboxMetrics *self, guint n_files, guint64 n_bytes, guint64 latency_us);
  void (*record_error) (DevboxMetrics *self, DevboxError code);

  /*< private >*/
  gpointer padding[12];
};

DEVBOX_AVAILABLE_IN_1_0
DevboxMetrics *devbox_metrics_new (void);

DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_metrics_get_connections_created (DevboxMetrics *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_metrics_get_files_transferred (DevboxMetrics *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_metrics_get_bytes_transferred (DevboxMetrics *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_metrics_get_errors (DevboxMetrics *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_metrics_get_operations (DevboxMetrics *self);
DEVBOX_AVAILABLE_IN_1_0
double devbox_metrics_get_average_latency (DevboxMetrics *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxMetricsSnapshot *devbox_metrics_get_snapshot (DevboxMetrics *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_metrics_reset (DevboxMetrics *self);

DEVBOX_AVAILABLE_IN_1_0
void devbox_metrics_record_connection (DevboxMetrics *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_metrics_record_operation (DevboxMetrics *self, guint64 latency_us, gboolean succeeded);
DEVBOX_AVAILABLE_IN_1_0
void devbox_metrics_record_transfer (DevboxMetrics *self, guint n_files, guint64 n_bytes, guint64 latency_us);
DEVBOX_AVAILABLE_IN_1_0
void devbox_metrics_record_error (DevboxMetrics *self, DevboxError code);

G_END_DECLS
