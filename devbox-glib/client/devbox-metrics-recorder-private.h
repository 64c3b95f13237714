/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-metrics-counters-private.h"
#include "devbox-metrics.h"

G_BEGIN_DECLS

/* Tells a client's metrics what happens in its I/O thread. Metrics of the base type count at once; those of a derived
 * one hear of it in the context, a little later and in batches, so that a program's own code runs in its own thread.
 * What a context that nobody runs does not fetch is merged, and takes a bounded amount of memory. The recorder never
 * holds the metrics, which are the client's. Reference counted, thread safe. */
typedef struct _DevboxMetricsRecorder DevboxMetricsRecorder;

DevboxMetricsRecorder *devbox_metrics_recorder_new (DevboxMetrics *metrics, GMainContext *context);
DevboxMetricsRecorder *devbox_metrics_recorder_ref (DevboxMetricsRecorder *self);
void devbox_metrics_recorder_unref (DevboxMetricsRecorder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxMetricsRecorder, devbox_metrics_recorder_unref)

void devbox_metrics_recorder_add_connection (DevboxMetricsRecorder *self);
void devbox_metrics_recorder_add_operation (DevboxMetricsRecorder *self, guint64 latency_us, gboolean succeeded);
void
devbox_metrics_recorder_add_transfer (DevboxMetricsRecorder *self, guint n_files, guint64 n_bytes, guint64 latency_us);
void devbox_metrics_recorder_add_error (DevboxMetricsRecorder *self, DevboxError code);

/* Tells now what waits, in the thread that made the recorder and only if it may run the context; in others it does
 * nothing. For the end of blocking calls, so that programs without a main loop hear of them. */
void devbox_metrics_recorder_flush (DevboxMetricsRecorder *self);
/* For the client's end: tells what waits, if it may, and nothing more; gives up the context. */
void devbox_metrics_recorder_disconnect (DevboxMetricsRecorder *self);

/* devbox-metrics.c */
DevboxMetricsCounters *devbox_metrics_get_counters (DevboxMetrics *self); /* transfer none */

G_END_DECLS
