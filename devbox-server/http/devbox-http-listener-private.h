/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"
#include "devbox-http-traffic-private.h"

G_BEGIN_DECLS

/* The engine: one epoll descriptor in one GSource of a context, with every connection in it. All calls from the
 * context's thread. Making one ignores SIGPIPE in the process unless the program has a handler for it, as GSocket does;
 * children need it restored. */

typedef void (*DevboxHttpHandler) (DevboxHttpExchange *exchange, gpointer user_data);

DevboxHttpListener *devbox_http_listener_new (GMainContext *context,
                                              const DevboxHttpLimits *limits,
                                              DevboxHttpHandler handler,
                                              gpointer user_data,
                                              GDestroyNotify destroy);
void devbox_http_listener_unref (
    DevboxHttpListener *self); /* closes everything at once; readers and closed funcs are told */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxHttpListener, devbox_http_listener_unref)

/* Told once at the end of each exchange that was handled (access log, metrics); status 0: the client went away before
 * the reply. Requests that are refused before they reach the handler have no exchange. */
void devbox_http_listener_set_finished_func (DevboxHttpListener *self,
                                             DevboxHttpHandler func,
                                             gpointer user_data,
                                             GDestroyNotify destroy);

/* From now on every connection is counted there, WebSockets included; keeps a reference. */
void devbox_http_listener_set_traffic (DevboxHttpListener *self, DevboxHttpTraffic *traffic);

/* host: an address or a name that resolves to loopback; port 0: any. Errors are G_IO_ERROR (ADDRESS_IN_USE, …). */
gboolean devbox_http_listener_listen (DevboxHttpListener *self, const char *host, guint16 port, GError **error);
/* A listening socket from outside (TCP or Unix); takes it, and closes it on failure. */
gboolean devbox_http_listener_listen_fd (DevboxHttpListener *self, int fd, GError **error);
GSocketAddress *
devbox_http_listener_get_local_address (DevboxHttpListener *self); /* transfer none; of the first socket */
/* "http://127.0.0.1:3000", as it is reached from this machine; NULL: it has no IP socket. Transfer full. */
char *devbox_http_listener_dup_uri (DevboxHttpListener *self);
gboolean devbox_http_listener_is_loopback (DevboxHttpListener *self); /* every socket is loopback, Unix or inherited */

/* Stops accepting and frees the port, closes what is idle, lets what runs end for up to grace_ms, then closes; func is
 * told once, in the context (or by unref). Upgraded sockets are their owner's to close; at the end of the grace they
 * are shut down. Once only. */
void devbox_http_listener_stop (DevboxHttpListener *self, guint grace_ms, GDestroyNotify func, gpointer user_data);

guint devbox_http_listener_get_n_connections (DevboxHttpListener *self);

G_END_DECLS
