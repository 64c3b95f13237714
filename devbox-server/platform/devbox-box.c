/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-state-private.h"

#include "devbox-box-folder-private.h"
#include "devbox-clear-source-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>

/* Whoever wants something of a box changes its record and has advance () called from the main loop. That takes the next
 * step from what there is to what the record says, and is called again when the step is done, until nothing is left to
 * do. The first step is always to store the record: what was meant is known before it is done. */

#define RETRY_MS 5000
#define MAX_BACKOFF_S 60
#define ROOM_MS 250 /* in which some of what was deleted is gone */
#define MAX_TRIES_FOR_ROOM 40
#define STEADY_USEC (60 * G_USEC_PER_SEC) /* a box that ran for so long did not fail at its start */

static void advance (DevboxBox *self);

DevboxBox *
devbox_box_ref (DevboxBox *self)
{
  self->ref_count++;

  return self;
}

void
devbox_box_unref (DevboxBox *self)
{
  if (--self->ref_count > 0)
    return;

  g_assert (self->runtime == NULL && self->turn == NULL && self->retry == NULL);
  devbox_box_waiters_free (self->waiters);
  devbox_box_waiters_free (self->changes);
  g_clear_object (&self->provision);
  devbox_box_record_free (self->record);
  g_clear_pointer (&self->stored, devbox_box_record_free);
  g_free (self->folder);
  g_free (self);
}

static gboolean
on_turn (gpointer data)
{
  g_autoptr (DevboxBox) self = devbox_box_ref (data);

  devbox_clear_source (&self->turn);
  advance (self);

  return G_SOURCE_REMOVE;
}

static gboolean
on_retry (gpointer data)
{
  g_autoptr (DevboxBox) self = devbox_box_ref (data);

  devbox_clear_source (&self->retry);
  advance (self);

  return G_SOURCE_REMOVE;
}

void
devbox_box_begin (DevboxBox *self)
{
  if (self->turn != NULL || self->is_closed || self->is_gone)
    return;

  self->turn = g_idle_source_new ();
  g_source_set_priority (self->turn, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->turn, on_turn, self, NULL);
  g_source_attach (self->turn, g_main_context_get_thread_default ());
}

static void
retry_in (DevboxBox *self, guint ms)
{
  devbox_clear_source (&self->retry);
  self->retry = g_timeout_source_new (ms);
  g_source_set_callback (self->retry, on_retry, self, NULL);
  g_source_attach (self->retry, g_main_context_get_thread_default ());
}

static void
set_reason (DevboxBox *self, const char *reason)
{
  if (g_strcmp0 (self->record->reason, reason) == 0)
    return;

  g_free (self->record->reason);
  self->record->reason = g_strdup (reason);
}

static void
release_start (DevboxBox *self)
{
  if (!self->has_start)
    return;

  self->has_start = FALSE;
  self->funcs->release_start (self, self->user_data);
}

/* A step could not be taken. Whoever waits is told; what was meant stays, and is tried again: at once, if one of those
 * asks for it. */
static void
fail (DevboxBox *self, const GError *error, guint retry_ms)
{
  set_reason (self, error->message);
  self->status = DEVBOX_BOX_ERROR;
  release_start (self);
  if (self->is_retiring)
    devbox_box_begin (self);
  else if (self->retry == NULL)
    retry_in (self, retry_ms);
  devbox_box_waiters_tell (self->waiters, error);
}

/* It is what was asked for. */
static void
arrive (DevboxBox *self, DevboxBoxStatus status)
{
  set_reason (self, NULL);
  self->status = status;
  release_start (self);
  devbox_clear_source (&self->retry);
  devbox_box_waiters_tell (self->waiters, NULL);
}

/* Storing */

static void
tell_created (DevboxBox *self, const GError *error)
{
  DevboxBoxFunc created = g_steal_pointer (&self->created);

  if (created != NULL)
    created (self, error, self->created_data);
}

static void
become_gone (DevboxBox *self)
{
  self->is_gone = TRUE;
  devbox_clear_source (&self->turn);
  devbox_clear_source (&self->retry);
  release_start (self);
  self->funcs->gone (self, self->user_data);
}

/* What was asked for, as the store has it; what came to pass is as it is. */
static void
revert_wishes (DevboxBox *self)
{
  g_autoptr (DevboxBoxRecord) stored = devbox_box_record_copy (self->stored);
  DevboxBoxRecord *record = self->record;

  record->goal = stored->goal;
  record->cpu = stored->cpu;
  record->memory = stored->memory;
  g_ptr_array_unref (record->ports);
  record->ports = g_steal_pointer (&stored->ports);
  g_free (record->startup_command);
  record->startup_command = g_steal_pointer (&stored->startup_command);

  if (devbox_box_has_runtime (self))
    {
      devbox_box_runtime_update_ports (self->runtime, record);
      devbox_box_runtime_set_limits (self->runtime, record->cpu, record->memory);
    }
}

/* Where the disk is full, a deletion is what makes room: then it is done before it can be written down. */
static gboolean
has_to_make_room (DevboxBox *self, const GError *error)
{
  return self->stored != NULL && self->record->goal == DEVBOX_BOX_GOAL_DELETED
         && g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DISK_FULL);
}

/* What could not be written down is not done. But a folder that is complete, and maybe used already, must never be made
 * anew: before that is written down, nobody is told that the box runs. */
static void
take_back (DevboxBox *self, const GError *error)
{
  self->is_changed = FALSE;
  if (has_to_make_room (self, error))
    {
      devbox_box_begin (self);
      devbox_box_waiters_tell (self->changes, error);
      return;
    }

  if (self->stored == NULL)
    become_gone (self);
  else
    {
      revert_wishes (self);
      self->is_changed = self->record->is_provisioned != self->stored->is_provisioned && !self->is_retiring;
    }

  tell_created (self, error);
  if (self->is_changed)
    fail (self, error, RETRY_MS);
  else
    {
      devbox_box_begin (self);
      devbox_box_waiters_tell (self->waiters, error);
    }
  devbox_box_waiters_tell (self->changes, error);
}

typedef struct
{
  DevboxBox *box;
  DevboxBoxRecord *record;
} Put;

static void
on_stored (const GError *error, gpointer user_data)
{
  Put *put = user_data;
  g_autoptr (DevboxBox) self = put->box;

  self->is_busy = FALSE;
  if (error == NULL)
    {
      g_clear_pointer (&self->stored, devbox_box_record_free);
      self->stored = g_steal_pointer (&put->record);
    }
  g_clear_pointer (&put->record, devbox_box_record_free);
  g_free (put);

  if (error != NULL && !self->is_closed)
    take_back (self, error);
  else if (error == NULL)
    {
      tell_created (self, NULL);
      if (!self->is_changed)
        devbox_box_waiters_tell (self->changes, NULL);
      advance (self);
    }
}

static void
store (DevboxBox *self)
{
  Put *put = g_new (Put, 1);

  put->box = devbox_box_ref (self);
  put->record = devbox_box_record_copy (self->record);
  self->is_changed = FALSE;
  self->is_busy = TRUE;
  devbox_store_put_box (self->host->store, self->record, on_stored, put);
}

/* Its processes */

static void
on_ready (gpointer user_data)
{
  DevboxBox *self = user_data;

  self->is_ready = TRUE;
  self->ready_time = g_get_monotonic_time ();
  devbox_box_begin (self);
}

static void
on_ended (const char *reason, gpointer user_data)
{
  DevboxBox *self = user_data;

  self->has_ended = TRUE;
  if (reason != NULL)
    set_reason (self, reason);
  devbox_box_begin (self);
}

static guint
get_backoff_s (DevboxBox *self)
{
  return MIN (1u << MIN (self->n_failures, 16), MAX_BACKOFF_S);
}

static void
clear_runtime (DevboxBox *self)
{
  DevboxBoxUsage usage;

  /* What is gone is not told to be frozen any more. */
  if (self->is_freezing)
    self->is_busy = FALSE;
  self->is_freezing = FALSE;

  devbox_box_get_usage (self, &usage);
  self->bytes_in = usage.bytes_in;
  self->bytes_out = usage.bytes_out;
  g_clear_pointer (&self->runtime, devbox_box_runtime_free);
  self->is_frozen = FALSE;
  self->is_ready = FALSE;
  self->is_ending = FALSE;
  self->has_ended = FALSE;
}

/* Back from a runtime that ended: by our will, or by itself. */
static void
bury_runtime (DevboxBox *self)
{
  gboolean was_told = self->is_ending;
  gboolean was_steady = self->is_ready && g_get_monotonic_time () - self->ready_time > STEADY_USEC;
  g_autoptr (GError) error = NULL;

  clear_runtime (self);
  if (was_told || self->is_restart || self->is_retiring || self->record->goal != DEVBOX_BOX_GOAL_RUNNING)
    return;

  self->n_failures = was_steady ? 0 : self->n_failures + 1;
  error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_DEVBOX_OPERATION_FAILED, _ ("The devbox ended: %s"),
                       self->record->reason);
  fail (self, error, self->n_failures == 0 ? 0 : get_backoff_s (self) * 1000);
}

static void
start_runtime (DevboxBox *self)
{
  static const DevboxBoxRuntimeFuncs funcs = { on_ready, on_ended };
  g_autoptr (GError) error = NULL;

  self->status = DEVBOX_BOX_CREATING;
  self->runtime = devbox_box_runtime_start (self->host, self->record, &funcs, self, &error);
  if (self->runtime != NULL)
    {
      self->is_changed = TRUE; /* the ports */
      devbox_box_begin (self);
      return;
    }

  self->n_failures++;
  fail (self, error, get_backoff_s (self) * 1000);
}

static void
on_provisioned (gpointer user_data, const GError *error)
{
  g_autoptr (DevboxBox) self = user_data;
  gboolean is_wanted = self->record->goal == DEVBOX_BOX_GOAL_RUNNING && !self->is_retiring && !self->is_closed;

  self->is_busy = FALSE;
  g_clear_object (&self->provision);
  if (error == NULL)
    {
      /* It is stored while the agent starts, and before anybody is told that it runs. */
      self->record->is_provisioned = TRUE;
      self->is_changed = TRUE;
      if (is_wanted)
        start_runtime (self);
    }
  else if (is_wanted)
    {
      fail (self, error, MAX_BACKOFF_S * 1000);
    }
  advance (self);
}

static void
provision (DevboxBox *self)
{
  g_autoptr (GError) error = NULL;

  self->status = DEVBOX_BOX_CREATING;
  self->provision = g_cancellable_new ();
  if (devbox_box_folder_provision (self->host, self->record, self->provision, on_provisioned, devbox_box_ref (self),
                                   &error))
    {
      self->is_busy = TRUE;
      return;
    }

  g_clear_object (&self->provision);
  devbox_box_unref (self);
  fail (self, error, RETRY_MS);
}

static void
end_runtime (DevboxBox *self)
{
  if (self->record->goal == DEVBOX_BOX_GOAL_DELETED)
    devbox_box_runtime_kill (self->runtime);
  else if (!self->is_ending)
    devbox_box_runtime_stop (self->runtime);
  self->is_ending = TRUE;
}

static gboolean
thaw (DevboxBox *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->is_frozen)
    return TRUE;

  if (!devbox_box_runtime_thaw (self->runtime, &error))
    {
      fail (self, error, RETRY_MS);
      return FALSE;
    }

  self->is_frozen = FALSE;
  return TRUE;
}

static void
on_frozen (const GError *error, gpointer user_data)
{
  DevboxBox *self = user_data;

  self->is_busy = FALSE;
  self->is_freezing = FALSE;
  self->is_frozen = error == NULL;
  if (error != NULL && self->record->goal == DEVBOX_BOX_GOAL_PAUSED)
    {
      self->record->goal = DEVBOX_BOX_GOAL_RUNNING;
      self->is_changed = TRUE;
      fail (self, error, RETRY_MS);
    }

  devbox_box_begin (self);
}

static void
freeze (DevboxBox *self)
{
  self->is_busy = TRUE;
  self->is_freezing = TRUE;
  devbox_box_runtime_freeze (self->runtime, on_frozen, self);
}

/* The steps to each goal */

static void
advance_to_running (DevboxBox *self)
{
  if (self->runtime != NULL && self->is_restart)
    {
      self->is_restart = FALSE;
      end_runtime (self);
    }

  if (self->is_ending)
    self->status = DEVBOX_BOX_PENDING;
  else if (self->runtime != NULL)
    {
      if (thaw (self) && self->is_ready)
        arrive (self, DEVBOX_BOX_RUNNING);
    }
  else if (self->retry != NULL)
    release_start (self);
  else if (!self->has_start && !self->funcs->acquire_start (self, self->user_data))
    self->status = DEVBOX_BOX_PENDING;
  else
    {
      self->has_start = TRUE;
      self->is_restart = FALSE;
      if (!self->record->is_provisioned)
        provision (self);
      else
        start_runtime (self);
    }
}

static void
advance_to_paused (DevboxBox *self)
{
  if (self->runtime == NULL || self->is_frozen)
    arrive (self, DEVBOX_BOX_STOPPED);
  else if (self->is_ready && !self->is_ending && self->retry == NULL)
    freeze (self);
}

static void
advance_to_shutdown (DevboxBox *self)
{
  if (self->runtime == NULL)
    arrive (self, DEVBOX_BOX_SHUT_DOWN);
  else
    end_runtime (self);
}

static void
on_deleted (const GError *error, gpointer user_data)
{
  g_autoptr (DevboxBox) self = user_data;

  self->is_busy = FALSE;
  if (self->is_closed)
    return;

  if (error == NULL)
    {
      become_gone (self);
      devbox_box_waiters_tell (self->waiters, NULL);
    }
  else if (has_to_make_room (self, error) && self->n_failures++ < MAX_TRIES_FOR_ROOM)
    retry_in (self, ROOM_MS);
  else
    fail (self, error, RETRY_MS);
}

static void
advance_to_deleted (DevboxBox *self)
{
  g_autoptr (GError) error = NULL;

  self->status = DEVBOX_BOX_DELETING;
  if (self->runtime != NULL)
    end_runtime (self);
  else if (!devbox_box_folder_discard (self->host, self->record->uid, &error))
    fail (self, error, RETRY_MS);
  else
    {
      self->is_busy = TRUE;
      devbox_store_delete_box (self->host->store, self->record->uid, on_deleted, devbox_box_ref (self));
    }
}

static void
advance_to_retired (DevboxBox *self)
{
  if (self->runtime != NULL)
    end_runtime (self);
  else if (!self->is_retired)
    {
      self->is_retired = TRUE;
      self->funcs->retired (self, self->user_data);
    }
}

static void
advance (DevboxBox *self)
{
  if (self->has_ended && (!self->is_busy || self->is_freezing))
    bury_runtime (self);
  if (self->is_busy || self->is_closed || self->is_gone)
    return;

  if (self->is_changed)
    store (self);
  else if (self->is_retiring)
    advance_to_retired (self);
  else if (self->record->goal == DEVBOX_BOX_GOAL_RUNNING)
    advance_to_running (self);
  else if (self->record->goal == DEVBOX_BOX_GOAL_PAUSED)
    advance_to_paused (self);
  else if (self->record->goal == DEVBOX_BOX_GOAL_SHUTDOWN)
    advance_to_shutdown (self);
  else
    advance_to_deleted (self);
}

/* From outside */

DevboxBox *
devbox_box_new (DevboxBoxHost *host,
                DevboxBoxRecord *record,
                gboolean is_stored,
                const DevboxBoxFuncs *funcs,
                gpointer user_data)
{
  DevboxBox *self = g_new0 (DevboxBox, 1);

  self->ref_count = 1;
  self->host = host;
  self->record = record;
  self->stored = is_stored ? devbox_box_record_copy (record) : NULL;
  self->is_changed = !is_stored;
  self->funcs = funcs;
  self->user_data = user_data;
  self->waiters = devbox_box_waiters_new (self);
  self->changes = devbox_box_waiters_new (self);
  self->folder = g_build_filename (host->folder, DEVBOX_BOX_FOLDER_BOXES, record->uid, NULL);
  self->status = is_stored && record->goal == DEVBOX_BOX_GOAL_SHUTDOWN ? DEVBOX_BOX_SHUT_DOWN
                 : is_stored && record->goal == DEVBOX_BOX_GOAL_PAUSED ? DEVBOX_BOX_STOPPED
                                                                       : DEVBOX_BOX_PENDING;

  return self;
}

void
devbox_box_grant_start (DevboxBox *self)
{
  self->has_start = TRUE;
  devbox_box_begin (self);
}

void
devbox_box_touch (DevboxBox *self)
{
  self->is_changed = TRUE;
}

void
devbox_box_store (DevboxBox *self, DevboxBoxFunc func, gpointer user_data)
{
  self->created = func;
  self->created_data = user_data;
  devbox_box_begin (self);
}

void
devbox_box_when_stored (DevboxBox *self, DevboxBoxFunc func, gpointer user_data)
{
  if (self->stored != NULL)
    func (self, NULL, user_data);
  else
    devbox_box_waiters_add (self->changes, self->record->goal, func, user_data);
}

void
devbox_box_retire (DevboxBox *self)
{
  self->is_retiring = TRUE;
  devbox_clear_source (&self->retry);
  if (self->provision != NULL)
    g_cancellable_cancel (self->provision);
  devbox_box_begin (self);
}

void
devbox_box_close (DevboxBox *self)
{
  g_autoptr (GError) error
      = g_error_new_literal (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_SERVER_UNAVAILABLE, _ ("The platform ends"));

  self->is_closed = TRUE;
  devbox_clear_source (&self->turn);
  devbox_clear_source (&self->retry);
  if (self->provision != NULL)
    g_cancellable_cancel (self->provision);
  if (self->runtime != NULL)
    clear_runtime (self);
  tell_created (self, error);
  devbox_box_waiters_tell (self->waiters, error);
  devbox_box_waiters_tell (self->changes, error);
}
