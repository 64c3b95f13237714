/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-setup-private.h"

#include "devbox-box-members-private.h"

#include <linux/keyctl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The status of a child that could not be prepared. */
#define FAILED 125

/* As many of those that we may use as the limit asks for, and for each box others. */
static void
choose_cpus (DevboxBoxSetup *self, guint cpu)
{
  static guint last;
  guint wanted = MAX ((cpu + 999) / 1000, 1);
  cpu_set_t allowed;
  guint n_allowed;
  guint first;
  guint nth = 0;

  if (sched_getaffinity (0, sizeof allowed, &allowed) != 0)
    return;
  n_allowed = CPU_COUNT (&allowed);
  if (wanted >= n_allowed)
    return;

  first = (guint) g_atomic_int_add (&last, 1) % n_allowed;
  CPU_ZERO (&self->cpus);
  for (guint i = 0; i < CPU_SETSIZE; i++)
    {
      if (!CPU_ISSET (i, &allowed))
        continue;
      if ((nth + n_allowed - first) % n_allowed < wanted)
        CPU_SET (i, &self->cpus);
      nth++;
    }
  self->limits_cpus = TRUE;
}

void
devbox_box_setup_init (DevboxBoxSetup *self,
                       DevboxBoxCgroup *cgroup,
                       gboolean is_wrapped,
                       guint cpu,
                       guint memory,
                       guint max_processes)
{
  DevboxBoxCgroupAbilities abilities = cgroup != NULL ? devbox_box_cgroup_get_abilities (cgroup) : 0;

  *self = (DevboxBoxSetup){ .parent = getpid (), .max_processes = RLIM_INFINITY, .max_data = RLIM_INFINITY };
  if (cgroup != NULL)
    self->members_fds = devbox_box_cgroup_get_members_fds (cgroup, &self->n_members_fds);
  self->keeps_orphans = !is_wrapped;

  /* In a sandbox the limit is set inside, where the user's other processes do not count. */
  if ((abilities & DEVBOX_BOX_CGROUP_PIDS) == 0 && !is_wrapped && getuid () != 0)
    self->max_processes = devbox_box_members_count_tasks_of_user () + max_processes;
#ifndef DEVBOX_BOX_SETUP_KEEPS_DATA
  if ((abilities & DEVBOX_BOX_CGROUP_MEMORY) == 0)
    self->max_data = (rlim_t) memory * 1024 * 1024;
#endif
  if ((abilities & DEVBOX_BOX_CGROUP_CPU) == 0)
    choose_cpus (self, cpu);
}

static void
fail (const char *reason)
{
  if (write (STDERR_FILENO, reason, strlen (reason)) < 0)
    _exit (FAILED + 1);
  _exit (FAILED);
}

/* Never above what is allowed already. */
static void
lower_limit (__rlimit_resource_t resource, rlim_t value)
{
  struct rlimit limit;

  if (value == RLIM_INFINITY || getrlimit (resource, &limit) != 0)
    return;

  limit.rlim_max = MIN (limit.rlim_max, value);
  limit.rlim_cur = MIN (limit.rlim_cur, value);
  setrlimit (resource, &limit);
}

static void
set_open_files (rlim_t soft)
{
  struct rlimit limit;

  if (soft == 0 || getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;

  limit.rlim_cur = MIN (soft, limit.rlim_max);
  setrlimit (RLIMIT_NOFILE, &limit);
}

static void
reset_signals (void)
{
  struct sigaction action = { .sa_handler = SIG_DFL };
  sigset_t none;

  for (int signum = 1; signum < NSIG; signum++)
    sigaction (signum, &action, NULL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

void
devbox_box_setup_run (gpointer setup)
{
  const DevboxBoxSetup *self = setup;

  reset_signals ();
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) != 0)
    fail ("The kernel refuses to end the devbox with the platform\n");
  if (getppid () != self->parent)
    _exit (FAILED);

  for (guint i = 0; i < self->n_members_fds; i++)
    {
      if (write (self->members_fds[i], "0", 1) != 1)
        fail ("The devbox could not enter its control group\n");
    }

  setsid ();
  umask (022);
  if (self->keeps_orphans)
    prctl (PR_SET_CHILD_SUBREAPER, 1);
  syscall (SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL); /* the platform's may hold secrets */

  set_open_files (self->open_files);
  lower_limit (RLIMIT_CORE, 0);
  lower_limit (RLIMIT_NPROC, self->max_processes);
  lower_limit (RLIMIT_DATA, self->max_data);
  if (self->limits_cpus)
    sched_setaffinity (0, sizeof self->cpus, &self->cpus);
}
