/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a devbox, by its object and by its name, and what its objects tell of it. */
#include "calls.h"

#include <string.h>

static void
assert_status (DevboxInstance *box, DevboxInstanceStatus status, const char *text)
{
  g_autofree char *actual = devbox_instance_dup_status_text (box);

  g_assert_cmpint (devbox_instance_get_status (box), ==, status);
  g_assert_cmpstr (actual, ==, text);
}

static DevboxInstance *
make (Calls *self, const char *name)
{
  g_autoptr (DevboxInstanceSpec) spec = calls_make_spec (name);
  DevboxInstance *box;

  devbox_instance_spec_setenv (spec, "GREETING", "hello", TRUE);
  box = CALL (devbox_client_create_instance, self->client, spec, NULL);
  g_assert_true (CALL (devbox_instance_wait_ready, box, 30000, NULL));
  assert_status (box, DEVBOX_INSTANCE_STATUS_RUNNING, "Running");

  return box;
}

static void
test_by_instance (Calls *self)
{
  g_autofree char *name = calls_make_name ("life");
  g_autoptr (DevboxInstance) box = make (self, name);
  g_autoptr (GError) error = NULL;

  g_assert_true (CALL (devbox_instance_is_healthy, box, NULL));
  g_assert_true (CALL (devbox_instance_pause, box, NULL));
  assert_status (box, DEVBOX_INSTANCE_STATUS_STOPPED, "Stopped");
  g_assert_true (CALL (devbox_instance_start, box, NULL));
  assert_status (box, DEVBOX_INSTANCE_STATUS_RUNNING, "Running");
  g_assert_true (CALL (devbox_instance_shutdown, box, NULL));
  assert_status (box, DEVBOX_INSTANCE_STATUS_SHUTDOWN, "Shutdown");
  g_assert_true (CALL (devbox_instance_start, box, NULL));
  g_assert_true (CALL (devbox_instance_restart, box, NULL));
  assert_status (box, DEVBOX_INSTANCE_STATUS_RUNNING, "Running");

  g_assert_true (CALL (devbox_instance_delete, box, NULL));
  g_assert_cmpint (devbox_instance_get_status (box), ==, DEVBOX_INSTANCE_STATUS_DELETING);
  g_assert_false (TRY_CALL (&error, devbox_instance_refresh, box, NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_DEVBOX_NOT_FOUND);
}

static void
assert_status_of (Calls *self, const char *name, DevboxInstanceStatus status)
{
  g_autoptr (DevboxInstance) box = CALL (devbox_client_get_instance, self->client, name, NULL);

  g_assert_cmpstr (devbox_instance_get_name (box), ==, name);
  g_assert_cmpint (devbox_instance_get_status (box), ==, status);
}

static void
test_by_name (Calls *self)
{
  g_autofree char *name = calls_make_name ("name");
  g_autoptr (DevboxInstance) box = make (self, name);
  g_autofree char *agent_url = devbox_instance_dup_agent_url (box);
  g_autofree char *server_url = CALL (devbox_client_get_server_url, self->client, name, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (server_url, ==, agent_url);
  g_assert_true (CALL (devbox_client_check_health, self->client, name, NULL));
  g_assert_true (CALL (devbox_client_pause_instance, self->client, name, NULL));
  assert_status_of (self, name, DEVBOX_INSTANCE_STATUS_STOPPED);
  g_assert_true (CALL (devbox_client_start_instance, self->client, name, NULL));
  assert_status_of (self, name, DEVBOX_INSTANCE_STATUS_RUNNING);
  g_assert_true (CALL (devbox_client_shutdown_instance, self->client, name, NULL));
  assert_status_of (self, name, DEVBOX_INSTANCE_STATUS_SHUTDOWN);
  devbox_client_set_max_retries (self->client, 0);
  g_assert_false (CALL (devbox_client_check_health, self->client, name, NULL));
  g_assert_true (CALL (devbox_client_start_instance, self->client, name, NULL));
  g_assert_true (CALL (devbox_client_restart_instance, self->client, name, NULL));
  assert_status_of (self, name, DEVBOX_INSTANCE_STATUS_RUNNING);

  g_assert_true (CALL (devbox_client_delete_instance, self->client, name, NULL));
  g_assert_null (TRY_CALL (&error, devbox_client_get_instance, self->client, name, NULL));
  g_assert_error (error, DEVBOX_ERROR, DEVBOX_ERROR_DEVBOX_NOT_FOUND);
}

static void
assert_ssh (DevboxSshInfo *ssh, const char *host)
{
  calls_assert_properties (ssh, "host", host, "port", devbox_ssh_info_get_port (ssh), "user",
                           devbox_ssh_info_get_user (ssh), "working-directory",
                           devbox_ssh_info_get_working_directory (ssh), "domain", devbox_ssh_info_get_domain (ssh),
                           "private-key", devbox_ssh_info_get_private_key (ssh), NULL);
  g_assert_cmpstr (devbox_ssh_info_get_host (ssh), ==, host);
  g_assert_cmpstr (devbox_ssh_info_get_user (ssh), ==, "devbox");
}

static void
assert_agent_port (DevboxPort *port, const char *address)
{
  calls_assert_properties (port, "number", 3000, "protocol", DEVBOX_PORT_PROTOCOL_HTTP, "protocol-text", "HTTP", "name",
                           "agent", "custom-domain", devbox_port_get_custom_domain (port), "public-address", address,
                           "private-address", address, NULL);
  g_assert_cmpuint (devbox_port_get_number (port), ==, 3000);
  g_assert_cmpint (devbox_port_get_protocol (port), ==, DEVBOX_PORT_PROTOCOL_HTTP);
  g_assert_cmpstr (devbox_port_get_protocol_text (port), ==, "HTTP");
  g_assert_cmpstr (devbox_port_get_name (port), ==, "agent");
  g_assert_cmpstr (devbox_port_get_public_address (port), ==, address);
  g_assert_cmpstr (devbox_port_get_private_address (port), ==, address);
}

static void
assert_info (DevboxInstanceInfo *info, const char *name)
{
  static const char *const environment[] = { "GREETING=hello", NULL };
  GListModel *ports = devbox_instance_info_get_ports (info);
  const char *address = devbox_port_get_public_address (calls_peek_item (ports, 0));

  calls_assert_properties (info, "name", name, "uid", devbox_instance_info_get_uid (info), "status",
                           DEVBOX_INSTANCE_STATUS_RUNNING, "status-text", "Running", "reason", NULL, "runtime", "bash",
                           "image", devbox_instance_info_get_image (info), "cpu", 1000, "memory", 1024, "pod-ip",
                           devbox_instance_info_get_pod_ip (info), "ssh", devbox_instance_info_get_ssh (info),
                           "environ", environment, "ports", ports, "created", devbox_instance_info_get_created (info),
                           "network", FALSE, "autostart", "true", "sandbox", devbox_instance_info_get_sandbox (info),
                           NULL);
  g_assert_cmpstr (devbox_instance_info_get_name (info), ==, name);
  g_assert_cmpint (devbox_instance_info_get_status (info), ==, DEVBOX_INSTANCE_STATUS_RUNNING);
  g_assert_cmpstr (devbox_instance_info_get_status_text (info), ==, "Running");
  g_assert_null (devbox_instance_info_get_reason (info));
  g_assert_cmpstr (devbox_instance_info_get_runtime (info), ==, "bash");
  g_assert_cmpuint (devbox_instance_info_get_cpu (info), ==, 1000);
  g_assert_cmpuint (devbox_instance_info_get_memory (info), ==, 1024);
  g_assert_cmpstrv (devbox_instance_info_get_environ (info), environment);
  g_assert_false (devbox_instance_info_get_network (info));
  g_assert_cmpstr (devbox_instance_info_get_autostart (info), ==, "true");
  g_assert_nonnull (devbox_instance_info_get_sandbox (info));
  calls_assert_recent (devbox_instance_info_get_created (info));
  assert_agent_port (calls_peek_item (ports, 0), address);
  assert_ssh (devbox_instance_info_get_ssh (info), devbox_instance_info_get_pod_ip (info));
}

/* As the info of the same devbox has it. */
static void
assert_instance (DevboxInstance *box, DevboxInstanceInfo *info)
{
  g_autofree char *uid = devbox_instance_dup_uid (box);
  g_autofree char *reason = devbox_instance_dup_reason (box);
  g_autofree char *runtime = devbox_instance_dup_runtime (box);
  g_autofree char *image = devbox_instance_dup_image (box);
  g_autofree char *pod_ip = devbox_instance_dup_pod_ip (box);
  g_autofree char *agent_url = devbox_instance_dup_agent_url (box);
  g_autoptr (DevboxSshInfo) ssh = devbox_instance_dup_ssh (box);
  g_auto (GStrv) environment = devbox_instance_dup_environ (box);
  g_autoptr (GListModel) ports = devbox_instance_dup_ports (box);
  g_autoptr (GDateTime) created = devbox_instance_dup_created (box);

  calls_assert_properties (box, "name", devbox_instance_info_get_name (info), "uid", uid, "status",
                           DEVBOX_INSTANCE_STATUS_RUNNING, "status-text", "Running", "reason", NULL, "runtime", runtime,
                           "image", image, "cpu", devbox_instance_get_cpu (box), "memory",
                           devbox_instance_get_memory (box), "pod-ip", pod_ip, "ssh", ssh, "environ", environment,
                           "ports", ports, "created", created, "client", devbox_instance_get_client (box), "agent-url",
                           agent_url, NULL);
  g_assert_cmpstr (uid, ==, devbox_instance_info_get_uid (info));
  g_assert_null (reason);
  g_assert_cmpstr (runtime, ==, "bash");
  g_assert_cmpstr (image, ==, devbox_instance_info_get_image (info));
  g_assert_cmpuint (devbox_instance_get_cpu (box), ==, devbox_instance_info_get_cpu (info));
  g_assert_cmpuint (devbox_instance_get_memory (box), ==, devbox_instance_info_get_memory (info));
  g_assert_cmpstr (pod_ip, ==, devbox_instance_info_get_pod_ip (info));
  g_assert_cmpstr (agent_url, ==, devbox_port_get_public_address (calls_peek_item (ports, 0)));
  g_assert_true (g_date_time_equal (created, devbox_instance_info_get_created (info)));
  assert_ssh (ssh, pod_ip);
}

static void
test_info (Calls *self)
{
  g_autofree char *name = calls_make_name ("info");
  g_autoptr (DevboxInstance) box = make (self, name);
  g_autoptr (DevboxInstance) other = CALL (devbox_client_get_instance, self->client, name, NULL);
  g_autoptr (DevboxInstanceInfo) info = NULL;
  g_autoptr (DevboxAgentInfo) agent = CALL (devbox_instance_get_agent_info, box, NULL);

  g_assert_true (CALL (devbox_instance_set_autostart, box, "true", NULL));
  info = CALL (devbox_instance_get_info, box, NULL);
  assert_info (info, name);
  assert_instance (box, info);
  assert_instance (other, info);
  g_assert_true (devbox_instance_get_client (box) == self->client);

  calls_assert_properties (agent, "healthy", TRUE, "version", devbox_agent_info_get_version (agent), "uptime",
                           devbox_agent_info_get_uptime (agent), "capabilities",
                           devbox_agent_info_get_capabilities (agent), NULL);
  g_assert_true (devbox_agent_info_get_healthy (agent));
  g_assert_true (g_str_has_prefix (devbox_agent_info_get_version (agent), "1."));
  g_assert_cmpuint (devbox_agent_info_get_uptime (agent), <, 60 * 1000);
  g_assert_true (g_strv_contains (devbox_agent_info_get_capabilities (agent), "current"));

  g_assert_true (CALL (devbox_instance_pause, box, NULL));
  assert_status (other, DEVBOX_INSTANCE_STATUS_RUNNING, "Running");
  g_assert_true (CALL (devbox_instance_refresh, other, NULL));
  assert_status (other, DEVBOX_INSTANCE_STATUS_STOPPED, "Stopped");
  g_assert_true (CALL (devbox_instance_delete, box, NULL));
}

static void
assert_limits (Calls *self, const char *name, guint cpu, guint memory)
{
  g_autoptr (DevboxInstance) box = CALL (devbox_client_get_instance, self->client, name, NULL);

  g_assert_cmpuint (devbox_instance_get_cpu (box), ==, cpu);
  g_assert_cmpuint (devbox_instance_get_memory (box), ==, memory);
}

static gboolean
has_port (DevboxInstance *box, guint number)
{
  g_autoptr (GListModel) ports = devbox_instance_dup_ports (box);

  for (guint i = 0; i < g_list_model_get_n_items (ports); i++)
    {
      if (devbox_port_get_number (calls_peek_item (ports, i)) == number)
        return TRUE;
    }

  return FALSE;
}

static void
test_change (Calls *self)
{
  g_autofree char *name = calls_make_name ("change");
  g_autoptr (DevboxInstance) box = make (self, name);
  g_autoptr (DevboxInstanceSpec) more = devbox_instance_spec_new (NULL, NULL);
  g_autoptr (DevboxInstanceSpec) less = devbox_instance_spec_new (NULL, NULL);
  g_autoptr (GListStore) ports = g_list_store_new (DEVBOX_TYPE_PORT);
  g_autoptr (GListStore) no_ports = g_list_store_new (DEVBOX_TYPE_PORT);
  g_autoptr (DevboxPort) port = devbox_port_new (8080, DEVBOX_PORT_PROTOCOL_TCP);
  g_autoptr (DevboxInstanceInfo) info = NULL;

  devbox_instance_spec_set_cpu (more, 1500);
  devbox_instance_spec_set_memory (more, 2048);
  g_assert_true (CALL (devbox_instance_update, box, more, NULL));
  g_assert_cmpuint (devbox_instance_get_cpu (box), ==, 1500);
  assert_limits (self, name, 1500, 2048);
  devbox_instance_spec_set_cpu (less, 500);
  g_assert_true (CALL (devbox_client_update_instance, self->client, name, less, NULL));
  assert_limits (self, name, 500, 2048);

  g_list_store_append (ports, port);
  g_assert_true (CALL (devbox_instance_set_ports, box, G_LIST_MODEL (ports), NULL));
  g_assert_true (has_port (box, 8080));
  g_assert_true (CALL (devbox_client_set_ports, self->client, name, G_LIST_MODEL (no_ports), NULL));
  g_assert_true (CALL (devbox_instance_refresh, box, NULL));
  g_assert_false (has_port (box, 8080));

  g_assert_true (CALL (devbox_client_set_autostart, self->client, name, "echo begun >>/workspace/begun", NULL));
  info = CALL (devbox_instance_get_info, box, NULL);
  g_assert_cmpstr (devbox_instance_info_get_autostart (info), ==, "echo begun >>/workspace/begun");
  g_assert_true (CALL (devbox_instance_set_autostart, box, "", NULL));
  g_clear_object (&info);
  info = CALL (devbox_instance_get_info, box, NULL);
  g_assert_null (devbox_instance_info_get_autostart (info));
  g_assert_true (CALL (devbox_instance_delete, box, NULL));
}

/* An instance that no platform knows, and things that no agent knows. */
static void
test_alone (Calls *self)
{
  g_autofree char *agent_url = devbox_instance_dup_agent_url (self->box);
  g_autoptr (DevboxInstance) alone = devbox_instance_new_for_agent_with_client (self->client, agent_url, "wrong");
  g_autoptr (DevboxProcess) process = g_object_new (DEVBOX_TYPE_PROCESS, NULL);
  g_autoptr (DevboxSession) session = g_object_new (DEVBOX_TYPE_SESSION, NULL);
  g_autoptr (GError) of_platform = NULL;
  g_autoptr (GError) of_token = NULL;
  g_autoptr (GError) of_process = NULL;
  g_autoptr (GError) of_session = NULL;

  g_assert_true (CALL (devbox_instance_is_healthy, alone, NULL));
  g_assert_false (TRY_CALL (&of_platform, devbox_instance_pause, alone, NULL));
  g_assert_error (of_platform, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_null (TRY_CALL (&of_token, devbox_instance_load_file, alone, "README.md", NULL));
  g_assert_error (of_token, DEVBOX_ERROR, DEVBOX_ERROR_AUTHENTICATION_FAILED);
  g_assert_false (TRY_CALL (&of_process, devbox_process_force_exit, process, NULL));
  g_assert_error (of_process, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
  g_assert_false (TRY_CALL (&of_session, devbox_session_terminate, session, NULL));
  g_assert_error (of_session, DEVBOX_ERROR, DEVBOX_ERROR_VALIDATION_ERROR);
}

const CallsCase calls_life_cases[] = {
  { "life/by-instance", test_by_instance }, { "life/by-name", test_by_name }, { "life/info", test_info },
  { "life/change", test_change },           { "life/alone", test_alone },     { NULL },
};
