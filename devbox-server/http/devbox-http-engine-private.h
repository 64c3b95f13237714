/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"
#include "devbox-http-head-private.h"
#include "devbox-http-traffic-private.h"

#include <netinet/in.h>

G_BEGIN_DECLS

/* The inner side of the engine, for the files of this folder alone: one epoll descriptor in one GSource, the queues
 * that every connection is in, and the deadlines, which one sweep a second looks after.
 *
 * Who owns what: the engine owns its connections. A connection that ends goes to the queue of the dead at once and is
 * freed at the end of the outermost turn, so that no caller up the stack, nor an event already fetched, meets freed
 * memory. The connection holds one reference to the exchange that it answers. Functions that a handler calls (reply,
 * write, read_body, …) call nobody back: they leave the rest to the next run of the connection, which is why a handler
 * may call any of them, or run a nested loop, at any time. */

typedef struct _DevboxHttpEngine DevboxHttpEngine;
typedef struct _DevboxHttpPollable DevboxHttpPollable;

/* What stands behind an event of the epoll descriptor; the first member of a connection and of a listening socket */
struct _DevboxHttpPollable
{
  void (*ready) (DevboxHttpPollable *self, guint32 events);
};

#define DEVBOX_HTTP_PIECE_SIZE (256 * 1024) /* what one connection moves before the others have their turn */

/* An address and port, as small as it gets: each idle connection has one */
typedef union
{
  struct sockaddr any;
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
} DevboxHttpPeer;

struct _DevboxHttpEngine
{
  guint ref_count;
  DevboxHttpLimits limits;
  GMainContext *context;
  GSource *source;
  gpointer epoll_tag;
  int epoll_fd;
  guint depth; /* of nested turns */
  guint n_connections;
  gint64 next_sweep;
  /* The timer is set, and the suspend clock held: there are connections, or the listener asked for it. */
  gboolean is_sweeping;

  GQueue fresh;  /* accepted, and silent since; the oldest first, as in idle */
  GQueue idle;   /* between two requests */
  GQueue active; /* all others */
  GQueue ready;  /* those that a turn left with something to do */
  GQueue dead;
  GPtrArray *dead_pollables; /* listening sockets that were closed */
  GPtrArray *upgraded;       /* (element-type GSocket) not owned */

  GHashTable *addresses; /* how many connections each address has; NULL without a limit for it */

  DevboxHttpTraffic *traffic; /* or NULL: nobody counts */

  DevboxHttpHead *spare_head;
  guint8 *spare_buffer; /* DEVBOX_HTTP_PIECE_SIZE */
  GString *reply_buffer;
  gint64 date_second;
  char date[64]; /* the whole header line */

  void (*handler) (DevboxHttpExchange *exchange, gpointer user_data);
  gpointer handler_data;
  GDestroyNotify handler_destroy;
  void (*finished_func) (DevboxHttpExchange *exchange, gpointer user_data);
  gpointer finished_data;
  GDestroyNotify finished_destroy;

  void (*sweep_func) (gpointer user_data); /* the listener's part of a sweep */
  gpointer sweep_data;

  gboolean is_stopping;     /* or stopped */
  gboolean is_stop_pending; /* stop_func is to be told */
  gint64 stop_time;         /* of the suspend clock, as all deadlines */
  GDestroyNotify stop_func;
  gpointer stop_data;

  char id_prefix[9];
  guint64 n_exchanges;
};

DevboxHttpEngine *devbox_http_engine_new (GMainContext *context, const DevboxHttpLimits *limits);
DevboxHttpEngine *devbox_http_engine_ref (DevboxHttpEngine *self);
void devbox_http_engine_unref (DevboxHttpEngine *self);
void devbox_http_engine_close (DevboxHttpEngine *self); /* ends every connection and the source */
void devbox_http_engine_stop (DevboxHttpEngine *self, guint grace_ms, GDestroyNotify func, gpointer user_data);

gboolean devbox_http_engine_watch (DevboxHttpEngine *self, int fd, guint32 events, DevboxHttpPollable *pollable);
void devbox_http_engine_unwatch (DevboxHttpEngine *self, int fd);
void devbox_http_engine_schedule_sweep (DevboxHttpEngine *self); /* at least one more, within a second */

/* Room for one more: closes the connection that was idle longest, or else one whose head is still incomplete. FALSE if
 * each is at work. */
gboolean devbox_http_engine_evict (DevboxHttpEngine *self);
guint devbox_http_engine_count_address (DevboxHttpEngine *self, const DevboxHttpPeer *peer, int change);

/* A buffer of DEVBOX_HTTP_PIECE_SIZE that stays the caller's over a callback */
guint8 *devbox_http_engine_take_buffer (DevboxHttpEngine *self);
void devbox_http_engine_give_buffer (DevboxHttpEngine *self, guint8 *buffer);

const char *devbox_http_engine_get_date_line (DevboxHttpEngine *self);
/* Keeps counting an upgraded socket until it is finalized. */
void devbox_http_engine_adopt_upgraded (DevboxHttpEngine *self, GSocket *socket, const DevboxHttpPeer *peer);

/* devbox-http-listener.c */
DevboxHttpEngine *devbox_http_listener_get_engine (DevboxHttpListener *self);
/* Listens for somebody else, who takes each descriptor. */
typedef void (*DevboxHttpAcceptFunc) (int fd, const DevboxHttpPeer *peer, gpointer user_data);
gboolean devbox_http_listener_listen_for (DevboxHttpListener *self,
                                          const char *host,
                                          guint16 port,
                                          DevboxHttpAcceptFunc func,
                                          gpointer user_data,
                                          GError **error);
/* A connected stream socket becomes a connection like those that were accepted, of a client at peer; takes it. */
void devbox_http_listener_adopt (DevboxHttpListener *self, int fd, const DevboxHttpPeer *peer);

/* devbox-http-status.c */
const char *devbox_http_status_get_phrase (guint status);
char *devbox_http_status_format_error (
    guint status,
    const char *message); /* the JSON body of a refusal; message as DevboxHttpHead has it */

G_END_DECLS
