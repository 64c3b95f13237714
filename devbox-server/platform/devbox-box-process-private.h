/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-sandbox-private.h"

G_BEGIN_DECLS

/* The processes of one running box: started below PDEATHSIG in cgroups with limits where those can be made (v2, or v1),
 * with rlimits otherwise; paused, counted and ended as a whole. Of the platform's thread, with whose end the kernel
 * ends them too. */
typedef struct _DevboxBoxProcess DevboxBoxProcess;

typedef struct
{
  const char *uid;
  const char *folder; /* boxes/UID: workspace, home, log */
  const char *name;   /* its host name in bubblewrap; NULL: "devbox" */
  guint cpu;          /* millicores */
  guint memory;       /* MiB */
  gboolean shares_network;
  int socket_fd; /* the box's end; taken (closed in the platform) */
} DevboxBoxStart;

/* Told once, when no process of the box is left, whoever ended it. reason: for people ("killed by signal 9", the last
 * line of the log when it failed), NULL after devbox_box_process_kill (). */
typedef void (*DevboxBoxEndedFunc) (DevboxBoxProcess *self, const char *reason, gpointer user_data);

/* What the cgroups of a box are to be called, so that they can be recorded before they are made; NULL: none can be made
 * here. Transfer full. */
GStrv devbox_box_process_plan_cgroups (const char *uid);
/* After a crash: thaws, kills everything in them, removes them. Blocking for at most some 100 ms. */
void devbox_box_process_remove_cgroups (const char *const *cgroups);
/* The same where there were none: kills what has one of these uids in its environment. */
void devbox_box_process_kill_strays (const char *const *uids);

DevboxBoxProcess *devbox_box_process_start (DevboxSandbox *sandbox,
                                            const DevboxBoxStart *start,
                                            DevboxBoxEndedFunc ended,
                                            gpointer user_data,
                                            GError **error);
/* Ends every process at once (SIGKILL, frozen or not) and does not tell; what the kernel still has to do goes on
 * behind. */
void devbox_box_process_free (DevboxBoxProcess *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxBoxProcess, devbox_box_process_free)
/* At the end of the platform: waits for what goes on behind. FALSE: not all was done in time. Blocking. */
gboolean devbox_box_process_wait_for_all (guint timeout_ms);
/* SIGKILL to all, then ended () is told. */
void devbox_box_process_kill (DevboxBoxProcess *self);

/* Freeze: func is told from the main loop, when nothing of the box runs any more (cgroup v2, v1, or SIGSTOP until two
 * scans agree); thaw is immediate. Errors: DEVBOX_OPERATION_FAILED, also where it ended or was thawed meanwhile; then
 * the box runs on. A call while another one is under way takes its place. */
typedef void (*DevboxBoxFrozenFunc) (DevboxBoxProcess *self, const GError *error, gpointer user_data);
void devbox_box_process_freeze (DevboxBoxProcess *self, DevboxBoxFrozenFunc func, gpointer user_data);
gboolean devbox_box_process_thaw (DevboxBoxProcess *self, GError **error);

/* New limits for a running box. FALSE: they take effect at its next start. */
gboolean devbox_box_process_set_limits (DevboxBoxProcess *self, guint cpu, guint memory);

/* What it used: cpu time in µs since its start, resident memory in bytes. From its cgroups, else summed over its
 * processes. */
gboolean devbox_box_process_get_usage (DevboxBoxProcess *self, guint64 *cpu_time, guint64 *memory);

G_END_DECLS
