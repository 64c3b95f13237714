/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-monitor-range-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MS_PER_SECOND G_GINT64_CONSTANT (1000)
#define HOUR (3600 * MS_PER_SECOND)
#define DEFAULT_STEPS 1000 /* of what is longer than an hour */
#define MAX_STEPS 11000    /* as Prometheus */

/* Seconds of the epoch have eleven digits from the year 5138 on, and milliseconds have had twelve since 1973. */
#define LEAST_MS_OF_EPOCH 1e11
#define GREATEST_MS_OF_EPOCH 1e14
/* A step of so many seconds is longer than an evening. */
#define LEAST_STEP_IN_MS 10000
#define MAX_DIGITS 15

static gboolean
fail (const char *name, const char *value, const char *expected, GError **error)
{
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               /* Translators: the name of a parameter, its value, and what it has to be */
               _ ("The parameter “%s” is “%.80s”, but must be %s"), name, value, expected);

  return FALSE;
}

/* Digits, and perhaps a fraction; *rest is what follows. */
static gboolean
read_number (const char *text, double *number, const char **rest)
{
  gsize length = strspn (text, "0123456789");

  if (length == 0 || length > MAX_DIGITS)
    return FALSE;
  if (text[length] == '.')
    length += 1 + strspn (text + length + 1, "0123456789");

  *number = g_ascii_strtod (text, NULL);
  *rest = text + length;
  return TRUE;
}

static gboolean
read_time (DevboxHttpQuery *query, const char *name, gint64 *time, GError **error)
{
  const char *text = devbox_http_query_get (query, name);
  const char *rest;
  double number;

  if (text == NULL)
    return TRUE;

  if (read_number (text, &number, &rest) && *rest == '\0' && number <= GREATEST_MS_OF_EPOCH)
    {
      *time = (gint64) (number >= LEAST_MS_OF_EPOCH ? number : number * MS_PER_SECOND);
      return TRUE;
    }

  return fail (name, text, _ ("a time in seconds or milliseconds of the epoch"), error);
}

/* In ms; 0: there is none of that name. */
static double
find_unit (const char *text, gsize length)
{
  static const struct
  {
    const char *name;
    double ms;
  } units[] = {
    { "ms", 1 }, { "s", 1e3 }, { "m", 60e3 }, { "h", 3600e3 }, { "d", 86400e3 }, { "w", 604800e3 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    {
      if (strlen (units[i].name) == length && strncmp (units[i].name, text, length) == 0)
        return units[i].ms;
    }

  return 0;
}

/* A number with a unit, or several of these, "1h30m"; or a number alone. In ms; 0: it is none of that. */
static double
read_duration (const char *text)
{
  const char *rest;
  double number;
  double sum = 0;

  if (read_number (text, &number, &rest) && *rest == '\0')
    return number >= LEAST_STEP_IN_MS ? number : number * MS_PER_SECOND;

  do
    {
      gsize length;
      double unit;

      if (!read_number (text, &number, &rest))
        return 0;
      length = strcspn (rest, "0123456789.");
      unit = find_unit (rest, length);
      if (unit == 0)
        return 0;
      sum += number * unit;
      text = rest + length;
    }
  while (*text != '\0');

  return sum;
}

static gboolean
read_step (DevboxMonitorRange *self, DevboxHttpQuery *query, GError **error)
{
  const char *text = devbox_http_query_get (query, "step");
  gint64 length = self->end - self->start;
  double step;

  if (text == NULL || *text == '\0')
    {
      self->step = length > HOUR ? length / DEFAULT_STEPS : 0;
      return TRUE;
    }

  step = read_duration (text);
  if (step < 1 || step > GREATEST_MS_OF_EPOCH)
    return fail ("step", text, _ ("a duration, such as 30 (seconds), 30s, 2m or 1h30m"), error);

  self->step = (gint64) step;
  if (length / self->step <= MAX_STEPS)
    return TRUE;

  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
               _ ("The range has more than %d steps of “%.80s”"), MAX_STEPS, text);
  return FALSE;
}

gboolean
devbox_monitor_range_read (DevboxMonitorRange *self, DevboxHttpQuery *query, gint64 now, GError **error)
{
  gint64 start = -1;

  self->end = now;
  if (!read_time (query, "end", &self->end, error) || !read_time (query, "start", &start, error))
    return FALSE;

  self->start = start >= 0 ? start : MAX (0, self->end - HOUR);
  if (self->start >= self->end)
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                           _ ("The range must start before it ends"));
      return FALSE;
    }

  return read_step (self, query, error);
}
