/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-routes-private.h"

#include "devbox-http-replies-private.h"
#include "devbox-monitor-range-private.h"

#include <math.h>
#include <time.h>

#define SAMPLE_SIZE 192

/* With two digits, as the live platform gives it. */
static void
append_percent (GString *json, const char *name, double percent)
{
  guint64 hundredths = isfinite (percent) && percent > 0 ? (guint64) (MIN (percent, 1e9) * 100 + 0.5) : 0;

  g_string_append_printf (json, "\"%s\":%" G_GUINT64_FORMAT ".%02u,", name, hundredths / 100,
                          (guint) (hundredths % 100));
}

/* Local time, to the minute, for people. */
static void
append_readable_time (GString *json, gint64 time_ms)
{
  time_t seconds = time_ms / 1000;
  struct tm local = { 0 };

  localtime_r (&seconds, &local);
  g_string_append_printf (json, "\"readableTime\":\"%04d/%02d/%02d %02d:%02d\"", local.tm_year + 1900, local.tm_mon + 1,
                          local.tm_mday, local.tm_hour, local.tm_min);
}

static void
append_sample (GString *json, const DevboxBoxSample *sample)
{
  g_string_append_printf (json, "{\"timestamp\":%" G_GINT64_FORMAT ",", sample->time);
  append_percent (json, "cpu", sample->cpu);
  append_percent (json, "memory", sample->memory);
  g_string_append_printf (json,
                          "\"network\":{\"bytesIn\":%" G_GUINT64_FORMAT ",\"bytesOut\":%" G_GUINT64_FORMAT
                          "},\"disk\":{\"used\":%" G_GUINT64_FORMAT ",\"total\":%" G_GUINT64_FORMAT "},",
                          sample->bytes_in, sample->bytes_out, sample->disk_used, sample->disk_total);
  append_readable_time (json, sample->time);
  g_string_append_c (json, '}');
}

static void
on_read (GArray *samples, const GError *error, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = user_data;
  g_autoptr (GString) json = NULL;

  if (error != NULL)
    {
      devbox_platform_call_reply_error (call, error);
      return;
    }

  json = g_string_sized_new (samples->len * SAMPLE_SIZE + 2);
  g_string_append_c (json, '[');
  for (guint i = 0; i < samples->len; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      append_sample (json, &g_array_index (samples, DevboxBoxSample, i));
    }
  g_string_append_c (json, ']');
  devbox_http_reply_json (call->exchange, 200, json);
}

static void
list (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  g_autoptr (DevboxPlatformCall) call = devbox_platform_call_new (user_data, exchange);
  DevboxStore *store = devbox_platform_service_get_store (call->service);
  DevboxBox *box = devbox_platform_call_find_box (call);
  g_autoptr (DevboxHttpQuery) query = NULL;
  g_autoptr (GError) error = NULL;
  DevboxMonitorRange range;

  if (box == NULL)
    return;

  query = devbox_http_query_new (exchange, &error);
  if (query == NULL || !devbox_monitor_range_read (&range, query, g_get_real_time () / 1000, &error))
    devbox_platform_call_reply_error (call, error);
  else
    devbox_store_read_samples (store, devbox_box_get_record (box)->uid, range.start, range.end, range.step, on_read,
                               g_steal_pointer (&call));
}

const DevboxHttpRoute devbox_platform_monitor_routes[] = {
  { "GET", DEVBOX_PLATFORM_PREFIX "/{}/monitor", DEVBOX_HTTP_ROUTE_NONE, list },
  DEVBOX_HTTP_ROUTES_END,
};
