/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

/* Runs a command. Result: a GInputStream of events, which devbox-command-events-private.h reads. */
DevboxRequest *devbox_run_streamed_request_new (DevboxClient *client, DevboxCommand *command, GError **error);

G_END_DECLS
