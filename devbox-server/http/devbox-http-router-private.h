/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-guard-private.h"

G_BEGIN_DECLS

/* From a request to its handler, by way of the guard. */
typedef struct _DevboxHttpRouter DevboxHttpRouter;

/* argument: the path component where the route has its first "{}", percent-decoded; else NULL. It lives as long as the
 * exchange, as do those of further ones (devbox_http_exchange_get_argument). The handler answers the exchange. */
typedef void (*DevboxHttpRouteFunc) (DevboxHttpExchange *exchange, const char *argument, gpointer user_data);

#define DEVBOX_HTTP_ROUTE_MAX_ARGUMENTS 2

/* Of two routes for the same request the first one counts, but one whose path has no "{}" before all others. */
typedef struct
{
  const char *method; /* a GET route also answers HEAD */
  const char *path;   /* "/process/status/{}"; each "{}" stands for a whole component */
  DevboxHttpRouteFlags flags;
  DevboxHttpRouteFunc func;
} DevboxHttpRoute;

/* clang-format off */
#define DEVBOX_HTTP_ROUTES_END { NULL, NULL, DEVBOX_HTTP_ROUTE_NONE, NULL } /* behind the last one of a table */
/* clang-format on */

DevboxHttpRouter *devbox_http_router_new (DevboxHttpGuard *guard); /* the guard must outlive it */
void devbox_http_router_free (DevboxHttpRouter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxHttpRouter, devbox_http_router_free)

void devbox_http_router_add (DevboxHttpRouter *self, const DevboxHttpRoute *routes, gpointer user_data);
/* Below this prefix (a constant) an unknown path, a wrong method and a missing token are refused without a body. */
void devbox_http_router_set_bare_prefix (DevboxHttpRouter *self, const char *prefix);
void devbox_http_router_dispatch (DevboxHttpRouter *self, DevboxHttpExchange *exchange);

G_END_DECLS
