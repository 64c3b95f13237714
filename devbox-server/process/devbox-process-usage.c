/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-process-usage-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The file is made as it is read: one read has it whole, and cannot wait for anything. */
static gboolean
read_stat (GPid pid, char *text, gsize size)
{
  char path[64];
  gssize length;
  int fd;

  g_snprintf (path, sizeof path, "/proc/%d/stat", (int) pid);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return FALSE;

  do
    length = read (fd, text, size - 1);
  while (length < 0 && errno == EINTR);
  g_close (fd, NULL);
  text[MAX (length, 0)] = '\0';

  return length > 0;
}

gboolean
devbox_process_stat_read (GPid pid, DevboxProcessStat *stat)
{
  char text[1024];
  const char *fields;
  unsigned long long user_ticks, system_ticks, start;
  long long children_user_ticks, children_system_ticks;
  gint64 tick = G_USEC_PER_SEC / sysconf (_SC_CLK_TCK);
  long pages;

  /* The name, in parentheses, may hold anything. */
  if (!read_stat (pid, text, sizeof text) || (fields = strrchr (text, ')')) == NULL
      || sscanf (fields + 1,
                 " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld %*d %*d %*d %*d %llu %*u %ld",
                 &stat->state, &stat->parent, &user_ticks, &system_ticks, &children_user_ticks, &children_system_ticks,
                 &start, &pages)
             != 8)
    return FALSE;

  stat->start = start;
  stat->cpu_time = (gint64) (user_ticks + system_ticks) * tick;
  stat->children_cpu_time = (children_user_ticks + children_system_ticks) * tick;
  stat->resident = (guint64) MAX (pages, 0) * sysconf (_SC_PAGESIZE);
  return TRUE;
}

gboolean
devbox_process_usage_read (GPid pid, gint64 *cpu_time, guint64 *resident)
{
  DevboxProcessStat stat;

  if (!devbox_process_stat_read (pid, &stat))
    return FALSE;

  *cpu_time = stat.cpu_time;
  *resident = stat.resident;
  return TRUE;
}
