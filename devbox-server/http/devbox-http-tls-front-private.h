/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-listener-private.h"

G_BEGIN_DECLS

/* TLS in front of the engine, which has none: accepts, shakes hands in threads of its own (16 at once, 10 s each), and
 * pumps both ways between the client and a socket pair whose other end is a connection of the engine, 16 KiB at most on
 * the way in each direction. Of the listener's context; everything else counts as the listener's limits say. */
typedef struct _DevboxHttpTlsFront DevboxHttpTlsFront;

/* certificate: with its private key. The listener must outlive it. SERVER_UNAVAILABLE where GIO has no TLS, with the
 * package to install. */
DevboxHttpTlsFront *
devbox_http_tls_front_new (DevboxHttpListener *listener, GTlsCertificate *certificate, GError **error);
/* Ends what is left at once; waits some ms for handshakes that run. */
void devbox_http_tls_front_free (DevboxHttpTlsFront *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxHttpTlsFront, devbox_http_tls_front_free)

/* As devbox_http_listener_listen (), which is stopped with it. */
gboolean devbox_http_tls_front_listen (DevboxHttpTlsFront *self, const char *host, guint16 port, GError **error);

/* Once the listener was stopped: ends handshakes, lets what the engine has sent reach its clients for up to grace_ms,
 * then ends that too; func is told once, in the context (or by free). */
void devbox_http_tls_front_stop (DevboxHttpTlsFront *self, guint grace_ms, GDestroyNotify func, gpointer user_data);

guint devbox_http_tls_front_get_n_connections (DevboxHttpTlsFront *self);

G_END_DECLS
