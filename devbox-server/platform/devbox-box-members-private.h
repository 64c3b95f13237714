/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-process-usage-private.h"

G_BEGIN_DECLS

/* The processes of a box, found in /proc, where no control group knows them. */
typedef struct
{
  GPid pid;
  DevboxProcessStat stat;
} DevboxBoxMember;

/* Root, if it lives, and all that is below it, parents before their children. Transfer full, of DevboxBoxMember. */
GArray *devbox_box_members_find_below (GPid root);
/* Those that have DEVBOX_SANDBOX_MARK with one of these uids in their environment, wherever they are. */
GArray *devbox_box_members_find_marked (const char *const *uids);

/* Whether it is there and not merely dead and not yet waited for. */
gboolean devbox_box_member_lives (const DevboxBoxMember *self);
/* To that process and to no later one of its number. */
gboolean devbox_box_member_signal (const DevboxBoxMember *self, int signum);

guint devbox_box_members_count_tasks_of_user (void); /* threads of our own user */

G_END_DECLS
