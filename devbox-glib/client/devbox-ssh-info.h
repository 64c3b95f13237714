/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_SSH_INFO (devbox_ssh_info_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxSshInfo, devbox_ssh_info, DEVBOX, SSH_INFO, GObject)

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_ssh_info_get_host (DevboxSshInfo *self);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_ssh_info_get_port (DevboxSshInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_ssh_info_get_user (DevboxSshInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_ssh_info_get_working_directory (DevboxSshInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_ssh_info_get_domain (DevboxSshInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_ssh_info_get_private_key (DevboxSshInfo *self);

G_END_DECLS
