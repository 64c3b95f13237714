/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-upgraded-output-private.h"

struct _DevboxHttpUpgradedOutput
{
  GOutputStream parent_instance;
  GPollableOutputStream *output;
  DevboxHttpTraffic *traffic;
  GMainContext *context;
  GByteArray *waiting; /* NULL: nothing */
  gsize sent;          /* of what waits */
  GSource *flush;      /* while something waits */
};

static void devbox_http_upgraded_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DevboxHttpUpgradedOutput,
                               devbox_http_upgraded_output,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      devbox_http_upgraded_output_pollable_init))

static void
forget_waiting (DevboxHttpUpgradedOutput *self)
{
  g_clear_pointer (&self->waiting, g_byte_array_unref);
  if (self->flush != NULL)
    g_source_destroy (self->flush);
  g_clear_pointer (&self->flush, g_source_unref);
}

static void
devbox_http_upgraded_output_finalize (GObject *object)
{
  DevboxHttpUpgradedOutput *self = DEVBOX_HTTP_UPGRADED_OUTPUT (object);

  forget_waiting (self);
  g_object_unref (self->output);
  devbox_http_traffic_unref (self->traffic);
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (devbox_http_upgraded_output_parent_class)->finalize (object);
}

static gssize
send_bytes (DevboxHttpUpgradedOutput *self, const guint8 *data, gsize size, GError **error)
{
  gssize sent = g_pollable_output_stream_write_nonblocking (self->output, data, size, NULL, error);

  devbox_http_traffic_add_sent (self->traffic, MAX (sent, 0));

  return sent;
}

/* TRUE when nothing waits any more. */
static gboolean
flush (DevboxHttpUpgradedOutput *self, GError **error)
{
  while (self->waiting != NULL)
    {
      gssize size = send_bytes (self, self->waiting->data + self->sent, self->waiting->len - self->sent, error);

      if (size < 0)
        return FALSE;
      self->sent += size;
      if (self->sent == self->waiting->len)
        forget_waiting (self);
    }

  return TRUE;
}

static gboolean
on_writable (GObject *stream, gpointer user_data)
{
  DevboxHttpUpgradedOutput *self = user_data;
  g_autoptr (GError) error = NULL;

  /* A socket that failed takes nothing more; the next to write, or to read, is told why. */
  if (!flush (self, &error) && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    forget_waiting (self);

  return self->flush != NULL ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
wait_with (DevboxHttpUpgradedOutput *self, const guint8 *data, gsize size)
{
  self->waiting = g_byte_array_sized_new (size);
  g_byte_array_append (self->waiting, data, size);
  self->sent = 0;

  self->flush = g_pollable_output_stream_create_source (self->output, NULL);
  g_source_set_static_name (self->flush, "[devbox-server] WebSocket output");
  g_source_set_callback (self->flush, G_SOURCE_FUNC (on_writable), self, NULL);
  g_source_attach (self->flush, self->context);
}

static gssize
devbox_http_upgraded_output_write_nonblocking (GPollableOutputStream *stream,
                                               const void *data,
                                               gsize size,
                                               GError **error)
{
  DevboxHttpUpgradedOutput *self = DEVBOX_HTTP_UPGRADED_OUTPUT (stream);
  gssize sent;

  if (!flush (self, error))
    return -1;

  sent = send_bytes (self, data, size, error);
  if (sent > 0 && (gsize) sent < size)
    wait_with (self, (const guint8 *) data + sent, size - sent);

  return sent > 0 ? (gssize) size : sent;
}

static gboolean
devbox_http_upgraded_output_is_writable (GPollableOutputStream *stream)
{
  DevboxHttpUpgradedOutput *self = DEVBOX_HTTP_UPGRADED_OUTPUT (stream);

  return self->waiting == NULL && g_pollable_output_stream_is_writable (self->output);
}

/* A write sends what waits first, so that it makes way whenever the socket is ready. */
static GSource *
devbox_http_upgraded_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  DevboxHttpUpgradedOutput *self = DEVBOX_HTTP_UPGRADED_OUTPUT (stream);
  g_autoptr (GSource) writable = g_pollable_output_stream_create_source (self->output, NULL);

  return g_pollable_source_new_full (stream, writable, cancellable);
}

static void
devbox_http_upgraded_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->write_nonblocking = devbox_http_upgraded_output_write_nonblocking;
  iface->is_writable = devbox_http_upgraded_output_is_writable;
  iface->create_source = devbox_http_upgraded_output_create_source;
}

static void
devbox_http_upgraded_output_class_init (DevboxHttpUpgradedOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = devbox_http_upgraded_output_finalize;
}

static void
devbox_http_upgraded_output_init (DevboxHttpUpgradedOutput *self)
{
  self->context = g_main_context_ref_thread_default ();
}

GOutputStream *
devbox_http_upgraded_output_new (GOutputStream *output, DevboxHttpTraffic *traffic)
{
  DevboxHttpUpgradedOutput *self = g_object_new (DEVBOX_TYPE_HTTP_UPGRADED_OUTPUT, NULL);

  self->output = G_POLLABLE_OUTPUT_STREAM (g_object_ref (output));
  self->traffic = devbox_http_traffic_ref (traffic);

  return G_OUTPUT_STREAM (self);
}
