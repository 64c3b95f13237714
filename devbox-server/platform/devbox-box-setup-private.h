/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-cgroup-private.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* The address sanitizer reserves terabytes that count as data. */
#if defined(__SANITIZE_ADDRESS__)
#  define DEVBOX_BOX_SETUP_KEEPS_DATA 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define DEVBOX_BOX_SETUP_KEEPS_DATA 1
#  endif
#endif

/* What the first process of a box does before it becomes bubblewrap or the agent. Filled beforehand: after the fork
 * only async-signal-safe functions are called. */
typedef struct
{
  pid_t parent;
  const int *members_fds; /* cgroup.procs, see devbox_box_cgroup_get_members_fds () */
  guint n_members_fds;
  rlim_t max_processes; /* RLIM_INFINITY: as it is */
  rlim_t max_data;
  rlim_t open_files; /* soft; 0: as it is */
  cpu_set_t cpus;
  gboolean limits_cpus;
  gboolean keeps_orphans; /* what its children leave behind becomes its own */
} DevboxBoxSetup;

/* What cgroup (NULL: none) does not limit is limited by other means, as far as there are any. */
void devbox_box_setup_init (DevboxBoxSetup *self,
                            DevboxBoxCgroup *cgroup,
                            gboolean is_wrapped,
                            guint cpu,
                            guint memory,
                            guint max_processes);
/* A GSpawnChildSetupFunc. */
void devbox_box_setup_run (gpointer setup);

G_END_DECLS
