/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-command-outcome-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <signal.h>
#include <sys/wait.h>

void
devbox_command_outcome_init (DevboxCommandOutcome *self)
{
  *self = (DevboxCommandOutcome){ .state = DEVBOX_COMMAND_STARTING,
                                  .exit_code = -1,
                                  .start_time = g_get_real_time (),
                                  .started = g_get_monotonic_time () };
}

void
devbox_command_outcome_clear (DevboxCommandOutcome *self)
{
  g_clear_error (&self->error);
}

gboolean
devbox_command_outcome_has_ended (const DevboxCommandOutcome *self)
{
  return self->state != DEVBOX_COMMAND_STARTING && self->state != DEVBOX_COMMAND_RUNNING;
}

void
devbox_command_outcome_set_started (DevboxCommandOutcome *self, const DevboxLauncherEvent *event)
{
  self->state = DEVBOX_COMMAND_RUNNING;
  self->pid = event->pid;
  self->start_time += event->time - self->started;
  self->started = event->time;
}

void
devbox_command_outcome_set_failed (DevboxCommandOutcome *self,
                                   const DevboxLauncherEvent *event,
                                   const char *program,
                                   const char *folder)
{
  const char *reason = g_strerror (event->status);

  g_clear_error (&self->error);
  self->state = DEVBOX_COMMAND_FAILED_TO_START;
  self->ended = g_get_monotonic_time ();

  switch (event->stage)
    {
    case DEVBOX_LAUNCHER_STAGE_FOLDER:
      self->error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                                 /* Translators: a program, a folder, the system's reason */
                                 _ ("Cannot start “%s” in the folder “%s”: %s"), program, folder, reason);
      break;
    case DEVBOX_LAUNCHER_STAGE_EXEC:
      self->error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                                 /* Translators: a program, the system's reason */
                                 _ ("Cannot start “%s”: %s"), program, reason);
      break;
    default:
      self->error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INTERNAL_ERROR,
                                 _ ("The launcher could not start “%s”: %s"), program, reason);
      break;
    }
}

void
devbox_command_outcome_set_exited (DevboxCommandOutcome *self, const DevboxLauncherEvent *event)
{
  if (WIFSIGNALED (event->status))
    {
      self->state = DEVBOX_COMMAND_SIGNALED;
      self->term_signal = WTERMSIG (event->status);
      self->exit_code = 128 + self->term_signal;
    }
  else
    {
      g_clear_error (&self->error);
      self->state = DEVBOX_COMMAND_EXITED;
      self->exit_code = WEXITSTATUS (event->status);
    }

  self->timed_out = event->timed_out != 0;
  self->ended = event->time;
  self->user_time = event->user_time;
  self->system_time = event->system_time;
  self->max_resident = event->max_resident;
}

void
devbox_command_outcome_set_lost (DevboxCommandOutcome *self, GError *error)
{
  g_clear_error (&self->error);
  self->error = error;
  self->ended = g_get_monotonic_time ();

  if (self->state == DEVBOX_COMMAND_STARTING)
    {
      self->state = DEVBOX_COMMAND_FAILED_TO_START;
      return;
    }

  self->state = DEVBOX_COMMAND_SIGNALED;
  self->term_signal = SIGKILL;
  self->exit_code = 128 + SIGKILL;
}
