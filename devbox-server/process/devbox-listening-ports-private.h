/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The TCP ports at which somebody in our network namespace listens on all addresses, of IPv4 or IPv6: guint16,
 * ascending, each once. Takes as long as there are sockets. */
GArray *devbox_listening_ports_read (GCancellable *cancellable, GError **error);

/* For tests: whether a line of /proc/net/tcp or tcp6 tells such a port. */
gboolean devbox_listening_ports_parse_line (const char *line, guint16 *port);

G_END_DECLS
