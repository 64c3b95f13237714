/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-notifier-private.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 n_connections;
  guint64 n_files;
  guint64 n_bytes;
  guint64 n_errors;
  guint64 n_operations;
  guint64 latency_us; /* of all operations together */
} DevboxMetricsValues;

/* The properties that DevboxMetrics and DevboxMetricsSnapshot have in common. */
enum
{
  DEVBOX_METRICS_PROP_CONNECTIONS_CREATED = 1,
  DEVBOX_METRICS_PROP_FILES_TRANSFERRED,
  DEVBOX_METRICS_PROP_BYTES_TRANSFERRED,
  DEVBOX_METRICS_PROP_ERRORS,
  DEVBOX_METRICS_PROP_OPERATIONS,
  DEVBOX_METRICS_PROP_AVERAGE_LATENCY,
  DEVBOX_METRICS_N_PROPS
};

void devbox_metrics_values_install (GObjectClass *object_class, GParamSpec *properties[DEVBOX_METRICS_N_PROPS]);
double devbox_metrics_values_get_average_latency (const DevboxMetricsValues *values); /* ms */
void devbox_metrics_values_get_property (const DevboxMetricsValues *values,
                                         GObject *object,
                                         guint property_id,
                                         GValue *value,
                                         GParamSpec *pspec);
gboolean devbox_metrics_values_differ (const DevboxMetricsValues *a, const DevboxMetricsValues *b, guint property_id);

/* What a DevboxMetrics shares with the I/O threads, which never hold the object itself. Reference counted, thread
 * safe. */
typedef struct _DevboxMetricsCounters DevboxMetricsCounters;

DevboxMetricsCounters *devbox_metrics_counters_new (DevboxNotifier *notifier); /* takes it */
DevboxMetricsCounters *devbox_metrics_counters_ref (DevboxMetricsCounters *self);
void devbox_metrics_counters_unref (DevboxMetricsCounters *self);

void devbox_metrics_counters_add (DevboxMetricsCounters *self, const DevboxMetricsValues *values);
void devbox_metrics_counters_get (DevboxMetricsCounters *self, DevboxMetricsValues *values);
void devbox_metrics_counters_reset (DevboxMetricsCounters *self);

G_END_DECLS
