/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A command that does all it can to get away: escape-artist MARKER RACE_MS. Its family, all deaf to what can be
 * ignored, each with MARKER in its command line: the command itself, a double-forked daemon in a session of its own, a
 * subreaper with a child, and a runner that for RACE_MS (0: for ever) forks and exits from generation to generation, so
 * that no process of it lives longer than a moment. What then stays: ESCAPE_ARTIST_FAMILY processes. */

static void
ignore_signals (void)
{
  for (int signum = 1; signum < 32; signum++)
    signal (signum, signum == SIGCHLD ? SIG_DFL : SIG_IGN);
}

static _Noreturn void
stay (void)
{
  for (;;)
    pause ();
}

/* The parent returns, its grandchild has become somebody else's. */
static pid_t
double_fork (void)
{
  pid_t pid = fork ();

  if (pid > 0)
    {
      waitpid (pid, NULL, 0);
      return pid;
    }
  if (fork () != 0)
    _exit (0);

  setsid ();
  return 0;
}

static long
milliseconds_since (const struct timespec *begin)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (now.tv_sec - begin->tv_sec) * 1000 + (now.tv_nsec - begin->tv_nsec) / 1000000;
}

/* Where fork fails, it stays, too. */
static _Noreturn void
run (long race_ms)
{
  struct timespec begin;

  clock_gettime (CLOCK_MONOTONIC, &begin);
  while (race_ms == 0 || milliseconds_since (&begin) < race_ms)
    {
      pid_t pid = fork ();

      if (pid > 0)
        _exit (0);
      if (pid == 0)
        setsid ();
      if (race_ms > 0)
        usleep (100); /* there may be eight of them */
    }

  stay ();
}

int
main (int argc, char **argv)
{
  long race_ms = argc > 2 ? atol (argv[2]) : 0;

  ignore_signals ();

  if (double_fork () == 0)
    stay ();

  if (double_fork () == 0)
    {
      prctl (PR_SET_CHILD_SUBREAPER, 1);
      if (double_fork () == 0)
        stay ();
      stay ();
    }

  if (double_fork () == 0)
    run (race_ms);

  puts ("ready");
  fflush (stdout);
  stay ();
}
