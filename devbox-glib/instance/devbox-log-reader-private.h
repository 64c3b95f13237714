/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-log-link-private.h"
#include "devbox-log-reader.h"

G_BEGIN_DECLS

/* One that follows a log; any thread. */
DevboxLogReader *devbox_log_reader_new_for_log (DevboxAgentHandle *handle, const DevboxLogTarget *target);
/* One that reads what a command writes, until that ends; takes the stream. */
DevboxLogReader *
devbox_log_reader_new_for_command (DevboxClient *client, GInputStream *stream, const char *subject, guint timeout_ms);

G_END_DECLS
