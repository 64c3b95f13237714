/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define DEVBOX_PACKET_MAX_DESCRIPTORS 8

/* One packet on a SOCK_SEQPACKET socket, with descriptors, which stay the caller's. FALSE with errno; EAGAIN when the
 * other end has too many. */
gboolean devbox_packet_send (int socket, const void *data, gsize size, const int *fds, gsize n_fds);

G_END_DECLS
