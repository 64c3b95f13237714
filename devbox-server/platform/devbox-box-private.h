/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-box-record-private.h"

G_BEGIN_DECLS

/* One devbox of the local platform: its record, what is really there, and the way from one to the other. Of the
 * platform's thread; reference counted, since it may be deleted while somebody waits for it. */
typedef struct _DevboxBox DevboxBox;

typedef enum
{
  DEVBOX_BOX_PENDING,
  DEVBOX_BOX_CREATING,
  DEVBOX_BOX_RUNNING,
  DEVBOX_BOX_STOPPED, /* paused */
  DEVBOX_BOX_SHUT_DOWN,
  DEVBOX_BOX_DELETING,
  DEVBOX_BOX_ERROR,
} DevboxBoxStatus;

DevboxBox *devbox_box_ref (DevboxBox *self);
void devbox_box_unref (DevboxBox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxBox, devbox_box_unref)

const DevboxBoxRecord *devbox_box_get_record (DevboxBox *self);
DevboxBoxStatus devbox_box_get_status (DevboxBox *self);
const char *devbox_box_status_to_string (DevboxBoxStatus status); /* "Pending", …, "Shutdown" */
const char *devbox_box_get_reason (DevboxBox *self);              /* why it is in error, or NULL */
const char *devbox_box_get_folder (DevboxBox *self);
/* Of its processes, all 0 while none run; those of the network count since the creation. cpu_time: µs since the start.
 */
typedef struct
{
  guint64 cpu_time;
  guint64 memory;
  guint64 bytes_in;
  guint64 bytes_out;
} DevboxBoxUsage;
void devbox_box_get_usage (DevboxBox *self, DevboxBoxUsage *usage);

/* Told once, from the main loop: the box is as was asked for, or why not. OPERATION_TIMEOUT (with HTTP 504) after the
 * deadline: the goal stays. CONFLICT when a later call asked for something else, or DEVBOX_OPERATION_FAILED. */
typedef void (*DevboxBoxFunc) (DevboxBox *self, const GError *error, gpointer user_data);

/* restart: a running box ends first, even where it already is what was asked for. */
void
devbox_box_set_goal (DevboxBox *self, DevboxBoxGoal goal, gboolean restart, DevboxBoxFunc func, gpointer user_data);
/* Changes what is not 0 or NULL; ports: of DevboxBoxPort, replaces them all. Told when it is on disk and, as far as it
 * can be done without a restart, in effect. */
void
devbox_box_update (DevboxBox *self, guint cpu, guint memory, GPtrArray *ports, DevboxBoxFunc func, gpointer user_data);
/* "" takes it away. */
void devbox_box_set_startup_command (DevboxBox *self, const char *command, DevboxBoxFunc func, gpointer user_data);

G_END_DECLS
