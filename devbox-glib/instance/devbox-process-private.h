/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-handle-private.h"
#include "devbox-process.h"

G_BEGIN_DECLS

#define DEVBOX_PROCESS_NO_EXIT_CODE (-1)

/* What an agent tells of a process; what it does not tell is NULL, 0 or DEVBOX_PROCESS_NO_EXIT_CODE. */
typedef struct
{
  char *id;
  char *command;
  int pid;
  DevboxProcessStatus status;
  int exit_code;
  GDateTime *start_time;
  GDateTime *end_time;
  guint64 running_time_ms;
  guint cpu;      /* millicores */
  guint64 memory; /* bytes */
  GBytes *output;
  GBytes *errors;
  gboolean truncated;
} DevboxProcessState;

/* clang-format off */
#define DEVBOX_PROCESS_STATE_INIT { .exit_code = DEVBOX_PROCESS_NO_EXIT_CODE }
/* clang-format on */

void devbox_process_state_clear (DevboxProcessState *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxProcessState, devbox_process_state_clear)

/* Both take what is in the state. Any thread; it notifies in the context of the handle. What the new state does not
 * tell and cannot have changed stays. */
DevboxProcess *devbox_process_new_from_state (DevboxAgentHandle *handle, DevboxProcessState *state);
void devbox_process_update (DevboxProcess *self, DevboxProcessState *state);

int devbox_process_state_get_term_sig (const DevboxProcessState *self); /* 0: none */
/* What was told last; no call on the process in between. */
const DevboxProcessState *devbox_process_lock_state (DevboxProcess *self);
void devbox_process_unlock_state (DevboxProcess *self);

DevboxAgentHandle *devbox_process_get_handle (DevboxProcess *self);
/* FALSE and an error if the agent gave it none. */
gboolean devbox_process_check_identifier (DevboxProcess *self, GError **error);

G_END_DECLS
