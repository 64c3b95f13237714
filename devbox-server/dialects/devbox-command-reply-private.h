/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"
#include "devbox-launcher-private.h"

G_BEGIN_DECLS

/* Answers with the JSON object that `head` opened, followed by what a command wrote and how long it took. Much output
 * is encoded piece by piece, as fast as the client takes it. Takes head. */
void
devbox_command_reply_send (DevboxHttpExchange *exchange, guint status, GString *head, DevboxServerCommand *command);

G_END_DECLS
