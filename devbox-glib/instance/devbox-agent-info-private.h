/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-info.h"

G_BEGIN_DECLS

DevboxAgentInfo *
devbox_agent_info_new (gboolean healthy, const char *version, guint64 uptime_ms, const char *const *capabilities);

G_END_DECLS
