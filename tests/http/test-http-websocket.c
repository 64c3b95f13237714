/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The upgrade: handshakes right and wrong, frames both ways, the limit of a frame, and what counts as a connection */
#include "config.h"

#include "http-test-server.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The example of RFC 6455, 1.3 */
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define ACCEPT "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define START "GET /ws HTTP/1.1\r\nHost: h\r\n"
#define UPGRADE "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define HANDSHAKE START UPGRADE VERSION KEY "\r\n"

typedef struct
{
  const char *request;
  guint status;
} Handshake;

static void
test_bad_handshakes (void)
{
  static const Handshake bad[] = {
    { START "\r\n", 426 },
    { START "Connection: Upgrade\r\n" VERSION KEY "\r\n", 426 },
    { START "Upgrade: websocket\r\n" VERSION KEY "\r\n", 426 },
    { START "Connection: Upgrade\r\nUpgrade: h2c\r\n" VERSION KEY "\r\n", 426 },
    { START UPGRADE KEY "\r\n", 426 },
    { START UPGRADE KEY "Sec-WebSocket-Version: 8\r\n\r\n", 426 },
    { START UPGRADE KEY VERSION VERSION "\r\n", 426 },
    { START UPGRADE VERSION "\r\n", 400 },
    { START UPGRADE VERSION KEY KEY "\r\n", 400 },
    { START UPGRADE VERSION "Sec-WebSocket-Key: c2hvcnQ=\r\n\r\n", 400 },
    { START UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ===\r\n\r\n", 400 },
    { START UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ*==\r\n\r\n", 400 },
    { "POST /ws HTTP/1.1\r\nHost: h\r\n" UPGRADE VERSION KEY "Content-Length: 0\r\n\r\n", 400 },
    { "GET /ws HTTP/1.1\r\nHost: h\r\n" UPGRADE VERSION KEY "Content-Length: 2\r\n\r\nhi", 400 },
    { "GET /ws HTTP/1.0\r\nHost: h\r\n" UPGRADE VERSION KEY "\r\n", 400 },
    { HANDSHAKE "\x81\x80\x00\x00\x00", 400 }, /* a frame before the reply */
  };
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *reply = http_test_request (server->port, bad[i].request);
      g_autofree char *status_line = g_strdup_printf ("HTTP/1.1 %u ", bad[i].status);

      g_test_message ("handshake %u", i);
      g_assert_true (g_str_has_prefix (reply, status_line));
      g_assert_nonnull (strstr (reply, "\r\nConnection: close\r\n"));
      if (bad[i].status == 426)
        g_assert_nonnull (strstr (reply, "\r\nSec-WebSocket-Version: 13\r\n"));
    }
  g_assert_cmpint (g_atomic_int_get (&server->n_websockets), ==, 0);
  g_assert_cmpuint (http_test_server_count_connections (server), ==, 0);
}

static int
open_websocket (HttpTestServer *server, const char *request)
{
  int fd = http_test_connect (server->port);
  g_autofree char *reply = NULL;

  http_test_send (fd, request, -1);
  reply = http_test_read_reply (fd);
  g_assert_true (g_str_has_prefix (reply, "HTTP/1.1 101 Switching Protocols\r\n"));
  g_assert_nonnull (strstr (reply, ACCEPT));
  g_assert_nonnull (strstr (reply, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"));
  g_assert_null (strstr (reply, "Extensions"));
  g_assert_null (strstr (reply, "Content-Length"));

  return fd;
}

/* A masked text frame, with a mask of zeros */
static void
send_frame (int fd, gsize size)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  guint8 head[14] = { 0x81 };
  gsize head_size;

  if (size < 126)
    {
      head[1] = 0x80 | size;
      head_size = 2;
    }
  else if (size < 65536)
    {
      head[1] = 0x80 | 126;
      head[2] = size >> 8;
      head[3] = size & 0xff;
      head_size = 4;
    }
  else
    {
      head[1] = 0x80 | 127;
      for (guint i = 0; i < 8; i++)
        head[2 + i] = (guint64) size >> (56 - 8 * i);
      head_size = 10;
    }
  g_byte_array_append (frame, head, head_size + 4);
  g_byte_array_set_size (frame, head_size + 4 + size);
  memset (frame->data + head_size + 4, 'x', size);
  http_test_send (fd, (char *) frame->data, frame->len);
}

static void
read_bytes (int fd, guint8 *data, gsize size)
{
  for (gsize done = 0; done < size;)
    {
      gssize n = recv (fd, data + done, size - done, 0);

      g_assert_cmpint (n, >, 0);
      done += n;
    }
}

/* The size of a frame, whose kind must be opcode; the first bytes of its payload are left in payload. */
static gsize
read_frame (int fd, guint8 opcode, guint8 payload[65536])
{
  guint8 head[8];
  gsize size;

  read_bytes (fd, head, 2);
  g_assert_cmpuint (head[0], ==, 0x80 | opcode);
  size = head[1];
  if (size == 126)
    {
      read_bytes (fd, head, 2);
      size = head[0] << 8 | head[1];
    }
  else if (size == 127)
    {
      read_bytes (fd, head, 8);
      size = (gsize) head[5] << 16 | head[6] << 8 | head[7];
    }
  g_assert_cmpuint (size, <=, 65536);
  read_bytes (fd, payload, size);

  return size;
}

static void
test_echo (void)
{
  static const gsize sizes[] = { 0, 1, 125, 126, 65535, 65536 };
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);
  g_autofree guint8 *payload = g_malloc (65536);
  int fd = open_websocket (server, START UPGRADE VERSION KEY "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      send_frame (fd, sizes[i]);
      g_assert_cmpuint (read_frame (fd, 1, payload), ==, sizes[i]);
    }
  g_assert_cmpuint (http_test_server_count_connections (server), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&server->last_status), ==, 101);
  close (fd);
  http_test_wait_for (&server->n_websockets, 0);
  for (guint i = 0; i < 1000 && http_test_server_count_connections (server) > 0; i++)
    g_usleep (1000);
  g_assert_cmpuint (http_test_server_count_connections (server), ==, 0);
}

static void
test_frame_limit (void)
{
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);
  g_autofree char *rest = NULL;
  int fd = open_websocket (server, HANDSHAKE);
  gsize size;

  /* The head of a frame of 65,537 bytes is enough to be told good-bye: a close frame with a code, and nothing else. */
  http_test_send (fd, "\x81\xff\0\0\0\0\0\1\0\1\0\0\0\0", 14);
  rest = http_test_read_to_end (fd, &size);
  g_assert_cmpuint (size, ==, 4);
  g_assert_cmphex ((guint8) rest[0], ==, 0x88);
  close (fd);
  http_test_wait_for (&server->n_websockets, 0);
}

static void
test_server_first (void)
{
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);
  g_autofree guint8 *payload = g_malloc (65536);
  int fd = open_websocket (server, "GET /ws?early=1 HTTP/1.1\r\nHost: h\r\n" UPGRADE VERSION KEY "\r\n");

  g_assert_cmpuint (read_frame (fd, 1, payload), ==, 5);
  g_assert_cmpmem (payload, 5, "early", 5);
  close (fd);
}

static void
test_stop (void)
{
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);
  int fd = open_websocket (server, HANDSHAKE);
  g_autofree char *rest = NULL;

  /* Nobody closes it: the end of the grace does. */
  http_test_server_stop (server, 100);
  http_test_wait_for (&server->is_stopped, 1);
  rest = http_test_read_to_end (fd, NULL);
  http_test_wait_for (&server->n_websockets, 0);
  close (fd);
}

static void
test_free (void)
{
  HttpTestServer *server = http_test_server_new (NULL);
  int fds[10];

  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    fds[i] = open_websocket (server, HANDSHAKE);
  http_test_server_free (server);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/websocket/bad-handshakes", test_bad_handshakes);
  g_test_add_func ("/http/websocket/echo", test_echo);
  g_test_add_func ("/http/websocket/frame-limit", test_frame_limit);
  g_test_add_func ("/http/websocket/server-first", test_server_first);
  g_test_add_func ("/http/websocket/stop", test_stop);
  g_test_add_func ("/http/websocket/free", test_free);

  return g_test_run ();
}
