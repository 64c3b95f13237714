/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-log-finder-private.h"
#include "devbox-watch-queue-private.h"

G_BEGIN_DECLS

/* The logs that one socket follows. Lines are taken out of a log when the queue has room for them: a peer that reads
 * slowly is behind, and what it holds up is no more than that; lines that leave the log meanwhile are told as a gap. */
typedef struct _DevboxLogSubscriptions DevboxLogSubscriptions;

DevboxLogSubscriptions *devbox_log_subscriptions_new (DevboxWatchQueue *queue, DevboxLogFinder *finder);
void devbox_log_subscriptions_free (DevboxLogSubscriptions *self);
/* Does what the text asks for, and answers it. */
void devbox_log_subscriptions_handle (DevboxLogSubscriptions *self, const char *text, gsize size);
/* The queue has room. */
void devbox_log_subscriptions_continue (DevboxLogSubscriptions *self);

G_END_DECLS
