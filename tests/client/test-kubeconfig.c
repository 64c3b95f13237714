/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "kubeconfig-test-util.h"

#include "devbox-kubeconfig-private.h"

#include <string.h>

/* As kubectl writes it. */
static const char usual[] = "apiVersion: v1\n"
                            "clusters:\n"
                            "- cluster:\n"
                            "    server: https://one.example:6443\n"
                            "  name: one\n"
                            "- cluster:\n"
                            "    server: https://192.0.2.1:6443\n"
                            "    extensions:\n"
                            "    - name: client.authentication.k8s.io/exec\n"
                            "      extension: 5\n"
                            "    - name: devbox.sealos.io\n"
                            "      extension:\n"
                            "        base-url: http://127.0.0.1:4000/\n"
                            "  name: two\n"
                            "contexts:\n"
                            "- context: {cluster: one, user: alice}\n"
                            "  name: first\n"
                            "- context: {cluster: two, user: bob, namespace: ns-bob}\n"
                            "  name: second\n"
                            "current-context: second\n"
                            "kind: Config\n"
                            "users:\n"
                            "- name: alice\n"
                            "  user: {username: alice, password: " MARKER "-password, as: carol}\n"
                            "- name: bob\n"
                            "  user: {token: " MARKER "-token}\n";

static void
test_usual (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = test_kubeconfig_new (usual, &error);
  g_autoptr (DevboxKubeconfig) first = NULL;
  g_autofree char *base_url = NULL;
  g_auto (GStrv) contexts = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (devbox_kubeconfig_get_context (kubeconfig), ==, "second");
  g_assert_cmpstr (devbox_kubeconfig_get_cluster (kubeconfig), ==, "two");
  g_assert_cmpstr (devbox_kubeconfig_get_user (kubeconfig), ==, "bob");
  g_assert_cmpstr (devbox_kubeconfig_get_namespace (kubeconfig), ==, "ns-bob");
  g_assert_cmpstr (devbox_kubeconfig_get_server (kubeconfig), ==, "https://192.0.2.1:6443");
  g_assert_cmpstr (devbox_kubeconfig_get_base_url (kubeconfig), ==, "http://127.0.0.1:4000");
  g_object_get (kubeconfig, "contexts", &contexts, "base-url", &base_url, NULL);
  g_assert_cmpstrv (contexts, ((const char *[]){ "first", "second", NULL }));
  g_assert_cmpstr (base_url, ==, "http://127.0.0.1:4000");

  first = devbox_kubeconfig_with_context (kubeconfig, "first", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (devbox_kubeconfig_get_context (first), ==, "first");
  g_assert_cmpstr (devbox_kubeconfig_get_user (first), ==, "alice");
  g_assert_null (devbox_kubeconfig_get_namespace (first));
  g_assert_cmpstr (devbox_kubeconfig_get_base_url (first), ==, "https://devbox.one.example");
  g_assert_cmpstr (devbox_kubeconfig_get_context (kubeconfig), ==, "second");

  g_assert_null (devbox_kubeconfig_with_context (kubeconfig, "third", &error));
  test_kubeconfig_assert_invalid (error);
  g_assert_nonnull (strstr (error->message, "“third” is not in “contexts”"));
}

/* What is told is a kubeconfig of the context alone, in either form of a header. */
static void
test_told (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = test_kubeconfig_new (usual, &error);
  g_autoptr (DevboxKubeconfig) first = devbox_kubeconfig_with_context (kubeconfig, "first", &error);
  g_autoptr (GBytes) bytes = devbox_kubeconfig_to_bytes (kubeconfig);
  g_autoptr (GBytes) bytes_of_first = devbox_kubeconfig_to_bytes (first);
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autofree char *text_of_first
      = g_strndup (g_bytes_get_data (bytes_of_first, NULL), g_bytes_get_size (bytes_of_first));
  g_autofree char *plain = devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error);
  g_autofree char *bearer = devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_BEARER, &error);
  g_autofree char *unescaped = g_uri_unescape_string (plain, NULL);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==,
                   "apiVersion: v1\n"
                   "kind: Config\n"
                   "clusters:\n"
                   "- name: \"two\"\n"
                   "  cluster:\n"
                   "    server: \"https://192.0.2.1:6443\"\n"
                   "    extensions:\n"
                   "    - name: devbox.sealos.io\n"
                   "      extension:\n"
                   "        base-url: \"http://127.0.0.1:4000\"\n"
                   "contexts:\n"
                   "- name: \"second\"\n"
                   "  context:\n"
                   "    cluster: \"two\"\n"
                   "    namespace: \"ns-bob\"\n"
                   "    user: \"bob\"\n"
                   "current-context: \"second\"\n"
                   "users:\n"
                   "- name: \"bob\"\n"
                   "  user:\n"
                   "    token: \"" MARKER "-token\"\n");
  g_assert_nonnull (strstr (text_of_first, "  user:\n"
                                           "    as: \"carol\"\n"
                                           "    username: \"alice\"\n"
                                           "    password: \"" MARKER "-password\"\n"));
  g_assert_cmpstr (unescaped, ==, text);
  g_assert_true (g_str_has_prefix (bearer, "Bearer apiVersion%3A%20v1%0A"));
  g_assert_cmpstr (bearer + strlen ("Bearer "), ==, plain);
}

/* It comes back the same, whatever is in it. */
static void
test_odd_names (void)
{
  static const char *const names[] = {
    "\\\"\\\\ #: - {}",  "\\n\\r\\t\\u0001\\u007f\\u0085\\u2028", "ä€\\ud83d\\ude00\\uffff", "no", "123",
    "X: y\\r\\nEvil: 1",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("{\"current-context\": \"%s\", \"contexts\": [{\"name\": \"%s\", \"context\": "
                             "{\"user\": \"%s\"}}], \"users\": [{\"name\": \"%s\", \"user\": "
                             "{\"token\": \"%s\"}}]}",
                             names[i], names[i], names[i], names[i], names[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxKubeconfig) kubeconfig = test_kubeconfig_new (text, &error);
      g_autoptr (DevboxKubeconfig) again = NULL;
      g_autoptr (GBytes) bytes = NULL;
      g_autofree char *authorization = NULL;

      g_assert_no_error (error);
      bytes = devbox_kubeconfig_to_bytes (kubeconfig);
      again = devbox_kubeconfig_new_from_bytes (bytes, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (devbox_kubeconfig_get_user (again), ==, devbox_kubeconfig_get_user (kubeconfig));
      authorization = devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error);
      g_assert_no_error (error);
      g_assert_null (strpbrk (authorization, "\r\n :"));
    }
}

static void
test_for_token (void)
{
  static const struct
  {
    const char *base_url;
    const char *token;
  } refused[] = {
    { "ftp://x.example", "t" },           { "https://" MARKER ":p@x.example", "t" },
    { "https://x.example?q", "t" },       { "nonsense", "t" },
    { "https://x.example", "" },          { "https://x.example", MARKER " with-space" },
    { "https://x.example", MARKER "\n" },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig
      = devbox_kubeconfig_new_for_token ("https://x.example:8443/p/", MARKER, &error);
  g_autoptr (DevboxKubeconfig) public = devbox_kubeconfig_new_for_token (NULL, MARKER, NULL);
  g_autofree char *bearer = devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_BEARER, &error);
  g_autofree char *plain = devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (devbox_kubeconfig_get_base_url (kubeconfig), ==, "https://x.example:8443/p");
  g_assert_cmpstr (devbox_kubeconfig_get_base_url (public), ==, "https://api.sealos.io");
  g_assert_cmpstr (bearer, ==, "Bearer " MARKER);
  g_assert_nonnull (strstr (plain, "token%3A%20%22" MARKER "%22"));

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) refusal = NULL;

      g_assert_null (devbox_kubeconfig_new_for_token (refused[i].base_url, refused[i].token, &refusal));
      g_assert_error (refusal, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
      g_assert_null (strstr (refusal->message, MARKER));
    }
}

/* Where the platform is. A credential goes nowhere but there. */
static void
test_base_url (void)
{
  static const struct
  {
    const char *server;
    const char *base_url; /* NULL: it does not follow */
  } cases[] = {
    { "https://one.example:6443/x", "https://devbox.one.example" },
    { "http://one.example", "http://devbox.one.example" },
    { "https://Devbox.one.example:6443", "https://Devbox.one.example" },
    { "https://192.0.2.1:6443", NULL },
    { "https://[2001:db8::1]:6443", NULL },
    { "https://127.0.0.1:6443", NULL },
    { "https://localhost:6443", NULL },
    { "https://x.localhost:6443", NULL },
    { "https://kubernetes:6443", NULL },
    { "https://one%2f.example:6443", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}], "
                             "clusters: [{name: c, cluster: {server: '%s'}}], "
                             "users: [{name: u, user: {token: t}}]}",
                             cases[i].server);
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxKubeconfig) kubeconfig = test_kubeconfig_new (text, &error);
      g_autofree char *base_url = NULL;

      g_assert_no_error (error);
      g_assert_cmpstr (devbox_kubeconfig_get_base_url (kubeconfig), ==, cases[i].base_url);
      base_url = devbox_kubeconfig_dup_base_url (kubeconfig, &error);
      g_assert_cmpstr (base_url, ==, cases[i].base_url);
      if (base_url == NULL)
        test_kubeconfig_assert_invalid (error);
    }
}

#define USER(members) "contexts: [{name: x, context: {user: u}}], users: [{name: u, user: {" members "}}]}"
#define CLUSTER(members)                                                                                               \
  "{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}], users: [{name: u, user: {token: "       \
  "" MARKER "}}], clusters: [{name: c, cluster: {" members "}}]}"

static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    const char *message; /* a part of it */
  } cases[] = {
    { "", "must be a mapping" },
    { "[]", "must be a mapping" },
    { "just text", "must be a mapping" },
    { "a: [", "Malformed YAML at line 2, column 1" },
    { "a: &x 1\nb: *x", "anchors, aliases and tags are not allowed" },
    { "\xff\xfe", "not UTF-8" },
    { "{}", "names no current context" },
    { "current-context: ''", "names no current context" },
    { "current-context: 5", "“current-context” must be text" },
    { "\ncurrent-context: x", "“x” is not in “contexts”" },
    { "current-context: x\n\ncontexts: 5", "Line 3: “contexts” must be a list" },
    { "current-context: x\ncontexts:\n- 5", "Line 3: Each entry of “contexts”" },
    { "current-context: x\nusers:\n- {name: y}\n- []", "Line 4: Each entry of “users”" },
    { "current-context: x\ncontexts:\n- name: x\n", "Line 3: “context” of the kubeconfig is missing" },
    { "current-context: x\ncontexts:\n- name: x\n  context: {}\n- {name: x, context: {}}", "stands more than once" },
    { "current-context: x\ncontexts:\n- name: x\n  context: {}\n", "Line 3: The context “x” names no user" },
    { "{current-context: x,\n" USER (""), "Line 2: The user “u” has no credential" },
    { "{current-context: x,\n" USER ("token: 5"), "Line 2: “token” of the kubeconfig" },
    { "{current-context: x,\n" USER ("tokenFile: /" MARKER), "Line 2: “tokenFile” names a file" },
    { "{current-context: x,\n" USER ("client-certificate: /x, client-key: /y"), "“client-certificate” names a file" },
    { "{current-context: x,\n" USER ("client-certificate-data: '" MARKER "!'"), "is not text in base64" },
    { "{current-context: x,\n" USER ("client-certificate-data: eA=="), "must be given together" },
    { "{current-context: x,\n" USER ("client-certificate-data: eA==, client-key-data: eA=="), "" },
    { "{current-context: x,\n" USER ("token: a, as-groups: [b]"), "“as-groups” is not supported" },
    { "{current-context: x,\n" USER ("auth-provider: {name: gcp}"), "“auth-provider” is not supported" },
    { "{current-context: x,\n" USER ("exec: {command: " MARKER "}"), "“exec” would run a program" },
    { CLUSTER ("server: 5"), "“server” of the kubeconfig" },
    { CLUSTER ("server: 'ftp://x.example'"), "does not begin with http" },
    { CLUSTER ("server: 'https://u:" MARKER "@x.example'"), "must not hold a user name" },
    { CLUSTER ("server: 'https://[" MARKER "@'"), "must not hold a user name" },
    { CLUSTER ("extensions: [{name: devbox.sealos.io, extension: {base-url: 'file:///'}}]"),
      "does not begin with http" },
    { CLUSTER ("certificate-authority: /etc/passwd"), "“certificate-authority” names a file" },
    { CLUSTER ("certificate-authority-data: eA=="), "no certificate" },
    { CLUSTER ("certificate-authority-data: " MARKER), "is not text in base64" },
    { CLUSTER ("insecure-skip-tls-verify: 1"), "must be true or false" },
    { CLUSTER ("insecure-skip-tls-verify: true, certificate-authority-data: eA=="), "contradicts" },
    { CLUSTER ("proxy-url: 'gopher://" MARKER "'"), "address of the proxy" },
    { CLUSTER ("proxy-url: 5"), "“proxy-url” must be text" },
    { CLUSTER ("tls-server-name: []"), "“tls-server-name” must be text" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (test_kubeconfig_new (cases[i].text, &error));
      test_kubeconfig_assert_invalid (error);
      if (strstr (error->message, cases[i].message) == NULL)
        g_error ("%s: %s", cases[i].text, error->message);
    }
}

/* Neither long nor deep texts cost much. */
static void
test_bombs (void)
{
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (GString) laughs = g_string_new ("a: &a [lol, lol]\n");
  g_autofree char *long_text = g_strnfill (2 * 1024 * 1024, 'x');
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < 200000; i++)
    g_string_append_c (deep, '[');
  for (char c = 'b'; c < 'z'; c++)
    g_string_append_printf (laughs, "%c: &%c [*%c, *%c, *%c]\n", c, c, c - 1, c - 1, c - 1);

  for (guint i = 0; i < 3; i++)
    {
      const char *texts[] = { deep->str, laughs->str, long_text };
      g_autoptr (GError) error = NULL;

      g_assert_null (test_kubeconfig_new (texts[i], &error));
      test_kubeconfig_assert_invalid (error);
    }
  g_test_message ("%" G_GINT64_FORMAT " us", g_get_monotonic_time () - start);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_USEC_PER_SEC);
}

/* What cannot be sent is told before it is tried. */
static void
test_too_large (void)
{
  g_autofree char *token = g_strnfill (100 * 1024, 'x');
  g_autofree char *text = g_strdup_printf ("{current-context: x, contexts: [{name: x, context: {user: u}}], "
                                           "users: [{name: u, user: {token: %s}}]}",
                                           token);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = test_kubeconfig_new (text, &error);

  g_assert_no_error (error);
  g_assert_null (devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error));
  test_kubeconfig_assert_invalid (error);
  g_assert_nonnull (strstr (error->message, "too large for a header"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/kubeconfig/usual", test_usual);
  g_test_add_func ("/client/kubeconfig/told", test_told);
  g_test_add_func ("/client/kubeconfig/odd-names", test_odd_names);
  g_test_add_func ("/client/kubeconfig/for-token", test_for_token);
  g_test_add_func ("/client/kubeconfig/base-url", test_base_url);
  g_test_add_func ("/client/kubeconfig/refused", test_refused);
  g_test_add_func ("/client/kubeconfig/bombs", test_bombs);
  g_test_add_func ("/client/kubeconfig/too-large", test_too_large);

  return g_test_run ();
}
