/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-upgraded-stream-private.h"

#include "devbox-http-upgraded-output-private.h"
#include "devbox-wire-framed-input-private.h"

/* The input */

#define DEVBOX_TYPE_HTTP_UPGRADED_INPUT (devbox_http_upgraded_input_get_type ())
G_DECLARE_FINAL_TYPE (DevboxHttpUpgradedInput, devbox_http_upgraded_input, DEVBOX, HTTP_UPGRADED_INPUT, GInputStream)

struct _DevboxHttpUpgradedInput
{
  GInputStream parent_instance;
  DevboxHttpTraffic *traffic;
  DevboxWireFramedInput framed;
};

static void devbox_http_upgraded_input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DevboxHttpUpgradedInput,
                               devbox_http_upgraded_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      devbox_http_upgraded_input_pollable_init))

static void
devbox_http_upgraded_input_finalize (GObject *object)
{
  DevboxHttpUpgradedInput *self = DEVBOX_HTTP_UPGRADED_INPUT (object);

  devbox_wire_framed_input_clear (&self->framed);
  devbox_http_traffic_unref (self->traffic);

  G_OBJECT_CLASS (devbox_http_upgraded_input_parent_class)->finalize (object);
}

static void
devbox_http_upgraded_input_class_init (DevboxHttpUpgradedInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = devbox_http_upgraded_input_finalize;
}

static void
devbox_http_upgraded_input_init (DevboxHttpUpgradedInput *self)
{
}

static gssize
devbox_http_upgraded_input_read_nonblocking (GPollableInputStream *stream, void *data, gsize size, GError **error)
{
  DevboxHttpUpgradedInput *self = DEVBOX_HTTP_UPGRADED_INPUT (stream);
  gsize n_received;
  gssize n_read = devbox_wire_framed_input_read (&self->framed, data, size, &n_received, error);

  if (n_received > 0)
    devbox_http_traffic_add_received (self->traffic, n_received);

  return n_read;
}

static gboolean
devbox_http_upgraded_input_is_readable (GPollableInputStream *stream)
{
  return devbox_wire_framed_input_is_readable (&DEVBOX_HTTP_UPGRADED_INPUT (stream)->framed);
}

static GSource *
devbox_http_upgraded_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return devbox_wire_framed_input_create_source (&DEVBOX_HTTP_UPGRADED_INPUT (stream)->framed, stream, cancellable);
}

static void
devbox_http_upgraded_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->read_nonblocking = devbox_http_upgraded_input_read_nonblocking;
  iface->is_readable = devbox_http_upgraded_input_is_readable;
  iface->create_source = devbox_http_upgraded_input_create_source;
}

static GInputStream *
devbox_http_upgraded_input_new (GInputStream *input,
                                GOutputStream *output,
                                gsize max_message_size,
                                DevboxHttpTraffic *traffic)
{
  const DevboxWireFrames frames = DEVBOX_WIRE_FRAMES_INIT (max_message_size);
  DevboxHttpUpgradedInput *self = g_object_new (DEVBOX_TYPE_HTTP_UPGRADED_INPUT, NULL);

  devbox_wire_framed_input_init (&self->framed, input, output, &frames);
  self->traffic = devbox_http_traffic_ref (traffic);

  return G_INPUT_STREAM (self);
}

/* Both directions */

struct _DevboxHttpUpgradedStream
{
  GIOStream parent_instance;
  GSocketConnection *connection;
  GInputStream *input;
  GOutputStream *output;
};

G_DEFINE_FINAL_TYPE (DevboxHttpUpgradedStream, devbox_http_upgraded_stream, G_TYPE_IO_STREAM)

static void
devbox_http_upgraded_stream_finalize (GObject *object)
{
  DevboxHttpUpgradedStream *self = DEVBOX_HTTP_UPGRADED_STREAM (object);

  g_object_unref (self->input);
  g_object_unref (self->output);
  g_object_unref (self->connection);

  G_OBJECT_CLASS (devbox_http_upgraded_stream_parent_class)->finalize (object);
}

static GInputStream *
devbox_http_upgraded_stream_get_input_stream (GIOStream *stream)
{
  return DEVBOX_HTTP_UPGRADED_STREAM (stream)->input;
}

static GOutputStream *
devbox_http_upgraded_stream_get_output_stream (GIOStream *stream)
{
  return DEVBOX_HTTP_UPGRADED_STREAM (stream)->output;
}

static gboolean
devbox_http_upgraded_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (G_IO_STREAM (DEVBOX_HTTP_UPGRADED_STREAM (stream)->connection), cancellable, error);
}

/* To close a socket does not block; GIOStream would start a thread for it. */
static void
devbox_http_upgraded_stream_close_async (GIOStream *stream,
                                         int io_priority,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, devbox_http_upgraded_stream_close_async);
  g_task_set_priority (task, io_priority);
  if (devbox_http_upgraded_stream_close (stream, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
devbox_http_upgraded_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
devbox_http_upgraded_stream_class_init (DevboxHttpUpgradedStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = devbox_http_upgraded_stream_finalize;

  stream_class->get_input_stream = devbox_http_upgraded_stream_get_input_stream;
  stream_class->get_output_stream = devbox_http_upgraded_stream_get_output_stream;
  stream_class->close_fn = devbox_http_upgraded_stream_close;
  stream_class->close_async = devbox_http_upgraded_stream_close_async;
  stream_class->close_finish = devbox_http_upgraded_stream_close_finish;
}

static void
devbox_http_upgraded_stream_init (DevboxHttpUpgradedStream *self)
{
}

GIOStream *
devbox_http_upgraded_stream_new (GSocketConnection *connection, gsize max_message_size, DevboxHttpTraffic *traffic)
{
  DevboxHttpUpgradedStream *self = g_object_new (DEVBOX_TYPE_HTTP_UPGRADED_STREAM, NULL);

  self->connection = g_object_ref (connection);
  self->output = devbox_http_upgraded_output_new (g_io_stream_get_output_stream (G_IO_STREAM (connection)), traffic);
  self->input = devbox_http_upgraded_input_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)), self->output,
                                                max_message_size, traffic);

  return G_IO_STREAM (self);
}

void
devbox_http_upgraded_stream_shut (DevboxHttpUpgradedStream *self)
{
  g_socket_shutdown (g_socket_connection_get_socket (self->connection), TRUE, TRUE, NULL);
}
