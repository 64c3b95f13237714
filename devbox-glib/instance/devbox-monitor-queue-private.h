/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Takes what the I/O thread finds out about files to the context of a monitor: in order, bounded, and with no reference
 * to the monitor that the I/O thread could be left with. When more than DEVBOX_MONITOR_QUEUE_LIMIT events wait, they
 * make way for one overflow. Reference counted; every function may be called in any thread. */
typedef struct _DevboxMonitorQueue DevboxMonitorQueue;

#define DEVBOX_MONITOR_QUEUE_LIMIT 10000

typedef enum
{
  DEVBOX_MONITOR_ITEM_CHANGED,
  DEVBOX_MONITOR_ITEM_OVERFLOW,
  DEVBOX_MONITOR_ITEM_CLOSED, /* the last one */
} DevboxMonitorItemKind;

typedef struct
{
  DevboxMonitorItemKind kind;
  GFileMonitorEvent event;
  char *path;
  char *old_path;
  GError *error; /* of closed, or NULL */
} DevboxMonitorItem;

typedef struct
{
  gboolean (*is_heard) (GObject *target); /* until it is, items wait */
  void (*deliver) (GObject *target, const DevboxMonitorItem *item);
} DevboxMonitorQueueFuncs;

/* Delivers to target, of which it keeps a weak reference, in context. path is what an overflow of the queue itself
 * names. */
DevboxMonitorQueue *devbox_monitor_queue_new (GMainContext *context,
                                              GObject *target,
                                              const DevboxMonitorQueueFuncs *funcs,
                                              const char *path);
DevboxMonitorQueue *devbox_monitor_queue_ref (DevboxMonitorQueue *self);
void devbox_monitor_queue_unref (DevboxMonitorQueue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxMonitorQueue, devbox_monitor_queue_unref)

void devbox_monitor_queue_push_changed (DevboxMonitorQueue *self,
                                        GFileMonitorEvent event,
                                        const char *path,
                                        const char *old_path);
void devbox_monitor_queue_push_overflow (DevboxMonitorQueue *self, const char *path);
void devbox_monitor_queue_push_closed (DevboxMonitorQueue *self, const GError *error); /* nothing may follow */
/* Nothing is delivered any more, not even what waits. */
void devbox_monitor_queue_shut (DevboxMonitorQueue *self);

G_END_DECLS
