/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-instance-status-private.h"

static const char *const names[] = {
  [DEVBOX_INSTANCE_STATUS_UNKNOWN] = "Unknown",   [DEVBOX_INSTANCE_STATUS_PENDING] = "Pending",
  [DEVBOX_INSTANCE_STATUS_CREATING] = "Creating", [DEVBOX_INSTANCE_STATUS_RUNNING] = "Running",
  [DEVBOX_INSTANCE_STATUS_STOPPED] = "Stopped",   [DEVBOX_INSTANCE_STATUS_SHUTDOWN] = "Shutdown",
  [DEVBOX_INSTANCE_STATUS_PAUSED] = "Paused",     [DEVBOX_INSTANCE_STATUS_ERROR] = "Error",
  [DEVBOX_INSTANCE_STATUS_DELETING] = "Deleting",
};

DevboxInstanceStatus
devbox_instance_status_from_string (const char *text)
{
  for (guint i = 0; text != NULL && i < G_N_ELEMENTS (names); i++)
    {
      if (g_ascii_strcasecmp (text, names[i]) == 0)
        return (DevboxInstanceStatus) i;
    }

  return DEVBOX_INSTANCE_STATUS_UNKNOWN;
}

const char *
devbox_instance_status_to_string (DevboxInstanceStatus status)
{
  return (guint) status < G_N_ELEMENTS (names) ? names[status] : names[DEVBOX_INSTANCE_STATUS_UNKNOWN];
}
