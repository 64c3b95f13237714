/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* libsoup, which is loaded with the first WebSocket: with it come Kerberos, SQLite and ten others, 1.4 MiB of resident
 * memory and a millisecond of the start of each agent that nobody watches. */

#define DEVBOX_LIBSOUP_FUNCTIONS(X)                                                                                    \
  X (websocket_connection_close)                                                                                       \
  X (websocket_connection_get_io_stream)                                                                               \
  X (websocket_connection_get_state)                                                                                   \
  X (websocket_connection_new)                                                                                         \
  X (websocket_connection_set_keepalive_interval)                                                                      \
  X (websocket_connection_set_max_incoming_payload_size)

/* Each without the `soup_` in front. */
typedef struct
{
#define DEVBOX_LIBSOUP_MEMBER(name) __typeof__ (soup_##name) *name;
  DEVBOX_LIBSOUP_FUNCTIONS (DEVBOX_LIBSOUP_MEMBER)
#undef DEVBOX_LIBSOUP_MEMBER
} DevboxLibsoup;

extern DevboxLibsoup devbox_libsoup;

/* To be called before any of them; thread safe. FALSE where the library is not installed. */
gboolean devbox_libsoup_load (void);

G_END_DECLS
