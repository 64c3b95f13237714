/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

G_BEGIN_DECLS

/* Policy that holds before any handler and before a WebSocket handshake: token, Origin, Host, content type
 * (docs/wire.md, "Authorization" and "Order of refusals"). Immutable once the listener runs. */
typedef struct _DevboxHttpGuard DevboxHttpGuard;

typedef enum
{
  DEVBOX_HTTP_ROUTE_NONE = 0,
  DEVBOX_HTTP_ROUTE_OPEN = 1 << 0, /* neither token nor Host are asked for: health */
  DEVBOX_HTTP_ROUTE_JSON = 1 << 1, /* a browser (whoever sends Origin) must say application/json */
  DEVBOX_HTTP_ROUTE_BARE = 1 << 2, /* a missing token is refused without a body */
} DevboxHttpRouteFlags;

DevboxHttpGuard *devbox_http_guard_new (void);
void devbox_http_guard_free (DevboxHttpGuard *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxHttpGuard, devbox_http_guard_free)

void devbox_http_guard_set_token (DevboxHttpGuard *self, const char *token); /* NULL: none is asked for */
/* Where one token is not enough: func tells who sends a request, for devbox_http_exchange_get_identity (). With NULL
 * the request is refused with the status of the error's code and {success:false, error, code, timestamp}; 401 asks for
 * Bearer. Takes the place of a token. */
typedef const char *(*DevboxHttpAuthenticator) (DevboxHttpExchange *exchange, gpointer user_data, GError **error);
void devbox_http_guard_set_authenticator (DevboxHttpGuard *self, DevboxHttpAuthenticator func, gpointer user_data);
/* A name or address that Host may carry, beside loopback ones; asked for only where no token is. */
void devbox_http_guard_allow_host (DevboxHttpGuard *self, const char *name);
/* Without it no foreign Origin passes; with it loopback origins and those named do ("*" only when it is named). */
void devbox_http_guard_enable_cors (DevboxHttpGuard *self, const char *const *origins);

/* The refusals that come before routing. FALSE: answered. flags: those of the route, or NONE where there is none. */
gboolean devbox_http_guard_admit (DevboxHttpGuard *self, DevboxHttpExchange *exchange, DevboxHttpRouteFlags flags);
/* A CORS preflight is answered here, before the token is asked for. TRUE: answered. */
gboolean devbox_http_guard_answer_preflight (DevboxHttpGuard *self, DevboxHttpExchange *exchange);
/* The sub-protocol that carried the token, to be echoed in a WebSocket handshake; transfer full, NULL if none did. */
char *devbox_http_guard_dup_token_protocol (DevboxHttpGuard *self, DevboxHttpExchange *exchange);

/* A loopback address, or "localhost" */
gboolean devbox_http_host_is_loopback (const char *host);

G_END_DECLS
