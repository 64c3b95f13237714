/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-client.h"
#include "devbox-enum-types.h"
#include "devbox-error-private.h"
#include "devbox-instance-info-private.h"
#include "devbox-platform-operation-private.h"
#include "devbox-platform-requests-private.h"
#include "devbox-property-equal-private.h"
#include "devbox-ssh-info.h"

#include <string.h>

/* What the instance knows: a snapshot, and what follows from it. */
typedef struct
{
  DevboxInstanceInfo *info;
  char *agent_url;
} Knowledge;

static void
knowledge_clear (Knowledge *knowledge)
{
  g_clear_object (&knowledge->info);
  g_clear_pointer (&knowledge->agent_url, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Knowledge, knowledge_clear)

/**
 * DevboxInstance:
 *
 * A devbox: its life, its files, its commands, and what happens in it.
 *
 * A [class@Client] makes, finds and lists the devboxes of a platform. [ctor@Instance.new_for_agent] makes one for the
 * agent at an address, and needs no platform; what only a platform can do fails there with
 * %DEVBOX_ERROR_VALIDATION_ERROR.
 *
 * The properties, from [property@Instance:status] to [property@Instance:ports], are what the platform told last: each
 * operation on the instance brings them up to date, and so does [method@Instance.refresh_async]. Their values are there
 * at once, in any thread; `notify` is emitted for those that changed, in the main context that was the thread-default
 * one when the instance was made.
 *
 * Each operation comes in two forms: `…_async`, with its `…_finish`, which ends in the main context that was the
 * thread-default one at the call, and `…_sync`, which blocks and runs no main loop. Any thread may make calls, and any
 * number at a time.
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
  char *token; /* until the agent is made */
  DevboxAgent *agent;
  GError *agent_error; /* why there is none */

  GMainContext *context; /* where changes are told */
  GMutex mutex;
  Knowledge knowledge;
  gint64 info_time; /* when that was so, in monotonic time */
};

G_DEFINE_FINAL_TYPE (DevboxInstance, devbox_instance, G_TYPE_OBJECT)

enum
{
  PROP_CLIENT = 1,
  PROP_AGENT_URL,
  PROP_TOKEN,
  /* Those of the DevboxInstanceInfo, by the same names. */
  PROP_NAME,
  PROP_UID,
  PROP_STATUS,
  PROP_STATUS_TEXT,
  PROP_REASON,
  PROP_RUNTIME,
  PROP_IMAGE,
  PROP_CPU,
  PROP_MEMORY,
  PROP_POD_IP,
  PROP_SSH,
  PROP_ENVIRON,
  PROP_PORTS,
  PROP_CREATED,
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
  g_autoptr (DevboxInstanceInfo) info = NULL;

  switch (property_id)
    {
    case PROP_CLIENT:
      g_value_set_object (value, self->client);
      break;
    case PROP_AGENT_URL:
      g_value_take_string (value, devbox_instance_dup_agent_url (self));
      break;
    case PROP_TOKEN:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      break;
    default:
      info = devbox_instance_dup_known_info (self);
      if (info != NULL)
        g_object_get_property (G_OBJECT (info), pspec->name, value);
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
      self->knowledge.agent_url = g_value_dup_string (value);
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
  g_autoptr (DevboxEndpoint) endpoint = NULL;

  G_OBJECT_CLASS (devbox_instance_parent_class)->constructed (object);

  if (self->client == NULL)
    self->client = devbox_client_new ();
  endpoint = devbox_endpoint_new (self->knowledge.agent_url != NULL ? self->knowledge.agent_url : "", self->token,
                                  &self->agent_error);
  if (endpoint != NULL)
    self->agent = devbox_agent_new_for_endpoint (endpoint);
  clear_token (self);
}

static void
devbox_instance_finalize (GObject *object)
{
  DevboxInstance *self = DEVBOX_INSTANCE (object);

  g_clear_object (&self->client);
  g_clear_pointer (&self->agent, devbox_agent_unref);
  g_clear_error (&self->agent_error);
  clear_token (self);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->mutex);
  knowledge_clear (&self->knowledge);

  G_OBJECT_CLASS (devbox_instance_parent_class)->finalize (object);
}

/* What the platform tells, and may tell otherwise later. */
static void
add_live_properties (void)
{
  /**
   * DevboxInstance:name:
   *
   * The name of the devbox; %NULL for an instance that was made for an agent. It stays the same.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:uid:
   *
   * What the platform tells this devbox from all others by, those included that had its name before; %NULL while
   * that is not known.
   *
   * Since: 1.0
   */
  properties[PROP_UID] = g_param_spec_string ("uid", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:status:
   *
   * The state that the devbox is in.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS]
      = g_param_spec_enum ("status", NULL, NULL, DEVBOX_TYPE_INSTANCE_STATUS, DEVBOX_INSTANCE_STATUS_UNKNOWN,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:status-text:
   *
   * The state that the devbox is in, in the platform's word; %NULL while that is not known.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS_TEXT]
      = g_param_spec_string ("status-text", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:reason:
   *
   * Why the devbox is in that state, where the platform tells; else %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_REASON] = g_param_spec_string ("reason", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:runtime:
   *
   * What the devbox was made from, such as `node.js`; %NULL while that is not known.
   *
   * Since: 1.0
   */
  properties[PROP_RUNTIME]
      = g_param_spec_string ("runtime", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:image:
   *
   * The container image of the devbox, where the platform tells; else %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_IMAGE] = g_param_spec_string ("image", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:cpu:
   *
   * How much processor the devbox may use, in thousandths of a core; 0 while that is not known.
   *
   * Since: 1.0
   */
  properties[PROP_CPU]
      = g_param_spec_uint ("cpu", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:memory:
   *
   * How much memory the devbox may use, in MiB; 0 while that is not known.
   *
   * Since: 1.0
   */
  properties[PROP_MEMORY]
      = g_param_spec_uint ("memory", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:pod-ip:
   *
   * The address that the devbox has among its own, where the platform tells; else %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_POD_IP] = g_param_spec_string ("pod-ip", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:ssh:
   *
   * How to reach the devbox by SSH, where the platform tells; else %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_SSH]
      = g_param_spec_object ("ssh", NULL, NULL, DEVBOX_TYPE_SSH_INFO, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:environ:
   *
   * The environment of the devbox, as `NAME=value`, where the platform tells; else %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_ENVIRON]
      = g_param_spec_boxed ("environ", NULL, NULL, G_TYPE_STRV, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:ports:
   *
   * The ports of the devbox that can be reached from outside: a list of [class@Port]; %NULL while that is not
   * known.
   *
   * Since: 1.0
   */
  properties[PROP_PORTS]
      = g_param_spec_object ("ports", NULL, NULL, G_TYPE_LIST_MODEL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * DevboxInstance:created:
   *
   * When the devbox was made, where the platform tells; else %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_CREATED]
      = g_param_spec_boxed ("created", NULL, NULL, G_TYPE_DATE_TIME, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
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
   * The address of the agent, such as `http://127.0.0.1:3000`; %NULL while it is not known.
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

  add_live_properties ();

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_instance_init (DevboxInstance *self)
{
  self->context = g_main_context_ref_thread_default ();
  g_mutex_init (&self->mutex);
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

DevboxInstance *
devbox_instance_new_for_info (DevboxClient *client, DevboxInstanceInfo *info, GMainContext *context, gint64 info_time)
{
  DevboxInstance *self = g_object_new (DEVBOX_TYPE_INSTANCE, "client", client, NULL);

  g_main_context_unref (self->context);
  self->context = g_main_context_ref (context);
  g_clear_error (&self->agent_error);
  self->agent = devbox_client_ref_agent (client, devbox_instance_info_get_name (info));
  devbox_instance_apply_info (self, info, info_time);

  return self;
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
 * devbox_instance_get_name:
 * @self: an instance
 *
 * Gets the name of the devbox.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL if the instance was made for an agent
 *
 * Since: 1.0
 */
const char *
devbox_instance_get_name (DevboxInstance *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  return self->agent != NULL ? devbox_agent_get_devbox_name (self->agent) : NULL;
}

/**
 * devbox_instance_dup_agent_url:
 * @self: an instance
 *
 * Gets the address of the agent: as it was given, or as the platform told it last.
 *
 * Returns: (transfer full) (nullable): the address, or %NULL while it is not known
 *
 * Since: 1.0
 */
char *
devbox_instance_dup_agent_url (DevboxInstance *self)
{
  char *agent_url;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  g_mutex_lock (&self->mutex);
  agent_url = g_strdup (self->knowledge.agent_url);
  g_mutex_unlock (&self->mutex);

  return agent_url;
}

DevboxInstanceInfo *
devbox_instance_dup_known_info (DevboxInstance *self)
{
  DevboxInstanceInfo *info;

  g_mutex_lock (&self->mutex);
  info = self->knowledge.info != NULL ? g_object_ref (self->knowledge.info) : NULL;
  g_mutex_unlock (&self->mutex);

  return info;
}

/* Changes on their way to the context of the instance. */
typedef struct
{
  DevboxInstance *self;
  gboolean has_changed[N_PROPERTIES];
} Changes;

static void
changes_free (gpointer data)
{
  Changes *changes = data;

  g_object_unref (changes->self);
  g_free (changes);
}

static gboolean
tell_changes (gpointer data)
{
  const Changes *changes = data;

  for (guint i = 1; i < N_PROPERTIES; i++)
    {
      if (changes->has_changed[i])
        g_object_notify_by_pspec (G_OBJECT (changes->self), properties[i]);
    }

  return G_SOURCE_REMOVE;
}

static void
tell_of_changes (DevboxInstance *self, const Knowledge *before, const Knowledge *after)
{
  Changes *changes = g_new0 (Changes, 1);

  changes->self = g_object_ref (self);
  changes->has_changed[PROP_AGENT_URL] = g_strcmp0 (before->agent_url, after->agent_url) != 0;
  for (guint i = PROP_NAME; i < N_PROPERTIES; i++)
    changes->has_changed[i]
        = !devbox_property_is_equal (G_OBJECT (before->info), G_OBJECT (after->info), properties[i]->name);

  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, tell_changes, changes, changes_free);
}

void
devbox_instance_apply_info (DevboxInstance *self, DevboxInstanceInfo *info, gint64 info_time)
{
  g_autoptr (DevboxEndpoint) endpoint = NULL;
  g_auto (Knowledge) before = { 0 };
  g_auto (Knowledge) after = { 0 };

  if (devbox_instance_get_name (self) == NULL)
    return; /* no platform told that */

  /* Where the agent is only a detail tells, and some of them not. */
  endpoint = devbox_client_find_endpoint (self->client, info, NULL);
  g_mutex_lock (&self->mutex);
  if (info_time >= self->info_time)
    {
      if (endpoint != NULL)
        devbox_agent_set_endpoint (self->agent, endpoint);
      self->info_time = info_time;
      before = self->knowledge;
      after.info = before.info != NULL ? devbox_instance_info_merge (before.info, info) : g_object_ref (info);
      after.agent_url = g_strdup (endpoint != NULL ? devbox_endpoint_get_url (endpoint) : before.agent_url);
      self->knowledge = (Knowledge){ g_object_ref (after.info), g_strdup (after.agent_url) };
    }
  g_mutex_unlock (&self->mutex);

  if (before.info != NULL)
    tell_of_changes (self, &before, &after);
}

void
devbox_instance_apply_read (gpointer instance, gpointer info, gint64 start_time)
{
  devbox_instance_apply_info (instance, info, start_time);
}

void
devbox_instance_apply_change (gpointer instance, gpointer info, gint64 start_time)
{
  devbox_instance_apply_info (instance, info, g_get_monotonic_time ());
}

DevboxAgent *
devbox_instance_get_agent (DevboxInstance *self)
{
  return self->agent;
}

gboolean
devbox_instance_check_endpoint (DevboxInstance *self, GError **error)
{
  if (self->agent != NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->agent_error));
  return FALSE;
}
