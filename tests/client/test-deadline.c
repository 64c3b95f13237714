/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS 150
#define TOLERANCE_US (100 * 1000)

static gint64 tolerance = TOLERANCE_US;

/* A deadline that is early or late is wrong, whatever the peer does. */
static void
assert_times_out (DevboxClient *client, const char *url, DevboxRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxEndpoint) endpoint = devbox_endpoint_new (url, NULL, &error);
  g_autofree char *path = g_strdup (request->path);
  gint64 start = g_get_monotonic_time ();
  gint64 late;

  g_assert_no_error (error);
  request->timeout_ms = TIMEOUT_MS;
  g_assert_null (devbox_client_call_sync (client, endpoint, request, NULL, &error));
  late = g_get_monotonic_time () - start - TIMEOUT_MS * 1000;

  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
  g_test_message ("%s: %" G_GINT64_FORMAT " us late", path, late);
  g_assert_cmpint (late, >=, 0);
  g_assert_cmpint (late, <, tolerance);
}

static void
test_stalled_replies (void)
{
  static const char *const paths[]
      = { "/stall-head", "/stall-half-head", "/stall-body", "/delay/2000", "/endless/200", "/endless/401" };
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      DevboxRequest *request = test_request_new (SOUP_METHOD_GET, paths[i]);

      request->max_reply_size = G_MAXSIZE;
      assert_times_out (client, odd_server_get_url (server), request);
    }

  g_object_unref (client);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

static DevboxRequest *
upload_new (const char *path, gsize size)
{
  DevboxRequest *request = test_request_new (SOUP_METHOD_POST, path);

  request->body = g_bytes_new_take (g_malloc0 (size), size);
  request->content_type = "application/octet-stream";

  return request;
}

static void
test_stalled_upload (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();

  assert_times_out (client, odd_server_get_url (server), upload_new ("/no-read", 64 * 1024 * 1024));

  g_object_unref (client);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

/* A listener whose queue is full answers nothing to those who connect. */
static void
test_stalled_connect (void)
{
  struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof (name);
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int fillers[4];
  g_autofree char *url = NULL;
  DevboxClient *client = devbox_client_new ();

  g_assert_cmpint (bind (listener, (struct sockaddr *) &name, size), ==, 0);
  g_assert_cmpint (listen (listener, 0), ==, 0);
  g_assert_cmpint (getsockname (listener, (struct sockaddr *) &name, &size), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (fillers); i++)
    {
      fillers[i] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      connect (fillers[i], (struct sockaddr *) &name, size);
    }

  url = g_strdup_printf ("http://127.0.0.1:%u", ntohs (name.sin_port));
  assert_times_out (client, url, test_request_new (SOUP_METHOD_GET, "/connect"));

  g_object_unref (client);
  test_wait_for_io_threads ();
  for (guint i = 0; i < G_N_ELEMENTS (fillers); i++)
    close (fillers[i]);
  close (listener);
}

static void
test_stalled_handshake (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();
  g_autofree char *url = g_strdup_printf ("https%s", odd_server_get_url (server) + strlen ("http"));

  assert_times_out (client, url, test_request_new (SOUP_METHOD_GET, "/handshake"));

  g_object_unref (client);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

static void
test_queue_counts (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  g_autoptr (DevboxPool) pool = g_object_new (DEVBOX_TYPE_POOL, "max-size", 1, NULL);
  DevboxClient *client = g_object_new (DEVBOX_TYPE_CLIENT, "pool", pool, "timeout", 5000, NULL);
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);

  devbox_client_call_async (client, endpoint, test_request_new (SOUP_METHOD_GET, "/stall-head"), task);
  assert_times_out (client, odd_server_get_url (server), test_request_new (SOUP_METHOD_GET, "/queued"));

  devbox_client_close (client);
  test_wait_until (g_task_get_completed (task));
  g_object_unref (client);
  g_clear_object (&task);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

static void
test_client_timeout (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();
  g_autoptr (DevboxEndpoint) endpoint = test_endpoint_new (server, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  g_assert_cmpuint (devbox_client_get_timeout (client), ==, 30000);
  devbox_client_set_timeout (client, 20);
  g_assert_null (test_get (client, endpoint, "/stall-head", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
  g_clear_error (&error);

  devbox_client_set_timeout (client, 0);
  body = test_get (client, endpoint, "/delay/100", &error);
  g_assert_no_error (error);

  g_object_unref (client);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

/* Made for this test; nobody trusts it. */
static const char certificate_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBkTCCATagAwIBAgIUXdJL4NHmhykH+zjLxJdydR4fPyAwCgYIKoZIzj0EAwIw\n"
    "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjIyMjgyNloYDzIxMjYxMDI5\n"
    "MjIyODI2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"
    "PQMBBwNCAAQVPt4JBjzCwuQvU4axuqEvvpKB05MZCPecvnw6iiYx2FTEJJ5LEQP5\n"
    "la9kTDJY0ZsUvbQvGWjqFdYLfDdFCUKZo2QwYjAdBgNVHQ4EFgQU8+q2Ej/D1wfn\n"
    "z/lhAReOMUloZCQwHwYDVR0jBBgwFoAU8+q2Ej/D1wfnz/lhAReOMUloZCQwDwYD\n"
    "VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0kAMEYC\n"
    "IQCeTzMrAm1deRat2sBqd3grldM8GDn/3AbAUCGC5H9YyQIhAInilht/sIeY6WzU\n"
    "OGYJClXK0gVCt8/IyG3M2TlfdZ8E\n"
    "-----END CERTIFICATE-----\n"
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgi5FhN7T53WI5KHtG\n"
    "lRjMGzGTELEzwT6uqt5K6G1GRf2hRANCAAQVPt4JBjzCwuQvU4axuqEvvpKB05MZ\n"
    "CPecvnw6iiYx2FTEJJ5LEQP5la9kTDJY0ZsUvbQvGWjqFdYLfDdFCUKZ\n"
    "-----END PRIVATE KEY-----\n";

typedef struct
{
  GSocketListener *listener;
  GCancellable *cancellable;
  GTlsCertificate *certificate;
  gsize n_bytes; /* of HTTP */
  GThread *thread;
  char *url;
} TlsServer;

static gpointer
tls_server_run (gpointer data)
{
  TlsServer *self = data;
  GSocketConnection *connection;

  while ((connection = g_socket_listener_accept (self->listener, NULL, self->cancellable, NULL)) != NULL)
    {
      g_autoptr (GIOStream) stream = g_tls_server_connection_new (G_IO_STREAM (connection), self->certificate, NULL);
      char buffer[1024];
      gssize n;

      n = g_input_stream_read (g_io_stream_get_input_stream (stream), buffer, sizeof (buffer), self->cancellable, NULL);
      self->n_bytes += MAX (n, 0);
      g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
      g_object_unref (connection);
    }

  return NULL;
}

/* The token must not go to a server whose certificate is not trusted. */
static void
test_untrusted_certificate (void)
{
  TlsServer server = { .listener = g_socket_listener_new (), .cancellable = g_cancellable_new () };
  g_autoptr (GInetAddress) address = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (address, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxErrorInfo) info = NULL;
  g_autoptr (DevboxEndpoint) endpoint = NULL;
  DevboxClient *client = devbox_client_new ();

  server.certificate = g_tls_certificate_new_from_pem (certificate_pem, -1, &error);
  g_assert_no_error (error);
  g_socket_listener_add_address (server.listener,
                                 any_port,
                                 G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP,
                                 NULL,
                                 &bound,
                                 &error);
  g_assert_no_error (error);
  server.url = g_strdup_printf ("https://127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  server.thread = g_thread_new ("tls-server", tls_server_run, &server);

  endpoint = devbox_endpoint_new (server.url, "a-token", &error);
  g_assert_no_error (error);
  g_assert_null (test_get (client, endpoint, "/ok", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  info = devbox_error_info_from_error (error);
  g_assert_error (devbox_error_info_get_cause (info), G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);

  g_object_unref (client);
  test_wait_for_io_threads ();
  g_cancellable_cancel (server.cancellable);
  g_thread_join (server.thread);
  g_assert_cmpuint (server.n_bytes, ==, 0);

  g_object_unref (server.listener);
  g_object_unref (server.cancellable);
  g_object_unref (server.certificate);
  g_free (server.url);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  /* Under valgrind nothing is on time. */
  if (g_getenv ("DEVBOX_TEST_SLOW") != NULL)
    tolerance *= 50;

  g_test_add_func ("/client/deadline/stalled-replies", test_stalled_replies);
  g_test_add_func ("/client/deadline/stalled-upload", test_stalled_upload);
  g_test_add_func ("/client/deadline/stalled-connect", test_stalled_connect);
  g_test_add_func ("/client/deadline/stalled-handshake", test_stalled_handshake);
  g_test_add_func ("/client/deadline/queue-counts", test_queue_counts);
  g_test_add_func ("/client/deadline/client-timeout", test_client_timeout);
  g_test_add_func ("/client/deadline/untrusted-certificate", test_untrusted_certificate);

  return g_test_run ();
}
