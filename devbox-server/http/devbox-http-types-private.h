/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _DevboxHttpListener DevboxHttpListener;
typedef struct _DevboxHttpConnection DevboxHttpConnection;
typedef struct _DevboxHttpExchange DevboxHttpExchange;
typedef struct _DevboxHttpHead DevboxHttpHead;

/* Every cap and deadline of the engine; zero means "none" only where it says so. */
typedef struct
{
  guint max_connections;             /* 4,096; at the cap the longest-idle connection is closed first */
  guint max_connections_per_address; /* 0: none */
  gsize max_head_size;               /* bytes, 16 KiB */
  guint head_timeout_ms;             /* first byte to end of head, 10 s */
  guint idle_timeout_ms;             /* keep-alive between requests, 360 s, announced */
  guint write_stall_timeout_ms;      /* nothing could be written for so long, 30 s */
  guint total_timeout_ms;            /* a whole exchange; 0: none */
  gsize min_body_rate;               /* bytes a second over the window, 1,024; 0: none */
  guint body_rate_window_ms;         /* 10 s */
  gsize max_drain_size;              /* bytes read and dropped after a refusal, 1 GiB: the time bounds it */
  guint drain_timeout_ms;            /* 2 s */
} DevboxHttpLimits;

#define DEVBOX_HTTP_LIMITS_INIT                                                                                        \
  {                                                                                                                    \
    .max_connections = 4096, .max_connections_per_address = 0, .max_head_size = 16 * 1024, .head_timeout_ms = 10000,   \
    .idle_timeout_ms = 360000, .write_stall_timeout_ms = 30000, .total_timeout_ms = 0, .min_body_rate = 1024,          \
    .body_rate_window_ms = 10000, .max_drain_size = 1024 * 1024 * 1024, .drain_timeout_ms = 2000                       \
  }

G_END_DECLS
