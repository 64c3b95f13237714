/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* How a process finds out that it was frozen (SIGSTOP, the freezer of cgroups) while the monotonic clock ran on: who
 * looks at the clock every second and finds that much more has gone by did not run. Plain C, for the launcher too. */

#define DEVBOX_SUSPEND_TICK_USEC (1000 * 1000)
#define DEVBOX_SUSPEND_MIN_GAP_USEC (2 * DEVBOX_SUSPEND_TICK_USEC)

/* How long it was, µs; 0: it ran. *last is when this was asked before, and becomes now. Less than a tick too much: none
 * of the time from then on counts. */
static inline int64_t
devbox_suspend_gap_measure (int64_t *last, int64_t now)
{
  int64_t gap = now - *last;

  *last = now;
  return gap >= DEVBOX_SUSPEND_MIN_GAP_USEC ? gap : 0;
}
