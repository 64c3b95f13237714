/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "hostile-test-util.h"

#include "call-test-util.h"

#include "devbox-command.h"
#include "devbox-error-info.h"
#include "devbox-log-entry.h"
#include "devbox-log-reader.h"

#include <string.h>

#define TIMEOUT_MS 20000

void
hostile_test_set_up (HostileTest *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->server = hostile_server_new ("127.0.0.1");
  self->other = hostile_server_new ("127.0.0.2");
  self->client = devbox_client_new_for_platform (hostile_server_get_url (self->server), TOKEN, &error);
  g_assert_no_error (error);
  g_object_set (self->client, "max-retries", 0, "timeout", TIMEOUT_MS, NULL);
  self->agent = devbox_instance_new_for_agent_with_client (self->client, hostile_server_get_url (self->server), TOKEN);
}

void
hostile_test_tear_down (HostileTest *self, gconstpointer data)
{
  g_assert_finalize_object (self->agent);
  g_assert_finalize_object (self->client);
  test_wait_for_io_threads ();
  g_assert_cmpuint (hostile_server_get_n_accepted (self->other), ==, 0);
  hostile_server_free (self->other);
  hostile_server_free (self->server);
}

static gboolean
release (gpointer object)
{
  g_clear_object (&object);

  return TRUE;
}

gboolean
hostile_test_get_instance (HostileTest *self, GError **error)
{
  return release (devbox_client_get_instance_sync (self->client, "box", NULL, error));
}

gboolean
hostile_test_list_instances (HostileTest *self, GError **error)
{
  return release (devbox_client_list_instances_sync (self->client, DEVBOX_INSTANCE_STATUS_UNKNOWN, NULL, NULL, error));
}

gboolean
hostile_test_list_templates (HostileTest *self, GError **error)
{
  return release (devbox_client_list_templates_sync (self->client, NULL, error));
}

gboolean
hostile_test_list_releases (HostileTest *self, GError **error)
{
  return release (devbox_client_list_releases_sync (self->client, "box", NULL, error));
}

gboolean
hostile_test_list_samples (HostileTest *self, GError **error)
{
  return release (devbox_client_list_samples_sync (self->client, "box", NULL, NULL, 0, NULL, error));
}

gboolean
hostile_test_find_agent (HostileTest *self, GError **error)
{
  g_autoptr (GBytes) contents = devbox_client_load_file_sync (self->client, "box", "file", NULL, error);

  return contents != NULL;
}

gboolean
hostile_test_list_files (HostileTest *self, GError **error)
{
  return release (
      devbox_instance_list_files_sync (self->agent, "folder", DEVBOX_LIST_FILES_FLAGS_NONE, 0, 0, NULL, error));
}

gboolean
hostile_test_find_files (HostileTest *self, GError **error)
{
  g_auto (GStrv) found = devbox_instance_find_sync (self->agent, "folder", "name", NULL, error);

  return found != NULL;
}

gboolean
hostile_test_list_processes (HostileTest *self, GError **error)
{
  return release (devbox_instance_list_processes_sync (self->agent, NULL, error));
}

gboolean
hostile_test_list_sessions (HostileTest *self, GError **error)
{
  return release (devbox_instance_list_sessions_sync (self->agent, NULL, error));
}

gboolean
hostile_test_list_ports (HostileTest *self, GError **error)
{
  return release (devbox_instance_list_listening_ports_sync (self->agent, NULL, error));
}

gboolean
hostile_test_get_agent_info (HostileTest *self, GError **error)
{
  return release (devbox_instance_get_agent_info_sync (self->agent, NULL, error));
}

gboolean
hostile_test_run (HostileTest *self, GError **error)
{
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("true");

  return release (devbox_instance_run_sync (self->agent, command, NULL, error));
}

gboolean
hostile_test_run_streamed (HostileTest *self, GError **error)
{
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("true");
  g_autoptr (DevboxLogReader) reader = devbox_instance_run_streamed_sync (self->agent, command, NULL, error);
  GError *problem = NULL;

  if (reader == NULL)
    return FALSE;
  while (problem == NULL)
    {
      g_autoptr (DevboxLogEntry) entry = devbox_log_reader_next_entry_sync (reader, NULL, &problem);

      if (entry == NULL)
        break;
    }
  if (problem == NULL)
    return TRUE;

  g_propagate_error (error, problem);
  return FALSE;
}

gboolean
hostile_test_open_file (HostileTest *self, GError **error)
{
  g_autoptr (GInputStream) stream = devbox_instance_open_file_sync (self->agent, "file", NULL, error);
  char buffer[4096];

  return stream != NULL && g_input_stream_read (stream, buffer, sizeof (buffer), NULL, error) >= 0;
}

gboolean
hostile_test_monitor (HostileTest *self, GError **error)
{
  return release (
      devbox_instance_monitor_files_sync (self->agent, "folder", DEVBOX_FILE_MONITOR_FLAGS_NONE, NULL, error));
}

void
hostile_test_assert_decent (const GError *error)
{
  g_autoptr (DevboxErrorInfo) info = devbox_error_info_from_error (error);
  const GError *cause = devbox_error_info_get_cause (info);

  g_assert_true (error->domain == DEVBOX_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  for (const char *c = error->message; *c != '\0'; c = g_utf8_next_char (c))
    g_assert_false (g_unichar_iscntrl (g_utf8_get_char (c)));

  g_assert_null (strstr (error->message, TOKEN));
  g_assert_true (devbox_error_info_get_request_id (info) == NULL
                 || strstr (devbox_error_info_get_request_id (info), TOKEN) == NULL);
  g_assert_null (strstr (devbox_error_info_get_code_name (info), TOKEN));
  g_assert_true (cause == NULL || strstr (cause->message, TOKEN) == NULL);
}
