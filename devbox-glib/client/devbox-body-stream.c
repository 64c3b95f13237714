/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-body-stream-private.h"

#include "devbox-base64-text-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _DevboxBodyStream
{
  GInputStream parent_instance;

  const guint8 *data; /* NULL once detached */
  gsize size;
  gsize position;         /* what of it was read, or encoded */
  DevboxBase64Text *text; /* NULL: the bytes go out as they are */
};

static void pollable_interface_init (GPollableInputStreamInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DevboxBodyStream,
                               devbox_body_stream,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, pollable_interface_init))

static void
devbox_body_stream_finalize (GObject *object)
{
  DevboxBodyStream *self = DEVBOX_BODY_STREAM (object);

  g_clear_pointer (&self->text, devbox_base64_text_free);

  G_OBJECT_CLASS (devbox_body_stream_parent_class)->finalize (object);
}

static gsize
read_text (DevboxBodyStream *self, void *buffer, gsize count)
{
  if (devbox_base64_text_wants_more (self->text))
    {
      const guint8 *piece = self->data + self->position;
      gsize size = MIN (DEVBOX_BASE64_TEXT_PIECE_SIZE, self->size - self->position);

      self->position += size;
      devbox_base64_text_add (self->text, piece, size, self->position == self->size);
    }

  return devbox_base64_text_read (self->text, buffer, count);
}

static gsize
read_bytes (DevboxBodyStream *self, void *buffer, gsize count)
{
  gsize length = MIN (count, self->size - self->position);

  memcpy (buffer, self->data + self->position, length);
  self->position += length;

  return length;
}

static gssize
devbox_body_stream_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  DevboxBodyStream *self = DEVBOX_BODY_STREAM (stream);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  if (self->data == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The call has ended"));
      return -1;
    }

  return (gssize) (self->text != NULL ? read_text (self, buffer, count) : read_bytes (self, buffer, count));
}

static gssize
devbox_body_stream_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  return devbox_body_stream_read (G_INPUT_STREAM (stream), buffer, count, NULL, error);
}

static gboolean
devbox_body_stream_is_readable (GPollableInputStream *stream)
{
  return TRUE;
}

static GSource *
devbox_body_stream_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) ready = g_timeout_source_new (0);

  return g_pollable_source_new_full (stream, ready, cancellable);
}

/* GInputStream would take a thread for it. */
static void
devbox_body_stream_close_async (GInputStream *stream,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, devbox_body_stream_close_async);
  g_task_return_boolean (task, TRUE);
}

static gboolean
devbox_body_stream_close_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
pollable_interface_init (GPollableInputStreamInterface *interface)
{
  interface->is_readable = devbox_body_stream_is_readable;
  interface->create_source = devbox_body_stream_create_source;
  interface->read_nonblocking = devbox_body_stream_read_nonblocking;
}

static void
devbox_body_stream_class_init (DevboxBodyStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS (klass);

  object_class->finalize = devbox_body_stream_finalize;
  stream_class->read_fn = devbox_body_stream_read;
  stream_class->close_async = devbox_body_stream_close_async;
  stream_class->close_finish = devbox_body_stream_close_finish;
}

static void
devbox_body_stream_init (DevboxBodyStream *self)
{
}

GInputStream *
devbox_body_stream_new (const void *data, gsize size)
{
  DevboxBodyStream *self = g_object_new (DEVBOX_TYPE_BODY_STREAM, NULL);

  self->data = data != NULL ? data : (const guint8 *) "";
  self->size = size;

  return G_INPUT_STREAM (self);
}

GInputStream *
devbox_body_stream_new_base64 (const void *data, gsize size, const char *head, const char *tail)
{
  GInputStream *stream = devbox_body_stream_new (data, size);
  DevboxBodyStream *self = DEVBOX_BODY_STREAM (stream);

  self->text = devbox_base64_text_new (head, tail);

  return stream;
}

void
devbox_body_stream_detach (DevboxBodyStream *self)
{
  self->data = NULL;
}
