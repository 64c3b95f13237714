/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>
#include <glib.h>
#include <unistd.h>

G_BEGIN_DECLS

/* A descriptor that closes itself at the end of its scope and leaves errno alone, as g_autofd in GLib 2.76. */
static inline void
devbox_auto_descriptor_clear (int *fd)
{
  int saved_errno = errno;

  if (*fd >= 0)
    close (*fd);
  *fd = -1;
  errno = saved_errno;
}

#define devbox_auto_descriptor __attribute__ ((cleanup (devbox_auto_descriptor_clear)))

G_END_DECLS
