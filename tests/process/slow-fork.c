/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/types.h>
#include <time.h>

/* Whoever calls fork () calls this one; here it is itself. */
#undef fork
#include <unistd.h>

pid_t devbox_test_slow_fork (void);

/* The child is always the first to go on. */
pid_t
devbox_test_slow_fork (void)
{
  pid_t pid = fork ();

  if (pid > 0)
    nanosleep (&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);

  return pid;
}
