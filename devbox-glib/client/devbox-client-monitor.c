/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"

/**
 * devbox_client_list_samples_async:
 * @self: a client
 * @name: the name of a devbox
 * @start: (nullable): the begin of the time of interest, or %NULL for the platform's choice
 * @end: (nullable): its end, or %NULL for now
 * @step_ms: the time between two samples in milliseconds, or 0 for the platform's choice
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the samples are there
 * @user_data: what to give to @callback
 *
 * Lists what a devbox used: processor, memory, network, disk.
 *
 * Since: 1.0
 */
void
devbox_client_list_samples_async (DevboxClient *self,
                                  const char *name,
                                  GDateTime *start,
                                  GDateTime *end,
                                  guint step_ms,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  request = devbox_list_samples_request_new (name, start, end, step_ms, &error);
  devbox_platform_operation_async (self, self, devbox_client_list_samples_async, NULL, request, error, cancellable,
                                   callback, user_data);
}

/**
 * devbox_client_list_samples_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.list_samples_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox,
 * or @end is before @start.
 *
 * Returns: (transfer full): a list of [class@Sample], the oldest first, or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_client_list_samples_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_client_list_samples_sync:
 * @self: a client
 * @name: the name of a devbox
 * @start: (nullable): the begin of the time of interest, or %NULL for the platform's choice
 * @end: (nullable): its end, or %NULL for now
 * @step_ms: the time between two samples in milliseconds, or 0 for the platform's choice
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Lists what a devbox used: processor, memory, network, disk, and waits for the samples.
 *
 * See [method@Client.list_samples_finish] for the errors.
 *
 * Returns: (transfer full): a list of [class@Sample], the oldest first, or %NULL if @error is set
 *
 * Since: 1.0
 */
GListModel *
devbox_client_list_samples_sync (DevboxClient *self,
                                 const char *name,
                                 GDateTime *start,
                                 GDateTime *end,
                                 guint step_ms,
                                 GCancellable *cancellable,
                                 GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  request = devbox_list_samples_request_new (name, start, end, step_ms, &cause);

  return devbox_client_platform_call_sync (self, request, cause, cancellable, error);
}
