/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Connects those who come to listening sockets of the platform, outside the box, with ports of programs inside. Of the
 * main context where it was made. A connection lives as long as its two ends want; what one of them does not read is
 * not read from the other. */
typedef struct _DevboxPortForwarder DevboxPortForwarder;

DevboxPortForwarder *devbox_port_forwarder_new (guint max_connections, GError **error);
void devbox_port_forwarder_free (DevboxPortForwarder *self); /* cuts every connection */

/* From now on whoever connects to listen_fd (taken, also on failure) is connected to port at the first of these that
 * accepts: the listening socket's own address if the box shares its network, 127.0.0.1, ::1. Replaces what the port had
 * before. */
gboolean devbox_port_forwarder_add (DevboxPortForwarder *self,
                                    guint16 port,
                                    gboolean shares_network,
                                    int listen_fd,
                                    GError **error);
void devbox_port_forwarder_remove (DevboxPortForwarder *self, guint16 port); /* connections go on */

/* Since it was made: from those who connect, and to them. */
void devbox_port_forwarder_get_bytes (DevboxPortForwarder *self, guint64 *bytes_in, guint64 *bytes_out);

G_END_DECLS
