/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"
#include "devbox-output-log-private.h"

G_BEGIN_DECLS

/* Answers with the JSON object that `head` opened with at least one member, followed by what was written so far: stdout
 * and stderr, beside them stdoutBase64 and stderrBase64 where text cannot carry them, and truncated if so. Much output
 * is encoded piece by piece, as fast as the client takes it. Takes head. */
void devbox_command_reply_send (DevboxHttpExchange *exchange, guint status, GString *head, DevboxOutputLog *log);

G_END_DECLS
