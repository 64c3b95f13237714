/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-process-private.h"

#include "devbox-client.h"
#include "devbox-error-private.h"
#include "devbox-log-reader-private.h"
#include "devbox-process-requests-private.h"

#include <glib/gi18n-lib.h>

/* First the agent is asked for the state. When the process runs, an agent that ends the log of what has ended is
 * listened to until then, and asked again, since the end of a log is not the end of a process; any other is asked again
 * and again. */

static DevboxProcessAnswer
to_answer (gpointer answer)
{
  return (DevboxProcessAnswer) GPOINTER_TO_UINT (answer);
}

static DevboxLogReader *
listen (DevboxProcess *self)
{
  const DevboxLogTarget target = {
    .subject = DEVBOX_LOG_SUBJECT_PROCESS,
    .id = devbox_process_get_identifier (self),
    .n_lines = 1,
    .only_system = TRUE,
  };

  return devbox_log_reader_new_for_log (devbox_process_get_handle (self), &target);
}

static void ask (GTask *task, DevboxProcessQuestion question);
static void on_entry (GObject *source, GAsyncResult *result, gpointer user_data);

/* Takes the task. */
static void
wait_for_entry (DevboxLogReader *reader, GTask *task)
{
  devbox_log_reader_next_entry_async (reader, g_task_get_cancellable (task), on_entry, task);
}

static void
on_entry (GObject *source, GAsyncResult *result, gpointer user_data)
{
  DevboxLogReader *reader = DEVBOX_LOG_READER (source);
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxLogEntry) entry = devbox_log_reader_next_entry_finish (reader, result, &error);

  if (entry != NULL)
    wait_for_entry (reader, g_steal_pointer (&task));
  else /* whatever went wrong, the agent will say what of the process */
    ask (g_steal_pointer (&task), DEVBOX_PROCESS_QUESTION_END);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  DevboxProcess *self = DEVBOX_PROCESS (source);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  const DevboxProcessAnswer answer = to_answer (g_task_propagate_pointer (G_TASK (result), &error));

  if (error != NULL)
    {
      g_task_return_error (task, error);
    }
  else if (!(answer & DEVBOX_PROCESS_ANSWER_RUNS))
    {
      g_task_return_pointer (task, GINT_TO_POINTER (TRUE), NULL);
    }
  else if (answer & DEVBOX_PROCESS_ANSWER_TELLS_END)
    {
      g_autoptr (DevboxLogReader) reader = listen (self);

      wait_for_entry (reader, g_steal_pointer (&task));
    }
  else
    {
      ask (g_steal_pointer (&task), DEVBOX_PROCESS_QUESTION_END);
    }
}

/* Takes the task. */
static void
ask (GTask *task, DevboxProcessQuestion question)
{
  DevboxProcess *self = g_task_get_source_object (task);
  DevboxAgentHandle *handle = devbox_process_get_handle (self);
  g_autoptr (GTask) call = g_task_new (self, g_task_get_cancellable (task), on_answer, task);
  GError *error = NULL;
  DevboxRequest *request = devbox_process_refresh_request_new (self, question, &error);

  g_task_set_source_tag (call, ask);
  devbox_agent_handle_call_async (handle, call, request, error);
}

static gboolean
ask_sync (DevboxProcess *self,
          DevboxProcessQuestion question,
          DevboxProcessAnswer *answer,
          GCancellable *cancellable,
          GError **error)
{
  DevboxAgentHandle *handle = devbox_process_get_handle (self);
  GError *cause = NULL;
  DevboxRequest *request = devbox_process_refresh_request_new (self, question, &cause);

  *answer = to_answer (devbox_agent_handle_call_sync (handle, request, cause, cancellable, error));

  return *answer != 0;
}

static void
listen_sync (DevboxProcess *self, GCancellable *cancellable)
{
  g_autoptr (DevboxLogReader) reader = listen (self);
  DevboxLogEntry *entry;

  while ((entry = devbox_log_reader_next_entry_sync (reader, cancellable, NULL)) != NULL)
    g_object_unref (entry);
}

/**
 * devbox_process_wait_async:
 * @self: a process
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the process has ended
 * @user_data: what to give to @callback
 *
 * Waits until the process has ended, for as long as that takes.
 *
 * Where the agent tells of the end, nothing is asked meanwhile; where it does not, the agent is asked, ever more
 * seldom. Cancelling the call does nothing to the process.
 *
 * Since: 1.0
 */
void
devbox_process_wait_async (DevboxProcess *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task;

  g_return_if_fail (DEVBOX_IS_PROCESS (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_process_wait_async);
  ask (task, DEVBOX_PROCESS_QUESTION_STATE);
}

/**
 * devbox_process_wait_finish:
 * @self: a process
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Process.wait_async].
 *
 * How the process has ended is in its properties; that it failed is no error. Errors: %DEVBOX_ERROR_PROCESS_NOT_FOUND
 * if the agent does not know the process any more, as after it was started anew.
 *
 * Returns: %TRUE if the process has ended, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_process_wait_finish (DevboxProcess *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_process_wait_sync:
 * @self: a process
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Waits until the process has ended, for as long as that takes.
 *
 * See [method@Process.wait_finish] for the errors.
 *
 * Returns: %TRUE if the process has ended, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_process_wait_sync (DevboxProcess *self, GCancellable *cancellable, GError **error)
{
  DevboxProcessAnswer answer;

  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);

  if (!ask_sync (self, DEVBOX_PROCESS_QUESTION_STATE, &answer, cancellable, error))
    return FALSE;
  if (!(answer & DEVBOX_PROCESS_ANSWER_RUNS))
    return TRUE;
  if (answer & DEVBOX_PROCESS_ANSWER_TELLS_END)
    listen_sync (self, cancellable);

  return ask_sync (self, DEVBOX_PROCESS_QUESTION_END, &answer, cancellable, error);
}

/**
 * devbox_process_wait_check_async:
 * @self: a process
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the process has ended
 * @user_data: what to give to @callback
 *
 * Waits as [method@Process.wait_async] does, and fails unless the process was successful.
 *
 * Since: 1.0
 */
void
devbox_process_wait_check_async (DevboxProcess *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task;

  g_return_if_fail (DEVBOX_IS_PROCESS (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_process_wait_check_async);
  ask (task, DEVBOX_PROCESS_QUESTION_STATE);
}

static gboolean
check (DevboxProcess *self, GError **error)
{
  const DevboxErrorDetails details = { .path = devbox_process_get_command (self) };
  GError *failure = NULL;

  if (devbox_process_get_successful (self))
    return TRUE;

  if (devbox_process_get_if_signaled (self))
    failure = devbox_error_new (DEVBOX_ERROR_DEVBOX_OPERATION_FAILED, &details,
                                _ ("The process was ended by signal %d"), devbox_process_get_term_sig (self));
  else if (devbox_process_get_if_exited (self))
    failure = devbox_error_new (DEVBOX_ERROR_DEVBOX_OPERATION_FAILED, &details,
                                _ ("The process ended with exit code %d"), devbox_process_get_exit_status (self));
  else
    failure = devbox_error_new (DEVBOX_ERROR_DEVBOX_OPERATION_FAILED, &details, "%s",
                                _ ("Nobody saw how the process ended"));

  devbox_client_fail (failure, error);
  return FALSE;
}

/**
 * devbox_process_wait_check_finish:
 * @self: a process
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Process.wait_check_async].
 *
 * Errors: those of [method@Process.wait_finish], and %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the process ended with
 * another exit code than 0, or by a signal.
 *
 * Returns: %TRUE if the process has ended with the exit code 0, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_process_wait_check_finish (DevboxProcess *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL && check (self, error);
}

/**
 * devbox_process_wait_check_sync:
 * @self: a process
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Waits as [method@Process.wait_sync] does, and fails unless the process was successful.
 *
 * See [method@Process.wait_check_finish] for the errors.
 *
 * Returns: %TRUE if the process has ended with the exit code 0, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_process_wait_check_sync (DevboxProcess *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_PROCESS (self), FALSE);

  return devbox_process_wait_sync (self, cancellable, error) && check (self, error);
}
