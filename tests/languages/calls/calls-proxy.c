/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A proxy for the whole run, which is asked for nothing but what is far away. */
#include "calls-run.h"

#include <string.h>

#define REFUSAL "HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

static GSocket *listening;

void
calls_listen_as_proxy (void)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *url = NULL;

  listening = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_assert_true (g_socket_bind (listening, any, TRUE, NULL));
  g_assert_true (g_socket_listen (listening, NULL));
  address = g_socket_get_local_address (listening, NULL);
  url = g_strdup_printf ("http://127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));

  g_setenv ("http_proxy", url, TRUE);
  g_unsetenv ("no_proxy");
}

void
calls_stop_proxy (void)
{
  g_clear_object (&listening);
}

/* Of the one connection, the first line. */
static gpointer
serve (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_accept (listening, NULL, &error);
  g_autoptr (GString) head = g_string_new (NULL);

  g_assert_no_error (error);
  while (strstr (head->str, "\r\n\r\n") == NULL)
    {
      char piece[1024];
      gssize size = g_socket_receive (socket, piece, sizeof piece, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpint (size, >, 0);
      g_string_append_len (head, piece, size);
    }
  g_assert_cmpint (g_socket_send (socket, REFUSAL, strlen (REFUSAL), NULL, NULL), ==, strlen (REFUSAL));
  g_string_truncate (head, strcspn (head->str, "\r"));

  return g_string_free (g_steal_pointer (&head), FALSE);
}

static void
test_proxy (Calls *self)
{
  g_autoptr (DevboxClient) client = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  GThread *thread = g_thread_new ("proxy", serve, NULL);

  client = devbox_client_new_for_platform ("http://192.0.2.1:1", "token", &error);
  g_assert_no_error (error);
  g_assert_null (TRY_CALL (&error, devbox_client_get_instance, client, "far", NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INSUFFICIENT_PERMISSIONS);
  line = g_thread_join (thread);
  g_assert_cmpstr (line, ==, "GET http://192.0.2.1:1/api/v1/devbox/far HTTP/1.1");
  devbox_client_close (client);
}

const CallsCase calls_proxy_cases[] = {
  { "proxy/far", test_proxy },
  { NULL },
};
