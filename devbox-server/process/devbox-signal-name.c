/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-signal-name-private.h"

#include <signal.h>
#include <string.h>

/* Names beside those of sigabbrev_np () */
static const struct
{
  const char *name;
  int signum;
} aliases[] = {
  { "IOT", SIGABRT },
  { "CLD", SIGCHLD },
  { "IO", SIGPOLL },
};

static gboolean
is_valid (guint64 signum)
{
  return signum >= 1 && signum <= (guint64) SIGRTMAX;
}

static gboolean
parse_real_time (const char *name, int *signum)
{
  gboolean is_minimum = g_ascii_strncasecmp (name, "RTMIN", 5) == 0;
  guint64 distance = 0;

  if (!is_minimum && g_ascii_strncasecmp (name, "RTMAX", 5) != 0)
    return FALSE;

  name += 5;
  if (*name != '\0')
    {
      if (*name != (is_minimum ? '+' : '-')
          || !g_ascii_string_to_unsigned (name + 1, 10, 0, SIGRTMAX - SIGRTMIN, &distance, NULL))
        return FALSE;
    }

  *signum = is_minimum ? SIGRTMIN + (int) distance : SIGRTMAX - (int) distance;
  return TRUE;
}

int
devbox_signal_from_name (const char *name)
{
  guint64 number;
  int signum;

  if (g_ascii_string_to_unsigned (name, 10, 0, G_MAXINT, &number, NULL))
    return is_valid (number) ? (int) number : 0;

  if (g_ascii_strncasecmp (name, "SIG", 3) == 0)
    name += 3;
  for (signum = 1; signum < SIGRTMIN; signum++)
    {
      const char *abbreviation = sigabbrev_np (signum);

      if (abbreviation != NULL && g_ascii_strcasecmp (name, abbreviation) == 0)
        return signum;
    }
  for (guint i = 0; i < G_N_ELEMENTS (aliases); i++)
    {
      if (g_ascii_strcasecmp (name, aliases[i].name) == 0)
        return aliases[i].signum;
    }

  return parse_real_time (name, &signum) ? signum : 0;
}
