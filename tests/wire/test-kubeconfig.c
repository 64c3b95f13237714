/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devbox-wire-error-private.h"
#include "devbox-wire-kubeconfig-private.h"

#include <string.h>

/* As kubectl writes them, with more than one of each. */
static const char usual[] = "apiVersion: v1\n"
                            "clusters:\n"
                            "- cluster:\n"
                            "    certificate-authority-data: LS0tLS1CRUdJTg==\n"
                            "    server: https://one.example:6443\n"
                            "  name: one\n"
                            "- cluster:\n"
                            "    server: https://two.example:6443\n"
                            "    extensions:\n"
                            "    - name: client.authentication.k8s.io/exec\n"
                            "      extension: 5\n"
                            "    - name: devbox.sealos.io\n"
                            "      extension:\n"
                            "        base-url: https://devbox.two.example\n"
                            "  name: two\n"
                            "contexts:\n"
                            "- context:\n"
                            "    cluster: one\n"
                            "    user: alice\n"
                            "  name: first\n"
                            "- context:\n"
                            "    cluster: two\n"
                            "    namespace: ns-bob\n"
                            "    user: bob\n"
                            "  name: second\n"
                            "current-context: second\n"
                            "kind: Config\n"
                            "preferences: {}\n"
                            "users:\n"
                            "- name: alice\n"
                            "  user:\n"
                            "    client-certificate-data: LS0tLS1CRUdJTg==\n"
                            "- name: bob\n"
                            "  user:\n"
                            "    token: secret-of-bob\n";

#define ENTRY(part, name, members) "{name: " name ", " part ": {" members "}}"
#define CONFIG(members) "{current-context: x, " members "}"

static gboolean
read_text (const char *text, JsonNode **root, DevboxWireKubeconfig *kubeconfig, GError **error)
{
  *root = devbox_wire_yaml_parse (text, strlen (text), error);
  g_assert_nonnull (*root);

  return devbox_wire_kubeconfig_read (*root, NULL, kubeconfig, error);
}

static void
test_usual (void)
{
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;
  DevboxWireKubeconfig kubeconfig;

  g_assert_true (read_text (usual, &root, &kubeconfig, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (kubeconfig.context, ==, "second");
  g_assert_cmpstr (kubeconfig.cluster, ==, "two");
  g_assert_cmpstr (kubeconfig.user, ==, "bob");
  g_assert_cmpstr (kubeconfig.server, ==, "https://two.example:6443");
  g_assert_cmpstr (kubeconfig.name_space, ==, "ns-bob");
  g_assert_cmpstr (kubeconfig.token, ==, "secret-of-bob");
  g_assert_cmpstr (kubeconfig.base_url, ==, "https://devbox.two.example");
}

static void
test_first (void)
{
  g_autofree char *text = g_strdup (usual);
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;
  DevboxWireKubeconfig kubeconfig;

  memcpy (strstr (text, "current-context: second"), "current-context: first ", strlen ("current-context: second"));
  g_assert_true (read_text (text, &root, &kubeconfig, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (kubeconfig.server, ==, "https://one.example:6443");
  g_assert_null (kubeconfig.name_space);
  g_assert_null (kubeconfig.token);
  g_assert_null (kubeconfig.base_url);
}

static void
test_json (void)
{
  g_autoptr (JsonNode) yaml = devbox_wire_yaml_parse (usual, strlen (usual), NULL);
  g_autofree char *json = json_to_string (yaml, FALSE);
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;
  DevboxWireKubeconfig kubeconfig;

  g_assert_true (read_text (json, &root, &kubeconfig, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (kubeconfig.token, ==, "secret-of-bob");
}

/* Surrogates, which JSON needs and libyaml refuses; what is broken either way is told as YAML. */
static void
test_json_alone (void)
{
  static const char text[] = "{\"current-context\": \"\\ud83d\\ude00\", \"contexts\": [{\"name\": \"\\ud83d\\ude00\", "
                             "\"context\": {\"namespace\": \"n\"}}]}";
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxWireSecretNode) root = devbox_wire_kubeconfig_parse (text, strlen (text), NULL, &error);
  DevboxWireKubeconfig kubeconfig;

  g_assert_no_error (error);
  g_assert_true (devbox_wire_kubeconfig_read (root, NULL, &kubeconfig, &error));
  g_assert_cmpstr (kubeconfig.context, ==, "😀");
  g_assert_cmpstr (kubeconfig.name_space, ==, "n");

  g_assert_null (devbox_wire_kubeconfig_parse ("{\"a\"", 4, NULL, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG);
  g_assert_true (g_str_has_prefix (error->message, "Malformed YAML at line "));
}

/* Where it is that something is wrong. */
static void
test_lines (void)
{
  static const char text[] = "current-context: x\n"
                             "contexts:\n"
                             "- name: x\n"
                             "  context:\n"
                             "    user: u\n"
                             "users:\n"
                             "- name: v\n"
                             "- name: u\n"
                             "  user:\n"
                             "    token: 5\n";
  g_autoptr (GHashTable) lines = g_hash_table_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxWireSecretNode) root = devbox_wire_kubeconfig_parse (text, strlen (text), lines, &error);
  DevboxWireKubeconfig kubeconfig;

  g_assert_no_error (error);
  g_assert_false (devbox_wire_kubeconfig_read (root, NULL, &kubeconfig, &error));
  g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG);
  g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (lines, kubeconfig.fault)), ==, 10);
  g_clear_error (&error);

  g_assert_false (devbox_wire_kubeconfig_read (root, "y", &kubeconfig, &error));
  g_assert_cmpstr (error->message, ==, "“y” is not in “contexts” of the kubeconfig");
  g_assert_cmpuint (GPOINTER_TO_UINT (g_hash_table_lookup (lines, kubeconfig.fault)), ==, 2);
}

static void
test_little (void)
{
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;
  DevboxWireKubeconfig kubeconfig;

  /* Neither a cluster nor a user: what there is of both is not asked for. */
  g_assert_true (
      read_text (CONFIG ("contexts: [" ENTRY ("context", "x", "") "], users: 5"), &root, &kubeconfig, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (kubeconfig.context, ==, "x");
  g_assert_null (kubeconfig.cluster);
  g_assert_null (kubeconfig.user);
  g_assert_null (kubeconfig.server);
  g_assert_null (kubeconfig.token);
}

static void
test_empty_token (void)
{
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;
  DevboxWireKubeconfig kubeconfig;

  g_assert_true (read_text (
      CONFIG ("contexts: [" ENTRY ("context", "x", "user: u") "], users: [" ENTRY ("user", "u", "token: ''") "]"),
      &root, &kubeconfig, &error));
  g_assert_no_error (error);
  g_assert_null (kubeconfig.token);
}

#define WRONG(name) "“" name "” of the kubeconfig is missing or of another type than it must be"
#define CONTEXT(members) "contexts: [" ENTRY ("context", "x", members) "]"

static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    const char *message;
  } cases[] = {
    { "", "The kubeconfig must be a mapping of names to values" },
    { "[]", "The kubeconfig must be a mapping of names to values" },
    { "none", "The kubeconfig must be a mapping of names to values" },
    { "{}", WRONG ("current-context") },
    { "{current-context: }", WRONG ("current-context") },
    { "{current-context: 5}", WRONG ("current-context") },
    { "{current-context: x}", "“x” is not in “contexts” of the kubeconfig" },
    { CONFIG ("contexts: x"), WRONG ("contexts") },
    { CONFIG ("contexts: [x]"), WRONG ("contexts") },
    { CONFIG ("contexts: [{}]"), WRONG ("name") },
    { CONFIG ("contexts: [{name: 5}]"), WRONG ("name") },
    { CONFIG ("contexts: [{name: y}]"), "“x” is not in “contexts” of the kubeconfig" },
    { CONFIG ("contexts: [{name: x}]"), WRONG ("context") },
    { CONFIG ("contexts: [{name: x, context: []}]"), WRONG ("context") },
    { CONFIG ("contexts: [" ENTRY ("context", "x", "") ", " ENTRY ("context", "x", "") "]"),
      "“x” stands more than once in “contexts” of the kubeconfig" },
    { CONFIG (CONTEXT ("cluster: 5")), WRONG ("cluster") },
    { CONFIG (CONTEXT ("namespace: true")), WRONG ("namespace") },
    { CONFIG (CONTEXT ("user: []")), WRONG ("user") },
    { CONFIG (CONTEXT ("cluster: c")), "“c” is not in “clusters” of the kubeconfig" },
    { CONFIG (CONTEXT ("user: u") ", users: []"), "“u” is not in “users” of the kubeconfig" },
    { CONFIG (CONTEXT ("cluster: c") ", clusters: [" ENTRY ("cluster", "c", "server: 5") "]"), WRONG ("server") },
    { CONFIG (CONTEXT ("cluster: c") ", clusters: [" ENTRY ("cluster", "c", "extensions: 5") "]"),
      WRONG ("extensions") },
    { CONFIG (CONTEXT ("cluster: c") ", clusters: [" ENTRY (
          "cluster", "c", "extensions: [5, {name: devbox.sealos.io, extension: 5}]") "]"),
      WRONG ("extension") },
    { CONFIG (CONTEXT ("cluster: c") ", clusters: [" ENTRY (
          "cluster", "c", "extensions: [{name: devbox.sealos.io, extension: {base-url: 5}}]") "]"),
      WRONG ("base-url") },
    /* Not even a part of a secret is told. */
    { CONFIG (CONTEXT ("user: u") ", users: [" ENTRY ("user", "u", "token: 123456") "]"), WRONG ("token") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonNode) root = NULL;
      g_autoptr (GError) error = NULL;
      DevboxWireKubeconfig kubeconfig;

      g_assert_false (read_text (cases[i].text, &root, &kubeconfig, &error));
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

static void
test_local_path (void)
{
  g_autofree char *path = devbox_wire_kubeconfig_dup_local_path ();
  g_autofree char *expected = g_build_filename (g_get_user_config_dir (), "devbox-platform", "kubeconfig", NULL);

  g_assert_cmpstr (path, ==, expected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kubeconfig/usual", test_usual);
  g_test_add_func ("/kubeconfig/first", test_first);
  g_test_add_func ("/kubeconfig/json", test_json);
  g_test_add_func ("/kubeconfig/json-alone", test_json_alone);
  g_test_add_func ("/kubeconfig/lines", test_lines);
  g_test_add_func ("/kubeconfig/little", test_little);
  g_test_add_func ("/kubeconfig/empty-token", test_empty_token);
  g_test_add_func ("/kubeconfig/refused", test_refused);
  g_test_add_func ("/kubeconfig/local-path", test_local_path);

  return g_test_run ();
}
