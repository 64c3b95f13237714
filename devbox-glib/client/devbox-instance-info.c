/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-info-private.h"

#include "devbox-enum-types.h"
#include "devbox-port.h"
#include "devbox-secret-private.h"
#include "devbox-ssh-info.h"

/**
 * DevboxInstanceInfo:
 *
 * What the platform told of a devbox at one moment.
 *
 * An info is a snapshot that never changes, and can be read from any thread; a list of devboxes tells less of each
 * than the detail of one. [class@Instance] has the same as live properties.
 *
 * Since: 1.0
 */
struct _DevboxInstanceInfo
{
  GObject parent_instance;

  DevboxInstanceDetails details;
};

G_DEFINE_FINAL_TYPE (DevboxInstanceInfo, devbox_instance_info, G_TYPE_OBJECT)

enum
{
  PROP_NAME = 1,
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
  PROP_NETWORK,
  PROP_AUTOSTART,
  PROP_SANDBOX,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

void
devbox_instance_details_clear (DevboxInstanceDetails *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->uid, g_free);
  g_clear_pointer (&self->status_text, g_free);
  g_clear_pointer (&self->reason, g_free);
  g_clear_pointer (&self->runtime, g_free);
  g_clear_pointer (&self->image, g_free);
  g_clear_pointer (&self->pod_ip, g_free);
  g_clear_object (&self->ssh);
  g_clear_pointer (&self->environ, devbox_secret_free_strv);
  g_clear_object (&self->ports);
  g_clear_pointer (&self->created, g_date_time_unref);
  g_clear_pointer (&self->autostart, g_free);
  g_clear_pointer (&self->sandbox, g_free);
  g_clear_pointer (&self->agent_label, g_free);
  g_clear_pointer (&self->agent_token, devbox_secret_free);
}

static void
devbox_instance_info_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxInstanceInfo *self = DEVBOX_INSTANCE_INFO (object);

  switch (property_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->details.name);
      break;
    case PROP_UID:
      g_value_set_string (value, self->details.uid);
      break;
    case PROP_STATUS:
      g_value_set_enum (value, self->details.status);
      break;
    case PROP_STATUS_TEXT:
      g_value_set_string (value, self->details.status_text);
      break;
    case PROP_REASON:
      g_value_set_string (value, self->details.reason);
      break;
    case PROP_RUNTIME:
      g_value_set_string (value, self->details.runtime);
      break;
    case PROP_IMAGE:
      g_value_set_string (value, self->details.image);
      break;
    case PROP_CPU:
      g_value_set_uint (value, self->details.cpu);
      break;
    case PROP_MEMORY:
      g_value_set_uint (value, self->details.memory);
      break;
    case PROP_POD_IP:
      g_value_set_string (value, self->details.pod_ip);
      break;
    case PROP_SSH:
      g_value_set_object (value, self->details.ssh);
      break;
    case PROP_ENVIRON:
      g_value_set_boxed (value, self->details.environ);
      break;
    case PROP_PORTS:
      g_value_set_object (value, self->details.ports);
      break;
    case PROP_CREATED:
      g_value_set_boxed (value, self->details.created);
      break;
    case PROP_NETWORK:
      g_value_set_boolean (value, self->details.network);
      break;
    case PROP_AUTOSTART:
      g_value_set_string (value, self->details.autostart);
      break;
    case PROP_SANDBOX:
      g_value_set_string (value, self->details.sandbox);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_instance_info_finalize (GObject *object)
{
  DevboxInstanceInfo *self = DEVBOX_INSTANCE_INFO (object);

  devbox_instance_details_clear (&self->details);

  G_OBJECT_CLASS (devbox_instance_info_parent_class)->finalize (object);
}

static void
devbox_instance_info_class_init (DevboxInstanceInfoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_instance_info_get_property;
  object_class->finalize = devbox_instance_info_finalize;

  /**
   * DevboxInstanceInfo:name:
   *
   * The name of the devbox.
   *
   * Since: 1.0
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);

  /**
   * DevboxInstanceInfo:uid:
   *
   * The identifier of the devbox, which no other has or will have, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_UID] = g_param_spec_string ("uid", NULL, NULL, NULL, flags);

  /**
   * DevboxInstanceInfo:status:
   *
   * What the devbox is doing.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS]
      = g_param_spec_enum ("status", NULL, NULL, DEVBOX_TYPE_INSTANCE_STATUS, DEVBOX_INSTANCE_STATUS_UNKNOWN, flags);

  /**
   * DevboxInstanceInfo:status-text:
   *
   * The status as the platform calls it.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS_TEXT] = g_param_spec_string ("status-text", NULL, NULL, NULL, flags);

  /**
   * DevboxInstanceInfo:reason:
   *
   * Why the devbox is in error, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_REASON] = g_param_spec_string ("reason", NULL, NULL, NULL, flags);

  /**
   * DevboxInstanceInfo:runtime:
   *
   * The runtime, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_RUNTIME] = g_param_spec_string ("runtime", NULL, NULL, NULL, flags);

  /**
   * DevboxInstanceInfo:image:
   *
   * The container image, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_IMAGE] = g_param_spec_string ("image", NULL, NULL, NULL, flags);

  /**
   * DevboxInstanceInfo:cpu:
   *
   * The limit of the processors in millicores, 0 if it is not known.
   *
   * Since: 1.0
   */
  properties[PROP_CPU] = g_param_spec_uint ("cpu", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * DevboxInstanceInfo:memory:
   *
   * The limit of the memory in MiB, 0 if it is not known.
   *
   * Since: 1.0
   */
  properties[PROP_MEMORY] = g_param_spec_uint ("memory", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * DevboxInstanceInfo:pod-ip:
   *
   * The IP address of the devbox within the platform, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_POD_IP] = g_param_spec_string ("pod-ip", NULL, NULL, NULL, flags);

  /**
   * DevboxInstanceInfo:ssh:
   *
   * How the devbox is reached over SSH, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_SSH] = g_param_spec_object ("ssh", NULL, NULL, DEVBOX_TYPE_SSH_INFO, flags);

  /**
   * DevboxInstanceInfo:environ:
   *
   * The variables that all commands in the devbox get, as `NAME=value`, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_ENVIRON] = g_param_spec_boxed ("environ", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * DevboxInstanceInfo:ports:
   *
   * The ports of the devbox: a list of [class@Port].
   *
   * Since: 1.0
   */
  properties[PROP_PORTS] = g_param_spec_object ("ports", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  /**
   * DevboxInstanceInfo:created:
   *
   * When the devbox was made, in UTC, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_CREATED] = g_param_spec_boxed ("created", NULL, NULL, G_TYPE_DATE_TIME, flags);

  /**
   * DevboxInstanceInfo:network:
   *
   * Whether programs in the devbox share the network of the machine that the platform runs on.
   *
   * Since: 1.0
   */
  properties[PROP_NETWORK] = g_param_spec_boolean ("network", NULL, NULL, FALSE, flags);

  /**
   * DevboxInstanceInfo:autostart:
   *
   * The line for the shell that is run whenever the devbox starts, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_AUTOSTART] = g_param_spec_string ("autostart", NULL, NULL, NULL, flags);

  /**
   * DevboxInstanceInfo:sandbox:
   *
   * What keeps the devbox apart from the machine, such as `bubblewrap`, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_SANDBOX] = g_param_spec_string ("sandbox", NULL, NULL, NULL, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_instance_info_init (DevboxInstanceInfo *self)
{
}

DevboxInstanceInfo *
devbox_instance_info_new (DevboxInstanceDetails *details)
{
  DevboxInstanceInfo *self = g_object_new (DEVBOX_TYPE_INSTANCE_INFO, NULL);

  self->details = *details;
  *details = (DevboxInstanceDetails){ 0 };
  if (self->details.name == NULL)
    self->details.name = g_strdup ("");
  if (self->details.status_text == NULL)
    self->details.status_text = g_strdup ("");
  if (self->details.ports == NULL)
    self->details.ports = G_LIST_MODEL (g_list_store_new (DEVBOX_TYPE_PORT));

  return self;
}

/**
 * devbox_instance_info_get_name:
 * @self: an info
 *
 * Gets the name of the devbox.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
devbox_instance_info_get_name (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.name;
}

/**
 * devbox_instance_info_get_uid:
 * @self: an info
 *
 * Gets the identifier of the devbox.
 *
 * A devbox that is deleted and made again under the same name has another one.
 *
 * Returns: (transfer none) (nullable): the identifier, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_instance_info_get_uid (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.uid;
}

/**
 * devbox_instance_info_get_status:
 * @self: an info
 *
 * Gets what the devbox is doing.
 *
 * Returns: the status; %DEVBOX_INSTANCE_STATUS_UNKNOWN if this library does not know what the platform calls it
 *
 * Since: 1.0
 */
DevboxInstanceStatus
devbox_instance_info_get_status (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), DEVBOX_INSTANCE_STATUS_UNKNOWN);

  return self->details.status;
}

/**
 * devbox_instance_info_get_status_text:
 * @self: an info
 *
 * Gets the status in the words of the platform, also where this library does not know it.
 *
 * Returns: (transfer none): the text; empty if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_instance_info_get_status_text (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.status_text;
}

/**
 * devbox_instance_info_get_reason:
 * @self: an info
 *
 * Gets why the devbox is in the status that it is in.
 *
 * Returns: (transfer none) (nullable): the reason, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_instance_info_get_reason (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.reason;
}

/**
 * devbox_instance_info_get_runtime:
 * @self: an info
 *
 * Gets the runtime of the devbox, the name of a [class@Template].
 *
 * Returns: (transfer none) (nullable): the runtime, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_instance_info_get_runtime (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.runtime;
}

/**
 * devbox_instance_info_get_image:
 * @self: an info
 *
 * Gets the container image of the devbox.
 *
 * Returns: (transfer none) (nullable): the name of the image, or %NULL where there is none
 *
 * Since: 1.0
 */
const char *
devbox_instance_info_get_image (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.image;
}

/**
 * devbox_instance_info_get_cpu:
 * @self: an info
 *
 * Gets how much of the processors the devbox may use.
 *
 * Returns: the limit in millicores, thousandths of a processor; 0 if it is not known
 *
 * Since: 1.0
 */
guint
devbox_instance_info_get_cpu (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), 0);

  return self->details.cpu;
}

/**
 * devbox_instance_info_get_memory:
 * @self: an info
 *
 * Gets how much memory the devbox may use.
 *
 * Returns: the limit in MiB; 0 if it is not known
 *
 * Since: 1.0
 */
guint
devbox_instance_info_get_memory (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), 0);

  return self->details.memory;
}

/**
 * devbox_instance_info_get_pod_ip:
 * @self: an info
 *
 * Gets the IP address of the devbox within the platform.
 *
 * Returns: (transfer none) (nullable): the address, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_instance_info_get_pod_ip (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.pod_ip;
}

/**
 * devbox_instance_info_get_ssh:
 * @self: an info
 *
 * Gets how the devbox is reached over SSH.
 *
 * Returns: (transfer none) (nullable): the access, or %NULL if the platform told none
 *
 * Since: 1.0
 */
DevboxSshInfo *
devbox_instance_info_get_ssh (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.ssh;
}

/**
 * devbox_instance_info_get_environ:
 * @self: an info
 *
 * Gets the variables that all commands in the devbox get, as `NAME=value`.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the variables, or %NULL if there are none or the
 * platform did not tell
 *
 * Since: 1.0
 */
const char *const *
devbox_instance_info_get_environ (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return (const char *const *) self->details.environ;
}

/**
 * devbox_instance_info_get_ports:
 * @self: an info
 *
 * Gets the ports of the devbox, a list of [class@Port].
 *
 * Returns: (transfer none): the ports
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_info_get_ports (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.ports;
}

/**
 * devbox_instance_info_get_created:
 * @self: an info
 *
 * Gets when the devbox was made.
 *
 * Returns: (transfer none) (nullable): the moment in UTC, or %NULL if the platform did not tell
 *
 * Since: 1.0
 */
GDateTime *
devbox_instance_info_get_created (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.created;
}

/**
 * devbox_instance_info_get_network:
 * @self: an info
 *
 * Gets whether programs in the devbox share the network of the machine that the platform runs on.
 *
 * Returns: %TRUE if they do; %FALSE also where the platform does not tell
 *
 * Since: 1.0
 */
gboolean
devbox_instance_info_get_network (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), FALSE);

  return self->details.network;
}

/**
 * devbox_instance_info_get_autostart:
 * @self: an info
 *
 * Gets the line for the shell that is run whenever the devbox starts.
 *
 * Returns: (transfer none) (nullable): the line, or %NULL if there is none or the platform did not tell
 *
 * Since: 1.0
 */
const char *
devbox_instance_info_get_autostart (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.autostart;
}

/**
 * devbox_instance_info_get_sandbox:
 * @self: an info
 *
 * Gets what keeps the devbox apart from the machine that it runs on: `bubblewrap`, `none` or another word.
 *
 * Returns: (transfer none) (nullable): the kind of sandbox, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_instance_info_get_sandbox (DevboxInstanceInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE_INFO (self), NULL);

  return self->details.sandbox;
}

const char *
devbox_instance_info_get_agent_label (DevboxInstanceInfo *self)
{
  return self->details.agent_label;
}

const char *
devbox_instance_info_get_agent_token (DevboxInstanceInfo *self)
{
  return self->details.agent_token;
}
