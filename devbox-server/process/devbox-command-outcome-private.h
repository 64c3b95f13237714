/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-launcher-private.h"
#include "devbox-launcher-protocol-private.h"

G_BEGIN_DECLS

/* What became of a command, from what its supervisor tells. Kept by value. */
typedef struct
{
  DevboxCommandState state;
  GPid pid;
  int exit_code;
  int term_signal;
  gboolean timed_out;
  GError *error;
  gint64 start_time; /* real, µs */
  gint64 started;    /* monotonic, µs */
  gint64 ended;
  gint64 user_time;
  gint64 system_time;
  gint64 max_resident;
} DevboxCommandOutcome;

void devbox_command_outcome_init (DevboxCommandOutcome *self);
void devbox_command_outcome_clear (DevboxCommandOutcome *self);
gboolean devbox_command_outcome_has_ended (const DevboxCommandOutcome *self);

void devbox_command_outcome_set_started (DevboxCommandOutcome *self, const DevboxLauncherEvent *event);
void devbox_command_outcome_set_failed (DevboxCommandOutcome *self,
                                        const DevboxLauncherEvent *event,
                                        const char *program,
                                        const char *folder);
void devbox_command_outcome_set_exited (DevboxCommandOutcome *self, const DevboxLauncherEvent *event);
/* Ended as if by SIGKILL, or before it could start, for this reason (transfer full). */
void devbox_command_outcome_set_lost (DevboxCommandOutcome *self, GError *error);

G_END_DECLS
