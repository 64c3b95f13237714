/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-cgroup-private.h"

G_BEGIN_DECLS

/* A hierarchy of control groups in which folders can be made below our own group. */
typedef struct
{
  char *folder; /* our own group */
  DevboxBoxCgroupAbilities abilities;
} DevboxCgroupHierarchy;

/* Found out once, by a trial. Never NULL, may be empty. */
const GPtrArray *devbox_cgroup_hierarchies (void);

/* What /proc/self/cgroup and /proc/self/mountinfo say: our own folder in each hierarchy that is mounted and matters
 * here, whether it can be used or not. Transfer full, of DevboxCgroupHierarchy. */
GPtrArray *devbox_cgroup_hierarchies_parse (const char *cgroup, const char *mountinfo);

/* A file of a group. Its text is small; NULL or FALSE: errno says why not. */
char *devbox_cgroup_read (const char *folder, const char *name);
gboolean devbox_cgroup_write (const char *folder, const char *name, const char *text);
/* The number after name in a file of lines "name number"; with name NULL the first number of the file. */
gboolean devbox_cgroup_read_number (const char *folder, const char *file, const char *name, guint64 *number);

G_END_DECLS
