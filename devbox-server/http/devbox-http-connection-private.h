/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-chunks-private.h"
#include "devbox-http-engine-private.h"
#include "devbox-http-output-private.h"

G_BEGIN_DECLS

typedef enum
{
  DEVBOX_HTTP_CONNECTION_FRESH,
  DEVBOX_HTTP_CONNECTION_IDLE,
  DEVBOX_HTTP_CONNECTION_HEAD,     /* a part of a head is there */
  DEVBOX_HTTP_CONNECTION_EXCHANGE, /* a request is being answered */
  DEVBOX_HTTP_CONNECTION_DRAINING, /* the last reply goes out, what still comes in is dropped */
  DEVBOX_HTTP_CONNECTION_CLOSED,
} DevboxHttpConnectionState;

struct _DevboxHttpConnection
{
  DevboxHttpPollable pollable;
  DevboxHttpEngine *engine;
  GList link;       /* in fresh, idle, active or dead */
  GList ready_link; /* in ready */
  DevboxHttpExchange *exchange;
  DevboxHttpHead *head;     /* of an incomplete head; its bytes are the input */
  GByteArray *input;        /* received and not used yet */
  DevboxHttpOutput *output; /* not taken by the socket yet */
  gint64 since;             /* the state, or for DRAINING the end of the output; of the suspend clock, µs */
  gint64 write_time;        /* of the last progress of the output, or of its beginning */
  GSocketAddress *remote_address;
  gsize drained;
  gsize turn_bytes; /* sent in this run */
  DevboxHttpPeer peer;
  int fd;
  guint8 state;
  guint8 is_ready : 1;    /* in the queue ready */
  guint8 wants_turn : 1;  /* could go on, but others have a turn first */
  guint8 is_readable : 1; /* as far as is known: the events are edge-triggered */
  guint8 is_writable : 1;
  guint8 is_hung_up : 1; /* a FIN has come; what came before it may not have been read yet */
  guint8 saw_end : 1;    /* … and has been read */
  guint8 is_broken : 1;  /* nothing can be sent or received any more */
  guint8 is_shut_down : 1;
};

typedef enum
{
  DEVBOX_HTTP_BODY_PENDING,
  DEVBOX_HTTP_BODY_RECEIVED, /* framing says that this was all */
  DEVBOX_HTTP_BODY_OVER,     /* and its reader was told, or it has none to tell any more */
} DevboxHttpBodyState;

typedef enum
{
  DEVBOX_HTTP_REPLY_NONE,
  DEVBOX_HTTP_REPLY_STREAMING,
  DEVBOX_HTTP_REPLY_ENDED,
} DevboxHttpReplyState;

typedef enum
{
  DEVBOX_HTTP_FRAMING_LENGTH,
  DEVBOX_HTTP_FRAMING_CHUNKED,
  DEVBOX_HTTP_FRAMING_CLOSE, /* the end of the connection is the end of the body */
  DEVBOX_HTTP_FRAMING_NONE,  /* HEAD, 204, 304: nothing follows the head */
} DevboxHttpFraming;

struct _DevboxHttpExchange
{
  gatomicrefcount ref_count;
  DevboxHttpConnection *connection; /* NULL once the exchange is over */
  gint64 begin_time;

  /* The head; its bytes and fields stand behind the struct */
  char *head;
  const DevboxHttpField *fields;
  guint n_fields;
  const char *method;
  const char *path;
  const char *query;
  gint64 content_length;
  DevboxHttpPeer peer;
  GSocketAddress *remote_address;
  GSocketAddress *local_address;
  char *request_id;
  char *identity;
  char id_prefix[9]; /* of the engine */
  guint64 number;

  /* The body */
  DevboxHttpBodyFunc body_func;
  gpointer body_data;
  GDestroyNotify body_destroy;
  goffset body_limit;
  goffset body_received; /* decoded bytes */
  DevboxHttpChunks chunks;
  gint64 rate_time; /* the window in which rate_bytes came, coded ones included */
  gsize rate_bytes;

  /* The reply */
  GString *reply_headers;
  goffset reply_remaining; /* of a declared length */
  guint64 bytes_sent;
  guint status;

  DevboxHttpClosedFunc closed_func;
  gpointer closed_data;
  GDestroyNotify closed_destroy;
  DevboxHttpClosedFunc writable_func;
  gpointer writable_data;
  GDestroyNotify writable_destroy;
  gpointer data;
  GDestroyNotify data_destroy;
  GStrv arguments;

  guint8 minor_version;
  guint8 body_state;
  guint8 reply_state;
  guint8 framing;
  guint8 keep_alive : 1; /* what the client asked for, then what we announced */
  guint8 asked_close : 1;
  guint8 is_head : 1;
  guint8 has_whole_request : 1; /* what comes next on the connection is another one */
  guint8 expects_continue : 1;
  guint8 says_upgrade : 1;
  guint8 is_body_paused : 1;
  guint8 in_body_func : 1;
  guint8 is_writable_func_set : 1; /* anew, while it was called */
  guint8 is_full : 1;              /* more is queued than should be: writable_func is due later */
  guint8 is_closed : 1;            /* the client went away, and closed_func was told */
  guint8 is_refused : 1;           /* the engine has answered: what the handler replies is dropped */
};

/* Takes fd. */
void devbox_http_connection_new (DevboxHttpEngine *engine, int fd, const DevboxHttpPeer *peer);
void devbox_http_connection_free (DevboxHttpConnection *self);
void devbox_http_connection_run (DevboxHttpConnection *self);
void devbox_http_connection_close (DevboxHttpConnection *self);
/* Closes, and gives the reader of a body the reason. */
void devbox_http_connection_fail (DevboxHttpConnection *self, const GError *error);
void devbox_http_connection_check_deadlines (DevboxHttpConnection *self, gint64 now);
/* Has it run in this turn, or the next. */
void devbox_http_connection_queue (DevboxHttpConnection *self);
/* Sends at once what the socket takes, and queues the rest; see devbox_http_output_send (). */
void
devbox_http_connection_send (DevboxHttpConnection *self, const struct iovec *vectors, guint n_vectors, GBytes *bytes);
void devbox_http_connection_note_output (DevboxHttpConnection *self);
/* Gives the socket away; the connection is over, the descriptor is the caller's. */
int devbox_http_connection_steal_fd (DevboxHttpConnection *self);

/* devbox-http-exchange.c */
DevboxHttpExchange *
devbox_http_exchange_new (DevboxHttpConnection *connection, const DevboxHttpHead *head, const guint8 *data);
/* The exchange is over. Tells the reader of the body (with error, if it still waits for more), then closed_func if
 * is_gone, then the engine. */
void
devbox_http_exchange_finish (DevboxHttpExchange *self, DevboxHttpEngine *engine, gboolean is_gone, const GError *error);
void devbox_http_exchange_notify_closed (DevboxHttpExchange *self);
void devbox_http_exchange_notify_writable (DevboxHttpExchange *self);

/* devbox-http-body.c */
gboolean devbox_http_exchange_step_body (DevboxHttpExchange *self); /* whether something was done */
void devbox_http_exchange_abort_body (DevboxHttpExchange *self, const GError *error);
/* Replies on behalf of the engine, or closes if a reply has begun; then tells the reader of the body. */
void devbox_http_exchange_refuse (DevboxHttpExchange *self, guint status, int code, const char *message);
gboolean devbox_http_exchange_waits_for_body (const DevboxHttpExchange *self); /* it has a reader that can be called */
gboolean devbox_http_exchange_has_reader (const DevboxHttpExchange *self);
void devbox_http_exchange_clear_body_func (DevboxHttpExchange *self);

/* devbox-http-reply.c */
#define DEVBOX_HTTP_QUEUE_HIGH (1024 * 1024)
#define DEVBOX_HTTP_QUEUE_LOW (256 * 1024)

/* A whole reply for a request that is too wrong for an exchange; the connection closes after it. */
void devbox_http_connection_refuse (DevboxHttpConnection *self, guint status, const char *message);

/* Bytes received that the engine has not used, up to DEVBOX_HTTP_PIECE_SIZE; -1 if there are none now, 0 at the end. */
gssize devbox_http_connection_receive (DevboxHttpConnection *self, guint8 *buffer, gsize size);
void devbox_http_connection_keep_input (DevboxHttpConnection *self, const guint8 *data, gsize size);

G_END_DECLS
