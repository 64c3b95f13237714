/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-call-private.h"
#include "devbox-file-monitor.h"
#include "devbox-io-thread-private.h"
#include "devbox-monitor-queue-private.h"

G_BEGIN_DECLS

/* The half of a file monitor that lives in the I/O thread: a WebSocket to the agent, which is made again whenever it
 * breaks. What it learns goes into the queue. It knows neither the monitor nor the client. */
typedef struct _DevboxMonitorLink DevboxMonitorLink;

typedef struct
{
  guint handshake_ms;   /* from each try to the agent's acknowledgement; 0: no limit */
  guint first_delay_ms; /* before the first new try; then doubled, up to last_delay_ms */
  guint last_delay_ms;  /* a link that lived that long begins with first_delay_ms again */
  guint ping_interval_s;
  guint silence_ms; /* after which the agent counts as dead */
} DevboxMonitorLinkTiming;

/* What monitors use, but for handshake_ms, which is the client's time-out. Tests are in more of a hurry. */
extern DevboxMonitorLinkTiming devbox_monitor_link_timing;

/* Told once: NULL when the agent watches, else why it does not (transfer none). */
typedef void (*DevboxMonitorLinkStarted) (const GError *error, gpointer user_data);

DevboxMonitorLink *devbox_monitor_link_new (DevboxIoThread *thread,
                                            DevboxEndpoint *endpoint,
                                            const char *path,
                                            DevboxFileMonitorFlags flags,
                                            DevboxMonitorQueue *queue);
DevboxMonitorLink *devbox_monitor_link_ref (DevboxMonitorLink *self);
void devbox_monitor_link_unref (DevboxMonitorLink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxMonitorLink, devbox_monitor_link_unref)

/* The rest only in the I/O thread. */
void devbox_monitor_link_start (DevboxMonitorLink *self,
                                SoupSession *session,
                                const DevboxMonitorLinkTiming *timing,
                                DevboxMonitorLinkStarted started,
                                gpointer user_data);
/* Ends it for good; without an error, since the client is closed. While it starts, that fails; later the queue is told.
 * A link that was stopped before it was started fails then. */
void devbox_monitor_link_stop (DevboxMonitorLink *self, const GError *error);

G_END_DECLS
