/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-cgroup-private.h"

G_BEGIN_DECLS

/* Ends every process of a box, and knows when none is left. Without a main loop, so that it can be done behind the
 * platform's back too; in one thread at a time. */
typedef struct _DevboxBoxKiller DevboxBoxKiller;

/* cgroup: NULL or taken. pid: the first process, a child of ours that is not waited for by anybody else until
 * devbox_box_killer_set_reaped (). info_fd: taken; -1: it is not bubblewrap. */
DevboxBoxKiller *devbox_box_killer_new (const char *uid, DevboxBoxCgroup *cgroup, GPid pid, int info_fd);
void devbox_box_killer_free (DevboxBoxKiller *self);

/* Reads what bubblewrap has told meanwhile. */
void devbox_box_killer_read_info (DevboxBoxKiller *self);
void devbox_box_killer_set_reaped (DevboxBoxKiller *self);

/* One round. TRUE: nothing is left, not even a folder of a control group. */
gboolean devbox_box_killer_advance (DevboxBoxKiller *self);

/* Goes on with it in a thread, which takes it. */
void devbox_box_killer_finish_behind (DevboxBoxKiller *self);
/* Waits for all those threads. FALSE: some are still at it. */
gboolean devbox_box_killer_wait_for_all (guint timeout_ms);

/* What was left by a platform that is no more. Blocking, for at most some 100 ms. */
void devbox_box_killer_kill_strays (const char *const *uids);

G_END_DECLS
