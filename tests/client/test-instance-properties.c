/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-client.h"
#include "devbox-enum-types.h"
#include "devbox-instance-info-private.h"
#include "devbox-instance-private.h"
#include "devbox-port-private.h"
#include "devbox-ssh-info-private.h"

static void
fill_detail (DevboxInstanceDetails *details)
{
  g_autoptr (GListStore) ports = g_list_store_new (DEVBOX_TYPE_PORT);
  g_autoptr (DevboxPort) port = devbox_port_new (8080, DEVBOX_PORT_PROTOCOL_HTTP);

  g_list_store_append (ports, port);
  details->name = g_strdup ("one");
  details->uid = g_strdup ("uid-1");
  details->status = DEVBOX_INSTANCE_STATUS_RUNNING;
  details->status_text = g_strdup ("Running");
  details->runtime = g_strdup ("bash");
  details->image = g_strdup ("bash:5");
  details->cpu = 1000;
  details->memory = 1024;
  details->pod_ip = g_strdup ("127.0.0.2");
  details->environ = g_strsplit ("A=1\nB=2", "\n", -1);
  details->ports = G_LIST_MODEL (g_steal_pointer (&ports));
  details->created = g_date_time_new_utc (2026, 11, 23, 8, 0, 0);
}

static DevboxInstanceInfo *
detail_new (void)
{
  g_auto (DevboxInstanceDetails) details = { 0 };

  fill_detail (&details);

  return devbox_instance_info_new (&details);
}

typedef struct
{
  DevboxClient *client;
  DevboxInstance *instance;
  GString *told;
} Fixture;

static void
property_changed (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_string_append_printf (fixture->told, "%s ", pspec->name);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (DevboxInstanceInfo) info = detail_new ();
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  fixture->client = devbox_client_new ();
  fixture->instance = devbox_instance_new_for_info (fixture->client, info, context, g_get_monotonic_time ());
  fixture->told = g_string_new (NULL);
  g_signal_connect (fixture->instance, "notify", G_CALLBACK (property_changed), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_add_weak_pointer (G_OBJECT (fixture->instance), (gpointer *) &fixture->instance);
  g_object_unref (fixture->instance);
  g_assert_null (fixture->instance);
  g_string_free (fixture->told, TRUE);
  g_object_unref (fixture->client);
}

static void
apply_details (Fixture *fixture, DevboxInstanceDetails *details)
{
  g_autoptr (DevboxInstanceInfo) info = devbox_instance_info_new (details);

  devbox_instance_apply_info (fixture->instance, info, g_get_monotonic_time ());
}

static void
test_values (Fixture *fixture, gconstpointer data)
{
  g_autofree char *uid = devbox_instance_dup_uid (fixture->instance);
  g_autofree char *status_text = devbox_instance_dup_status_text (fixture->instance);
  g_autofree char *runtime = devbox_instance_dup_runtime (fixture->instance);
  g_autofree char *image = devbox_instance_dup_image (fixture->instance);
  g_autofree char *pod_ip = devbox_instance_dup_pod_ip (fixture->instance);
  g_autofree char *reason = devbox_instance_dup_reason (fixture->instance);
  g_auto (GStrv) environment = devbox_instance_dup_environ (fixture->instance);
  g_autoptr (GListModel) ports = devbox_instance_dup_ports (fixture->instance);
  g_autoptr (GDateTime) created = devbox_instance_dup_created (fixture->instance);

  g_assert_cmpstr (devbox_instance_get_name (fixture->instance), ==, "one");
  g_assert_cmpstr (uid, ==, "uid-1");
  g_assert_cmpint (devbox_instance_get_status (fixture->instance), ==, DEVBOX_INSTANCE_STATUS_RUNNING);
  g_assert_cmpstr (status_text, ==, "Running");
  g_assert_null (reason);
  g_assert_cmpstr (runtime, ==, "bash");
  g_assert_cmpstr (image, ==, "bash:5");
  g_assert_cmpuint (devbox_instance_get_cpu (fixture->instance), ==, 1000);
  g_assert_cmpuint (devbox_instance_get_memory (fixture->instance), ==, 1024);
  g_assert_cmpstr (pod_ip, ==, "127.0.0.2");
  g_assert_cmpstr (environment[1], ==, "B=2");
  g_assert_cmpuint (g_list_model_get_n_items (ports), ==, 1);
  g_assert_cmpint (g_date_time_get_hour (created), ==, 8);
  g_assert_null (devbox_instance_dup_ssh (fixture->instance));
}

/* All by the names that a program binds to. */
static void
test_properties (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = NULL;
  g_autofree char *status_text = NULL;
  g_autoptr (GListModel) ports = NULL;
  g_auto (GStrv) environment = NULL;
  DevboxInstanceStatus status;
  guint cpu;

  g_object_get (fixture->instance, "name", &name, "status", &status, "status-text", &status_text, "cpu", &cpu, "ports",
                &ports, "environ", &environment, NULL);
  g_assert_cmpstr (name, ==, "one");
  g_assert_cmpint (status, ==, DEVBOX_INSTANCE_STATUS_RUNNING);
  g_assert_cmpstr (status_text, ==, "Running");
  g_assert_cmpuint (cpu, ==, 1000);
  g_assert_cmpuint (g_list_model_get_n_items (ports), ==, 1);
  g_assert_cmpuint (g_strv_length (environment), ==, 2);
}

static void
test_nothing_new (Fixture *fixture, gconstpointer data)
{
  g_auto (DevboxInstanceDetails) details = { 0 };

  fill_detail (&details);
  apply_details (fixture, &details);
  g_assert_cmpstr (fixture->told->str, ==, "");
}

static void
change_status (DevboxInstanceDetails *details)
{
  details->status = DEVBOX_INSTANCE_STATUS_ERROR;
  g_free (details->status_text);
  details->status_text = g_strdup ("Error");
  details->reason = g_strdup ("out of luck");
}

static void
change_uid (DevboxInstanceDetails *details)
{
  g_free (details->uid);
  details->uid = g_strdup ("uid-2");
}

static void
change_cpu (DevboxInstanceDetails *details)
{
  details->cpu = 500;
}

static void
change_environ (DevboxInstanceDetails *details)
{
  g_free (details->environ[1]);
  details->environ[1] = g_strdup ("B=3");
}

static void
drop_environ (DevboxInstanceDetails *details)
{
  g_clear_pointer (&details->environ, g_strfreev);
}

static void
change_ports (DevboxInstanceDetails *details)
{
  g_autoptr (DevboxPort) port = devbox_port_new (8081, DEVBOX_PORT_PROTOCOL_HTTP);

  g_list_store_splice (G_LIST_STORE (details->ports), 0, 1, (gpointer *) &port, 1);
}

static void
add_port (DevboxInstanceDetails *details)
{
  g_autoptr (DevboxPort) port = devbox_port_new (8081, DEVBOX_PORT_PROTOCOL_HTTP);

  g_list_store_append (G_LIST_STORE (details->ports), port);
}

static void
change_protocol (DevboxInstanceDetails *details)
{
  g_autoptr (DevboxPort) port = devbox_port_new (8080, DEVBOX_PORT_PROTOCOL_TCP);

  g_list_store_splice (G_LIST_STORE (details->ports), 0, 1, (gpointer *) &port, 1);
}

static void
change_created (DevboxInstanceDetails *details)
{
  g_date_time_unref (details->created);
  details->created = g_date_time_new_utc (2026, 11, 23, 9, 0, 0);
}

static void
drop_pod_ip (DevboxInstanceDetails *details)
{
  g_clear_pointer (&details->pod_ip, g_free);
}

static const struct
{
  const char *name;
  void (*change) (DevboxInstanceDetails *details);
  const char *told;
} changes[] = {
  { "status", change_status, "status status-text reason " },
  { "uid", change_uid, "uid " },
  { "cpu", change_cpu, "cpu " },
  { "environ", change_environ, "environ " },
  { "no-environ", drop_environ, "environ " },
  { "ports", change_ports, "ports " },
  { "more-ports", add_port, "ports " },
  { "protocol", change_protocol, "ports " },
  { "created", change_created, "created " },
  { "no-pod-ip", drop_pod_ip, "pod-ip " },
};

static void
test_change (gconstpointer data)
{
  guint index = GPOINTER_TO_UINT (data);
  g_auto (DevboxInstanceDetails) details = { 0 };
  Fixture fixture;

  set_up (&fixture, NULL);
  fill_detail (&details);
  changes[index].change (&details);
  apply_details (&fixture, &details);
  if (!g_str_has_prefix (changes[index].told, "pod-ip"))
    g_assert_cmpstr (fixture.told->str, ==, changes[index].told);
  else
    g_assert_true (g_str_has_suffix (fixture.told->str, changes[index].told));
  tear_down (&fixture, NULL);
}

/* A list has the state, and not much else: the rest is not forgotten. */
static void
test_what_a_list_tells (Fixture *fixture, gconstpointer data)
{
  g_auto (DevboxInstanceDetails) details = { 0 };
  g_autofree char *image = NULL;
  g_autoptr (GListModel) ports = NULL;

  details.name = g_strdup ("one");
  details.uid = g_strdup ("uid-1");
  details.status = DEVBOX_INSTANCE_STATUS_STOPPED;
  details.status_text = g_strdup ("Stopped");
  details.memory = 512;
  apply_details (fixture, &details);

  g_assert_cmpstr (fixture->told->str, ==, "status status-text memory ");
  image = devbox_instance_dup_image (fixture->instance);
  g_assert_cmpstr (image, ==, "bash:5");
  ports = devbox_instance_dup_ports (fixture->instance);
  g_assert_cmpuint (g_list_model_get_n_items (ports), ==, 1);
  g_assert_cmpuint (devbox_instance_get_cpu (fixture->instance), ==, 1000);
}

static void
test_what_is_old (Fixture *fixture, gconstpointer data)
{
  gint64 early = g_get_monotonic_time ();
  g_autoptr (DevboxInstanceInfo) old = detail_new ();
  g_auto (DevboxInstanceDetails) details = { 0 };

  fill_detail (&details);
  change_cpu (&details);
  apply_details (fixture, &details);
  devbox_instance_apply_info (fixture->instance, old, early - 1);
  g_assert_cmpuint (devbox_instance_get_cpu (fixture->instance), ==, 500);
  g_assert_cmpstr (fixture->told->str, ==, "cpu ");
}

static gpointer
apply_in_thread (gpointer data)
{
  g_auto (DevboxInstanceDetails) details = { 0 };

  fill_detail (&details);
  change_cpu (&details);
  apply_details (data, &details);

  return NULL;
}

/* A value is there at once; it is told where the instance is at home. */
static void
test_another_thread (gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Fixture fixture;

  g_main_context_push_thread_default (context);
  set_up (&fixture, NULL);
  g_thread_join (g_thread_new ("apply", apply_in_thread, &fixture));
  g_assert_cmpuint (devbox_instance_get_cpu (fixture.instance), ==, 500);
  g_assert_cmpstr (fixture.told->str, ==, "");

  g_assert_false (g_main_context_iteration (NULL, FALSE));
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_cmpstr (fixture.told->str, ==, "cpu ");
  tear_down (&fixture, NULL);
  g_main_context_pop_thread_default (context);
}

typedef struct
{
  Fixture *fixture;
  int stop;
} Reader;

static gpointer
read_in_thread (gpointer data)
{
  Reader *reader = data;

  while (!g_atomic_int_get (&reader->stop))
    {
      g_autofree char *status_text = devbox_instance_dup_status_text (reader->fixture->instance);
      g_auto (GStrv) environment = devbox_instance_dup_environ (reader->fixture->instance);

      g_assert_true (g_str_equal (status_text, "Running") || g_str_equal (status_text, "Error"));
      g_assert_cmpuint (g_strv_length (environment), ==, 2);
    }

  return NULL;
}

static void
test_readers (Fixture *fixture, gconstpointer data)
{
  Reader reader = { fixture, FALSE };
  GThread *thread = g_thread_new ("read", read_in_thread, &reader);

  for (guint i = 0; i < 2000; i++)
    {
      g_auto (DevboxInstanceDetails) details = { 0 };

      fill_detail (&details);
      if (i % 2 == 0)
        change_status (&details);
      apply_details (fixture, &details);
    }
  g_atomic_int_set (&reader.stop, TRUE);
  g_thread_join (thread);
}

/* Nobody can be asked about it. */
static void
test_no_platform (void)
{
  g_autoptr (DevboxInstance) instance = devbox_instance_new_for_agent ("http://127.0.0.1:3000", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *agent_url = devbox_instance_dup_agent_url (instance);

  g_assert_cmpstr (agent_url, ==, "http://127.0.0.1:3000");
  g_assert_null (devbox_instance_get_name (instance));
  g_assert_null (devbox_instance_dup_uid (instance));
  g_assert_null (devbox_instance_dup_ports (instance));
  g_assert_cmpint (devbox_instance_get_status (instance), ==, DEVBOX_INSTANCE_STATUS_UNKNOWN);
  g_assert_false (devbox_instance_pause_sync (instance, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_clear_error (&error);
  g_assert_null (devbox_instance_get_info_sync (instance, NULL, &error));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/instance-properties/values", Fixture, NULL, set_up, test_values, tear_down);
  g_test_add ("/instance-properties/properties", Fixture, NULL, set_up, test_properties, tear_down);
  g_test_add ("/instance-properties/nothing-new", Fixture, NULL, set_up, test_nothing_new, tear_down);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/instance-properties/change/%s", changes[i].name);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_change);
    }
  g_test_add ("/instance-properties/what-a-list-tells", Fixture, NULL, set_up, test_what_a_list_tells, tear_down);
  g_test_add ("/instance-properties/what-is-old", Fixture, NULL, set_up, test_what_is_old, tear_down);
  g_test_add_data_func ("/instance-properties/another-thread", NULL, test_another_thread);
  g_test_add ("/instance-properties/readers", Fixture, NULL, set_up, test_readers, tear_down);
  g_test_add_func ("/instance-properties/no-platform", test_no_platform);

  return g_test_run ();
}
