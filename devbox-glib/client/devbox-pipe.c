/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-pipe-private.h"

#include <string.h>

/* A smaller piece is not worth a system call, and libsoup cannot read chunks into a few bytes. */
#define MIN_PIECE_SIZE 4096

struct _DevboxPipe
{
  gatomicrefcount ref_count;
  GMutex mutex;
  GCond readable;
  GList *sources; /* those of contexts that may sleep */

  /* A ring, and behind it room for a piece that begins close to the end of it. What is reserved lies behind what is
   * there. */
  guint8 *data;
  gsize capacity;
  gsize min_piece_size;
  gsize start;
  gsize length;

  guint64 n_read;
  gint64 last_read;
  gboolean has_ended;
  GError *error; /* why, or NULL */
  gboolean is_closed;
  gboolean can_rewind;
  gboolean wants_rewind;
};

typedef struct
{
  GSource parent;
  DevboxPipe *pipe;
  DevboxPipeCondition condition;
  gboolean is_known; /* to the pipe */
} PipeSource;

DevboxPipe *
devbox_pipe_new (gsize capacity)
{
  DevboxPipe *self = g_new0 (DevboxPipe, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->readable);
  self->min_piece_size = MIN (MIN_PIECE_SIZE, capacity / 4);
  self->data = g_malloc (capacity + self->min_piece_size);
  self->capacity = capacity;

  return self;
}

DevboxPipe *
devbox_pipe_ref (DevboxPipe *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

void
devbox_pipe_unref (DevboxPipe *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->sources == NULL);

  g_clear_error (&self->error);
  g_free (self->data);
  g_cond_clear (&self->readable);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static gboolean
holds_locked (DevboxPipe *self, DevboxPipeCondition condition)
{
  switch (condition)
    {
    case DEVBOX_PIPE_READABLE:
      return self->length > 0 || self->has_ended || self->is_closed;
    case DEVBOX_PIPE_WRITABLE:
      return self->wants_rewind || self->is_closed || (!self->has_ended && self->length <= self->capacity / 2);
    case DEVBOX_PIPE_CLOSED:
    default:
      return self->is_closed;
    }
}

static void
forget_destroyed_locked (DevboxPipe *self)
{
  GList *next;

  for (GList *l = self->sources; l != NULL; l = next)
    {
      next = l->next;
      if (!g_source_is_destroyed (l->data))
        continue;
      g_source_unref (l->data);
      self->sources = g_list_delete_link (self->sources, l);
    }
}

static void
wake_locked (DevboxPipe *self)
{
  g_cond_broadcast (&self->readable);

  forget_destroyed_locked (self);
  for (GList *l = self->sources; l != NULL; l = l->next)
    {
      if (holds_locked (self, ((PipeSource *) l->data)->condition))
        g_main_context_wakeup (g_source_get_context (l->data));
    }
}

static gsize
find_end (DevboxPipe *self)
{
  return (self->start + self->length) % self->capacity;
}

gsize
devbox_pipe_reserve (DevboxPipe *self, gpointer *space)
{
  gsize size = 0;

  g_mutex_lock (&self->mutex);
  /* The same memory again and again is memory that the processor has at hand. */
  if (self->length == 0)
    self->start = 0;
  if (!self->has_ended && !self->is_closed && !self->wants_rewind
      && self->capacity - self->length >= self->min_piece_size)
    {
      gsize end = find_end (self);

      size = MIN (self->capacity - self->length, self->capacity + self->min_piece_size - end);
      *space = self->data + end;
    }
  g_mutex_unlock (&self->mutex);

  return size;
}

void
devbox_pipe_commit (DevboxPipe *self, gsize n_written)
{
  g_mutex_lock (&self->mutex);
  if (!self->has_ended && !self->is_closed && !self->wants_rewind && n_written > 0)
    {
      gboolean was_empty = self->length == 0;
      gsize end = find_end (self) + n_written;

      if (end > self->capacity)
        memcpy (self->data, self->data + self->capacity, end - self->capacity);
      self->length += n_written;
      if (was_empty)
        wake_locked (self);
    }
  g_mutex_unlock (&self->mutex);
}

void
devbox_pipe_end (DevboxPipe *self, GError *error)
{
  g_mutex_lock (&self->mutex);
  if (!self->has_ended && !(self->wants_rewind && error == NULL))
    {
      self->has_ended = TRUE;
      self->error = g_steal_pointer (&error);
      wake_locked (self);
    }
  g_mutex_unlock (&self->mutex);

  g_clear_error (&error);
}

/* Only the reader takes bytes away, so the copy needs no lock. */
static gsize
copy_out (DevboxPipe *self, guint8 *buffer, gsize start, gsize count)
{
  gsize first = MIN (count, self->capacity - start);

  memcpy (buffer, self->data + start, first);
  memcpy (buffer + first, self->data, count - first);

  return count;
}

static gsize
take_locked (DevboxPipe *self, void *buffer, gsize count)
{
  gsize start = self->start;
  gsize n_read = MIN (count, self->length);
  gboolean was_writable;

  g_mutex_unlock (&self->mutex);
  copy_out (self, buffer, start, n_read);
  g_mutex_lock (&self->mutex);

  was_writable = holds_locked (self, DEVBOX_PIPE_WRITABLE);
  self->start = (start + n_read) % self->capacity;
  self->length -= n_read;
  self->n_read += n_read;
  self->last_read = g_get_monotonic_time ();
  if (!was_writable && holds_locked (self, DEVBOX_PIPE_WRITABLE))
    wake_locked (self);

  return n_read;
}

static gssize
read_locked (DevboxPipe *self, void *buffer, gsize count, GError **error)
{
  if (self->is_closed)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "Nobody reads any more");
      return -1;
    }
  if (self->length > 0)
    return (gssize) take_locked (self, buffer, count);
  if (!self->has_ended)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, g_strerror (EAGAIN));
      return -1;
    }
  if (self->error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->error));
      return -1;
    }

  return 0;
}

gssize
devbox_pipe_read_nonblocking (DevboxPipe *self, void *buffer, gsize count, GError **error)
{
  gssize n_read;

  g_mutex_lock (&self->mutex);
  n_read = read_locked (self, buffer, count, error);
  g_mutex_unlock (&self->mutex);

  return n_read;
}

static void
wake_reader (GCancellable *cancellable, gpointer data)
{
  DevboxPipe *self = data;

  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->readable);
  g_mutex_unlock (&self->mutex);
}

gssize
devbox_pipe_read (DevboxPipe *self, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  gssize n_read = -1;
  gulong cancelled_id = 0;

  if (cancellable != NULL && !devbox_pipe_is_readable (self))
    cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (wake_reader), self, NULL);

  g_mutex_lock (&self->mutex);
  while (!holds_locked (self, DEVBOX_PIPE_READABLE) && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait (&self->readable, &self->mutex);
  if (!g_cancellable_is_cancelled (cancellable))
    n_read = read_locked (self, buffer, count, error);
  g_mutex_unlock (&self->mutex);

  if (n_read < 0 && (error == NULL || *error == NULL))
    g_cancellable_set_error_if_cancelled (cancellable, error);
  g_cancellable_disconnect (cancellable, cancelled_id);

  return n_read;
}

gboolean
devbox_pipe_is_readable (DevboxPipe *self)
{
  gboolean is_readable;

  g_mutex_lock (&self->mutex);
  is_readable = holds_locked (self, DEVBOX_PIPE_READABLE);
  g_mutex_unlock (&self->mutex);

  return is_readable;
}

void
devbox_pipe_close (DevboxPipe *self)
{
  g_mutex_lock (&self->mutex);
  if (!self->is_closed)
    {
      self->is_closed = TRUE;
      wake_locked (self);
      /* Nothing changes for them any more, and they keep the pipe. */
      g_list_free_full (g_steal_pointer (&self->sources), (GDestroyNotify) g_source_unref);
    }
  g_mutex_unlock (&self->mutex);
}

gboolean
devbox_pipe_is_closed (DevboxPipe *self)
{
  gboolean is_closed;

  g_mutex_lock (&self->mutex);
  is_closed = self->is_closed;
  g_mutex_unlock (&self->mutex);

  return is_closed;
}

guint64
devbox_pipe_get_n_read (DevboxPipe *self)
{
  guint64 n_read;

  g_mutex_lock (&self->mutex);
  n_read = self->n_read;
  g_mutex_unlock (&self->mutex);

  return n_read;
}

gint64
devbox_pipe_get_last_read (DevboxPipe *self)
{
  gint64 last_read;

  g_mutex_lock (&self->mutex);
  last_read = self->last_read;
  g_mutex_unlock (&self->mutex);

  return last_read;
}

GError *
devbox_pipe_dup_error (DevboxPipe *self)
{
  GError *error;

  g_mutex_lock (&self->mutex);
  error = self->error != NULL ? g_error_copy (self->error) : NULL;
  g_mutex_unlock (&self->mutex);

  return error;
}

void
devbox_pipe_set_can_rewind (DevboxPipe *self, gboolean can_rewind)
{
  g_mutex_lock (&self->mutex);
  self->can_rewind = can_rewind;
  g_mutex_unlock (&self->mutex);
}

gboolean
devbox_pipe_rewind (DevboxPipe *self)
{
  gboolean will_rewind;

  g_mutex_lock (&self->mutex);
  will_rewind = self->n_read == 0 || (self->can_rewind && self->error == NULL && !self->is_closed);
  if (will_rewind && self->n_read > 0)
    {
      self->length = 0;
      self->n_read = 0;
      self->has_ended = FALSE;
      self->wants_rewind = TRUE;
      wake_locked (self);
    }
  g_mutex_unlock (&self->mutex);

  return will_rewind;
}

gboolean
devbox_pipe_take_rewind (DevboxPipe *self)
{
  gboolean wants_rewind;

  g_mutex_lock (&self->mutex);
  wants_rewind = self->wants_rewind;
  self->wants_rewind = FALSE;
  g_mutex_unlock (&self->mutex);

  return wants_rewind;
}

/* From the first time on that a context looks at the source it is woken for it. */
static gboolean
source_check (GSource *base)
{
  PipeSource *self = (PipeSource *) base;
  DevboxPipe *pipe = self->pipe;
  gboolean is_ready;

  g_mutex_lock (&pipe->mutex);
  if (!self->is_known && !pipe->is_closed)
    {
      self->is_known = TRUE;
      forget_destroyed_locked (pipe);
      pipe->sources = g_list_prepend (pipe->sources, g_source_ref (base));
    }
  is_ready = holds_locked (pipe, self->condition);
  g_mutex_unlock (&pipe->mutex);

  return is_ready;
}

static gboolean
source_prepare (GSource *base, int *timeout)
{
  *timeout = -1;

  return source_check (base);
}

static gboolean
source_dispatch (GSource *base, GSourceFunc callback, gpointer data)
{
  return callback != NULL ? callback (data) : G_SOURCE_CONTINUE;
}

static void
source_finalize (GSource *base)
{
  devbox_pipe_unref (((PipeSource *) base)->pipe);
}

static gboolean
call_closure (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

GSource *
devbox_pipe_source_new (DevboxPipe *self, DevboxPipeCondition condition)
{
  static GSourceFuncs source_funcs = {
    .prepare = source_prepare,
    .check = source_check,
    .dispatch = source_dispatch,
    .finalize = source_finalize,
    /* For g_source_set_dummy_callback (), without which no other source can have it as its child. */
    .closure_callback = call_closure,
  };
  GSource *base = g_source_new (&source_funcs, sizeof (PipeSource));
  PipeSource *source = (PipeSource *) base;

  source->pipe = devbox_pipe_ref (self);
  source->condition = condition;
  g_source_set_static_name (base, "[devbox] pipe");

  return base;
}
