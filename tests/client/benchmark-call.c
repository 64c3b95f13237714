/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a small call costs, beside bare sockets and plain libsoup against the same server in the same run; medians of interleaved rounds. */

#define N_ROUNDS 9
#define N_CALLS 1000
#define N_BURST 1000

typedef struct
{
  OddServer *server;
  DevboxClient *client;
  DevboxEndpoint *endpoint;
  SoupSession *session;
  char *url;
} Stage;

static void
run_bare (Stage *self)
{
  static const char request[] = "GET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n";
  struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int yes = 1;
  char reply[4096];

  name.sin_port = htons ((guint16) atoi (strrchr (self->url, ':') + 1));
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof (yes));
  g_assert_cmpint (connect (fd, (struct sockaddr *) &name, sizeof (name)), ==, 0);
  for (guint i = 0; i < N_CALLS; i++)
    {
      gsize length = 0;

      g_assert_cmpint (send (fd, request, strlen (request), 0), ==, (gssize) strlen (request));
      while (length < 11 || memcmp (reply + length - 11, "{\"ok\":true}", 11) != 0)
        {
          ssize_t n = recv (fd, reply + length, sizeof (reply) - length, 0);

          g_assert_cmpint (n, >, 0);
          length += n;
        }
    }
  close (fd);
}

static SoupMessage *
make_message (Stage *self)
{
  g_autofree char *url = g_strconcat (self->url, "/ok", NULL);
  SoupMessage *message = soup_message_new (SOUP_METHOD_GET, url);

  soup_message_headers_append (soup_message_get_request_headers (message), "Authorization", "Bearer token");
  soup_message_headers_append (soup_message_get_request_headers (message), "X-Request-Id", "0123456789abcdef");

  return message;
}

static void
run_soup_sync (Stage *self)
{
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_autoptr (SoupMessage) message = make_message (self);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) body = soup_session_send_and_read (self->session, message, NULL, &error);

      g_assert_no_error (error);
    }
}

static void
soup_done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (source), result, &error);

  g_assert_no_error (error);
  ++*(guint *) data;
}

static void
run_soup_async (Stage *self)
{
  for (guint i = 0, n_done = 0; i < N_CALLS; i++)
    {
      g_autoptr (SoupMessage) message = make_message (self);

      soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, NULL, soup_done_cb, &n_done);
      while (n_done == i)
        g_main_context_iteration (NULL, TRUE);
    }
}

static void
run_our_sync (Stage *self)
{
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) body = test_get (self->client, self->endpoint, "/ok", &error);

      g_assert_no_error (error);
    }
}

static void
our_done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = devbox_client_call_finish (result, &error);

  g_assert_no_error (error);
  ++*(guint *) data;
}

static void
start_ours (Stage *self, guint *n_done)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, our_done_cb, n_done);

  devbox_client_call_async (self->client, self->endpoint, test_request_new (SOUP_METHOD_GET, "/ok"), task);
}

static void
run_our_async (Stage *self)
{
  for (guint i = 0, n_done = 0; i < N_CALLS; i++)
    {
      start_ours (self, &n_done);
      while (n_done == i)
        g_main_context_iteration (NULL, TRUE);
    }
}

static void
run_our_burst (Stage *self)
{
  guint n_done = 0;

  for (guint i = 0; i < N_BURST; i++)
    start_ours (self, &n_done);
  while (n_done < N_BURST)
    g_main_context_iteration (NULL, TRUE);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    void (*run) (Stage *self);
  } contestants[] = {
    { "bare sockets", run_bare },
    { "libsoup, blocking", run_soup_sync },
    { "libsoup, async", run_soup_async },
    { "devbox, blocking", run_our_sync },
    { "devbox, async", run_our_async },
    { "devbox, 1000 at once", run_our_burst },
  };
  double times[G_N_ELEMENTS (contestants)][N_ROUNDS];
  Stage stage = { .server = odd_server_new ("127.0.0.1") };

  stage.client = devbox_client_new ();
  stage.endpoint = test_endpoint_new (stage.server, "token");
  stage.session = soup_session_new ();
  stage.url = g_strdup (odd_server_get_url (stage.server));

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (contestants); i++)
        {
          gint64 start = g_get_monotonic_time ();

          contestants[i].run (&stage);
          times[i][round] = (double) (g_get_monotonic_time () - start) / N_CALLS;
        }
    }

  g_print ("%-24s %8s\n", "one small call", "us");
  for (guint i = 0; i < G_N_ELEMENTS (contestants); i++)
    {
      qsort (times[i], N_ROUNDS, sizeof (double), compare);
      g_print ("%-24s %8.1f\n", contestants[i].name, times[i][N_ROUNDS / 2]);
    }
  g_print ("reuse rate %.5f\n", devbox_pool_get_reuse_rate (devbox_client_get_pool (stage.client)));

  g_object_unref (stage.session);
  g_object_unref (stage.client);
  devbox_endpoint_unref (stage.endpoint);
  test_wait_for_io_threads ();
  odd_server_free (stage.server);
  g_free (stage.url);

  return 0;
}
