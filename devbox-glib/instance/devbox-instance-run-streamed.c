/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-client.h"
#include "devbox-command-body-private.h"
#include "devbox-command.h"
#include "devbox-log-reader-private.h"
#include "devbox-run-streamed-request-private.h"

/* What the reader has to know of the command. */
typedef struct
{
  char *subject;
  guint timeout_ms;
} Streamed;

static void
streamed_free (gpointer data)
{
  Streamed *self = data;

  g_free (self->subject);
  g_free (self);
}

/**
 * devbox_instance_run_streamed_async:
 * @self: an instance
 * @command: what to run
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the agent has the command
 * @user_data: what to give to @callback
 *
 * Runs a command, and tells what it writes as it comes.
 *
 * The command waits while nobody reads, and is ended when the reader is closed or dropped before the end.
 * [method@LogReader.get_result] tells at the end how it ended.
 *
 * Since: 1.0
 */
void
devbox_instance_run_streamed_async (DevboxInstance *self,
                                    DevboxCommand *command,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request = NULL;
  Streamed *streamed;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (DEVBOX_IS_COMMAND (command));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_run_streamed_async);

  if (devbox_instance_check_endpoint (self, &error))
    request = devbox_run_streamed_request_new (devbox_instance_get_client (self), command, &error);
  if (request != NULL)
    {
      streamed = g_new0 (Streamed, 1);
      streamed->subject = g_strdup (request->subject);
      streamed->timeout_ms = devbox_command_get_timeout (command);
      g_task_set_task_data (task, streamed, streamed_free);
    }
  devbox_instance_call_async (self, task, request, error);
}

/**
 * devbox_instance_run_streamed_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.run_streamed_async].
 *
 * What goes wrong with the command is told by the reader. Errors: %DEVBOX_ERROR_VALIDATION_ERROR if the command is
 * empty or not UTF-8, or, with the code name `NOT_SUPPORTED`, if the agent does not know how to do that;
 * %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if its folder leaves the workspace.
 *
 * Returns: (transfer full): a reader of what the command writes, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxLogReader *
devbox_instance_run_streamed_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  GInputStream *stream;
  Streamed *streamed;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  stream = devbox_client_call_finish (result, error);
  streamed = g_task_get_task_data (G_TASK (result));

  return stream != NULL ? devbox_log_reader_new_for_command (devbox_instance_get_client (self), stream,
                                                             streamed->subject, streamed->timeout_ms)
                        : NULL;
}

/**
 * devbox_instance_run_streamed_sync:
 * @self: an instance
 * @command: what to run
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Runs a command, waits until the agent has it, and tells what it writes as it comes.
 *
 * See [method@Instance.run_streamed_finish] for the errors.
 *
 * Returns: (transfer full): a reader of what the command writes, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxLogReader *
devbox_instance_run_streamed_sync (DevboxInstance *self,
                                   DevboxCommand *command,
                                   GCancellable *cancellable,
                                   GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;
  GInputStream *stream;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (DEVBOX_IS_COMMAND (command), NULL);

  if (devbox_instance_check_endpoint (self, &cause))
    request = devbox_run_streamed_request_new (devbox_instance_get_client (self), command, &cause);

  stream = devbox_instance_call_sync (self, request, cause, cancellable, error);

  return stream != NULL ? devbox_log_reader_new_for_command (devbox_instance_get_client (self), stream,
                                                             devbox_command_body_get_subject (command),
                                                             devbox_command_get_timeout (command))
                        : NULL;
}
