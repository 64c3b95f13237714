/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char state; /* R, S, D, T, Z, … */
  GPid parent;
  guint64 start;            /* in ticks since the machine started: tells it from another one of that number */
  gint64 cpu_time;          /* µs, of itself alone */
  gint64 children_cpu_time; /* µs, of those that it has waited for */
  guint64 resident;         /* bytes */
} DevboxProcessStat;

/* FALSE: there is none of that number any more. */
gboolean devbox_process_stat_read (GPid pid, DevboxProcessStat *stat);

/* What a process takes, itself alone. FALSE: there is none of that number any more. */
gboolean devbox_process_usage_read (GPid pid, gint64 *cpu_time /* µs */, guint64 *resident /* bytes */);

G_END_DECLS
