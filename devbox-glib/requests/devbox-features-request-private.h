/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-private.h"

G_BEGIN_DECLS

/* What an agent can do, as its /health tells: a DevboxAgentFeatures, whose memory the callee frees. */
DevboxRequest *devbox_features_request_new (void);
void devbox_agent_features_free (DevboxAgentFeatures *features);

G_END_DECLS
