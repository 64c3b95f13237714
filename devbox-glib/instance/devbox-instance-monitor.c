/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

/**
 * devbox_instance_list_samples_async:
 * @self: an instance
 * @start: (nullable): the begin of the time of interest, or %NULL for the platform's choice
 * @end: (nullable): its end, or %NULL for now
 * @step_ms: the time between two samples in milliseconds, or 0 for the platform's choice
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the samples are there
 * @user_data: what to give to @callback
 *
 * Lists what the devbox used: processor, memory, network, disk.
 *
 * Since: 1.0
 */
void
devbox_instance_list_samples_async (DevboxInstance *self,
                                    GDateTime *start,
                                    GDateTime *end,
                                    guint step_ms,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  if (devbox_instance_check_platform (self, &error))
    request = devbox_list_samples_request_new (devbox_instance_get_name (self), start, end, step_ms, &error);
  devbox_platform_operation_async (devbox_instance_get_client (self), self, devbox_instance_list_samples_async, NULL,
                                   request, error, cancellable, callback, user_data);
}

/**
 * devbox_instance_list_samples_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.list_samples_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if the instance was made for an agent and
 * has no platform, or @end is before @start.
 *
 * Returns: (transfer full): a list of [class@Sample], the oldest first, or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_samples_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_list_samples_sync:
 * @self: an instance
 * @start: (nullable): the begin of the time of interest, or %NULL for the platform's choice
 * @end: (nullable): its end, or %NULL for now
 * @step_ms: the time between two samples in milliseconds, or 0 for the platform's choice
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Lists what the devbox used: processor, memory, network, disk, and waits for the samples.
 *
 * See [method@Instance.list_samples_finish] for the errors.
 *
 * Returns: (transfer full): a list of [class@Sample], the oldest first, or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_list_samples_sync (DevboxInstance *self,
                                   GDateTime *start,
                                   GDateTime *end,
                                   guint step_ms,
                                   GCancellable *cancellable,
                                   GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  if (devbox_instance_check_platform (self, &cause))
    request = devbox_list_samples_request_new (devbox_instance_get_name (self), start, end, step_ms, &cause);

  return devbox_platform_operation_sync (devbox_instance_get_client (self), self, NULL, request, cause, cancellable,
                                         error);
}
