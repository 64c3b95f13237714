/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-ssh-info-private.h"

#include "devbox-secret-private.h"

/**
 * DevboxSshInfo:
 *
 * How a devbox is reached over SSH, where the platform offers that: see [property@InstanceInfo:ssh].
 *
 * The library itself speaks no SSH; this is for programs that start `ssh` or an editor. It never changes, and can
 * be read from any thread.
 *
 * Since: 1.0
 */
struct _DevboxSshInfo
{
  GObject parent_instance;

  DevboxSshDetails details;
};

G_DEFINE_FINAL_TYPE (DevboxSshInfo, devbox_ssh_info, G_TYPE_OBJECT)

enum
{
  PROP_HOST = 1,
  PROP_PORT,
  PROP_USER,
  PROP_WORKING_DIRECTORY,
  PROP_DOMAIN,
  PROP_PRIVATE_KEY,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

void
devbox_ssh_details_clear (DevboxSshDetails *self)
{
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->user, g_free);
  g_clear_pointer (&self->working_directory, g_free);
  g_clear_pointer (&self->domain, g_free);
  g_clear_pointer (&self->private_key, devbox_secret_free);
}

static void
devbox_ssh_info_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  DevboxSshInfo *self = DEVBOX_SSH_INFO (object);

  switch (property_id)
    {
    case PROP_HOST:
      g_value_set_string (value, self->details.host);
      break;
    case PROP_PORT:
      g_value_set_uint (value, self->details.port);
      break;
    case PROP_USER:
      g_value_set_string (value, self->details.user);
      break;
    case PROP_WORKING_DIRECTORY:
      g_value_set_string (value, self->details.working_directory);
      break;
    case PROP_DOMAIN:
      g_value_set_string (value, self->details.domain);
      break;
    case PROP_PRIVATE_KEY:
      g_value_set_string (value, self->details.private_key);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
devbox_ssh_info_finalize (GObject *object)
{
  DevboxSshInfo *self = DEVBOX_SSH_INFO (object);

  devbox_ssh_details_clear (&self->details);

  G_OBJECT_CLASS (devbox_ssh_info_parent_class)->finalize (object);
}

static void
devbox_ssh_info_class_init (DevboxSshInfoClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = devbox_ssh_info_get_property;
  object_class->finalize = devbox_ssh_info_finalize;

  /**
   * DevboxSshInfo:host:
   *
   * The name or address of the host, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_HOST] = g_param_spec_string ("host", NULL, NULL, NULL, flags);

  /**
   * DevboxSshInfo:port:
   *
   * The TCP port, 0 where there is no SSH.
   *
   * Since: 1.0
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * DevboxSshInfo:user:
   *
   * The user to log in as, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_USER] = g_param_spec_string ("user", NULL, NULL, NULL, flags);

  /**
   * DevboxSshInfo:working-directory:
   *
   * The folder in which a login starts, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_WORKING_DIRECTORY] = g_param_spec_string ("working-directory", NULL, NULL, NULL, flags);

  /**
   * DevboxSshInfo:domain:
   *
   * The public domain of the devbox, or %NULL.
   *
   * Since: 1.0
   */
  properties[PROP_DOMAIN] = g_param_spec_string ("domain", NULL, NULL, NULL, flags);

  /**
   * DevboxSshInfo:private-key:
   *
   * The private key to log in with, in the format of OpenSSH, or %NULL.
   *
   * It is a secret: keep it out of logs, and out of files that others can read.
   *
   * Since: 1.0
   */
  properties[PROP_PRIVATE_KEY] = g_param_spec_string ("private-key", NULL, NULL, NULL, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
devbox_ssh_info_init (DevboxSshInfo *self)
{
}

DevboxSshInfo *
devbox_ssh_info_new (DevboxSshDetails *details)
{
  DevboxSshInfo *self = g_object_new (DEVBOX_TYPE_SSH_INFO, NULL);

  self->details = *details;
  *details = (DevboxSshDetails){ 0 };

  return self;
}

/**
 * devbox_ssh_info_get_host:
 * @self: the access
 *
 * Gets the name or the IP address of the host to connect to.
 *
 * Returns: (transfer none) (nullable): the host, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_ssh_info_get_host (DevboxSshInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_SSH_INFO (self), NULL);

  return self->details.host;
}

/**
 * devbox_ssh_info_get_port:
 * @self: the access
 *
 * Gets the TCP port of the SSH server.
 *
 * Returns: the port, or 0 where there is no SSH
 *
 * Since: 1.0
 */
guint
devbox_ssh_info_get_port (DevboxSshInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_SSH_INFO (self), 0);

  return self->details.port;
}

/**
 * devbox_ssh_info_get_user:
 * @self: the access
 *
 * Gets the name of the user to log in as.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_ssh_info_get_user (DevboxSshInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_SSH_INFO (self), NULL);

  return self->details.user;
}

/**
 * devbox_ssh_info_get_working_directory:
 * @self: the access
 *
 * Gets the folder in the devbox where the user's work lies.
 *
 * Returns: (transfer none) (nullable): the absolute path, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_ssh_info_get_working_directory (DevboxSshInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_SSH_INFO (self), NULL);

  return self->details.working_directory;
}

/**
 * devbox_ssh_info_get_domain:
 * @self: the access
 *
 * Gets the public domain under which the devbox was made.
 *
 * Returns: (transfer none) (nullable): the domain, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_ssh_info_get_domain (DevboxSshInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_SSH_INFO (self), NULL);

  return self->details.domain;
}

/**
 * devbox_ssh_info_get_private_key:
 * @self: the access
 *
 * Gets the private key to log in with, in the format of OpenSSH.
 *
 * It is a secret: keep it out of logs, and out of files that others can read. Some platforms tell it once only, in
 * reply to the creation of the devbox.
 *
 * Returns: (transfer none) (nullable): the key, or %NULL if the platform told none
 *
 * Since: 1.0
 */
const char *
devbox_ssh_info_get_private_key (DevboxSshInfo *self)
{
  g_return_val_if_fail (DEVBOX_IS_SSH_INFO (self), NULL);

  return self->details.private_key;
}
