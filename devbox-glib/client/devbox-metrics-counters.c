/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-metrics-counters-private.h"

struct _DevboxMetricsCounters
{
  gatomicrefcount ref_count;
  GMutex mutex;
  DevboxMetricsValues values;
  DevboxNotifier *notifier;
};

void
devbox_metrics_values_install (GObjectClass *object_class, GParamSpec *properties[DEVBOX_METRICS_N_PROPS])
{
  static const char *const names[] = {
    [DEVBOX_METRICS_PROP_CONNECTIONS_CREATED] = "connections-created",
    [DEVBOX_METRICS_PROP_FILES_TRANSFERRED] = "files-transferred",
    [DEVBOX_METRICS_PROP_BYTES_TRANSFERRED] = "bytes-transferred",
    [DEVBOX_METRICS_PROP_ERRORS] = "errors",
    [DEVBOX_METRICS_PROP_OPERATIONS] = "operations",
  };
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  for (guint id = 1; id < G_N_ELEMENTS (names); id++)
    properties[id] = g_param_spec_uint64 (names[id], NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[DEVBOX_METRICS_PROP_AVERAGE_LATENCY]
      = g_param_spec_double ("average-latency", NULL, NULL, 0, G_MAXDOUBLE, 0, flags);

  g_object_class_install_properties (object_class, DEVBOX_METRICS_N_PROPS, properties);
}

double
devbox_metrics_values_get_average_latency (const DevboxMetricsValues *values)
{
  return values->n_operations > 0 ? (double) values->latency_us / (double) values->n_operations / 1000.0 : 0.0;
}

void
devbox_metrics_values_get_property (const DevboxMetricsValues *values,
                                    GObject *object,
                                    guint property_id,
                                    GValue *value,
                                    GParamSpec *pspec)
{
  switch (property_id)
    {
    case DEVBOX_METRICS_PROP_CONNECTIONS_CREATED:
      g_value_set_uint64 (value, values->n_connections);
      break;
    case DEVBOX_METRICS_PROP_FILES_TRANSFERRED:
      g_value_set_uint64 (value, values->n_files);
      break;
    case DEVBOX_METRICS_PROP_BYTES_TRANSFERRED:
      g_value_set_uint64 (value, values->n_bytes);
      break;
    case DEVBOX_METRICS_PROP_ERRORS:
      g_value_set_uint64 (value, values->n_errors);
      break;
    case DEVBOX_METRICS_PROP_OPERATIONS:
      g_value_set_uint64 (value, values->n_operations);
      break;
    case DEVBOX_METRICS_PROP_AVERAGE_LATENCY:
      g_value_set_double (value, devbox_metrics_values_get_average_latency (values));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

gboolean
devbox_metrics_values_differ (const DevboxMetricsValues *a, const DevboxMetricsValues *b, guint property_id)
{
  switch (property_id)
    {
    case DEVBOX_METRICS_PROP_CONNECTIONS_CREATED:
      return a->n_connections != b->n_connections;
    case DEVBOX_METRICS_PROP_FILES_TRANSFERRED:
      return a->n_files != b->n_files;
    case DEVBOX_METRICS_PROP_BYTES_TRANSFERRED:
      return a->n_bytes != b->n_bytes;
    case DEVBOX_METRICS_PROP_ERRORS:
      return a->n_errors != b->n_errors;
    case DEVBOX_METRICS_PROP_OPERATIONS:
      return a->n_operations != b->n_operations;
    default:
      return a->n_operations != b->n_operations || a->latency_us != b->latency_us;
    }
}

DevboxMetricsCounters *
devbox_metrics_counters_new (DevboxNotifier *notifier)
{
  DevboxMetricsCounters *self = g_new0 (DevboxMetricsCounters, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->notifier = notifier;

  return self;
}

DevboxMetricsCounters *
devbox_metrics_counters_ref (DevboxMetricsCounters *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_metrics_counters_unref (DevboxMetricsCounters *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  devbox_notifier_unref (self->notifier);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
devbox_metrics_counters_add (DevboxMetricsCounters *self, const DevboxMetricsValues *values)
{
  g_mutex_lock (&self->mutex);
  self->values.n_connections += values->n_connections;
  self->values.n_files += values->n_files;
  self->values.n_bytes += values->n_bytes;
  self->values.n_errors += values->n_errors;
  self->values.n_operations += values->n_operations;
  self->values.latency_us += values->latency_us;
  g_mutex_unlock (&self->mutex);

  devbox_notifier_schedule (self->notifier);
}

void
devbox_metrics_counters_get (DevboxMetricsCounters *self, DevboxMetricsValues *values)
{
  g_mutex_lock (&self->mutex);
  *values = self->values;
  g_mutex_unlock (&self->mutex);
}

void
devbox_metrics_counters_reset (DevboxMetricsCounters *self)
{
  g_mutex_lock (&self->mutex);
  self->values = (DevboxMetricsValues){ 0 };
  g_mutex_unlock (&self->mutex);

  devbox_notifier_schedule (self->notifier);
}
