/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-http-exchange-private.h"

G_BEGIN_DECLS

/* A reply of server-sent events (text/event-stream). While nothing is said a comment now and then shows that both ends
 * are there. */
typedef struct _DevboxEventStream DevboxEventStream;

typedef struct
{
  void (*ready) (gpointer user_data); /* there is room again, after a flush that returned FALSE */
  void (*gone) (gpointer user_data);  /* the client; once. Not told where it was gone before: is_closed () says so */
} DevboxEventStreamFuncs;

/* Begins the reply. The functions, which come from the main loop, may free the stream. */
DevboxEventStream *
devbox_event_stream_new (DevboxHttpExchange *exchange, const DevboxEventStreamFuncs *funcs, gpointer user_data);
void devbox_event_stream_free (DevboxEventStream *self); /* aborts a reply that was not ended */
gboolean devbox_event_stream_is_closed (DevboxEventStream *self);
gboolean devbox_event_stream_has_room (DevboxEventStream *self); /* none after a flush that returned FALSE */

/* An event of that name, or NULL: without one; data is UTF-8, of which each kind of line break reads "\n" there. */
void devbox_event_stream_add (DevboxEventStream *self, const char *name, const char *data);
void devbox_event_stream_add_comment (DevboxEventStream *self, const char *text); /* of one line */
gsize devbox_event_stream_get_added (DevboxEventStream *self);                    /* bytes that were not sent yet */
/* Sends what was added. FALSE: it was taken, and no more should come until there is room. */
gboolean devbox_event_stream_flush (DevboxEventStream *self);
gboolean devbox_event_stream_send (DevboxEventStream *self, const char *name, const char *data); /* both */
void devbox_event_stream_end (DevboxEventStream *self);

G_END_DECLS
