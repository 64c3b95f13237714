/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-io-thread-private.h"
#include "devbox-pipe-private.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Reads the body of a reply to its end: into memory, within a limit, or into a pipe, as fast as that is read. Lives in
 * the I/O thread, whose other work gets its turn. */
typedef struct _DevboxReplyReader DevboxReplyReader;

/* Called once, perhaps from within the function that starts it. The body is NULL on an error, and when it went through
 * a pipe. Takes both. */
typedef void (*DevboxReplyReaderDone) (GBytes *body, GError *error, gpointer data);

/* declared_size -1: not declared. */
DevboxReplyReader *devbox_reply_reader_new (DevboxIoThread *thread,
                                            GInputStream *stream, /* libsoup's */
                                            SoupEncoding encoding,
                                            goffset declared_size,
                                            DevboxReplyReaderDone done,
                                            gpointer data);
void devbox_reply_reader_free (DevboxReplyReader *self); /* closes the stream; also from within `done` */

void devbox_reply_reader_gather (DevboxReplyReader *self, gsize max_size);
/* The pipe is not ended. When nobody reads from it any more the error is G_IO_ERROR_CANCELLED, and OPERATION_TIMEOUT
 * when the server has sent nothing for so long although there was room; 0: it may take as long as it likes. */
void devbox_reply_reader_pour (DevboxReplyReader *self, DevboxPipe *pipe, guint silence_ms);

guint64 devbox_reply_reader_get_n_read (DevboxReplyReader *self);

G_END_DECLS
