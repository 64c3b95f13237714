/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caps, the end, and the sockets that the engine listens on */
#include "config.h"

#include "http-test-server.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GET(target) "GET " target " HTTP/1.1\r\nHost: h\r\n\r\n"

static const DevboxHttpLimits usual = DEVBOX_HTTP_LIMITS_INIT;

static gboolean
is_closed (int fd)
{
  char c;

  return recv (fd, &c, 1, MSG_DONTWAIT) == 0;
}

static void
test_cap (void)
{
  DevboxHttpLimits limits = usual;
  g_autoptr (HttpTestServer) server = NULL;
  g_autofree char *turned_away = NULL;
  int fds[8];

  limits.max_connections = 4;
  server = http_test_server_new (&limits);

  /* 0 to 3 fill it, in this order; 1 has a request after the others, so that 0 and then 2 are idle longest. */
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *reply = NULL;

      fds[i] = http_test_connect (server->port);
      http_test_send (fds[i], GET ("/hello"), -1);
      reply = http_test_read_reply (fds[i]);
    }
  {
    g_autofree char *reply = NULL;

    http_test_send (fds[1], GET ("/hello"), -1);
    reply = http_test_read_reply (fds[1]);
  }
  for (guint i = 4; i < 6; i++)
    {
      g_autofree char *reply = NULL;

      fds[i] = http_test_connect (server->port);
      http_test_send (fds[i], GET ("/hello"), -1);
      reply = http_test_read_reply (fds[i]);
    }
  g_assert_true (is_closed (fds[0]));
  g_assert_false (is_closed (fds[1]));
  g_assert_true (is_closed (fds[2]));
  g_assert_false (is_closed (fds[3]));
  g_assert_cmpuint (http_test_server_count_connections (server), ==, 4);

  /* None is idle: the next one is turned away, those at work stay. */
  http_test_send (fds[1], GET ("/wait"), -1);
  http_test_send (fds[3], GET ("/wait"), -1);
  http_test_send (fds[4], GET ("/wait"), -1);
  http_test_send (fds[5], GET ("/wait"), -1);
  http_test_wait_for (&server->n_handled, 11);
  fds[6] = http_test_connect (server->port);
  turned_away = http_test_read_to_end (fds[6], NULL);
  g_assert_true (g_str_has_prefix (turned_away, "HTTP/1.1 503 "));
  for (guint i = 0; i < 7; i++)
    close (fds[i]);
}

static void
test_cap_per_address (void)
{
  DevboxHttpLimits limits = usual;
  g_autoptr (HttpTestServer) server = NULL;
  g_autofree char *turned_away = NULL;
  g_autofree char *reply = NULL;
  int first;
  int second;
  int third;

  limits.max_connections_per_address = 2;
  server = http_test_server_new (&limits);
  first = http_test_connect (server->port);
  second = http_test_connect (server->port);
  third = http_test_connect (server->port);
  turned_away = http_test_read_to_end (third, NULL);
  g_assert_true (g_str_has_prefix (turned_away, "HTTP/1.1 503 "));
  close (first);
  close (third);
  while (http_test_server_count_connections (server) > 1)
    g_usleep (1000);
  third = http_test_connect (server->port);
  http_test_send (third, GET ("/hello"), -1);
  reply = http_test_read_reply (third);
  g_assert_true (g_str_has_suffix (reply, "hello"));
  close (second);
  close (third);
}

/* The end */

static void
test_stop (void)
{
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);
  g_autofree char *reply = NULL;
  g_autofree char *stream = NULL;
  gsize size;
  int idle = http_test_connect (server->port);
  int running = http_test_connect (server->port);
  int reading = http_test_connect (server->port);
  gint64 start = g_get_monotonic_time ();

  http_test_send (running, GET ("/late?ms=300") GET ("/hello"), -1);
  http_test_send (reading, GET ("/stream?size=20000000"), -1);
  http_test_wait_for (&server->n_handled, 2);
  http_test_server_stop (server, 5000);
  g_assert_true (is_closed (idle));

  /* What runs is finished, and nothing after it; then the stop is over, long before its grace. */
  reply = http_test_read_to_end (running, NULL);
  g_assert_true (g_str_has_suffix (reply, "late"));
  g_assert_nonnull (strstr (reply, "\r\nConnection: close\r\n"));
  stream = http_test_read_to_end (reading, &size);
  g_assert_cmpuint (size, >, 20000000);
  close (running);
  close (reading);
  http_test_wait_for (&server->is_stopped, 1);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 3000000);
  g_assert_cmpint (g_atomic_int_get (&server->n_handled), ==, 2);
  close (idle);
}

static void
test_stop_port (void)
{
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);
  struct sockaddr_in address
      = { .sin_family = AF_INET, .sin_port = g_htons (server->port), .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  DevboxHttpListener *next;
  DevboxHttpLimits limits = usual;
  g_autoptr (GError) error = NULL;
  int busy = http_test_connect (server->port);

  next = devbox_http_listener_new (NULL, &limits, NULL, NULL, NULL);
  g_assert_false (devbox_http_listener_listen (next, "127.0.0.1", server->port, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  g_assert_nonnull (strstr (error->message, "127.0.0.1"));
  g_clear_error (&error);

  /* The port is free as soon as the stop has begun, with a connection still open. */
  http_test_send (busy, GET ("/late?ms=300"), -1);
  http_test_wait_for (&server->n_handled, 1);
  http_test_server_stop (server, 5000);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, -1);
  devbox_http_listener_listen (next, "127.0.0.1", server->port, &error);
  g_assert_no_error (error);
  devbox_http_listener_unref (next);
  http_test_wait_for (&server->is_stopped, 1);
  close (fd);
  close (busy);
}

static void
test_stop_bounded (void)
{
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);
  int waiting = http_test_connect (server->port);
  int lingering = http_test_connect (server->port);
  int unread = http_test_connect (server->port);
  gint64 start = g_get_monotonic_time ();

  http_test_send (waiting, GET ("/wait"), -1);
  http_test_send (lingering, "BAD\r\n", -1);
  http_test_send (unread, GET ("/big?size=50000000"), -1);
  http_test_wait_for (&server->n_handled, 2);
  http_test_server_stop (server, 200);
  http_test_wait_for (&server->is_stopped, 1);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 1000000);
  g_assert_cmpuint (http_test_server_count_connections (server), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&server->n_closed), ==, 1);
  close (waiting);
  close (lingering);
  close (unread);
}

static void
test_stop_empty (void)
{
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);

  http_test_server_stop (server, 5000);
  http_test_wait_for (&server->is_stopped, 1);
}

/* Sockets */

static void
hello (DevboxHttpExchange *exchange, gpointer user_data)
{
  gboolean *has_address = user_data;

  *has_address = devbox_http_exchange_get_remote_address (exchange) != NULL;
  devbox_http_exchange_reply_data (exchange, 200, NULL, "hello", 5);
}

static void
test_inherited (void)
{
  DevboxHttpLimits limits = usual;
  gboolean has_address = TRUE;
  g_autoptr (DevboxHttpListener) listener = devbox_http_listener_new (NULL, &limits, hello, &has_address, NULL);
  g_autofree char *folder = g_dir_make_tmp ("devbox-http-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "socket", NULL);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_autoptr (GError) error = NULL;
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);
  int client = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  char reply[500] = { 0 };

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_false (devbox_http_listener_listen_fd (listener, dup (fd), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  g_assert_cmpint (listen (fd, 5), ==, 0);
  devbox_http_listener_listen_fd (listener, fd, &error);
  g_assert_no_error (error);
  g_assert_true (devbox_http_listener_is_loopback (listener));
  g_assert_true (G_IS_UNIX_SOCKET_ADDRESS (devbox_http_listener_get_local_address (listener)));

  g_assert_cmpint (connect (client, (struct sockaddr *) &address, sizeof address), ==, 0);
  http_test_send (client, GET ("/"), -1);
  while (recv (client, reply, sizeof reply - 1, MSG_DONTWAIT) < 0)
    g_main_context_iteration (NULL, FALSE);
  g_assert_true (g_str_has_suffix (reply, "hello"));
  g_assert_false (has_address);
  close (client);
  g_assert_cmpint (unlink (path), ==, 0);
  g_assert_cmpint (rmdir (folder), ==, 0);
}

static void
test_addresses (void)
{
  DevboxHttpLimits limits = usual;
  g_autoptr (DevboxHttpListener) listener = devbox_http_listener_new (NULL, &limits, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;

  devbox_http_listener_listen (listener, "localhost", 0, &error);
  g_assert_no_error (error);
  g_assert_true (devbox_http_listener_is_loopback (listener));
  g_assert_false (devbox_http_listener_listen (listener, "192.0.2.1", 0, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (devbox_http_listener_listen (listener, "not a name", 0, &error));
  g_assert_nonnull (error);
  g_assert_true (devbox_http_listener_is_loopback (listener));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/limits/cap", test_cap);
  g_test_add_func ("/http/limits/cap-per-address", test_cap_per_address);
  g_test_add_func ("/http/stop/graceful", test_stop);
  g_test_add_func ("/http/stop/port", test_stop_port);
  g_test_add_func ("/http/stop/bounded", test_stop_bounded);
  g_test_add_func ("/http/stop/empty", test_stop_empty);
  g_test_add_func ("/http/sockets/inherited", test_inherited);
  g_test_add_func ("/http/sockets/addresses", test_addresses);

  return g_test_run ();
}
