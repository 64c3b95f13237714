/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"

G_BEGIN_DECLS

/* POST /process/exec. The result is a DevboxCommandResult. The call may take as long as the command may run, and
 * grace_ms on top; 0 is no limit. */
DevboxRequest *devbox_run_request_new (DevboxCommand *command, guint grace_ms, GError **error);

G_END_DECLS
