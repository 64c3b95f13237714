/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-watch-queue-private.h"

#include "devbox-websocket-stream-private.h"

/* Enough to keep the socket busy between two turns of the main loop. */
#define WINDOW_BYTES (64 * 1024)

struct _DevboxWatchQueue
{
  SoupWebsocketConnection *connection;
  DevboxWebsocketStream *stream;
  DevboxWatchQueueFunc sent;
  gpointer user_data;

  GQueue waiting; /* GBytes */
  GQueue handed;  /* GSIZE_TO_POINTER (size), given to the connection and not known to be sent */
  guint64 n_sent; /* as of the stream */
  gsize waiting_bytes;
  gsize handed_bytes;
  gint64 begin_time;
  GSource *pump;
};

static void
count_sent (DevboxWatchQueue *self)
{
  guint64 n_sent = devbox_websocket_stream_get_n_sent (self->stream);

  for (; self->n_sent < n_sent && !g_queue_is_empty (&self->handed); self->n_sent++)
    self->handed_bytes -= GPOINTER_TO_SIZE (g_queue_pop_head (&self->handed));
  self->n_sent = n_sent;
}

static void
hand_over (DevboxWatchQueue *self)
{
  while (!g_queue_is_empty (&self->waiting) && self->handed_bytes < WINDOW_BYTES
         && soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    {
      g_autoptr (GBytes) message = g_queue_pop_head (&self->waiting);
      gsize size = g_bytes_get_size (message);

      self->waiting_bytes -= size;
      self->handed_bytes += size;
      g_queue_push_tail (&self->handed, GSIZE_TO_POINTER (size));
      soup_websocket_connection_send_message (self->connection, SOUP_WEBSOCKET_DATA_TEXT, message);
    }
}

static gboolean
pump_cb (gpointer user_data)
{
  DevboxWatchQueue *self = user_data;

  g_clear_pointer (&self->pump, g_source_unref);
  count_sent (self);
  hand_over (self);
  self->sent (self->user_data);

  return G_SOURCE_REMOVE;
}

static void
stream_sent_cb (gpointer user_data)
{
  DevboxWatchQueue *self = user_data;

  if (self->pump != NULL)
    return;

  self->pump = g_idle_source_new ();
  g_source_set_static_name (self->pump, "DevboxWatchQueue");
  g_source_set_priority (self->pump, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->pump, pump_cb, self, NULL);
  g_source_attach (self->pump, g_main_context_get_thread_default ());
}

DevboxWatchQueue *
devbox_watch_queue_new (SoupWebsocketConnection *connection, DevboxWatchQueueFunc sent, gpointer user_data)
{
  GIOStream *stream = soup_websocket_connection_get_io_stream (connection);
  DevboxWatchQueue *self;

  g_return_val_if_fail (DEVBOX_IS_WEBSOCKET_STREAM (stream), NULL);

  self = g_new0 (DevboxWatchQueue, 1);
  self->connection = g_object_ref (connection);
  self->stream = g_object_ref (DEVBOX_WEBSOCKET_STREAM (stream));
  self->sent = sent;
  self->user_data = user_data;
  g_queue_init (&self->waiting);
  g_queue_init (&self->handed);
  self->n_sent = devbox_websocket_stream_get_n_sent (self->stream);
  devbox_websocket_stream_set_sent_func (self->stream, stream_sent_cb, self);

  return self;
}

void
devbox_watch_queue_free (DevboxWatchQueue *self)
{
  devbox_websocket_stream_set_sent_func (self->stream, NULL, NULL);
  if (self->pump != NULL)
    {
      g_source_destroy (self->pump);
      g_source_unref (self->pump);
    }
  g_queue_clear_full (&self->waiting, (GDestroyNotify) g_bytes_unref);
  g_queue_clear (&self->handed);
  g_object_unref (self->stream);
  g_object_unref (self->connection);
  g_free (self);
}

void
devbox_watch_queue_push (DevboxWatchQueue *self, const char *text, gsize size)
{
  if (devbox_watch_queue_get_n_messages (self) == 0)
    self->begin_time = g_get_monotonic_time ();

  g_queue_push_tail (&self->waiting, g_bytes_new (text, size));
  self->waiting_bytes += size;
  hand_over (self);
}

guint
devbox_watch_queue_get_n_messages (DevboxWatchQueue *self)
{
  count_sent (self);

  return g_queue_get_length (&self->waiting) + g_queue_get_length (&self->handed);
}

gsize
devbox_watch_queue_get_n_bytes (DevboxWatchQueue *self)
{
  count_sent (self);

  return self->waiting_bytes + self->handed_bytes;
}

gint64
devbox_watch_queue_get_move_time (DevboxWatchQueue *self)
{
  if (devbox_watch_queue_get_n_messages (self) == 0)
    return 0;

  return MAX (self->begin_time, devbox_websocket_stream_get_write_time (self->stream));
}
