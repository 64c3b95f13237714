/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-event-stream-private.h"

#include "devbox-clear-source-private.h"

#include <string.h>

#define KEEP_ALIVE_SECONDS 15

struct _DevboxEventStream
{
  DevboxHttpExchange *exchange;
  const DevboxEventStreamFuncs *funcs;
  gpointer user_data;

  GString *buffer;
  gboolean takes_more;
  gboolean is_quiet; /* since the last look */
  GSource *keep_alive;
  gboolean has_ended;
};

static void
on_writable (DevboxHttpExchange *exchange, gpointer user_data)
{
  DevboxEventStream *self = user_data;

  self->takes_more = TRUE;
  self->funcs->ready (self->user_data);
}

static void
on_client_gone (DevboxHttpExchange *exchange, gpointer user_data)
{
  DevboxEventStream *self = user_data;

  self->funcs->gone (self->user_data);
}

static gboolean
on_keep_alive (gpointer user_data)
{
  DevboxEventStream *self = user_data;

  if (self->is_quiet && self->takes_more)
    {
      devbox_event_stream_add_comment (self, "");
      devbox_event_stream_flush (self);
    }
  self->is_quiet = TRUE;

  return G_SOURCE_CONTINUE;
}

DevboxEventStream *
devbox_event_stream_new (DevboxHttpExchange *exchange, const DevboxEventStreamFuncs *funcs, gpointer user_data)
{
  DevboxEventStream *self = g_new0 (DevboxEventStream, 1);

  self->exchange = devbox_http_exchange_ref (exchange);
  self->funcs = funcs;
  self->user_data = user_data;
  self->buffer = g_string_new (NULL);
  self->takes_more = TRUE;
  self->keep_alive = g_timeout_source_new_seconds (KEEP_ALIVE_SECONDS);
  g_source_set_callback (self->keep_alive, on_keep_alive, self, NULL);
  g_source_attach (self->keep_alive, g_main_context_get_thread_default ());

  devbox_http_exchange_add_header (exchange, "Cache-Control", "no-cache");
  devbox_http_exchange_begin_reply (exchange, 200, "text/event-stream", -1);
  devbox_http_exchange_set_writable_func (exchange, on_writable, self, NULL);
  devbox_http_exchange_set_closed_func (exchange, on_client_gone, self, NULL);

  return self;
}

void
devbox_event_stream_free (DevboxEventStream *self)
{
  devbox_clear_source (&self->keep_alive);
  devbox_http_exchange_set_writable_func (self->exchange, NULL, NULL, NULL);
  devbox_http_exchange_set_closed_func (self->exchange, NULL, NULL, NULL);
  if (!self->has_ended)
    devbox_http_exchange_abort (self->exchange);
  devbox_http_exchange_unref (self->exchange);
  g_string_free (self->buffer, TRUE);
  g_free (self);
}

gboolean
devbox_event_stream_is_closed (DevboxEventStream *self)
{
  return devbox_http_exchange_is_closed (self->exchange);
}

gboolean
devbox_event_stream_has_room (DevboxEventStream *self)
{
  return self->takes_more;
}

gboolean
devbox_event_stream_flush (DevboxEventStream *self)
{
  if (self->buffer->len == 0)
    return self->takes_more;

  self->is_quiet = FALSE;
  self->takes_more = devbox_http_exchange_write (self->exchange, self->buffer->str, self->buffer->len);
  g_string_truncate (self->buffer, 0);

  return self->takes_more;
}

/* One field for each line; a break at the end is followed by an empty one. */
static void
append_data (GString *buffer, const char *data)
{
  for (;;)
    {
      gsize length = strcspn (data, "\r\n");

      g_string_append (buffer, "data: ");
      g_string_append_len (buffer, data, length);
      g_string_append_c (buffer, '\n');

      data += length;
      if (*data == '\0')
        return;
      data += g_str_has_prefix (data, "\r\n") ? 2 : 1;
    }
}

void
devbox_event_stream_add (DevboxEventStream *self, const char *name, const char *data)
{
  if (name != NULL)
    g_string_append_printf (self->buffer, "event: %s\n", name);
  append_data (self->buffer, data);
  g_string_append_c (self->buffer, '\n');
}

void
devbox_event_stream_add_comment (DevboxEventStream *self, const char *text)
{
  g_string_append_printf (self->buffer, ":%s\n\n", text);
}

gsize
devbox_event_stream_get_added (DevboxEventStream *self)
{
  return self->buffer->len;
}

gboolean
devbox_event_stream_send (DevboxEventStream *self, const char *name, const char *data)
{
  devbox_event_stream_add (self, name, data);

  return devbox_event_stream_flush (self);
}

void
devbox_event_stream_end (DevboxEventStream *self)
{
  self->has_ended = TRUE;
  devbox_http_exchange_end_reply (self->exchange);
}
