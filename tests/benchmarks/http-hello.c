/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine with the smallest of handlers, to be measured with a load generator: prints its address and serves until
 * it is killed. `/file` is FILE, sent with sendfile (); a POST is read to its end; everything else is a reply of a few
 * bytes. */
#include "config.h"

#include "devbox-http-listener-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static int port = 0;
static char *host = NULL;
static char *file = NULL;

static const GOptionEntry options[] = {
  { "host", 0, 0, G_OPTION_ARG_STRING, &host, "Address to listen on", "ADDRESS" },
  { "port", 0, 0, G_OPTION_ARG_INT, &port, "Port to listen on", "PORT" },
  { "file", 0, 0, G_OPTION_ARG_FILENAME, &file, "What /file sends", "FILE" },
  G_OPTION_ENTRY_NULL,
};

static void
reply_hello (DevboxHttpExchange *exchange)
{
  static const char hello[] = "{\"status\":\"healthy\"}";

  devbox_http_exchange_reply_data (exchange, 200, "application/json", hello, sizeof hello - 1);
}

static void
reply_file (DevboxHttpExchange *exchange)
{
  int fd = open (file, O_RDONLY | O_CLOEXEC);
  struct stat status;

  if (fd < 0 || fstat (fd, &status) != 0)
    {
      const char *reason = g_strerror (errno);

      devbox_http_exchange_reply_data (exchange, 404, "text/plain", reason, strlen (reason));
      return;
    }
  devbox_http_exchange_reply_fd (exchange, 200, "application/octet-stream", fd, 0, status.st_size);
}

static void
body_read (DevboxHttpExchange *exchange,
           DevboxHttpBodyEvent event,
           const guint8 *data,
           gsize size,
           const GError *error,
           gpointer user_data)
{
  if (event == DEVBOX_HTTP_BODY_END)
    reply_hello (exchange);
}

static void
handle (DevboxHttpExchange *exchange, gpointer user_data)
{
  if (devbox_http_exchange_get_content_length (exchange) != 0)
    devbox_http_exchange_read_body (exchange, -1, body_read, NULL, NULL);
  else if (file != NULL && g_str_equal (devbox_http_exchange_get_path (exchange), "/file"))
    reply_file (exchange);
  else
    reply_hello (exchange);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (DevboxHttpListener) listener = NULL;
  g_autoptr (GError) error = NULL;
  DevboxHttpLimits limits = DEVBOX_HTTP_LIMITS_INIT;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }

  listener = devbox_http_listener_new (NULL, &limits, handle, NULL, NULL);
  if (!devbox_http_listener_listen (listener, host != NULL ? host : "127.0.0.1", port, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  g_print ("http://%s:%u\n", host != NULL ? host : "127.0.0.1",
           g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (devbox_http_listener_get_local_address (listener))));
  g_main_loop_run (loop);

  return EXIT_SUCCESS;
}
