/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <sys/uio.h>

G_BEGIN_DECLS

/* What a socket did not take yet: memory and pieces of files, in order. NULL is the empty queue, so that an idle
 * connection has none. */

typedef struct _DevboxHttpOutput DevboxHttpOutput;

typedef enum
{
  DEVBOX_HTTP_OUTPUT_EMPTY,   /* all is sent */
  DEVBOX_HTTP_OUTPUT_BLOCKED, /* the socket takes no more for now */
  DEVBOX_HTTP_OUTPUT_MORE,    /* the budget is used up */
  DEVBOX_HTTP_OUTPUT_FAILED,  /* the peer is gone, or a file became shorter */
} DevboxHttpOutputResult;

void devbox_http_output_clear (DevboxHttpOutput **self);
gsize devbox_http_output_get_size (DevboxHttpOutput *self); /* bytes of memory queued; files count nothing */

void devbox_http_output_add_data (DevboxHttpOutput **self, const void *data, gsize size);
void devbox_http_output_add_bytes (DevboxHttpOutput **self, GBytes *bytes, gsize offset);
void devbox_http_output_add_file (DevboxHttpOutput **self, int fd, goffset offset, goffset length); /* takes fd */

/* The vectors; the last one by reference if it is the whole of bytes, else copied */
void
devbox_http_output_add_vectors (DevboxHttpOutput **self, const struct iovec *vectors, guint n_vectors, GBytes *bytes);

/* Sends what is queued, up to budget bytes; *sent tells how much went out. */
DevboxHttpOutputResult devbox_http_output_flush (DevboxHttpOutput **self, int socket, gsize budget, gsize *sent);
/* Sends the queue and then the vectors, in one call; what is not taken of the vectors is queued. */
DevboxHttpOutputResult devbox_http_output_send (DevboxHttpOutput **self,
                                                int socket,
                                                const struct iovec *vectors,
                                                guint n_vectors,
                                                GBytes *bytes,
                                                gsize *sent);

G_END_DECLS
