/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

typedef enum /*< flags >*/
{
  DEVBOX_FILE_MONITOR_FLAGS_NONE = 0,
  DEVBOX_FILE_MONITOR_FLAGS_DOT_FILES = 1 << 0,
  DEVBOX_FILE_MONITOR_FLAGS_NO_RECURSION = 1 << 1,
} DevboxFileMonitorFlags;

#define DEVBOX_TYPE_FILE_MONITOR (devbox_file_monitor_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxFileMonitor, devbox_file_monitor, DEVBOX, FILE_MONITOR, GObject)

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_file_monitor_get_path (DevboxFileMonitor *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_file_monitor_cancel (DevboxFileMonitor *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_file_monitor_is_cancelled (DevboxFileMonitor *self);

G_END_DECLS
