/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdatomic.h>

G_BEGIN_DECLS

/* Bytes that went through sockets, counted by whoever moves them and read in any thread. Reference counted. */
typedef struct
{
  gatomicrefcount ref_count;
  _Atomic guint64 received;
  _Atomic guint64 sent;
} DevboxHttpTraffic;

DevboxHttpTraffic *devbox_http_traffic_new (void);
DevboxHttpTraffic *devbox_http_traffic_ref (DevboxHttpTraffic *self); /* NULL: none */
void devbox_http_traffic_unref (DevboxHttpTraffic *self);             /* likewise */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxHttpTraffic, devbox_http_traffic_unref)

/* self may be NULL: nobody counts. */
static inline void
devbox_http_traffic_add_received (DevboxHttpTraffic *self, guint64 size)
{
  if (self != NULL)
    atomic_fetch_add_explicit (&self->received, size, memory_order_relaxed);
}

static inline void
devbox_http_traffic_add_sent (DevboxHttpTraffic *self, guint64 size)
{
  if (self != NULL)
    atomic_fetch_add_explicit (&self->sent, size, memory_order_relaxed);
}

guint64 devbox_http_traffic_get_received (DevboxHttpTraffic *self);
guint64 devbox_http_traffic_get_sent (DevboxHttpTraffic *self);

G_END_DECLS
