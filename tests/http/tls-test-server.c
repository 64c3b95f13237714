/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The test server behind TLS: CERTIFICATE KEY [STALL_MS]. Prints its port, then obeys lines: "count" prints the
 * connections of the engine and of the front, "bodies" how many were read to the end and were cut, "stop MS" stops
 * both. */
#include "config.h"

#include "devbox-http-tls-front-private.h"
#include "http-test-server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  HttpTestServer *server;
  GTlsCertificate *certificate;
  DevboxHttpTlsFront *front;
  guint16 port;
  guint grace_ms;
  guint n_connections;
  int is_stopped;
} TlsServer;

static gboolean
start (gpointer user_data)
{
  TlsServer *self = user_data;
  g_autoptr (GError) error = NULL;

  /* The plain port of the test server stays the listener's address: of the second one the system says it. */
  self->front = devbox_http_tls_front_new (self->server->listener, self->certificate, &error);
  g_assert_no_error (error);
  g_assert_true (devbox_http_tls_front_listen (self->front, "127.0.0.1", self->port, &error));
  g_assert_no_error (error);

  return G_SOURCE_REMOVE;
}

static gboolean
count (gpointer user_data)
{
  TlsServer *self = user_data;

  self->n_connections = devbox_http_tls_front_get_n_connections (self->front);

  return G_SOURCE_REMOVE;
}

static void
stopped (gpointer user_data)
{
  TlsServer *self = user_data;

  g_atomic_int_set (&self->is_stopped, TRUE);
}

static void
stop_front (gpointer user_data)
{
  TlsServer *self = user_data;

  devbox_http_tls_front_stop (self->front, self->grace_ms, stopped, self);
}

static gboolean
stop (gpointer user_data)
{
  TlsServer *self = user_data;

  devbox_http_listener_stop (self->server->listener, self->grace_ms, stop_front, self);

  return G_SOURCE_REMOVE;
}

static gboolean
end (gpointer user_data)
{
  TlsServer *self = user_data;

  g_clear_pointer (&self->front, devbox_http_tls_front_free);

  return G_SOURCE_REMOVE;
}

static guint16
find_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);

  g_socket_listener_close (listener);

  return port;
}

static void
obey (TlsServer *self, const char *command)
{
  if (g_str_has_prefix (command, "count"))
    {
      http_test_server_call (self->server, count, self);
      printf ("%u %u\n", http_test_server_count_connections (self->server), self->n_connections);
    }
  else if (g_str_has_prefix (command, "bodies"))
    {
      printf ("%d %d\n", g_atomic_int_get (&self->server->n_ended), g_atomic_int_get (&self->server->n_aborted));
    }
  else if (g_str_has_prefix (command, "stop "))
    {
      self->grace_ms = atoi (command + strlen ("stop "));
      http_test_server_call (self->server, stop, self);
      while (!g_atomic_int_get (&self->is_stopped))
        g_usleep (1000);
      puts ("stopped");
    }
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  DevboxHttpLimits limits = DEVBOX_HTTP_LIMITS_INIT;
  g_autoptr (GError) error = NULL;
  TlsServer self = { 0 };
  char command[64];

  g_assert (argc >= 3);
  if (argc > 3)
    limits.write_stall_timeout_ms = atoi (argv[3]);
  self.certificate = g_tls_certificate_new_from_files (argv[1], argv[2], &error);
  g_assert_no_error (error);
  self.server = http_test_server_new (&limits);
  self.port = find_port ();
  http_test_server_call (self.server, start, &self);
  printf ("%u\n", self.port);
  fflush (stdout);

  while (fgets (command, sizeof command, stdin) != NULL)
    obey (&self, command);

  http_test_server_call (self.server, end, &self);
  http_test_server_free (self.server);
  g_object_unref (self.certificate);

  return 0;
}
