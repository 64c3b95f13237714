/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-file-monitor.h"
#include "devbox-monitor-queue-private.h"
#include "devbox-socket-link-private.h"

G_BEGIN_DECLS

/* The half of a file monitor that lives in the I/O thread: a WebSocket to the agent, which is made again whenever it
 * breaks. What it learns goes into the queue. It knows neither the monitor nor the client. */
typedef struct _DevboxMonitorLink DevboxMonitorLink;

/* What monitors use, but for handshake_ms, which is the client's time-out. Tests are in more of a hurry. */
extern DevboxSocketLinkTiming devbox_monitor_link_timing;

/* Told once: NULL when the agent watches, else why it does not (transfer none). */
typedef void (*DevboxMonitorLinkStarted) (const GError *error, gpointer user_data);

DevboxMonitorLink *devbox_monitor_link_new (DevboxIoThread *thread,
                                            DevboxAgent *agent,
                                            const char *path,
                                            DevboxFileMonitorFlags flags,
                                            DevboxMonitorQueue *queue);
DevboxMonitorLink *devbox_monitor_link_ref (DevboxMonitorLink *self);
void devbox_monitor_link_unref (DevboxMonitorLink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxMonitorLink, devbox_monitor_link_unref)

/* The rest only in the I/O thread. */
void devbox_monitor_link_start (DevboxMonitorLink *self,
                                DevboxClientCore *core,
                                const DevboxSocketLinkTiming *timing,
                                DevboxMonitorLinkStarted started,
                                gpointer user_data);
/* Ends it for good; without an error, since the client is closed. While it starts, that fails; later the queue is told.
 * A link that was stopped before it was started fails then. */
void devbox_monitor_link_stop (DevboxMonitorLink *self, const GError *error);

G_END_DECLS
