/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was said between clients and platforms of both forms, in recordings/: each request has to be the one that is
 * recorded, and the replies have to come to the recorded result. Then every member of every reply is taken away, and
 * replaced by what does not belong there: whatever comes of it, it is a result or an error. */
#include "devbox-endpoint-private.h"
#include "devbox-enum-types.h"
#include "devbox-error-private.h"
#include "devbox-instance-info-private.h"
#include "devbox-instance-spec.h"
#include "devbox-platform-requests-private.h"
#include "devbox-port.h"
#include "devbox-wire-error-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

#define BASE_URL "https://devbox.example.org"
#define MAX_STEPS 32

/* Of the arguments of a recording. */
static const char *
get_text (JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default (object, name, NULL);
}

static DevboxPort *
make_port (JsonObject *object)
{
  const char *protocol = get_text (object, "protocol");
  g_autoptr (GEnumClass) protocols = g_type_class_ref (DEVBOX_TYPE_PORT_PROTOCOL);
  DevboxPortProtocol value
      = protocol != NULL ? g_enum_get_value_by_nick (protocols, protocol)->value : DEVBOX_PORT_PROTOCOL_UNKNOWN;

  return g_object_new (DEVBOX_TYPE_PORT, "number", (guint) json_object_get_int_member (object, "number"), "protocol",
                       value, "name", get_text (object, "name"), NULL);
}

static GListStore *
make_ports (JsonArray *array)
{
  GListStore *ports = g_list_store_new (DEVBOX_TYPE_PORT);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      g_autoptr (DevboxPort) port = make_port (json_array_get_object_element (array, i));

      g_list_store_append (ports, port);
    }

  return ports;
}

static void
set_variable (JsonObject *object, const char *name, JsonNode *node, gpointer spec)
{
  devbox_instance_spec_setenv (spec, name, json_node_get_string (node), TRUE);
}

static DevboxInstanceSpec *
make_spec (JsonObject *arguments)
{
  DevboxInstanceSpec *spec
      = devbox_instance_spec_new (get_text (arguments, "spec-name"), get_text (arguments, "runtime"));

  devbox_instance_spec_set_cpu (spec, (guint) json_object_get_int_member_with_default (arguments, "cpu", 0));
  devbox_instance_spec_set_memory (spec, (guint) json_object_get_int_member_with_default (arguments, "memory", 0));
  devbox_instance_spec_set_network (spec, json_object_get_boolean_member_with_default (arguments, "network", FALSE));
  devbox_instance_spec_set_autostart (spec, get_text (arguments, "autostart"));
  if (json_object_has_member (arguments, "release-name"))
    devbox_instance_spec_set_release (spec, get_text (arguments, "release-name"), get_text (arguments, "tag"));
  if (json_object_has_member (arguments, "ports"))
    {
      g_autoptr (GListStore) ports = make_ports (json_object_get_array_member (arguments, "ports"));

      devbox_instance_spec_set_ports (spec, G_LIST_MODEL (ports));
    }
  if (json_object_has_member (arguments, "environ"))
    json_object_foreach_member (json_object_get_object_member (arguments, "environ"), set_variable, spec);

  return spec;
}

static GDateTime *
make_time (JsonObject *arguments, const char *name)
{
  const char *text = get_text (arguments, name);
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();

  return text != NULL ? g_date_time_new_from_iso8601 (text, utc) : NULL;
}

static DevboxRequest *
make_change (const char *operation, const char *name, GError **error)
{
  static const char *const actions[] = { "start", "pause", "restart", "shutdown", "delete" };

  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      if (g_str_equal (operation, actions[i]))
        return devbox_change_instance_request_new (name, (DevboxInstanceAction) i, error);
    }

  g_error ("No such operation: %s", operation);
}

static DevboxRequest *
make_wait (JsonObject *arguments)
{
  const char *name = get_text (arguments, "name");
  g_autoptr (DevboxEndpoint) endpoint = devbox_endpoint_new ("http://127.0.0.1:3000", NULL, NULL);
  g_autoptr (DevboxAgent) agent
      = name != NULL ? devbox_agent_new_for_devbox (name) : devbox_agent_new_for_endpoint (endpoint);

  return devbox_wait_ready_request_new (agent, 10000, NULL);
}

static DevboxRequest *
make_release_request (const char *operation, JsonObject *arguments, GError **error)
{
  const char *name = get_text (arguments, "name");
  const char *tag = get_text (arguments, "tag");

  if (g_str_equal (operation, "list-releases"))
    return devbox_list_releases_request_new (name, error);
  if (g_str_equal (operation, "create-release"))
    return devbox_create_release_request_new (name, tag, get_text (arguments, "description"), error);
  if (g_str_equal (operation, "delete-release"))
    return devbox_delete_release_request_new (name, tag, error);
  if (g_str_equal (operation, "deploy-release"))
    return devbox_deploy_release_request_new (name, tag, get_text (arguments, "new-name"), error);

  return make_change (operation, name, error);
}

static DevboxRequest *
make_request (const char *operation, JsonObject *arguments, GError **error)
{
  const char *name = get_text (arguments, "name");
  g_autoptr (DevboxInstanceSpec) spec = make_spec (arguments);
  g_autoptr (GDateTime) start = make_time (arguments, "start");
  g_autoptr (GDateTime) end = make_time (arguments, "end");

  if (g_str_equal (operation, "create"))
    return devbox_create_instance_request_new (spec, error);
  if (g_str_equal (operation, "get"))
    return devbox_get_instance_request_new (name, error);
  if (g_str_equal (operation, "update"))
    return devbox_update_instance_request_new (name, spec, error);
  if (g_str_equal (operation, "list"))
    return devbox_list_instances_request_new (get_text (arguments, "status"), get_text (arguments, "runtime"), error);
  if (g_str_equal (operation, "set-ports"))
    return devbox_set_ports_request_new (name, devbox_instance_spec_get_ports (spec), error);
  if (g_str_equal (operation, "set-autostart"))
    return devbox_set_autostart_request_new (name, get_text (arguments, "command"), error);
  if (g_str_equal (operation, "list-templates"))
    return devbox_list_templates_request_new ();
  if (g_str_equal (operation, "list-samples"))
    return devbox_list_samples_request_new (
        name, start, end, (guint) json_object_get_int_member_with_default (arguments, "step", 0), error);
  if (g_str_equal (operation, "test-auth"))
    return devbox_test_auth_request_new ();
  if (g_str_equal (operation, "wait-ready"))
    return make_wait (arguments);

  return make_release_request (operation, arguments, error);
}

/* Results, as JSON. */

static JsonNode *describe_object (GObject *object, JsonObject *wanted);

static JsonNode *
describe_list (GListModel *list, JsonArray *wanted)
{
  g_autoptr (JsonArray) array = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (list, i);
      JsonObject *wanted_item = i < json_array_get_length (wanted) ? json_array_get_object_element (wanted, i) : NULL;

      json_array_add_element (array, describe_object (item, wanted_item));
    }
  json_node_set_array (node, array);

  return node;
}

static JsonNode *
describe_strv (const char *const *strv)
{
  g_autoptr (JsonArray) array = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  for (guint i = 0; strv[i] != NULL; i++)
    json_array_add_string_element (array, strv[i]);
  json_node_set_array (node, array);

  return node;
}

static JsonNode *
describe_boxed (const GValue *value)
{
  gpointer boxed = g_value_get_boxed (value);
  g_autofree char *time = NULL;

  if (boxed == NULL)
    return json_node_new (JSON_NODE_NULL);
  if (G_VALUE_HOLDS (value, G_TYPE_STRV))
    return describe_strv (boxed);

  g_assert_true (G_VALUE_HOLDS (value, G_TYPE_DATE_TIME));
  time = g_date_time_format_iso8601 (boxed);

  return json_node_init_string (json_node_alloc (), time);
}

static JsonNode *
describe_value (const GValue *value, JsonNode *wanted)
{
  JsonNode *node;

  if (G_VALUE_HOLDS_BOXED (value))
    return describe_boxed (value);
  if (G_VALUE_HOLDS_OBJECT (value) && g_value_get_object (value) == NULL)
    return json_node_new (JSON_NODE_NULL);
  if (G_VALUE_HOLDS (value, G_TYPE_LIST_MODEL))
    return describe_list (g_value_get_object (value), json_node_get_array (wanted));
  if (G_VALUE_HOLDS_OBJECT (value))
    return describe_object (g_value_get_object (value), json_node_get_object (wanted));
  if (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value) == NULL)
    return json_node_new (JSON_NODE_NULL);

  node = json_node_new (JSON_NODE_VALUE);
  if (G_VALUE_HOLDS_ENUM (value))
    {
      g_autoptr (GEnumClass) values = g_type_class_ref (G_VALUE_TYPE (value));

      json_node_set_string (node, g_enum_get_value (values, g_value_get_enum (value))->value_nick);
    }
  else if (G_VALUE_HOLDS_UINT (value))
    json_node_set_int (node, g_value_get_uint (value));
  else if (G_VALUE_HOLDS_UINT64 (value))
    json_node_set_int (node, (gint64) g_value_get_uint64 (value));
  else
    json_node_set_value (node, value);

  return node;
}

/* The properties that are recorded; all of them without a recording. */
static JsonNode *
describe_object (GObject *object, JsonObject *wanted)
{
  g_autoptr (JsonObject) description = json_object_new ();
  g_autoptr (GList) names = wanted != NULL ? json_object_get_members (wanted) : NULL;
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  for (GList *link = names; link != NULL; link = link->next)
    {
      g_auto (GValue) value = G_VALUE_INIT;

      g_object_get_property (object, link->data, &value);
      json_object_set_member (description, link->data,
                              describe_value (&value, json_object_get_member (wanted, link->data)));
    }
  json_node_set_object (node, description);

  return node;
}

static void
assert_same_json (JsonNode *told, JsonNode *wanted)
{
  g_autofree char *told_text = json_to_string (told, TRUE);
  g_autofree char *wanted_text = json_to_string (wanted, TRUE);

  if (!json_node_equal (told, wanted))
    g_assert_cmpstr (told_text, ==, wanted_text);
}

static void
check_result (gpointer result, JsonNode *wanted)
{
  g_autoptr (JsonNode) told = NULL;

  if (JSON_NODE_HOLDS_VALUE (wanted))
    {
      g_assert_true (json_node_get_boolean (wanted));
      g_assert_cmpint (GPOINTER_TO_INT (result), ==, TRUE);
      return;
    }

  told = JSON_NODE_HOLDS_ARRAY (wanted) ? describe_list (result, json_node_get_array (wanted))
                                        : describe_object (result, json_node_get_object (wanted));
  assert_same_json (told, wanted);
}

/* Exchanges. */

static void
add_header (JsonObject *object, const char *name, JsonNode *node, gpointer headers)
{
  soup_message_headers_replace (headers, name, json_node_get_string (node));
}

typedef struct
{
  DevboxReply reply;
  GError *error;
} Answer;

static void
answer_clear (Answer *answer)
{
  g_clear_pointer (&answer->reply.headers, soup_message_headers_unref);
  g_clear_pointer (&answer->reply.body, g_bytes_unref);
  g_clear_error (&answer->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static void
make_reply (Answer *answer, guint status, JsonObject *headers, JsonNode *body)
{
  g_autofree char *text = body != NULL ? json_to_string (body, FALSE) : g_strdup ("");

  answer->reply = (DevboxReply){
    .status = status,
    .headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE),
    .body = g_bytes_new (text, strlen (text)),
    .request_id = "recorded",
    .base_url = BASE_URL,
  };
  if (body != NULL)
    soup_message_headers_replace (answer->reply.headers, "Content-Type", "application/json; charset=utf-8");
  if (headers != NULL)
    json_object_foreach_member (headers, add_header, answer->reply.headers);
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  return json_object_has_member (object, name) ? json_object_get_object_member (object, name) : NULL;
}

static void
make_answer (Answer *answer, JsonObject *exchange)
{
  JsonObject *reply = get_object (exchange, "reply");
  const char *name = get_text (exchange, "error");
  DevboxWireCode code;

  if (reply != NULL)
    {
      make_reply (answer, (guint) json_object_get_int_member (reply, "status"), get_object (reply, "headers"),
                  json_object_get_member (reply, "body"));
      return;
    }

  g_assert_true (devbox_wire_code_from_string (name, &code));
  answer->error = devbox_error_new ((DevboxError) code, NULL, "%s", "Recorded");
}

static void
check_body (DevboxRequest *request, JsonNode *wanted)
{
  g_autoptr (JsonNode) body = NULL;
  gsize size;
  const char *data;

  if (wanted == NULL)
    {
      g_assert_null (request->body);
      return;
    }

  g_assert_cmpstr (request->content_type, ==, "application/json");
  data = g_bytes_get_data (request->body, &size);
  body = devbox_wire_json_parse (data, size, NULL);
  g_assert_nonnull (body);
  assert_same_json (body, wanted);
}

static void
check_request (DevboxRequest *request, JsonObject *wanted)
{
  gboolean is_post = request->method == SOUP_METHOD_POST;

  g_assert_cmpstr (request->method, ==, get_text (wanted, "method"));
  g_assert_true (request->method == g_intern_string (request->method));
  g_assert_cmpstr (request->path, ==, get_text (wanted, "path"));
  check_body (request, json_object_get_member (wanted, "body"));
  g_assert_cmpint (request->asks_platform, ==, !json_object_get_boolean_member_with_default (wanted, "agent", FALSE));
  g_assert_cmpint (request->anonymous, ==, !request->asks_platform);
  if (json_object_has_member (wanted, "key"))
    g_assert_true (is_post && request->idempotency_key != NULL);
  else
    g_assert_null (request->idempotency_key);
}

static void
free_result (DevboxRequest *request, gpointer result)
{
  if (result != NULL && request->result_free != NULL)
    request->result_free (result);
}

static gpointer
finish (DevboxRequest *request, const Answer *answer, GError **error)
{
  if (answer->error == NULL)
    return request->parse (request, &answer->reply, error);

  g_propagate_error (error, g_error_copy (answer->error));
  return NULL;
}

static void
check_outcome (JsonObject *recording, gpointer result, GError *error)
{
  const char *wanted_error = get_text (recording, "error");

  if (wanted_error == NULL)
    {
      g_assert_no_error (error);
      check_result (result, json_object_get_member (recording, "result"));
      return;
    }

  g_assert_null (result);
  g_assert_nonnull (error);
  g_assert_true (error->domain == DEVBOX_ERROR);
  g_assert_cmpstr (devbox_error_to_string (error->code), ==, wanted_error);
}

static void
replay (JsonObject *recording)
{
  JsonArray *exchanges = json_object_get_array_member (recording, "exchanges");
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxRequest) request = make_request (get_text (recording, "operation"),
                                                    json_object_get_object_member (recording, "arguments"), &error);
  gpointer result = NULL;

  if (json_array_get_length (exchanges) == 0)
    {
      g_assert_null (request);
      check_outcome (recording, NULL, error);
      g_assert_cmpstr (devbox_error_info_get_value (devbox_error_get_info (error)), ==, get_text (recording, "value"));
      return;
    }

  g_assert_no_error (error);
  for (guint i = 0; i < json_array_get_length (exchanges); i++)
    {
      JsonObject *exchange = json_array_get_object_element (exchanges, i);
      const gboolean is_last = i + 1 == json_array_get_length (exchanges);
      g_auto (Answer) answer = { 0 };
      guint delay_ms = 0;
      gboolean goes_on;

      check_request (request, json_object_get_object_member (exchange, "request"));
      request->n_sent += (guint) json_object_get_int_member_with_default (exchange, "sent", 1);
      make_answer (&answer, exchange);
      goes_on = request->step != NULL
                && request->step (request, answer.error == NULL ? &answer.reply : NULL, answer.error, &delay_ms);
      g_assert_cmpint (goes_on, ==, !is_last);
      g_assert_cmpuint (delay_ms, <=, 5000);
      if (is_last)
        result = finish (request, &answer, &error);
    }

  check_outcome (recording, result, error);
  free_result (request, result);
}

/* Mutations: each member of a document, or element, by its number. */

typedef enum
{
  MUTATION_REMOVE,
  MUTATION_NULL,
  MUTATION_TEXT,
  MUTATION_EMPTY_TEXT,
  MUTATION_LONG_TEXT,
  MUTATION_NEGATIVE,
  MUTATION_HUGE,
  MUTATION_LARGEST,
  MUTATION_FRACTION,
  MUTATION_TRUE,
  MUTATION_ARRAY,
  MUTATION_OBJECT,
  N_MUTATIONS
} Mutation;

static JsonNode *
make_mutant (Mutation mutation)
{
  static const char *const texts[] = {
    [MUTATION_NULL] = "null",
    [MUTATION_TEXT] = "\"evil@127.0.0.2:80/\"",
    [MUTATION_EMPTY_TEXT] = "\"\"",
    [MUTATION_NEGATIVE] = "-1",
    [MUTATION_HUGE] = "1e308",
    [MUTATION_LARGEST] = "9223372036854775807",
    [MUTATION_FRACTION] = "0.001",
    [MUTATION_TRUE] = "true",
    [MUTATION_ARRAY] = "[[1,{}],\"x\"]",
    [MUTATION_OBJECT] = "{\"value\":[],\"data\":1}",
  };
  g_autofree char *long_text = g_strnfill (16 * 1024 + 1, 'a');

  if (mutation == MUTATION_LONG_TEXT)
    return json_node_init_string (json_node_alloc (), long_text);

  return json_from_string (texts[mutation], NULL);
}

static gboolean mutate_node (JsonNode *node, guint *countdown, Mutation mutation);

static gboolean
mutate_object (JsonObject *object, guint *countdown, Mutation mutation)
{
  g_autoptr (GList) names = json_object_get_members (object);

  for (GList *link = names; link != NULL; link = link->next)
    {
      if ((*countdown)-- == 0)
        {
          if (mutation == MUTATION_REMOVE)
            json_object_remove_member (object, link->data);
          else
            json_object_set_member (object, link->data, make_mutant (mutation));
          return TRUE;
        }
      if (mutate_node (json_object_get_member (object, link->data), countdown, mutation))
        return TRUE;
    }

  return FALSE;
}

static gboolean
mutate_array (JsonArray *array, guint *countdown, Mutation mutation)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      if ((*countdown)-- == 0)
        {
          json_array_remove_element (array, i);
          if (mutation != MUTATION_REMOVE)
            json_array_add_element (array, make_mutant (mutation));
          return TRUE;
        }
      if (mutate_node (json_array_get_element (array, i), countdown, mutation))
        return TRUE;
    }

  return FALSE;
}

/* FALSE when there are not so many. */
static gboolean
mutate_node (JsonNode *node, guint *countdown, Mutation mutation)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    return mutate_object (json_node_get_object (node), countdown, mutation);

  return JSON_NODE_HOLDS_ARRAY (node) && mutate_array (json_node_get_array (node), countdown, mutation);
}

static void
check_address (DevboxInstanceInfo *info)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxEndpoint) endpoint = devbox_agent_address_find (info, BASE_URL, &error);

  if (endpoint == NULL)
    g_assert_true (g_error_matches (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR)
                   || g_error_matches (error, DEVBOX_ERROR, DEVBOX_ERROR_DEVBOX_NOT_READY));
  else
    g_assert_null (g_uri_get_userinfo (devbox_endpoint_get_uri (endpoint)));
}

static void
make_any_answer (Answer *answer, JsonArray *exchanges, guint i, guint mutated, JsonNode *mutant)
{
  JsonObject *exchange;

  if (i >= json_array_get_length (exchanges))
    {
      make_reply (answer, 404, NULL, NULL);
      return;
    }

  exchange = json_array_get_object_element (exchanges, i);
  if (i == mutated)
    {
      JsonObject *reply = json_object_get_object_member (exchange, "reply");

      make_reply (answer, (guint) json_object_get_int_member (reply, "status"), get_object (reply, "headers"), mutant);
    }
  else
    make_answer (answer, exchange);
}

/* With one reply that is not as it was; beyond the recording nothing is there. Whoever waits does so until there is no
 * time left; all others end by themselves. */
static void
replay_mutant (JsonObject *recording, guint mutated, JsonNode *mutant)
{
  JsonArray *exchanges = json_object_get_array_member (recording, "exchanges");
  g_autoptr (DevboxRequest) request
      = make_request (get_text (recording, "operation"), json_object_get_object_member (recording, "arguments"), NULL);

  for (guint i = 0; i < MAX_STEPS; i++)
    {
      g_auto (Answer) answer = { 0 };
      g_autoptr (GError) error = NULL;
      gpointer result;
      guint delay_ms = 0;

      request->n_sent++;
      make_any_answer (&answer, exchanges, i, mutated, mutant);
      if (request->step != NULL
          && request->step (request, answer.error == NULL ? &answer.reply : NULL, answer.error, &delay_ms)
          && i + 1 < MAX_STEPS)
        continue;

      g_assert_true (i + 1 < MAX_STEPS || g_str_equal (get_text (recording, "operation"), "wait-ready"));
      result = finish (request, &answer, &error);
      g_assert_true ((result == NULL) == (error != NULL));
      if (error != NULL)
        g_assert_true (error->domain == DEVBOX_ERROR);
      else if (request->result_free != NULL && DEVBOX_IS_INSTANCE_INFO (result))
        check_address (result);
      free_result (request, result);
      return;
    }
}

static void
replay_mutants (JsonObject *recording, guint mutated, JsonNode *body)
{
  for (guint member = 0;; member++)
    {
      for (Mutation mutation = 0; mutation < N_MUTATIONS; mutation++)
        {
          g_autofree char *text = json_to_string (body, FALSE);
          g_autoptr (JsonNode) mutant = json_from_string (text, NULL);
          guint countdown = member;

          if (!mutate_node (mutant, &countdown, mutation))
            return;

          replay_mutant (recording, mutated, mutant);
        }
    }
}

static JsonNode *
load (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize size;
  JsonNode *root;

  g_file_get_contents (g_test_get_filename (G_TEST_DIST, "recordings", name, NULL), &text, &size, &error);
  g_assert_no_error (error);
  root = json_from_string (text, &error);
  g_assert_no_error (error);

  return root;
}

static void
test_replay (gconstpointer data)
{
  g_autoptr (JsonNode) root = load (data);
  JsonArray *recordings = json_node_get_array (root);

  for (guint i = 0; i < json_array_get_length (recordings); i++)
    {
      JsonObject *recording = json_array_get_object_element (recordings, i);

      g_test_message ("%s", get_text (recording, "title"));
      replay (recording);
    }
}

/* One that was spoiled before, in another recording of the same kind, tells nothing new. */
static void
replay_new_mutants (JsonObject *recording, guint mutated, GHashTable *seen)
{
  JsonArray *exchanges = json_object_get_array_member (recording, "exchanges");
  JsonObject *reply = get_object (json_array_get_object_element (exchanges, mutated), "reply");
  g_autofree char *text = NULL;

  if (reply == NULL || !json_object_has_member (reply, "body"))
    return;

  text = json_to_string (json_object_get_member (reply, "body"), FALSE);
  if (g_hash_table_add (seen, g_strconcat (get_text (recording, "operation"), text, NULL)))
    replay_mutants (recording, mutated, json_object_get_member (reply, "body"));
}

static void
test_mutants (gconstpointer data)
{
  g_autoptr (JsonNode) root = load (data);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  JsonArray *recordings = json_node_get_array (root);

  for (guint i = 0; i < json_array_get_length (recordings); i++)
    {
      JsonObject *recording = json_array_get_object_element (recordings, i);
      JsonArray *exchanges = json_object_get_array_member (recording, "exchanges");

      for (guint j = 0; j < json_array_get_length (exchanges); j++)
        replay_new_mutants (recording, j, seen);
    }
}

int
main (int argc, char **argv)
{
  static const char *const files[] = { "create.json",  "instances.json", "refusals.json",  "releases.json",
                                       "samples.json", "settings.json",  "wait-ready.json" };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *replay_path = g_strdup_printf ("/client/recordings/%s/replay", files[i]);
      g_autofree char *mutants_path = g_strdup_printf ("/client/recordings/%s/mutants", files[i]);

      g_test_add_data_func (replay_path, files[i], test_replay);
      g_test_add_data_func (mutants_path, files[i], test_mutants);
    }

  return g_test_run ();
}
