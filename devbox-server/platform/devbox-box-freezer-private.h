/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-cgroup-private.h"

G_BEGIN_DECLS

/* Holds all processes of a box: by its control groups, else by SIGSTOP to each of them. */
typedef struct _DevboxBoxFreezer DevboxBoxFreezer;

/* cgroup: NULL or one that outlives this. root: the process that all others are below. */
DevboxBoxFreezer *devbox_box_freezer_new (DevboxBoxCgroup *cgroup, GPid root);
void devbox_box_freezer_free (DevboxBoxFreezer *self);

/* Again and again, with a pause between, until it is frozen. Neither: it cannot be done. */
gboolean devbox_box_freezer_advance (DevboxBoxFreezer *self, gboolean *is_frozen);
gboolean devbox_box_freezer_thaw (DevboxBoxFreezer *self);

G_END_DECLS
