/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-error-info.h"
#include "devbox-kubeconfig-private.h"
#include "test-certificates.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

/* Whatever is secret holds this, and no error may. */
#define MARKER "s3cr3t-mark"

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

static DevboxKubeconfig *
new_from_text (const char *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));

  return devbox_kubeconfig_new_from_bytes (bytes, error);
}

static void
assert_invalid (const GError *error)
{
  g_autoptr (DevboxErrorInfo) info = NULL;
  const GError *cause;

  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_INVALID_KUBECONFIG);
  g_assert_null (strstr (error->message, MARKER));
  info = devbox_error_info_from_error (error);
  cause = devbox_error_info_get_cause (info);
  g_assert_true (cause == NULL || strstr (cause->message, MARKER) == NULL);
}

static void
test_usual (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = new_from_text (usual, &error);
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
  assert_invalid (error);
  g_assert_nonnull (strstr (error->message, "“third” is not in “contexts”"));
}

/* What is told is a kubeconfig of the context alone, in either form of a header. */
static void
test_told (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = new_from_text (usual, &error);
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
      g_autoptr (DevboxKubeconfig) kubeconfig = new_from_text (text, &error);
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
      g_autoptr (DevboxKubeconfig) kubeconfig = new_from_text (text, &error);
      g_autofree char *base_url = NULL;

      g_assert_no_error (error);
      g_assert_cmpstr (devbox_kubeconfig_get_base_url (kubeconfig), ==, cases[i].base_url);
      base_url = devbox_kubeconfig_dup_base_url (kubeconfig, &error);
      g_assert_cmpstr (base_url, ==, cases[i].base_url);
      if (base_url == NULL)
        assert_invalid (error);
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

      g_assert_null (new_from_text (cases[i].text, &error));
      assert_invalid (error);
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

      g_assert_null (new_from_text (texts[i], &error));
      assert_invalid (error);
    }
  g_test_message ("%" G_GINT64_FORMAT " us", g_get_monotonic_time () - start);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_USEC_PER_SEC);
}

/* Files */

typedef struct
{
  char *folder;
} Files;

static void
set_up (Files *self, gconstpointer data)
{
  self->folder = g_dir_make_tmp ("devbox-test-XXXXXX", NULL);
  g_assert_nonnull (self->folder);
}

static void
tear_down (Files *self, gconstpointer data)
{
  G_GNUC_UNUSED g_autoptr (GFile) folder = g_file_new_for_path (self->folder);
  g_autofree char *quoted = g_shell_quote (self->folder);
  g_autofree char *command = g_strconcat ("rm -rf ", quoted, NULL);

  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_free (self->folder);
}

static char *
write_file (Files *self, const char *name, const char *text)
{
  char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static DevboxKubeconfig *
load (const char *path, DevboxKubeconfigFlags flags, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  return devbox_kubeconfig_load_file_sync (file, NULL, flags, NULL, error);
}

static char *
dup_told (DevboxKubeconfig *kubeconfig)
{
  g_autoptr (GBytes) bytes = devbox_kubeconfig_to_bytes (kubeconfig);

  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* Relative paths start at the file's folder, and what they name is told in their place. */
static void
test_paths (Files *self, gconstpointer data)
{
  g_autofree char *path = write_file (
      self, "config",
      "{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}], "
      "clusters: [{name: c, cluster: {server: 'https://x.example', certificate-authority: certificates/ca.pem}}], "
      "users: [{name: u, user: {client-certificate: certificates/me.pem, client-key: certificates/me.key, "
      "tokenFile: ./token}}]}");
  G_GNUC_UNUSED g_autofree char *authority = write_file (self, "certificates/ca.pem", test_authority);
  G_GNUC_UNUSED g_autofree char *certificate = write_file (self, "certificates/me.pem", test_client_certificate);
  G_GNUC_UNUSED g_autofree char *key = write_file (self, "certificates/me.key", test_client_key);
  G_GNUC_UNUSED g_autofree char *token = write_file (self, "token", "\n" MARKER "-in-file\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = load (path, DEVBOX_KUBECONFIG_FLAGS_NONE, &error);
  g_autofree char *told = NULL;
  g_autofree char *encoded_authority = g_base64_encode ((const guchar *) test_authority, strlen (test_authority));
  g_autofree char *encoded_key = g_base64_encode ((const guchar *) test_client_key, strlen (test_client_key));

  g_assert_no_error (error);
  told = dup_told (kubeconfig);
  g_assert_nonnull (strstr (told, "    token: \"" MARKER "-in-file\"\n"));
  g_assert_nonnull (strstr (told, encoded_authority));
  g_assert_nonnull (strstr (told, encoded_key));
  g_assert_null (strstr (told, self->folder));
  g_assert_null (strstr (told, "certificates/"));

  /* It is self-contained. */
  g_clear_object (&kubeconfig);
  kubeconfig = new_from_text (told, &error);
  g_assert_no_error (error);
}

/* Data beats a path, and a token its file: what is beaten need not even be there. */
static void
test_precedence (Files *self, gconstpointer data)
{
  g_autofree char *encoded = g_base64_encode ((const guchar *) test_authority, strlen (test_authority));
  g_autofree char *text
      = g_strdup_printf ("{current-context: x, contexts: [{name: x, context: {cluster: c, user: u}}], "
                         "clusters: [{name: c, cluster: {server: 'https://x.example', certificate-authority: missing, "
                         "certificate-authority-data: %s}}], users: [{name: u, user: {token: t, tokenFile: missing, "
                         "exec: {command: no}}}]}",
                         encoded);
  g_autofree char *path = write_file (self, "config", text);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = load (path, DEVBOX_KUBECONFIG_FLAGS_NONE, &error);
  g_autofree char *told = NULL;

  g_assert_no_error (error);
  told = dup_told (kubeconfig);
  g_assert_nonnull (strstr (told, "token: \"t\""));
  g_assert_null (strstr (told, "exec"));
}

/* Each error says which file, and where in it. */
static void
test_file_errors (Files *self, gconstpointer data)
{
  static const struct
  {
    const char *text;
    const char *message; /* behind the name of the file */
  } cases[] = {
    { "a: [", "”: Malformed YAML at line 2" },
    { "current-context: x\ncontexts: 5\n", "”, line 2: “contexts” must be a list" },
    { "current-context: x\ncontexts: [{name: x, context: {user: u}}]\nusers:\n- name: u\n  user:\n    tokenFile: "
      "missing\n",
      "”, line 6: Cannot read “" },
    { "current-context: x\ncontexts: [{name: x, context: {user: u}}]\nusers:\n- name: u\n  user:\n    tokenFile: "
      "empty\n",
      "”, line 6: Cannot read “" },
    { "current-context: x\ncontexts: [{name: x, context: {user: u}}]\nusers:\n- name: u\n  user:\n    tokenFile: .\n",
      "”, line 6: Cannot read “" },
    { "current-context: x\ncontexts: [{name: x, context: {user: u}}]\nusers:\n- name: u\n  user:\n    tokenFile: "
      "fifo\n",
      "”, line 6: Cannot read “" },
    { "current-context: x\ncontexts: [{name: x, context: {user: u}}]\nusers:\n- name: u\n  user:\n    tokenFile: "
      "large\n",
      "”, line 6: Cannot read “" },
  };
  G_GNUC_UNUSED g_autofree char *empty = write_file (self, "empty", "\n");
  g_autofree char *filler = g_strnfill (65 * 1024, 's');
  G_GNUC_UNUSED g_autofree char *large = write_file (self, "large", filler);
  g_autofree char *fifo = g_build_filename (self->folder, "fifo", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = write_file (self, "config", cases[i].text);
      g_autofree char *expected = g_strconcat ("“", path, cases[i].message, NULL);
      g_autoptr (GError) refusal = NULL;

      g_assert_null (load (path, DEVBOX_KUBECONFIG_FLAGS_NONE, &refusal));
      assert_invalid (refusal);
      if (!g_str_has_prefix (refusal->message, expected))
        g_error ("%s: %s", cases[i].text, refusal->message);
    }

  g_assert_null (load (fifo, DEVBOX_KUBECONFIG_FLAGS_NONE, &error));
  assert_invalid (error);
  g_clear_error (&error);
  g_assert_null (load ("/nonexistent/config", DEVBOX_KUBECONFIG_FLAGS_NONE, &error));
  assert_invalid (error);
  g_assert_nonnull (strstr (error->message, "“/nonexistent/config”"));
}

/* The default places, of which the environment of this process tells; each case in a process of its own. */
static void
test_default_in_subprocess (Files *self, gconstpointer data)
{
  const char *expected = g_getenv ("EXPECTED_USER");
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig
      = devbox_kubeconfig_load_default_sync (NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, NULL, &error);

  if (expected != NULL)
    {
      g_assert_no_error (error);
      g_assert_cmpstr (devbox_kubeconfig_get_user (kubeconfig), ==, expected);
      return;
    }

  assert_invalid (error);
  if (strstr (error->message, g_getenv ("EXPECTED_ERROR")) == NULL)
    g_error ("%s", error->message);
}

static char *
write_minimal (Files *self, const char *name, const char *user)
{
  g_autofree char *text = g_strdup_printf ("{current-context: %s, contexts: [{name: %s, context: {user: %s}}], "
                                           "users: [{name: %s, user: {token: t}}]}",
                                           user, user, user, user);

  return write_file (self, name, text);
}

static void
run_default (Files *self, const char *list, const char *user, const char *message)
{
  g_autofree char *config = g_build_filename (self->folder, "xdg", NULL);

  g_setenv ("HOME", self->folder, TRUE);
  g_setenv ("XDG_CONFIG_HOME", config, TRUE);
  if (list != NULL)
    g_setenv ("KUBECONFIG", list, TRUE);
  else
    g_unsetenv ("KUBECONFIG");
  if (user != NULL)
    g_setenv ("EXPECTED_USER", user, TRUE);
  else
    g_unsetenv ("EXPECTED_USER");
  g_setenv ("EXPECTED_ERROR", message != NULL ? message : "", TRUE);
  g_test_trap_subprocess ("/client/kubeconfig/default/subprocess", 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

static void
test_default (Files *self, gconstpointer data)
{
  g_autofree char *broken = write_file (self, "broken", "a: [");
  g_autofree char *one = write_minimal (self, "one", "one");
  g_autofree char *two = write_minimal (self, "two", "two");
  g_autofree char *local = NULL;
  g_autofree char *own = NULL;
  g_autofree char *merged = g_strconcat ("/missing:", one, "::", two, NULL);
  g_autofree char *with_broken = g_strconcat (one, ":", broken, NULL);

  run_default (self, NULL, NULL, "devbox-platform/kubeconfig");
  run_default (self, NULL, NULL, ".kube/config");
  local = write_minimal (self, "xdg/devbox-platform/kubeconfig", "local");
  run_default (self, NULL, "local", NULL);
  run_default (self, "", "local", NULL);
  own = write_minimal (self, ".kube/config", "own");
  run_default (self, NULL, "own", NULL);
  run_default (self, two, "two", NULL);
  run_default (self, merged, "one", NULL);
  run_default (self, with_broken, NULL, "broken");
  run_default (self, "/missing:/absent", NULL, "“/missing”, “/absent”");
  g_assert_true (g_file_set_contents (own, "current-context: 5", -1, NULL));
  run_default (self, NULL, NULL, ".kube/config");
}

/* The first file to name something wins, and each path starts at its own file. */
static void
test_merge (Files *self, gconstpointer data)
{
  g_autofree char *first = write_file (self, "a/config",
                                       "{current-context: '', contexts: [{name: x, context: {cluster: c, user: u}}], "
                                       "users: [{name: u, user: {tokenFile: token}}]}");
  g_autofree char *second = write_file (
      self, "b/config",
      "{current-context: x, contexts: [{name: x, context: {user: other}}, {name: y, context: {user: v}}], "
      "clusters: [{name: c, cluster: {server: 'https://x.example'}}], "
      "users: [{name: u, user: {token: no}}, {name: v, user: {tokenFile: token}}]}");
  G_GNUC_UNUSED g_autofree char *token_a = write_file (self, "a/token", "of-a");
  G_GNUC_UNUSED g_autofree char *token_b = write_file (self, "b/token", "of-b");
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = NULL;
  g_autoptr (DevboxKubeconfig) other = NULL;
  g_autofree char *told = NULL;
  g_autofree char *told_other = NULL;

  g_ptr_array_add (files, g_file_new_for_path (first));
  g_ptr_array_add (files, g_file_new_for_path (second));
  kubeconfig = devbox_kubeconfig_new_for_tree (devbox_kubeconfig_tree_load (files, TRUE, NULL, &error), NULL,
                                               DEVBOX_KUBECONFIG_FLAGS_NONE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (devbox_kubeconfig_get_user (kubeconfig), ==, "u");
  g_assert_cmpstr (devbox_kubeconfig_get_server (kubeconfig), ==, "https://x.example");
  g_assert_cmpstrv ((GStrv) devbox_kubeconfig_get_contexts (kubeconfig), ((const char *[]){ "x", "y", NULL }));
  told = dup_told (kubeconfig);
  g_assert_nonnull (strstr (told, "token: \"of-a\""));
  other = devbox_kubeconfig_with_context (kubeconfig, "y", &error);
  g_assert_no_error (error);
  told_other = dup_told (other);
  g_assert_nonnull (strstr (told_other, "token: \"of-b\""));
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static void
test_async (Files *self, gconstpointer data)
{
  g_autofree char *path = write_minimal (self, "config", "me");
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) cancelled = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = NULL;
  g_autoptr (GError) error = NULL;

  devbox_kubeconfig_load_file_async (file, "me", DEVBOX_KUBECONFIG_FLAGS_NONE, NULL, loaded_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  kubeconfig = devbox_kubeconfig_load_file_finish (result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (devbox_kubeconfig_get_user (kubeconfig), ==, "me");

  g_cancellable_cancel (cancellable);
  devbox_kubeconfig_load_default_async (NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, cancellable, loaded_cb, &cancelled);
  while (cancelled == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (devbox_kubeconfig_load_default_finish (cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (devbox_kubeconfig_load_file_sync (file, NULL, DEVBOX_KUBECONFIG_FLAGS_NONE, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Programs */

#define CREDENTIAL(status)                                                                                             \
  "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{" status "}}"

static char *
write_plugin (Files *self, const char *script)
{
  g_autofree char *text = g_strconcat ("#!/bin/sh\n", script, "\n", NULL);
  g_autofree char *path = write_file (self, "plugin", text);

  g_assert_cmpint (g_chmod (path, 0700), ==, 0);
  return write_file (self, "config",
                     "current-context: x\n"
                     "contexts: [{name: x, context: {user: u}}]\n"
                     "users:\n"
                     "- name: u\n"
                     "  user:\n"
                     "    exec:\n"
                     "      apiVersion: client.authentication.k8s.io/v1\n"
                     "      command: ./plugin\n"
                     "      args: [one, 'two words']\n"
                     "      env: [{name: PLUGIN_SECRET, value: " MARKER "-env}]\n"
                     "      interactiveMode: Never\n");
}

static void
test_plugin (Files *self, gconstpointer data)
{
  g_autofree char *path = write_plugin (
      self, "cd \"$(dirname \"$0\")\"; echo run >> runs; printf '%s|' \"$@\" > arguments; "
            "[ \"$PLUGIN_SECRET\" = " MARKER "-env ] || exit 1; echo \"$KUBERNETES_EXEC_INFO\" > info; cat > input; "
            "echo '" CREDENTIAL ("\"token\":\"" MARKER "-plugin\"") "'");
  g_autofree char *runs_path = g_build_filename (self->folder, "runs", NULL);
  g_autofree char *arguments_path = g_build_filename (self->folder, "arguments", NULL);
  g_autofree char *info_path = g_build_filename (self->folder, "info", NULL);
  g_autofree char *arguments = NULL;
  g_autofree char *runs = NULL;
  g_autofree char *info = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = load (path, DEVBOX_KUBECONFIG_FLAGS_NONE, &error);

  assert_invalid (error);
  g_assert_nonnull (strstr (error->message, "line 6: “exec” would run a program, which was not allowed"));
  g_clear_error (&error);

  /* Only when it is needed. */
  kubeconfig = load (path, DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test (runs_path, G_FILE_TEST_EXISTS));

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *authorization
          = devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error);

      g_assert_no_error (error);
      g_assert_nonnull (strstr (authorization, MARKER "-plugin"));
      g_assert_null (strstr (authorization, "exec"));
    }
  g_assert_true (g_file_get_contents (runs_path, &runs, NULL, NULL));
  g_assert_cmpstr (runs, ==, "run\n");
  g_assert_true (g_file_get_contents (arguments_path, &arguments, NULL, NULL));
  g_assert_cmpstr (arguments, ==, "one|two words|");
  g_assert_true (g_file_get_contents (info_path, &info, NULL, NULL));
  g_assert_cmpstr (info, ==,
                   "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"spec\":{"
                   "\"interactive\":false}}\n");
}

/* A credential that has ended is asked for anew. */
static void
test_plugin_expiry (Files *self, gconstpointer data)
{
  g_autofree char *path
      = write_plugin (self, "cd \"$(dirname \"$0\")\"; echo run >> runs; echo '" CREDENTIAL (
                                "\"token\":\"t\",\"expirationTimestamp\":\"2020-01-01T00:00:00Z\"") "'");
  g_autofree char *runs_path = g_build_filename (self->folder, "runs", NULL);
  g_autofree char *runs = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = load (path, DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    g_free (devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (runs_path, &runs, NULL, NULL));
  g_assert_cmpstr (runs, ==, "run\nrun\n");
}

static void
test_plugin_failures (Files *self, gconstpointer data)
{
  static const struct
  {
    const char *script;
    const char *message;
  } cases[] = {
    { "echo " MARKER "; echo " MARKER " >&2; exit 3", "exit status 3" },
    { "kill -9 $$", "signal 9" },
    { "echo " MARKER, "“stdout”" },
    { "true", "“stdout”" },
    { "echo '[]'", "“stdout”" },
    { "echo '{\"kind\":\"" MARKER "\"}'", "“kind”" },
    { "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\"}'", "“apiVersion”" },
    { "echo '" CREDENTIAL ("") "'", "“token”" },
    { "echo '" CREDENTIAL ("\"token\":5") "'", "“token”" },
    { "echo '" CREDENTIAL ("\"clientCertificateData\":\"" MARKER "\"") "'", "“clientKeyData”" },
    { "echo '" CREDENTIAL ("\"clientCertificateData\":\"" MARKER "\",\"clientKeyData\":\"x\"") "'", "" },
    { "echo '" CREDENTIAL ("\"token\":\"t\",\"expirationTimestamp\":\"" MARKER "\"") "'", "“expirationTimestamp”" },
    { "head -c 300000 /dev/zero; sleep 30", "prints too much" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = write_plugin (self, cases[i].script);
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxKubeconfig) kubeconfig = load (path, DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC, &error);

      g_assert_no_error (error);
      g_assert_null (devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error));
      assert_invalid (error);
      if (strstr (error->message, cases[i].message) == NULL)
        g_error ("%s: %s", cases[i].script, error->message);
    }
}

static void
test_plugin_refused (Files *self, gconstpointer data)
{
  static const struct
  {
    const char *members;
    const char *name;
  } cases[] = {
    { "", "“apiVersion”" },
    { "apiVersion: client.authentication.k8s.io/v1alpha1, command: x", "“apiVersion”" },
    { "apiVersion: client.authentication.k8s.io/v1", "“command”" },
    { "apiVersion: client.authentication.k8s.io/v1, command: x, args: [5]", "“args”" },
    { "apiVersion: client.authentication.k8s.io/v1, command: x, env: [{name: 'A=B', value: c}]", "“env”" },
    { "apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always", "“interactiveMode”" },
  };
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxKubeconfig) kubeconfig = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("{current-context: x, contexts: [{name: x, context: {user: u}}], "
                                               "users: [{name: u, user: {exec: {%s}}}]}",
                                               cases[i].members);
      g_autofree char *config = write_file (self, "config", text);
      g_autoptr (GError) refusal = NULL;

      g_assert_null (load (config, DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC, &refusal));
      assert_invalid (refusal);
      g_assert_nonnull (strstr (refusal->message, cases[i].name));
    }

  path = write_file (self, "config",
                     "{current-context: x, contexts: [{name: x, context: {user: u}}], users: [{name: u, user: {exec: "
                     "{apiVersion: client.authentication.k8s.io/v1beta1, command: devbox-no-such-program, "
                     "installHint: Install it}}}]}");
  kubeconfig = load (path, DEVBOX_KUBECONFIG_FLAGS_ALLOW_EXEC, &error);
  g_assert_no_error (error);
  g_assert_null (devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error));
  assert_invalid (error);
  g_assert_nonnull (strstr (error->message, "(Install it)"));
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
  g_autoptr (DevboxKubeconfig) kubeconfig = new_from_text (text, &error);

  g_assert_no_error (error);
  g_assert_null (devbox_kubeconfig_dup_authorization (kubeconfig, DEVBOX_AUTHORIZATION_FORM_PLAIN, &error));
  assert_invalid (error);
  g_assert_nonnull (strstr (error->message, "too large for a header"));
}

#define ADD_WITH_FILES(name, function) g_test_add ("/client/kubeconfig/" name, Files, NULL, set_up, function, tear_down)

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
  ADD_WITH_FILES ("paths", test_paths);
  ADD_WITH_FILES ("precedence", test_precedence);
  ADD_WITH_FILES ("file-errors", test_file_errors);
  ADD_WITH_FILES ("default", test_default);
  ADD_WITH_FILES ("default/subprocess", test_default_in_subprocess);
  ADD_WITH_FILES ("merge", test_merge);
  ADD_WITH_FILES ("async", test_async);
  ADD_WITH_FILES ("plugin", test_plugin);
  ADD_WITH_FILES ("plugin-expiry", test_plugin_expiry);
  ADD_WITH_FILES ("plugin-failures", test_plugin_failures);
  ADD_WITH_FILES ("plugin-refused", test_plugin_refused);

  return g_test_run ();
}
