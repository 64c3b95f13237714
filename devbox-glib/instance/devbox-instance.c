/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-agent-private.h"
#include "devbox-body-feed-private.h"
#include "devbox-client.h"
#include "devbox-error-private.h"
#include "devbox-health-request-private.h"

#include <string.h>

/**
 * DevboxInstance:
 *
 * A devbox: its files, its commands, and what happens in it.
 *
 * [ctor@Instance.new_for_agent] makes one for the agent at an address; nothing else is needed. Each operation comes in
 * two forms: `…_async`, with its `…_finish`, which ends in the main context that was the thread-default one at the
 * call, and `…_sync`, which blocks and runs no main loop. Any thread may make calls, and any number at a time.
 *
 * Every call has a deadline, [property@Client:timeout], and takes a [class@Gio.Cancellable]; a cancelled call fails
 * with %G_IO_ERROR_CANCELLED. All other errors are of the domain [error@Error]; [func@ErrorInfo.from_error] tells more
 * about them. Four of them can meet any call: %DEVBOX_ERROR_OPERATION_TIMEOUT if the deadline passes,
 * %DEVBOX_ERROR_CONNECTION_FAILED and %DEVBOX_ERROR_CONNECTION_TIMEOUT if the agent cannot be reached, and
 * %DEVBOX_ERROR_AUTHENTICATION_FAILED if it does not take the token.
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
  DevboxAgent *agent;       /* the same */
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
  self->endpoint
      = devbox_endpoint_new (self->agent_url != NULL ? self->agent_url : "", self->token, &self->endpoint_error);
  if (self->endpoint != NULL)
    self->agent = devbox_agent_new_for_endpoint (self->endpoint);
  clear_token (self);
}

static void
devbox_instance_finalize (GObject *object)
{
  DevboxInstance *self = DEVBOX_INSTANCE (object);

  g_clear_object (&self->client);
  g_clear_pointer (&self->endpoint, devbox_endpoint_unref);
  g_clear_pointer (&self->agent, devbox_agent_unref);
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
   * DevboxInstance:client:
   *
   * The client that makes the calls; one of its own if none was given.
   *
   * Since: 1.0
   */
  properties[PROP_CLIENT] = g_param_spec_object ("client", NULL, NULL, DEVBOX_TYPE_CLIENT,
                                                 G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:agent-url:
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
  properties[PROP_TOKEN] = g_param_spec_string ("token", NULL, NULL, NULL,
                                                G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

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
 * devbox_instance_get_client:
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
 * devbox_instance_get_agent_url:
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

DevboxAgent *
devbox_instance_get_agent (DevboxInstance *self)
{
  return self->agent;
}

gboolean
devbox_instance_check_endpoint (DevboxInstance *self, GError **error)
{
  if (self->endpoint != NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->endpoint_error));
  return FALSE;
}

gboolean
devbox_instance_check_path (DevboxInstance *self, const char *path, GError **error)
{
  return devbox_instance_check_endpoint (self, error) && devbox_client_check_path (self->client, path, error);
}

void
devbox_instance_return_error (GTask *task, GError *error)
{
  g_task_return_error (task, devbox_error_complete (error, &(DevboxErrorDetails){ 0 }));
}

void
devbox_instance_call_async (DevboxInstance *self, GTask *task, DevboxRequest *request, GError *error)
{
  devbox_client_agent_call_async (self->client, self->agent, task, request, error);
}

void
devbox_instance_fail (GError *cause, GError **error)
{
  devbox_client_fail (cause, error);
}

gpointer
devbox_instance_call_sync (DevboxInstance *self,
                           DevboxRequest *request,
                           GError *cause,
                           GCancellable *cancellable,
                           GError **error)
{
  return devbox_client_agent_call_sync (self->client, self->agent, request, cause, cancellable, error);
}

void
devbox_instance_upload_async (DevboxInstance *self,
                              GTask *task,
                              DevboxRequest *request,
                              GError *error,
                              GInputStream *contents,
                              goffset size)
{
  if (request != NULL)
    devbox_body_feed_call_async (self->client, self->agent, task, request, contents, size);
  else
    devbox_instance_return_error (task, error);
}

gpointer
devbox_instance_upload_sync (DevboxInstance *self,
                             DevboxRequest *request,
                             GError *cause,
                             GInputStream *contents,
                             goffset size,
                             GCancellable *cancellable,
                             GError **error)
{
  if (request == NULL)
    return devbox_instance_call_sync (self, NULL, cause, cancellable, error);

  return devbox_body_feed_call_sync (self->client, self->agent, request, contents, size, cancellable, error);
}

/* An agent that is away is an answer; a call that could not be made is an error. */
static gboolean
finish_health (DevboxInstance *self, gpointer health, GError *cause, GError **error)
{
  if (cause == NULL)
    return GPOINTER_TO_INT (health) == DEVBOX_HEALTH_HEALTHY;

  if (self->endpoint == NULL || devbox_client_is_closed (self->client)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    devbox_instance_fail (cause, error);
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

  if (devbox_instance_check_endpoint (self, &error))
    request = devbox_health_request_new ();
  devbox_instance_call_async (self, task, request, error);
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
 * the answer is %FALSE. Errors are %G_IO_ERROR_CANCELLED; %DEVBOX_ERROR_VALIDATION_ERROR if the address of the agent is
 * not valid; %DEVBOX_ERROR_CONNECTION_FAILED if the client is closed.
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

  if (devbox_instance_check_endpoint (self, &cause))
    health = devbox_client_call_sync (self->client, self->endpoint, devbox_health_request_new (), cancellable, &cause);

  return finish_health (self, health, cause, error);
}
