/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Thousands of random connections against a live server: pipelines split at random bytes, damaged, cut, reset,
 * half-closed, read slowly or not at all, turned into WebSockets, while servers stop and go away under them. Arguments:
 * how many connections (500), and the seed to repeat a run. What must hold: no crash and no leak, every exchange ends
 * once, and a connection that did nothing wrong gets exactly its replies. */
#include "config.h"

#include "http-test-server.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_THREADS 8
#define CONNECTIONS_PER_SERVER 250
#define DEFAULT_CONNECTIONS 500

static guint n_connections = DEFAULT_CONNECTIONS;
static guint32 seed;
static int n_verified;

typedef struct
{
  const char *method;
  const char *target;
  guint status;
  gsize size;       /* of the body of the reply; 0 with HEAD */
  gsize body_size;  /* of the request */
  gboolean chunked; /* likewise */
} Template;

static const Template templates[] = {
  { "GET", "/hello", 200, 5, 0, FALSE },
  { "HEAD", "/hello", 200, 0, 0, FALSE },
  { "GET", "/late?ms=3", 200, 4, 0, FALSE },
  { "GET", "/nested?ms=2", 200, 6, 0, FALSE },
  { "GET", "/empty?status=204", 204, 0, 0, FALSE },
  { "GET", "/big?size=70000", 200, 70000, 0, FALSE },
  { "GET", "/big?size=3000000", 200, 3000000, 0, FALSE },
  { "GET", "/fd?size=9000", 200, 9000, 0, FALSE },
  { "GET", "/fd?size=400000", 200, 400000, 0, FALSE },
  { "GET", "/sized?size=300000", 200, 300000, 0, FALSE },
  { "POST", "/echo", 200, 100, 100, FALSE },
  { "POST", "/echo", 200, 5000, 5000, TRUE },
  { "POST", "/nested-body", 200, 100, 100, TRUE },
  { "POST", "/sink", 200, 5, 70000, FALSE },
  { "POST", "/sink", 200, 5, 70000, TRUE },
  { "POST", "/slow-sink?ms=1", 200, 5, 90000, TRUE },
  { "GET", "/nowhere", 404, 9, 0, FALSE },
};

/* These end the connection, or tell nothing of it that could be checked. */
static const Template wild_templates[] = {
  { "POST", "/refuse", 403, 7, 300000, FALSE },
  { "POST", "/early", 403, 5, 50000, TRUE },
  { "POST", "/sink?limit=1000", 413, 0, 50000, TRUE },
  { "GET", "/abort", 0, 0, 0, FALSE },
  { "GET", "/abort-stream", 0, 0, 0, FALSE },
  { "GET", "/shrunk?size=500000", 0, 0, 0, FALSE },
  { "GET", "/stream?size=4000000", 0, 0, 0, FALSE },
  { "GET", "/flood?size=4000000", 0, 0, 0, FALSE },
  { "GET", "/wait", 0, 0, 0, FALSE },
};

static void
append_body (GString *out, const Template *template, GRand *random)
{
  g_autofree char *data = g_strnfill (template->body_size, 'b');

  if (!template->chunked)
    {
      g_string_append_printf (out, "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n", template->body_size);
      g_string_append_len (out, data, template->body_size);
      return;
    }
  g_string_append (out, "Transfer-Encoding: chunked\r\n\r\n");
  for (gsize done = 0; done < template->body_size;)
    {
      gsize wanted = g_rand_int_range (random, 1, 20000);
      gsize piece = MIN (template->body_size - done, wanted);

      g_string_append_printf (out, "%" G_GSIZE_MODIFIER "x%s\r\n", piece, g_rand_boolean (random) ? ";x=y" : "");
      g_string_append_len (out, data, piece);
      g_string_append (out, "\r\n");
      done += piece;
    }
  g_string_append (out, g_rand_boolean (random) ? "0\r\n\r\n" : "0\r\nTrailer: x\r\n\r\n");
}

static void
append_request (GString *out, const Template *template, GRand *random, gboolean is_last)
{
  g_string_append_printf (out, "%s %s HTTP/1.1\r\nHost: h\r\n", template->method, template->target);
  for (int i = g_rand_int_range (random, 0, 5); i > 0; i--)
    g_string_append_printf (out, "X-Filler-%d: %0*d\r\n", i, g_rand_int_range (random, 1, 300), i);
  if (is_last)
    g_string_append (out, "Connection: close\r\n");
  if (template->body_size > 0)
    append_body (out, template, random);
  else
    g_string_append (out, "\r\n");
}

/* The socket */

static int
try_connect (guint16 port)
{
  struct sockaddr_in address
      = { .sin_family = AF_INET, .sin_port = g_htons (port), .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  if (connect (fd, (struct sockaddr *) &address, sizeof address) == 0)
    return fd;
  close (fd);

  return -1;
}

static void
end_connection (int fd, GRand *random)
{
  if (g_rand_int_range (random, 0, 3) == 0)
    http_test_reset (fd);
  else
    close (fd);
}

typedef struct
{
  const char *data;
  gsize left;
  gboolean sends_whole; /* large pieces without pauses */
} Sending;

/* FALSE when the other side is gone */
static gboolean
send_piece (int fd, Sending *sending, GRand *random)
{
  gsize wanted = 1 + g_rand_int_range (random, 0, 1 << g_rand_int_range (random, 1, 17));
  gsize piece = sending->sends_whole ? sending->left : MIN (sending->left, wanted);
  gssize n = send (fd, sending->data, piece, MSG_NOSIGNAL | MSG_DONTWAIT);

  if (n < 0)
    return errno == EAGAIN;
  sending->data += n;
  sending->left -= n;
  if (!sending->sends_whole && g_rand_int_range (random, 0, 3) == 0)
    g_usleep (g_rand_int_range (random, 0, 400));

  return TRUE;
}

/* Sends all and reads all meanwhile, up to the end or up to 3 s without anything. */
static void
exchange_all (int fd, const char *data, gsize size, GRand *random, gsize read_size, GString *received)
{
  Sending sending = { data, size, g_rand_boolean (random) };
  g_autofree char *buffer = g_malloc (read_size);
  gboolean is_open = TRUE;

  while (is_open)
    {
      struct pollfd fds = { .fd = fd, .events = POLLIN | (sending.left > 0 ? POLLOUT : 0) };

      if (poll (&fds, 1, 3000) <= 0)
        break;
      if ((fds.revents & POLLOUT) != 0 && sending.left > 0 && !send_piece (fd, &sending, random))
        sending.left = 0;
      if ((fds.revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        {
          gssize n = recv (fd, buffer, read_size, MSG_DONTWAIT);

          if (n > 0)
            g_string_append_len (received, buffer, n);
          is_open = n > 0 || (n < 0 && errno == EAGAIN);
        }
    }
}

/* What a connection does */

static void
verify (const GString *received, const Template *const *expected, guint n_expected)
{
  const char *at = received->str;

  for (guint i = 0; i < n_expected; i++)
    {
      g_autofree char *status_line = g_strdup_printf ("HTTP/1.1 %u ", expected[i]->status);
      const char *end = strstr (at, "\r\n\r\n");

      g_assert_true (g_str_has_prefix (at, status_line));
      g_assert_nonnull (end);
      at = end + 4 + expected[i]->size;
      g_assert_cmpint (at - received->str, <=, received->len);
    }
  g_assert_cmpint (at - received->str, ==, received->len);
  g_atomic_int_inc (&n_verified);
}

static void
run_clean (int fd, GRand *random, gboolean must_work)
{
  const Template *expected[12];
  guint n_expected = g_rand_int_range (random, 1, G_N_ELEMENTS (expected));
  g_autoptr (GString) requests = g_string_new (NULL);
  g_autoptr (GString) received = g_string_new (NULL);

  for (guint i = 0; i < n_expected; i++)
    {
      expected[i] = &templates[g_rand_int_range (random, 0, G_N_ELEMENTS (templates))];
      append_request (requests, expected[i], random, i + 1 == n_expected);
    }
  exchange_all (fd, requests->str, requests->len, random, g_rand_boolean (random) ? 65536 : 3000, received);
  if (must_work)
    verify (received, expected, n_expected);
  close (fd);
}

static void
damage (GString *text, GRand *random)
{
  static const char spice[] = "\r\n\r\n\0 :;,\t0f\xff";

  for (int i = g_rand_int_range (random, 1, 6); i > 0; i--)
    {
      gsize at = g_rand_int_range (random, 0, MIN (text->len, 2000));
      char c = spice[g_rand_int_range (random, 0, sizeof spice)];

      switch (g_rand_int_range (random, 0, 3))
        {
        case 0:
          text->str[at] = c;
          break;
        case 1:
          g_string_insert_c (text, at, c);
          break;
        default:
          g_string_erase (text, at, 1);
          break;
        }
    }
}

static GString *
make_wild_requests (GRand *random)
{
  GString *requests = g_string_new (NULL);

  for (int i = g_rand_int_range (random, 1, 6); i > 0; i--)
    {
      if (g_rand_boolean (random))
        append_request (requests, &wild_templates[g_rand_int_range (random, 0, G_N_ELEMENTS (wild_templates))], random,
                        FALSE);
      else
        append_request (requests, &templates[g_rand_int_range (random, 0, G_N_ELEMENTS (templates))], random, FALSE);
    }
  if (g_rand_int_range (random, 0, 3) == 0)
    damage (requests, random);

  return requests;
}

static void
run_wild (int fd, GRand *random)
{
  g_autoptr (GString) requests = make_wild_requests (random);
  gboolean is_cut = g_rand_boolean (random);
  Sending sending = { requests->str, requests->len, g_rand_boolean (random) };
  int reads = g_rand_int_range (random, 0, 100); /* now and then, some nothing */
  char buffer[2000];

  if (is_cut)
    sending.left = g_rand_int_range (random, 0, requests->len);
  for (guint i = 0; i < 300 && sending.left > 0; i++)
    {
      if (!send_piece (fd, &sending, random))
        break;
      if (g_rand_int_range (random, 0, 100) < reads && recv (fd, buffer, sizeof buffer, MSG_DONTWAIT) == 0)
        break;
    }
  if (g_rand_int_range (random, 0, 4) == 0)
    shutdown (fd, SHUT_WR);
  for (int i = g_rand_int_range (random, 0, 20); i > 0; i--)
    {
      if (recv (fd, buffer, sizeof buffer, MSG_DONTWAIT) == 0)
        break;
      g_usleep (g_rand_int_range (random, 0, 1000));
    }
  if (g_rand_int_range (random, 0, 50) == 0)
    g_usleep (1700000); /* past the deadlines of the server */
  end_connection (fd, random);
}

static void
run_websocket (int fd, GRand *random)
{
  static const char handshake[] = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  g_autoptr (GString) text = g_string_new (NULL);
  Sending sending = { .sends_whole = g_rand_boolean (random) };
  char buffer[2000];

  if (g_rand_boolean (random))
    append_request (text, &templates[0], random, FALSE);
  g_string_append (text, handshake);
  sending.data = text->str;
  sending.left = text->len;
  while (sending.left > 0 && send_piece (fd, &sending, random))
    ;
  if (g_rand_int_range (random, 0, 4) > 0)
    {
      struct pollfd fds = { .fd = fd, .events = POLLIN };

      if (poll (&fds, 1, 3000) > 0 && recv (fd, buffer, sizeof buffer, MSG_DONTWAIT) <= 0)
        {
          close (fd);
          return;
        }
    }
  for (int i = g_rand_int_range (random, 0, 20); i > 0; i--)
    {
      guint8 frame[6 + 125] = { 0x81 };
      guint8 size = g_rand_int_range (random, 0, 126);

      frame[1] = 0x80 | size;
      memset (frame + 6, 'w', size);
      if (g_rand_int_range (random, 0, 20) == 0)
        frame[g_rand_int_range (random, 0, 2)] = g_rand_int_range (random, 0, 256);
      if (send (fd, frame, 6 + size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        break;
      if (g_rand_boolean (random) && recv (fd, buffer, sizeof buffer, MSG_DONTWAIT) == 0)
        break;
    }
  end_connection (fd, random);
}

/* Rounds: a server each, and threads that share its connections */

typedef struct
{
  guint16 port;
  guint32 seed;
  guint count;
  gboolean must_work; /* nobody stops the server meanwhile */
} Work;

static gpointer
work (gpointer data)
{
  Work *self = data;
  g_autoptr (GRand) random = g_rand_new_with_seed (self->seed);

  for (guint i = 0; i < self->count; i++)
    {
      int fd = try_connect (self->port);

      if (fd < 0)
        {
          g_assert_false (self->must_work);
          continue;
        }
      switch (g_rand_int_range (random, 0, 8))
        {
        case 0:
        case 1:
          run_clean (fd, random, self->must_work);
          break;
        case 2:
          run_websocket (fd, random);
          break;
        case 3:
          end_connection (fd, random);
          break;
        default:
          run_wild (fd, random);
          break;
        }
    }

  return NULL;
}

static void
wait_until_empty (HttpTestServer *server)
{
  for (guint i = 0; i < 10000 && http_test_server_count_connections (server) > 0; i++)
    g_usleep (1000);
  g_assert_cmpuint (http_test_server_count_connections (server), ==, 0);
  http_test_wait_for (&server->n_living, 0);
}

typedef enum
{
  FATE_PEACE,
  FATE_STOPPED, /* in the middle */
  FATE_DROPPED,
} Fate;

static void
run_round (guint32 round_seed, guint count, Fate fate)
{
  DevboxHttpLimits limits = DEVBOX_HTTP_LIMITS_INIT;
  g_autoptr (GRand) random = g_rand_new_with_seed (round_seed);
  g_autoptr (HttpTestServer) server = NULL;
  GThread *threads[N_THREADS];
  Work works[N_THREADS];

  limits.head_timeout_ms = limits.idle_timeout_ms = 1000;
  limits.write_stall_timeout_ms = limits.body_rate_window_ms = 1000;
  limits.drain_timeout_ms = 500;
  /* A FIN behind more pipelined bytes than the socket holds is not seen while a handler waits for it. */
  limits.total_timeout_ms = 6000;
  server = http_test_server_new (&limits);
  for (guint i = 0; i < N_THREADS; i++)
    {
      works[i] = (Work){ server->port, g_rand_int (random), count / N_THREADS + (i < count % N_THREADS),
                         fate == FATE_PEACE };
      threads[i] = g_thread_new ("client", work, &works[i]);
    }
  if (fate != FATE_PEACE)
    g_usleep (g_rand_int_range (random, 0, 300000));
  if (fate == FATE_STOPPED)
    http_test_server_stop (server, g_rand_int_range (random, 0, 1000));
  if (fate == FATE_DROPPED)
    g_clear_pointer (&server, http_test_server_free);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  if (fate == FATE_STOPPED)
    http_test_wait_for (&server->is_stopped, 1);
  if (server != NULL)
    wait_until_empty (server);
}

/* But for those that wake the loops of GLib's own threads, which start when they are first needed */
static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint count = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      if (g_strcmp0 (target, "anon_inode:[eventfd]") != 0)
        count++;
    }

  return count;
}

static void
test_chaos (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  static const Fate fates[] = { FATE_PEACE, FATE_STOPPED, FATE_PEACE, FATE_DROPPED };
  guint descriptors;
  guint round = 0;

  g_test_message ("%u connections, seed %u", n_connections, seed);
  run_round (g_rand_int (random), 10, FATE_PEACE);
  descriptors = count_descriptors ();
  for (guint done = 0; done < n_connections; done += CONNECTIONS_PER_SERVER)
    run_round (g_rand_int (random), MIN (CONNECTIONS_PER_SERVER, n_connections - done),
               fates[round++ % G_N_ELEMENTS (fates)]);
  g_assert_cmpuint (count_descriptors (), ==, descriptors);
  g_test_message ("%d connections got exactly their replies", n_verified);
}

int
main (int argc, char *argv[])
{
  struct rlimit limit;

  g_test_init (&argc, &argv, NULL);
  if (argc > 1)
    n_connections = strtoul (argv[1], NULL, 10);
  seed = argc > 2 ? strtoul (argv[2], NULL, 10) : (guint32) g_test_rand_int ();
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = limit.rlim_max;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  g_test_add_func ("/http/chaos", test_chaos);

  return g_test_run ();
}
