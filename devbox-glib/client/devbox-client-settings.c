/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client-settings-private.h"

#define DEFAULT_TIMEOUT (30 * 1000)
#define DEFAULT_MAX_RETRIES 3
#define DEFAULT_RETRY_DELAY 1000

struct _DevboxClientSettings
{
  gatomicrefcount ref_count;

  /* Atomic. */
  guint timeout;
  guint max_retries;
  guint retry_delay;

  GMutex mutex;
  DevboxEndpoint *platform;
  DevboxMetricsRecorder *recorder;
  char *traceparent;
  GPtrArray *headers; /* never changed, only replaced */
};

DevboxClientSettings *
devbox_client_settings_new (void)
{
  DevboxClientSettings *self = g_new0 (DevboxClientSettings, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->timeout = DEFAULT_TIMEOUT;
  self->max_retries = DEFAULT_MAX_RETRIES;
  self->retry_delay = DEFAULT_RETRY_DELAY;
  self->headers = g_ptr_array_new_with_free_func (g_free);

  return self;
}

DevboxClientSettings *
devbox_client_settings_ref (DevboxClientSettings *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_client_settings_unref (DevboxClientSettings *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_pointer (&self->platform, devbox_endpoint_unref);
  g_clear_pointer (&self->recorder, devbox_metrics_recorder_unref);
  g_free (self->traceparent);
  g_ptr_array_unref (self->headers);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

guint
devbox_client_settings_get_timeout (DevboxClientSettings *self)
{
  return (guint) g_atomic_int_get (&self->timeout);
}

void
devbox_client_settings_set_timeout (DevboxClientSettings *self, guint timeout_ms)
{
  g_atomic_int_set (&self->timeout, timeout_ms);
}

guint
devbox_client_settings_get_max_retries (DevboxClientSettings *self)
{
  return (guint) g_atomic_int_get (&self->max_retries);
}

void
devbox_client_settings_set_max_retries (DevboxClientSettings *self, guint max_retries)
{
  g_atomic_int_set (&self->max_retries, max_retries);
}

guint
devbox_client_settings_get_retry_delay (DevboxClientSettings *self)
{
  return (guint) g_atomic_int_get (&self->retry_delay);
}

void
devbox_client_settings_set_retry_delay (DevboxClientSettings *self, guint delay_ms)
{
  g_atomic_int_set (&self->retry_delay, delay_ms);
}

DevboxEndpoint *
devbox_client_settings_ref_platform (DevboxClientSettings *self)
{
  DevboxEndpoint *platform;

  g_mutex_lock (&self->mutex);
  platform = self->platform != NULL ? devbox_endpoint_ref (self->platform) : NULL;
  g_mutex_unlock (&self->mutex);

  return platform;
}

void
devbox_client_settings_set_platform (DevboxClientSettings *self, DevboxEndpoint *platform)
{
  DevboxEndpoint *previous;

  g_mutex_lock (&self->mutex);
  previous = self->platform;
  self->platform = platform != NULL ? devbox_endpoint_ref (platform) : NULL;
  g_mutex_unlock (&self->mutex);

  g_clear_pointer (&previous, devbox_endpoint_unref);
}

DevboxMetricsRecorder *
devbox_client_settings_ref_recorder (DevboxClientSettings *self)
{
  DevboxMetricsRecorder *recorder;

  g_mutex_lock (&self->mutex);
  recorder = self->recorder != NULL ? devbox_metrics_recorder_ref (self->recorder) : NULL;
  g_mutex_unlock (&self->mutex);

  return recorder;
}

DevboxMetricsRecorder *
devbox_client_settings_take_recorder (DevboxClientSettings *self, DevboxMetricsRecorder *recorder)
{
  DevboxMetricsRecorder *previous;

  g_mutex_lock (&self->mutex);
  previous = self->recorder;
  self->recorder = recorder;
  g_mutex_unlock (&self->mutex);

  return previous;
}

char *
devbox_client_settings_dup_traceparent (DevboxClientSettings *self)
{
  char *traceparent;

  g_mutex_lock (&self->mutex);
  traceparent = g_strdup (self->traceparent);
  g_mutex_unlock (&self->mutex);

  return traceparent;
}

gboolean
devbox_client_settings_set_traceparent (DevboxClientSettings *self, const char *traceparent)
{
  gboolean has_changed;

  g_mutex_lock (&self->mutex);
  has_changed = g_strcmp0 (self->traceparent, traceparent) != 0;
  if (has_changed)
    {
      g_free (self->traceparent);
      self->traceparent = g_strdup (traceparent);
    }
  g_mutex_unlock (&self->mutex);

  return has_changed;
}

void
devbox_client_settings_begin_trace (DevboxClientSettings *self, DevboxTrace *trace)
{
  gboolean is_part = FALSE;

  g_mutex_lock (&self->mutex);
  if (self->traceparent != NULL)
    is_part = devbox_trace_parse (trace, self->traceparent, NULL);
  g_mutex_unlock (&self->mutex);

  if (!is_part)
    devbox_trace_init_random (trace);
}

GPtrArray *
devbox_client_settings_ref_headers (DevboxClientSettings *self)
{
  GPtrArray *headers;

  g_mutex_lock (&self->mutex);
  headers = g_ptr_array_ref (self->headers);
  g_mutex_unlock (&self->mutex);

  return headers;
}

static GPtrArray *
copy_headers_without (GPtrArray *headers, const char *name)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < headers->len; i += 2)
    {
      if (g_ascii_strcasecmp (headers->pdata[i], name) == 0)
        continue;
      g_ptr_array_add (copy, g_strdup (headers->pdata[i]));
      g_ptr_array_add (copy, g_strdup (headers->pdata[i + 1]));
    }

  return copy;
}

void
devbox_client_settings_set_header (DevboxClientSettings *self, const char *name, const char *value)
{
  GPtrArray *previous;

  g_mutex_lock (&self->mutex);
  previous = self->headers;
  self->headers = copy_headers_without (previous, name);
  if (value != NULL)
    {
      g_ptr_array_add (self->headers, g_strdup (name));
      g_ptr_array_add (self->headers, g_strdup (value));
    }
  g_mutex_unlock (&self->mutex);

  g_ptr_array_unref (previous);
}
