/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-reply-reader-private.h"

#include "devbox-error-private.h"

#include <glib/gi18n-lib.h>

/* Read at most so much before others get their turn. */
#define READ_TURN (256 * 1024)
#define READ_SIZE (64 * 1024)
#define FIRST_READ_SIZE (4 * 1024)

/* What the reader waits for. */
typedef enum
{
  WAIT_NONE,
  WAIT_SOCKET,
  WAIT_TURN,
  WAIT_ROOM,
} Wait;

struct _DevboxReplyReader
{
  DevboxIoThread *thread;
  GInputStream *stream;
  DevboxReplyReaderDone done;
  gpointer data;

  gboolean is_chunked;
  goffset declared_size; /* -1: not declared */
  guint64 n_read;

  GSource *source;
  Wait wait;

  /* When it gathers. */
  guint8 *buffer;
  gsize size;
  gsize max_size;

  /* When it pours. */
  DevboxPipe *pipe; /* NULL: it gathers */
  GSource *closed_source;
  guint silence_ms;
  DevboxTimer silence;
};

DevboxReplyReader *
devbox_reply_reader_new (DevboxIoThread *thread,
                         GInputStream *stream,
                         SoupEncoding encoding,
                         goffset declared_size,
                         DevboxReplyReaderDone done,
                         gpointer data)
{
  DevboxReplyReader *self = g_new0 (DevboxReplyReader, 1);

  self->thread = thread;
  self->stream = g_object_ref (stream);
  self->is_chunked = encoding == SOUP_ENCODING_CHUNKED;
  self->declared_size = declared_size;
  self->done = done;
  self->data = data;

  return self;
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;

  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
stop (DevboxReplyReader *self)
{
  clear_source (&self->source);
  clear_source (&self->closed_source);
  if (self->pipe != NULL)
    devbox_timer_stop (&self->silence);
}

void
devbox_reply_reader_free (DevboxReplyReader *self)
{
  stop (self);
  g_input_stream_close (self->stream, NULL, NULL);
  g_object_unref (self->stream);
  g_clear_pointer (&self->pipe, devbox_pipe_unref);
  g_free (self->buffer);
  g_free (self);
}

/* The reader may be gone when this returns. Takes the error. */
static void
finish (DevboxReplyReader *self, GError *error)
{
  GBytes *body = NULL;

  stop (self);
  if (error == NULL && self->pipe == NULL)
    body = g_bytes_new_take (g_realloc (g_steal_pointer (&self->buffer), self->n_read), self->n_read);
  self->done (body, error, self->data);
}

/* libsoup 3.2 takes a connection that ends between two chunks for the end of the body, but it remembers only the true
 * one: a body that has not ended would be read on. What it would be read from is made to refuse that here. */
static gboolean
ends_between_chunks (DevboxReplyReader *self)
{
  GInputStream *body;
  GInputStream *source;
  gboolean is_pending;
  gssize n_skipped;

  if (!self->is_chunked || !G_IS_FILTER_INPUT_STREAM (self->stream))
    return FALSE;
  body = g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (self->stream));
  if (!G_IS_FILTER_INPUT_STREAM (body))
    return FALSE;

  source = g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (body));
  is_pending = g_input_stream_set_pending (source, NULL);
  n_skipped = g_input_stream_skip (body, 1, NULL, NULL);
  if (is_pending)
    g_input_stream_clear_pending (source);

  return n_skipped != 0;
}

/* libsoup takes a body that ends early for a whole one when the server closes the connection after it. */
static void
finish_at_end (DevboxReplyReader *self)
{
  GError *error = NULL;

  if ((self->declared_size >= 0 && self->n_read != (guint64) self->declared_size) || ends_between_chunks (self))
    g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, _ ("The reply ended before it was complete"));
  finish (self, error);
}

static void
finish_too_large (DevboxReplyReader *self)
{
  g_autofree char *limit = g_format_size_full (self->max_size, G_FORMAT_SIZE_LONG_FORMAT);

  /* Translators: %s is a size such as "1.0 MB (1048576 bytes)" */
  finish (self,
          devbox_error_new (DEVBOX_ERROR_FILE_TOO_LARGE, NULL, _ ("The reply is larger than the limit of %s"), limit));
}

static void
finish_closed (DevboxReplyReader *self)
{
  finish (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Nobody reads the reply any more")));
}

/* Room for what is known to come, but never much more than what has come: the declared size may be a lie. */
static gsize
make_room (DevboxReplyReader *self, gpointer *room)
{
  gsize length = (gsize) self->n_read;

  if (self->size - length < FIRST_READ_SIZE)
    {
      gsize wanted = MAX (2 * self->size, FIRST_READ_SIZE);

      if (self->declared_size >= 0)
        {
          gsize missing = (gsize) self->declared_size - MIN (length, (gsize) self->declared_size);

          wanted = MIN (MAX (wanted, READ_SIZE), length + missing + FIRST_READ_SIZE);
        }

      self->size = wanted;
      self->buffer = g_realloc (self->buffer, self->size);
    }

  *room = self->buffer + length;

  return self->size - length;
}

static gboolean read_some (gpointer data);

static gboolean
stream_is_ready (GObject *stream, gpointer data)
{
  return read_some (data);
}

/* Takes the source. A source stays while it is the right one. */
static gboolean
wait_for (DevboxReplyReader *self, Wait wait, GSource *source, GSourceFunc callback)
{
  clear_source (&self->source);
  self->wait = wait;
  self->source = source;
  g_source_set_callback (source, callback, self, NULL);
  g_source_set_static_name (source, "[devbox] read reply");
  g_source_attach (source, devbox_io_thread_get_context (self->thread));

  return G_SOURCE_REMOVE;
}

/* That is when nothing lies in libsoup's buffers. */
static gboolean
wait_for_socket (DevboxReplyReader *self)
{
  if (self->pipe != NULL && self->silence_ms > 0)
    devbox_timer_start (&self->silence, g_get_monotonic_time () + self->silence_ms * G_TIME_SPAN_MILLISECOND);
  if (self->source != NULL && self->wait == WAIT_SOCKET)
    return G_SOURCE_CONTINUE;

  return wait_for (self, WAIT_SOCKET,
                   g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (self->stream), NULL),
                   G_SOURCE_FUNC (stream_is_ready));
}

static gboolean
wait_for_turn (DevboxReplyReader *self)
{
  GSource *source;

  if (self->source != NULL && self->wait == WAIT_TURN)
    return G_SOURCE_CONTINUE;

  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);

  return wait_for (self, WAIT_TURN, source, read_some);
}

static gboolean
wait_for_room (DevboxReplyReader *self)
{
  if (self->source != NULL && self->wait == WAIT_ROOM)
    return G_SOURCE_CONTINUE;

  return wait_for (self, WAIT_ROOM, devbox_pipe_source_new (self->pipe, DEVBOX_PIPE_WRITABLE), read_some);
}

static gboolean
read_some (gpointer data)
{
  DevboxReplyReader *self = data;
  gsize n_read_in_turn = 0;

  if (self->pipe != NULL)
    devbox_timer_stop (&self->silence);

  while (n_read_in_turn < READ_TURN)
    {
      GError *error = NULL;
      gpointer room = NULL;
      gsize size = self->pipe != NULL ? devbox_pipe_reserve (self->pipe, &room) : make_room (self, &room);
      gssize n_read;

      if (size == 0 && !devbox_pipe_is_closed (self->pipe))
        return wait_for_room (self);
      if (size == 0)
        {
          finish_closed (self);
          return G_SOURCE_REMOVE;
        }

      n_read
          = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (self->stream), room, size, NULL, &error);
      if (n_read == 0)
        {
          finish_at_end (self);
          return G_SOURCE_REMOVE;
        }
      if (n_read < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_error_free (error);
          return wait_for_socket (self);
        }
      if (n_read < 0)
        {
          finish (self, error);
          return G_SOURCE_REMOVE;
        }

      self->n_read += (gsize) n_read;
      n_read_in_turn += (gsize) n_read;
      if (self->pipe != NULL)
        devbox_pipe_commit (self->pipe, (gsize) n_read);
      else if (self->n_read > self->max_size)
        {
          finish_too_large (self);
          return G_SOURCE_REMOVE;
        }
    }

  return wait_for_turn (self);
}

void
devbox_reply_reader_gather (DevboxReplyReader *self, gsize max_size)
{
  self->max_size = max_size;
  if (self->declared_size >= 0 && (guint64) self->declared_size > max_size)
    finish_too_large (self);
  else
    read_some (self);
}

static void
silence_lasts (gpointer data)
{
  DevboxReplyReader *self = data;

  finish (self, devbox_error_new (DEVBOX_ERROR_OPERATION_TIMEOUT, NULL,
                                  /* Translators: %u is a number of milliseconds */
                                  _ ("Nothing more of the reply has come for %u ms"), self->silence_ms));
}

static gboolean
pipe_is_closed (gpointer data)
{
  finish_closed (data);

  return G_SOURCE_REMOVE;
}

void
devbox_reply_reader_pour (DevboxReplyReader *self, DevboxPipe *pipe, guint silence_ms)
{
  self->pipe = devbox_pipe_ref (pipe);
  self->silence_ms = silence_ms;
  devbox_timer_init (&self->silence, devbox_io_thread_get_timers (self->thread), silence_lasts, self);

  self->closed_source = devbox_pipe_source_new (pipe, DEVBOX_PIPE_CLOSED);
  g_source_set_callback (self->closed_source, pipe_is_closed, self, NULL);
  g_source_attach (self->closed_source, devbox_io_thread_get_context (self->thread));

  read_some (self);
}

guint64
devbox_reply_reader_get_n_read (DevboxReplyReader *self)
{
  return self->n_read;
}
