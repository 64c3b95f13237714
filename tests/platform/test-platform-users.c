/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-listener-private.h"
#include "devbox-http-router-private.h"
#include "devbox-platform-access-private.h"
#include "devbox-platform-users-private.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-kubeconfig-private.h"
#include "store-fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

static DevboxPlatformUsers *
users_new (StoreFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  DevboxPlatformUsers *users = devbox_platform_users_new (fixture->store, &error);

  g_assert_no_error (error);
  return users;
}

static char *
add (DevboxPlatformUsers *users, const char *name, gboolean replace)
{
  g_autoptr (GError) error = NULL;
  g_auto (Verdict) verdict = { 0 };
  char *token = devbox_platform_users_add (users, name, replace, verdict_set, &verdict, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (token), ==, 64);
  verdict_wait (&verdict, 1);
  g_assert_no_error (verdict.error);

  return token;
}

static void
assert_names (DevboxPlatformUsers *users, const char *expected)
{
  g_auto (GStrv) names = devbox_platform_users_list (users);
  g_autofree char *joined = g_strjoinv (",", names);

  g_assert_cmpstr (joined, ==, expected);
}

static void
assert_admitted (DevboxPlatformUsers *users, const char *authorization, const char *name_space)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (devbox_platform_users_check_authorization (users, authorization, &error), ==, name_space);
  g_assert_no_error (error);
}

static void
assert_refused (DevboxPlatformUsers *users, const char *authorization, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (devbox_platform_users_check_authorization (users, authorization, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, code);
}

static char *
make_bearer (const char *token)
{
  return g_strconcat ("Bearer ", token, NULL);
}

/* As encodeURIComponent of a browser writes it */
static char *
make_kubeconfig (const char *scheme, const char *name, const char *token)
{
  g_autofree char *kubeconfig
      = devbox_platform_users_format_kubeconfig (name, "http://127.0.0.1:8080", token, "-----BEGIN CERTIFICATE-----\n");
  g_autofree char *escaped = g_uri_escape_string (kubeconfig, "!'()*", FALSE);

  return g_strconcat (scheme, escaped, NULL);
}

static void
test_add (StoreFixture *fixture, gconstpointer data)
{
  DevboxPlatformUsers *users = users_new (fixture);
  g_autofree char *alice = add (users, "alice", FALSE);
  g_autofree char *bob = add (users, "bob", FALSE);
  g_autofree char *bearer = make_bearer (alice);
  g_autofree char *bearer_of_bob = make_bearer (bob);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (alice, !=, bob);
  assert_names (users, "alice,bob");
  assert_admitted (users, bearer, "ns-alice");
  assert_admitted (users, bearer_of_bob, "ns-bob");
  g_assert_null (devbox_platform_users_add (users, "alice", FALSE, NULL, NULL, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_CONFLICT);
  devbox_platform_users_free (users);

  store_fixture_reopen (fixture);
  users = users_new (fixture);
  assert_names (users, "alice,bob");
  assert_admitted (users, bearer, "ns-alice");
  devbox_platform_users_free (users);
}

static void
test_names (StoreFixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "", "-", "a-", "-a", "A", "a_b", "a.b", "a/b", "é", "a b", "..", NULL };
  g_autoptr (DevboxPlatformUsers) users = users_new (fixture);
  g_autofree char *longest = g_strnfill (63, 'a');
  g_autofree char *too_long = g_strnfill (64, 'a');
  g_autofree char *token = add (users, longest, FALSE);
  g_autofree char *other = add (users, "1", TRUE);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (token, !=, other);
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_assert_null (devbox_platform_users_add (users, names[i], FALSE, NULL, NULL, &error));
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
      g_clear_error (&error);
    }
  g_assert_null (devbox_platform_users_add (users, too_long, TRUE, NULL, NULL, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
}

/* A token that was replaced or taken away is refused at once, in each form that was seen before. */
static void
test_revocation (StoreFixture *fixture, gconstpointer data)
{
  DevboxPlatformUsers *users = users_new (fixture);
  g_autofree char *old = add (users, "alice", FALSE);
  g_autofree char *old_bearer = make_bearer (old);
  g_autofree char *old_kubeconfig = make_kubeconfig ("", "alice", old);
  g_autofree char *new = NULL, *new_bearer = NULL;
  g_auto (Verdict) verdict = { 0 };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2; i++)
    {
      assert_admitted (users, old_bearer, "ns-alice");
      assert_admitted (users, old_kubeconfig, "ns-alice");
    }

  new = devbox_platform_users_add (users, "alice", TRUE, verdict_set, &verdict, &error);
  g_assert_no_error (error);
  new_bearer = make_bearer (new);
  assert_refused (users, old_bearer, DEVBOX_WIRE_AUTHENTICATION_FAILED);
  assert_refused (users, old_kubeconfig, DEVBOX_WIRE_AUTHENTICATION_FAILED);
  assert_admitted (users, new_bearer, "ns-alice");

  g_assert_true (devbox_platform_users_remove (users, "alice", verdict_set, &verdict, &error));
  g_assert_no_error (error);
  assert_refused (users, new_bearer, DEVBOX_WIRE_AUTHENTICATION_FAILED);
  assert_names (users, "");
  verdict_wait (&verdict, 2);
  g_assert_no_error (verdict.error);
  g_assert_false (devbox_platform_users_remove (users, "alice", NULL, NULL, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
  devbox_platform_users_free (users);

  store_fixture_reopen (fixture);
  users = users_new (fixture);
  assert_names (users, "");
  devbox_platform_users_free (users);
}

/* More headers than are remembered, and users that go away while changes are on their way. */
static void
test_many (StoreFixture *fixture, gconstpointer data)
{
  DevboxPlatformUsers *users = users_new (fixture);
  g_autofree char *token = add (users, "alice", FALSE);
  g_auto (Verdict) verdict = { 0 };
  g_autofree char *last = NULL;

  for (guint i = 0; i < 600; i++)
    {
      g_autofree char *name = g_strdup_printf ("name-%u", i);
      g_autofree char *header = make_kubeconfig ("Bearer ", name, token);

      assert_admitted (users, header, "ns-alice");
      assert_admitted (users, header, "ns-alice");
    }

  last = devbox_platform_users_add (users, "bob", FALSE, verdict_set, &verdict, NULL);
  g_assert_true (devbox_platform_users_remove (users, "alice", NULL, NULL, NULL));
  devbox_platform_users_free (users);
  verdict_wait (&verdict, 1);
  g_assert_no_error (verdict.error);

  store_fixture_reopen (fixture);
  users = users_new (fixture);
  assert_names (users, "bob");
  devbox_platform_users_free (users);
}

/* What is not on disk did not happen, unless there was more since. */
static void
test_disk_full (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxPlatformUsers) users = users_new (fixture);
  g_autofree char *alice = add (users, "alice", FALSE);
  g_autofree char *bearer = make_bearer (alice);
  g_autofree char *bob = NULL, *new = NULL, *newest = NULL, *newest_bearer = NULL;
  g_auto (Verdict) verdict = { 0 };
  struct rlimit usual, none = { 0, 0 };

  signal (SIGXFSZ, SIG_IGN);
  g_assert_no_errno (getrlimit (RLIMIT_FSIZE, &usual));
  none.rlim_max = usual.rlim_max;
  g_assert_no_errno (setrlimit (RLIMIT_FSIZE, &none));

  bob = devbox_platform_users_add (users, "bob", FALSE, verdict_set, &verdict, NULL);
  verdict_wait (&verdict, 1);
  g_assert_nonnull (verdict.error);
  assert_names (users, "alice");

  new = devbox_platform_users_add (users, "alice", TRUE, verdict_set, &verdict, NULL);
  assert_refused (users, bearer, DEVBOX_WIRE_AUTHENTICATION_FAILED);
  verdict_wait (&verdict, 2);
  assert_admitted (users, bearer, "ns-alice");

  g_assert_true (devbox_platform_users_remove (users, "alice", verdict_set, &verdict, NULL));
  assert_refused (users, bearer, DEVBOX_WIRE_AUTHENTICATION_FAILED);
  verdict_wait (&verdict, 3);
  assert_admitted (users, bearer, "ns-alice");

  g_assert_true (devbox_platform_users_remove (users, "alice", verdict_set, &verdict, NULL));
  g_assert_no_errno (setrlimit (RLIMIT_FSIZE, &usual));
  newest = devbox_platform_users_add (users, "alice", TRUE, verdict_set, &verdict, NULL);
  newest_bearer = make_bearer (newest);
  verdict_wait (&verdict, 5);
  assert_admitted (users, newest_bearer, "ns-alice");
}

static void
test_forms (StoreFixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxPlatformUsers) users = users_new (fixture);
  g_autofree char *token = add (users, "alice", FALSE);
  g_autofree char *bare = make_kubeconfig ("", "alice", token);
  g_autofree char *bearer = make_kubeconfig ("bearer  ", "alice", token);
  g_autofree char *json
      = g_strdup_printf ("%%7B%%22current-context%%22:%%22a%%22,%%22contexts%%22:[%%7B%%22name%%22:%%22a%%22,"
                         "%%22context%%22:{%%22user%%22:%%22b%%22}%%7D],%%22users%%22:[{%%22name%%22:%%22b%%22,"
                         "%%22user%%22:{%%22token%%22:%%22%s%%22}}]%%7D",
                         token);
  g_autofree char *two_spaces = g_strconcat ("BEARER  ", token, NULL);

  assert_admitted (users, bare, "ns-alice");
  assert_admitted (users, bearer, "ns-alice");
  assert_admitted (users, json, "ns-alice");
  assert_admitted (users, two_spaces, "ns-alice");
}

#define AUTHENTICATION DEVBOX_WIRE_AUTHENTICATION_FAILED
#define KUBECONFIG DEVBOX_WIRE_INVALID_KUBECONFIG
#define CONFIG_WITH_USER(members)                                                                                      \
  "{current-context:%20a,contexts:%20[{name:%20a,context:%20{user:%20b}}],users:%20[{name:%20b,user:%20{" members "}}" \
  "]}"
#define NO_TOKEN CONFIG_WITH_USER ("")

static void
test_refused (StoreFixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *authorization;
    int code;
  } cases[] = {
    { "", AUTHENTICATION },
    { " ", AUTHENTICATION },
    { "Bearer ", AUTHENTICATION },
    { "Bearer    ", AUTHENTICATION },
    { "Bearer x", AUTHENTICATION },
    { "Bearer 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", AUTHENTICATION },
    { "Bearer x y", KUBECONFIG },
    { "Bearer", KUBECONFIG },
    { "Basic YWxpY2U6c2VjcmV0", KUBECONFIG },
    { "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", KUBECONFIG },
    { "%", KUBECONFIG },
    { "%4", KUBECONFIG },
    { "%4g", KUBECONFIG },
    { "%%41", KUBECONFIG },
    { "a%00b", KUBECONFIG },
    { "a%ffb", KUBECONFIG },
    { "a: b", KUBECONFIG },
    { "a\tb", KUBECONFIG },
    { "\xc3\xa9", KUBECONFIG },
    { "%5B%5D", KUBECONFIG },
    { "a%3A+b", KUBECONFIG },
    { NO_TOKEN, AUTHENTICATION },
    { "Bearer " NO_TOKEN, AUTHENTICATION },
  };
  g_autoptr (DevboxPlatformUsers) users = users_new (fixture);
  g_autofree char *token = add (users, "alice", FALSE);
  g_autofree char *shorter = g_strdup_printf ("Bearer %.63s", token);
  g_autofree char *longer = g_strdup_printf ("Bearer %s0", token);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_refused (users, cases[i].authorization, cases[i].code);
  assert_refused (users, shorter, AUTHENTICATION);
  assert_refused (users, longer, AUTHENTICATION);
}

/* No error repeats what was sent, which may be a secret with a mistake in it. */
static void
test_secrets (StoreFixture *fixture, gconstpointer data)
{
  static const char *const headers[] = {
    "Bearer MARKER",
    "Bearer MARKER MARKER",
    "MARKER",
    "%7Bcurrent-context%3A%20a%0AMARKER",
    "%22MARKER%00",
    "a%3A%20MARKER%3A%20MARKER",
    CONFIG_WITH_USER ("token:%20[MARKER]"),
  };
  g_autoptr (DevboxPlatformUsers) users = users_new (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (headers); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (devbox_platform_users_check_authorization (users, headers[i], &error));
      g_assert_nonnull (error);
      g_assert_null (strstr (error->message, "MARKER"));
    }
}

/* Over HTTP */

typedef struct
{
  StoreFixture store;
  DevboxPlatformUsers *users;
  DevboxHttpGuard *guard;
  DevboxHttpRouter *router;
  DevboxHttpListener *listener;
  SoupSession *session;
  char *uri;
  char *token;
} Server;

static void
say_who (DevboxHttpExchange *exchange, const char *argument, gpointer user_data)
{
  const char *identity = devbox_http_exchange_get_identity (exchange);

  if (identity == NULL)
    identity = "nobody";
  devbox_http_exchange_reply_data (exchange, 200, "text/plain", identity, strlen (identity));
}

static const DevboxHttpRoute routes[] = {
  { "GET", "/who", DEVBOX_HTTP_ROUTE_NONE, say_who },
  { "GET", "/health", DEVBOX_HTTP_ROUTE_OPEN, say_who },
  DEVBOX_HTTP_ROUTES_END,
};

static void
dispatch (DevboxHttpExchange *exchange, gpointer user_data)
{
  devbox_http_router_dispatch (user_data, exchange);
}

static const char *
authenticate (DevboxHttpExchange *exchange, gpointer user_data, GError **error)
{
  return devbox_platform_users_authenticate (user_data, exchange, error);
}

static void
server_set_up (Server *self, gconstpointer data)
{
  DevboxHttpLimits limits = DEVBOX_HTTP_LIMITS_INIT;
  g_autoptr (GError) error = NULL;
  GSocketAddress *address;

  limits.max_head_size = 64 * 1024;
  store_fixture_set_up (&self->store, data);
  self->users = users_new (&self->store);
  self->token = add (self->users, "alice", FALSE);
  self->guard = devbox_http_guard_new ();
  devbox_http_guard_set_authenticator (self->guard, authenticate, self->users);
  self->router = devbox_http_router_new (self->guard);
  devbox_http_router_add (self->router, routes, NULL);
  self->listener = devbox_http_listener_new (NULL, &limits, dispatch, self->router, NULL);
  devbox_http_listener_listen (self->listener, "127.0.0.1", 0, &error);
  g_assert_no_error (error);
  address = devbox_http_listener_get_local_address (self->listener);
  self->uri = g_strdup_printf ("http://127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  self->session = soup_session_new ();
}

static void
server_tear_down (Server *self, gconstpointer data)
{
  soup_session_abort (self->session);
  g_object_unref (self->session);
  devbox_http_listener_unref (self->listener);
  devbox_http_router_free (self->router);
  devbox_http_guard_free (self->guard);
  devbox_platform_users_free (self->users);
  store_fixture_tear_down (&self->store, data);
  g_free (self->token);
  g_free (self->uri);
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static char *
get (Server *self, SoupMessage *message)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;

  soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, NULL, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  body = soup_session_send_and_read_finish (self->session, result, &error);
  g_assert_no_error (error);

  return g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
}

static SoupMessage *
make_message (Server *self, const char *path, const char *authorization)
{
  g_autofree char *uri = g_strconcat (self->uri, path, NULL);
  SoupMessage *message = soup_message_new ("GET", uri);

  if (authorization != NULL)
    soup_message_headers_append (soup_message_get_request_headers (message), "Authorization", authorization);

  return message;
}

static void
assert_reply (Server *self, const char *path, const char *authorization, guint status, const char *expected)
{
  g_autoptr (SoupMessage) message = make_message (self, path, authorization);
  g_autofree char *body = get (self, message);

  g_assert_cmpuint (soup_message_get_status (message), ==, status);
  if (expected[0] == '{')
    g_assert_true (g_str_has_prefix (body, expected));
  else
    g_assert_cmpstr (body, ==, expected);
  g_assert_cmpstr (soup_message_headers_get_one (soup_message_get_response_headers (message), "WWW-Authenticate"), ==,
                   status == 401 ? "Bearer" : NULL);
}

static void
test_http (Server *self, gconstpointer data)
{
  g_autofree char *bearer = make_bearer (self->token);
  g_autofree char *kubeconfig = make_kubeconfig ("", "alice", self->token);
  g_autoptr (SoupMessage) twice = make_message (self, "/who", bearer);
  g_autofree char *body = NULL;

  assert_reply (self, "/who", bearer, 200, "ns-alice");
  assert_reply (self, "/who", kubeconfig, 200, "ns-alice");
  assert_reply (self, "/health", NULL, 200, "nobody");
  assert_reply (self, "/health", "Bearer x", 200, "nobody");
  assert_reply (self, "/who", NULL, 401,
                "{\"success\":false,\"error\":\"A kubeconfig or a token is needed (one Authorization header)\","
                "\"code\":\"AUTHENTICATION_FAILED\",\"timestamp\":\"");
  assert_reply (self, "/who", "Bearer x", 401,
                "{\"success\":false,\"error\":\"The token is not that of a user of this platform\","
                "\"code\":\"AUTHENTICATION_FAILED\",\"timestamp\":\"");
  assert_reply (self, "/nowhere", NULL, 401, "{\"success\":false,");
  assert_reply (self, "/nowhere", bearer, 404, "{\"success\":false,");
  assert_reply (self, "/who", "none", 400,
                "{\"success\":false,\"error\":\"The kubeconfig must be a mapping of names to values\","
                "\"code\":\"INVALID_KUBECONFIG\",\"timestamp\":\"");

  soup_message_headers_append (soup_message_get_request_headers (twice), "Authorization", bearer);
  body = get (self, twice);
  g_assert_cmpuint (soup_message_get_status (twice), ==, 401);
}

/* Client certificates make a kubeconfig long; 64 KiB are all that a head may have. */
static void
test_large_header (Server *self, gconstpointer data)
{
  g_autoptr (GString) header = g_string_new (NULL);
  g_autofree char *kubeconfig = make_kubeconfig ("", "alice", self->token);
  g_autoptr (SoupMessage) message = NULL;
  g_autofree char *body = NULL;

  g_string_append (header, kubeconfig);
  g_string_append (header, "%23");
  while (header->len < 63 * 1024)
    g_string_append_c (header, 'x');
  assert_reply (self, "/who", header->str, 200, "ns-alice");

  while (header->len < 65 * 1024)
    g_string_append_c (header, 'x');
  message = make_message (self, "/who", header->str);
  body = get (self, message);
  g_assert_cmpuint (soup_message_get_status (message), ==, 431);
}

/* The file */

static void
test_write (StoreFixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_build_filename (fixture->folder, "config", "devbox-platform", NULL);
  g_autofree char *path = g_build_filename (folder, "kubeconfig", NULL);
  g_autofree char *below_file = g_build_filename (path, "x", "kubeconfig", NULL);
  g_autoptr (GError) error = NULL;
  struct stat status;

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *content = NULL;

      g_assert_true (devbox_platform_users_write_kubeconfig (path, i == 0 ? "first" : "second", &error));
      g_assert_no_error (error);
      g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
      g_assert_cmpstr (content, ==, i == 0 ? "first" : "second");
      g_assert_no_errno (stat (path, &status));
      g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
      g_assert_no_errno (chmod (path, 0644));
    }
  g_assert_no_errno (stat (folder, &status));
  g_assert_cmpuint (status.st_mode & 0777, ==, 0700);

  g_assert_false (devbox_platform_users_write_kubeconfig (below_file, "x", &error));
  g_assert_true (error->domain == DEVBOX_WIRE_ERROR);
  g_clear_error (&error);
  g_assert_false (devbox_platform_users_write_kubeconfig (folder, "x", &error));
  g_assert_true (error->domain == DEVBOX_WIRE_ERROR);
}

static void
assert_provided (StoreFixture *fixture, const char *path, const char *uri)
{
  DevboxPlatformUsers *users = users_new (fixture);
  g_autofree char *content = NULL;
  g_autofree char *header = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (devbox_platform_access_provide (users, path, uri, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_nonnull (strstr (content, uri));
  header = g_uri_escape_string (content, NULL, FALSE);
  assert_admitted (users, header, "ns-admin");
  devbox_platform_users_free (users);
}

/* Whatever stands in the file, afterwards it lets its reader in. */
static void
test_provide (StoreFixture *fixture, gconstpointer data)
{
  g_autofree char *path = store_fixture_get_path (fixture, "kubeconfig");
  StoreFixture other;

  assert_provided (fixture, path, "http://127.0.0.1:9758");
  store_fixture_reopen (fixture);
  assert_provided (fixture, path, "http://127.0.0.1:9759");

  /* At the same address, but with other data */
  store_fixture_set_up (&other, NULL);
  assert_provided (&other, path, "http://127.0.0.1:9759");
  store_fixture_tear_down (&other, NULL);
}

static void
test_format (void)
{
  static const char *const names[] = { "alice", "no", "123", "1e5", "null", "a--b" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *yaml
          = devbox_platform_users_format_kubeconfig (names[i], "https://[::1]:8443/a?b#c: \"'", "123456", NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) root = devbox_wire_kubeconfig_parse (yaml, strlen (yaml), NULL, &error);
      g_autofree char *name_space = g_strconcat ("ns-", names[i], NULL);
      g_autofree char *context = g_strconcat (names[i], "@devbox-platform", NULL);
      DevboxWireKubeconfig kubeconfig;

      g_assert_no_error (error);
      g_assert_true (devbox_wire_kubeconfig_read (root, NULL, &kubeconfig, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (kubeconfig.context, ==, context);
      g_assert_cmpstr (kubeconfig.user, ==, names[i]);
      g_assert_cmpstr (kubeconfig.name_space, ==, name_space);
      g_assert_cmpstr (kubeconfig.server, ==, "https://[::1]:8443/a?b#c: \"'");
      g_assert_cmpstr (kubeconfig.base_url, ==, kubeconfig.server);
      g_assert_cmpstr (kubeconfig.token, ==, "123456");
      g_assert_null (strstr (yaml, "certificate"));
    }
}

#define ADD(path, func) g_test_add (path, StoreFixture, NULL, store_fixture_set_up, func, store_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/users/add", test_add);
  ADD ("/users/names", test_names);
  ADD ("/users/revocation", test_revocation);
  ADD ("/users/many", test_many);
  ADD ("/users/disk-full", test_disk_full);
  ADD ("/users/forms", test_forms);
  ADD ("/users/refused", test_refused);
  ADD ("/users/secrets", test_secrets);
  ADD ("/users/provide", test_provide);
  g_test_add ("/users/http", Server, NULL, server_set_up, test_http, server_tear_down);
  g_test_add ("/users/large-header", Server, NULL, server_set_up, test_large_header, server_tear_down);
  ADD ("/users/write", test_write);
  g_test_add_func ("/users/format", test_format);

  return g_test_run ();
}
