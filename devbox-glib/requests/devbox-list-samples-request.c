/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-checks-private.h"
#include "devbox-platform-reply-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-sample-private.h"

#include <glib/gi18n-lib.h>

/* GET /api/v1/devbox/{name}/monitor?start=&end=&step= */

#define MAX_REPLY_SIZE (16 * 1024 * 1024)
#define FIRST_IN_MS 100000000000.0     /* as seconds that is the year 5138, as milliseconds 1973 */
#define LAST_MS 253402300799999.0      /* the end of the year 9999 */
#define MAX_COUNTER 9007199254740992.0 /* what a number of JSON is exact up to */

/* Seconds or milliseconds of the epoch. */
static GDateTime *
read_timestamp (JsonObject *object)
{
  double told = devbox_platform_reply_get_number (object, "timestamp");
  double ms = told < FIRST_IN_MS ? told * 1000 : told;
  g_autoptr (GDateTime) start = NULL;

  if (ms <= 0 || ms > LAST_MS)
    return NULL;

  start = g_date_time_new_from_unix_utc ((gint64) (ms / 1000));

  return g_date_time_add (start, (gint64) ms % 1000 * G_TIME_SPAN_MILLISECOND);
}

static guint64
read_counter (JsonObject *object, const char *group, const char *name)
{
  JsonObject *counters = devbox_platform_reply_get_object (object, group);

  return counters != NULL ? (guint64) MIN (devbox_platform_reply_get_number (counters, name), MAX_COUNTER) : 0;
}

static DevboxSample *
read_sample (JsonObject *object)
{
  g_auto (DevboxSampleDetails) details = { 0 };

  details.timestamp = read_timestamp (object);
  if (details.timestamp == NULL)
    return NULL;

  details.cpu = devbox_platform_reply_get_number (object, "cpu");
  details.memory = devbox_platform_reply_get_number (object, "memory");
  details.bytes_received = read_counter (object, "network", "bytesIn");
  details.bytes_sent = read_counter (object, "network", "bytesOut");
  details.disk_used = read_counter (object, "disk", "used");
  details.disk_total = read_counter (object, "disk", "total");

  return devbox_sample_new (&details);
}

static gpointer
parse (DevboxRequest *request, const DevboxReply *reply, GError **error)
{
  g_autoptr (JsonNode) root = devbox_platform_reply_parse (request, reply, error);
  JsonArray *array;
  GListStore *samples;

  if (root == NULL)
    return NULL;

  array = devbox_platform_reply_find_array (root, NULL);
  if (array == NULL)
    return devbox_platform_reply_fail (request, error);

  samples = g_list_store_new (DEVBOX_TYPE_SAMPLE);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonObject *object = devbox_platform_reply_get_element (array, i);
      g_autoptr (DevboxSample) sample = object != NULL ? read_sample (object) : NULL;

      if (sample != NULL)
        g_list_store_append (samples, sample);
    }

  return samples;
}

static void
append_time (GString *query, const char *name, GDateTime *time)
{
  if (time != NULL)
    g_string_append_printf (query, "%c%s=%" G_GINT64_FORMAT, query->len == 0 ? '?' : '&', name,
                            g_date_time_to_unix (time) * 1000 + g_date_time_get_microsecond (time) / 1000);
}

static char *
build_query (GDateTime *start, GDateTime *end, guint step_ms)
{
  GString *query = g_string_new (NULL);

  append_time (query, "start", start);
  append_time (query, "end", end);
  if (step_ms != 0)
    g_string_append_printf (query, step_ms % 1000 == 0 ? "%cstep=%us" : "%cstep=%ums", query->len == 0 ? '?' : '&',
                            step_ms % 1000 == 0 ? step_ms / 1000 : step_ms);

  return g_string_free (query, FALSE);
}

DevboxRequest *
devbox_list_samples_request_new (const char *name, GDateTime *start, GDateTime *end, guint step_ms, GError **error)
{
  g_autofree char *trimmed = devbox_platform_take_name (name, error);
  g_autofree char *query = NULL;
  g_autofree char *rest = NULL;
  DevboxRequest *request;

  if (trimmed == NULL)
    return NULL;
  if (start != NULL && end != NULL && g_date_time_compare (start, end) > 0)
    {
      g_autofree char *value = g_date_time_format_iso8601 (end);

      devbox_request_refuse (error, value, _ ("The range of time ends at %s, before it starts"), value);
      return NULL;
    }

  query = build_query (start, end, step_ms);
  rest = g_strconcat ("/monitor", query, NULL);
  request = devbox_platform_request_new (SOUP_METHOD_GET, trimmed, rest, parse, g_object_unref);
  request->max_reply_size = MAX_REPLY_SIZE;

  return request;
}
