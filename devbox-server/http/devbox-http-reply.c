/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-connection-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A body up to this size is copied behind the head, so that both leave in one write; a larger one is sent from where it
 * is. */
#define SMALL_BODY_SIZE 16384

#define append_literal(string, literal) g_string_append_len (string, literal, sizeof literal - 1)

static void
append_number (GString *out, guint64 number)
{
  char digits[20];
  gsize i = sizeof digits;

  do
    digits[--i] = '0' + number % 10;
  while ((number /= 10) > 0);
  g_string_append_len (out, digits + i, sizeof digits - i);
}

static void
append_status_line (GString *out, guint status)
{
  if (status == 200)
    {
      append_literal (out, "HTTP/1.1 200 OK\r\n");
      return;
    }
  append_literal (out, "HTTP/1.1 ");
  append_number (out, status);
  g_string_append_c (out, ' ');
  g_string_append (out, devbox_http_status_get_phrase (status));
  append_literal (out, "\r\n");
}

static void
append_connection (GString *out, DevboxHttpEngine *engine, gboolean keep_alive)
{
  if (!keep_alive)
    {
      append_literal (out, "Connection: close\r\n");
      return;
    }
  append_literal (out, "Connection: keep-alive\r\nKeep-Alive: timeout=");
  append_number (out, engine->limits.idle_timeout_ms / 1000);
  append_literal (out, "\r\n");
}

static gboolean
is_field_value (const char *value)
{
  return strpbrk (value, "\r\n") == NULL;
}

static void
append_content_type (GString *out, const char *content_type)
{
  if (content_type == NULL)
    return;
  g_return_if_fail (is_field_value (content_type));
  append_literal (out, "Content-Type: ");
  g_string_append (out, content_type);
  append_literal (out, "\r\n");
}

static gboolean
has_no_body (DevboxHttpExchange *self)
{
  return self->is_head || self->status == 204 || self->status == 304;
}

static gboolean
decide_keep_alive (DevboxHttpExchange *self, gboolean is_whole)
{
  if (!self->keep_alive || self->connection->engine->is_stopping || self->framing == DEVBOX_HTTP_FRAMING_CLOSE)
    return FALSE;
  /* Without a reader the rest of the body will never be read. */
  return self->has_whole_request || (!is_whole && self->body_func != NULL);
}

/* length: of the body, -1 if it is not known. The head is in the engine's buffer until the next reply. */
static GString *
build_head (DevboxHttpExchange *self, const char *content_type, goffset length, gboolean is_whole)
{
  DevboxHttpEngine *engine = self->connection->engine;
  GString *out = engine->reply_buffer;

  self->framing = DEVBOX_HTTP_FRAMING_LENGTH;
  if (length < 0)
    self->framing = self->minor_version > 0 ? DEVBOX_HTTP_FRAMING_CHUNKED : DEVBOX_HTTP_FRAMING_CLOSE;
  self->keep_alive = decide_keep_alive (self, is_whole);

  g_string_truncate (out, 0);
  append_status_line (out, self->status);
  g_string_append (out, devbox_http_engine_get_date_line (engine));
  append_connection (out, engine, self->keep_alive);
  append_content_type (out, content_type);
  if (self->reply_headers != NULL)
    g_string_append_len (out, self->reply_headers->str, self->reply_headers->len);
  if (self->framing == DEVBOX_HTTP_FRAMING_CHUNKED && self->status != 204 && self->status != 304)
    {
      append_literal (out, "Transfer-Encoding: chunked\r\n");
    }
  else if (self->framing == DEVBOX_HTTP_FRAMING_LENGTH && self->status != 204 && self->status != 304)
    {
      append_literal (out, "Content-Length: ");
      append_number (out, length);
      append_literal (out, "\r\n");
    }
  append_literal (out, "\r\n");
  if (has_no_body (self))
    self->framing = DEVBOX_HTTP_FRAMING_NONE;

  return out;
}

/* Whether a reply may begin; if not, it is because nobody is there to read it. */
static gboolean
begin (DevboxHttpExchange *self, guint status)
{
  if (self->connection == NULL || self->is_refused)
    return FALSE;
  g_return_val_if_fail (self->reply_state == DEVBOX_HTTP_REPLY_NONE, FALSE);
  g_return_val_if_fail (status >= 200 && status <= 599, FALSE);
  self->status = status;

  return TRUE;
}

static gboolean
is_engine_header (const char *name)
{
  static const char *const names[] = { "Date", "Content-Length", "Connection", "Keep-Alive", "Transfer-Encoding" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (names[i], name) == 0)
      return TRUE;

  return FALSE;
}

static gboolean
is_token (const char *name)
{
  const char *c = name;

  while (devbox_http_is_token_char (*c))
    c++;

  return c > name && *c == '\0';
}

void
devbox_http_exchange_add_header (DevboxHttpExchange *self, const char *name, const char *value)
{
  g_return_if_fail (is_token (name) && !is_engine_header (name));
  g_return_if_fail (is_field_value (value));

  if (self->reply_headers == NULL)
    self->reply_headers = g_string_sized_new (128);
  g_string_append (self->reply_headers, name);
  append_literal (self->reply_headers, ": ");
  g_string_append (self->reply_headers, value);
  append_literal (self->reply_headers, "\r\n");
}

void
devbox_http_exchange_close_after (DevboxHttpExchange *self)
{
  self->keep_alive = FALSE;
}

static void
reply_memory (DevboxHttpExchange *self,
              guint status,
              const char *content_type,
              const void *data,
              gsize size,
              GBytes *bytes)
{
  struct iovec vectors[2];
  guint n_vectors = 1;
  GString *out;

  if (!begin (self, status))
    return;
  out = build_head (self, content_type, size, TRUE);
  self->reply_state = DEVBOX_HTTP_REPLY_ENDED;

  if (self->framing != DEVBOX_HTTP_FRAMING_NONE && size > SMALL_BODY_SIZE)
    vectors[n_vectors++] = (struct iovec){ (void *) data, size };
  else if (self->framing != DEVBOX_HTTP_FRAMING_NONE && size > 0)
    g_string_append_len (out, data, size);
  vectors[0] = (struct iovec){ out->str, out->len };
  devbox_http_connection_send (self->connection, vectors, n_vectors, n_vectors > 1 ? bytes : NULL);
}

void
devbox_http_exchange_reply (DevboxHttpExchange *self, guint status, const char *content_type, GBytes *body)
{
  gsize size = 0;
  const void *data = body != NULL ? g_bytes_get_data (body, &size) : NULL;

  reply_memory (self, status, content_type, data, size, body);
}

void
devbox_http_exchange_reply_data (DevboxHttpExchange *self,
                                 guint status,
                                 const char *content_type,
                                 const void *data,
                                 gsize size)
{
  reply_memory (self, status, content_type, data, size, NULL);
}

static gboolean
append_file (GString *out, int fd, goffset offset, gsize length)
{
  gsize start = out->len;
  gsize done = 0;

  g_string_set_size (out, start + length);
  while (done < length)
    {
      gssize n = pread (fd, out->str + start + done, length - done, offset + done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      done += n;
    }

  return TRUE;
}

void
devbox_http_exchange_reply_fd (DevboxHttpExchange *self,
                               guint status,
                               const char *content_type,
                               int fd,
                               goffset offset,
                               goffset length)
{
  gboolean is_whole = TRUE;
  GString *out;

  if (!begin (self, status))
    {
      close (fd);
      return;
    }
  out = build_head (self, content_type, length, TRUE);
  self->reply_state = DEVBOX_HTTP_REPLY_ENDED;

  if (self->framing != DEVBOX_HTTP_FRAMING_NONE && length > SMALL_BODY_SIZE)
    {
      devbox_http_output_add_data (&self->connection->output, out->str, out->len);
      devbox_http_output_add_file (&self->connection->output, fd, offset, length);
      devbox_http_connection_note_output (self->connection);
      return;
    }

  if (self->framing != DEVBOX_HTTP_FRAMING_NONE)
    is_whole = append_file (out, fd, offset, length);
  close (fd);
  if (is_whole)
    devbox_http_connection_send (self->connection, &(struct iovec){ out->str, out->len }, 1, NULL);
  else
    devbox_http_exchange_abort (self);
}

void
devbox_http_exchange_begin_reply (DevboxHttpExchange *self, guint status, const char *content_type, goffset length)
{
  GString *out;

  if (!begin (self, status))
    return;
  out = build_head (self, content_type, length, FALSE);
  self->reply_state = DEVBOX_HTTP_REPLY_STREAMING;
  self->reply_remaining = length;
  devbox_http_output_add_data (&self->connection->output, out->str, out->len);
  devbox_http_connection_note_output (self->connection);
}

static void
write_chunk (DevboxHttpExchange *self, const void *data, gsize size)
{
  char size_line[20];
  struct iovec vectors[3] = {
    { size_line, g_snprintf (size_line, sizeof size_line, "%" G_GSIZE_MODIFIER "x\r\n", size) },
    { (void *) data, size },
    { (void *) "\r\n", 2 },
  };

  devbox_http_connection_send (self->connection, vectors, G_N_ELEMENTS (vectors), NULL);
}

gboolean
devbox_http_exchange_write (DevboxHttpExchange *self, const void *data, gsize size)
{
  if (self->connection == NULL || self->is_refused || size == 0)
    return TRUE;
  g_return_val_if_fail (self->reply_state == DEVBOX_HTTP_REPLY_STREAMING, TRUE);

  switch ((DevboxHttpFraming) self->framing)
    {
    case DEVBOX_HTTP_FRAMING_LENGTH:
      g_return_val_if_fail ((guint64) self->reply_remaining >= size, TRUE);
      self->reply_remaining -= size;
      devbox_http_connection_send (self->connection, &(struct iovec){ (void *) data, size }, 1, NULL);
      break;
    case DEVBOX_HTTP_FRAMING_CHUNKED:
      write_chunk (self, data, size);
      break;
    case DEVBOX_HTTP_FRAMING_CLOSE:
      devbox_http_connection_send (self->connection, &(struct iovec){ (void *) data, size }, 1, NULL);
      break;
    case DEVBOX_HTTP_FRAMING_NONE:
    default:
      break;
    }

  self->is_full = devbox_http_output_get_size (self->connection->output) > DEVBOX_HTTP_QUEUE_HIGH;

  return !self->is_full;
}

void
devbox_http_exchange_end_reply (DevboxHttpExchange *self)
{
  if (self->connection == NULL || self->is_refused)
    return;
  g_return_if_fail (self->reply_state == DEVBOX_HTTP_REPLY_STREAMING);

  if (self->framing == DEVBOX_HTTP_FRAMING_LENGTH && self->reply_remaining > 0)
    {
      g_warning ("A reply ends %" G_GOFFSET_FORMAT " bytes before the length that was announced",
                 self->reply_remaining);
      devbox_http_exchange_abort (self);
      return;
    }
  self->reply_state = DEVBOX_HTTP_REPLY_ENDED;
  if (self->framing == DEVBOX_HTTP_FRAMING_CHUNKED)
    devbox_http_connection_send (self->connection, &(struct iovec){ (void *) "0\r\n\r\n", 5 }, 1, NULL);
  devbox_http_connection_queue (self->connection);
}

void
devbox_http_exchange_abort (DevboxHttpExchange *self)
{
  DevboxHttpConnection *connection = self->connection;
  DevboxHttpEngine *engine;

  if (connection == NULL)
    return;
  engine = connection->engine;
  connection->exchange = NULL;
  devbox_http_connection_close (connection);
  devbox_http_exchange_finish (self, engine, FALSE, NULL);
}

void
devbox_http_connection_refuse (DevboxHttpConnection *self, guint status, const char *message)
{
  g_autofree char *body = devbox_http_status_format_error (status, message);
  GString *out = self->engine->reply_buffer;

  g_string_truncate (out, 0);
  append_status_line (out, status);
  g_string_append (out, devbox_http_engine_get_date_line (self->engine));
  append_literal (out, "Connection: close\r\nContent-Type: application/json\r\nContent-Length: ");
  append_number (out, strlen (body));
  append_literal (out, "\r\n\r\n");
  g_string_append (out, body);
  devbox_http_connection_send (self, &(struct iovec){ out->str, out->len }, 1, NULL);
}
