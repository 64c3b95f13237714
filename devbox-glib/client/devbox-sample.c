/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-sample-private.h"

/**
 * DevboxSample:
 *
 * How busy a devbox was at one moment, or on average over one step of time.
 *
 * A sample never changes, and can be read from any thread.
 *
 * Since: 1.0
 */
struct _DevboxSample
{
  GObject parent_instance;

  DevboxSampleDetails details;
};

G_DEFINE_FINAL_TYPE (DevboxSample, devbox_sample, G_TYPE_OBJECT)

enum
{
  PROP_TIMESTAMP = 1,
  PROP_CPU,
  PROP_MEMORY,
  PROP_BYTES_RECEIVED,
  PROP_BYTES_SENT,
  PROP_DISK_USED,
  PROP_DISK_TOTAL,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

void
devbox_sample_details_clear (DevboxSampleDetails *self)
{
  g_clear_pointer (&self->timestamp, g_date_time_unref);
}

static void
devbox_sample_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxSample *self = DEVBOX_SAMPLE (object);

  switch (property_id)
    {
    case PROP_TIMESTAMP:
      g_value_set_boxed (value, self->details.timestamp);
      break;
    case PROP_CPU:
      g_value_set_double (value, self->details.cpu);
      break;
    case PROP_MEMORY:
      g_value_set_double (value, self->details.memory);
      break;
    case PROP_BYTES_RECEIVED:
      g_value_set_uint64 (value, self->details.bytes_received);
      break;
    case PROP_BYTES_SENT:
      g_value_set_uint64 (value, self->details.bytes_sent);
      break;
    case PROP_DISK_USED:
      g_value_set_uint64 (value, self->details.disk_used);
      break;
    case PROP_DISK_TOTAL:
      g_value_set_uint64 (value, self->details.disk_total);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_sample_finalize (GObject *object)
{
  DevboxSample *self = DEVBOX_SAMPLE (object);

  devbox_sample_details_clear (&self->details);

  G_OBJECT_CLASS (devbox_sample_parent_class)->finalize (object);
}

static void
devbox_sample_class_init (DevboxSampleClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_sample_get_property;
  object_class->finalize = devbox_sample_finalize;

  /**
   * DevboxSample:timestamp:
   *
   * The moment, in UTC; of a step of time its beginning.
   *
   * Since: 1.0
   */
  properties[PROP_TIMESTAMP] = g_param_spec_boxed ("timestamp", NULL, NULL, G_TYPE_DATE_TIME, flags);

  /**
   * DevboxSample:cpu:
   *
   * The load of the processors, in percent of the limit of the devbox.
   *
   * Since: 1.0
   */
  properties[PROP_CPU] = g_param_spec_double ("cpu", NULL, NULL, 0, G_MAXDOUBLE, 0, flags);

  /**
   * DevboxSample:memory:
   *
   * The memory in use, in percent of the limit of the devbox.
   *
   * Since: 1.0
   */
  properties[PROP_MEMORY] = g_param_spec_double ("memory", NULL, NULL, 0, G_MAXDOUBLE, 0, flags);

  /**
   * DevboxSample:bytes-received:
   *
   * The bytes that came in over the network since the devbox was made, 0 where the platform does not tell.
   *
   * Since: 1.0
   */
  properties[PROP_BYTES_RECEIVED] = g_param_spec_uint64 ("bytes-received", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxSample:bytes-sent:
   *
   * The bytes that went out over the network since the devbox was made, 0 where the platform does not tell.
   *
   * Since: 1.0
   */
  properties[PROP_BYTES_SENT] = g_param_spec_uint64 ("bytes-sent", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxSample:disk-used:
   *
   * The bytes in use on the disk, 0 where the platform does not tell.
   *
   * Since: 1.0
   */
  properties[PROP_DISK_USED] = g_param_spec_uint64 ("disk-used", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * DevboxSample:disk-total:
   *
   * The size of the disk in bytes, 0 where the platform does not tell.
   *
   * Since: 1.0
   */
  properties[PROP_DISK_TOTAL] = g_param_spec_uint64 ("disk-total", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_sample_init (DevboxSample *self)
{
}

DevboxSample *
devbox_sample_new (DevboxSampleDetails *details)
{
  DevboxSample *self = g_object_new (DEVBOX_TYPE_SAMPLE, NULL);

  self->details = *details;
  *details = (DevboxSampleDetails){ 0 };

  return self;
}

/**
 * devbox_sample_get_timestamp:
 * @self: a sample
 *
 * Gets the moment that the sample is of.
 *
 * Returns: (transfer none): the moment, in UTC
 *
 * Since: 1.0
 */
GDateTime *
devbox_sample_get_timestamp (DevboxSample *self)
{
  g_return_val_if_fail (DEVBOX_IS_SAMPLE (self), NULL);

  return self->details.timestamp;
}

/**
 * devbox_sample_get_cpu:
 * @self: a sample
 *
 * Gets the load of the processors.
 *
 * Returns: percent of the limit of the devbox; a little more than 100 happens
 *
 * Since: 1.0
 */
double
devbox_sample_get_cpu (DevboxSample *self)
{
  g_return_val_if_fail (DEVBOX_IS_SAMPLE (self), 0);

  return self->details.cpu;
}

/**
 * devbox_sample_get_memory:
 * @self: a sample
 *
 * Gets how much memory was in use.
 *
 * Returns: percent of the limit of the devbox
 *
 * Since: 1.0
 */
double
devbox_sample_get_memory (DevboxSample *self)
{
  g_return_val_if_fail (DEVBOX_IS_SAMPLE (self), 0);

  return self->details.memory;
}

/**
 * devbox_sample_get_bytes_received:
 * @self: a sample
 *
 * Gets how many bytes came in over the network.
 *
 * Returns: the bytes since the devbox was made; 0 where the platform does not tell
 *
 * Since: 1.0
 */
guint64
devbox_sample_get_bytes_received (DevboxSample *self)
{
  g_return_val_if_fail (DEVBOX_IS_SAMPLE (self), 0);

  return self->details.bytes_received;
}

/**
 * devbox_sample_get_bytes_sent:
 * @self: a sample
 *
 * Gets how many bytes went out over the network.
 *
 * Returns: the bytes since the devbox was made; 0 where the platform does not tell
 *
 * Since: 1.0
 */
guint64
devbox_sample_get_bytes_sent (DevboxSample *self)
{
  g_return_val_if_fail (DEVBOX_IS_SAMPLE (self), 0);

  return self->details.bytes_sent;
}

/**
 * devbox_sample_get_disk_used:
 * @self: a sample
 *
 * Gets how much of the disk was in use.
 *
 * Returns: the bytes in use; 0 where the platform does not tell
 *
 * Since: 1.0
 */
guint64
devbox_sample_get_disk_used (DevboxSample *self)
{
  g_return_val_if_fail (DEVBOX_IS_SAMPLE (self), 0);

  return self->details.disk_used;
}

/**
 * devbox_sample_get_disk_total:
 * @self: a sample
 *
 * Gets the size of the disk.
 *
 * Returns: the size in bytes; 0 where the platform does not tell
 *
 * Since: 1.0
 */
guint64
devbox_sample_get_disk_total (DevboxSample *self)
{
  g_return_val_if_fail (DEVBOX_IS_SAMPLE (self), 0);

  return self->details.disk_total;
}
