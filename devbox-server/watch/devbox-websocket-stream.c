/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-websocket-stream-private.h"

#define MAX_HEADER_SIZE 14
#define OPCODE_CONTROL 0x08
#define MASK_BIT 0x80
#define LENGTH_BITS 0x7f

struct _DevboxWebsocketStream
{
  GIOStream parent_instance;

  GIOStream *base;
  GOutputStream *output;

  /* The frame that is passing (RFC 6455, 5.2) */
  guint8 header[MAX_HEADER_SIZE];
  guint header_size;
  guint64 payload_left;

  guint64 n_sent;
  gint64 write_time;
  DevboxWebsocketSentFunc sent_func;
  gpointer sent_data;
};

#define DEVBOX_TYPE_WEBSOCKET_OUTPUT_STREAM (devbox_websocket_output_stream_get_type ())
G_DECLARE_FINAL_TYPE (DevboxWebsocketOutputStream,
                      devbox_websocket_output_stream,
                      DEVBOX,
                      WEBSOCKET_OUTPUT_STREAM,
                      GOutputStream)

struct _DevboxWebsocketOutputStream
{
  GOutputStream parent_instance;

  DevboxWebsocketStream *stream; /* owns this; NULL once it is gone */
  GPollableOutputStream *base;
};

static void devbox_websocket_output_stream_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE (DevboxWebsocketStream, devbox_websocket_stream, G_TYPE_IO_STREAM)
G_DEFINE_FINAL_TYPE_WITH_CODE (DevboxWebsocketOutputStream,
                               devbox_websocket_output_stream,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      devbox_websocket_output_stream_pollable_init))

/* TRUE with the last byte of a header. */
static gboolean
take_header_byte (DevboxWebsocketStream *self, guint8 byte)
{
  guint length_size;
  guint8 length;

  self->header[self->header_size++] = byte;
  if (self->header_size < 2)
    return FALSE;

  length = self->header[1] & LENGTH_BITS;
  length_size = length == 127 ? 8 : length == 126 ? 2 : 0;
  if (self->header_size < 2 + length_size + ((self->header[1] & MASK_BIT) != 0 ? 4 : 0))
    return FALSE;

  self->payload_left = length_size == 0 ? length : 0;
  for (guint i = 0; i < length_size; i++)
    self->payload_left = self->payload_left << 8 | self->header[2 + i];
  self->header_size = 0;

  return TRUE;
}

static void
follow_frames (DevboxWebsocketStream *self, const guint8 *data, gsize size)
{
  guint64 n_sent = self->n_sent;

  if (size > 0)
    self->write_time = g_get_monotonic_time ();

  while (size > 0)
    {
      gsize n = 1;

      if (self->payload_left > 0)
        {
          n = MIN (size, self->payload_left);
          self->payload_left -= n;
        }
      else if (!take_header_byte (self, *data))
        {
          data++;
          size--;
          continue;
        }

      data += n;
      size -= n;
      if (self->payload_left == 0 && (self->header[0] & OPCODE_CONTROL) == 0)
        self->n_sent++;
    }

  if (self->n_sent != n_sent && self->sent_func != NULL)
    self->sent_func (self->sent_data);
}

static gssize
devbox_websocket_output_stream_write (GOutputStream *stream,
                                      const void *buffer,
                                      gsize size,
                                      GCancellable *cancellable,
                                      GError **error)
{
  DevboxWebsocketOutputStream *self = DEVBOX_WEBSOCKET_OUTPUT_STREAM (stream);
  gssize written = g_output_stream_write (G_OUTPUT_STREAM (self->base), buffer, size, cancellable, error);

  if (written > 0 && self->stream != NULL)
    follow_frames (self->stream, buffer, written);

  return written;
}

static gssize
devbox_websocket_output_stream_write_nonblocking (GPollableOutputStream *stream,
                                                  const void *buffer,
                                                  gsize size,
                                                  GError **error)
{
  DevboxWebsocketOutputStream *self = DEVBOX_WEBSOCKET_OUTPUT_STREAM (stream);
  gssize written = g_pollable_output_stream_write_nonblocking (self->base, buffer, size, NULL, error);

  if (written > 0 && self->stream != NULL)
    follow_frames (self->stream, buffer, written);

  return written;
}

static gboolean
devbox_websocket_output_stream_can_poll (GPollableOutputStream *stream)
{
  return g_pollable_output_stream_can_poll (DEVBOX_WEBSOCKET_OUTPUT_STREAM (stream)->base);
}

static gboolean
devbox_websocket_output_stream_is_writable (GPollableOutputStream *stream)
{
  return g_pollable_output_stream_is_writable (DEVBOX_WEBSOCKET_OUTPUT_STREAM (stream)->base);
}

static GSource *
devbox_websocket_output_stream_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) child
      = g_pollable_output_stream_create_source (DEVBOX_WEBSOCKET_OUTPUT_STREAM (stream)->base, NULL);

  return g_pollable_source_new_full (stream, child, cancellable);
}

static void
devbox_websocket_output_stream_finalize (GObject *object)
{
  g_object_unref (DEVBOX_WEBSOCKET_OUTPUT_STREAM (object)->base);

  G_OBJECT_CLASS (devbox_websocket_output_stream_parent_class)->finalize (object);
}

static void
devbox_websocket_output_stream_class_init (DevboxWebsocketOutputStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = devbox_websocket_output_stream_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = devbox_websocket_output_stream_write;
}

static void
devbox_websocket_output_stream_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->can_poll = devbox_websocket_output_stream_can_poll;
  iface->is_writable = devbox_websocket_output_stream_is_writable;
  iface->create_source = devbox_websocket_output_stream_create_source;
  iface->write_nonblocking = devbox_websocket_output_stream_write_nonblocking;
}

static void
devbox_websocket_output_stream_init (DevboxWebsocketOutputStream *self)
{
}

static GInputStream *
devbox_websocket_stream_get_input_stream (GIOStream *stream)
{
  return g_io_stream_get_input_stream (DEVBOX_WEBSOCKET_STREAM (stream)->base);
}

static GOutputStream *
devbox_websocket_stream_get_output_stream (GIOStream *stream)
{
  return DEVBOX_WEBSOCKET_STREAM (stream)->output;
}

static gboolean
devbox_websocket_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (DEVBOX_WEBSOCKET_STREAM (stream)->base, cancellable, error);
}

static void
close_base_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_io_stream_close_finish (G_IO_STREAM (object), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
devbox_websocket_stream_close_async (GIOStream *stream,
                                     int io_priority,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, devbox_websocket_stream_close_async);
  g_io_stream_close_async (DEVBOX_WEBSOCKET_STREAM (stream)->base, io_priority, cancellable, close_base_cb,
                           g_steal_pointer (&task));
}

static gboolean
devbox_websocket_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
devbox_websocket_stream_finalize (GObject *object)
{
  DevboxWebsocketStream *self = DEVBOX_WEBSOCKET_STREAM (object);

  DEVBOX_WEBSOCKET_OUTPUT_STREAM (self->output)->stream = NULL;
  g_object_unref (self->output);
  g_object_unref (self->base);

  G_OBJECT_CLASS (devbox_websocket_stream_parent_class)->finalize (object);
}

static void
devbox_websocket_stream_class_init (DevboxWebsocketStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = devbox_websocket_stream_finalize;
  stream_class->get_input_stream = devbox_websocket_stream_get_input_stream;
  stream_class->get_output_stream = devbox_websocket_stream_get_output_stream;
  stream_class->close_fn = devbox_websocket_stream_close;
  stream_class->close_async = devbox_websocket_stream_close_async;
  stream_class->close_finish = devbox_websocket_stream_close_finish;
}

static void
devbox_websocket_stream_init (DevboxWebsocketStream *self)
{
}

GIOStream *
devbox_websocket_stream_new (GIOStream *base)
{
  DevboxWebsocketStream *self = g_object_new (DEVBOX_TYPE_WEBSOCKET_STREAM, NULL);
  DevboxWebsocketOutputStream *output = g_object_new (DEVBOX_TYPE_WEBSOCKET_OUTPUT_STREAM, NULL);

  self->base = g_object_ref (base);
  self->output = G_OUTPUT_STREAM (output);
  output->stream = self;
  output->base = g_object_ref (G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (base)));

  return G_IO_STREAM (self);
}

guint64
devbox_websocket_stream_get_n_sent (DevboxWebsocketStream *self)
{
  return self->n_sent;
}

gint64
devbox_websocket_stream_get_write_time (DevboxWebsocketStream *self)
{
  return self->write_time;
}

void
devbox_websocket_stream_set_sent_func (DevboxWebsocketStream *self, DevboxWebsocketSentFunc func, gpointer user_data)
{
  self->sent_func = func;
  self->sent_data = user_data;
}
