/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The control groups of one box: one folder in each hierarchy where folders can be made below our own group. In cgroup
 * v2, in v1, or in both, where a machine has its controllers in v1 and a v2 hierarchy beside them. Nothing here knows a
 * main loop; all of it may be called in any thread, for one box from one at a time. */
typedef struct _DevboxBoxCgroup DevboxBoxCgroup;

typedef enum
{
  DEVBOX_BOX_CGROUP_UNIFIED = 1 << 0, /* v2: freezes and kills; with controllers where those are delegated */
  DEVBOX_BOX_CGROUP_MEMORY = 1 << 1,
  DEVBOX_BOX_CGROUP_PIDS = 1 << 2,
  DEVBOX_BOX_CGROUP_CPU = 1 << 3,
  DEVBOX_BOX_CGROUP_CPUACCT = 1 << 4, /* v1 */
  DEVBOX_BOX_CGROUP_FREEZER = 1 << 5, /* v1 */
} DevboxBoxCgroupAbilities;

/* For tests: what must not be used though it is there. */
void devbox_box_cgroup_forbid (DevboxBoxCgroupAbilities abilities);

GStrv devbox_box_cgroup_plan (const char *uid); /* NULL: none can be made */
void devbox_box_cgroup_remove (const char *const *folders);

/* Makes the folders and sets the limits. NULL without an error where none can be made. */
DevboxBoxCgroup *devbox_box_cgroup_new (const char *uid, guint cpu, guint memory, GError **error);
void devbox_box_cgroup_free (DevboxBoxCgroup *self); /* leaves the folders */

DevboxBoxCgroupAbilities devbox_box_cgroup_get_abilities (DevboxBoxCgroup *self);
/* Of cgroup.procs in each folder: a process that writes "0" to all of them is a member. Owned by the group. */
const int *devbox_box_cgroup_get_members_fds (DevboxBoxCgroup *self, guint *n_fds);

gboolean devbox_box_cgroup_set_limits (DevboxBoxCgroup *self, guint cpu, guint memory);
/* FALSE: not told by these groups. */
gboolean devbox_box_cgroup_get_cpu_time (DevboxBoxCgroup *self, guint64 *cpu_time);
gboolean devbox_box_cgroup_get_memory (DevboxBoxCgroup *self, guint64 *memory);
gboolean devbox_box_cgroup_was_out_of_memory (DevboxBoxCgroup *self);

gboolean devbox_box_cgroup_can_freeze (DevboxBoxCgroup *self);
gboolean devbox_box_cgroup_set_frozen (DevboxBoxCgroup *self, gboolean frozen);
gboolean devbox_box_cgroup_is_frozen (DevboxBoxCgroup *self);

void devbox_box_cgroup_kill (DevboxBoxCgroup *self); /* frozen or not; again until it is empty */
gboolean devbox_box_cgroup_is_empty (DevboxBoxCgroup *self);
gboolean devbox_box_cgroup_remove_folders (DevboxBoxCgroup *self); /* FALSE: not empty yet */

G_END_DECLS
