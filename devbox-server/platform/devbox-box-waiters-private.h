/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-private.h"

G_BEGIN_DECLS

/* Those who wait until a box is what they asked for, each with a deadline. */
typedef struct _DevboxBoxWaiters DevboxBoxWaiters;

DevboxBoxWaiters *devbox_box_waiters_new (DevboxBox *box); /* which outlives it */
void devbox_box_waiters_free (DevboxBoxWaiters *self);     /* empty */

void devbox_box_waiters_add (DevboxBoxWaiters *self, DevboxBoxGoal goal, DevboxBoxFunc func, gpointer user_data);
/* Tells all of them: NULL that it is so, or why it is not. They may call the box. */
void devbox_box_waiters_tell (DevboxBoxWaiters *self, const GError *error);
/* CONFLICT to those that wait for another goal. */
void devbox_box_waiters_refuse_others (DevboxBoxWaiters *self, DevboxBoxGoal goal);

G_END_DECLS
