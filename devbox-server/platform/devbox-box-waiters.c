/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-waiters-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>

#define TIMEOUT_S 60

struct _DevboxBoxWaiters
{
  DevboxBox *box;
  GQueue waiting; /* of Waiter */
};

typedef struct
{
  DevboxBoxWaiters *waiters;
  GList link;
  DevboxBoxGoal goal;
  DevboxBoxFunc func;
  gpointer user_data;
  GSource *deadline;
} Waiter;

DevboxBoxWaiters *
devbox_box_waiters_new (DevboxBox *box)
{
  DevboxBoxWaiters *self = g_new0 (DevboxBoxWaiters, 1);

  self->box = box;
  g_queue_init (&self->waiting);

  return self;
}

void
devbox_box_waiters_free (DevboxBoxWaiters *self)
{
  g_assert (g_queue_is_empty (&self->waiting));
  g_free (self);
}

static void
tell (Waiter *waiter, const GError *error)
{
  g_queue_unlink (&waiter->waiters->waiting, &waiter->link);
  g_source_destroy (waiter->deadline);
  g_source_unref (waiter->deadline);
  waiter->func (waiter->waiters->box, error, waiter->user_data);
  g_free (waiter);
}

static gboolean
on_deadline (gpointer data)
{
  Waiter *waiter = data;
  g_autoptr (DevboxBox) box = devbox_box_ref (waiter->waiters->box);
  g_autoptr (GError) error = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_OPERATION_TIMEOUT,
                                          /* Translators: %s is a state of a devbox, such as Pending */
                                          _ ("The devbox is not there yet, but %s; it goes on"),
                                          devbox_box_status_to_string (devbox_box_get_status (box)));

  tell (waiter, error);

  return G_SOURCE_REMOVE;
}

void
devbox_box_waiters_add (DevboxBoxWaiters *self, DevboxBoxGoal goal, DevboxBoxFunc func, gpointer user_data)
{
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->waiters = self;
  waiter->link.data = waiter;
  waiter->goal = goal;
  waiter->func = func;
  waiter->user_data = user_data;
  waiter->deadline = g_timeout_source_new_seconds (TIMEOUT_S);
  g_source_set_callback (waiter->deadline, on_deadline, waiter, NULL);
  g_source_attach (waiter->deadline, g_main_context_get_thread_default ());
  g_queue_push_tail_link (&self->waiting, &waiter->link);
}

void
devbox_box_waiters_tell (DevboxBoxWaiters *self, const GError *error)
{
  G_GNUC_UNUSED g_autoptr (DevboxBox) box = devbox_box_ref (self->box);

  /* Not those that come while these are told. */
  for (guint n = g_queue_get_length (&self->waiting); n > 0 && !g_queue_is_empty (&self->waiting); n--)
    tell (g_queue_peek_head (&self->waiting), error);
}

void
devbox_box_waiters_refuse_others (DevboxBoxWaiters *self, DevboxBoxGoal goal)
{
  G_GNUC_UNUSED g_autoptr (DevboxBox) box = devbox_box_ref (self->box);
  g_autoptr (GError) error = g_error_new_literal (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT,
                                                  _ ("The devbox was asked for something else meanwhile"));

  for (guint n = g_queue_get_length (&self->waiting); n > 0 && !g_queue_is_empty (&self->waiting); n--)
    {
      Waiter *waiter = g_queue_peek_head (&self->waiting);

      if (waiter->goal != goal)
        tell (waiter, error);
      else
        {
          g_queue_unlink (&self->waiting, &waiter->link);
          g_queue_push_tail_link (&self->waiting, &waiter->link);
        }
    }
}
