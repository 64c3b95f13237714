/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-agent-private.h"
#include "devbox-error-private.h"
#include "devbox-health-request-private.h"
#include "devbox-instance-info.h"
#include "devbox-instance-private.h"
#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"
#include "devbox-request-checks-private.h"

/* Takes the detail, or NULL where there was an error. */
static char *
take_agent_url (DevboxClient *self, DevboxInstanceInfo *detail, GError **error)
{
  g_autoptr (DevboxInstanceInfo) info = detail;
  g_autoptr (DevboxEndpoint) endpoint = NULL;
  GError *cause = NULL;

  if (info == NULL)
    return NULL;

  endpoint = devbox_client_find_endpoint (self, info, &cause);
  if (endpoint == NULL)
    {
      devbox_client_fail (devbox_error_complete (cause, &(DevboxErrorDetails){ 0 }), error);
      return NULL;
    }

  return g_strdup (devbox_endpoint_get_url (endpoint));
}

/**
 * devbox_client_get_server_url_async:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the address is known
 * @user_data: what to give to @callback
 *
 * Asks the platform where the agent of a devbox is.
 *
 * Since: 1.0
 */
void
devbox_client_get_server_url_async (DevboxClient *self,
                                    const char *name,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  DevboxRequest *request;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  request = devbox_get_instance_request_new (name, &error);
  devbox_platform_operation_async (self, self, devbox_client_get_server_url_async, NULL, request, error, cancellable,
                                   callback, user_data);
}

/**
 * devbox_client_get_server_url_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.get_server_url_async].
 *
 * Errors: %DEVBOX_ERROR_DEVBOX_NOT_FOUND; %DEVBOX_ERROR_DEVBOX_NOT_READY if the platform does not know it yet;
 * %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox, or what the platform says is no address that
 * may be followed.
 *
 * Returns: (transfer full): the address, such as `http://127.0.0.1:3000`, or %NULL if @error is set
 *
 * Since: 1.0
 */
char *
devbox_client_get_server_url_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return take_agent_url (self, devbox_client_call_finish (result, error), error);
}

/**
 * devbox_client_get_server_url_sync:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Asks the platform where the agent of a devbox is, and waits for the answer.
 *
 * See [method@Client.get_server_url_finish] for the errors.
 *
 * Returns: (transfer full): the address, such as `http://127.0.0.1:3000`, or %NULL if @error is set
 *
 * Since: 1.0
 */
char *
devbox_client_get_server_url_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  request = devbox_get_instance_request_new (name, &cause);

  return take_agent_url (self, devbox_client_platform_call_sync (self, request, cause, cancellable, error), error);
}

DevboxAgent *
devbox_client_find_agent (DevboxClient *self, const char *devbox_name, GError **error)
{
  return devbox_request_check_devbox_name (devbox_name, error) ? devbox_client_ref_agent (self, devbox_name) : NULL;
}

/**
 * devbox_client_check_health_async:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the answer is there
 * @user_data: what to give to @callback
 *
 * Asks the agent of a devbox whether it is well.
 *
 * Since: 1.0
 */
void
devbox_client_check_health_async (DevboxClient *self,
                                  const char *name,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (DevboxAgent) agent = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (name != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_client_check_health_async);

  agent = devbox_client_find_agent (self, name, &error);
  devbox_client_agent_call_async (self, agent, task, agent != NULL ? devbox_health_request_new () : NULL, error);
}

/**
 * devbox_client_check_health_finish:
 * @self: a client
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Client.check_health_async].
 *
 * It is no error if the devbox does not run, if the agent says that it is not well, cannot be reached, or does not
 * answer in time: then the answer is %FALSE. Errors are %G_IO_ERROR_CANCELLED; %DEVBOX_ERROR_DEVBOX_NOT_FOUND;
 * %DEVBOX_ERROR_VALIDATION_ERROR if @name cannot be the name of a devbox, or what the platform says is no address that
 * may be followed; %DEVBOX_ERROR_AUTHENTICATION_FAILED and %DEVBOX_ERROR_INVALID_KUBECONFIG if the platform cannot be
 * asked where the agent is; %DEVBOX_ERROR_CONNECTION_FAILED if the client is closed.
 *
 * Returns: %TRUE if the agent is well; %FALSE if it is not, or @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_check_health_finish (DevboxClient *self, GAsyncResult *result, GError **error)
{
  GError *cause = NULL;
  gpointer health;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  health = g_task_propagate_pointer (G_TASK (result), &cause);

  return devbox_client_judge_health (self, health, cause, error);
}

/**
 * devbox_client_check_health_sync:
 * @self: a client
 * @name: the name of a devbox
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Asks the agent of a devbox whether it is well, and waits for the answer.
 *
 * See [method@Client.check_health_finish] for what is an error and what is not.
 *
 * Returns: %TRUE if the agent is well; %FALSE if it is not, or @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_client_check_health_sync (DevboxClient *self, const char *name, GCancellable *cancellable, GError **error)
{
  g_autoptr (DevboxAgent) agent = NULL;
  GError *cause = NULL;
  gpointer health = NULL;

  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  agent = devbox_client_find_agent (self, name, &cause);
  if (agent != NULL)
    health = devbox_client_call_agent_sync (self, agent, devbox_health_request_new (), cancellable, &cause);

  return devbox_client_judge_health (self, health, cause, error);
}
