/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-file-monitor.h"

G_BEGIN_DECLS

typedef struct
{
  DevboxClient *client;
  DevboxAgent *agent;
  const char *path;
  DevboxFileMonitorFlags flags;
} DevboxFileMonitorTarget;

/* The task returns a DevboxFileMonitor as soon as the agent watches. */
void devbox_file_monitor_start_async (const DevboxFileMonitorTarget *target, GTask *task);
DevboxFileMonitor *
devbox_file_monitor_start_sync (const DevboxFileMonitorTarget *target, GCancellable *cancellable, GError **error);

G_END_DECLS
