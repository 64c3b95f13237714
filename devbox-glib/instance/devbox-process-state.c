/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-process-private.h"

/* What a process tells of what changes. */

#define SIGNAL_EXIT_CODE 128 /* as shells have it */

int
devbox_process_state_get_term_sig (const DevboxProcessState *state)
{
  if (state->status != DEVBOX_PROCESS_STATUS_KILLED || state->exit_code <= SIGNAL_EXIT_CODE)
    return 0;

  return state->exit_code - SIGNAL_EXIT_CODE;
}

/**
 * devbox_process_get_status:
 * @self: a process
 *
 * Gets what has become of the process, as the agent said last.
 *
 * Returns: the status
 *
 * Since: 1.0
 */
DevboxProcessStatus
devbox_process_get_status (DevboxProcess *self)
{
  const DevboxProcessState *state;
  DevboxProcessStatus value;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), DEVBOX_PROCESS_STATUS_UNKNOWN);

  state = devbox_process_lock_state (self);
  value = state->status;
  devbox_process_unlock_state (self);

  return value;
}

/**
 * devbox_process_get_status_text:
 * @self: a process
 *
 * Gets the status as a word: `unknown`, `running`, `completed`, `failed` or `killed`.
 *
 * Returns: (transfer none): the word
 *
 * Since: 1.0
 */
const char *
devbox_process_get_status_text (DevboxProcess *self)
{
  static const char *const texts[] = {
    [DEVBOX_PROCESS_STATUS_UNKNOWN] = "unknown",     [DEVBOX_PROCESS_STATUS_RUNNING] = "running",
    [DEVBOX_PROCESS_STATUS_COMPLETED] = "completed", [DEVBOX_PROCESS_STATUS_FAILED] = "failed",
    [DEVBOX_PROCESS_STATUS_KILLED] = "killed",
  };

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), NULL);

  return texts[devbox_process_get_status (self)];
}

/**
 * devbox_process_get_if_exited:
 * @self: a process
 *
 * Tells whether the process has ended by itself, with an exit code.
 *
 * Returns: %TRUE if it has; %FALSE while it runs, and after a signal ended it
 *
 * Since: 1.0
 */
gboolean
devbox_process_get_if_exited (DevboxProcess *self)
{
  DevboxProcessStatus status;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);

  status = devbox_process_get_status (self);

  return status == DEVBOX_PROCESS_STATUS_COMPLETED || status == DEVBOX_PROCESS_STATUS_FAILED;
}

/**
 * devbox_process_get_exit_status:
 * @self: a process
 *
 * Gets the exit code: 128 + n after signal n.
 *
 * Returns: the exit code, or -1 if the process runs or nobody saw its end
 *
 * Since: 1.0
 */
int
devbox_process_get_exit_status (DevboxProcess *self)
{
  const DevboxProcessState *state;
  int value;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), DEVBOX_PROCESS_NO_EXIT_CODE);

  state = devbox_process_lock_state (self);
  value = state->exit_code;
  devbox_process_unlock_state (self);

  return value;
}

/**
 * devbox_process_get_successful:
 * @self: a process
 *
 * Tells whether the process has ended with the exit code 0.
 *
 * Returns: %TRUE if it has
 *
 * Since: 1.0
 */
gboolean
devbox_process_get_successful (DevboxProcess *self)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);

  return devbox_process_get_status (self) == DEVBOX_PROCESS_STATUS_COMPLETED;
}

/**
 * devbox_process_get_if_signaled:
 * @self: a process
 *
 * Tells whether a signal has ended the process.
 *
 * Returns: %TRUE if one has
 *
 * Since: 1.0
 */
gboolean
devbox_process_get_if_signaled (DevboxProcess *self)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);

  return devbox_process_get_status (self) == DEVBOX_PROCESS_STATUS_KILLED;
}

/**
 * devbox_process_get_term_sig:
 * @self: a process
 *
 * Gets the signal that has ended the process.
 *
 * Returns: the number of the signal, or 0 if there was none, or the agent did not tell which
 *
 * Since: 1.0
 */
int
devbox_process_get_term_sig (DevboxProcess *self)
{
  const DevboxProcessState *state;
  int value;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), 0);

  state = devbox_process_lock_state (self);
  value = devbox_process_state_get_term_sig (state);
  devbox_process_unlock_state (self);

  return value;
}

/**
 * devbox_process_get_start_time:
 * @self: a process
 *
 * Gets when the process was started, by the clock of the devbox.
 *
 * Returns: (transfer full) (nullable): the time, or %NULL if the agent did not tell
 *
 * Since: 1.0
 */
GDateTime *
devbox_process_get_start_time (DevboxProcess *self)
{
  const DevboxProcessState *state;
  GDateTime *value;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), NULL);

  state = devbox_process_lock_state (self);
  value = state->start_time != NULL ? g_date_time_ref (state->start_time) : NULL;
  devbox_process_unlock_state (self);

  return value;
}

/**
 * devbox_process_get_end_time:
 * @self: a process
 *
 * Gets when the process ended, by the clock of the devbox.
 *
 * Returns: (transfer full) (nullable): the time, or %NULL if it runs, or the agent did not tell
 *
 * Since: 1.0
 */
GDateTime *
devbox_process_get_end_time (DevboxProcess *self)
{
  const DevboxProcessState *state;
  GDateTime *value;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), NULL);

  state = devbox_process_lock_state (self);
  value = state->end_time != NULL ? g_date_time_ref (state->end_time) : NULL;
  devbox_process_unlock_state (self);

  return value;
}

/**
 * devbox_process_get_running_time:
 * @self: a process
 *
 * Gets how long the process ran, or has been running when the agent was asked.
 *
 * It follows from the times that the agent tells, which may be without fractions of a second.
 *
 * Returns: the time, in milliseconds
 *
 * Since: 1.0
 */
guint64
devbox_process_get_running_time (DevboxProcess *self)
{
  const DevboxProcessState *state;
  guint64 value;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), 0);

  state = devbox_process_lock_state (self);
  value = state->running_time_ms;
  devbox_process_unlock_state (self);

  return value;
}

/**
 * devbox_process_get_cpu:
 * @self: a process
 *
 * Gets how much of a processor the process itself, without what it started, took on average while it ran.
 *
 * Returns: the share in millicores, 1000 being one whole processor; 0 if the agent did not tell
 *
 * Since: 1.0
 */
guint
devbox_process_get_cpu (DevboxProcess *self)
{
  const DevboxProcessState *state;
  guint value;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), 0);

  state = devbox_process_lock_state (self);
  value = state->cpu;
  devbox_process_unlock_state (self);

  return value;
}

/**
 * devbox_process_get_memory:
 * @self: a process
 *
 * Gets how much memory the process itself, without what it started, held when the agent was asked.
 *
 * Returns: the resident memory, in bytes; 0 if the agent did not tell
 *
 * Since: 1.0
 */
guint64
devbox_process_get_memory (DevboxProcess *self)
{
  const DevboxProcessState *state;
  guint64 value;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), 0);

  state = devbox_process_lock_state (self);
  value = state->memory;
  devbox_process_unlock_state (self);

  return value;
}

/**
 * devbox_process_get_stdout:
 * @self: a process
 *
 * Gets what the process has written to its standard output, as far as the agent keeps it.
 *
 * Only an agent that speaks the classic dialect tells it, to [method@Process.refresh_async] and
 * [method@Instance.get_process_status_async]. See [method@Process.open_log_async] for what comes as it comes.
 *
 * Returns: (transfer full) (nullable): the bytes, or %NULL if the agent did not tell
 *
 * Since: 1.0
 */
GBytes *
devbox_process_get_stdout (DevboxProcess *self)
{
  const DevboxProcessState *state;
  GBytes *value;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), NULL);

  state = devbox_process_lock_state (self);
  value = state->output != NULL ? g_bytes_ref (state->output) : NULL;
  devbox_process_unlock_state (self);

  return value;
}

/**
 * devbox_process_get_stderr:
 * @self: a process
 *
 * Gets what the process has written to its standard error, as [method@Process.get_stdout] does.
 *
 * Returns: (transfer full) (nullable): the bytes, or %NULL if the agent did not tell
 *
 * Since: 1.0
 */
GBytes *
devbox_process_get_stderr (DevboxProcess *self)
{
  const DevboxProcessState *state;
  GBytes *value;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), NULL);

  state = devbox_process_lock_state (self);
  value = state->errors != NULL ? g_bytes_ref (state->errors) : NULL;
  devbox_process_unlock_state (self);

  return value;
}

/**
 * devbox_process_get_truncated:
 * @self: a process
 *
 * Tells whether the process wrote more than the agent keeps, so that the output is not all of it.
 *
 * Returns: %TRUE if output is missing
 *
 * Since: 1.0
 */
gboolean
devbox_process_get_truncated (DevboxProcess *self)
{
  const DevboxProcessState *state;
  gboolean value;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);

  state = devbox_process_lock_state (self);
  value = state->truncated;
  devbox_process_unlock_state (self);

  return value;
}
