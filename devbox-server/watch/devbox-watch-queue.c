/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-watch-queue-private.h"

#include "devbox-libsoup-private.h"
#include "devbox-suspend-clock-private.h"
#include "devbox-wire-frames-private.h"

#define BATCH_SIZE (64 * 1024)

/* Less than this is little. */
#define ROOM_MESSAGES (DEVBOX_WATCH_QUEUE_MAX_MESSAGES / 2)
#define ROOM_BYTES (4 * BATCH_SIZE)

struct _DevboxWatchQueue
{
  SoupWebsocketConnection *connection;
  GQueue texts; /* of GString */
  gsize n_bytes;
  GByteArray *batch; /* the frames of the next ones, or NULL */
  GSource *writable; /* while texts wait */
  GSource *stall;    /* likewise */
  guint stall_ms;
  GSourceOnceFunc stalled;
  gpointer user_data;
  GSourceOnceFunc room;
  gpointer room_data;
};

DevboxWatchQueue *
devbox_watch_queue_new (SoupWebsocketConnection *connection,
                        guint stall_ms,
                        GSourceOnceFunc stalled,
                        gpointer user_data)
{
  DevboxWatchQueue *self = g_new0 (DevboxWatchQueue, 1);

  self->connection = g_object_ref (connection);
  g_queue_init (&self->texts);
  self->stall_ms = stall_ms;
  self->stalled = stalled;
  self->user_data = user_data;

  return self;
}

static void
text_free (gpointer data)
{
  g_string_free (data, TRUE);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

void
devbox_watch_queue_free (DevboxWatchQueue *self)
{
  clear_source (&self->writable);
  clear_source (&self->stall);
  g_queue_clear_full (&self->texts, text_free);
  g_clear_pointer (&self->batch, g_byte_array_unref);
  g_object_unref (self->connection);
  g_free (self);
}

static gboolean
on_stalled (gpointer user_data)
{
  DevboxWatchQueue *self = user_data;

  clear_source (&self->stall);
  self->stalled (self->user_data);

  return G_SOURCE_REMOVE;
}

static void
expect_progress (DevboxWatchQueue *self)
{
  if (self->stall == NULL)
    {
      self->stall = devbox_suspend_timeout_new (self->stall_ms);
      g_source_set_static_name (self->stall, "[devbox-server] watch queue stall");
      g_source_set_callback (self->stall, on_stalled, self, NULL);
      g_source_attach (self->stall, g_main_context_get_thread_default ());
    }
  devbox_suspend_timeout_restart (self->stall, self->stall_ms);
}

static void
fill_batch (DevboxWatchQueue *self)
{
  self->batch = g_byte_array_sized_new (MIN (self->n_bytes, BATCH_SIZE));
  do
    {
      GString *text = g_queue_pop_head (&self->texts);

      devbox_wire_frames_append_text (self->batch, text->str, text->len);
      self->n_bytes -= text->len;
      g_string_free (text, TRUE);
    }
  while (!g_queue_is_empty (&self->texts) && self->batch->len < BATCH_SIZE);
}

/* Many messages in one write, beside libsoup, which would take one each time the socket is writable. A failure is its
 * affair: it reads from the same socket. */
static gboolean
on_writable (GObject *stream, gpointer user_data)
{
  DevboxWatchQueue *self = user_data;
  gboolean is_open = devbox_libsoup.websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN;
  g_autoptr (GError) error = NULL;

  if (self->batch == NULL)
    fill_batch (self);
  if (!is_open
      || g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream), self->batch->data,
                                                     self->batch->len, NULL, &error)
             >= 0
      || !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    g_clear_pointer (&self->batch, g_byte_array_unref);
  if (self->room != NULL && devbox_watch_queue_has_room (self))
    self->room (self->room_data);

  if (self->batch != NULL || !g_queue_is_empty (&self->texts))
    {
      expect_progress (self);
      return G_SOURCE_CONTINUE;
    }

  clear_source (&self->stall);
  g_clear_pointer (&self->writable, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
wait_for_writable (DevboxWatchQueue *self)
{
  GIOStream *stream = devbox_libsoup.websocket_connection_get_io_stream (self->connection);
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));

  self->writable = g_pollable_output_stream_create_source (output, NULL);
  g_source_set_static_name (self->writable, "[devbox-server] watch queue");
  g_source_set_callback (self->writable, G_SOURCE_FUNC (on_writable), self, NULL);
  g_source_attach (self->writable, g_main_context_get_thread_default ());
}

static gboolean
push (DevboxWatchQueue *self, GString *text, guint times)
{
  if (devbox_libsoup.websocket_connection_get_state (self->connection) != SOUP_WEBSOCKET_STATE_OPEN
      || g_queue_get_length (&self->texts) >= times * DEVBOX_WATCH_QUEUE_MAX_MESSAGES
      || self->n_bytes + text->len > (gsize) times * DEVBOX_WATCH_QUEUE_MAX_BYTES)
    {
      g_string_free (text, TRUE);
      return FALSE;
    }

  self->n_bytes += text->len;
  g_queue_push_tail (&self->texts, text);
  if (self->writable == NULL)
    {
      wait_for_writable (self);
      expect_progress (self);
    }

  return TRUE;
}

gboolean
devbox_watch_queue_push_event (DevboxWatchQueue *self, GString *text)
{
  return push (self, text, 1);
}

gboolean
devbox_watch_queue_push_answer (DevboxWatchQueue *self, GString *text)
{
  return push (self, text, 2);
}

guint
devbox_watch_queue_get_length (DevboxWatchQueue *self)
{
  return g_queue_get_length (&self->texts);
}

gboolean
devbox_watch_queue_has_room (DevboxWatchQueue *self)
{
  return devbox_libsoup.websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN
         && g_queue_get_length (&self->texts) < ROOM_MESSAGES && self->n_bytes < ROOM_BYTES;
}

void
devbox_watch_queue_set_room_func (DevboxWatchQueue *self, GSourceOnceFunc func, gpointer user_data)
{
  self->room = func;
  self->room_data = user_data;
}
