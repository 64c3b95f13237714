/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-engine-private.h"

G_BEGIN_DECLS

/* What moves between a client behind TLS and the engine, once hands are shaken. Nothing in here blocks, or calls
 * anybody back. */

#define DEVBOX_HTTP_TLS_BUFFER_SIZE                                                                                    \
  (16 * 1024) /* a whole record of TLS: nothing of one is left where no event tells                                    \
               */

typedef struct
{
  guint8 *buffer; /* NULL: nothing is on its way */
  gsize start;
  gsize end;
  guint8 is_readable : 1; /* its source; as far as is known: the events are edge-triggered */
  guint8 is_writable : 1; /* its destination */
  guint8 saw_end : 1;     /* of its source */
  guint8 is_over : 1;     /* … and its destination was told */
} DevboxHttpTlsFlow;

typedef struct
{
  GIOStream *stream; /* the client's, a GTlsConnection */
  int fd;            /* the engine's */
  DevboxHttpTlsFlow in;
  DevboxHttpTlsFlow out;
  guint8 *spare_buffer; /* while it runs */
} DevboxHttpTlsPump;

typedef enum
{
  DEVBOX_HTTP_TLS_PUMP_WAITS,
  DEVBOX_HTTP_TLS_PUMP_HAS_MORE, /* but others have a turn first */
  DEVBOX_HTTP_TLS_PUMP_ENDED,    /* all that the engine sent is out, and the end of it was told */
  DEVBOX_HTTP_TLS_PUMP_FAILED,
} DevboxHttpTlsPumpResult;

/* Takes the stream and the descriptor. */
void devbox_http_tls_pump_init (DevboxHttpTlsPump *self, GIOStream *stream, int fd);
void devbox_http_tls_pump_clear (DevboxHttpTlsPump *self);
void devbox_http_tls_pump_note_client (DevboxHttpTlsPump *self); /* something may be possible at its socket */
void devbox_http_tls_pump_note_engine (DevboxHttpTlsPump *self);
/* *sent: bytes that the client took. */
DevboxHttpTlsPumpResult devbox_http_tls_pump_run (DevboxHttpTlsPump *self, gsize *sent);

G_END_DECLS
