/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

/* GET /health, without the token. The result is one of these, as a pointer, since NULL would be an error. */
typedef enum
{
  DEVBOX_HEALTH_UNHEALTHY = 1,
  DEVBOX_HEALTH_HEALTHY,
} DevboxHealth;

DevboxRequest *devbox_health_request_new (void);
gboolean devbox_health_reply_is_healthy (const DevboxReply *reply); /* of either dialect */
/* The same request; the result is a DevboxAgentInfo. */
DevboxRequest *devbox_agent_info_request_new (void);

G_END_DECLS
