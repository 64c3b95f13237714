/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-pool-state-private.h"

#include "devbox-notifier-private.h"

typedef struct
{
  guint id;
  DevboxIoThread *thread;
  gpointer set;
} Registration;

struct _DevboxPoolState
{
  gatomicrefcount ref_count;
  GMutex mutex;

  DevboxPoolSettings settings;
  DevboxPoolCounters counters;

  DevboxNotifier *notifier;

  GArray *registrations;
  guint last_id;
};

DevboxPoolState *
devbox_pool_state_new (GMainContext *context, GObject *object, void (*changed) (GObject *object))
{
  DevboxPoolState *self = g_new0 (DevboxPoolState, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  self->notifier = devbox_notifier_new (context, object, DEVBOX_NOTIFIER_COUNTERS_MS, changed);
  self->registrations = g_array_new (FALSE, FALSE, sizeof (Registration));

  return self;
}

DevboxPoolState *
devbox_pool_state_ref (DevboxPoolState *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_pool_state_unref (DevboxPoolState *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->registrations->len == 0);

  g_array_unref (self->registrations);
  devbox_notifier_unref (self->notifier);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
devbox_pool_state_disconnect (DevboxPoolState *self)
{
  devbox_notifier_disconnect (self->notifier);
}

void
devbox_pool_state_get_settings (DevboxPoolState *self, DevboxPoolSettings *settings)
{
  g_mutex_lock (&self->mutex);
  *settings = self->settings;
  g_mutex_unlock (&self->mutex);
}

void
devbox_pool_state_set_settings (DevboxPoolState *self, const DevboxPoolSettings *settings)
{
  g_mutex_lock (&self->mutex);
  self->settings = *settings;
  g_mutex_unlock (&self->mutex);
}

gboolean
devbox_pool_state_set_setting (DevboxPoolState *self, gsize offset, guint value)
{
  guint *setting = G_STRUCT_MEMBER_P (&self->settings, offset);
  gboolean has_changed;

  g_mutex_lock (&self->mutex);
  has_changed = *setting != value;
  *setting = value;
  g_mutex_unlock (&self->mutex);

  return has_changed;
}

void
devbox_pool_state_get_counters (DevboxPoolState *self, DevboxPoolCounters *counters)
{
  g_mutex_lock (&self->mutex);
  *counters = self->counters;
  g_mutex_unlock (&self->mutex);
}

void
devbox_pool_state_count_connections (DevboxPoolState *self, int total, int active, int unhealthy)
{
  g_mutex_lock (&self->mutex);
  self->counters.n_total += total;
  self->counters.n_active += active;
  self->counters.n_unhealthy += unhealthy;
  devbox_notifier_schedule (self->notifier);
  g_mutex_unlock (&self->mutex);
}

void
devbox_pool_state_count_operation (DevboxPoolState *self, gboolean was_reused, guint64 n_bytes)
{
  g_mutex_lock (&self->mutex);
  self->counters.n_operations++;
  self->counters.n_reused += was_reused ? 1 : 0;
  self->counters.bytes_transferred += n_bytes;
  devbox_notifier_schedule (self->notifier);
  g_mutex_unlock (&self->mutex);
}

void
devbox_pool_state_count_end (DevboxPoolState *self, gint64 age_us)
{
  g_mutex_lock (&self->mutex);
  self->counters.n_ended++;
  self->counters.ended_age_us += age_us;
  devbox_notifier_schedule (self->notifier);
  g_mutex_unlock (&self->mutex);
}

guint
devbox_pool_state_register (DevboxPoolState *self, DevboxIoThread *thread, gpointer set)
{
  Registration registration = { .thread = devbox_io_thread_ref (thread), .set = set };

  g_mutex_lock (&self->mutex);
  registration.id = ++self->last_id;
  g_array_append_val (self->registrations, registration);
  g_mutex_unlock (&self->mutex);

  return registration.id;
}

static gboolean
find_registration_locked (DevboxPoolState *self, guint id, guint *index)
{
  for (guint i = 0; i < self->registrations->len; i++)
    {
      if (g_array_index (self->registrations, Registration, i).id == id)
        {
          *index = i;
          return TRUE;
        }
    }

  return FALSE;
}

void
devbox_pool_state_unregister (DevboxPoolState *self, guint id)
{
  DevboxIoThread *thread = NULL;
  guint index;

  g_mutex_lock (&self->mutex);
  if (find_registration_locked (self, id, &index))
    {
      thread = g_array_index (self->registrations, Registration, index).thread;
      g_array_remove_index (self->registrations, index);
    }
  g_mutex_unlock (&self->mutex);

  g_clear_pointer (&thread, devbox_io_thread_unref);
}

gboolean
devbox_pool_state_in_io_thread (DevboxPoolState *self)
{
  gboolean is_in_one = FALSE;

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->registrations->len; i++)
    is_in_one |= devbox_io_thread_is_current (g_array_index (self->registrations, Registration, i).thread);
  g_mutex_unlock (&self->mutex);

  return is_in_one;
}

typedef struct
{
  DevboxPoolState *state;
  guint id;
  GFunc func;
  gpointer data;
  GDestroyNotify unref;
} Invocation;

/* Only the thread of this function unregisters the set: it stays while it is used. */
static gboolean
call_in_io_thread (gpointer data)
{
  Invocation *self = data;
  gpointer set = NULL;
  guint index;

  g_mutex_lock (&self->state->mutex);
  if (find_registration_locked (self->state, self->id, &index))
    set = g_array_index (self->state->registrations, Registration, index).set;
  g_mutex_unlock (&self->state->mutex);

  if (set != NULL)
    self->func (set, self->data);

  return G_SOURCE_REMOVE;
}

static void
invocation_free (gpointer data)
{
  Invocation *self = data;

  if (self->unref != NULL)
    self->unref (self->data);
  devbox_pool_state_unref (self->state);
  g_free (self);
}

void
devbox_pool_state_invoke (DevboxPoolState *self, GFunc func, gpointer data, GBoxedCopyFunc ref, GDestroyNotify unref)
{
  g_autoptr (GArray) registrations = NULL;

  g_mutex_lock (&self->mutex);
  registrations = g_array_copy (self->registrations);
  for (guint i = 0; i < registrations->len; i++)
    devbox_io_thread_ref (g_array_index (registrations, Registration, i).thread);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < registrations->len; i++)
    {
      Registration *registration = &g_array_index (registrations, Registration, i);
      Invocation *invocation = g_new0 (Invocation, 1);

      invocation->state = devbox_pool_state_ref (self);
      invocation->id = registration->id;
      invocation->func = func;
      invocation->data = ref != NULL ? ref (data) : data;
      invocation->unref = unref;
      devbox_io_thread_invoke (registration->thread, call_in_io_thread, invocation, invocation_free);
      devbox_io_thread_unref (registration->thread);
    }
}
