/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which route a path leads to, and what its holes hold */
#include "config.h"

#include "devbox-http-listener-private.h"
#include "devbox-http-replies-private.h"
#include "devbox-http-router-private.h"
#include "http-test-server.h"

#include <string.h>

static void
reply_with (DevboxHttpExchange *exchange, const char *name)
{
  g_autoptr (GString) text = g_string_new (name);
  const char *argument;

  for (guint i = 0; (argument = devbox_http_exchange_get_argument (exchange, i)) != NULL; i++)
    g_string_append_printf (text, "|%s", argument);
  devbox_http_exchange_reply_data (exchange, 200, "text/plain", text->str, text->len);
}

static void
answer (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  g_assert_true (argument == devbox_http_exchange_get_argument (exchange, 0));
  reply_with (exchange, user_data);
}

static const DevboxHttpRoute one_hole[] = {
  { "GET", "/box/{}", DEVBOX_HTTP_ROUTE_NONE, answer },
  DEVBOX_HTTP_ROUTES_END,
};
static const DevboxHttpRoute inner_hole[] = {
  { "POST", "/box/{}/tag", DEVBOX_HTTP_ROUTE_NONE, answer },
  DEVBOX_HTTP_ROUTES_END,
};
static const DevboxHttpRoute two_holes[] = {
  { "DELETE", "/box/{}/tag/{}", DEVBOX_HTTP_ROUTE_NONE, answer },
  { "POST", "/box/{}/tag/{}/deploy", DEVBOX_HTTP_ROUTE_NONE, answer },
  DEVBOX_HTTP_ROUTES_END,
};
/* Added after those that would catch it. */
static const DevboxHttpRoute literal[] = {
  { "GET", "/box/list", DEVBOX_HTTP_ROUTE_NONE, answer },
  DEVBOX_HTTP_ROUTES_END,
};

static void
on_request (DevboxHttpExchange *exchange, gpointer user_data)
{
  devbox_http_router_dispatch (user_data, exchange);
}

typedef struct
{
  guint16 port;
  const char *request;
  char *reply;
  int is_done;
} Client;

static gpointer
run_client (gpointer data)
{
  Client *client = data;
  g_autofree char *request
      = g_strdup_printf ("%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", client->request);

  client->reply = http_test_request (client->port, request);
  g_atomic_int_set (&client->is_done, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

static char *
ask (DevboxHttpListener *listener, const char *request)
{
  GSocketAddress *address = devbox_http_listener_get_local_address (listener);
  Client client = { .port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)), .request = request };
  GThread *thread = g_thread_new ("client", run_client, &client);

  while (!g_atomic_int_get (&client.is_done))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);

  return client.reply;
}

static void
test_routes (void)
{
  static const struct
  {
    const char *request;
    guint status;
    const char *text; /* the body, or what is in the head */
  } cases[] = {
    { "GET /box/a", 200, "one|a" },
    { "HEAD /box/a", 200, "Content-Length: 5\r\n" },
    { "GET /box/list", 200, "literal" },
    { "GET /box/lists", 200, "one|lists" },
    { "GET /box/a%20b%2Fc", 200, "one|a b/c" },
    { "GET /box/tag", 200, "one|tag" },
    { "GET /box/", 404, "FILE_NOT_FOUND" },
    { "GET /box/%00", 404, "FILE_NOT_FOUND" },
    { "GET /box/%zz", 404, "FILE_NOT_FOUND" },
    { "GET /bo", 404, "FILE_NOT_FOUND" },
    { "POST /box/a", 405, "Allow: GET, HEAD\r\n" },
    { "POST /box/a/tag", 200, "inner|a" },
    { "POST /box//tag", 404, "FILE_NOT_FOUND" },
    { "POST /box/a/b/tag", 404, "FILE_NOT_FOUND" },
    { "DELETE /box/a/tag/v1.0", 200, "two|a|v1.0" },
    { "DELETE /box/a%2Fb/tag/%25", 200, "two|a/b|%" },
    { "DELETE /box/a/tag/", 404, "FILE_NOT_FOUND" },
    { "DELETE /box//tag/b", 404, "FILE_NOT_FOUND" },
    { "DELETE /box/a/tag/b/c", 404, "FILE_NOT_FOUND" },
    { "DELETE /box/a/tag/%0", 404, "FILE_NOT_FOUND" },
    { "POST /box/a/tag/b/deploy", 200, "two|a|b" },
    { "GET /box/a/tag/b", 405, "Allow: DELETE\r\n" },
    { "PUT /box/a/tag/b/deploy", 405, "Allow: POST\r\n" },
  };
  g_autoptr (DevboxHttpGuard) guard = devbox_http_guard_new ();
  g_autoptr (DevboxHttpRouter) router = devbox_http_router_new (guard);
  DevboxHttpLimits limits = DEVBOX_HTTP_LIMITS_INIT;
  g_autoptr (GError) error = NULL;
  DevboxHttpListener *listener = devbox_http_listener_new (NULL, &limits, on_request, router, NULL);

  devbox_http_router_add (router, one_hole, (gpointer) "one");
  devbox_http_router_add (router, inner_hole, (gpointer) "inner");
  devbox_http_router_add (router, two_holes, (gpointer) "two");
  devbox_http_router_add (router, literal, (gpointer) "literal");
  devbox_http_listener_listen (listener, "127.0.0.1", 0, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *reply = ask (listener, cases[i].request);
      g_autofree char *status_line = g_strdup_printf ("HTTP/1.1 %u ", cases[i].status);

      g_test_message ("%s: %s", cases[i].request, reply);
      g_assert_true (g_str_has_prefix (reply, status_line));
      if (cases[i].status == 200 && strstr (cases[i].text, ": ") == NULL)
        g_assert_cmpstr (strstr (reply, "\r\n\r\n") + 4, ==, cases[i].text);
      else
        g_assert_nonnull (strstr (reply, cases[i].text));
    }

  devbox_http_listener_unref (listener);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/router/routes", test_routes);

  return g_test_run ();
}
