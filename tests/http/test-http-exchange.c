/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests and replies over a live server: bodies both ways, keep-alive, pipelines, Expect, clients that leave, nested
 * loops */
#include "config.h"

#include "http-test-server.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET(target) "GET " target " HTTP/1.1\r\nHost: h\r\n\r\n"
#define GET_CLOSE(target) "GET " target " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

static const char *
get_body (const char *reply)
{
  const char *end = strstr (reply, "\r\n\r\n");

  g_assert_nonnull (end);

  return end + 4;
}

static void
assert_reply (const char *reply, guint status, const char *body)
{
  g_autofree char *status_line = g_strdup_printf ("HTTP/1.1 %u ", status);

  if (!g_str_has_prefix (reply, status_line))
    g_test_message ("%s", reply);
  g_assert_true (g_str_has_prefix (reply, status_line));
  g_assert_cmpstr (get_body (reply), ==, body);
}

static guint
count_replies (const char *text)
{
  guint count = 0;

  for (; (text = strstr (text, "HTTP/1.1 ")) != NULL; text++)
    count++;

  return count;
}

static void
test_keep_alive (HttpTestServer *server)
{
  int fd = http_test_connect (server->port);

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *reply = NULL;

      http_test_send (fd, GET ("/hello"), -1);
      reply = http_test_read_reply (fd);
      assert_reply (reply, 200, "hello");
      g_assert_nonnull (strstr (reply, "\r\nConnection: keep-alive\r\nKeep-Alive: timeout=360\r\n"));
      g_assert_nonnull (strstr (reply, "\r\nDate: "));
      g_assert_nonnull (strstr (reply, "\r\nContent-Type: text/plain\r\n"));
    }
  close (fd);
  g_assert_cmpint (g_atomic_int_get (&server->n_handled), ==, 3);
}

static void
test_close (HttpTestServer *server)
{
  static const char *const requests[] = {
    GET_CLOSE ("/hello"),
    "GET /hello HTTP/1.0\r\n\r\n",
    "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: x\r\nConnection: y, CLOSE\r\n\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_autofree char *reply = http_test_request (server->port, requests[i]);

      assert_reply (reply, 200, "hello");
      g_assert_nonnull (strstr (reply, "\r\nConnection: close\r\n"));
      g_assert_null (strstr (reply, "Keep-Alive"));
    }
}

static void
test_http_1_0_keep_alive (HttpTestServer *server)
{
  int fd = http_test_connect (server->port);

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *reply = NULL;

      http_test_send (fd, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", -1);
      reply = http_test_read_reply (fd);
      assert_reply (reply, 200, "hello");
      g_assert_nonnull (strstr (reply, "\r\nConnection: keep-alive\r\n"));
    }
  close (fd);
}

static void
test_head (HttpTestServer *server)
{
  static const char *const targets[] = { "/hello", "/big?size=100000", "/fd?size=100000", "/sized?size=100000" };
  int fd = http_test_connect (server->port);

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      g_autofree char *request = g_strdup_printf ("HEAD %s HTTP/1.1\r\nHost: h\r\n\r\n", targets[i]);
      g_autoptr (GString) head = g_string_new (NULL);

      http_test_send (fd, request, -1);
      while (!g_str_has_suffix (head->str, "\r\n\r\n"))
        {
          char c;

          g_assert_cmpint (recv (fd, &c, 1, 0), ==, 1);
          g_string_append_c (head, c);
        }
      g_assert_nonnull (strstr (head->str, i == 0 ? "\r\nContent-Length: 5\r\n" : "\r\nContent-Length: 100000\r\n"));
    }
  http_test_send (fd, GET_CLOSE ("/hello"), -1);
  {
    g_autofree char *rest = http_test_read_to_end (fd, NULL);

    assert_reply (rest, 200, "hello"); /* nothing came behind the heads */
  }
  close (fd);
}

static void
test_empty (HttpTestServer *server)
{
  g_autofree char *no_content = http_test_request (server->port, GET_CLOSE ("/empty?status=204"));
  g_autofree char *not_modified = http_test_request (server->port, GET_CLOSE ("/empty?status=304"));
  g_autofree char *ok = http_test_request (server->port, GET_CLOSE ("/empty?status=200"));
  g_autofree char *too_many = http_test_request (server->port, GET_CLOSE ("/empty?status=431"));

  assert_reply (no_content, 204, "");
  g_assert_null (strstr (no_content, "Content-Length"));
  assert_reply (not_modified, 304, "");
  g_assert_null (strstr (not_modified, "Content-Length"));
  assert_reply (ok, 200, "");
  g_assert_nonnull (strstr (ok, "\r\nContent-Length: 0\r\n"));
  g_assert_true (g_str_has_prefix (too_many, "HTTP/1.1 431 Request Header Fields Too Large\r\n"));
}

static void
test_headers (HttpTestServer *server)
{
  g_autofree char *reply
      = http_test_request (server->port, "GET /header?name=x-one HTTP/1.1\r\nHost: h\r\nX-One:  a b \r\nX-Other: c\r\n"
                                         "x-ONE: d\r\nConnection: close\r\n\r\n");

  assert_reply (reply, 200, "2 [a b]");
  g_assert_nonnull (strstr (reply, "\r\nX-Added: yes\r\n"));
}

static void
test_addresses (HttpTestServer *server)
{
  int fd = http_test_connect (server->port);
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  g_autofree char *expected = NULL;
  g_autofree char *reply = NULL;

  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &size), ==, 0);
  expected = g_strdup_printf ("127.0.0.1:%u 127.0.0.1:%u my-id.1", g_ntohs (address.sin_port), server->port);
  http_test_send (fd, "GET /who HTTP/1.1\r\nHost: h\r\nX-Request-Id: my-id.1\r\n\r\n", -1);
  reply = http_test_read_reply (fd);
  assert_reply (reply, 200, expected);
  close (fd);
}

/* Bodies */

static void
test_bodies_in (HttpTestServer *server)
{
  static const char requests[]
      = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
        "3\r\nhel\r\n2;x\r\nlo\r\n0\r\nT: v\r\n\r\n"
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
        "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n"
        "POST /nested-body HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nagain";
  static const char *const expected[] = { "hello", "hello", "", "", "again" };

  /* The splits go to every place, so that each part once is alone in a packet. */
  for (gsize split = 1; split < sizeof requests - 1; split += 7)
    {
      int fd = http_test_connect (server->port);

      http_test_send (fd, requests, split);
      g_usleep (200);
      http_test_send (fd, requests + split, -1);
      for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
        {
          g_autofree char *reply = http_test_read_reply (fd);

          assert_reply (reply, 200, expected[i]);
        }
      close (fd);
    }
}

static void
send_body (int fd, const char *target, gsize size, gsize chunk)
{
  g_autofree char *data = g_malloc0 (MIN (size, 1024 * 1024) + 1);
  g_autofree char *head = NULL;

  if (chunk == 0)
    head = g_strdup_printf ("POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n", target, size);
  else
    head = g_strdup_printf ("POST %s HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", target);
  http_test_send (fd, head, -1);
  for (gsize done = 0; done < size;)
    {
      gsize piece = MIN (size - done, chunk > 0 ? chunk : 1024 * 1024);
      g_autofree char *line = g_strdup_printf ("%" G_GSIZE_MODIFIER "x\r\n", piece);

      if (chunk > 0)
        http_test_send (fd, line, -1);
      http_test_send (fd, data, piece);
      if (chunk > 0)
        http_test_send (fd, "\r\n", -1);
      done += piece;
    }
  if (chunk > 0)
    http_test_send (fd, "0\r\n\r\n", -1);
}

static void
test_upload (HttpTestServer *server)
{
  static const char *const targets[] = { "/sink", "/slow-sink?ms=1" };
  int fd = http_test_connect (server->port);

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    for (guint chunk = 0; chunk <= 100000; chunk += 50000)
      {
        g_autofree char *reply = NULL;

        send_body (fd, targets[i], 10000000, chunk);
        reply = http_test_read_reply (fd);
        assert_reply (reply, 200, "10000000");
      }
  close (fd);
}

static gsize
decode_chunks (const char *body, gsize size)
{
  const char *end = body + size;
  gsize total = 0;

  while (body < end)
    {
      char *after;
      gsize chunk = g_ascii_strtoull (body, &after, 16);

      g_assert_true (g_str_has_prefix (after, "\r\n"));
      if (chunk == 0)
        {
          g_assert_cmpint (end - after, ==, 4);
          return total;
        }
      for (gsize i = 0; i < chunk; i++)
        g_assert_cmpint (after[2 + i], ==, 'a' + (total + i) % 65536 % 23);
      total += chunk;
      body = after + 2 + chunk + 2;
      g_assert_cmpint (body[-1], ==, '\n');
    }
  g_assert_not_reached ();
}

static void
test_download (HttpTestServer *server)
{
  static const char *const targets[] = { "/big", "/fd", "/sized", "/stream" };
  static const gsize sizes[] = { 0, 1, 16384, 16385, 65536, 5000000 };

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sizes); j++)
      {
        int fd = http_test_connect (server->port);
        g_autofree char *request = g_strdup_printf (
            "GET %s?size=%" G_GSIZE_FORMAT " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", targets[i], sizes[j]);
        g_autofree char *reply = NULL;
        gsize size;
        const char *body;

        http_test_send (fd, request, -1);
        reply = http_test_read_to_end (fd, &size);
        body = get_body (reply);
        size -= body - reply;
        if (i == 3)
          {
            g_assert_nonnull (strstr (reply, "\r\nTransfer-Encoding: chunked\r\n"));
            g_assert_cmpuint (decode_chunks (body, size), ==, sizes[j]);
          }
        else
          {
            g_assert_cmpuint (size, ==, sizes[j]);
            for (gsize k = 0; k < size; k++)
              g_assert_cmpint (body[k], ==, 'a' + (i == 2 ? k % 65536 : k) % 23);
          }
        close (fd);
      }
}

static void
test_http_1_0_stream (HttpTestServer *server)
{
  int fd = http_test_connect (server->port);
  g_autofree char *reply = NULL;
  gsize size;

  http_test_send (fd, "GET /stream?size=3000000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", -1);
  reply = http_test_read_to_end (fd, &size);
  g_assert_null (strstr (reply, "chunked"));
  g_assert_nonnull (strstr (reply, "\r\nConnection: close\r\n"));
  g_assert_cmpuint (size - (get_body (reply) - reply), ==, 3000000);
  close (fd);
}

static void
test_cut_replies (HttpTestServer *server)
{
  g_autofree char *small = http_test_request (server->port, GET ("/shrunk?size=1000"));
  g_autofree char *large = http_test_request (server->port, GET ("/shrunk?size=1000000"));
  g_autofree char *aborted = http_test_request (server->port, GET ("/abort"));
  g_autofree char *partly = http_test_request (server->port, GET ("/abort-stream"));

  g_assert_cmpstr (small, ==, "");
  g_assert_nonnull (strstr (large, "Content-Length: 1000000\r\n"));
  g_assert_cmpuint (strlen (get_body (large)), ==, 500000);
  g_assert_cmpstr (aborted, ==, "");
  g_assert_false (g_str_has_suffix (partly, "0\r\n\r\n"));
}

/* Order */

static void
test_pipeline (HttpTestServer *server)
{
  g_autoptr (GString) requests = g_string_new (NULL);
  g_autoptr (GString) expected = g_string_new (NULL);
  int fd = http_test_connect (server->port);

  for (guint i = 0; i < 300; i++)
    g_string_append_printf (requests,
                            "POST /%s HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n%03u" GET ("/late?ms=0"),
                            i % 7 == 0 ? "nested-body" : "echo", i);
  http_test_send (fd, requests->str, requests->len);
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *reply = http_test_read_reply (fd);
      g_autofree char *late = http_test_read_reply (fd);

      g_string_printf (expected, "%03u", i);
      assert_reply (reply, 200, expected->str);
      assert_reply (late, 200, "late");
    }
  close (fd);
}

static void
test_pipeline_unread (HttpTestServer *server)
{
  int fd = http_test_connect (server->port);
  int handled;
  gsize size;
  g_autofree char *replies = NULL;

  /* 60 replies of 1 MiB for somebody who does not read: only as many are made as the socket takes. */
  for (guint i = 0; i < 60; i++)
    http_test_send (fd, GET ("/big?size=1048576"), -1);
  g_usleep (300000);
  handled = g_atomic_int_get (&server->n_handled);
  g_assert_cmpint (handled, >, 0);
  g_assert_cmpint (handled, <, 20);

  shutdown (fd, SHUT_WR);
  replies = http_test_read_to_end (fd, &size);
  g_assert_cmpuint (size, >, 60 * 1048576);
  g_assert_cmpuint (count_replies (replies), ==, 60);
  close (fd);
}

/* Expect, and refusals */

static void
test_continue (HttpTestServer *server)
{
  int fd = http_test_connect (server->port);
  g_autofree char *interim = NULL;
  g_autofree char *reply = NULL;
  g_autofree char *no_wait = NULL;

  http_test_send (fd, "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", -1);
  interim = http_test_read_reply (fd);
  g_assert_cmpstr (interim, ==, "HTTP/1.1 100 Continue\r\n\r\n");
  http_test_send (fd, "hello", 5);
  reply = http_test_read_reply (fd);
  assert_reply (reply, 200, "hello");

  /* Who sends at once needs no interim reply. */
  http_test_send (fd, "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", -1);
  no_wait = http_test_read_reply (fd);
  assert_reply (no_wait, 200, "hello");
  close (fd);
}

static void
test_continue_refused (HttpTestServer *server)
{
  /* The body is a request; it must not be run. */
  int fd = http_test_connect (server->port);
  g_autofree char *reply = NULL;
  gsize size = strlen (GET ("/hello"));
  g_autofree char *head = g_strdup_printf (
      "POST /refuse HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n", size);
  g_autofree char *at_once = NULL;
  g_autofree char *all = g_strconcat (head, GET ("/hello"), GET ("/hello"), NULL);

  http_test_send (fd, head, -1);
  http_test_send (fd, GET ("/hello"), -1);
  reply = http_test_read_to_end (fd, NULL);
  assert_reply (reply, 403, "refused");
  close (fd);

  at_once = http_test_request (server->port, all);
  assert_reply (at_once, 403, "refused");
  g_assert_cmpint (g_atomic_int_get (&server->n_handled), ==, 2);
}

static void
test_refused_body (HttpTestServer *server)
{
  static const char *const targets[] = { "/refuse", "/early", "/sink?limit=1000" };

  /* The reply arrives although the client goes on sending more than is ever read. */
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      int fd = http_test_connect (server->port);
      g_autofree char *reply = NULL;

      send_body (fd, targets[i], 200000, i == 2 ? 500 : 0);
      shutdown (fd, SHUT_WR);
      reply = http_test_read_to_end (fd, NULL);
      g_assert_true (g_str_has_prefix (reply, i == 2 ? "HTTP/1.1 413 " : "HTTP/1.1 403 "));
      g_assert_nonnull (strstr (reply, "\r\nConnection: close\r\n"));
      close (fd);
    }
  g_assert_cmpint (g_atomic_int_get (&server->n_aborted), ==, 1);
}

static void
test_refuse_without_body (HttpTestServer *server)
{
  int fd = http_test_connect (server->port);

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *reply = NULL;

      http_test_send (fd, GET ("/refuse"), -1);
      reply = http_test_read_reply (fd);
      assert_reply (reply, 403, "refused");
    }
  close (fd);
}

/* Clients that leave */

static void
test_cut_bodies (HttpTestServer *server)
{
  static const char *const requests[] = {
    "POST /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nshort",
    "POST /sink HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    "POST /slow-sink HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nshort",
  };

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      int fd = http_test_connect (server->port);
      g_autofree char *reply = NULL;

      /* A half-close can still be answered … */
      http_test_send (fd, requests[i], -1);
      shutdown (fd, SHUT_WR);
      reply = http_test_read_to_end (fd, NULL);
      g_assert_true (g_str_has_prefix (reply, "HTTP/1.1 400 "));
      g_assert_nonnull (strstr (reply, "the body was cut off after "));
      close (fd);
      http_test_wait_for (&server->n_aborted, i * 2 + 1);

      /* … a reset cannot. */
      fd = http_test_connect (server->port);
      http_test_send (fd, requests[i], -1);
      http_test_wait_for (&server->n_handled, i * 2 + 2);
      http_test_reset (fd);
      http_test_wait_for (&server->n_aborted, i * 2 + 2);
    }
  g_assert_cmpint (g_atomic_int_get (&server->n_ended), ==, 0);
}

static void
test_half_close (HttpTestServer *server)
{
  static const char *const requests[] = { GET ("/hello"), GET ("/late?ms=100"), GET ("/nested"),
                                          "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" };
  static const char *const expected[] = { "hello", "late", "nested", "hello" };

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      int fd = http_test_connect (server->port);
      g_autofree char *reply = NULL;

      http_test_send (fd, requests[i], -1);
      shutdown (fd, SHUT_WR);
      reply = http_test_read_to_end (fd, NULL);
      assert_reply (reply, 200, expected[i]);
      close (fd);
    }
}

static void
test_gone (HttpTestServer *server)
{
  /* The handler is told: of a FIN, of a reset, and of a FIN that was there before the handler. */
  for (int i = 0; i < 3; i++)
    {
      int fd = http_test_connect (server->port);

      http_test_send (fd, GET ("/wait"), -1);
      if (i == 2)
        shutdown (fd, SHUT_WR);
      http_test_wait_for (&server->n_handled, i + 1);
      if (i == 1)
        http_test_reset (fd);
      else
        close (fd);
      http_test_wait_for (&server->n_closed, i + 1);
    }
  http_test_wait_for (&server->n_finished, 3);
}

static void
test_gone_while_reading (HttpTestServer *server)
{
  int fd = http_test_connect (server->port);
  char buffer[1000];

  http_test_send (fd, GET ("/stream?size=100000000"), -1);
  g_assert_cmpint (recv (fd, buffer, sizeof buffer, 0), >, 0);
  http_test_reset (fd);
  http_test_wait_for (&server->n_closed, 1);
  http_test_wait_for (&server->n_living, 0);
}

/* The loop */

static void
test_nested (HttpTestServer *server)
{
  int slow = http_test_connect (server->port);
  int other = http_test_connect (server->port);
  g_autofree char *reply = NULL;
  g_autofree char *late_reply = NULL;
  gint64 start = g_get_monotonic_time ();

  /* A nested loop serves the others, and the one that runs it leaves while it does. */
  http_test_send (slow, GET ("/nested?ms=300"), -1);
  http_test_wait_for (&server->n_handled, 1);
  http_test_send (other, GET ("/hello"), -1);
  reply = http_test_read_reply (other);
  assert_reply (reply, 200, "hello");
  g_assert_cmpint (g_get_monotonic_time () - start, <, 250000);
  http_test_reset (slow);
  http_test_send (other, GET ("/nested?ms=1"), -1);
  late_reply = http_test_read_reply (other);
  assert_reply (late_reply, 200, "nested");
  close (other);
}

static void
test_nested_deep (HttpTestServer *server)
{
  int fds[30];

  /* Deeper than the engine goes; nobody is forgotten. */
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      fds[i] = http_test_connect (server->port);
      http_test_send (fds[i], GET ("/nested?ms=20"), -1);
    }
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      g_autofree char *reply = http_test_read_reply (fds[i]);

      assert_reply (reply, 200, "nested");
      close (fds[i]);
    }
}

static void
test_fairness (HttpTestServer *server)
{
  int reader = http_test_connect (server->port);
  int other = http_test_connect (server->port);
  g_autofree char *reply = NULL;

  http_test_send (reader, GET ("/flood?size=20000000"), -1);
  http_test_send (other, GET ("/hello"), -1);
  reply = http_test_read_reply (other);
  assert_reply (reply, 200, "hello");
  close (other);
  close (reader);
}

static void
run_with_server (gconstpointer data)
{
  g_autoptr (HttpTestServer) server = http_test_server_new (NULL);

  ((void (*) (HttpTestServer *)) data) (server);
}

static void
add (const char *path, void (*func) (HttpTestServer *))
{
  g_test_add_data_func (path, (gconstpointer) func, run_with_server);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add ("/http/exchange/keep-alive", test_keep_alive);
  add ("/http/exchange/close", test_close);
  add ("/http/exchange/http-1.0-keep-alive", test_http_1_0_keep_alive);
  add ("/http/exchange/http-1.0-stream", test_http_1_0_stream);
  add ("/http/exchange/head", test_head);
  add ("/http/exchange/empty", test_empty);
  add ("/http/exchange/headers", test_headers);
  add ("/http/exchange/addresses", test_addresses);
  add ("/http/exchange/bodies-in", test_bodies_in);
  add ("/http/exchange/upload", test_upload);
  add ("/http/exchange/download", test_download);
  add ("/http/exchange/cut-replies", test_cut_replies);
  add ("/http/exchange/pipeline", test_pipeline);
  add ("/http/exchange/pipeline-unread", test_pipeline_unread);
  add ("/http/exchange/continue", test_continue);
  add ("/http/exchange/continue-refused", test_continue_refused);
  add ("/http/exchange/refused-body", test_refused_body);
  add ("/http/exchange/refuse-without-body", test_refuse_without_body);
  add ("/http/exchange/cut-bodies", test_cut_bodies);
  add ("/http/exchange/half-close", test_half_close);
  add ("/http/exchange/gone", test_gone);
  add ("/http/exchange/gone-while-reading", test_gone_while_reading);
  add ("/http/exchange/nested", test_nested);
  add ("/http/exchange/nested-deep", test_nested_deep);
  add ("/http/exchange/fairness", test_fairness);

  return g_test_run ();
}
