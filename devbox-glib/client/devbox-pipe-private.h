/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Bytes on their way from one thread to another, of which no more than the capacity wait at any time. One thread at a
 * time writes, one at a time reads, and any thread may end or close it. Reference counted, thread safe. */
typedef struct _DevboxPipe DevboxPipe;

#define DEVBOX_PIPE_CAPACITY (1024 * 1024)

DevboxPipe *devbox_pipe_new (gsize capacity);
DevboxPipe *devbox_pipe_ref (DevboxPipe *self);
void devbox_pipe_unref (DevboxPipe *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DevboxPipe, devbox_pipe_unref)

/* The writer's side: it gets a piece of the pipe's own memory, fills the start of it in its own time, and says how much
 * that was. 0 when there is not enough room for it to be worth the
 * while, or nobody reads. */
gsize devbox_pipe_reserve (DevboxPipe *self, gpointer *space);
void devbox_pipe_commit (DevboxPipe *self, gsize n_written);
/* No more comes: this is all, or, with an error, the reader gets it after what is there. Takes the error; only the
 * first call counts. */
void devbox_pipe_end (DevboxPipe *self, GError *error);

/* The reader's side. 0 is the end, as it is for a GInputStream. */
gssize devbox_pipe_read (DevboxPipe *self, void *buffer, gsize count, GCancellable *cancellable, GError **error);
gssize devbox_pipe_read_nonblocking (DevboxPipe *self, void *buffer, gsize count, GError **error);
gboolean devbox_pipe_is_readable (DevboxPipe *self);
/* Nobody will read any more: what is there is dropped. Never blocks. Every pipe that had a source has to be closed in
 * the end, since it keeps the source, and that the pipe. */
void devbox_pipe_close (DevboxPipe *self);
gboolean devbox_pipe_is_closed (DevboxPipe *self);

guint64 devbox_pipe_get_n_read (DevboxPipe *self);
gint64 devbox_pipe_get_last_read (DevboxPipe *self); /* monotonic time in µs; 0: nothing was read */
/* What the writer ended it with, or NULL; transfer full. */
GError *devbox_pipe_dup_error (DevboxPipe *self);

/* The reader may ask for everything once more, from the start, if the writer said that it can go back; else FALSE,
 * unless nothing was read until now. The writer finds out with devbox_pipe_take_rewind (), which is TRUE once for each
 * such wish; until then nothing that it writes counts. */
void devbox_pipe_set_can_rewind (DevboxPipe *self, gboolean can_rewind);
gboolean devbox_pipe_rewind (DevboxPipe *self);
gboolean devbox_pipe_take_rewind (DevboxPipe *self);

typedef enum
{
  DEVBOX_PIPE_READABLE, /* there are bytes, or it has ended */
  DEVBOX_PIPE_WRITABLE, /* there is room for a good while, or something else that the writer wants to know */
  DEVBOX_PIPE_CLOSED,   /* nobody reads any more */
} DevboxPipeCondition;

/* Is ready for as long as the condition holds. It takes no callback when it serves as a child of another source. */
GSource *devbox_pipe_source_new (DevboxPipe *self, DevboxPipeCondition condition);

G_END_DECLS
