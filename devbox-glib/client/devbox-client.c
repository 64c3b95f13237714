/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"

#include "devbox-call-core-private.h"
#include "devbox-client-hooks-private.h"
#include "devbox-enum-types.h"
#include "devbox-platform-source-private.h"
#include "devbox-pool-state-private.h"
#include "devbox-pool.h"
#include "devbox-request-checks-private.h"

#define MAX_AGENTS 256
#define MAX_MAX_RETRIES 100
#define DEFAULT_USER_AGENT "devbox-glib/" DEVBOX_VERSION_STRING

/**
 * DevboxClient:
 *
 * A platform with its devboxes, and what calls have in common: connections, time limits, and the thread in which they
 * are carried out.
 *
 * [method@Client.create_instance_async] makes a devbox, [method@Client.get_instance_async] finds one by its name, and
 * [method@Client.list_instances_async] lists all of them; what they give, [class@Instance], can do with one devbox what
 * the functions here do by its name. Where the platform is, and how it lets the program in, is found out at the first
 * call that needs it.
 *
 * A client does its input and output in a thread of its own, which starts with the first call and ends after the last
 * reference to the client is gone. Results come back in the main context that was the thread's default when a call was
 * made, so a program need not know about that thread; blocking calls need no main loop. A call keeps its client alive
 * until it has ended.
 *
 * All functions may be called in any thread.
 *
 * Every call has a deadline, [property@Client:timeout], and takes a [class@Gio.Cancellable]; a cancelled call fails
 * with %G_IO_ERROR_CANCELLED. All other errors are of the domain [error@Error]; [func@ErrorInfo.from_error] tells more
 * about them. Some can meet any call: %DEVBOX_ERROR_OPERATION_TIMEOUT if the deadline passes,
 * %DEVBOX_ERROR_CONNECTION_FAILED, %DEVBOX_ERROR_CONNECTION_TIMEOUT and %DEVBOX_ERROR_SERVER_UNAVAILABLE if the other
 * side cannot be reached, %DEVBOX_ERROR_CONNECTION_POOL_EXHAUSTED if no connection became free in time,
 * %DEVBOX_ERROR_INVALID_KUBECONFIG if there is no way to the platform, %DEVBOX_ERROR_AUTHENTICATION_FAILED if it does
 * not let the program in, and %DEVBOX_ERROR_RATE_LIMITED if it was asked for too much.
 *
 * Since: 1.0
 */
struct _DevboxClient
{
  GObject parent_instance;

  DevboxPool *pool;
  char *user_agent;
  int is_closed; /* atomic */
  DevboxClientSettings *settings;
  DevboxPlatformSource *platform_source;
  DevboxClientHooks *hooks;
  GMutex mutex;
  GHashTable *agents; /* by the name of the devbox */

  DevboxIoThread *thread;
  DevboxClientCore *core;
};

G_DEFINE_FINAL_TYPE (DevboxClient, devbox_client, G_TYPE_OBJECT)

enum
{
  PROP_POOL = 1,
  PROP_KUBECONFIG,
  PROP_AUTHENTICATOR,
  PROP_BASE_URL,
  PROP_AUTHORIZATION_FORM,
  PROP_TIMEOUT,
  PROP_PATH_POLICY,
  PROP_METRICS,
  PROP_TRACEPARENT,
  PROP_MAX_RETRIES,
  PROP_RETRY_DELAY,
  PROP_USER_AGENT,
  PROP_CLOSED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
devbox_client_constructed (GObject *object)
{
  DevboxClient *self = DEVBOX_CLIENT (object);
  g_autoptr (GError) error = NULL;

  G_OBJECT_CLASS (devbox_client_parent_class)->constructed (object);

  if (self->pool == NULL)
    self->pool = devbox_pool_new ();
  if (self->user_agent != NULL && !devbox_request_check_user_agent (self->user_agent, &error))
    {
      g_critical ("%s", error->message);
      g_clear_pointer (&self->user_agent, g_free);
    }
  if (self->user_agent == NULL)
    self->user_agent = g_strdup (DEFAULT_USER_AGENT);

  self->thread = devbox_io_thread_new ();
  self->core
      = devbox_client_core_new (self->thread, devbox_pool_get_state (self->pool), self->settings, self->user_agent);
}

/* What the I/O thread still asks for itself ends with the client. */
static void
shut_down_core (gpointer core)
{
  devbox_client_core_close_once (core);
  devbox_client_core_unref (core);
}

static void
devbox_client_finalize (GObject *object)
{
  DevboxClient *self = DEVBOX_CLIENT (object);

  devbox_io_thread_stop (self->thread, shut_down_core, self->core);
  devbox_io_thread_unref (self->thread);
  g_object_unref (self->pool);
  g_hash_table_unref (self->agents);
  devbox_client_hooks_free (self->hooks);
  devbox_platform_source_unref (self->platform_source);
  devbox_client_settings_unref (self->settings);
  g_mutex_clear (&self->mutex);
  g_free (self->user_agent);

  G_OBJECT_CLASS (devbox_client_parent_class)->finalize (object);
}

static void
devbox_client_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxClient *self = DEVBOX_CLIENT (object);

  switch (property_id)
    {
    case PROP_POOL:
      g_value_set_object (value, self->pool);
      break;
    case PROP_KUBECONFIG:
      g_value_take_object (value, devbox_client_dup_kubeconfig (self));
      break;
    case PROP_AUTHENTICATOR:
      g_value_take_object (value, devbox_client_dup_authenticator (self));
      break;
    case PROP_BASE_URL:
      g_value_take_string (value, devbox_client_dup_base_url (self));
      break;
    case PROP_AUTHORIZATION_FORM:
      g_value_set_enum (value, devbox_client_get_authorization_form (self));
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, devbox_client_get_timeout (self));
      break;
    case PROP_PATH_POLICY:
      g_value_take_object (value, devbox_client_dup_path_policy (self));
      break;
    case PROP_METRICS:
      g_value_take_object (value, devbox_client_dup_metrics (self));
      break;
    case PROP_TRACEPARENT:
      g_value_take_string (value, devbox_client_dup_traceparent (self));
      break;
    case PROP_MAX_RETRIES:
      g_value_set_uint (value, devbox_client_get_max_retries (self));
      break;
    case PROP_RETRY_DELAY:
      g_value_set_uint (value, devbox_client_get_retry_delay (self));
      break;
    case PROP_USER_AGENT:
      g_value_set_string (value, self->user_agent);
      break;
    case PROP_CLOSED:
      g_value_set_boolean (value, devbox_client_is_closed (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_client_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  DevboxClient *self = DEVBOX_CLIENT (object);

  switch (property_id)
    {
    case PROP_POOL:
      self->pool = g_value_dup_object (value);
      break;
    case PROP_KUBECONFIG:
      devbox_client_set_kubeconfig (self, g_value_get_object (value));
      break;
    case PROP_AUTHENTICATOR:
      devbox_client_set_authenticator (self, g_value_get_object (value));
      break;
    case PROP_BASE_URL:
      devbox_client_set_base_url (self, g_value_get_string (value));
      break;
    case PROP_AUTHORIZATION_FORM:
      devbox_client_set_authorization_form (self, g_value_get_enum (value));
      break;
    case PROP_TIMEOUT:
      devbox_client_set_timeout (self, g_value_get_uint (value));
      break;
    case PROP_PATH_POLICY:
      devbox_client_set_path_policy (self, g_value_get_object (value));
      break;
    case PROP_METRICS:
      devbox_client_set_metrics (self, g_value_get_object (value));
      break;
    case PROP_TRACEPARENT:
      devbox_client_set_traceparent (self, g_value_get_string (value));
      break;
    case PROP_MAX_RETRIES:
      devbox_client_set_max_retries (self, g_value_get_uint (value));
      break;
    case PROP_RETRY_DELAY:
      devbox_client_set_retry_delay (self, g_value_get_uint (value));
      break;
    case PROP_USER_AGENT:
      self->user_agent = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_client_class_init (DevboxClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = devbox_client_constructed;
  object_class->finalize = devbox_client_finalize;
  object_class->get_property = devbox_client_get_property;
  object_class->set_property = devbox_client_set_property;

  /**
   * DevboxClient:pool:
   *
   * The client's connections and their rules; a pool with the default rules when none is given.
   *
   * Since: 1.0
   */
  properties[PROP_POOL] = g_param_spec_object ("pool", NULL, NULL, DEVBOX_TYPE_POOL,
                                               G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxClient:kubeconfig:
   *
   * The credential by which the platform lets the client in; that of the default places if none is set.
   *
   * Since: 1.0
   */
  properties[PROP_KUBECONFIG]
      = g_param_spec_object ("kubeconfig", NULL, NULL, DEVBOX_TYPE_KUBECONFIG,
                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DevboxClient:authenticator:
   *
   * What is asked for a credential instead of the kubeconfig.
   *
   * Since: 1.0
   */
  properties[PROP_AUTHENTICATOR]
      = g_param_spec_object ("authenticator", NULL, NULL, DEVBOX_TYPE_AUTHENTICATOR,
                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DevboxClient:base-url:
   *
   * The address of the platform; that of the kubeconfig if none is set, and if that has none `https://api.sealos.io`.
   *
   * Since: 1.0
   */
  properties[PROP_BASE_URL] = g_param_spec_string (
      "base-url", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DevboxClient:authorization-form:
   *
   * How the kubeconfig is sent: as today's platform wants it, or as it was specified.
   *
   * Since: 1.0
   */
  properties[PROP_AUTHORIZATION_FORM] = g_param_spec_enum (
      "authorization-form", NULL, NULL, DEVBOX_TYPE_AUTHORIZATION_FORM, DEVBOX_AUTHORIZATION_FORM_PLAIN,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DevboxClient:timeout:
   *
   * How long a call may take in all, in milliseconds; 0 for no limit.
   *
   * It counts the time in which a call waits for a connection, connects, sends and reads. A call that runs into it ends
   * with %DEVBOX_ERROR_OPERATION_TIMEOUT. Calls that are known to take long have a limit of their own instead.
   *
   * Since: 1.0
   */
  properties[PROP_TIMEOUT] = g_param_spec_uint ("timeout", NULL, NULL, 0, G_MAXUINT, 30 * 1000,
                                                G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DevboxClient:path-policy:
   *
   * What decides which paths may be sent; never %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_PATH_POLICY]
      = g_param_spec_object ("path-policy", NULL, NULL, DEVBOX_TYPE_PATH_POLICY,
                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DevboxClient:metrics:
   *
   * What counts the client's calls; never %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_METRICS] = g_param_spec_object ("metrics", NULL, NULL, DEVBOX_TYPE_METRICS,
                                                  G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DevboxClient:traceparent:
   *
   * The trace that the client's calls belong to, as the `traceparent` header of W3C Trace Context has it; each call is
   * a trace of its own if it is %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_TRACEPARENT] = g_param_spec_string (
      "traceparent", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DevboxClient:max-retries:
   *
   * How often a request is sent again that failed for a reason which may pass; 0 for never.
   *
   * Such reasons are that no connection could be made or that it broke, and the HTTP statuses 429, 502, 503 and 504. A
   * request that the server might carry out twice, with another result, is sent again only when nothing of it had gone
   * out, or it has a key by which the server knows it again. All this counts towards [property@Devbox.Client:timeout].
   *
   * Since: 1.0
   */
  properties[PROP_MAX_RETRIES]
      = g_param_spec_uint ("max-retries", NULL, NULL, 0, MAX_MAX_RETRIES, 3,
                           G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DevboxClient:retry-delay:
   *
   * How long to wait before the first retry, in milliseconds.
   *
   * Each further wait is twice as long, and all of them vary by a quarter, so that programs which failed together do
   * not come back together. A server that tells with `Retry-After` when to come back is obeyed.
   *
   * Since: 1.0
   */
  properties[PROP_RETRY_DELAY]
      = g_param_spec_uint ("retry-delay", NULL, NULL, 0, G_MAXUINT, 1000,
                           G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * DevboxClient:user-agent:
   *
   * What servers are told about the program, in printable ASCII; the name and version of this library when nothing is
   * given.
   *
   * Since: 1.0
   */
  properties[PROP_USER_AGENT] = g_param_spec_string (
      "user-agent", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxClient:closed:
   *
   * Whether [method@Devbox.Client.close] was called.
   *
   * Since: 1.0
   */
  properties[PROP_CLOSED]
      = g_param_spec_boolean ("closed", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
devbox_client_init (DevboxClient *self)
{
  self->settings = devbox_client_settings_new ();
  self->platform_source = devbox_platform_source_new (self->settings);
  self->hooks = devbox_client_hooks_new (self->settings);
  self->agents = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) devbox_agent_unref);
  g_mutex_init (&self->mutex);
}

/**
 * devbox_client_new:
 *
 * Makes a client with a pool and time limit as they are by default.
 *
 * Returns: (transfer full): a new client
 *
 * Since: 1.0
 */
DevboxClient *
devbox_client_new (void)
{
  return g_object_new (DEVBOX_TYPE_CLIENT, NULL);
}

/**
 * devbox_client_get_pool:
 * @self: a client
 *
 * Gets the client's connections and their rules.
 *
 * Returns: (transfer none): the pool
 *
 * Since: 1.0
 */
DevboxPool *
devbox_client_get_pool (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);

  return self->pool;
}

/**
 * devbox_client_get_timeout:
 * @self: a client
 *
 * Gets how long a call may take in all.
 *
 * Returns: the time in milliseconds, or 0 for no limit
 *
 * Since: 1.0
 */
guint
devbox_client_get_timeout (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), 0);

  return devbox_client_settings_get_timeout (self->settings);
}

/**
 * devbox_client_set_timeout:
 * @self: a client
 * @timeout_ms: the time in milliseconds, or 0 for no limit
 *
 * Sets how long a call may take in all.
 *
 * Calls that were made before keep their limit.
 *
 * Since: 1.0
 */
void
devbox_client_set_timeout (DevboxClient *self, guint timeout_ms)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));

  if (devbox_client_get_timeout (self) == timeout_ms)
    return;

  devbox_client_settings_set_timeout (self->settings, timeout_ms);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TIMEOUT]);
}

/**
 * devbox_client_get_max_retries:
 * @self: a client
 *
 * Gets how often a request is sent again that failed for a reason which may pass.
 *
 * Returns: the number of retries, 0 for none
 *
 * Since: 1.0
 */
guint
devbox_client_get_max_retries (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), 0);

  return devbox_client_settings_get_max_retries (self->settings);
}

/**
 * devbox_client_set_max_retries:
 * @self: a client
 * @max_retries: the number of retries, 0 for none, at most 100
 *
 * Sets how often a request is sent again that failed for a reason which may pass.
 *
 * Calls that were made before keep their number. See [property@Devbox.Client:max-retries].
 *
 * Since: 1.0
 */
void
devbox_client_set_max_retries (DevboxClient *self, guint max_retries)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));
  g_return_if_fail (max_retries <= MAX_MAX_RETRIES);

  if (devbox_client_get_max_retries (self) == max_retries)
    return;

  devbox_client_settings_set_max_retries (self->settings, max_retries);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_RETRIES]);
}

/**
 * devbox_client_get_retry_delay:
 * @self: a client
 *
 * Gets how long to wait before the first retry.
 *
 * Returns: the time in milliseconds
 *
 * Since: 1.0
 */
guint
devbox_client_get_retry_delay (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), 0);

  return devbox_client_settings_get_retry_delay (self->settings);
}

/**
 * devbox_client_set_retry_delay:
 * @self: a client
 * @delay_ms: the time in milliseconds
 *
 * Sets how long to wait before the first retry.
 *
 * Calls that were made before keep their delay. See [property@Devbox.Client:retry-delay].
 *
 * Since: 1.0
 */
void
devbox_client_set_retry_delay (DevboxClient *self, guint delay_ms)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));

  if (devbox_client_get_retry_delay (self) == delay_ms)
    return;

  devbox_client_settings_set_retry_delay (self->settings, delay_ms);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RETRY_DELAY]);
}

/**
 * devbox_client_get_user_agent:
 * @self: a client
 *
 * Gets what servers are told about the program.
 *
 * Returns: the text of the `User-Agent` header
 *
 * Since: 1.0
 */
const char *
devbox_client_get_user_agent (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), NULL);

  return self->user_agent;
}

/**
 * devbox_client_close:
 * @self: a client
 *
 * Ends all calls and closes all connections.
 *
 * Every call that has not ended yet ends with %DEVBOX_ERROR_CONNECTION_FAILED, and so does every call made afterwards.
 * This function does not wait for that. A client need not be closed: its connections end with it. Closing it again does
 * nothing.
 *
 * Since: 1.0
 */
void
devbox_client_close (DevboxClient *self)
{
  g_return_if_fail (DEVBOX_IS_CLIENT (self));

  if (!g_atomic_int_compare_and_exchange (&self->is_closed, FALSE, TRUE))
    return;

  devbox_platform_source_close (self->platform_source);
  /* The core outlives what is invoked in its thread. */
  devbox_io_thread_invoke (self->thread, devbox_client_core_close_once, self->core, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CLOSED]);
}

/**
 * devbox_client_is_closed:
 * @self: a client
 *
 * Gets whether [method@Devbox.Client.close] was called.
 *
 * Returns: %TRUE when the client takes no more calls
 *
 * Since: 1.0
 */
gboolean
devbox_client_is_closed (DevboxClient *self)
{
  g_return_val_if_fail (DEVBOX_IS_CLIENT (self), TRUE);

  return g_atomic_int_get (&self->is_closed);
}

DevboxClientCore *
devbox_client_get_core (DevboxClient *self)
{
  return self->core;
}

DevboxClientSettings *
devbox_client_get_settings (DevboxClient *self)
{
  return self->settings;
}

DevboxClientHooks *
devbox_client_get_hooks (DevboxClient *self)
{
  return self->hooks;
}

DevboxPlatformSource *
devbox_client_get_platform_source (DevboxClient *self)
{
  return self->platform_source;
}

/* However many devboxes a program goes through, those that it has done with are not kept for ever. */
static gboolean
is_of_no_use (gpointer name, gpointer agent, gpointer data)
{
  return !devbox_agent_is_shared (agent);
}

DevboxAgent *
devbox_client_ref_agent (DevboxClient *self, const char *devbox_name)
{
  DevboxAgent *agent;

  g_mutex_lock (&self->mutex);
  agent = g_hash_table_lookup (self->agents, devbox_name);
  if (agent == NULL)
    {
      if (g_hash_table_size (self->agents) >= MAX_AGENTS)
        g_hash_table_foreach_remove (self->agents, is_of_no_use, NULL);
      agent = devbox_agent_new_for_devbox (devbox_name);
      g_hash_table_insert (self->agents, (gpointer) devbox_agent_get_devbox_name (agent), agent);
    }
  devbox_agent_ref (agent);
  g_mutex_unlock (&self->mutex);

  return agent;
}

/* Another platform, or another user of it, may call another devbox by the same name. Instances keep theirs. */
void
devbox_client_forget_agents (DevboxClient *self)
{
  g_mutex_lock (&self->mutex);
  g_hash_table_remove_all (self->agents);
  g_mutex_unlock (&self->mutex);
}

gboolean
devbox_client_in_io_thread (DevboxClient *self)
{
  return devbox_io_thread_is_current (self->thread);
}

void
devbox_client_invoke (DevboxClient *self, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  devbox_io_thread_invoke (self->thread, func, data, destroy);
}

gulong
devbox_client_add_close_func (DevboxClient *self, GFunc func, gpointer data)
{
  return devbox_client_core_add_close_func (self->core, func, data);
}

void
devbox_client_remove_close_func (DevboxClient *self, gulong id)
{
  devbox_client_core_remove_close_func (self->core, id);
}
