/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-log-entry-private.h"

G_BEGIN_DECLS

/* What comes out of a log, on the way from the I/O thread to a reader: in order, and bounded, since it says when it is
 * full. Reference counted; every function may be called in any thread, but only one may wait at a time. */
typedef struct _DevboxLogQueue DevboxLogQueue;

DevboxLogQueue *devbox_log_queue_new (void);
DevboxLogQueue *devbox_log_queue_ref (DevboxLogQueue *self);
void devbox_log_queue_unref (DevboxLogQueue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxLogQueue, devbox_log_queue_unref)

/* Takes the entry. TRUE: it is full, and nothing more should come until it is drained. */
gboolean devbox_log_queue_push (DevboxLogQueue *self, DevboxLogEntry *entry);
/* The end, or the error that stands for it. Only the first one counts. */
void devbox_log_queue_end (DevboxLogQueue *self, const GError *error);
/* The end at once: what waits is dropped. */
void devbox_log_queue_shut (DevboxLogQueue *self);

typedef enum
{
  DEVBOX_LOG_QUEUE_EMPTY,
  DEVBOX_LOG_QUEUE_ENTRY,
  DEVBOX_LOG_QUEUE_END,
  DEVBOX_LOG_QUEUE_FAILED,
} DevboxLogQueueState;

/* The next thing; *is_drained: it was full, and has room again. */
DevboxLogQueueState
devbox_log_queue_take (DevboxLogQueue *self, DevboxLogEntry **entry, gboolean *is_drained, GError **error);

/* Dispatched once, when there is something to take, or the cancellable is cancelled. */
GSource *devbox_log_queue_create_source (DevboxLogQueue *self, GCancellable *cancellable);
/* Blocks until then. */
void devbox_log_queue_wait (DevboxLogQueue *self, GCancellable *cancellable);

G_END_DECLS
