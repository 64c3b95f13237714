/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-agent-handle-private.h"
#include "devbox-log-messages-private.h"
#include "devbox-log-queue-private.h"
#include "devbox-socket-link-private.h"

G_BEGIN_DECLS

/* The half of a log reader that lives in the I/O thread: a WebSocket to the agent, which is made again whenever it
 * breaks, and goes on where it was by the numbers of the lines. What it learns goes into the queue; when that is full
 * it hangs up until somebody has read. It knows neither the reader nor the client. */
typedef struct _DevboxLogLink DevboxLogLink;

/* What readers use, but for handshake_ms and give_up_ms, which are the client's time-out. Tests are in more of a hurry.
 */
extern DevboxSocketLinkTiming devbox_log_link_timing;

typedef struct
{
  DevboxLogSubject subject;
  const char *id;
  guint n_lines;        /* of those that there are; 0: all */
  gboolean only_system; /* to see nothing but the end */
} DevboxLogTarget;

DevboxLogLink *
devbox_log_link_new (DevboxIoThread *thread, DevboxAgent *agent, const DevboxLogTarget *target, DevboxLogQueue *queue);
DevboxLogLink *devbox_log_link_ref (DevboxLogLink *self);
void devbox_log_link_unref (DevboxLogLink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxLogLink, devbox_log_link_unref)

/* The rest only in the I/O thread. */
void devbox_log_link_start (DevboxLogLink *self, DevboxClientCore *core, guint timeout_ms);
void devbox_log_link_resume (DevboxLogLink *self);
void devbox_log_link_stop (DevboxLogLink *self); /* the client is closed, or nobody reads any more */

G_END_DECLS
