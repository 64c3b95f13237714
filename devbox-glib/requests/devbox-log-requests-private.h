/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-handle-private.h"
#include "devbox-log-messages-private.h"

G_BEGIN_DECLS

/* Result: a GListStore of DevboxLogEntry. 0 lines: all. */
DevboxRequest *devbox_load_log_request_new (DevboxLogSubject subject, const char *id, guint n_lines);

/* Makes sure that there is somebody whose log it is. Result: a DevboxLogReader, which begins to read at once. */
DevboxRequest *
devbox_open_log_request_new (DevboxAgentHandle *handle, DevboxLogSubject subject, const char *id, guint n_lines);

G_END_DECLS
