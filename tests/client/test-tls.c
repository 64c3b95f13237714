/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"

#include <glib/gstdio.h>
#include <string.h>

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

/* One connection after the other; answers every request, but reads nothing more after the head of one to /no-read. */
typedef struct
{
  GSocketListener *listener;
  GCancellable *cancellable;
  GTlsCertificate *certificate;
  char *url;
  GThread *thread;

  gsize n_bytes; /* of HTTP */
  guint n_connections;
  char *protocol;
} TlsServer;

static void
serve (TlsServer *self, GTlsConnection *connection)
{
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  char head[4096];
  gssize n;

  while ((n = g_input_stream_read (input, head, sizeof (head) - 1, self->cancellable, NULL)) > 0)
    {
      head[n] = '\0';
      self->n_bytes += n;
      g_free (self->protocol);
      self->protocol = g_strdup (g_tls_connection_get_negotiated_protocol (connection));
      if (strstr (head, "/no-read") != NULL)
        {
          GPollFD fd;

          /* Until the server stops. */
          g_cancellable_make_pollfd (self->cancellable, &fd);
          g_poll (&fd, 1, -1);
          g_cancellable_release_fd (self->cancellable);
          return;
        }
      if (strstr (head, "\r\n\r\n") != NULL
          && !g_output_stream_write_all (output, reply, strlen (reply), NULL, self->cancellable, NULL))
        return;
    }
}

static gpointer
run_server (gpointer data)
{
  static const char *const protocols[] = { "h2", "http/1.1", NULL };
  TlsServer *self = data;
  GSocketConnection *connection;

  while ((connection = g_socket_listener_accept (self->listener, NULL, self->cancellable, NULL)) != NULL)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GIOStream) stream = g_tls_server_connection_new (G_IO_STREAM (connection), self->certificate, &error);

      g_assert_no_error (error);
      g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (stream), protocols);
      g_atomic_int_inc (&self->n_connections);
      serve (self, G_TLS_CONNECTION (stream));
      /* Without a goodbye. */
      g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
      g_object_unref (connection);
    }

  return NULL;
}

static TlsServer *
tls_server_new (void)
{
  TlsServer *self = g_new0 (TlsServer, 1);
  g_autoptr (GInetAddress) address = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (address, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  self->listener = g_socket_listener_new ();
  self->cancellable = g_cancellable_new ();
  self->certificate = g_tls_certificate_new_from_pem (certificate_pem, -1, &error);
  g_assert_no_error (error);
  g_socket_listener_add_address (self->listener,
                                 any_port,
                                 G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP,
                                 NULL,
                                 &bound,
                                 &error);
  g_assert_no_error (error);
  self->url = g_strdup_printf ("https://127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  self->thread = g_thread_new ("tls-server", run_server, self);

  return self;
}

static void
tls_server_free (TlsServer *self)
{
  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->thread);
  g_object_unref (self->listener);
  g_object_unref (self->cancellable);
  g_object_unref (self->certificate);
  g_free (self->protocol);
  g_free (self->url);
  g_free (self);
}

typedef struct
{
  TlsServer *server;
  DevboxClient *client;
  DevboxEndpoint *endpoint;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->server = tls_server_new ();
  self->client = devbox_client_new ();
  self->endpoint = devbox_endpoint_new (self->server->url, "a-token", &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  devbox_endpoint_unref (self->endpoint);
  g_assert_finalize_object (self->client);
  test_wait_for_io_threads ();
  tls_server_free (self->server);
}

/* The token must not go to a server whose certificate is not trusted. */
static void
test_untrusted (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxErrorInfo) info = NULL;

  g_assert_null (test_get (self->client, self->endpoint, "/ok", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  info = devbox_error_info_from_error (error);
  g_assert_error (devbox_error_info_get_cause (info), G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
  g_assert_cmpuint (self->server->n_bytes, ==, 0);
}

/* GnuTLS reads the file when it needs it. */
static char *trusted_path;

static void
trust_certificate (void)
{
  g_autoptr (GTlsDatabase) database = NULL;
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("devbox-test-XXXXXX.pem", &trusted_path, &error);

  g_assert_no_error (error);
  g_assert_true (g_close (fd, NULL));
  g_file_set_contents (trusted_path, certificate_pem, -1, &error);
  g_assert_no_error (error);
  database = g_tls_file_database_new (trusted_path, &error);
  g_assert_no_error (error);
  g_tls_backend_set_default_database (g_tls_backend_get_default (), database);
}

static void
test_trusted (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) body = test_get (self->client, self->endpoint, "/ok", &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (body), ==, 2);
    }

  g_assert_cmpstr (self->server->protocol, ==, "http/1.1");
  g_assert_cmpint (g_atomic_int_get (&self->server->n_connections), ==, 1);
}

/* The goodbye of TLS must not wait for a peer that reads nothing. */
static void
test_stalled_upload (Fixture *self, gconstpointer data)
{
  DevboxRequest *request = test_request_new (SOUP_METHOD_POST, "/no-read");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;
  gint64 start = g_get_monotonic_time ();

  request->timeout_ms = 300;
  request->body = g_bytes_new_take (g_malloc0 (32 * 1024 * 1024), 32 * 1024 * 1024);
  request->content_type = "application/octet-stream";
  g_assert_null (devbox_client_call_sync (self->client, self->endpoint, request, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);
  g_test_message ("%" G_GINT64_FORMAT " us", g_get_monotonic_time () - start);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
}

static void
test_stalled_handshake (void)
{
  OddServer *server = odd_server_new ("127.0.0.1");
  DevboxClient *client = devbox_client_new ();
  g_autofree char *url = g_strdup_printf ("https%s", odd_server_get_url (server) + strlen ("http"));
  DevboxRequest *request = test_request_new (SOUP_METHOD_GET, "/ok");
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxEndpoint) endpoint = devbox_endpoint_new (url, NULL, &error);

  g_assert_no_error (error);
  request->timeout_ms = 100;
  g_assert_null (devbox_client_call_sync (client, endpoint, request, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_OPERATION_TIMEOUT);

  g_assert_finalize_object (client);
  test_wait_for_io_threads ();
  odd_server_free (server);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);

  g_test_add ("/client/tls/untrusted", Fixture, NULL, set_up, test_untrusted, tear_down);
  g_test_add_func ("/client/tls/stalled-handshake", test_stalled_handshake);
  /* In this order: the certificate stays trusted. */
  g_test_add_func ("/client/tls/trust", trust_certificate);
  g_test_add ("/client/tls/trusted", Fixture, NULL, set_up, test_trusted, tear_down);
  g_test_add ("/client/tls/stalled-upload", Fixture, NULL, set_up, test_stalled_upload, tear_down);

  status = g_test_run ();
  if (trusted_path != NULL)
    g_remove (trusted_path);
  g_free (trusted_path);

  return status;
}
