/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-upgraded-stream-private.h"

#include "devbox-http-upgraded-output-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-frames-private.h"

#include <errno.h>
#include <string.h>

#define BUFFER_SIZE 4096

/* The input */

#define DEVBOX_TYPE_HTTP_UPGRADED_INPUT (devbox_http_upgraded_input_get_type ())
G_DECLARE_FINAL_TYPE (DevboxHttpUpgradedInput, devbox_http_upgraded_input, DEVBOX, HTTP_UPGRADED_INPUT, GInputStream)

struct _DevboxHttpUpgradedInput
{
  GInputStream parent_instance;
  GPollableInputStream *input;
  GPollableOutputStream *output;
  DevboxHttpTraffic *traffic;
  DevboxWireFrames frames;
  gsize n_unanswered;     /* bytes since the socket could last be written */
  gboolean awaits_output; /* a ping was handed over */
  gboolean is_turn_over;  /* a frame was handed over */
  gsize begin;            /* of what came and was not handed over */
  gsize end;
  guint8 buffer[BUFFER_SIZE];
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

  g_object_unref (self->input);
  g_object_unref (self->output);
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

/* A socket that failed counts as writable: the pong finds out. */
static gboolean
is_held (DevboxHttpUpgradedInput *self)
{
  if (self->awaits_output && g_pollable_output_stream_is_writable (self->output))
    self->awaits_output = FALSE;

  return self->awaits_output;
}

static gboolean
count_unanswered (DevboxHttpUpgradedInput *self, gsize size, GError **error)
{
  if (g_pollable_output_stream_is_writable (self->output))
    {
      self->n_unanswered = 0;
      return TRUE;
    }

  self->n_unanswered += size;
  if (self->n_unanswered <= DEVBOX_HTTP_UPGRADED_MAX_UNANSWERED)
    return TRUE;
  g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_RATE_LIMITED,
               "WebSocket: the peer sent more than %d bytes and took none", DEVBOX_HTTP_UPGRADED_MAX_UNANSWERED);

  return FALSE;
}

/* Like a read: 0 is the end. */
static gssize
fill (DevboxHttpUpgradedInput *self, GError **error)
{
  gssize size = g_pollable_input_stream_read_nonblocking (self->input, self->buffer, BUFFER_SIZE, NULL, error);

  if (size <= 0)
    return size;
  devbox_http_traffic_add_received (self->traffic, size);
  self->begin = 0;
  self->end = size;

  return count_unanswered (self, size, error) ? size : -1;
}

static gssize
devbox_http_upgraded_input_read_nonblocking (GPollableInputStream *stream, void *data, gsize size, GError **error)
{
  DevboxHttpUpgradedInput *self = DEVBOX_HTTP_UPGRADED_INPUT (stream);
  gsize taken;

  if (self->is_turn_over || is_held (self))
    {
      self->is_turn_over = FALSE;
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, g_strerror (EAGAIN));
      return -1;
    }
  if (self->begin == self->end)
    {
      gssize filled = fill (self, error);

      if (filled <= 0)
        return filled;
    }

  taken
      = devbox_wire_frames_take (&self->frames, self->buffer + self->begin, MIN (size, self->end - self->begin), error);
  if (taken == 0)
    return -1;
  memcpy (data, self->buffer + self->begin, taken);
  self->begin += taken;
  self->is_turn_over = devbox_wire_frames_is_between (&self->frames);
  self->awaits_output = self->is_turn_over && self->frames.opcode == DEVBOX_WIRE_FRAMES_PING;

  return taken;
}

static gboolean
devbox_http_upgraded_input_is_readable (GPollableInputStream *stream)
{
  DevboxHttpUpgradedInput *self = DEVBOX_HTTP_UPGRADED_INPUT (stream);

  return !is_held (self) && (self->begin < self->end || g_pollable_input_stream_is_readable (self->input));
}

/* Ready at what stands in the way of the next read now: like libsoup, which makes a source for each, a reader must not
 * keep it. */
static GSource *
devbox_http_upgraded_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  DevboxHttpUpgradedInput *self = DEVBOX_HTTP_UPGRADED_INPUT (stream);
  g_autoptr (GSource) obstacle = NULL;

  self->is_turn_over = FALSE;
  if (is_held (self))
    obstacle = g_pollable_output_stream_create_source (self->output, NULL);
  else if (self->begin < self->end)
    obstacle = g_timeout_source_new (0);
  else
    obstacle = g_pollable_input_stream_create_source (self->input, NULL);

  return g_pollable_source_new_full (stream, obstacle, cancellable);
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
  DevboxHttpUpgradedInput *self = g_object_new (DEVBOX_TYPE_HTTP_UPGRADED_INPUT, NULL);

  self->input = G_POLLABLE_INPUT_STREAM (g_object_ref (input));
  self->output = G_POLLABLE_OUTPUT_STREAM (g_object_ref (output));
  self->traffic = devbox_http_traffic_ref (traffic);
  self->frames = (DevboxWireFrames) DEVBOX_WIRE_FRAMES_INIT (max_message_size);

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
