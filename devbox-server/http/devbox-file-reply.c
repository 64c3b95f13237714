/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-file-reply-private.h"

#include "devbox-wire-base64-private.h"
#include "devbox-wire-json-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* Up to this size one read and one write beat sendfile (). */
#define SMALL_FILE (32 * 1024)
/* A multiple of three, so that pieces can be encoded by themselves. */
#define PIECE (192 * 1024)

static gssize
read_fully (int fd, guint8 *buffer, gsize size, goffset offset)
{
  gsize done = 0;

  while (done < size)
    {
      gssize n = pread (fd, buffer + done, size - done, offset + done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return n < 0 ? -1 : (gssize) done;
      done += n;
    }

  return done;
}

void
devbox_file_reply_bytes (DevboxHttpExchange *exchange, const char *content_type, int fd, goffset size)
{
  guint8 buffer[SMALL_FILE];

  if (size <= SMALL_FILE && read_fully (fd, buffer, size, 0) == size)
    {
      g_close (fd, NULL);
      devbox_http_exchange_reply_data (exchange, 200, content_type, buffer, size);
      return;
    }

  devbox_http_exchange_reply_fd (exchange, 200, content_type, fd, 0, size);
}

typedef struct
{
  int fd;
  goffset offset;
  goffset size;
  GString *tail;
} Base64Reply;

static void
base64_reply_clear (gpointer data)
{
  Base64Reply *reply = data;

  g_close (reply->fd, NULL);
  g_string_free (reply->tail, TRUE);
}

static void
base64_reply_unref (gpointer reply)
{
  g_rc_box_release_full (reply, base64_reply_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Base64Reply, base64_reply_unref)

/* Sends pieces until the socket takes no more. */
static void
send_pieces (DevboxHttpExchange *exchange, gpointer user_data)
{
  Base64Reply *reply = user_data;
  g_autofree guint8 *bytes = g_malloc (PIECE);
  g_autofree char *text = g_malloc (PIECE / 3 * 4);
  gboolean more = TRUE;

  while (more && reply->offset < reply->size)
    {
      gsize length = MIN (PIECE, reply->size - reply->offset);

      if (read_fully (reply->fd, bytes, length, reply->offset) != (gssize) length)
        {
          devbox_http_exchange_abort (exchange);
          return;
        }

      reply->offset += length;
      more = devbox_http_exchange_write (exchange, text, devbox_wire_base64_encode (bytes, length, text));
    }

  if (reply->offset == reply->size && reply->tail->len > 0)
    {
      devbox_http_exchange_write (exchange, reply->tail->str, reply->tail->len);
      g_string_truncate (reply->tail, 0);
      devbox_http_exchange_end_reply (exchange);
    }
}

void
devbox_file_reply_base64 (DevboxHttpExchange *exchange, const char *path, int fd, goffset size)
{
  g_autoptr (GString) head = g_string_new ("{\"success\":true,\"path\":");
  g_autoptr (Base64Reply) reply = g_rc_box_new0 (Base64Reply);

  devbox_wire_json_append_string (head, path, -1);
  g_string_append (head, ",\"content\":\"");

  reply->fd = fd;
  reply->size = size;
  reply->tail = g_string_new (NULL);
  g_string_printf (reply->tail, "\",\"encoding\":\"base64\",\"size\":%" G_GOFFSET_FORMAT "}", size);

  devbox_http_exchange_begin_reply (exchange, 200, "application/json",
                                    head->len + (size + 2) / 3 * 4 + reply->tail->len);
  devbox_http_exchange_write (exchange, head->str, head->len);
  /* Dropped at once when nobody is there any more. */
  devbox_http_exchange_set_writable_func (exchange, send_pieces, g_rc_box_acquire (reply), base64_reply_unref);
  send_pieces (exchange, reply);
}
