/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects that a platform's words become, and the one that says what a devbox is to be like. */
#include "devbox-endpoint-private.h"
#include "devbox-error.h"
#include "devbox-instance-info-private.h"
#include "devbox-instance-spec.h"
#include "devbox-instance-status-private.h"
#include "devbox-platform-requests-private.h"
#include "devbox-port-private.h"
#include "devbox-release-private.h"
#include "devbox-runtime.h"
#include "devbox-sample-private.h"
#include "devbox-ssh-info-private.h"
#include "devbox-template-private.h"

static void
test_status (void)
{
  static const struct
  {
    const char *text;
    DevboxInstanceStatus status;
  } cases[] = {
    { "Pending", DEVBOX_INSTANCE_STATUS_PENDING },   { "CREATING", DEVBOX_INSTANCE_STATUS_CREATING },
    { "running", DEVBOX_INSTANCE_STATUS_RUNNING },   { "sTopped", DEVBOX_INSTANCE_STATUS_STOPPED },
    { "Shutdown", DEVBOX_INSTANCE_STATUS_SHUTDOWN }, { "paused", DEVBOX_INSTANCE_STATUS_PAUSED },
    { "error", DEVBOX_INSTANCE_STATUS_ERROR },       { "Deleting", DEVBOX_INSTANCE_STATUS_DELETING },
    { "unknown", DEVBOX_INSTANCE_STATUS_UNKNOWN },   { "Running ", DEVBOX_INSTANCE_STATUS_UNKNOWN },
    { "", DEVBOX_INSTANCE_STATUS_UNKNOWN },          { NULL, DEVBOX_INSTANCE_STATUS_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (devbox_instance_status_from_string (cases[i].text), ==, cases[i].status);
  for (guint i = 0; i <= DEVBOX_INSTANCE_STATUS_DELETING; i++)
    g_assert_cmpint (devbox_instance_status_from_string (devbox_instance_status_to_string (i)), ==, i);
  g_assert_cmpstr (devbox_instance_status_to_string (-1), ==, "Unknown");
}

static void
count_notify (GObject *object, GParamSpec *pspec, gpointer n_notified)
{
  ++*(guint *) n_notified;
}

static void
test_spec (void)
{
  static const char *const environment[] = { "A=1", "B=2", NULL };
  g_autoptr (DevboxInstanceSpec) spec = devbox_instance_spec_new ("my-app", DEVBOX_RUNTIME_NODE_JS);
  g_autoptr (DevboxPort) port = devbox_port_new (8080, DEVBOX_PORT_PROTOCOL_HTTP);
  g_autoptr (GListStore) ports = g_list_store_new (DEVBOX_TYPE_PORT);
  g_auto (GStrv) copy = NULL;
  guint n_notified = 0;

  g_assert_cmpstr (devbox_instance_spec_get_name (spec), ==, "my-app");
  g_assert_cmpstr (devbox_instance_spec_get_runtime (spec), ==, "node.js");
  g_assert_null (devbox_instance_spec_get_ports (spec));
  g_assert_null (devbox_instance_spec_get_environ (spec));

  g_signal_connect (spec, "notify", G_CALLBACK (count_notify), &n_notified);
  devbox_instance_spec_set_cpu (spec, 500);
  devbox_instance_spec_set_cpu (spec, 500);
  devbox_instance_spec_set_memory (spec, 1024);
  devbox_instance_spec_set_network (spec, 2);
  devbox_instance_spec_set_network (spec, TRUE);
  g_assert_cmpuint (n_notified, ==, 3);
  g_assert_true (devbox_instance_spec_get_network (spec));

  devbox_instance_spec_setenv (spec, "B", "2", FALSE);
  devbox_instance_spec_setenv (spec, "B", "3", FALSE);
  g_assert_cmpstr (devbox_instance_spec_getenv (spec, "B"), ==, "2");
  devbox_instance_spec_setenv (spec, "B", "3", TRUE);
  g_assert_cmpstr (devbox_instance_spec_getenv (spec, "B"), ==, "3");
  devbox_instance_spec_unsetenv (spec, "B");
  devbox_instance_spec_unsetenv (spec, "B");
  g_assert_null (devbox_instance_spec_get_environ (spec));
  devbox_instance_spec_set_environ (spec, environment);
  g_object_get (spec, "environ", &copy, NULL);
  g_assert_cmpstrv (copy, environment);
  devbox_instance_spec_set_environ (spec, devbox_instance_spec_get_environ (spec));
  g_assert_cmpstr (devbox_instance_spec_getenv (spec, "A"), ==, "1");

  devbox_instance_spec_add_port (spec, port);
  devbox_instance_spec_add_port (spec, port);
  g_assert_cmpuint (g_list_model_get_n_items (devbox_instance_spec_get_ports (spec)), ==, 2);
  g_list_store_append (ports, port);
  devbox_instance_spec_set_ports (spec, G_LIST_MODEL (ports));
  g_list_store_remove_all (ports);
  g_assert_cmpuint (g_list_model_get_n_items (devbox_instance_spec_get_ports (spec)), ==, 1);
  devbox_instance_spec_set_ports (spec, NULL);
  g_assert_null (devbox_instance_spec_get_ports (spec));

  devbox_instance_spec_set_release (spec, "old", "v1");
  g_assert_cmpstr (devbox_instance_spec_get_release_name (spec), ==, "old");
  g_assert_cmpstr (devbox_instance_spec_get_release_tag (spec), ==, "v1");
  devbox_instance_spec_set_release (spec, NULL, NULL);
  g_assert_null (devbox_instance_spec_get_release_tag (spec));
}

static void
test_spec_properties (void)
{
  static const char *const environment[] = { "A=1", NULL };
  g_autoptr (GListStore) ports = g_list_store_new (DEVBOX_TYPE_PORT);
  g_autoptr (DevboxInstanceSpec) spec
      = g_object_new (DEVBOX_TYPE_INSTANCE_SPEC, "name", "a", "runtime", "go", "cpu", 1, "memory", 2, "ports", ports,
                      "environ", environment, "network", TRUE, "autostart", "true", NULL);
  g_autoptr (GListModel) told_ports = NULL;
  g_autofree char *name = NULL;
  g_autofree char *runtime = NULL;
  g_autofree char *autostart = NULL;
  g_autofree char *release_name = NULL;
  g_autofree char *release_tag = NULL;
  guint cpu, memory;
  gboolean network;

  g_object_get (spec, "name", &name, "runtime", &runtime, "cpu", &cpu, "memory", &memory, "ports", &told_ports,
                "network", &network, "autostart", &autostart, "release-name", &release_name, "release-tag",
                &release_tag, NULL);
  g_assert_cmpstr (name, ==, "a");
  g_assert_cmpstr (runtime, ==, "go");
  g_assert_cmpuint (cpu, ==, 1);
  g_assert_cmpuint (memory, ==, 2);
  g_assert_cmpuint (g_list_model_get_n_items (told_ports), ==, 0);
  g_assert_true (network);
  g_assert_cmpstr (autostart, ==, "true");
  g_assert_null (release_name);
  g_assert_null (release_tag);
}

static void
test_port (void)
{
  g_autoptr (DevboxPort) port = g_object_new (DEVBOX_TYPE_PORT, "number", 8080, "protocol", DEVBOX_PORT_PROTOCOL_GRPC,
                                              "name", "web", "custom-domain", "app.example.org", NULL);
  g_autoptr (DevboxPort) odd = NULL;
  g_auto (DevboxPortDetails) details = { .number = 1, .protocol_text = g_strdup ("quic") };

  g_assert_cmpuint (devbox_port_get_number (port), ==, 8080);
  g_assert_cmpint (devbox_port_get_protocol (port), ==, DEVBOX_PORT_PROTOCOL_GRPC);
  g_assert_cmpstr (devbox_port_get_protocol_text (port), ==, "GRPC");
  g_assert_cmpstr (devbox_port_get_name (port), ==, "web");
  g_assert_cmpstr (devbox_port_get_custom_domain (port), ==, "app.example.org");
  g_assert_null (devbox_port_get_public_address (port));

  odd = devbox_port_new_from_details (&details);
  g_assert_null (details.protocol_text);
  g_assert_cmpint (devbox_port_get_protocol (odd), ==, DEVBOX_PORT_PROTOCOL_UNKNOWN);
  g_assert_cmpstr (devbox_port_get_protocol_text (odd), ==, "quic");
}

/* Every property of every class can be read, and what was not told is empty. */
static void
check_properties (GObject *object)
{
  g_autofree GParamSpec **properties = NULL;
  guint n_properties;

  properties = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n_properties);
  g_assert_cmpuint (n_properties, >, 5);
  for (guint i = 0; i < n_properties; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;

      g_assert_true ((properties[i]->flags & G_PARAM_WRITABLE) == 0);
      g_object_get_property (object, properties[i]->name, &value);
      if (G_VALUE_HOLDS (&value, G_TYPE_LIST_MODEL))
        g_assert_cmpuint (g_list_model_get_n_items (g_value_get_object (&value)), ==, 0);
      else if (G_VALUE_HOLDS_STRING (&value) && g_value_get_string (&value) != NULL)
        g_assert_cmpstr (g_value_get_string (&value), ==, "");
    }
}

static void
test_empty_records (void)
{
  g_autoptr (DevboxInstanceInfo) info = devbox_instance_info_new (&(DevboxInstanceDetails){ 0 });
  g_autoptr (DevboxTemplate) template = devbox_template_new (&(DevboxTemplateDetails){ 0 });
  g_autoptr (DevboxRelease) release = devbox_release_new (&(DevboxReleaseDetails){ 0 });
  g_autoptr (DevboxSshInfo) ssh = devbox_ssh_info_new (&(DevboxSshDetails){ 0 });
  g_autoptr (DevboxSample) sample
      = devbox_sample_new (&(DevboxSampleDetails){ .timestamp = g_date_time_new_now_utc () });

  check_properties (G_OBJECT (info));
  check_properties (G_OBJECT (template));
  check_properties (G_OBJECT (release));
  check_properties (G_OBJECT (ssh));
  check_properties (G_OBJECT (sample));
}

/* Where the agent is. */

typedef struct
{
  const char *base_url;
  const char *label;
  const char *token;
  const char *public_address;
  const char *private_address;
  const char *ip;
  DevboxInstanceStatus status;
  const char *url; /* NULL: code */
  const char *sent_token;
  DevboxError code;
} AddressCase;

static DevboxInstanceInfo *
make_info (const AddressCase *test)
{
  g_auto (DevboxInstanceDetails) details = {
    .name = g_strdup ("my-app"),
    .status = test->status,
    .agent_label = g_strdup (test->label),
    .agent_token = g_strdup (test->token),
    .pod_ip = g_strdup (test->ip),
    .ports = G_LIST_MODEL (g_list_store_new (DEVBOX_TYPE_PORT)),
  };

  if (test->public_address != NULL || test->private_address != NULL)
    {
      g_auto (DevboxPortDetails) port_details = {
        .number = 3000,
        .public_address = g_strdup (test->public_address),
        .private_address = g_strdup (test->private_address),
      };
      g_autoptr (DevboxPort) port = devbox_port_new_from_details (&port_details);

      g_list_store_append (G_LIST_STORE (details.ports), port);
    }

  return devbox_instance_info_new (&details);
}

static void
test_address (gconstpointer data)
{
  const AddressCase *test = data;
  g_autoptr (DevboxInstanceInfo) info = make_info (test);
  g_autoptr (GError) error = NULL;
  g_autoptr (DevboxEndpoint) endpoint = devbox_agent_address_find (info, test->base_url, &error);

  if (test->url == NULL)
    {
      g_assert_null (endpoint);
      g_assert_error (error, DEVBOX_ERROR, (int) test->code);
      return;
    }

  g_assert_no_error (error);
  g_assert_cmpstr (devbox_endpoint_get_url (endpoint), ==, test->url);
  g_assert_cmpstr (devbox_endpoint_get_token (endpoint), ==, test->sent_token);
}

#define RUNNING DEVBOX_INSTANCE_STATUS_RUNNING
#define REFUSED NULL, NULL, DEVBOX_ERROR_VALIDATION_ERROR
#define NOT_READY NULL, NULL, DEVBOX_ERROR_DEVBOX_NOT_READY
#define BASE "https://devbox.example.org:8443/some/path"

static const AddressCase address_cases[] = {
  { BASE, "abc-1", "c2VjcmV0", "http://x:1", NULL, "10.0.0.1", RUNNING, "https://devbox-abc-1-agent.example.org",
    "secret" },
  { "http://sealos.test", "abc", "c2VjcmV0Lg", NULL, NULL, NULL, RUNNING, "http://devbox-abc-agent.sealos.test",
    "secret." },
  { BASE, NULL, NULL, "http://127.1.2.3:3000", "http://other:1", "10.0.0.1", RUNNING, "http://127.1.2.3:3000", NULL },
  { BASE, NULL, NULL, NULL, "https://other/", "10.0.0.1", RUNNING, "https://other", NULL },
  { BASE, NULL, NULL, NULL, NULL, "10.0.0.1", RUNNING, "http://10.0.0.1:3000", NULL },
  { BASE, NULL, NULL, NULL, NULL, "fd00::1", RUNNING, "http://[fd00::1]:3000", NULL },
  { BASE, NULL, NULL, NULL, NULL, "10.0.0.1", DEVBOX_INSTANCE_STATUS_UNKNOWN, "http://10.0.0.1:3000", NULL },
  { BASE, NULL, NULL, NULL, NULL, NULL, RUNNING, NOT_READY },
  { BASE, "abc", NULL, NULL, NULL, "10.0.0.1", DEVBOX_INSTANCE_STATUS_SHUTDOWN, NOT_READY },
  { BASE, NULL, NULL, "http://127.1.2.3:3000", NULL, NULL, DEVBOX_INSTANCE_STATUS_CREATING, NOT_READY },
  { BASE, "evil.example.com/", NULL, NULL, NULL, NULL, RUNNING, REFUSED },
  { BASE, "a@b", NULL, NULL, NULL, NULL, RUNNING, REFUSED },
  { BASE, "ABC", NULL, NULL, NULL, NULL, RUNNING, REFUSED },
  { BASE, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL, NULL, NULL, NULL, RUNNING,
    REFUSED },
  { "http://127.0.0.1:8080", "abc", NULL, NULL, NULL, NULL, RUNNING, REFUSED },
  { BASE, NULL, NULL, "ftp://host/", NULL, "10.0.0.1", RUNNING, REFUSED },
  { BASE, NULL, NULL, "file:///etc/passwd", NULL, NULL, RUNNING, REFUSED },
  { BASE, NULL, NULL, "http://user:pw@host/", NULL, NULL, RUNNING, REFUSED },
  { BASE, NULL, NULL, "127.0.0.1:3000", NULL, NULL, RUNNING, REFUSED },
  { BASE, NULL, NULL, NULL, NULL, "evil@127.0.0.2:80/", RUNNING, REFUSED },
  { BASE, NULL, NULL, NULL, NULL, "host.example", RUNNING, REFUSED },
  { BASE, NULL, NULL, NULL, NULL, "10.0.0.1:80", RUNNING, REFUSED },
  { BASE, NULL, NULL, NULL, NULL, "fe80::1%eth0", RUNNING, REFUSED },
  { BASE, NULL, "not base64", NULL, NULL, "10.0.0.1", RUNNING, REFUSED },
  { BASE, NULL, "YQ0KYjogYw==", NULL, NULL, "10.0.0.1", RUNNING, REFUSED },
  { BASE, NULL, "YQBi", NULL, NULL, "10.0.0.1", RUNNING, REFUSED },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/client/records/status", test_status);
  g_test_add_func ("/client/records/spec", test_spec);
  g_test_add_func ("/client/records/spec/properties", test_spec_properties);
  g_test_add_func ("/client/records/port", test_port);
  g_test_add_func ("/client/records/empty", test_empty_records);
  for (guint i = 0; i < G_N_ELEMENTS (address_cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/client/records/agent-address/%u", i);

      g_test_add_data_func (path, &address_cases[i], test_address);
    }

  return g_test_run ();
}
