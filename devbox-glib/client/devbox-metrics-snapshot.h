/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_METRICS_SNAPSHOT (devbox_metrics_snapshot_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxMetricsSnapshot, devbox_metrics_snapshot, DEVBOX, METRICS_SNAPSHOT, GObject)

DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_metrics_snapshot_get_connections_created (DevboxMetricsSnapshot *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_metrics_snapshot_get_files_transferred (DevboxMetricsSnapshot *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_metrics_snapshot_get_bytes_transferred (DevboxMetricsSnapshot *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_metrics_snapshot_get_errors (DevboxMetricsSnapshot *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_metrics_snapshot_get_operations (DevboxMetricsSnapshot *self);
DEVBOX_AVAILABLE_IN_1_0
double devbox_metrics_snapshot_get_average_latency (DevboxMetricsSnapshot *self);

G_END_DECLS
