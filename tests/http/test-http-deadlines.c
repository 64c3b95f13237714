/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deadlines, so short that the test is quick; each is kept to about one second, the interval of the sweep. All run side
 * by side. */
#include "config.h"

#include "http-test-server.h"

#include <string.h>
#include <unistd.h>

#define GET(target) "GET " target " HTTP/1.1\r\nHost: h\r\n\r\n"

static const DevboxHttpLimits usual = DEVBOX_HTTP_LIMITS_INIT;

/* Reads to the end, which has to come within the deadline and a sweep, and not before the deadline. */
static char *
read_until_deadline (int fd, guint deadline_ms)
{
  gint64 start = g_get_monotonic_time ();
  char *text = http_test_read_to_end (fd, NULL);
  gint64 ms = (g_get_monotonic_time () - start) / 1000;

  g_assert_cmpint (ms, >=, deadline_ms - 50);
  g_assert_cmpint (ms, <, deadline_ms + 1500);
  close (fd);

  return text;
}

static void
test_silent_deadlines (void)
{
  DevboxHttpLimits limits = usual;
  g_autoptr (HttpTestServer) server = NULL;
  g_autofree char *fresh = NULL;
  g_autofree char *idle = NULL;
  g_autofree char *reply = NULL;
  int fd;

  limits.head_timeout_ms = 300;
  limits.idle_timeout_ms = 300;
  server = http_test_server_new (&limits);

  fresh = read_until_deadline (http_test_connect (server->port), 300);
  g_assert_cmpstr (fresh, ==, "");

  fd = http_test_connect (server->port);
  http_test_send (fd, GET ("/hello"), -1);
  reply = http_test_read_reply (fd);
  g_assert_true (g_str_has_suffix (reply, "hello"));
  idle = read_until_deadline (fd, 300);
  g_assert_cmpstr (idle, ==, "");
}

static void
test_slow_head (void)
{
  DevboxHttpLimits limits = usual;
  g_autoptr (HttpTestServer) server = NULL;
  int fds[100];

  limits.head_timeout_ms = 500;
  server = http_test_server_new (&limits);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    fds[i] = http_test_connect (server->port);

  /* A byte now and then does not put the deadline off. */
  for (guint round = 0; round < 30; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
        http_test_send (fds[i], &"GET /hello HTTP/1.1\r\nHost: h\r\n"[round], 1);
      g_usleep (60000);
    }
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      g_autofree char *refusal = http_test_read_to_end (fds[i], NULL);

      g_assert_true (g_str_has_prefix (refusal, "HTTP/1.1 408 ") || refusal[0] == '\0');
      close (fds[i]);
    }
  g_assert_cmpint (g_atomic_int_get (&server->n_handled), ==, 0);
}

static void
test_slow_body (void)
{
  DevboxHttpLimits limits = usual;
  g_autoptr (HttpTestServer) server = NULL;
  g_autofree char *refusal = NULL;
  g_autofree char *reply = NULL;
  int fd;

  limits.body_rate_window_ms = 500;
  limits.min_body_rate = 100;
  server = http_test_server_new (&limits);

  fd = http_test_connect (server->port);
  http_test_send (fd, "POST /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nfew", -1);
  refusal = read_until_deadline (fd, 500);
  g_assert_true (g_str_has_prefix (refusal, "HTTP/1.1 408 "));
  g_assert_nonnull (strstr (refusal, "\"code\":\"OPERATION_TIMEOUT\""));
  g_assert_cmpint (g_atomic_int_get (&server->n_aborted), ==, 1);

  /* Fast enough, and a reader that pauses is not the client's fault. */
  fd = http_test_connect (server->port);
  http_test_send (fd, "POST /slow-sink?ms=1300 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345", -1);
  g_usleep (1300000);
  http_test_send (fd, "67890", 5);
  reply = http_test_read_reply (fd);
  g_assert_true (g_str_has_suffix (reply, "\r\n\r\n10"));
  close (fd);
}

static void
test_total (void)
{
  DevboxHttpLimits limits = usual;
  g_autoptr (HttpTestServer) server = NULL;
  g_autofree char *reply = NULL;
  int fd;

  limits.total_timeout_ms = 400;
  server = http_test_server_new (&limits);
  fd = http_test_connect (server->port);
  http_test_send (fd, GET ("/wait"), -1);
  reply = read_until_deadline (fd, 400);
  g_assert_true (g_str_has_prefix (reply, "HTTP/1.1 503 "));
  g_assert_cmpint (g_atomic_int_get (&server->n_closed), ==, 1);
}

static void
test_write_stall (void)
{
  DevboxHttpLimits limits = usual;
  g_autoptr (HttpTestServer) server = NULL;
  int fd;
  int stream;

  limits.write_stall_timeout_ms = 400;
  server = http_test_server_new (&limits);
  fd = http_test_connect (server->port);
  stream = http_test_connect (server->port);
  http_test_send (fd, GET ("/big?size=50000000"), -1);
  http_test_send (stream, GET ("/stream?size=50000000"), -1);
  http_test_wait_for (&server->n_handled, 2);
  http_test_wait_for (&server->n_finished, 2);
  http_test_wait_for (&server->n_closed, 1);
  close (fd);
  close (stream);
}

static void
test_drain (void)
{
  DevboxHttpLimits limits = usual;
  g_autoptr (HttpTestServer) server = NULL;
  g_autofree char *reply = NULL;
  int fd;

  /* Refused, and the client keeps its end open: the reply and the FIN come at once, the connection goes after the
   * deadline. */
  limits.drain_timeout_ms = 300;
  server = http_test_server_new (&limits);
  fd = http_test_connect (server->port);
  http_test_send (fd, "BAD\r\n", -1);
  reply = http_test_read_to_end (fd, NULL);
  g_assert_true (g_str_has_prefix (reply, "HTTP/1.1 400 "));
  g_assert_cmpuint (http_test_server_count_connections (server), ==, 1);
  for (guint i = 0; i < 200 && http_test_server_count_connections (server) > 0; i++)
    g_usleep (10000);
  g_assert_cmpuint (http_test_server_count_connections (server), ==, 0);
  close (fd);
}

static gpointer
run (gpointer data)
{
  ((void (*) (void)) data) ();

  return NULL;
}

static void
test_deadlines (void)
{
  void (*const tests[]) (void)
      = { test_silent_deadlines, test_slow_head, test_slow_body, test_total, test_write_stall, test_drain };
  GThread *threads[G_N_ELEMENTS (tests)];

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    threads[i] = g_thread_new ("deadline", run, (gpointer) tests[i]);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/deadlines", test_deadlines);

  return g_test_run ();
}
