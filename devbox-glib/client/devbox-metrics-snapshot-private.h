/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-metrics-counters-private.h"
#include "devbox-metrics-snapshot.h"

G_BEGIN_DECLS

DevboxMetricsSnapshot *devbox_metrics_snapshot_new (const DevboxMetricsValues *values);

G_END_DECLS
