/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_AGENT_INFO (devbox_agent_info_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxAgentInfo, devbox_agent_info, DEVBOX, AGENT_INFO, GObject)

DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_agent_info_get_healthy (DevboxAgentInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_agent_info_get_version (DevboxAgentInfo *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_agent_info_get_uptime (DevboxAgentInfo *self);
DEVBOX_AVAILABLE_IN_1_0
const char *const *devbox_agent_info_get_capabilities (DevboxAgentInfo *self);

G_END_DECLS
