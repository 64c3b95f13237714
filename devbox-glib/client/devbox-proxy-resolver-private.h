/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The user's proxy settings, but never a proxy for this machine's own addresses: the token would go there. */
#define DEVBOX_TYPE_PROXY_RESOLVER (devbox_proxy_resolver_get_type ())
G_DECLARE_FINAL_TYPE (DevboxProxyResolver, devbox_proxy_resolver, DEVBOX, PROXY_RESOLVER, GObject)

GProxyResolver *devbox_proxy_resolver_new (void);

G_END_DECLS
