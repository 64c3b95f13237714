/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-access-log-private.h"

#include "devbox-suspend-clock-private.h"

#define MAX_PATH_SHOWN 8192

static char *
format_remote_address (DevboxHttpExchange *exchange)
{
  GSocketAddress *address = devbox_http_exchange_get_remote_address (exchange);

  if (address == NULL || !G_IS_INET_SOCKET_ADDRESS (address))
    return g_strdup ("-");

  return g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

void
devbox_http_access_log (DevboxHttpExchange *exchange)
{
  gint64 duration = devbox_suspend_clock_get_time () - devbox_http_exchange_get_begin_time (exchange);
  g_autofree char *path = NULL;
  g_autofree char *shown_path = NULL;
  g_autofree char *status = NULL;
  g_autofree char *bytes = NULL;
  g_autofree char *duration_text = NULL;
  g_autofree char *remote = NULL;
  g_autofree char *message = NULL;

  if (g_log_writer_default_would_drop (G_LOG_LEVEL_INFO, DEVBOX_HTTP_ACCESS_LOG_DOMAIN))
    return;

  path = g_strndup (devbox_http_exchange_get_path (exchange), MAX_PATH_SHOWN);
  shown_path = g_strescape (path, NULL);
  status = g_strdup_printf ("%u", devbox_http_exchange_get_status (exchange));
  bytes = g_strdup_printf ("%" G_GUINT64_FORMAT, devbox_http_exchange_get_bytes_sent (exchange));
  duration_text = g_strdup_printf ("%" G_GINT64_FORMAT, duration);
  remote = format_remote_address (exchange);
  message = g_strdup_printf ("%s %s %s %s %s B %s µs", remote, devbox_http_exchange_get_method (exchange), shown_path,
                             status, bytes, duration_text);

  g_log_structured_array (G_LOG_LEVEL_INFO,
                          (const GLogField[]){
                              { "GLIB_DOMAIN", DEVBOX_HTTP_ACCESS_LOG_DOMAIN, -1 },
                              { "MESSAGE", message, -1 },
                              { "PRIORITY", "6", -1 },
                              { "HTTP_METHOD", devbox_http_exchange_get_method (exchange), -1 },
                              { "HTTP_PATH", shown_path, -1 },
                              { "HTTP_STATUS", status, -1 },
                              { "HTTP_BYTES", bytes, -1 },
                              { "DURATION_US", duration_text, -1 },
                              { "REMOTE_ADDRESS", remote, -1 },
                              { "REQUEST_ID", devbox_http_exchange_get_request_id (exchange), -1 },
                          },
                          10);
}
