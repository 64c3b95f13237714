/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-instance-status.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_INSTANCE_INFO (devbox_instance_info_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxInstanceInfo, devbox_instance_info, DEVBOX, INSTANCE_INFO, GObject)

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_info_get_name (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_info_get_uid (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxInstanceStatus devbox_instance_info_get_status (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_info_get_status_text (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_info_get_reason (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_info_get_runtime (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_info_get_image (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_instance_info_get_cpu (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_instance_info_get_memory (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_info_get_pod_ip (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
DevboxSshInfo *devbox_instance_info_get_ssh (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *const *devbox_instance_info_get_environ (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_info_get_ports (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
GDateTime *devbox_instance_info_get_created (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_info_get_network (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_info_get_autostart (DevboxInstanceInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_info_get_sandbox (DevboxInstanceInfo *self);

G_END_DECLS
