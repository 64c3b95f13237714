/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-endpoint-private.h"

#include "devbox-error.h"

#include <string.h>

static void
test_accepted (void)
{
  static const struct
  {
    const char *given;
    const char *url;
    const char *address;
  } cases[] = {
    { "http://127.0.0.1:3000", "http://127.0.0.1:3000", "http://127.0.0.1:3000" },
    { "http://127.0.0.1:3000/", "http://127.0.0.1:3000", "http://127.0.0.1:3000" },
    { "http://Example.ORG", "http://Example.ORG", "http://example.org:80" },
    { "https://example.org//", "https://example.org", "https://example.org:443" },
    { "HTTPS://example.org:443", NULL, "https://example.org:443" },
    { "http://[::1]:3000/", "http://[::1]:3000", "http://[::1]:3000" },
    { "http://example.org/a/b%20c/", "http://example.org/a/b%20c", "http://example.org:80" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxEndpoint) endpoint = devbox_endpoint_new (cases[i].given, "token", &error);

      g_assert_no_error (error);
      g_assert_cmpstr (devbox_endpoint_get_address (endpoint), ==, cases[i].address);
      g_assert_cmpstr (devbox_endpoint_get_token (endpoint), ==, "token");
      if (cases[i].url != NULL)
        g_assert_cmpstr (devbox_endpoint_get_url (endpoint), ==, cases[i].url);
    }
}

static void
test_refused (void)
{
  static const char *const cases[] = {
    "",
    "127.0.0.1:3000",
    "ftp://example.org",
    "file:///etc/passwd",
    "http://",
    "http:///path",
    "http://example.org:0",
    "http://example.org:99999",
    "http://example.org?x=1",
    "http://example.org#x",
    "http://user@example.org",
    "http://user:secret@example.org",
    "http://user:secret@exa mple.org:port",
    "javascript:alert(1)",
    "http://exam\xff\xfeple.org",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i]);
      g_assert_null (devbox_endpoint_new (cases[i], NULL, &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
      g_assert_null (strstr (error->message, "secret"));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

/* A token that could end its header would begin another. */
static void
test_tokens (void)
{
  static const char *const bad[] = { "", "a b", "a\r\nX-Header: b", "a\n", "\x7f", "t\xc3\xa4st" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (devbox_endpoint_new ("http://example.org", bad[i], &error));
      g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
    }
}

static void
test_uris (void)
{
  g_autoptr (DevboxEndpoint) plain = devbox_endpoint_new ("http://example.org:1", NULL, NULL);
  g_autoptr (DevboxEndpoint) nested = devbox_endpoint_new ("http://example.org:1/base/", NULL, NULL);
  g_autoptr (GUri) uri = devbox_endpoint_build_uri (plain, "/files/read");
  g_autoptr (GUri) with_query = devbox_endpoint_build_uri (nested, "/files/read?path=a%2Fb%3F&x=%23");
  g_autofree char *text = g_uri_to_string (uri);
  g_autofree char *text_with_query = g_uri_to_string (with_query);

  g_assert_cmpstr (text, ==, "http://example.org:1/files/read");
  g_assert_cmpstr (text_with_query, ==, "http://example.org:1/base/files/read?path=a%2Fb%3F&x=%23");
}

static void
test_redact (void)
{
  g_autoptr (DevboxEndpoint) endpoint = devbox_endpoint_new ("http://example.org", "t0k3n", NULL);
  g_autoptr (DevboxEndpoint) without = devbox_endpoint_new ("http://example.org", NULL, NULL);
  g_autofree char *redacted = devbox_endpoint_redact (endpoint, "t0k3n and t0k3n");
  g_autofree char *untouched = devbox_endpoint_redact (without, "t0k3n");

  g_assert_cmpstr (redacted, ==, "[token] and [token]");
  g_assert_cmpstr (untouched, ==, "t0k3n");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/endpoint/accepted", test_accepted);
  g_test_add_func ("/client/endpoint/refused", test_refused);
  g_test_add_func ("/client/endpoint/tokens", test_tokens);
  g_test_add_func ("/client/endpoint/uris", test_uris);
  g_test_add_func ("/client/endpoint/redact", test_redact);

  return g_test_run ();
}
