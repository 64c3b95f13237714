/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-launcher-protocol-private.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* The parts of the helper program. No GLib: it stays small, since it is forked for every command. */

/* devbox-launcher-tree.c: the descendants of the calling process, which is their subreaper. */
void devbox_launcher_tree_force_scan (void); /* for tests: as if the kernel had no /proc/…/children */
/* One pass of SIGKILL over all descendants, less the children that spare () names and what is below them. */
void devbox_launcher_tree_kill (bool (*spare) (pid_t pid));
void devbox_launcher_tree_signal (int signum);
/* Remembers who is there now, but for the command: what an interrupt spares, with all below. */
void devbox_launcher_tree_mark (pid_t command);
/* Signals the command, a child that was not reaped, and who came since. One that a marked process has started since,
 * and left behind, cannot be told from them. */
void devbox_launcher_tree_interrupt (pid_t command, int command_signum, int signum);
/* Of one message that was received; all of them are the caller's. 0: there are none. */
size_t devbox_launcher_take_descriptors (struct msghdr *message, int *descriptors);

/* devbox-launcher-child.c: what a child made by vfork () does to become the command. */
typedef struct
{
  char **arguments;
  char **environment;
  const char *folder; /* beside folder_fd -1; may be NULL */
  int folder_fd;
  int stdin_fd; /* -1: what the helper has, /dev/null */
  int stdout_fd;
  int stderr_fd;
  uint64_t open_files;

  const char *search_path;
  char *candidate;

  /* Written by the child into the memory that it shares. */
  volatile DevboxLauncherStage failed_stage;
  volatile int failed_errno; /* 0: it did not fail */
} DevboxLauncherChild;

bool devbox_launcher_child_prepare (DevboxLauncherChild *self); /* takes memory, which the child itself must not do */
void devbox_launcher_child_clear (DevboxLauncherChild *self);
_Noreturn void devbox_launcher_child_exec (DevboxLauncherChild *self);

/* devbox-launcher-supervisor.c */
_Noreturn void devbox_launcher_supervise (const DevboxLauncherRequest *request, const int *descriptors, pid_t helper);
void devbox_launcher_send_event (int control, const DevboxLauncherEvent *event);
void devbox_launcher_send_failure (int control, DevboxLauncherStage stage, int error);

/* devbox-launcher-helper.c: the process that started this one, which alone may end it, by SIGTERM or by its own end. */
void devbox_launcher_set_parent (pid_t pid);
bool devbox_launcher_is_orphan (void);
bool devbox_launcher_is_terminated (void);
