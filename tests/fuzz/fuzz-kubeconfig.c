/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree keeps its limits, and is the same when it is written as JSON and read again; a scalar that could be a number
 * is one where the expressions of the core schema say so. */
#include "devbox-wire-error-private.h"
#include "devbox-wire-kubeconfig-private.h"

#include <math.h>
#include <string.h>

#define INTEGER "^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"
#define DECIMAL "^[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?$"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_string (const char *string)
{
  g_assert_true (g_utf8_validate (string, -1, NULL));
}

static void check_node (JsonNode *node, guint depth);

static void
check_member (JsonObject *object, const char *name, JsonNode *node, gpointer depth)
{
  check_string (name);
  check_node (node, GPOINTER_TO_UINT (depth));
}

static void
check_element (JsonArray *array, guint i, JsonNode *node, gpointer depth)
{
  check_node (node, GPOINTER_TO_UINT (depth));
}

static void
check_node (JsonNode *node, guint depth)
{
  g_assert_cmpuint (depth, <=, 32);
  if (JSON_NODE_HOLDS_OBJECT (node))
    json_object_foreach_member (json_node_get_object (node), check_member, GUINT_TO_POINTER (depth + 1));
  else if (JSON_NODE_HOLDS_ARRAY (node))
    json_array_foreach_element (json_node_get_array (node), check_element, GUINT_TO_POINTER (depth + 1));
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    check_string (json_node_get_string (node));
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_DOUBLE)
    g_assert_true (isfinite (json_node_get_double (node)));
}

static void
check_again (JsonNode *root)
{
  g_autofree char *json = json_to_string (root, FALSE);
  g_autoptr (JsonNode) again = NULL;

  /* json-glib writes 2e21 as 2e+21.0. */
  if (strstr (json, "e+") != NULL || strstr (json, "e-") != NULL)
    return;
  /* Control characters stand in JSON as they are, but never in YAML. */
  for (const char *p = json; *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isprint (g_utf8_get_char (p)))
      return;

  again = devbox_wire_yaml_parse (json, strlen (json), NULL);
  if (again != NULL)
    {
      g_autofree char *json_again = json_to_string (again, FALSE);

      g_assert_cmpstr (json_again, ==, json);
    }
}

static void
check_scalar (const char *text, JsonNode *root)
{
  GType type;

  if (text[0] == '\0' || strspn (text, "0123456789+-.eEoxaf") != strlen (text))
    return;
  if (root == NULL) /* out of range, or "- " without its space */
    return;
  if (!JSON_NODE_HOLDS_VALUE (root))
    return;

  type = json_node_get_value_type (root);
  if (g_regex_match_simple (INTEGER, text, 0, 0))
    g_assert_true (type == G_TYPE_INT64);
  else if (g_regex_match_simple (DECIMAL, text, 0, 0))
    g_assert_true (type == G_TYPE_DOUBLE);
  else
    g_assert_true (type == G_TYPE_STRING);
}

/* The same tree, or one of JSON, which has no lines. */
static void
check_with_lines (const char *data, gsize size, JsonNode *expected)
{
  g_autoptr (GHashTable) lines = g_hash_table_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxWireSecretNode) root = devbox_wire_kubeconfig_parse (data, size, lines, &error);
  DevboxWireKubeconfig kubeconfig;

  g_assert_true ((root == NULL) == (error != NULL));
  if (expected != NULL)
    {
      g_assert_nonnull (root);
      g_assert_true (json_node_equal (root, expected));
    }
  else if (root != NULL)
    {
      g_assert_true (data[0] == '{');
      g_assert_cmpuint (g_hash_table_size (lines), ==, 0);
      devbox_wire_kubeconfig_read (root, NULL, &kubeconfig, NULL);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = devbox_wire_yaml_parse ((const char *) data, size, &error);
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);
  DevboxWireKubeconfig kubeconfig;

  g_assert_true ((root == NULL) == (error != NULL));
  check_scalar (text, root);
  check_with_lines ((const char *) data, size, root);
  if (root == NULL)
    {
      g_assert_true (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG));
      return 0;
    }

  check_node (root, 0);
  check_again (root);
  if (devbox_wire_kubeconfig_read (root, NULL, &kubeconfig, &error))
    g_assert_true (kubeconfig.context != NULL && (kubeconfig.token == NULL || kubeconfig.token[0] != '\0'));
  else
    g_assert_true (g_error_matches (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_INVALID_KUBECONFIG));

  return 0;
}
