/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-inner-private.h"
#include "devbox-box-runtime-private.h"
#include "devbox-box-waiters-private.h"

G_BEGIN_DECLS

/* What a box is made of, for the two files that are its class: devbox-box.c takes the steps, devbox-box-wishes.c is
 * told what it is to be. */
struct _DevboxBox
{
  guint ref_count;
  DevboxBoxHost *host;
  const DevboxBoxFuncs *funcs;
  gpointer user_data;
  DevboxBoxRecord *record;
  DevboxBoxRecord *stored; /* what the store has; NULL: nothing yet */
  char *folder;
  DevboxBoxStatus status;
  DevboxBoxWaiters *waiters; /* for what it is to be */
  DevboxBoxWaiters *changes; /* for the record to be stored */
  GSource *turn;             /* advance () is to be called */
  GSource *retry;            /* and again, after something failed */
  DevboxBoxFunc created;
  gpointer created_data;

  gboolean is_changed;  /* the record is another than the store has */
  gboolean is_busy;     /* a step is being taken whose end is told */
  gboolean is_freezing; /* it is this one */
  GCancellable *provision;
  gboolean has_start;   /* one of those that may start at a time */
  gboolean is_retiring; /* the platform ends */
  gboolean is_retired;
  gboolean is_closed;
  gboolean is_gone;

  DevboxBoxRuntime *runtime;
  gboolean is_ready;
  gboolean is_frozen;
  gboolean is_ending;  /* the runtime was told to end */
  gboolean has_ended;  /* it did; it is freed in the next turn */
  gboolean is_restart; /* it is to end, and to start again */
  guint n_failures;    /* one after the other */
  gint64 ready_time;
  guint64 bytes_in; /* of runtimes that ended */
  guint64 bytes_out;
};

/* One that has not ended. */
static inline gboolean
devbox_box_has_runtime (DevboxBox *self)
{
  return self->runtime != NULL && !self->has_ended;
}

G_END_DECLS
