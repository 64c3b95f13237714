/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* The handshake of a WebSocket with somebody who may be hostile. libsoup alone reads interim replies without end, all
 * of the body of a refusal, and then messages of any size. In the I/O thread. Cancels the cancellable when the server
 * refuses: the message's status then tells with what. */
void devbox_socket_handshake_start (SoupSession *session,
                                    SoupMessage *message,
                                    gsize max_message_size,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer data);
SoupWebsocketConnection *devbox_socket_handshake_finish (GAsyncResult *result, GError **error);

G_END_DECLS
