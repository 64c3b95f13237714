/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-json-number-private.h"

#include <math.h>

/* As many digits as always fit in a gint64. */
#define MAX_SAFE_DIGITS 18

static gsize
count_digits (const char *text)
{
  gsize n_digits = 0;

  while (g_ascii_isdigit (text[n_digits]))
    n_digits++;

  return n_digits;
}

static gboolean
integer_fits (const char *digits, gboolean negative)
{
  guint64 limit = (guint64) G_MAXINT64 + (negative ? 1 : 0);
  guint64 value = 0;

  for (; *digits != '\0'; digits++)
    {
      guint digit = *digits - '0';

      if (value > (limit - digit) / 10)
        return FALSE;
      value = value * 10 + digit;
    }

  return TRUE;
}

DevboxWireJsonNumber
devbox_wire_json_number_check (const char *text)
{
  const char *digits = text[0] == '-' ? text + 1 : text;
  gsize n_digits = count_digits (digits);
  const char *end = digits + n_digits;
  gboolean is_double = FALSE, has_exponent = FALSE, fits;

  if (n_digits == 0 || (digits[0] == '0' && n_digits > 1))
    return DEVBOX_WIRE_JSON_NUMBER_MALFORMED;

  if (*end == '.')
    {
      gsize n_fraction_digits = count_digits (end + 1);

      if (n_fraction_digits == 0)
        return DEVBOX_WIRE_JSON_NUMBER_MALFORMED;
      end += 1 + n_fraction_digits;
      is_double = TRUE;
    }

  if (*end == 'e' || *end == 'E')
    {
      gsize n_exponent_digits;

      end++;
      if (*end == '+' || *end == '-')
        end++;
      n_exponent_digits = count_digits (end);
      if (n_exponent_digits == 0)
        return DEVBOX_WIRE_JSON_NUMBER_MALFORMED;
      end += n_exponent_digits;
      has_exponent = TRUE;
    }

  if (*end != '\0')
    return DEVBOX_WIRE_JSON_NUMBER_MALFORMED;

  /* The text is short (DEVBOX_WIRE_JSON_MAX_NUMBER), so a double without an exponent is finite. */
  if (has_exponent)
    fits = isfinite (g_ascii_strtod (text, NULL));
  else
    fits = is_double || n_digits <= MAX_SAFE_DIGITS || integer_fits (digits, digits != text);

  return fits ? DEVBOX_WIRE_JSON_NUMBER_VALID : DEVBOX_WIRE_JSON_NUMBER_TOO_LARGE;
}
