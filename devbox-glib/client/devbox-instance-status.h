/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

/**
 * DevboxInstanceStatus:
 * @DEVBOX_INSTANCE_STATUS_UNKNOWN: The platform does not know, or calls it something that this library does not know
 * @DEVBOX_INSTANCE_STATUS_PENDING: It was asked for, and nothing of it is there yet
 * @DEVBOX_INSTANCE_STATUS_CREATING: It is being made, or started
 * @DEVBOX_INSTANCE_STATUS_RUNNING: It runs
 * @DEVBOX_INSTANCE_STATUS_STOPPED: It was paused; what it holds is kept
 * @DEVBOX_INSTANCE_STATUS_SHUTDOWN: It was shut down: its files are kept, nothing in it runs
 * @DEVBOX_INSTANCE_STATUS_PAUSED: Another word for stopped that some platforms use
 * @DEVBOX_INSTANCE_STATUS_ERROR: Something went wrong with it
 * @DEVBOX_INSTANCE_STATUS_DELETING: It is being deleted
 *
 * What a devbox is doing, as its platform tells it.
 *
 * Since: 1.0
 */
typedef enum
{
  DEVBOX_INSTANCE_STATUS_UNKNOWN,
  DEVBOX_INSTANCE_STATUS_PENDING,
  DEVBOX_INSTANCE_STATUS_CREATING,
  DEVBOX_INSTANCE_STATUS_RUNNING,
  DEVBOX_INSTANCE_STATUS_STOPPED,
  DEVBOX_INSTANCE_STATUS_SHUTDOWN,
  DEVBOX_INSTANCE_STATUS_PAUSED,
  DEVBOX_INSTANCE_STATUS_ERROR,
  DEVBOX_INSTANCE_STATUS_DELETING,
} DevboxInstanceStatus;

G_END_DECLS
