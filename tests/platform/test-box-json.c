/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A devbox as it is told: every member, numbers without rounding, names with anything in them, and how long it takes */
#include "config.h"

#include "devbox-box-json-private.h"
#include "devbox-wire-json-private.h"

#include <string.h>

static DevboxBoxRecord *
make_record (void)
{
  DevboxBoxRecord *record = devbox_box_record_new ();

  g_free (record->uid);
  g_free (record->token);
  g_free (record->address);
  record->uid = g_strdup ("0123456789abcdef");
  record->token = g_strdup ("secret");
  record->address = g_strdup ("127.1.2.3");
  record->owner = g_strdup ("ns-admin");
  record->name = g_strdup ("box");
  record->runtime = g_strdup ("go");
  record->cpu = 500;
  record->memory = 102;
  record->created = G_GINT64_CONSTANT (1800000000123456);

  return record;
}

static void
set_environment (DevboxBoxRecord *record, const char *const *environment)
{
  g_strfreev (record->environment);
  record->environment = g_strdupv ((char **) environment);
}

static char *
format_detail (const DevboxBoxView *view)
{
  g_autoptr (GString) json = g_string_new ("{");
  g_autoptr (GError) error = NULL;

  devbox_box_json_append_detail (json, view);
  g_string_append_c (json, '}');
  g_assert_true (devbox_wire_json_scan (json->str, json->len, &error));
  g_assert_no_error (error);

  return g_string_free (g_steal_pointer (&json), FALSE);
}

static void
assert_has (const char *json, const char *part)
{
  if (strstr (json, part) == NULL)
    g_test_message ("no %s in %s", part, json);
  g_assert_nonnull (strstr (json, part));
}

#define PORT(number, name, protocol, scheme, outer)                                                                    \
  "{\"number\":" number ",\"portName\":\"" name "\",\"protocol\":\"" protocol                                          \
  "\",\"serviceName\":\"box\",\"privateAddress\":\"" scheme "://127.1.2.3:" outer                                      \
  "\",\"privateHost\":\"127.1.2.3\",\"networkName\":\"box-" name                                                       \
  "\",\"exposesPublicDomain\":true,\"publicHost\":\"127.1.2.3\",\"publicDomain\":\"127.1.2.3\",\"publicAddress\":\""   \
  "" scheme "://127.1.2.3:" outer "\",\"customDomain\":\"\"}"

static void
test_detail (void)
{
  static const char *const environment[] = { "A=1", "B==\"\n", NULL };
  g_autoptr (DevboxBoxRecord) record = make_record ();
  DevboxReleaseRecord release = { .box_name = (char *) "old", .tag = (char *) "v1" };
  DevboxBoxView view = {
    .record = record,
    .status = DEVBOX_BOX_RUNNING,
    .working_folder = "/workspace",
    .sandbox = DEVBOX_SANDBOX_BUBBLEWRAP,
    .release = &release,
  };
  DevboxBoxPort *port = devbox_box_port_new (8080, "chat", "WS");
  g_autofree char *json = NULL;

  record->agent_port = 3000;
  port->outer = 4711;
  g_ptr_array_add (record->ports, port);
  set_environment (record, environment);
  record->startup_command = g_strdup ("make \"run\"");

  json = format_detail (&view);
  g_assert_cmpstr (
      json, ==,
      "{\"name\":\"box\",\"uid\":\"0123456789abcdef\",\"resourceType\":\"devbox\",\"runtime\":\"go\","
      "\"status\":\"Running\",\"image\":\"\",\"resources\":{\"cpu\":0.5,\"memory\":0.1},"
      "\"ssh\":{\"host\":\"127.1.2.3\",\"port\":0,\"user\":\"devbox\",\"workingDir\":\"/workspace\"},"
      "\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"=\\\"\\n\"}],"
      "\"ports\":[" PORT ("3000", "agent", "HTTP", "http", "3000") "," PORT (
          "8080", "chat", "WS", "ws",
          "4711") "],"
                  "\"pods\":[{\"name\":\"box\",\"status\":\"Running\"}],\"podIP\":\"127.1.2.3\","
                  "\"agentServer\":{\"url\":\"\",\"token\":\"c2VjcmV0\"},\"createdAt\":\"2027-01-15T08:00:00.123Z\","
                  "\"template\":\"go\",\"release\":{\"name\":\"old\",\"tag\":\"v1\"},\"sandbox\":\"bubblewrap\","
                  "\"network\":false,\"autostart\":{\"execCommand\":\"make \\\"run\\\"\"}}");
}

static void
test_bare (void)
{
  g_autoptr (DevboxBoxRecord) record = make_record ();
  DevboxBoxView view = {
    .record = record,
    .status = DEVBOX_BOX_ERROR,
    .reason = "No program “go”",
    .working_folder = "/tmp/\xff",
    .sandbox = DEVBOX_SANDBOX_NONE,
    .sandbox_reason = "bwrap is missing",
  };
  g_autofree char *json = NULL;

  record->shares_network = TRUE;
  json = format_detail (&view);
  assert_has (json, "\"status\":\"Error\",\"reason\":\"No program “go”\",");
  assert_has (json, "\"workingDir\":\"/tmp/\xef\xbf\xbd\"}");
  assert_has (json, "\"env\":[],\"ports\":[{\"number\":3000,");
  assert_has (json, "\"privateAddress\":\"\"");
  assert_has (json, "\"publicAddress\":\"\"");
  assert_has (json, "\"pods\":[],");
  assert_has (json, "\"sandbox\":\"none\",\"sandboxReason\":\"bwrap is missing\",\"network\":true}");
  g_assert_null (strstr (json, "autostart"));
  g_assert_null (strstr (json, "release"));
}

static void
test_ports (void)
{
  static const char *const protocols[] = { "HTTP", "GRPC", "WS", "TCP" };
  g_autoptr (DevboxBoxRecord) record = make_record ();
  g_autoptr (GString) json = g_string_new (NULL);

  devbox_box_json_append_ports (json, record);
  g_assert_cmpstr (json->str, ==, "[]");

  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    {
      DevboxBoxPort *port = devbox_box_port_new (i + 1, "p", protocols[i]);

      port->outer = i + 1;
      g_ptr_array_add (record->ports, port);
    }
  g_string_truncate (json, 0);
  devbox_box_json_append_ports (json, record);
  g_assert_cmpstr (json->str, ==,
                   "[" PORT ("1", "p", "HTTP", "http", "1") "," PORT ("2", "p", "GRPC", "http", "2") "," PORT (
                       "3", "p", "WS", "ws", "3") "," PORT ("4", "p", "TCP", "tcp", "4") "]");
}

/* What a client may ask for, to the last digit */
static void
test_numbers (void)
{
  static const struct
  {
    guint cpu;
    guint memory;
    const char *text;
  } cases[] = {
    { 1000, 1024, "{\"cpu\":1,\"memory\":1}" },       { 100, 102, "{\"cpu\":0.1,\"memory\":0.1}" },
    { 250, 205, "{\"cpu\":0.25,\"memory\":0.2}" },    { 1001, 307, "{\"cpu\":1.001,\"memory\":0.3}" },
    { 64000, 524288, "{\"cpu\":64,\"memory\":512}" }, { 2010, 1025, "{\"cpu\":2.01,\"memory\":1.001}" },
    { 16500, 1536, "{\"cpu\":16.5,\"memory\":1.5}" }, { 100, 1023, "{\"cpu\":0.1,\"memory\":0.999}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DevboxBoxRecord) record = make_record ();
      DevboxBoxView view = { .record = record, .working_folder = "" };
      g_autofree char *json = NULL;

      record->cpu = cases[i].cpu;
      record->memory = cases[i].memory;
      json = format_detail (&view);
      assert_has (json, cases[i].text);
    }

  for (guint thousandths = 100; thousandths <= 512000; thousandths += 17)
    {
      guint mib = (guint) (thousandths / 1000.0 * 1024 + 0.5);

      g_assert_cmpuint ((mib * G_GUINT64_CONSTANT (1000) + 512) / 1024, ==, thousandths);
    }
}

static void
test_states (void)
{
  static const struct
  {
    DevboxBoxStatus status;
    const char *text;
    const char *pods;
  } cases[] = {
    { DEVBOX_BOX_PENDING, "\"Pending\"", "[{\"name\":\"box\",\"status\":\"Pending\"}]" },
    { DEVBOX_BOX_CREATING, "\"Creating\"", "[{\"name\":\"box\",\"status\":\"Pending\"}]" },
    { DEVBOX_BOX_RUNNING, "\"Running\"", "[{\"name\":\"box\",\"status\":\"Running\"}]" },
    { DEVBOX_BOX_STOPPED, "\"Stopped\"", "[]" },
    { DEVBOX_BOX_SHUT_DOWN, "\"Shutdown\"", "[]" },
    { DEVBOX_BOX_DELETING, "\"Deleting\"", "[]" },
    { DEVBOX_BOX_ERROR, "\"Error\"", "[]" },
  };
  g_autoptr (DevboxBoxRecord) record = make_record ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DevboxBoxView view = { .record = record, .status = cases[i].status, .working_folder = "" };
      g_autofree char *json = format_detail (&view);
      g_autofree char *pods = g_strconcat ("\"pods\":", cases[i].pods, ",", NULL);

      assert_has (json, cases[i].text);
      assert_has (json, pods);
    }
}

static void
test_item (void)
{
  g_autoptr (DevboxBoxRecord) record = make_record ();
  DevboxBoxView view = { .record = record, .status = DEVBOX_BOX_STOPPED };
  g_autoptr (GString) json = g_string_new (NULL);

  devbox_box_json_append_item (json, &view);
  g_assert_cmpstr (json->str, ==,
                   "{\"name\":\"box\",\"uid\":\"0123456789abcdef\",\"resourceType\":\"devbox\",\"runtime\":\"go\","
                   "\"status\":\"Stopped\",\"resources\":{\"cpu\":500,\"memory\":102},"
                   "\"createdAt\":\"2027-01-15T08:00:00.123Z\"}");
}

static void
test_access (void)
{
  g_autoptr (DevboxBoxRecord) record = make_record ();
  DevboxBoxView view = { .record = record, .working_folder = "/workspace", .sandbox = DEVBOX_SANDBOX_BUBBLEWRAP };
  g_autoptr (GString) json = g_string_new (NULL);

  devbox_box_json_append_access (json, &view);
  g_assert_cmpstr (json->str, ==,
                   "\"sshPort\":0,\"base64PublicKey\":\"\",\"base64PrivateKey\":\"\",\"userName\":\"devbox\","
                   "\"workingDir\":\"/workspace\",\"domain\":\"127.1.2.3\"");
}

static void
test_list_is_fast (void)
{
  g_autoptr (DevboxBoxRecord) record = make_record ();
  DevboxBoxView view = { .record = record, .status = DEVBOX_BOX_RUNNING };
  g_autoptr (GString) json = g_string_new (NULL);
  gint64 begin = g_get_monotonic_time ();
  gint64 duration;

  for (guint i = 0; i < 1000; i++)
    devbox_box_json_append_item (json, &view);
  duration = g_get_monotonic_time () - begin;

  g_test_message ("1,000 items: %" G_GINT64_FORMAT " µs", duration);
  g_test_minimized_result (duration / 1e6, "1,000 items");
  g_assert_cmpint (duration, <, G_USEC_PER_SEC);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/platform/box-json/detail", test_detail);
  g_test_add_func ("/platform/box-json/bare", test_bare);
  g_test_add_func ("/platform/box-json/ports", test_ports);
  g_test_add_func ("/platform/box-json/numbers", test_numbers);
  g_test_add_func ("/platform/box-json/states", test_states);
  g_test_add_func ("/platform/box-json/item", test_item);
  g_test_add_func ("/platform/box-json/access", test_access);
  g_test_add_func ("/platform/box-json/list-is-fast", test_list_is_fast);

  return g_test_run ();
}
