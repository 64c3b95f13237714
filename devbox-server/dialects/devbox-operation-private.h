/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"
#include "devbox-workers-private.h"

G_BEGIN_DECLS

/* Answers the exchange with what the work found in data, or with the error. */
typedef void (*DevboxOperationReplyFunc) (DevboxHttpExchange *exchange, gpointer data, const GError *error);

/* Runs work in a thread for an exchange, which is then answered by reply. A client that goes away cancels it. Takes
 * data, which the thread has for itself until reply; destroy is called in the thread of the workers. */
void devbox_operation_run (DevboxWorkers *workers,
                           DevboxHttpExchange *exchange,
                           DevboxWorkFunc work,
                           DevboxOperationReplyFunc reply,
                           gpointer data,
                           GDestroyNotify destroy);

G_END_DECLS
