/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-framed-stream-private.h"

#include "devbox-wire-framed-input-private.h"

/* The input */

#define DEVBOX_TYPE_FRAMED_INPUT (devbox_framed_input_get_type ())
G_DECLARE_FINAL_TYPE (DevboxFramedInput, devbox_framed_input, DEVBOX, FRAMED_INPUT, GInputStream)

struct _DevboxFramedInput
{
  GInputStream parent_instance;
  DevboxWireFramedInput framed;
};

static void pollable_interface_init (GPollableInputStreamInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DevboxFramedInput,
                               devbox_framed_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, pollable_interface_init))

static void
devbox_framed_input_finalize (GObject *object)
{
  devbox_wire_framed_input_clear (&DEVBOX_FRAMED_INPUT (object)->framed);

  G_OBJECT_CLASS (devbox_framed_input_parent_class)->finalize (object);
}

static void
devbox_framed_input_class_init (DevboxFramedInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = devbox_framed_input_finalize;
}

static void
devbox_framed_input_init (DevboxFramedInput *self)
{
}

static gssize
devbox_framed_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize size, GError **error)
{
  gsize n_received;

  return devbox_wire_framed_input_read (&DEVBOX_FRAMED_INPUT (stream)->framed, buffer, size, &n_received, error);
}

static gboolean
devbox_framed_input_is_readable (GPollableInputStream *stream)
{
  return devbox_wire_framed_input_is_readable (&DEVBOX_FRAMED_INPUT (stream)->framed);
}

static GSource *
devbox_framed_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return devbox_wire_framed_input_create_source (&DEVBOX_FRAMED_INPUT (stream)->framed, stream, cancellable);
}

static void
pollable_interface_init (GPollableInputStreamInterface *interface)
{
  interface->read_nonblocking = devbox_framed_input_read_nonblocking;
  interface->is_readable = devbox_framed_input_is_readable;
  interface->create_source = devbox_framed_input_create_source;
}

/* Both directions */

struct _DevboxFramedStream
{
  GIOStream parent_instance;
  GIOStream *base;
  GInputStream *input;
  GObject *owner;
};

G_DEFINE_FINAL_TYPE (DevboxFramedStream, devbox_framed_stream, G_TYPE_IO_STREAM)

static void
devbox_framed_stream_finalize (GObject *object)
{
  DevboxFramedStream *self = DEVBOX_FRAMED_STREAM (object);

  g_object_unref (self->input);
  g_object_unref (self->base);
  g_object_unref (self->owner);

  G_OBJECT_CLASS (devbox_framed_stream_parent_class)->finalize (object);
}

static GInputStream *
devbox_framed_stream_get_input_stream (GIOStream *stream)
{
  return DEVBOX_FRAMED_STREAM (stream)->input;
}

static GOutputStream *
devbox_framed_stream_get_output_stream (GIOStream *stream)
{
  return g_io_stream_get_output_stream (DEVBOX_FRAMED_STREAM (stream)->base);
}

static gboolean
devbox_framed_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (DEVBOX_FRAMED_STREAM (stream)->base, cancellable, error);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (g_io_stream_close_finish (G_IO_STREAM (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
devbox_framed_stream_close_async (GIOStream *stream,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, devbox_framed_stream_close_async);
  g_task_set_priority (task, io_priority);
  g_io_stream_close_async (DEVBOX_FRAMED_STREAM (stream)->base, io_priority, cancellable, closed_cb,
                           g_steal_pointer (&task));
}

static gboolean
devbox_framed_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
devbox_framed_stream_class_init (DevboxFramedStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = devbox_framed_stream_finalize;

  stream_class->get_input_stream = devbox_framed_stream_get_input_stream;
  stream_class->get_output_stream = devbox_framed_stream_get_output_stream;
  stream_class->close_fn = devbox_framed_stream_close;
  stream_class->close_async = devbox_framed_stream_close_async;
  stream_class->close_finish = devbox_framed_stream_close_finish;
}

static void
devbox_framed_stream_init (DevboxFramedStream *self)
{
}

GIOStream *
devbox_framed_stream_new (GIOStream *base, gsize max_message_size, GObject *owner)
{
  DevboxWireFrames frames = DEVBOX_WIRE_FRAMES_INIT (max_message_size);
  DevboxFramedStream *self = g_object_new (DEVBOX_TYPE_FRAMED_STREAM, NULL);
  DevboxFramedInput *input = g_object_new (DEVBOX_TYPE_FRAMED_INPUT, NULL);

  frames.from_server = TRUE;
  devbox_wire_framed_input_init (&input->framed, g_io_stream_get_input_stream (base),
                                 g_io_stream_get_output_stream (base), &frames);
  self->base = g_object_ref (base);
  self->input = G_INPUT_STREAM (input);
  self->owner = g_object_ref (owner);

  return G_IO_STREAM (self);
}
