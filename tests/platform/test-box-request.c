/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the bodies of the lifecycle API may say: a table of good ones, and a table of bad ones with their messages */
#include "config.h"

#include "devbox-box-request-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

#define NAME "\"name\":\"box\","
#define BOX "\"name\":\"box\",\"runtime\":\"go\""
#define LONG_LABEL "a23456789-123456789-123456789-123456789-123456789-123456789-123" /* 63 */

static JsonObject *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object = devbox_wire_json_parse_object (text, strlen (text), &error);

  g_assert_no_error (error);
  return object;
}

/* One line that says all that is in it. */
static char *
describe (const DevboxBoxRequest *request)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%s %s %u %u", request->name != NULL ? request->name : "-",
                          request->runtime != NULL ? request->runtime : "-", request->cpu, request->memory);
  for (guint i = 0; request->ports != NULL && i < request->ports->len; i++)
    {
      const DevboxBoxPort *port = g_ptr_array_index (request->ports, i);

      g_string_append_printf (text, " %s:%s:%u:%u", port->name, port->protocol, port->number, port->outer);
    }
  if (request->ports != NULL && request->ports->len == 0)
    g_string_append (text, " no-ports");
  for (guint i = 0; request->environment != NULL && request->environment[i] != NULL; i++)
    g_string_append_printf (text, " %s", request->environment[i]);
  if (request->environment != NULL && request->environment[0] == NULL)
    g_string_append (text, " no-env");
  if (request->release_tag != NULL)
    g_string_append_printf (text, " from %s/%s", request->release_name, request->release_tag);
  if (request->has_network)
    g_string_append (text, request->shares_network ? " network" : " no-network");
  if (request->wants_startup)
    g_string_append_printf (text, " start(%s)", request->startup_command != NULL ? request->startup_command : "");

  return g_string_free (text, FALSE);
}

static GPtrArray *
make_known_ports (void)
{
  GPtrArray *ports = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_box_port_free);
  DevboxBoxPort *port = devbox_box_port_new (8080, "web", "WS");

  port->outer = 4711;
  g_ptr_array_add (ports, port);

  return ports;
}

static DevboxBoxRequest *
read_create (JsonObject *object, const GPtrArray *known, GError **error)
{
  return devbox_box_request_read_create (object, error);
}

static DevboxBoxRequest *
read_deploy (JsonObject *object, const GPtrArray *known, GError **error)
{
  return devbox_box_request_read_deploy (object, error);
}

typedef DevboxBoxRequest *(*ReadFunc) (JsonObject *object, const GPtrArray *known, GError **error);

typedef struct
{
  ReadFunc read;
  const char *body;
  const char *answer; /* what it says, or the message */
} Case;

static const Case good[] = {
  { read_create, "{" BOX "}", "box go 0 0" },
  { read_create, "{" BOX ",\"unknown\":[{}],\"ports\":null,\"env\":null,\"resource\":null}", "box go 0 0" },
  { read_create, "{\"name\":\"0\",\"runtime\":\"node.js\"}", "0 node.js 0 0" },
  { read_create, "{\"name\":\"" LONG_LABEL "\",\"runtime\":\"go\"}", LONG_LABEL " go 0 0" },
  { read_create, "{" BOX ",\"resource\":{\"cpu\":1,\"memory\":2}}", "box go 1000 2048" },
  { read_create, "{" BOX ",\"resources\":{\"cpu\":0.1,\"memory\":0.1}}", "box go 100 102" },
  { read_create, "{" BOX ",\"resources\":{\"cpu\":1,\"memory\":1},\"resource\":{\"cpu\":2}}", "box go 2000 1024" },
  { read_create, "{" BOX ",\"resource\":{\"cpu\":64.0,\"memory\":512,\"disk\":1}}", "box go 64000 524288" },
  { read_create, "{" BOX ",\"resource\":{\"cpu\":0.2505}}", "box go 251 0" },
  { read_create, "{" BOX ",\"ports\":[]}", "box go 0 0 no-ports" },
  { read_create, "{" BOX ",\"ports\":[{\"number\":80}]}", "box go 0 0 port-80:HTTP:80:0" },
  { read_create,
    "{" BOX ",\"ports\":[{\"number\":80,\"protocol\":\"grpc\",\"exposesPublicDomain\":false,\"customDomain\":\"a.b\"},"
    "{\"number\":65535.0,\"protocol\":\"Ws\",\"portName\":\"chat\"},{\"number\":1,\"protocol\":\"TCP\"}]}",
    "box go 0 0 port-80:GRPC:80:0 chat:WS:65535:0 port-1:TCP:1:0" },
  /* As it was told in a reply */
  { read_create, "{" BOX ",\"ports\":[{\"number\":3000,\"portName\":\"agent\"},{\"number\":3000}]}",
    "box go 0 0 port-3000:HTTP:3000:0" },
  { read_create, "{" BOX ",\"env\":{\"A\":\"1\",\"_b2\":\"= ü\"}}", "box go 0 0 A=1 _b2== ü" },
  { read_create, "{" BOX ",\"env\":{}}", "box go 0 0 no-env" },
  { read_create, "{" BOX ",\"env\":[]}", "box go 0 0 no-env" },
  { read_create,
    "{" BOX ",\"env\":[{\"name\":\"A\",\"value\":\"1\",\"valueFrom\":null},{\"name\":\"A\",\"value\":\"\"}]}",
    "box go 0 0 A=" },
  { read_create, "{" NAME "\"release\":{\"name\":\"old\",\"tag\":\"v1\"}}", "box - 0 0 from old/v1" },
  { read_create, "{" BOX ",\"release\":{\"name\":\"old\",\"tag\":\"v1\"}}", "box go 0 0 from old/v1" },
  { read_create, "{" BOX ",\"network\":true}", "box go 0 0 network" },
  { read_create, "{" BOX ",\"network\":false}", "box go 0 0 no-network" },
  { read_create, "{" BOX ",\"autostart\":true}", "box go 0 0 start()" },
  { read_create, "{" BOX ",\"autostart\":false}", "box go 0 0" },
  { read_create, "{" BOX ",\"autostart\":{}}", "box go 0 0 start()" },
  { read_create, "{" BOX ",\"autostart\":{\"execCommand\":\"make run\"}}", "box go 0 0 start(make run)" },
  { read_create, "{" BOX ",\"autostart\":{\"execCommand\":\"\"}}", "box go 0 0" },
  { read_deploy, "{}", "- - 0 0" },
  { read_deploy, "{" BOX ",\"resource\":{\"cpu\":4},\"release\":7}", "box go 4000 0" },
  { devbox_box_request_read_update, "{}", "- - 0 0" },
  { devbox_box_request_read_update, "{\"name\":7,\"resource\":{\"memory\":4}}", "- - 0 4096" },
  { devbox_box_request_read_update, "{\"ports\":[{\"portName\":\"web\"}]}", "- - 0 0 web:WS:8080:4711" },
  { devbox_box_request_read_update, "{\"ports\":[{\"portName\":\"web\",\"number\":81,\"protocol\":\"HTTP\"}]}",
    "- - 0 0 web:HTTP:81:0" },
  { devbox_box_request_read_update, "{\"ports\":[{\"portName\":\"site\",\"number\":8080}]}",
    "- - 0 0 site:HTTP:8080:4711" },
  { devbox_box_request_read_ports, "{\"ports\":[]}", "- - 0 0 no-ports" },
  { devbox_box_request_read_ports, "{\"ports\":[{\"number\":9}],\"resource\":{\"cpu\":900}}",
    "- - 0 0 port-9:HTTP:9:0" },
};

#define NAME_RULE "1 to 63 lower-case letters, digits and hyphens, with a letter or a digit at both ends"

static const Case bad[] = {
  { read_create, "{}", "“name” is missing" },
  { read_create, "{\"name\":null}", "“name” must not be null" },
  { read_create, "{\"name\":7}", "“name” must be a string, but is 7" },
  { read_create, "{\"name\":\"\"}", "“name” is “”, but must be " NAME_RULE },
  { read_create, "{\"name\":\"Box\"}", "“name” is “Box”, but must be " NAME_RULE },
  { read_create, "{\"name\":\"a_b\"}", "“name” is “a_b”, but must be " NAME_RULE },
  { read_create, "{\"name\":\"a.b\"}", "“name” is “a.b”, but must be " NAME_RULE },
  { read_create, "{\"name\":\"-a\"}", "“name” is “-a”, but must be " NAME_RULE },
  { read_create, "{\"name\":\"a-\"}", "“name” is “a-”, but must be " NAME_RULE },
  { read_create, "{\"name\":\"../a\"}", "“name” is “../a”, but must be " NAME_RULE },
  { read_create, "{\"name\":\"ü\"}", "“name” is “ü”, but must be " NAME_RULE },
  { read_create, "{\"name\":\"" LONG_LABEL "4\"}", "“name” is “" LONG_LABEL "4”, but must be " NAME_RULE },
  { read_create, "{\"name\":\"" LONG_LABEL LONG_LABEL "\"}",
    "“name” is “" LONG_LABEL "a23456789-1234567…”, but must be " NAME_RULE },
  { read_create, "{\"name\":\"templates\",\"runtime\":\"go\"}",
    "No devbox can be called “templates”: it has a meaning of its own" },
  { read_create, "{\"name\":\"box\"}", "“runtime” is missing" },
  { read_create, "{" NAME "\"runtime\":\"\"}",
    "“runtime” is “”, but must be 1 to 63 letters, digits, underscores, full stops and hyphens, with a letter or a "
    "digit first" },
  { read_create, "{" NAME "\"runtime\":[]}", "“runtime” must be a string, but is an array" },
  { read_create, "{" BOX ",\"resource\":1}", "“resource” must be an object, but is 1" },
  { read_create, "{" BOX ",\"resource\":{\"cpu\":\"1\"}}",
    "resource: “cpu” must be a number from 0.1 to 64, but is a string" },
  { read_create, "{" BOX ",\"resource\":{\"cpu\":0}}", "resource: “cpu” must be a number from 0.1 to 64, but is 0" },
  { read_create, "{" BOX ",\"resource\":{\"cpu\":64.1}}",
    "resource: “cpu” must be a number from 0.1 to 64, but is 64.099999999999994" },
  { read_create, "{" BOX ",\"resources\":{\"memory\":-1}}",
    "resources: “memory” must be a number from 0.1 to 512, but is -1" },
  { read_create, "{" BOX ",\"resource\":{\"memory\":513}}",
    "resource: “memory” must be a number from 0.1 to 512, but is 513" },
  { read_create, "{" BOX ",\"ports\":{}}", "“ports” must be an array, but is an object" },
  { read_create, "{" BOX ",\"ports\":[{\"number\":1},80]}", "“ports[1]” must be an object, but is 80" },
  { read_create, "{" BOX ",\"ports\":[{\"number\":0}]}",
    "ports[0]: “number” must be an integer from 1 to 65535, but is 0" },
  { read_create, "{" BOX ",\"ports\":[{\"number\":65536}]}",
    "ports[0]: “number” must be an integer from 1 to 65535, but is 65536" },
  { read_create, "{" BOX ",\"ports\":[{\"number\":80.5}]}",
    "ports[0]: “number” must be an integer from 1 to 65535, but is 80.5" },
  { read_create, "{" BOX ",\"ports\":[{\"number\":1},{}]}", "ports[1]: “number” is missing" },
  { read_create, "{" BOX ",\"ports\":[{\"portName\":\"web\"}]}", "ports[0]: “number” is missing" },
  { read_create, "{" BOX ",\"ports\":[{\"number\":80,\"protocol\":\"FTP\"}]}",
    "ports[0]: “protocol” is “FTP”, but must be HTTP, GRPC, WS or TCP" },
  { read_create, "{" BOX ",\"ports\":[{\"number\":80,\"portName\":\"Web\"}]}",
    "ports[0]: “portName” is “Web”, but must be " NAME_RULE },
  { read_create, "{" BOX ",\"ports\":[{\"number\":80,\"exposesPublicDomain\":1}]}",
    "ports[0]: “exposesPublicDomain” must be true or false, but is 1" },
  { read_create, "{" BOX ",\"ports\":[{\"number\":80,\"customDomain\":true}]}",
    "ports[0]: “customDomain” must be a string, but is true" },
  { read_create, "{" BOX ",\"ports\":[{\"number\":80},{\"number\":80,\"portName\":\"b\"}]}",
    "ports[1]: The port 80 is there twice" },
  { read_create, "{" BOX ",\"ports\":[{\"number\":80},{\"number\":81,\"portName\":\"port-80\"}]}",
    "ports[1]: Two ports are called “port-80”" },
  { read_create, "{" BOX ",\"env\":\"A=1\"}", "“env” must be an object, but is a string" },
  { read_create, "{" BOX ",\"env\":{\"A\":true}}", "env: “A” must be a string, but is true" },
  { read_create, "{" BOX ",\"env\":{\"1A\":\"\"}}", "“env” holds “1A”, which cannot be the name of a variable" },
  { read_create, "{" BOX ",\"env\":[{\"name\":\"A=B\",\"value\":\"secret\"}]}",
    "“env” holds “A=B”, which cannot be the name of a variable" },
  { read_create, "{" BOX ",\"env\":[\"A=secret\"]}", "“env[0]” must be an object, but is a string" },
  { read_create, "{" BOX ",\"env\":[{\"value\":\"secret\"}]}", "env[0]: “name” is missing" },
  { read_create, "{" BOX ",\"env\":[{\"name\":\"A\"}]}", "env[0]: “value” is missing" },
  { read_create, "{" BOX ",\"env\":[{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"n\",\"key\":\"k\"}}}]}",
    "env[0]: “valueFrom” names a secret of a cluster, of which there is none here: give “value”" },
  { read_create, "{" NAME "\"release\":\"old\"}", "“release” must be an object, but is a string" },
  { read_create, "{" NAME "\"release\":{\"name\":\"old\"}}", "release: “tag” is missing" },
  { read_create, "{" NAME "\"release\":{\"tag\":\"v1\"}}", "release: “name” is missing" },
  { read_create, "{" BOX ",\"network\":\"host\"}", "“network” must be true or false, but is a string" },
  { read_create, "{" BOX ",\"autostart\":\"run\"}", "“autostart” must be true or false, but is a string" },
  { read_create, "{" BOX ",\"autostart\":{\"execCommand\":[]}}",
    "autostart: “execCommand” must be a string, but is an array" },
  { read_deploy, "{\"name\":\"A\"}", "“name” is “A”, but must be " NAME_RULE },
  { devbox_box_request_read_update, "{\"ports\":[{\"portName\":\"other\"}]}", "ports[0]: “number” is missing" },
  { devbox_box_request_read_update, "{\"ports\":[{\"portName\":\"web\",\"number\":0}]}",
    "ports[0]: “number” must be an integer from 1 to 65535, but is 0" },
  { devbox_box_request_read_ports, "{}", "“ports” is missing" },
};

static void
test_good (void)
{
  g_autoptr (GPtrArray) known = make_known_ports ();

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (JsonObject) object = parse (good[i].body);
      g_autoptr (GError) error = NULL;
      g_autoptr (DevboxBoxRequest) request = good[i].read (object, known, &error);
      g_autofree char *text = NULL;

      g_test_message ("%s", good[i].body);
      g_assert_no_error (error);
      text = describe (request);
      g_assert_cmpstr (text, ==, good[i].answer);
    }
}

static void
test_bad (void)
{
  g_autoptr (GPtrArray) known = make_known_ports ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (JsonObject) object = parse (bad[i].body);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i].body);
      g_assert_null (bad[i].read (object, known, &error));
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
      g_assert_cmpstr (error->message, ==, bad[i].answer);
      g_assert_null (strstr (error->message, "secret\""));
    }
}

static void
test_many (void)
{
  g_autoptr (GString) body = g_string_new ("{\"ports\":[");
  g_autoptr (JsonObject) fits = NULL;
  g_autoptr (JsonObject) too_many = NULL;
  g_autoptr (DevboxBoxRequest) request = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  for (guint i = 1; i <= 32; i++)
    g_string_append_printf (body, "%s{\"number\":%u}", i > 1 ? "," : "", i);
  text = g_strconcat (body->str, "]}", NULL);
  fits = parse (text);
  request = devbox_box_request_read_ports (fits, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (request->ports->len, ==, 32);

  g_string_append (body, ",{\"number\":33}]}");
  too_many = parse (body->str);
  g_assert_null (devbox_box_request_read_ports (too_many, NULL, &error));
  g_assert_cmpstr (error->message, ==, "ports[32]: There may be no more than 32 ports");
}

static JsonObject *
make_text_object (const char *name, gsize size, const char *more)
{
  g_autofree char *long_text = g_strnfill (size, 'x');
  g_autofree char *text = g_strdup_printf ("{%s\"%s\":\"%s\"}", more, name, long_text);

  return parse (text);
}

static void
test_large (void)
{
  g_autoptr (JsonObject) command = make_text_object ("execCommand", DEVBOX_BOX_MAX_COMMAND, "");
  g_autoptr (JsonObject) long_command = make_text_object ("execCommand", DEVBOX_BOX_MAX_COMMAND + 1, "");
  g_autoptr (JsonObject) description = make_text_object ("releaseDes", 4096, "\"tag\":\"v1\",");
  g_autoptr (JsonObject) long_description = make_text_object ("releaseDes", 4097, "\"tag\":\"v1\",");
  const char *tag = NULL;
  const char *text = NULL;
  GError *error = NULL;

  g_assert_true (devbox_box_request_read_startup (command, &text, &error));
  g_assert_cmpuint (strlen (text), ==, DEVBOX_BOX_MAX_COMMAND);
  g_assert_false (devbox_box_request_read_startup (long_command, &text, &error));
  g_assert_cmpstr (error->message, ==, "“execCommand” must not be longer than 8192 bytes");
  g_clear_error (&error);

  g_assert_true (devbox_box_request_read_release (description, &tag, &text, &error));
  g_assert_false (devbox_box_request_read_release (long_description, &tag, &text, &error));
  g_assert_cmpstr (error->message, ==, "“releaseDes” must not be longer than 4096 bytes");
  g_clear_error (&error);
}

static void
test_releases (void)
{
  static const char *const bad_tags[] = { "", "-a", ".", "..", "_a", "a b", "a/b", "ü", LONG_LABEL "4" };
  g_autoptr (JsonObject) plain = parse ("{\"tag\":\"V1.0_rc-1\"}");
  g_autoptr (JsonObject) missing = parse ("{\"releaseDes\":\"x\"}");
  const char *tag = NULL;
  const char *description = NULL;
  GError *error = NULL;

  g_assert_true (devbox_box_request_read_release (plain, &tag, &description, &error));
  g_assert_cmpstr (tag, ==, "V1.0_rc-1");
  g_assert_cmpstr (description, ==, "");
  g_assert_false (devbox_box_request_read_release (missing, &tag, &description, &error));
  g_assert_cmpstr (error->message, ==, "“tag” is missing");
  g_clear_error (&error);

  for (guint i = 0; i < G_N_ELEMENTS (bad_tags); i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"tag\":\"%s\"}", bad_tags[i]);
      g_autoptr (JsonObject) object = parse (body);

      g_assert_false (devbox_box_request_read_release (object, &tag, &description, &error));
      g_assert_error (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR);
      g_clear_error (&error);
    }
}

/* Whatever a release is called, its box gets a name that is one. */
static void
test_names (void)
{
  static const char *const cases[][3] = {
    { "box", "v1", "box-v1" },
    { "box", "V1.0_rc", "box-v1-0-rc" },
    { "box", "v1.", "box-v1" },
    { "a", LONG_LABEL, "a-a23456789-123456789-123456789-123456789-123456789-123456789-1" },
    { LONG_LABEL, "v1", LONG_LABEL },
    { "a23456789-123456789-123456789-123456789-123456789-123456789-12", "v1",
      "a23456789-123456789-123456789-123456789-123456789-123456789-12" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = devbox_box_request_make_name (cases[i][0], cases[i][1]);
      g_autoptr (GError) error = NULL;

      g_assert_cmpstr (name, ==, cases[i][2]);
      g_assert_true (devbox_box_request_check_name (name, &error));
    }
}

static void
test_apply (void)
{
  g_autoptr (JsonObject) all = parse ("{" BOX ",\"resource\":{\"cpu\":2,\"memory\":4},\"ports\":[{\"number\":80}],"
                                      "\"env\":{\"A\":\"1\"},\"network\":true}");
  g_autoptr (JsonObject) nothing = parse ("{}");
  g_autoptr (DevboxBoxRequest) full = devbox_box_request_read_create (all, NULL);
  g_autoptr (DevboxBoxRequest) empty = devbox_box_request_read_update (nothing, NULL, NULL);
  g_autoptr (DevboxBoxRecord) record = devbox_box_record_new ();

  devbox_box_request_apply (full, record);
  devbox_box_request_apply (empty, record);
  g_assert_cmpstr (record->name, ==, "box");
  g_assert_cmpstr (record->runtime, ==, "go");
  g_assert_cmpuint (record->cpu, ==, 2000);
  g_assert_cmpuint (record->memory, ==, 4096);
  g_assert_cmpuint (record->ports->len, ==, 1);
  g_assert_cmpstr (record->environment[0], ==, "A=1");
  g_assert_null (record->environment[1]);
  g_assert_true (record->shares_network);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/platform/box-request/good", test_good);
  g_test_add_func ("/platform/box-request/bad", test_bad);
  g_test_add_func ("/platform/box-request/many", test_many);
  g_test_add_func ("/platform/box-request/large", test_large);
  g_test_add_func ("/platform/box-request/releases", test_releases);
  g_test_add_func ("/platform/box-request/names", test_names);
  g_test_add_func ("/platform/box-request/apply", test_apply);

  return g_test_run ();
}
