/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_CONTEXT_POLL (devbox_context_poll_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxContextPoll, devbox_context_poll, DEVBOX, CONTEXT_POLL, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxContextPoll *devbox_context_poll_new (GMainContext *context, GError **error);
DEVBOX_AVAILABLE_IN_1_0
int devbox_context_poll_get_fd (DevboxContextPoll *self);
DEVBOX_AVAILABLE_IN_1_0
int devbox_context_poll_prepare (DevboxContextPoll *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_context_poll_close (DevboxContextPoll *self);

G_END_DECLS
