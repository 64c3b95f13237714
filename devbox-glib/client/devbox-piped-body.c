/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-piped-body-private.h"

#include "devbox-base64-text-private.h"

#include <glib/gi18n-lib.h>

struct _DevboxPipedBody
{
  GInputStream parent_instance;

  DevboxPipe *pipe; /* NULL once detached */
  DevboxPipedBodyFunc func;
  gpointer data;
  gboolean has_begun;
  gboolean has_ended; /* all of it was read */
  gboolean is_cut;
  DevboxBase64Text *text; /* NULL: the bytes go out as they are */
};

static void pollable_interface_init (GPollableInputStreamInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DevboxPipedBody,
                               devbox_piped_body,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, pollable_interface_init))

static void
devbox_piped_body_finalize (GObject *object)
{
  DevboxPipedBody *self = DEVBOX_PIPED_BODY (object);

  g_clear_pointer (&self->pipe, devbox_pipe_unref);
  g_clear_pointer (&self->text, devbox_base64_text_free);

  G_OBJECT_CLASS (devbox_piped_body_parent_class)->finalize (object);
}

static gssize
read_text (DevboxPipedBody *self, void *buffer, gsize count, GError **error)
{
  guint8 piece[DEVBOX_BASE64_TEXT_PIECE_SIZE];

  while (devbox_base64_text_wants_more (self->text))
    {
      gssize n_read = devbox_pipe_read_nonblocking (self->pipe, piece, sizeof (piece), error);

      if (n_read < 0)
        return -1;
      devbox_base64_text_add (self->text, piece, (gsize) n_read, n_read == 0);
    }

  return (gssize) devbox_base64_text_read (self->text, buffer, count);
}

static gssize
devbox_piped_body_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  DevboxPipedBody *self = DEVBOX_PIPED_BODY (stream);
  GError *reason = NULL;
  gssize n_read;

  if (self->is_cut)
    return 0;
  if (self->pipe == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The call has ended"));
      return -1;
    }

  if (!self->has_begun)
    {
      self->has_begun = TRUE;
      self->func (DEVBOX_PIPED_BODY_BEGINS, self->data);
    }
  n_read = self->text != NULL ? read_text (self, buffer, count, &reason)
                              : devbox_pipe_read_nonblocking (self->pipe, buffer, count, &reason);
  self->has_ended = n_read == 0;
  if (n_read < 0)
    {
      if (!g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        self->func (DEVBOX_PIPED_BODY_FAILS, self->data);
      g_propagate_error (error, reason);
    }

  return n_read;
}

static gssize
devbox_piped_body_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;

  return devbox_piped_body_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, count, error);
}

static gboolean
devbox_piped_body_is_readable (GPollableInputStream *stream)
{
  DevboxPipedBody *self = DEVBOX_PIPED_BODY (stream);

  return self->is_cut || self->pipe == NULL || (self->text != NULL && !devbox_base64_text_wants_more (self->text))
         || devbox_pipe_is_readable (self->pipe);
}

static GSource *
devbox_piped_body_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  DevboxPipedBody *self = DEVBOX_PIPED_BODY (stream);
  g_autoptr (GSource) readable = NULL;

  if (devbox_piped_body_is_readable (stream))
    readable = g_timeout_source_new (0);
  else
    readable = devbox_pipe_source_new (self->pipe, DEVBOX_PIPE_READABLE);

  return g_pollable_source_new_full (stream, readable, cancellable);
}

/* GInputStream would take a thread for it. */
static void
devbox_piped_body_close_async (GInputStream *stream,
                               int io_priority,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, devbox_piped_body_close_async);
  g_task_return_boolean (task, TRUE);
}

static gboolean
devbox_piped_body_close_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
pollable_interface_init (GPollableInputStreamInterface *interface)
{
  interface->is_readable = devbox_piped_body_is_readable;
  interface->create_source = devbox_piped_body_create_source;
  interface->read_nonblocking = devbox_piped_body_read_nonblocking;
}

static void
devbox_piped_body_class_init (DevboxPipedBodyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS (klass);

  object_class->finalize = devbox_piped_body_finalize;
  stream_class->read_fn = devbox_piped_body_read;
  stream_class->close_async = devbox_piped_body_close_async;
  stream_class->close_finish = devbox_piped_body_close_finish;
}

static void
devbox_piped_body_init (DevboxPipedBody *self)
{
}

DevboxPipedBody *
devbox_piped_body_new (DevboxPipe *pipe, const char *head, const char *tail, DevboxPipedBodyFunc func, gpointer data)
{
  DevboxPipedBody *self = g_object_new (DEVBOX_TYPE_PIPED_BODY, NULL);

  self->pipe = devbox_pipe_ref (pipe);
  self->func = func;
  self->data = data;
  if (head != NULL)
    self->text = devbox_base64_text_new (head, tail);

  return self;
}

gboolean
devbox_piped_body_cut (DevboxPipedBody *self)
{
  if (self->has_ended || self->pipe == NULL)
    return FALSE;

  self->is_cut = TRUE;
  devbox_pipe_close (self->pipe);

  return TRUE;
}

void
devbox_piped_body_detach (DevboxPipedBody *self)
{
  g_clear_pointer (&self->pipe, devbox_pipe_unref);
}
