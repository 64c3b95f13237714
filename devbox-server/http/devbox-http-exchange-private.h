/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-types-private.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* One request and its reply. It belongs to the engine's thread. A handler must see to it that each exchange is answered
 * exactly once (reply, stream, upgrade or abort); an exchange whose client is gone still takes its answer and drops it.
 * Reference counted: whoever answers later keeps a reference; the last one may be dropped in any thread.
 * Nothing in here calls back before it returns (but read_body for a client that is gone, and abort, which ends the
 * exchange): callbacks come from the main loop, one at a time, and each may call any of these or run a nested loop. */

DevboxHttpExchange *devbox_http_exchange_ref (DevboxHttpExchange *self);
void devbox_http_exchange_unref (DevboxHttpExchange *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxHttpExchange, devbox_http_exchange_unref)

/* The request head */
const char *devbox_http_exchange_get_method (DevboxHttpExchange *self); /* a token, compare with strcmp */
const char *devbox_http_exchange_get_path (DevboxHttpExchange *self);   /* as sent, still percent-encoded */
const char *devbox_http_exchange_get_query (DevboxHttpExchange *self);  /* as sent, or NULL */
/* The value of the first field of that name, or NULL; whoever decides by it asks first that there is only one. */
const char *devbox_http_exchange_get_header (DevboxHttpExchange *self, const char *name);
guint devbox_http_exchange_count_header (DevboxHttpExchange *self, const char *name);
GSocketAddress *
devbox_http_exchange_get_remote_address (DevboxHttpExchange *self); /* transfer none; NULL but for TCP */
GSocketAddress *devbox_http_exchange_get_local_address (DevboxHttpExchange *self);
goffset devbox_http_exchange_get_content_length (DevboxHttpExchange *self); /* 0 no body, -1 chunked */
/* X-Request-Id if it is 1 to 128 letters, digits, '-', '.' and '_', else one of our own */
const char *devbox_http_exchange_get_request_id (DevboxHttpExchange *self);
/* What stands for the n-th "{}" in the path of its route (http/devbox-http-router-private.h); NULL: there is none. */
const char *devbox_http_exchange_get_argument (DevboxHttpExchange *self, guint n);
void devbox_http_exchange_take_arguments (DevboxHttpExchange *self, GStrv arguments);

/* Who sends it, as the guard's authenticator found out (the platform: a namespace); NULL: nobody asked. Copied. */
void devbox_http_exchange_set_identity (DevboxHttpExchange *self, const char *identity);
const char *devbox_http_exchange_get_identity (DevboxHttpExchange *self);

/* The request body, streamed. Without a reader the body is not read: a reply sent then is a refusal (the reply, then
 * shutdown (WR), bounded drain, close; or keep-alive if there was no body). `100 Continue` is sent when reading starts.
 * The reader is told END or ABORTED once, unless the handler itself ends the exchange before. */
typedef enum
{
  DEVBOX_HTTP_BODY_DATA,    /* data, size: one piece, at most 256 KiB; size > 0 */
  DEVBOX_HTTP_BODY_END,     /* the whole body was seen, framing was right */
  DEVBOX_HTTP_BODY_ABORTED, /* the body was cut off, was malformed, was too slow, or passed the limit; error says which.
                             * The engine has answered (400, 408, 413) or the client is gone: clean up, reply nothing */
} DevboxHttpBodyEvent;

typedef void (*DevboxHttpBodyFunc) (DevboxHttpExchange *self,
                                    DevboxHttpBodyEvent event,
                                    const guint8 *data,
                                    gsize size,
                                    const GError *error,
                                    gpointer user_data);

/* limit: bytes; for a client that is gone, ABORTED comes at once. A declared length past it or a chunked body that
 * grows past it ends in ABORTED with 413; -1 for none. After DATA the reader may call pause; the engine then reads no
 * more from the socket until resume. */
void devbox_http_exchange_read_body (DevboxHttpExchange *self,
                                     goffset limit,
                                     DevboxHttpBodyFunc func,
                                     gpointer user_data,
                                     GDestroyNotify destroy);
void devbox_http_exchange_pause_body (DevboxHttpExchange *self);
void devbox_http_exchange_resume_body (DevboxHttpExchange *self);
/* Collects a small body: done (exchange, bytes or NULL when it was aborted, user_data). */
typedef void (*DevboxHttpBytesFunc) (DevboxHttpExchange *self, GBytes *body, gpointer user_data);
void
devbox_http_exchange_collect_body (DevboxHttpExchange *self, gsize limit, DevboxHttpBytesFunc func, gpointer user_data);

/* Told once when the client goes away before the reply was complete, or when the exchange took too long. A FIN counts,
 * also while a handler is slow, but the reply is still sent: a client that only closed its side gets it, if the handler
 * did not give up. While the body is being read, a FIN is the affair of its reader. One that is behind more pipelined
 * bytes than the socket holds is not seen until they are read: total_timeout_ms bounds that. Not told where the client
 * was gone before: is_closed () says so. */
typedef void (*DevboxHttpClosedFunc) (DevboxHttpExchange *self, gpointer user_data);
void devbox_http_exchange_set_closed_func (DevboxHttpExchange *self,
                                           DevboxHttpClosedFunc func,
                                           gpointer user_data,
                                           GDestroyNotify destroy);
gboolean devbox_http_exchange_is_closed (DevboxHttpExchange *self);

/* The reply. Headers are added first, then one of the reply calls. Names and values must hold no CR, LF or NUL; such a
 * header is dropped with a critical. Date, Content-Length, Transfer-Encoding, Connection and Keep-Alive are the
 * engine's. */
void devbox_http_exchange_add_header (DevboxHttpExchange *self, const char *name, const char *value);
void devbox_http_exchange_close_after (DevboxHttpExchange *self); /* Connection: close */
void devbox_http_exchange_reply (DevboxHttpExchange *self, guint status, const char *content_type, GBytes *body);
/* The same without a GBytes: copied at once, for small replies. */
void devbox_http_exchange_reply_data (DevboxHttpExchange *self,
                                      guint status,
                                      const char *content_type,
                                      const void *data,
                                      gsize size);
/* Sends length bytes of the file from offset, with sendfile () if they are many; takes the descriptor. A file that
 * shrinks closes the connection. */
void devbox_http_exchange_reply_fd (DevboxHttpExchange *self,
                                    guint status,
                                    const char *content_type,
                                    int fd,
                                    goffset offset,
                                    goffset length);
/* Streams: begin (length -1: chunked, or close for HTTP/1.0), then writes, then end; the head leaves with the first
 * write, or at the end of the turn. Write never blocks; it queues what the socket does not take, and what is past this
 * connection's share of the turn, and returns FALSE once more than 1 MiB is queued: wait for writable, which is told
 * each time that the queue has fallen to 256 KiB. */
void
devbox_http_exchange_begin_reply (DevboxHttpExchange *self, guint status, const char *content_type, goffset length);
gboolean devbox_http_exchange_write (DevboxHttpExchange *self, const void *data, gsize size);
void devbox_http_exchange_set_writable_func (DevboxHttpExchange *self,
                                             DevboxHttpClosedFunc func,
                                             gpointer user_data,
                                             GDestroyNotify destroy);
void devbox_http_exchange_end_reply (DevboxHttpExchange *self);
void devbox_http_exchange_abort (DevboxHttpExchange *self); /* close at once, nothing more is sent */

/* WebSocket: checks the handshake, answers 101 and hands the socket over (transfer full; no deflate, frames up to 64
 * KiB); NULL with a reply of 400 or 426 sent when the handshake is wrong or frames came before it, and without one when
 * the client is gone. protocol: the sub-protocol to echo, or NULL. The exchange is over; the socket still counts as a
 * connection until it is finalized, and is shut down by the end of the engine. */
SoupWebsocketConnection *devbox_http_exchange_upgrade_websocket (DevboxHttpExchange *self, const char *protocol);

/* For the access log and metrics */
guint devbox_http_exchange_get_status (DevboxHttpExchange *self); /* 0 before the reply */
guint64 devbox_http_exchange_get_bytes_sent (DevboxHttpExchange *self);
gint64 devbox_http_exchange_get_begin_time (DevboxHttpExchange *self); /* of the suspend clock, µs */

/* What a handler needs for as long as the exchange is there */
void devbox_http_exchange_set_data (DevboxHttpExchange *self, gpointer data, GDestroyNotify destroy);

G_END_DECLS
