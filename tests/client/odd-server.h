/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A small HTTP server that behaves as the path of each request tells it, often badly. One thread for each connection.
 *
 *   /ok                 200 and {"ok":true}
 *   /size/N             200 and N bytes
 *   /chunked/N          the same in chunks
 *   /echo               200 and the request's body
 *   /head               200 and the request's head
 *   /status/N           the status N without a body
 *   /error/N/CODE       the status N and {"success":false,"error":"It failed","code":CODE}
 *   /secret/N           the status N and an error text that repeats the Authorization header
 *   /redirect/N         the status N and a Location at the address given to odd_server_set_other ()
 *   /keep-alive/N       200 with "Keep-Alive: timeout=N"
 *   /delay/N            200 after N ms
 *   /once               200, and the connection is closed without a word when the next request comes
 *   /leave              200, and the connection is closed without a word
 *   /close              200 with "Connection: close"
 *   /stall-head         nothing, for ever
 *   /stall-half-head    half a head, then nothing
 *   /stall-body         a tenth of the body, then nothing
 *   /drip               a body that comes drop by drop, without end
 *   /no-read            reads the head and nothing more
 *   /drop               closes without a word
 *   /drop-half-head     closes in the head
 *   /drop-body          closes after a tenth of the body
 *   /drop-chunked       closes in the middle of a body in chunks
 *   /refuse/N           the status N before it reads the body, without asking for it, and the connection is closed
 *   /refuse-half/N      the same in the middle of the body
 *   /flaky              503 at the first time, then the same as /echo
 *   /short-and-close    announces the close and more bytes than it sends
 *   /garbage            what is no HTTP
 *   /long-head          a head of 1 MiB
 *   /huge               announces 9 TB
 *   /endless/N          the status N and a body without end
 *   /endless-1xx        interim replies without end
 *   /endless-trailer    a trailer without end
 *   /next               the next of what odd_server_set_next () told, and the last of it from then on
 *   /busy/N/S           the status N with "Retry-After: S"
 *   /any                one of several, as chance will have it
 *   /api/v1/devbox/NAME mostly 200 and that the agent of the devbox is at /agent
 *   /agent/health       mostly 200 and what that agent can do
 *   /agent/…            the same as /…
 *   /health             what odd_server_set_health () says, "ok" by default; it must come without a token
 */
typedef struct _OddServer OddServer;

OddServer *odd_server_new (const char *address);
void odd_server_free (OddServer *self);

const char *odd_server_get_url (OddServer *self);
void odd_server_set_other (OddServer *self, OddServer *other);
void odd_server_set_health (OddServer *self, const char *path); /* static, without the slash */
void odd_server_hang_up (OddServer *self);                      /* on all who are connected */

/* Words such as "/status/503 /drop /ok". */
void odd_server_set_next (OddServer *self, const char *behaviours);

guint odd_server_get_n_accepted (OddServer *self);
guint odd_server_get_n_open (OddServer *self);
guint odd_server_get_max_open (OddServer *self);
guint odd_server_get_n_requests (OddServer *self);
guint odd_server_get_n_bodies (OddServer *self); /* that came whole */
guint odd_server_get_n_health_requests (OddServer *self);
guint64 odd_server_get_n_bytes (OddServer *self);

G_END_DECLS
