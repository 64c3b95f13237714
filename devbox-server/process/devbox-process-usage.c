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
devbox_process_usage_read (GPid pid, gint64 *cpu_time, guint64 *resident)
{
  char text[1024];
  const char *fields;
  unsigned long long user_ticks;
  unsigned long long system_ticks;
  long pages;

  /* The name, in parentheses, may hold anything. */
  if (!read_stat (pid, text, sizeof text) || (fields = strrchr (text, ')')) == NULL
      || sscanf (fields + 1,
                 " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %*u %*u %ld",
                 &user_ticks, &system_ticks, &pages)
             != 3)
    return FALSE;

  *cpu_time = (user_ticks + system_ticks) * G_USEC_PER_SEC / sysconf (_SC_CLK_TCK);
  *resident = (guint64) MAX (pages, 0) * sysconf (_SC_PAGESIZE);
  return TRUE;
}
