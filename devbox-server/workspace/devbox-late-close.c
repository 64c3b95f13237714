/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-late-close-private.h"

#include <errno.h>
#include <unistd.h>

static gpointer
close_descriptor (gpointer data)
{
  close (GPOINTER_TO_INT (data));

  return NULL;
}

void
devbox_late_close (int fd)
{
  int saved_errno = errno;
  GThread *thread = g_thread_try_new ("devbox-close", close_descriptor, GINT_TO_POINTER (fd), NULL);

  if (thread != NULL)
    g_thread_unref (thread);
  else
    close (fd);
  errno = saved_errno;
}
