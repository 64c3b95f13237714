/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-host-private.h"
#include "devbox-box-private.h"

G_BEGIN_DECLS

/* The side of a box that its table sees. */

typedef struct
{
  /* Whether one more box may start now; if not, grant_start () is called when one may. */
  gboolean (*acquire_start) (DevboxBox *box, gpointer user_data);
  void (*release_start) (DevboxBox *box, gpointer user_data);
  /* Nothing of it is left: it was deleted, or could not be stored in the first place. */
  void (*gone) (DevboxBox *box, gpointer user_data);
  /* None of its processes is left, after retire (). */
  void (*retired) (DevboxBox *box, gpointer user_data);
} DevboxBoxFuncs;

/* Takes the record. is_stored: the store has it. The host must outlive the box; funcs are not called after close (). */
DevboxBox *devbox_box_new (DevboxBoxHost *host,
                           DevboxBoxRecord *record,
                           gboolean is_stored,
                           const DevboxBoxFuncs *funcs,
                           gpointer user_data);
/* Does what there is to do, from the main loop. */
void devbox_box_begin (DevboxBox *self);
/* It may start now. One that is not to run any more gives that back in its next turn. */
void devbox_box_grant_start (DevboxBox *self);
void devbox_box_touch (DevboxBox *self); /* its record was changed before it was made */
/* Told when the record is on disk, which may be now. */
void devbox_box_when_stored (DevboxBox *self, DevboxBoxFunc func, gpointer user_data);
/* Told when the record is on disk, or cannot be; then the box is gone. For a new one. */
void devbox_box_store (DevboxBox *self, DevboxBoxFunc func, gpointer user_data);

/* The platform ends, but not what the box is meant to be: what runs is stopped. */
void devbox_box_retire (DevboxBox *self);
/* Ends at once; whoever waits is told. */
void devbox_box_close (DevboxBox *self);

G_END_DECLS
