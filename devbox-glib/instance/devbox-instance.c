/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance.h"

#include "devbox-call-private.h"
#include "devbox-client.h"
#include "devbox-command-result.h"
#include "devbox-command.h"
#include "devbox-error-private.h"
#include "devbox-file-monitor-private.h"
#include "devbox-health-request-private.h"
#include "devbox-read-file-request-private.h"
#include "devbox-request-checks-private.h"
#include "devbox-run-request-private.h"
#include "devbox-write-file-request-private.h"

#include <glib/gi18n-lib.h>

/* Contents beyond this are put into base64 by a worker: that takes a millisecond. */
#define MAX_INLINE_SIZE (1024 * 1024)

/**
 * DevboxInstance:
 *
 * A devbox: its files, its commands, and what happens in it.
 *
 * [ctor@Instance.new_for_agent] makes one for the agent at an address; nothing else is needed. Each operation comes in two
 * forms: `…_async`, with its `…_finish`, which ends in the main context that was the thread-default one at the call, and
 * `…_sync`, which blocks and runs no main loop. Any thread may make calls, and any number at a time.
 *
 * Every call has a deadline, [property@Client:timeout], and takes a [class@Gio.Cancellable]; a cancelled call fails with
 * %G_IO_ERROR_CANCELLED. All other errors are of the domain [error@Error]; [func@ErrorInfo.from_error] tells more about them.
 * Three of them can meet any call: %DEVBOX_ERROR_CONNECTION_FAILED and %DEVBOX_ERROR_CONNECTION_TIMEOUT if the agent cannot
 * be reached, and %DEVBOX_ERROR_AUTHENTICATION_FAILED if it does not take the token.
 *
 * Paths are text, in UTF-8, and count from the workspace of the devbox; the absolute path of something in the workspace
 * is fine too. They are paths of the devbox, not of the machine that the program runs on, and cross the wire as text:
 * that is why they are strings here and not file names.
 *
 * ```c
 * g_autoptr (DevboxInstance) instance = devbox_instance_new_for_agent ("http://127.0.0.1:3000", NULL);
 * g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("echo hello; uname");
 * g_autoptr (DevboxCommandResult) result = devbox_instance_run_sync (instance, command, NULL, &error);
 *
 * if (result != NULL)
 *   g_print ("%s", devbox_command_result_get_stdout_text (result));
 * ```
 *
 * Since: 1.0
 */
struct _DevboxInstance
{
  GObject parent_instance;

  DevboxClient *client;
  char *agent_url;
  char *token;              /* until the endpoint is made */
  DevboxEndpoint *endpoint; /* NULL if the address is not valid */
  GError *endpoint_error;   /* why */
};

G_DEFINE_FINAL_TYPE (DevboxInstance, devbox_instance, G_TYPE_OBJECT)

enum
{
  PROP_CLIENT = 1,
  PROP_AGENT_URL,
  PROP_TOKEN,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static void
clear_token (DevboxInstance *self)
{
  if (self->token != NULL)
    explicit_bzero (self->token, strlen (self->token));
  g_clear_pointer (&self->token, g_free);
}

static void
devbox_instance_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxInstance *self = DEVBOX_INSTANCE (object);

  switch (property_id)
    {
    case PROP_CLIENT:
      g_value_set_object (value, self->client);
      break;
    case PROP_AGENT_URL:
      g_value_set_string (value, self->agent_url);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_instance_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  DevboxInstance *self = DEVBOX_INSTANCE (object);

  switch (property_id)
    {
    case PROP_CLIENT:
      self->client = g_value_dup_object (value);
      break;
    case PROP_AGENT_URL:
      self->agent_url = g_value_dup_string (value);
      break;
    case PROP_TOKEN:
      self->token = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_instance_constructed (GObject *object)
{
  DevboxInstance *self = DEVBOX_INSTANCE (object);

  G_OBJECT_CLASS (devbox_instance_parent_class)->constructed (object);

  if (self->client == NULL)
    self->client = devbox_client_new ();
  self->endpoint = devbox_endpoint_new (self->agent_url != NULL ? self->agent_url : "", self->token, &self->endpoint_error);
  clear_token (self);
}

static void
devbox_instance_finalize (GObject *object)
{
  DevboxInstance *self = DEVBOX_INSTANCE (object);

  g_clear_object (&self->client);
  g_clear_pointer (&self->endpoint, devbox_endpoint_unref);
  g_clear_error (&self->endpoint_error);
  g_free (self->agent_url);
  clear_token (self);

  G_OBJECT_CLASS (devbox_instance_parent_class)->finalize (object);
}

static void
devbox_instance_class_init (DevboxInstanceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = devbox_instance_get_property;
  object_class->set_property = devbox_instance_set_property;
  object_class->constructed = devbox_instance_constructed;
  object_class->finalize = devbox_instance_finalize;

  /**
   * DevboxInstance:client: (attributes org.gtk.Property.get=devbox_instance_get_client)
   *
   * The client that makes the calls; one of its own if none was given.
   *
   * Since: 1.0
   */
  properties[PROP_CLIENT] = g_param_spec_object ("client",
                                                 NULL,
                                                 NULL,
                                                 DEVBOX_TYPE_CLIENT,
                                                 G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:agent-url: (attributes org.gtk.Property.get=devbox_instance_get_agent_url)
   *
   * The address of the agent, such as `http://127.0.0.1:3000`.
   *
   * Since: 1.0
   */
  properties[PROP_AGENT_URL] = g_param_spec_string (
      "agent-url", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:token:
   *
   * The token that the agent asks for, if it does.
   *
   * Since: 1.0
   */
  properties[PROP_TOKEN] = g_param_spec_string (
      "token", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_instance_init (DevboxInstance *self)
{
}

/**
 * devbox_instance_new_for_agent:
 * @agent_url: the address of the agent, such as `http://127.0.0.1:3000`
 * @token: (nullable): the token that the agent asks for, or %NULL
 *
 * Makes an instance for the agent at an address, with a [class@Client] of its own.
 *
 * Nothing is sent yet. If @agent_url is no `http` or `https` address, or @token cannot be a token, each call on the
 * instance fails with %DEVBOX_ERROR_VALIDATION_ERROR.
 *
 * Returns: (transfer full): a new instance
 *
 * Since: 1.0
 */
DevboxInstance *
devbox_instance_new_for_agent (const char *agent_url, const char *token)
{
  g_return_val_if_fail (agent_url != NULL, NULL);

  return g_object_new (DEVBOX_TYPE_INSTANCE, "agent-url", agent_url, "token", token, NULL);
}

/**
 * devbox_instance_new_for_agent_with_client:
 * @client: the client that makes the calls
 * @agent_url: the address of the agent, such as `http://127.0.0.1:3000`
 * @token: (nullable): the token that the agent asks for, or %NULL
 *
 * Makes an instance for the agent at an address, which shares a client with others.
 *
 * Nothing is sent yet. If @agent_url is no `http` or `https` address, or @token cannot be a token, each call on the
 * instance fails with %DEVBOX_ERROR_VALIDATION_ERROR.
 *
 * Returns: (transfer full): a new instance
 *
 * Since: 1.0
 */
DevboxInstance *
devbox_instance_new_for_agent_with_client (DevboxClient *client, const char *agent_url, const char *token)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (client), NULL);
  g_return_val_if_fail (agent_url != NULL, NULL);

  return g_object_new (DEVBOX_TYPE_INSTANCE, "client", client, "agent-url", agent_url, "token", token, NULL);
}

/**
 * devbox_instance_get_client: (attributes org.gtk.Method.get_property=client)
 * @self: an instance
 *
 * Gets the client that makes the calls.
 *
 * Returns: (transfer none): the client
 *
 * Since: 1.0
 */
DevboxClient *
devbox_instance_get_client (DevboxInstance *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  return self->client;
}

/**
 * devbox_instance_get_agent_url: (attributes org.gtk.Method.get_property=agent-url)
 * @self: an instance
 *
 * Gets the address of the agent.
 *
 * Returns: (transfer none): the address, as it was given
 *
 * Since: 1.0
 */
const char *
devbox_instance_get_agent_url (DevboxInstance *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  return self->agent_url;
}

static gboolean
check_endpoint (DevboxInstance *self, GError **error)
{
  if (self->endpoint != NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->endpoint_error));
  return FALSE;
}

/* What was wrong before anything was sent. Takes the error. */
static void
return_error (GTask *task, GError *error)
{
  g_task_return_error (task, devbox_error_complete (error, &(DevboxErrorDetails) { 0 }));
}

/* Takes the request, or else the error. */
static void
call_async (DevboxInstance *self, GTask *task, DevboxRequest *request, GError *error)
{
  if (request != NULL)
    devbox_client_call_async (self->client, self->endpoint, request, task);
  else
    return_error (task, error);
}

/* Python asks for the story of the error afterwards. Takes the cause. */
static void
fail (GError *cause, GError **error)
{
  devbox_error_info_note (cause);
  g_propagate_error (error, cause);
}

/* Takes the request, or else the cause. */
static gpointer
call_sync (DevboxInstance *self, DevboxRequest *request, GError *cause, GCancellable *cancellable, GError **error)
{
  gpointer value = NULL;

  if (request != NULL)
    value = devbox_client_call_sync (self->client, self->endpoint, request, cancellable, &cause);
  else
    cause = devbox_error_complete (cause, &(DevboxErrorDetails) { 0 });
  if (cause != NULL)
    fail (cause, error);

  return value;
}

/* An agent that is away is an answer; a call that could not be made is an error. */
static gboolean
finish_health (DevboxInstance *self, gpointer health, GError *cause, GError **error)
{
  if (cause == NULL)
    return GPOINTER_TO_INT (health) == DEVBOX_HEALTH_HEALTHY;

  if (self->endpoint == NULL || devbox_client_is_closed (self->client)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    fail (cause, error);
  else
    g_error_free (cause);

  return FALSE;
}

/**
 * devbox_instance_is_healthy_async:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the answer is there
 * @user_data: what to give to @callback
 *
 * Asks the agent whether it is well.
 *
 * Since: 1.0
 */
void
devbox_instance_is_healthy_async (DevboxInstance *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_is_healthy_async);

  if (check_endpoint (self, &error))
    request = devbox_health_request_new ();
  call_async (self, task, request, error);
}

/**
 * devbox_instance_is_healthy_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.is_healthy_async].
 *
 * It is no error if the agent says that it is not well, if it cannot be reached, or if it does not answer in time: then
 * the answer is %FALSE. Errors are %G_IO_ERROR_CANCELLED; %DEVBOX_ERROR_VALIDATION_ERROR if the address of the agent is not
 * valid; %DEVBOX_ERROR_CONNECTION_FAILED if the client is closed.
 *
 * Returns: %TRUE if the agent is well; %FALSE if it is not, or @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_is_healthy_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  GError *cause = NULL;
  gpointer health;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  health = g_task_propagate_pointer (G_TASK (result), &cause);

  return finish_health (self, health, cause, error);
}

/**
 * devbox_instance_is_healthy_sync:
 * @self: an instance
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Asks the agent whether it is well, and waits for the answer.
 *
 * See [method@Instance.is_healthy_finish] for what is an error and what is not.
 *
 * Returns: %TRUE if the agent is well; %FALSE if it is not, or @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_is_healthy_sync (DevboxInstance *self, GCancellable *cancellable, GError **error)
{
  GError *cause = NULL;
  gpointer health = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);

  if (check_endpoint (self, &cause))
    health = devbox_client_call_sync (self->client, self->endpoint, devbox_health_request_new (), cancellable, &cause);

  return finish_health (self, health, cause, error);
}

/**
 * devbox_instance_load_file_async:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the file is there
 * @user_data: what to give to @callback
 *
 * Loads a whole file into memory.
 *
 * Since: 1.0
 */
void
devbox_instance_load_file_async (DevboxInstance *self,
                                 const char *path,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (path != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_load_file_async);

  if (check_endpoint (self, &error))
    request = devbox_read_file_request_new (path, &error);
  call_async (self, task, request, error);
}

/**
 * devbox_instance_load_file_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.load_file_async].
 *
 * In Python the result is a `bytes` object.
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if the path leaves the workspace;
 * %DEVBOX_ERROR_VALIDATION_ERROR if the path is empty, not UTF-8, or that of a folder.
 *
 * Returns: (transfer full): the bytes of the file, or %NULL if @error is set
 *
 * Since: 1.0
 */
GBytes *
devbox_instance_load_file_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_load_file_sync:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Loads a whole file into memory, and waits for it.
 *
 * See [method@Instance.load_file_finish] for the errors.
 *
 * Returns: (transfer full): the bytes of the file, or %NULL if @error is set
 *
 * Since: 1.0
 */
GBytes *
devbox_instance_load_file_sync (DevboxInstance *self, const char *path, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);

  if (check_endpoint (self, &cause))
    request = devbox_read_file_request_new (path, &cause);

  return call_sync (self, request, cause, cancellable, error);
}

/* The work of putting large contents into a request; it belongs to the task of the call, so that no reference of the caller's ends in the worker. */
typedef struct
{
  char *path;
  GBytes *contents;
  guint mode;
} Replacement;

static void
replacement_free (gpointer data)
{
  Replacement *replacement = data;

  g_free (replacement->path);
  g_bytes_unref (replacement->contents);
  g_free (replacement);
}

static void
build_replacement (GTask *worker, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Replacement *replacement = task_data;
  GError *error = NULL;
  DevboxRequest *request
      = devbox_write_file_request_new (replacement->path, replacement->contents, replacement->mode, &error);

  if (request != NULL)
    g_task_return_pointer (worker, request, (GDestroyNotify) devbox_request_free);
  else
    g_task_return_error (worker, error);
}

static void
replacement_is_built (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  DevboxRequest *request = g_task_propagate_pointer (G_TASK (result), &error);

  call_async (g_task_get_source_object (task), task, request, error);
}

static void
build_replacement_in_worker (GTask *task, const char *path, GBytes *contents, guint mode)
{
  g_autoptr (GTask) worker = g_task_new (NULL, NULL, replacement_is_built, g_object_ref (task));
  Replacement *replacement = g_new0 (Replacement, 1);

  replacement->path = g_strdup (path);
  replacement->contents = g_bytes_ref (contents);
  replacement->mode = mode;
  g_task_set_task_data (task, replacement, replacement_free);

  g_task_set_source_tag (worker, build_replacement_in_worker);
  g_task_set_task_data (worker, replacement, NULL);
  g_task_run_in_thread (worker, build_replacement);
}

/**
 * devbox_instance_replace_file_async:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8; folders that are missing are made
 * @contents: what the file shall hold
 * @mode: the permissions of the file, such as 0755, or 0 to leave them to the agent; up to 07777
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the file is written
 * @user_data: what to give to @callback
 *
 * Writes a whole file, in place of what was there.
 *
 * Nobody ever sees half of it: the file is replaced at once, when all of it has arrived.
 *
 * In Python, @contents may be `bytes`, a `bytearray`, a `memoryview` or a `str`, and @mode may be left out.
 *
 * Since: 1.0
 */
void
devbox_instance_replace_file_async (DevboxInstance *self,
                                    const char *path,
                                    GBytes *contents,
                                    guint mode,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (path != NULL);
  g_return_if_fail (contents != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_replace_file_async);

  if (!check_endpoint (self, &error))
    return_error (task, error);
  else if (g_bytes_get_size (contents) > MAX_INLINE_SIZE)
    build_replacement_in_worker (task, path, contents, mode);
  else
    {
      DevboxRequest *request = devbox_write_file_request_new (path, contents, mode, &error);

      call_async (self, task, request, error);
    }
}

/**
 * devbox_instance_replace_file_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.replace_file_async].
 *
 * Errors: %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if the path leaves the workspace; %DEVBOX_ERROR_FILE_TOO_LARGE if the agent takes
 * no file of that size; %DEVBOX_ERROR_DISK_FULL; %DEVBOX_ERROR_FILE_TRANSFER_FAILED if something else than the contents was
 * written; %DEVBOX_ERROR_VALIDATION_ERROR if the path is empty, not UTF-8, or that of a folder, or the mode is too large.
 *
 * Returns: %TRUE if the file is written, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_replace_file_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return devbox_client_call_finish (result, error) != NULL;
}

/**
 * devbox_instance_replace_file_sync:
 * @self: an instance
 * @path: a file in the workspace, in UTF-8; folders that are missing are made
 * @contents: what the file shall hold
 * @mode: the permissions of the file, such as 0755, or 0 to leave them to the agent; up to 07777
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Writes a whole file, in place of what was there, and waits until that is done.
 *
 * See [method@Instance.replace_file_async], and [method@Instance.replace_file_finish] for the errors.
 *
 * Returns: %TRUE if the file is written, %FALSE if @error is set
 *
 * Since: 1.0
 */
gboolean
devbox_instance_replace_file_sync (DevboxInstance *self,
                                   const char *path,
                                   GBytes *contents,
                                   guint mode,
                                   GCancellable *cancellable,
                                   GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (contents != NULL, FALSE);

  if (check_endpoint (self, &cause))
    request = devbox_write_file_request_new (path, contents, mode, &cause);

  return call_sync (self, request, cause, cancellable, error) != NULL;
}

/**
 * devbox_instance_run_async:
 * @self: an instance
 * @command: what to run
 * @cancellable: (nullable): a cancellable, or %NULL
 * @callback: (scope async): what to call when the command has ended
 * @user_data: what to give to @callback
 *
 * Runs a command to its end, and gathers what it writes.
 *
 * The deadline of the call is [property@Command:timeout] plus [property@Client:timeout].
 *
 * Since: 1.0
 */
void
devbox_instance_run_async (DevboxInstance *self,
                           DevboxCommand *command,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  DevboxRequest *request = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (DEVBOX_IS_COMMAND (command));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_run_async);

  if (check_endpoint (self, &error))
    request = devbox_run_request_new (command, devbox_client_get_timeout (self->client), &error);
  call_async (self, task, request, error);
}

/**
 * devbox_instance_run_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.run_async].
 *
 * A command that ends with an exit code other than 0 is no error. Errors: %DEVBOX_ERROR_OPERATION_TIMEOUT if the command ran
 * into its time limit, with what it wrote until then in [method@ErrorInfo.get_command_result];
 * %DEVBOX_ERROR_VALIDATION_ERROR if the command is empty or not UTF-8, or cannot be started;
 * %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if its folder leaves the workspace.
 *
 * Returns: (transfer full): what became of the command, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxCommandResult *
devbox_instance_run_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_run_sync:
 * @self: an instance
 * @command: what to run
 * @cancellable: (nullable): a cancellable, or %NULL
 * @error: where to put an error
 *
 * Runs a command, gathers what it writes, and waits for its end.
 *
 * See [method@Instance.run_finish] for the errors.
 *
 * Returns: (transfer full): what became of the command, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxCommandResult *
devbox_instance_run_sync (DevboxInstance *self, DevboxCommand *command, GCancellable *cancellable, GError **error)
{
  DevboxRequest *request = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (DEVBOX_IS_COMMAND (command), NULL);

  if (check_endpoint (self, &cause))
    request = devbox_run_request_new (command, devbox_client_get_timeout (self->client), &cause);

  return call_sync (self, request, cause, cancellable, error);
}

/* The workspace itself may be the empty path here, as the wire has it. */
static gboolean
check_monitor (DevboxInstance *self, const char *path, GError **error)
{
  return check_endpoint (self, error) && devbox_request_check_text (_ ("path"), path, error);
}

/**
 * devbox_instance_monitor_files_async:
 * @self: an instance
 * @path: a folder or file in the workspace, in UTF-8; `.` or the empty string for the workspace itself
 * @flags: what to watch, and what not
 * @cancellable: (nullable): a cancellable, or %NULL; it counts until the agent watches
 * @callback: (scope async): what to call when the agent watches
 * @user_data: what to give to @callback
 *
 * Asks the agent to tell of changes to files.
 *
 * The signals of the monitor come in the main context that is the thread-default one now.
 *
 * Since: 1.0
 */
void
devbox_instance_monitor_files_async (DevboxInstance *self,
                                     const char *path,
                                     DevboxFileMonitorFlags flags,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (DEVBOX_IS_INSTANCE (self));
  g_return_if_fail (path != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, devbox_instance_monitor_files_async);

  if (check_monitor (self, path, &error))
    devbox_file_monitor_start_async (&(DevboxFileMonitorTarget) { self->client, self->endpoint, path, flags }, task);
  else
    return_error (task, error);
}

/**
 * devbox_instance_monitor_files_finish:
 * @self: an instance
 * @result: what the callback got
 * @error: where to put an error
 *
 * Ends [method@Instance.monitor_files_async].
 *
 * When this returns the agent watches: whatever happens from then on is told.
 *
 * Errors: %DEVBOX_ERROR_FILE_NOT_FOUND; %DEVBOX_ERROR_PATH_TRAVERSAL_DETECTED if the path leaves the workspace;
 * %DEVBOX_ERROR_VALIDATION_ERROR if it is not UTF-8; %DEVBOX_ERROR_DEVBOX_NOT_FOUND if nobody watches at that address;
 * %DEVBOX_ERROR_DEVBOX_OPERATION_FAILED if the agent refuses for another reason.
 *
 * Returns: (transfer full): a monitor, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxFileMonitor *
devbox_instance_monitor_files_finish (DevboxInstance *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return devbox_client_call_finish (result, error);
}

/**
 * devbox_instance_monitor_files_sync:
 * @self: an instance
 * @path: a folder or file in the workspace, in UTF-8; `.` or the empty string for the workspace itself
 * @flags: what to watch, and what not
 * @cancellable: (nullable): a cancellable, or %NULL; it counts until the agent watches
 * @error: where to put an error
 *
 * Asks the agent to tell of changes to files, and waits until it does.
 *
 * The signals of the monitor come in the main context that is the thread-default one now, when that runs. See
 * [method@Instance.monitor_files_finish] for the errors.
 *
 * Returns: (transfer full): a monitor, or %NULL if @error is set
 *
 * Since: 1.0
 */
DevboxFileMonitor *
devbox_instance_monitor_files_sync (DevboxInstance *self,
                                    const char *path,
                                    DevboxFileMonitorFlags flags,
                                    GCancellable *cancellable,
                                    GError **error)
{
  DevboxFileMonitor *monitor = NULL;
  GError *cause = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);

  if (check_monitor (self, path, &cause))
    monitor = devbox_file_monitor_start_sync (
        &(DevboxFileMonitorTarget) { self->client, self->endpoint, path, flags }, cancellable, &cause);
  if (cause != NULL)
    fail (devbox_error_complete (cause, &(DevboxErrorDetails) { .path = path }), error);

  return monitor;
}
