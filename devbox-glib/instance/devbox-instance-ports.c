/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

/* The reply leaves out the port of the agent, and on some platforms the addresses: so the detail is asked for. */

static void
is_refreshed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (devbox_instance_refresh_finish (DEVBOX_INSTANCE (object), result, &error))
    g_task_return_pointer (task, GINT_TO_POINTER (TRUE), NULL);
  else
    g_task_return_error (task, error);
}

static void
ports_are_set (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GMainContext *context = g_task_get_context (task);
  g_autoptr (GListModel) ports = NULL;
  GError *error = NULL;

  ports = g_task_propagate_pointer (G_TASK (result), &error);
  if (ports == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  /* A callback need not find the context that it is called in as the thread-default one. */
  g_main_context_push_thread_default (context);
  devbox_instance_refresh_async (DEVBOX_INSTANCE (object), g_task_get_cancellable (task), is_refreshed,
                                 g_object_ref (task));
  g_main_context_pop_thread_default (context);
}

/**
 * devbox_instance_set_ports_async:
 * @self: an instance
 * @ports: a list of [class@Port]: all that the devbox shall have; those that are missing in it are closed
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Sets which ports of the devbox can be reached from outside.
 *
 * Since: 1.0
 */
void
devbox_instance_set_ports_async (DevboxInstance *self,
                                 GListModel *ports,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task;
  g_autoptr (GTask) call = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (G_IS_LIST_MODEL (ports));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_set_ports_async);
  call = g_task_new (self, cancellable, ports_are_set, task);
  g_task_set_source_tag (call, ports_are_set);

  if (devbox_instance_check_platform (self, &error))
    request = devbox_set_ports_request_new (devbox_instance_get_name (self), ports, &error);
  devbox_client_platform_call_async (devbox_instance_get_client (self), call, request, error);
}

/**
 * devbox_instance_set_ports_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.set_ports_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform, or @ports has something else than ports, or one twice; %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if
 * the platform tried and could not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_set_ports_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_instance_set_ports_sync:
 * @self: an instance
 * @ports: a list of [class@Port]: all that the devbox shall have; those that are missing in it are closed
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Sets which ports of the devbox can be reached from outside, and waits until that is done.
 *
 * See [method@Instance.set_ports_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_set_ports_sync (DevboxInstance *self, GListModel *ports, GCancellable *cancellable, GError **error)
{
  g_autoptr (GListModel) set = NULL;
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (G_IS_LIST_MODEL (ports), FALSE);

  if (devbox_instance_check_platform (self, &cause))
    request = devbox_set_ports_request_new (devbox_instance_get_name (self), ports, &cause);

  set = devbox_client_platform_call_sync (devbox_instance_get_client (self), request, cause, cancellable, error);

  return set != NULL && devbox_instance_refresh_sync (self, cancellable, error);
}

/**
 * devbox_instance_set_autostart_async:
 * @self: an instance
 * @command: (nullable): a command line for the shell of the devbox, the empty string for none, or %NULL for that of its
 *   template
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when that is done
 * @user_data: what to give to @callback
 *
 * Sets what the devbox runs at each start.
 *
 * Since: 1.0
 */
void
devbox_instance_set_autostart_async (DevboxInstance *self,
                                     const char *command,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  if (devbox_instance_check_platform (self, &error))
    request = devbox_set_autostart_request_new (devbox_instance_get_name (self), command, &error);
  devbox_platform_operation_async (devbox_instance_get_client (self), self, devbox_instance_set_autostart_async, NULL,
                                   request, error, cancellable, callback, user_data);
}

/**
 * devbox_instance_set_autostart_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.set_autostart_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform, or @command is not text; %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the platform tried and could
 * not.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_set_autostart_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_instance_set_autostart_sync:
 * @self: an instance
 * @command: (nullable): a command line for the shell of the devbox, the empty string for none, or %NULL for that of its
 *   template
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Sets what the devbox runs at each start, and waits until that is done.
 *
 * See [method@Instance.set_autostart_finish] for the errors.
 *
 * Returns: %TRUE if that is done, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_set_autostart_sync (DevboxInstance *self,
                                    const char *command,
                                    GCancellable *cancellable,
                                    GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);

  if (devbox_instance_check_platform (self, &cause))
    request = devbox_set_autostart_request_new (devbox_instance_get_name (self), command, &cause);

  return devbox_platform_operation_sync (devbox_instance_get_client (self), self, NULL, request, cause, cancellable,
                                         error)
         != NULL;
}
