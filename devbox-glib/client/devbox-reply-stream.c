/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-reply-stream-private.h"

#include "devbox-client.h"
#include "devbox-endpoint-private.h"
#include "devbox-error-private.h"

#include <glib/gi18n-lib.h>

struct _DevboxReplyStream
{
  GInputStream parent_instance;

  DevboxPipe *pipe;
  DevboxIoThread *thread;
  DevboxClient *client;
  DevboxEndpoint *endpoint;
};

static void pollable_interface_init (GPollableInputStreamInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DevboxReplyStream,
                               devbox_reply_stream,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, pollable_interface_init))

static void
devbox_reply_stream_finalize (GObject *object)
{
  DevboxReplyStream *self = DEVBOX_REPLY_STREAM (object);

  devbox_pipe_close (self->pipe);
  devbox_pipe_unref (self->pipe);
  devbox_io_thread_unref (self->thread);
  g_object_unref (self->client);
  devbox_endpoint_unref (self->endpoint);

  G_OBJECT_CLASS (devbox_reply_stream_parent_class)->finalize (object);
}

static gssize
devbox_reply_stream_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  DevboxReplyStream *self = DEVBOX_REPLY_STREAM (stream);

  if (devbox_io_thread_is_current (self->thread))
    {
      devbox_error_set (error, DEVBOX_ERROR_INTERNAL_ERROR, NULL, "%s",
                        _ ("A blocking call was made in the thread that it would wait for"));
      return -1;
    }

  return devbox_pipe_read (self->pipe, buffer, count, cancellable, error);
}

static gboolean
devbox_reply_stream_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  devbox_pipe_close (DEVBOX_REPLY_STREAM (stream)->pipe);

  return TRUE;
}

/* GInputStream would take a thread for it. */
static void
devbox_reply_stream_close_async (GInputStream *stream,
                                 int io_priority,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, devbox_reply_stream_close_async);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  devbox_pipe_close (DEVBOX_REPLY_STREAM (stream)->pipe);
  g_task_return_boolean (task, TRUE);
}

static gboolean
devbox_reply_stream_close_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
devbox_reply_stream_is_readable (GPollableInputStream *stream)
{
  return devbox_pipe_is_readable (DEVBOX_REPLY_STREAM (stream)->pipe);
}

static gssize
devbox_reply_stream_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  return devbox_pipe_read_nonblocking (DEVBOX_REPLY_STREAM (stream)->pipe, buffer, count, error);
}

static GSource *
devbox_reply_stream_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) readable = devbox_pipe_source_new (DEVBOX_REPLY_STREAM (stream)->pipe, DEVBOX_PIPE_READABLE);

  return g_pollable_source_new_full (stream, readable, cancellable);
}

static void
pollable_interface_init (GPollableInputStreamInterface *interface)
{
  interface->is_readable = devbox_reply_stream_is_readable;
  interface->create_source = devbox_reply_stream_create_source;
  interface->read_nonblocking = devbox_reply_stream_read_nonblocking;
}

static void
devbox_reply_stream_class_init (DevboxReplyStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS (klass);

  object_class->finalize = devbox_reply_stream_finalize;
  stream_class->read_fn = devbox_reply_stream_read;
  stream_class->close_fn = devbox_reply_stream_close;
  stream_class->close_async = devbox_reply_stream_close_async;
  stream_class->close_finish = devbox_reply_stream_close_finish;
}

static void
devbox_reply_stream_init (DevboxReplyStream *self)
{
}

GInputStream *
devbox_reply_stream_new (DevboxPipe *pipe, DevboxIoThread *thread, DevboxClient *client, DevboxEndpoint *endpoint)
{
  DevboxReplyStream *self = g_object_new (DEVBOX_TYPE_REPLY_STREAM, NULL);

  self->pipe = devbox_pipe_ref (pipe);
  self->thread = devbox_io_thread_ref (thread);
  self->client = g_object_ref (client);
  self->endpoint = devbox_endpoint_ref (endpoint);

  return G_INPUT_STREAM (self);
}

void
devbox_reply_stream_redact_error (GInputStream *stream, GError *error)
{
  if (DEVBOX_IS_REPLY_STREAM (stream))
    devbox_endpoint_redact_error (DEVBOX_REPLY_STREAM (stream)->endpoint, error);
}
