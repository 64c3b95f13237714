/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-private.h"

#include "devbox-instance-info.h"

static char *
dup_text (DevboxInstance *self, const char *(*get) (DevboxInstanceInfo *info))
{
  g_autoptr (DevboxInstanceInfo) info = devbox_instance_dup_known_info (self);

  return info != NULL ? g_strdup (get (info)) : NULL;
}

static guint
get_number (DevboxInstance *self, guint (*get) (DevboxInstanceInfo *info))
{
  g_autoptr (DevboxInstanceInfo) info = devbox_instance_dup_known_info (self);

  return info != NULL ? get (info) : 0;
}

/**
 * devbox_instance_dup_uid:
 * @self: an instance
 *
 * Gets what the platform tells this devbox from all others by.
 *
 * Returns: (transfer full) (nullable): the identifier, or %NULL while that is not known
 *
 * Since: 1.0
 */
char *
devbox_instance_dup_uid (DevboxInstance *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  return dup_text (self, devbox_instance_info_get_uid);
}

/**
 * devbox_instance_get_status:
 * @self: an instance
 *
 * Gets the state that the devbox is in.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
DevboxInstanceStatus
devbox_instance_get_status (DevboxInstance *self)
{
  g_autoptr (DevboxInstanceInfo) info = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), DEVBOX_INSTANCE_STATUS_UNKNOWN);

  info = devbox_instance_dup_known_info (self);

  return info != NULL ? devbox_instance_info_get_status (info) : DEVBOX_INSTANCE_STATUS_UNKNOWN;
}

/**
 * devbox_instance_dup_status_text:
 * @self: an instance
 *
 * Gets the state that the devbox is in, in the platform's word.
 *
 * Returns: (transfer full) (nullable): the word, or %NULL while that is not known
 *
 * Since: 1.0
 */
char *
devbox_instance_dup_status_text (DevboxInstance *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  return dup_text (self, devbox_instance_info_get_status_text);
}

/**
 * devbox_instance_dup_reason:
 * @self: an instance
 *
 * Gets why the devbox is in its state.
 *
 * Returns: (transfer full) (nullable): the reason, or %NULL if the platform tells none
 *
 * Since: 1.0
 */
char *
devbox_instance_dup_reason (DevboxInstance *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  return dup_text (self, devbox_instance_info_get_reason);
}

/**
 * devbox_instance_dup_runtime:
 * @self: an instance
 *
 * Gets what the devbox was made from.
 *
 * Returns: (transfer full) (nullable): the name of the runtime, or %NULL while that is not known
 *
 * Since: 1.0
 */
char *
devbox_instance_dup_runtime (DevboxInstance *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  return dup_text (self, devbox_instance_info_get_runtime);
}

/**
 * devbox_instance_dup_image:
 * @self: an instance
 *
 * Gets the container image of the devbox.
 *
 * Returns: (transfer full) (nullable): the name of the image, or %NULL if the platform does not tell
 *
 * Since: 1.0
 */
char *
devbox_instance_dup_image (DevboxInstance *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  return dup_text (self, devbox_instance_info_get_image);
}

/**
 * devbox_instance_get_cpu:
 * @self: an instance
 *
 * Gets how much processor the devbox may use.
 *
 * Returns: the limit in thousandths of a core, or 0 while that is not known
 *
 * Since: 1.0
 */
guint
devbox_instance_get_cpu (DevboxInstance *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), 0);

  return get_number (self, devbox_instance_info_get_cpu);
}

/**
 * devbox_instance_get_memory:
 * @self: an instance
 *
 * Gets how much memory the devbox may use.
 *
 * Returns: the limit in MiB, or 0 while that is not known
 *
 * Since: 1.0
 */
guint
devbox_instance_get_memory (DevboxInstance *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), 0);

  return get_number (self, devbox_instance_info_get_memory);
}

/**
 * devbox_instance_dup_pod_ip:
 * @self: an instance
 *
 * Gets the address that the devbox has among its own.
 *
 * Returns: (transfer full) (nullable): the address, or %NULL if the platform does not tell
 *
 * Since: 1.0
 */
char *
devbox_instance_dup_pod_ip (DevboxInstance *self)
{
  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  return dup_text (self, devbox_instance_info_get_pod_ip);
}

/**
 * devbox_instance_dup_ssh:
 * @self: an instance
 *
 * Gets how to reach the devbox by SSH.
 *
 * Returns: (transfer full) (nullable): where and as whom, or %NULL if the platform does not tell
 *
 * Since: 1.0
 */
DevboxSshInfo *
devbox_instance_dup_ssh (DevboxInstance *self)
{
  g_autoptr (DevboxInstanceInfo) info = NULL;
  DevboxSshInfo *value = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  info = devbox_instance_dup_known_info (self);
  if (info != NULL)
    value = devbox_instance_info_get_ssh (info);

  return value != NULL ? g_object_ref (value) : NULL;
}

/**
 * devbox_instance_dup_environ:
 * @self: an instance
 *
 * Gets the environment of the devbox.
 *
 * Returns: (transfer full) (nullable) (array zero-terminated=1): the variables, as `NAME=value`, or %NULL if the
 * platform does not tell
 *
 * Since: 1.0
 */
GStrv
devbox_instance_dup_environ (DevboxInstance *self)
{
  g_autoptr (DevboxInstanceInfo) info = NULL;
  const char *const *value = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  info = devbox_instance_dup_known_info (self);
  if (info != NULL)
    value = devbox_instance_info_get_environ (info);

  return value != NULL ? g_strdupv ((GStrv) value) : NULL;
}

/**
 * devbox_instance_dup_ports:
 * @self: an instance
 *
 * Gets the ports of the devbox that can be reached from outside.
 *
 * Returns: (transfer full) (nullable): a list of [class@Port], or %NULL while that is not known
 *
 * Since: 1.0
 */
GListModel *
devbox_instance_dup_ports (DevboxInstance *self)
{
  g_autoptr (DevboxInstanceInfo) info = NULL;
  GListModel *value = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  info = devbox_instance_dup_known_info (self);
  if (info != NULL)
    value = devbox_instance_info_get_ports (info);

  return value != NULL ? g_object_ref (value) : NULL;
}

/**
 * devbox_instance_dup_created:
 * @self: an instance
 *
 * Gets when the devbox was made.
 *
 * Returns: (transfer full) (nullable): the time, or %NULL if the platform does not tell
 *
 * Since: 1.0
 */
GDateTime *
devbox_instance_dup_created (DevboxInstance *self)
{
  g_autoptr (DevboxInstanceInfo) info = NULL;
  GDateTime *value = NULL;

  g_return_val_if_fail (DEVBOX_IS_INSTANCE (self), NULL);

  info = devbox_instance_dup_known_info (self);
  if (info != NULL)
    value = devbox_instance_info_get_created (info);

  return value != NULL ? g_date_time_ref (value) : NULL;
}
