/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-state-private.h"

#include "devbox-clear-source-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>

/* Whether it is too late to ask it for anything but its deletion; then func was told. */
static gboolean
refuse (DevboxBox *self, gboolean is_deletion, DevboxBoxFunc func, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (self->is_closed)
    error = g_error_new_literal (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE, _ ("The platform ends"));
  else if (self->is_gone)
    error = g_error_new_literal (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_NOT_FOUND, _ ("The devbox was deleted"));
  else if (self->record->goal == DEVBOX_BOX_GOAL_DELETED && !is_deletion)
    error = g_error_new_literal (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT, _ ("The devbox is being deleted"));
  if (error == NULL)
    return FALSE;

  func (self, error, user_data);
  return TRUE;
}

void
devbox_box_set_goal (DevboxBox *self, DevboxBoxGoal goal, gboolean restart, DevboxBoxFunc func, gpointer user_data)
{
  if (refuse (self, goal == DEVBOX_BOX_GOAL_DELETED, func, user_data))
    return;

  /* One that was asked for to restart does, whoever asks for it to run meanwhile. */
  self->is_restart = goal == DEVBOX_BOX_GOAL_RUNNING && self->runtime != NULL && (restart || self->is_restart);
  if (self->record->goal != goal)
    {
      self->record->goal = goal;
      self->is_changed = TRUE;
    }
  if (goal == DEVBOX_BOX_GOAL_DELETED && self->provision != NULL)
    g_cancellable_cancel (self->provision);

  /* Somebody asks for it: that is a new try. */
  devbox_clear_source (&self->retry);
  self->n_failures = 0;
  devbox_box_waiters_refuse_others (self->waiters, goal);
  devbox_box_waiters_add (self->waiters, goal, func, user_data);
  devbox_box_begin (self);
}

static void
change (DevboxBox *self, DevboxBoxFunc func, gpointer user_data)
{
  self->is_changed = TRUE;
  devbox_box_waiters_add (self->changes, self->record->goal, func, user_data);
  devbox_box_begin (self);
}

void
devbox_box_update (DevboxBox *self, guint cpu, guint memory, GPtrArray *ports, DevboxBoxFunc func, gpointer user_data)
{
  DevboxBoxRecord *record = self->record;

  if (refuse (self, FALSE, func, user_data))
    return;

  if (cpu != 0)
    record->cpu = cpu;
  if (memory != 0)
    record->memory = memory;
  if (ports != NULL)
    {
      g_ptr_array_unref (record->ports);
      record->ports = g_ptr_array_ref (ports);
    }

  if (devbox_box_has_runtime (self) && ports != NULL)
    devbox_box_runtime_update_ports (self->runtime, record);
  if (devbox_box_has_runtime (self) && (cpu != 0 || memory != 0))
    devbox_box_runtime_set_limits (self->runtime, record->cpu, record->memory);
  change (self, func, user_data);
}

void
devbox_box_set_startup_command (DevboxBox *self, const char *command, DevboxBoxFunc func, gpointer user_data)
{
  if (refuse (self, FALSE, func, user_data))
    return;

  g_free (self->record->startup_command);
  self->record->startup_command = command[0] != '\0' ? g_strdup (command) : NULL;
  change (self, func, user_data);
}

const DevboxBoxRecord *
devbox_box_get_record (DevboxBox *self)
{
  return self->record;
}

DevboxBoxStatus
devbox_box_get_status (DevboxBox *self)
{
  return self->status;
}

const char *
devbox_box_status_to_string (DevboxBoxStatus status)
{
  static const char *const names[] = { "Pending", "Creating", "Running", "Stopped", "Shutdown", "Deleting", "Error" };

  return names[status];
}

const char *
devbox_box_get_reason (DevboxBox *self)
{
  return self->status == DEVBOX_BOX_ERROR ? self->record->reason : NULL;
}

const char *
devbox_box_get_folder (DevboxBox *self)
{
  return self->folder;
}

void
devbox_box_get_usage (DevboxBox *self, DevboxBoxUsage *usage)
{
  *usage = (DevboxBoxUsage){ 0 };
  if (self->runtime != NULL)
    devbox_box_runtime_get_usage (self->runtime, usage);

  usage->bytes_in += self->bytes_in;
  usage->bytes_out += self->bytes_out;
}
