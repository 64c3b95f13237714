/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-wire-json-private.h"

#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>

/* An array or object that says anything takes more bytes. */
#define MIN_CONTAINER_SIZE 16
#define FEW_CONTAINERS 4096
#define MAX_CONTAINERS (256 * 1024)
#define MAX_VALUES (2 * 1024 * 1024)
#define MAX_PAIRS (16 * 1024 * 1024) /* of names that are compared when all have one hash: a second */

static gboolean
check_amount (gsize size, guint64 n_containers, guint64 n_values, guint64 n_pairs, GError **error)
{
  if (n_containers <= MIN (FEW_CONTAINERS + size / MIN_CONTAINER_SIZE, MAX_CONTAINERS) && n_values <= MAX_VALUES
      && n_pairs <= MAX_PAIRS)
    return TRUE;

  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                       _ ("The JSON text holds too many values"));
  return FALSE;
}

JsonNode *
devbox_wire_json_parse (const char *data, gsize size, GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) local_error = NULL;
  guint64 n_containers;
  guint64 n_values;
  guint64 n_pairs;

  if (!devbox_wire_json_measure (data, size, &n_containers, &n_values, &n_pairs, error)
      || !check_amount (size, n_containers, n_values, n_pairs, error))
    return NULL;

  parser = json_parser_new ();
  if (!json_parser_load_from_data (parser, data, size, &local_error))
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   /* Translators: %s is json-glib's own message */
                   _ ("Malformed JSON: %s"), local_error->message);
      return NULL;
    }

  return json_parser_steal_root (parser);
}

JsonObject *
devbox_wire_json_parse_object (const char *data, gsize size, GError **error)
{
  g_autoptr (JsonNode) root = devbox_wire_json_parse (data, size, error);

  if (root == NULL)
    return NULL;

  if (!JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                           _ ("The JSON text must be an object"));
      return NULL;
    }

  return json_node_dup_object (root);
}

typedef enum
{
  KIND_NULL,
  KIND_OBJECT,
  KIND_ARRAY,
  KIND_STRING,
  KIND_BOOLEAN,
  KIND_INTEGER,
  KIND_DOUBLE,
} Kind;

static Kind
get_kind (JsonNode *node)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      return KIND_OBJECT;
    case JSON_NODE_ARRAY:
      return KIND_ARRAY;
    case JSON_NODE_NULL:
      return KIND_NULL;
    case JSON_NODE_VALUE:
    default:
      break;
    }

  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      return KIND_STRING;
    case G_TYPE_BOOLEAN:
      return KIND_BOOLEAN;
    case G_TYPE_INT64:
      return KIND_INTEGER;
    default:
      return KIND_DOUBLE;
    }
}

/* What an error says was found: a number as it is, anything else by its kind, since it may be long or secret. */
static char *
describe (JsonNode *node)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  switch (get_kind (node))
    {
    case KIND_OBJECT:
      return g_strdup (_ ("an object"));
    case KIND_ARRAY:
      return g_strdup (_ ("an array"));
    case KIND_STRING:
      return g_strdup (_ ("a string"));
    case KIND_BOOLEAN:
      return g_strdup (json_node_get_boolean (node) ? "true" : "false");
    case KIND_INTEGER:
      return g_strdup_printf ("%" PRIi64, json_node_get_int (node));
    case KIND_DOUBLE:
      return g_strdup (g_ascii_dtostr (number, sizeof number, json_node_get_double (node)));
    case KIND_NULL:
    default:
      return g_strdup ("null");
    }
}

static gboolean
fail_type (const char *name, const char *expected, JsonNode *node, GError **error)
{
  g_autofree char *found = describe (node);

  g_set_error (
      error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
      /* Translators: the name of a member, what it has to be (as “a string”), what it is (as “an array” or a number) */
      _ ("“%s” must be %s, but is %s"), name, expected, found);

  return FALSE;
}

/* *node: NULL when there is nothing to read. */
static gboolean
get_member (JsonObject *object, const char *name, gboolean required, JsonNode **node, GError **error)
{
  *node = json_object_get_member (object, name);
  if (*node != NULL && !JSON_NODE_HOLDS_NULL (*node))
    return TRUE;

  if (required)
    {
      g_set_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR,
                   /* Translators: %s is the name of a member of a JSON object */
                   *node != NULL ? _ ("“%s” must not be null") : _ ("“%s” is missing"), name);
      return FALSE;
    }

  *node = NULL;

  return TRUE;
}

gboolean
devbox_wire_json_get_string (JsonObject *object,
                             const char *name,
                             gboolean required,
                             const char **value,
                             GError **error)
{
  JsonNode *node;

  if (!get_member (object, name, required, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  if (get_kind (node) != KIND_STRING)
    return fail_type (name, _ ("a string"), node, error);

  *value = json_node_get_string (node);

  return TRUE;
}

gboolean
devbox_wire_json_get_boolean (JsonObject *object, const char *name, gboolean required, gboolean *value, GError **error)
{
  JsonNode *node;

  if (!get_member (object, name, required, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  if (get_kind (node) != KIND_BOOLEAN)
    return fail_type (name, _ ("true or false"), node, error);

  *value = json_node_get_boolean (node);

  return TRUE;
}

/* Both ends are exact: a double at or past 2^63 has no gint64. */
static gboolean
double_to_int (double number, gint64 *integer)
{
  if (number != floor (number) || number < -0x1p63 || number >= 0x1p63)
    return FALSE;

  *integer = (gint64) number;

  return TRUE;
}

static gboolean
node_to_int (JsonNode *node, gint64 *integer)
{
  switch (get_kind (node))
    {
    case KIND_INTEGER:
      *integer = json_node_get_int (node);
      return TRUE;
    case KIND_DOUBLE:
      return double_to_int (json_node_get_double (node), integer);
    default:
      return FALSE;
    }
}

gboolean
devbox_wire_json_get_int (JsonObject *object,
                          const char *name,
                          gboolean required,
                          gint64 minimum,
                          gint64 maximum,
                          gint64 *value,
                          GError **error)
{
  JsonNode *node;
  gint64 integer;

  if (!get_member (object, name, required, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;

  if (!node_to_int (node, &integer) || integer < minimum || integer > maximum)
    {
      /* Translators: the least and the greatest value that is allowed */
      g_autofree char *expected
          = g_strdup_printf (_ ("an integer from %lld to %lld"), (long long) minimum, (long long) maximum);

      return fail_type (name, expected, node, error);
    }

  *value = integer;

  return TRUE;
}

gboolean
devbox_wire_json_get_double (JsonObject *object,
                             const char *name,
                             gboolean required,
                             double minimum,
                             double maximum,
                             double *value,
                             GError **error)
{
  JsonNode *node;
  Kind kind;
  double number;

  if (!get_member (object, name, required, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;

  kind = get_kind (node);
  number = kind == KIND_INTEGER || kind == KIND_DOUBLE ? json_node_get_double (node) : NAN;
  if (!(number >= minimum && number <= maximum))
    {
      /* Translators: the least and the greatest value that is allowed */
      g_autofree char *expected = g_strdup_printf (_ ("a number from %g to %g"), minimum, maximum);

      return fail_type (name, expected, node, error);
    }

  *value = number;

  return TRUE;
}

gboolean
devbox_wire_json_get_object (JsonObject *object,
                             const char *name,
                             gboolean required,
                             JsonObject **value,
                             GError **error)
{
  JsonNode *node;

  if (!get_member (object, name, required, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  if (get_kind (node) != KIND_OBJECT)
    return fail_type (name, _ ("an object"), node, error);

  *value = json_node_get_object (node);

  return TRUE;
}

gboolean
devbox_wire_json_get_array (JsonObject *object, const char *name, gboolean required, JsonArray **value, GError **error)
{
  JsonNode *node;

  if (!get_member (object, name, required, &node, error))
    return FALSE;
  if (node == NULL)
    return TRUE;
  if (get_kind (node) != KIND_ARRAY)
    return fail_type (name, _ ("an array"), node, error);

  *value = json_node_get_array (node);

  return TRUE;
}

/* Reads the elements of an array, all of one kind, which `add` keeps. */
typedef void (*AddFunc) (gpointer builder, JsonNode *element);

static gboolean
read_elements (const char *name,
               JsonArray *array,
               Kind kind,
               const char *expected,
               AddFunc add,
               gpointer builder,
               GError **error)
{
  guint n_elements = json_array_get_length (array);

  for (guint i = 0; i < n_elements; i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (get_kind (node) != kind)
        {
          g_autofree char *element = g_strdup_printf ("%s[%u]", name, i);

          return fail_type (element, expected, node, error);
        }
      add (builder, node);
    }

  return TRUE;
}

static void
add_string (gpointer builder, JsonNode *element)
{
  g_strv_builder_add (builder, json_node_get_string (element));
}

gboolean
devbox_wire_json_get_strv (JsonObject *object, const char *name, gboolean required, GStrv *value, GError **error)
{
  g_autoptr (GStrvBuilder) builder = NULL;
  JsonArray *array = NULL;

  if (!devbox_wire_json_get_array (object, name, required, &array, error))
    return FALSE;
  if (array == NULL)
    return TRUE;

  builder = g_strv_builder_new ();
  if (!read_elements (name, array, KIND_STRING, _ ("a string"), add_string, builder, error))
    return FALSE;

  *value = g_strv_builder_end (builder);

  return TRUE;
}

static void
add_object (gpointer objects, JsonNode *element)
{
  g_ptr_array_add (objects, json_node_get_object (element));
}

gboolean
devbox_wire_json_get_objects (JsonObject *object,
                              const char *name,
                              gboolean required,
                              GPtrArray **value,
                              GError **error)
{
  g_autoptr (GPtrArray) objects = NULL;
  JsonArray *array = NULL;

  if (!devbox_wire_json_get_array (object, name, required, &array, error))
    return FALSE;
  if (array == NULL)
    return TRUE;

  objects = g_ptr_array_new ();
  if (!read_elements (name, array, KIND_OBJECT, _ ("an object"), add_object, objects, error))
    return FALSE;

  *value = g_steal_pointer (&objects);

  return TRUE;
}
