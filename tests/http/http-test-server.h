/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-listener-private.h"

G_BEGIN_DECLS

/* clang-format off */
/* The engine in a thread of its own, with routes that use every side of it; each takes its numbers from the query:
 *   /hello         a short reply                        /late      the same after ms
 *   /echo          the body, collected up to limit      /sink      its size, streamed, up to limit
 *   /slow-sink     the same, pausing ms at each piece   /refuse    403 without reading
 *   /early         403 at the first piece               /header    count and value of the header named by name
 *   /big           size bytes as GBytes                 /stream    size bytes, chunked, as fast as they are taken
 *   /sized         the same with a length               /fd        size bytes of a file; /shrunk of a shorter one
 *   /flood         size bytes in one write              /empty     status without a body
 *   /wait          no reply until the client is gone    /nested    a nested main loop for ms before the reply
 *   /nested-body   collects the body in a nested loop   /abort     closes; /abort-stream in the middle
 *   /ws            a WebSocket that echoes; with early  /who       addresses and request id
 *                  it speaks first
 */
/* clang-format on */
typedef struct
{
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  DevboxHttpListener *listener;
  DevboxHttpLimits limits;
  guint16 port;
  guint stop_grace_ms;

  /* Counted in the thread of the engine, read with g_atomic_int_get () */
  int n_handled;
  int n_finished;
  int n_closed;  /* calls of a closed func */
  int n_ended;   /* bodies read to their end */
  int n_aborted; /* bodies that were cut */
  int n_websockets;
  int n_living; /* exchanges that were handled and not freed */
  int is_stopped;
  int last_status;
} HttpTestServer;

HttpTestServer *http_test_server_new (const DevboxHttpLimits *limits); /* NULL: the usual ones */
void http_test_server_free (HttpTestServer *self); /* closes everything; every exchange must be gone then */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpTestServer, http_test_server_free)

/* Runs func in the thread of the engine and waits for it. */
void http_test_server_call (HttpTestServer *self, GSourceFunc func, gpointer user_data);
void http_test_server_stop (HttpTestServer *self, guint grace_ms); /* returns at once; is_stopped tells */
guint http_test_server_count_connections (HttpTestServer *self);
/* Waits until *counter is value; fails the test after 5 s. */
void http_test_wait_for (int *counter, int value);

/* A client of bare sockets */
int http_test_connect (guint16 port);
void http_test_send (int fd, const char *data, gssize size); /* all of it; size -1: a string */
char *http_test_read_to_end (int fd, gsize *size); /* until the end or a reset; fails the test after 5 s of silence */
char *http_test_read_reply (int fd);               /* one reply with a Content-Length or none, head and body */
char *http_test_request (guint16 port, const char *request); /* sends, reads to the end */
void http_test_reset (int fd);                               /* closes with RST */

G_END_DECLS
