/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-connection-private.h"

#include "devbox-suspend-clock-private.h"
#include "devbox-wire-error-private.h"

#include <string.h>

#define CHUNKED_READ_SIZE (64 * 1024)

gboolean
devbox_http_exchange_has_reader (const DevboxHttpExchange *self)
{
  return self->body_func != NULL && self->body_state != DEVBOX_HTTP_BODY_OVER;
}

gboolean
devbox_http_exchange_waits_for_body (const DevboxHttpExchange *self)
{
  return self->body_func != NULL && self->body_state == DEVBOX_HTTP_BODY_PENDING && !self->is_body_paused
         && !self->in_body_func;
}

void
devbox_http_exchange_clear_body_func (DevboxHttpExchange *self)
{
  GDestroyNotify destroy;

  self->body_state = DEVBOX_HTTP_BODY_OVER;
  if (self->in_body_func) /* its data has to live until it returns */
    return;
  destroy = g_steal_pointer (&self->body_destroy);
  self->body_func = NULL;
  if (destroy != NULL)
    destroy (g_steal_pointer (&self->body_data));
}

static void
emit (DevboxHttpExchange *self, DevboxHttpBodyEvent event, const guint8 *data, gsize size, const GError *error)
{
  gboolean was_in_body_func = self->in_body_func;

  devbox_http_exchange_ref (self);
  self->in_body_func = TRUE;
  self->body_func (self, event, data, size, error, self->body_data);
  self->in_body_func = was_in_body_func;
  if (self->body_state == DEVBOX_HTTP_BODY_OVER)
    devbox_http_exchange_clear_body_func (self);
  devbox_http_exchange_unref (self);
}

void
devbox_http_exchange_abort_body (DevboxHttpExchange *self, const GError *error)
{
  g_autoptr (GError) gone = NULL;

  if (!devbox_http_exchange_has_reader (self))
    return;
  if (error == NULL)
    error = gone = g_error_new_literal (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONNECTION_FAILED, "the connection was closed");
  self->body_state = DEVBOX_HTTP_BODY_OVER;
  emit (self, DEVBOX_HTTP_BODY_ABORTED, NULL, 0, error);
}

void
devbox_http_exchange_refuse (DevboxHttpExchange *self, guint status, int code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (DEVBOX_WIRE_ERROR, code, message);
  g_autofree char *body = NULL;

  if (self->reply_state != DEVBOX_HTTP_REPLY_NONE)
    {
      if (self->reply_state == DEVBOX_HTTP_REPLY_STREAMING)
        devbox_http_connection_fail (self->connection, error);
      return;
    }

  body = devbox_http_status_format_error (status, message);
  devbox_http_exchange_close_after (self);
  devbox_http_exchange_reply_data (self, status, "application/json", body, strlen (body));
  self->is_refused = TRUE;
  devbox_http_exchange_abort_body (self, error);
}

static void
refuse_too_large (DevboxHttpExchange *self)
{
  g_autofree char *message = g_strdup_printf ("the body is larger than %" G_GOFFSET_FORMAT " bytes", self->body_limit);

  devbox_http_exchange_refuse (self, 413, DEVBOX_WIRE_FILE_TOO_LARGE, message);
}

static void
refuse_cut_off (DevboxHttpExchange *self)
{
  g_autofree char *message = NULL;

  if (self->content_length >= 0)
    message = g_strdup_printf ("the body was cut off after %" G_GOFFSET_FORMAT " of %" G_GINT64_FORMAT " bytes",
                               self->body_received, self->content_length);
  else
    message = g_strdup_printf ("the body was cut off after %" G_GOFFSET_FORMAT " bytes", self->body_received);
  devbox_http_exchange_refuse (self, 400, DEVBOX_WIRE_CONNECTION_FAILED, message);
}

static void
refuse_malformed (DevboxHttpExchange *self)
{
  g_autofree char *message
      = g_strdup_printf ("chunked body, byte %" G_GUINT64_FORMAT ": %s", self->chunks.offset + 1, self->chunks.problem);

  devbox_http_exchange_refuse (self, 400, DEVBOX_WIRE_VALIDATION_ERROR, message);
}

/* Decodes what came; the rest, behind the end of the body, stays for later. Returns the size of the piece of the body
 * at the start of data. */
static gsize
decode (DevboxHttpExchange *self, guint8 *data, gsize size, gboolean *is_malformed)
{
  DevboxHttpChunksResult result = DEVBOX_HTTP_CHUNKS_MORE;
  gsize consumed;
  gsize produced;

  if (self->content_length >= 0)
    {
      produced = consumed = MIN ((guint64) (self->content_length - self->body_received), size);
      if (self->body_received + (gint64) produced == self->content_length)
        result = DEVBOX_HTTP_CHUNKS_END;
    }
  else
    {
      result = devbox_http_chunks_decode (&self->chunks, data, size, &consumed, &produced);
    }

  self->rate_bytes += size;
  self->body_received += produced;
  *is_malformed = result == DEVBOX_HTTP_CHUNKS_MALFORMED;
  if (result == DEVBOX_HTTP_CHUNKS_END)
    {
      self->body_state = DEVBOX_HTTP_BODY_RECEIVED;
      self->has_whole_request = TRUE;
    }
  devbox_http_connection_keep_input (self->connection, data + consumed, size - consumed);

  return produced;
}

static void
process (DevboxHttpExchange *self, guint8 *data, gsize size)
{
  gboolean is_malformed;
  gsize produced = decode (self, data, size, &is_malformed);

  if (self->body_limit >= 0 && self->body_received > self->body_limit)
    refuse_too_large (self);
  else if (is_malformed)
    refuse_malformed (self);
  else if (produced > 0)
    emit (self, DEVBOX_HTTP_BODY_DATA, data, produced, NULL);
}

static gboolean
read_piece (DevboxHttpExchange *self)
{
  DevboxHttpConnection *connection = self->connection;
  DevboxHttpEngine *engine = connection->engine;
  guint8 *buffer;
  gsize size = CHUNKED_READ_SIZE;
  gssize n;

  if (connection->input != NULL)
    {
      g_autoptr (GByteArray) input = g_steal_pointer (&connection->input);

      process (self, input->data, input->len);
      return TRUE;
    }

  if (self->content_length >= 0)
    size = MIN (DEVBOX_HTTP_PIECE_SIZE, self->content_length - self->body_received);
  buffer = devbox_http_engine_take_buffer (engine);
  n = devbox_http_connection_receive (connection, buffer, size);
  if (n > 0)
    {
      /* One full piece a turn */
      connection->wants_turn |= (gsize) n == size && n >= CHUNKED_READ_SIZE;
      process (self, buffer, n);
    }
  else if (n == 0)
    {
      refuse_cut_off (self);
    }
  devbox_http_engine_give_buffer (engine, buffer);

  return n >= 0 || connection->is_broken;
}

static void
send_continue (DevboxHttpExchange *self)
{
  static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
  struct iovec vector = { (void *) interim, sizeof interim - 1 };

  self->expects_continue = FALSE;
  /* A client that did not wait for it needs none, and none can be sent inside a reply. */
  if (self->connection->input == NULL && self->reply_state == DEVBOX_HTTP_REPLY_NONE)
    devbox_http_connection_send (self->connection, &vector, 1, NULL);
}

gboolean
devbox_http_exchange_step_body (DevboxHttpExchange *self)
{
  if (!devbox_http_exchange_has_reader (self) || self->is_body_paused || self->in_body_func)
    return FALSE;

  if (self->body_state == DEVBOX_HTTP_BODY_RECEIVED)
    {
      self->body_state = DEVBOX_HTTP_BODY_OVER;
      emit (self, DEVBOX_HTTP_BODY_END, NULL, 0, NULL);
      return TRUE;
    }
  if (self->body_limit >= 0 && self->content_length > self->body_limit)
    {
      refuse_too_large (self);
      return TRUE;
    }
  if (self->expects_continue)
    send_continue (self);

  return read_piece (self);
}

void
devbox_http_exchange_read_body (DevboxHttpExchange *self,
                                goffset limit,
                                DevboxHttpBodyFunc func,
                                gpointer user_data,
                                GDestroyNotify destroy)
{
  g_return_if_fail (func != NULL);
  g_return_if_fail (self->body_func == NULL);

  self->body_func = func;
  self->body_data = user_data;
  self->body_destroy = destroy;
  self->body_limit = limit;

  if (self->connection == NULL || self->reply_state == DEVBOX_HTTP_REPLY_ENDED)
    {
      self->body_state = DEVBOX_HTTP_BODY_PENDING;
      devbox_http_exchange_abort_body (self, NULL);
      return;
    }
  g_return_if_fail (self->body_state != DEVBOX_HTTP_BODY_OVER);

  self->rate_time = devbox_suspend_clock_get_time ();
  devbox_http_connection_queue (self->connection);
}

void
devbox_http_exchange_pause_body (DevboxHttpExchange *self)
{
  self->is_body_paused = TRUE;
}

void
devbox_http_exchange_resume_body (DevboxHttpExchange *self)
{
  if (!self->is_body_paused)
    return;
  self->is_body_paused = FALSE;
  self->rate_time = devbox_suspend_clock_get_time ();
  self->rate_bytes = 0;
  if (self->connection != NULL)
    devbox_http_connection_queue (self->connection);
}

/* Small bodies as a whole */

typedef struct
{
  GByteArray *body;
  DevboxHttpBytesFunc func;
  gpointer user_data;
} Collection;

static void
collection_free (gpointer data)
{
  Collection *collection = data;

  g_clear_pointer (&collection->body, g_byte_array_unref);
  g_free (collection);
}

static void
collect (DevboxHttpExchange *self,
         DevboxHttpBodyEvent event,
         const guint8 *data,
         gsize size,
         const GError *error,
         gpointer user_data)
{
  Collection *collection = user_data;
  g_autoptr (GBytes) body = NULL;

  if (event == DEVBOX_HTTP_BODY_DATA)
    {
      g_byte_array_append (collection->body, data, size);
      return;
    }
  if (event == DEVBOX_HTTP_BODY_END)
    body = g_byte_array_free_to_bytes (g_steal_pointer (&collection->body));
  collection->func (self, body, collection->user_data);
}

void
devbox_http_exchange_collect_body (DevboxHttpExchange *self, gsize limit, DevboxHttpBytesFunc func, gpointer user_data)
{
  Collection *collection = g_new (Collection, 1);

  collection->body = g_byte_array_new ();
  collection->func = func;
  collection->user_data = user_data;
  devbox_http_exchange_read_body (self, limit, collect, collection, collection_free);
}
