/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-server-types.h"

G_BEGIN_DECLS

#define DEVBOX_SERVER_TYPE_AGENT (devbox_server_agent_get_type ())
DEVBOX_SERVER_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxServerAgent, devbox_server_agent, DEVBOX_SERVER, AGENT, GObject)

DEVBOX_SERVER_AVAILABLE_IN_1_0
DevboxServerAgent *devbox_server_agent_new (const char *workspace_path);

DEVBOX_SERVER_AVAILABLE_IN_1_0
gboolean devbox_server_agent_start (DevboxServerAgent *self, GCancellable *cancellable, GError **error);
DEVBOX_SERVER_AVAILABLE_IN_1_0
void devbox_server_agent_stop (DevboxServerAgent *self);
DEVBOX_SERVER_AVAILABLE_IN_1_0
char *devbox_server_agent_dup_uri (DevboxServerAgent *self);
DEVBOX_SERVER_AVAILABLE_IN_1_0
char *devbox_server_agent_dup_token (DevboxServerAgent *self);
DEVBOX_SERVER_AVAILABLE_IN_1_0
gboolean devbox_server_agent_is_running (DevboxServerAgent *self);

G_END_DECLS
