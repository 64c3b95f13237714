/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-pool-sweep-private.h"

#include "devbox-connection-set-private.h"
#include "devbox-error-private.h"

#include <glib/gi18n-lib.h>

struct _DevboxPoolSweep
{
  gatomicrefcount ref_count; /* of the memory: the caller's, and one of each hold and source */
  int n_holds;
  guint n_removed;

  /* The caller's: used in the context only, and released there. */
  GMainContext *context;
  GTask *task;
  GSource *cancelled_source;

  /* Of a thread that waits. */
  GMutex mutex;
  GCond cond;
  gboolean is_over;
};

static DevboxPoolSweep *
sweep_new (void)
{
  DevboxPoolSweep *self = g_new0 (DevboxPoolSweep, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);

  return self;
}

static DevboxPoolSweep *
sweep_ref (DevboxPoolSweep *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

static void
sweep_unref (gpointer data)
{
  DevboxPoolSweep *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->task == NULL);

  g_clear_pointer (&self->context, g_main_context_unref);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

static void
stop_waiting_for_cancel (DevboxPoolSweep *self)
{
  if (self->cancelled_source != NULL)
    g_source_destroy (self->cancelled_source);
  g_clear_pointer (&self->cancelled_source, g_source_unref);
}

/* Once it is over, or cancelled: a cancelled task turns the number into an error. */
static gboolean
return_to_caller (gpointer data)
{
  DevboxPoolSweep *self = data;
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  stop_waiting_for_cancel (self);
  if (task != NULL)
    g_task_return_int (task, (gssize) (guint) g_atomic_int_get (&self->n_removed));

  return G_SOURCE_REMOVE;
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  return return_to_caller (data);
}

/* In the task's context: a source that is destroyed without being dispatched comes here as well. */
static void
release_to_caller (gpointer data)
{
  DevboxPoolSweep *self = data;

  stop_waiting_for_cancel (self);
  g_clear_object (&self->task);
  sweep_unref (self);
}

static void
end_for_task (DevboxPoolSweep *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[devbox] return");
  g_source_set_callback (source, return_to_caller, sweep_ref (self), release_to_caller);
  g_source_attach (source, self->context);
}

static void
end_for_thread (DevboxPoolSweep *self)
{
  g_mutex_lock (&self->mutex);
  self->is_over = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

gpointer
devbox_pool_sweep_hold (gpointer data)
{
  DevboxPoolSweep *self = data;

  g_atomic_int_inc (&self->n_holds);

  return sweep_ref (self);
}

void
devbox_pool_sweep_release (gpointer data)
{
  DevboxPoolSweep *self = data;

  if (g_atomic_int_dec_and_test (&self->n_holds))
    {
      if (self->context != NULL)
        end_for_task (self);
      else
        end_for_thread (self);
    }

  sweep_unref (self);
}

void
devbox_pool_sweep_count (DevboxPoolSweep *self)
{
  g_atomic_int_inc (&self->n_removed);
}

static void
sweep_start (DevboxPoolSweep *self, DevboxPool *pool)
{
  devbox_pool_sweep_hold (self);
  devbox_pool_state_invoke (devbox_pool_get_state (pool), devbox_connection_set_sweep, self, devbox_pool_sweep_hold,
                            devbox_pool_sweep_release);
  devbox_pool_sweep_release (self);
}

/**
 * devbox_pool_remove_unhealthy_async:
 * @self: a pool
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async) (closure user_data): called when the connections were checked
 * @user_data: what @callback is called with
 *
 * Checks all idle connections now, and closes those that are no good.
 *
 * A connection to a devbox is good if its agent answers a small request over it within three seconds; one to the
 * platform, if it is still open. Connections that carry a call are left alone. Calls that are made meanwhile use other
 * connections, or wait. Cancelling ends the wait; the checks that are under way go on.
 *
 * Since: 1.0
 */
void
devbox_pool_remove_unhealthy_async (DevboxPool *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxPoolSweep *sweep;

  g_return_if_fail (DEVBOX_IS_POOL (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_pool_remove_unhealthy_async);
  if (g_task_return_error_if_cancelled (task))
    return;

  sweep = sweep_new ();
  sweep->context = g_main_context_ref (g_task_get_context (task));
  sweep->task = g_steal_pointer (&task);
  if (cancellable != NULL)
    {
      sweep->cancelled_source = g_cancellable_source_new (cancellable);
      g_source_set_callback (sweep->cancelled_source, G_SOURCE_FUNC (cancelled_cb), sweep_ref (sweep), sweep_unref);
      g_source_attach (sweep->cancelled_source, sweep->context);
    }

  sweep_start (sweep, self);
  sweep_unref (sweep);
}

/* Takes the error. */
static void
note_and_propagate (GError **error, GError *reason)
{
  devbox_error_info_note (reason);
  g_propagate_error (error, reason);
}

/**
 * devbox_pool_remove_unhealthy_finish:
 * @self: a pool
 * @result: what the callback was called with
 * @error: return location for an error, or %NULL
 *
 * Ends a check that [method@Devbox.Pool.remove_unhealthy_async] began.
 *
 * The only error is %G_IO_ERROR_CANCELLED.
 *
 * Returns: how many connections were closed, or -1 on an error
 *
 * Since: 1.0
 */
gssize
devbox_pool_remove_unhealthy_finish (DevboxPool *self, GAsyncResult *result, GError **error)
{
  GError *reason = NULL;
  gssize n_removed;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), -1);
  g_return_val_if_fail (g_task_is_valid (result, self), -1);

  n_removed = g_task_propagate_int (G_TASK (result), &reason);
  if (reason != NULL)
    note_and_propagate (error, reason);

  return n_removed;
}

/* In whatever thread cancels. */
static void
wait_cancelled_cb (GCancellable *cancellable, gpointer data)
{
  end_for_thread (data);
}

/**
 * devbox_pool_remove_unhealthy_sync:
 * @self: a pool
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: return location for an error, or %NULL
 *
 * Checks all idle connections now, closes those that are no good, and waits until that is done.
 *
 * See [method@Devbox.Pool.remove_unhealthy_async]. The errors are %G_IO_ERROR_CANCELLED, and
 * %DEVBOX_ERROR_INTERNAL_ERROR in a thread that it would have to wait for.
 *
 * Returns: how many connections were closed, or -1 on an error
 *
 * Since: 1.0
 */
gssize
devbox_pool_remove_unhealthy_sync (DevboxPool *self, GCancellable *cancellable, GError **error)
{
  DevboxPoolSweep *sweep;
  gulong cancelled_id;
  gssize n_removed;

  g_return_val_if_fail (DEVBOX_IS_POOL (self), -1);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), -1);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  if (devbox_pool_state_in_io_thread (devbox_pool_get_state (self)))
    {
      note_and_propagate (error,
                          devbox_error_new (DEVBOX_ERROR_INTERNAL_ERROR, NULL, "%s",
                                            _ ("A blocking call was made in the thread that it would wait for")));
      return -1;
    }

  sweep = sweep_new ();
  cancelled_id = cancellable != NULL ? g_cancellable_connect (cancellable, G_CALLBACK (wait_cancelled_cb),
                                                              sweep_ref (sweep), sweep_unref)
                                     : 0;
  sweep_start (sweep, self);

  g_mutex_lock (&sweep->mutex);
  while (!sweep->is_over)
    g_cond_wait (&sweep->cond, &sweep->mutex);
  g_mutex_unlock (&sweep->mutex);

  g_cancellable_disconnect (cancellable, cancelled_id);
  n_removed = (gssize) (guint) g_atomic_int_get (&sweep->n_removed);
  sweep_unref (sweep);

  return g_cancellable_set_error_if_cancelled (cancellable, error) ? -1 : n_removed;
}

/**
 * devbox_pool_close_all:
 * @self: a pool
 *
 * Closes all connections: the idle ones at once, the others when their calls have ended.
 *
 * No call fails for it: those that wait, and those that are made later, get new connections. It returns before the
 * connections are closed, which [property@Devbox.Pool:n-total] tells of.
 *
 * Since: 1.0
 */
void
devbox_pool_close_all (DevboxPool *self)
{
  g_return_if_fail (DEVBOX_IS_POOL (self));

  devbox_pool_state_invoke (devbox_pool_get_state (self), devbox_connection_set_drop_all, NULL, NULL, NULL);
}
