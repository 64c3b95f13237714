/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-traffic-private.h"

DevboxHttpTraffic *
devbox_http_traffic_new (void)
{
  DevboxHttpTraffic *self = g_new0 (DevboxHttpTraffic, 1);

  g_atomic_ref_count_init (&self->ref_count);

  return self;
}

DevboxHttpTraffic *
devbox_http_traffic_ref (DevboxHttpTraffic *self)
{
  if (self != NULL)
    g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_http_traffic_unref (DevboxHttpTraffic *self)
{
  if (self != NULL && g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

guint64
devbox_http_traffic_get_received (DevboxHttpTraffic *self)
{
  return atomic_load_explicit (&self->received, memory_order_relaxed);
}

guint64
devbox_http_traffic_get_sent (DevboxHttpTraffic *self)
{
  return atomic_load_explicit (&self->sent, memory_order_relaxed);
}
