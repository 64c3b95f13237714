/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"
#include "devbox-process-table-private.h"

G_BEGIN_DECLS

/* A command that runs in the foreground: for an exchange, and no longer than that. */

/* The command has ended, or could not start, or the launcher was lost under it. */
typedef void (*DevboxCommandReplyFunc) (DevboxHttpExchange *exchange, DevboxServerCommand *command);

/* Answers with reply; a client that goes away ends the command. FALSE, with nothing answered, when it may not start. */
gboolean devbox_command_exchange_run (DevboxHttpExchange *exchange,
                                      DevboxProcessTable *table,
                                      const DevboxCommandSpec *spec,
                                      DevboxCommandReplyFunc reply,
                                      GError **error);

/* Nobody is left to whom its end could be told. What an ended command left to run goes on. */
void devbox_command_exchange_abandon (DevboxServerCommand *command);

G_END_DECLS
