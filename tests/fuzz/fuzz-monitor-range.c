/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A range is one that the store can read, whatever the query says, or refused with VALIDATION_ERROR. A step without a
 * fraction is what a plain reading finds. */
#include "config.h"

#include "devbox-monitor-range-private.h"
#include "devbox-wire-error-private.h"

#include <stdlib.h>
#include <string.h>

#define NOW G_GINT64_CONSTANT (1800000000000)
#define MAX_STEPS 11000

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static gint64
read_unit_plainly (char **text)
{
  static const char units[] = "smhdw";
  static const gint64 ms[] = { 1000, 60000, 3600000, 86400000, 604800000 };
  const char *unit;

  if (g_str_has_prefix (*text, "ms"))
    {
      *text += 2;
      return 1;
    }

  unit = **text != '\0' ? strchr (units, **text) : NULL;
  g_assert_nonnull (unit);
  (*text)++;
  return ms[unit - units];
}

static gint64
read_step_plainly (const char *text)
{
  char *rest;
  gint64 number = strtoll (text, &rest, 10);
  gint64 sum = 0;

  if (*rest == '\0')
    return number >= 10000 ? number : number * 1000;

  sum = number * read_unit_plainly (&rest);
  while (*rest != '\0')
    {
      number = strtoll (rest, &rest, 10);
      sum += number * read_unit_plainly (&rest);
    }

  return sum;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (DevboxHttpQuery) query = devbox_http_query_parse (text, NULL);
  g_autoptr (GError) error = NULL;
  DevboxMonitorRange range;
  const char *step;

  if (query == NULL)
    return 0;

  if (!devbox_monitor_range_read (&range, query, NOW, &error))
    {
      g_assert_true (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR));
      return 0;
    }

  g_assert_true (range.start >= 0 && range.start < range.end && range.step >= 0);
  g_assert_true (range.step == 0 ? range.end - range.start <= 3600000
                                 : (range.end - range.start) / range.step <= MAX_STEPS);

  step = devbox_http_query_get (query, "step");
  if (step != NULL && *step != '\0' && strchr (step, '.') == NULL)
    g_assert_cmpint (range.step, ==, read_step_plainly (step));

  return 0;
}
