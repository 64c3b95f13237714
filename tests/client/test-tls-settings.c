/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "call-test-util.h"
#include "devbox-connection-private.h"
#include "devbox-kubeconfig-private.h"
#include "devbox-tls-authorities-private.h"
#include "test-certificates.h"

#include <glib/gstdio.h>
#include <string.h>

#define HOST "127.0.0.1"
#define REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

/* Answers one request on each connection, one after the other, and keeps what it saw. */
typedef struct
{
  GSocketListener *listener;
  GCancellable *cancellable;
  GThread *thread;
  GTlsCertificate *certificate; /* NULL: it speaks without TLS */
  guint16 port;

  char *head;
  GTlsCertificate *peer;
} Server;

static gboolean
accept_any (GTlsConnection *connection, GTlsCertificate *certificate, GTlsCertificateFlags errors, gpointer data)
{
  return TRUE;
}

static gboolean
read_head (Server *self, GInputStream *stream)
{
  g_autoptr (GString) head = g_string_new (NULL);
  char part[4096];
  gssize n;

  while (strstr (head->str, "\r\n\r\n") == NULL)
    {
      n = g_input_stream_read (stream, part, sizeof part, self->cancellable, NULL);
      if (n <= 0)
        return FALSE;
      g_string_append_len (head, part, n);
    }
  g_free (self->head);
  self->head = g_strdup (head->str);

  return TRUE;
}

static void
serve (Server *self, GIOStream *connection)
{
  g_autoptr (GIOStream) stream = NULL;

  if (self->certificate == NULL)
    stream = g_object_ref (connection);
  else
    {
      stream = g_tls_server_connection_new (connection, self->certificate, NULL);
      g_object_set (stream, "authentication-mode", G_TLS_AUTHENTICATION_REQUESTED, NULL);
      g_signal_connect (stream, "accept-certificate", G_CALLBACK (accept_any), NULL);
    }
  if (!read_head (self, g_io_stream_get_input_stream (stream)))
    return;

  if (G_IS_TLS_CONNECTION (stream))
    g_set_object (&self->peer, g_tls_connection_get_peer_certificate (G_TLS_CONNECTION (stream)));
  g_output_stream_write_all (g_io_stream_get_output_stream (stream), REPLY, strlen (REPLY), NULL, NULL, NULL);
  g_io_stream_close (stream, NULL, NULL);
}

static gpointer
run_server (gpointer data)
{
  Server *self = data;
  GSocketConnection *connection;

  while ((connection = g_socket_listener_accept (self->listener, NULL, self->cancellable, NULL)) != NULL)
    {
      serve (self, G_IO_STREAM (connection));
      g_object_unref (connection);
    }

  return NULL;
}

static Server *
server_new (gboolean uses_tls)
{
  Server *self = g_new0 (Server, 1);
  g_autofree char *pem = g_strconcat (test_server_certificate, test_server_key, NULL);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  if (uses_tls)
    self->certificate = g_tls_certificate_new_from_pem (pem, -1, &error);
  g_assert_no_error (error);
  self->cancellable = g_cancellable_new ();
  self->listener = g_socket_listener_new ();
  g_assert_true (g_socket_listener_add_address (self->listener, any_port, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
                                                NULL, &bound, &error));
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  self->thread = g_thread_new ("server", run_server, self);

  return self;
}

static void
server_free (Server *self)
{
  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->thread);
  g_object_unref (self->cancellable);
  g_object_unref (self->listener);
  g_clear_object (&self->certificate);
  g_clear_object (&self->peer);
  g_free (self->head);
  g_free (self);
}

typedef struct
{
  GBytes *body;
  GError *error;
  gboolean is_done;
} Result;

static void
sent_cb (GObject *source, GAsyncResult *async_result, gpointer data)
{
  Result *result = data;

  result->body = soup_session_send_and_read_finish (SOUP_SESSION (source), async_result, &result->error);
  result->is_done = TRUE;
}

static gboolean
get (const DevboxTlsOptions *options, const char *url, GError **error)
{
  g_autoptr (DevboxTlsSettings) settings = devbox_tls_settings_new (options, error);
  g_autoptr (SoupSession) session = devbox_session_new ("test");
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, url);
  g_autoptr (GBytes) body = NULL;
  Result result = { NULL };

  g_assert_nonnull (settings);
  devbox_tls_settings_apply (settings, session);
  /* The session keeps what it needs. */
  g_clear_pointer (&settings, devbox_tls_settings_unref);
  soup_session_send_and_read_async (session, message, G_PRIORITY_DEFAULT, NULL, sent_cb, &result);
  while (!result.is_done)
    g_main_context_iteration (NULL, TRUE);
  body = result.body;
  if (result.error != NULL)
    g_propagate_error (error, result.error);

  return body != NULL;
}

static void
test_certificate_of_server (void)
{
  static const struct
  {
    DevboxTlsOptions options;
    gboolean is_trusted;
  } cases[] = {
    { { .host = HOST, .authorities = test_authority, .server_name = "platform.test" }, TRUE },
    { { .host = HOST, .authorities = test_authority, .server_name = "other.test" }, FALSE },
    { { .host = HOST, .authorities = test_authority }, FALSE },
    { { .host = HOST, .server_name = "platform.test" }, FALSE },
    { { .host = HOST, .authorities = test_client_certificate, .server_name = "platform.test" }, FALSE },
    /* Its name is that of another server. */
    { { .host = "kubernetes.test", .authorities = test_authority, .server_name = "platform.test" }, FALSE },
    { { .authorities = test_authority, .server_name = "platform.test" }, FALSE },
    { { .is_insecure = TRUE }, TRUE },
    { { NULL }, FALSE },
  };
  Server *server = server_new (TRUE);
  g_autofree char *url = g_strdup_printf ("https://" HOST ":%u/", server->port);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      if (get (&cases[i].options, url, &error) != cases[i].is_trusted)
        g_error ("case %u: %s", i, error != NULL ? error->message : "trusted");
      if (!cases[i].is_trusted)
        g_assert_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
      g_assert_null (server->peer);
    }

  server_free (server);
}

static void
test_client (void)
{
  DevboxTlsOptions options = { .is_insecure = TRUE, .certificate = test_client_certificate, .key = test_client_key };
  Server *server = server_new (TRUE);
  g_autofree char *url = g_strdup_printf ("https://" HOST ":%u/", server->port);
  g_autoptr (GTlsCertificate) expected = g_tls_certificate_new_from_pem (test_client_certificate, -1, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (get (&options, url, &error));
  g_assert_no_error (error);
  g_assert_nonnull (server->peer);
  g_assert_true (g_tls_certificate_is_same (server->peer, expected));
  server_free (server);
}

static void
test_proxy (void)
{
  Server *server = server_new (FALSE);
  g_autofree char *proxy = g_strdup_printf ("http://" HOST ":%u", server->port);
  DevboxTlsOptions options = { .proxy_url = proxy };
  g_autoptr (GError) error = NULL;

  g_assert_true (get (&options, "http://platform.test/x", &error));
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (server->head, "GET http://platform.test/x HTTP/1.1\r\n"));
  server_free (server);
}

static void
test_refused (void)
{
  static const DevboxTlsOptions options[] = {
    { .authorities = "nothing" },
    { .authorities = "-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n" },
    { .certificate = test_client_certificate, .key = "nothing" },
    { .certificate = "nothing", .key = test_client_key },
    { .proxy_url = "gopher://x.example" },
    { .proxy_url = "http:" },
    { .proxy_url = "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      g_autoptr (GError) error = NULL;

      if (devbox_tls_settings_new (&options[i], &error) != NULL)
        g_error ("case %u", i);
      g_assert_nonnull (error);
    }
}

/* An authority counts alone, or beside those of the system. */
static void
test_authorities (void)
{
  g_autofree char *path = NULL;
  g_autofree char *both = g_strconcat (test_client_certificate, test_authority, NULL);
  const struct
  {
    const char *pem;
    gboolean beside_system;
    const char *name;
    GTlsCertificateFlags problems;
  } cases[] = {
    { test_authority, FALSE, "platform.test", 0 },
    { both, FALSE, "platform.test", 0 },
    { test_authority, FALSE, "other.test", G_TLS_CERTIFICATE_BAD_IDENTITY },
    { test_client_certificate, FALSE, "platform.test", G_TLS_CERTIFICATE_UNKNOWN_CA },
    { test_client_certificate, TRUE, "platform.test", 0 },
    { test_client_certificate, TRUE, "other.test", G_TLS_CERTIFICATE_BAD_IDENTITY },
  };
  g_autoptr (GTlsCertificate) chain = g_tls_certificate_new_from_pem (test_server_certificate, -1, NULL);
  g_autoptr (GTlsDatabase) system = NULL;
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("devbox-test-XXXXXX.pem", &path, &error);

  g_assert_no_error (error);
  g_assert_true (g_close (fd, NULL));
  g_assert_true (g_file_set_contents (path, test_authority, -1, NULL));
  system = g_tls_file_database_new (path, &error);
  g_assert_no_error (error);
  g_tls_backend_set_default_database (g_tls_backend_get_default (), system);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GTlsDatabase) authorities = devbox_tls_authorities_new (cases[i].pem, cases[i].beside_system, &error);
      g_autoptr (GSocketConnectable) identity = g_network_address_new (cases[i].name, 443);

      g_assert_no_error (error);
      g_assert_cmpuint (g_tls_database_verify_chain (authorities, chain, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER,
                                                     identity, NULL, G_TLS_DATABASE_VERIFY_NONE, NULL, &error),
                        ==, cases[i].problems);
      g_assert_no_error (error);
    }

  g_tls_backend_set_default_database (g_tls_backend_get_default (), NULL);
  g_remove (path);
}

static DevboxKubeconfig *
make_kubeconfig (guint16 port, const char *cluster)
{
  g_autofree char *certificate
      = g_base64_encode ((const guchar *) test_client_certificate, strlen (test_client_certificate));
  g_autofree char *key = g_base64_encode ((const guchar *) test_client_key, strlen (test_client_key));
  g_autofree char *text = g_strdup_printf (
      "current-context: x\n"
      "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
      "clusters: [{name: c, cluster: {server: 'https://" HOST ":%u', %s}}]\n"
      "users: [{name: u, user: {token: a-token, client-certificate-data: %s, client-key-data: %s}}]\n",
      port, cluster, certificate, key);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;
  DevboxKubeconfig *kubeconfig = devbox_kubeconfig_new_from_bytes (bytes, &error);

  g_assert_no_error (error);
  return kubeconfig;
}

static gboolean
ask_platform (DevboxClient *client, GError **error)
{
  DevboxRequest *request = test_request_new (SOUP_METHOD_GET, "/x");
  g_autoptr (GBytes) body = NULL;

  request->tries_once = TRUE;
  body = devbox_client_call_platform_sync (client, request, NULL, error);
  return body != NULL;
}

/* What a kubeconfig says holds for its platform, and for nothing else. */
static void
test_kubeconfig (void)
{
  Server *server = server_new (TRUE);
  g_autofree char *authority = g_base64_encode ((const guchar *) test_authority, strlen (test_authority));
  g_autofree char *extension = g_strdup_printf (
      "extensions: [{name: devbox.sealos.io, extension: {base-url: 'https://" HOST ":%u'}}]", server->port);
  g_autofree char *trusting
      = g_strdup_printf ("certificate-authority-data: %s, tls-server-name: platform.test, %s", authority, extension);
  g_autoptr (DevboxKubeconfig) sound = make_kubeconfig (server->port, trusting);
  g_autoptr (DevboxKubeconfig) doubting = make_kubeconfig (server->port, extension);
  g_autoptr (DevboxKubeconfig) elsewhere = make_kubeconfig (server->port, "");
  g_autofree char *authorization = devbox_kubeconfig_dup_authorization (sound, DEVBOX_AUTHORIZATION_FORM_PLAIN, NULL);
  g_autofree char *url = g_strdup_printf ("https://" HOST ":%u", server->port);
  g_autoptr (DevboxEndpoint) agent = devbox_endpoint_new (url, "agent-token", NULL);
  DevboxClient *client = devbox_client_new_with_kubeconfig (sound);
  g_autoptr (GError) error = NULL;

  g_assert_true (ask_platform (client, &error));
  g_assert_no_error (error);
  g_assert_nonnull (strstr (server->head, authorization));
  g_assert_nonnull (server->peer);
  g_clear_pointer (&server->head, g_free);

  /* An agent at the same address is recognised as always: it is not trusted. */
  g_assert_null (test_get (client, agent, "/x", &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  g_clear_error (&error);

  /* A client takes another one at once. */
  devbox_client_set_kubeconfig (client, doubting);
  g_assert_false (ask_platform (client, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED);
  g_clear_error (&error);
  devbox_client_set_kubeconfig (client, elsewhere);
  g_assert_false (ask_platform (client, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INVALID_KUBECONFIG);
  g_clear_error (&error);
  g_assert_null (server->head);

  devbox_client_set_kubeconfig (client, sound);
  g_assert_true (ask_platform (client, &error));
  g_assert_no_error (error);

  g_assert_finalize_object (client);
  test_wait_for_io_threads ();
  server_free (server);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/tls-settings/server-certificate", test_certificate_of_server);
  g_test_add_func ("/client/tls-settings/client", test_client);
  g_test_add_func ("/client/tls-settings/proxy", test_proxy);
  g_test_add_func ("/client/tls-settings/refused", test_refused);
  g_test_add_func ("/client/tls-settings/kubeconfig", test_kubeconfig);
  g_test_add_func ("/client/tls-settings/authorities", test_authorities);

  return g_test_run ();
}
