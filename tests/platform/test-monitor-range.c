/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time ranges in a query: seconds and milliseconds, steps in numbers and in words, and what is refused */
#include "config.h"

#include "devbox-monitor-range-private.h"
#include "devbox-wire-error-private.h"

#define NOW G_GINT64_CONSTANT (1800000000000)
#define HOUR 3600000
#define NOTHING "" /* of which all is usual */

static gboolean
read_range (const char *text, DevboxMonitorRange *range, GError **error)
{
  g_autoptr (DevboxHttpQuery) query = devbox_http_query_parse (text, error);

  g_assert_nonnull (query);
  return devbox_monitor_range_read (range, query, NOW, error);
}

static void
test_good (void)
{
  static const struct
  {
    const char *query;
    gint64 start;
    gint64 end;
    gint64 step;
  } cases[] = {
    { NOTHING, NOW - HOUR, NOW, 0 },
    { "start=1799999000", NOW - 1000000, NOW, 0 },
    { "start=1799999000000", NOW - 1000000, NOW, 0 },
    { "start=1799999000.25", NOW - 999750, NOW, 0 },
    { "start=1799999000.&end=1799999001.", NOW - 1000000, NOW - 999000, 0 },
    { "end=1799999000", NOW - 1000000 - HOUR, NOW - 1000000, 0 },
    { "start=1799999000&end=1799999500000", NOW - 1000000, NOW - 500000, 0 },
    { "start=0&end=1", 0, 1000, 0 },
    { "end=60", 0, 60000, 0 },
    /* The last second that is one, and the first millisecond. */
    { "start=99999999999&end=100000000000000", 99999999999000, 100000000000000, 0 },
    { "start=99999999&end=100000000000", 99999999000, 100000000000, 0 },
    { "start=1799913600", NOW - 86400000, NOW, 86400 },
    { "step=", NOW - HOUR, NOW, 0 },
    { "step=30", NOW - HOUR, NOW, 30000 },
    { "step=0.5", NOW - HOUR, NOW, 500 },
    { "step=9999", NOW - HOUR, NOW, 9999000 },
    { "step=10000", NOW - HOUR, NOW, 10000 },
    { "step=500ms", NOW - HOUR, NOW, 500 },
    { "step=30s", NOW - HOUR, NOW, 30000 },
    { "step=2m", NOW - HOUR, NOW, 120000 },
    { "step=1h", NOW - HOUR, NOW, HOUR },
    { "step=1d", NOW - HOUR, NOW, 86400000 },
    { "step=1w", NOW - HOUR, NOW, 604800000 },
    { "step=1h30m", NOW - HOUR, NOW, 5400000 },
    { "step=1.5m", NOW - HOUR, NOW, 90000 },
    { "step=1m500ms", NOW - HOUR, NOW, 60500 },
    { "start=1799998900&step=100ms", NOW - 1100000, NOW, 100 }, /* 11,000 steps */
    { "other=x&start=1799999000", NOW - 1000000, NOW, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DevboxMonitorRange range = { -1, -1, -1 };
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].query);
      g_assert_true (read_range (cases[i].query, &range, &error));
      g_assert_no_error (error);
      g_assert_cmpint (range.start, ==, cases[i].start);
      g_assert_cmpint (range.end, ==, cases[i].end);
      g_assert_cmpint (range.step, ==, cases[i].step);
    }
}

static void
test_bad (void)
{
  static const char *const times[] = { "",
                                       "x",
                                       "-1",
                                       "1e9",
                                       "0x10",
                                       " 1",
                                       "1 ",
                                       "1s",
                                       "1.2.",
                                       ".5",
                                       "NaN",
                                       "inf",
                                       "1,5",
                                       "2026-11-23",
                                       "+1",
                                       "1-",
                                       "100000000000001",
                                       "12345678901234567890" };
  static const char *const steps[] = { "0",        "0s",  "0.0001", "-1",    "x",
                                       "s",        "1x",  "1s2",    "1h-1m", "m1",
                                       "1e3",      "1 m", "1y",     "1M",    "99999999999999999999s",
                                       "9999999w", "..",  "1..5s",  "0.1ms" };
  static const char *const ranges[] = {
    "start=1800000000",
    "start=1800000001",
    "start=5&end=5",
    "start=6&end=5",
    "end=0",
    "start=1799998899&step=100ms", /* 11,010 steps */
    "start=0&step=1",
  };
  DevboxMonitorRange range;

  for (guint i = 0; i < G_N_ELEMENTS (times) + G_N_ELEMENTS (steps) + G_N_ELEMENTS (ranges); i++)
    {
      g_autoptr (GString) query = g_string_new (NULL);
      g_autoptr (GError) error = NULL;

      if (i < G_N_ELEMENTS (times))
        g_string_append_uri_escaped (g_string_append (query, i % 2 == 0 ? "start=" : "end="), times[i], NULL, FALSE);
      else if (i - G_N_ELEMENTS (times) < G_N_ELEMENTS (steps))
        g_string_append_uri_escaped (g_string_append (query, "step="), steps[i - G_N_ELEMENTS (times)], NULL, FALSE);
      else
        g_string_append (query, ranges[i - G_N_ELEMENTS (times) - G_N_ELEMENTS (steps)]);

      g_test_message ("%s", query->str);
      g_assert_false (read_range (query->str, &range, &error));
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
    }
}

static void
test_messages (void)
{
  static const struct
  {
    const char *query;
    const char *message;
  } cases[] = {
    { "start=x", "The parameter “start” is “x”, but must be a time in seconds or milliseconds of the epoch" },
    { "step=1y", "The parameter “step” is “1y”, but must be a duration, such as 30 (seconds), 30s, 2m or 1h30m" },
    { "start=6&end=5", "The range must start before it ends" },
    { "start=0&step=1s", "The range has more than 11000 steps of “1s”" },
  };
  DevboxMonitorRange range;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (read_range (cases[i].query, &range, &error));
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/platform/monitor-range/good", test_good);
  g_test_add_func ("/platform/monitor-range/bad", test_bad);
  g_test_add_func ("/platform/monitor-range/messages", test_messages);

  return g_test_run ();
}
