/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole life of a devbox, on the platform of $KUBECONFIG, or on the local platform: life */
#include <devbox-glib.h>
#include <locale.h>

#define NAME "hello"

static const char script[] = "echo \"Hello from $NAME\"\n";

static void
print_status (const char *when, DevboxInstance *box)
{
  g_autofree char *status = devbox_instance_dup_status_text (box);

  g_print ("%s is %s.\n", when, status);
}

static DevboxInstance *
make (DevboxClient *client, GError **error)
{
  g_autoptr (DevboxInstanceSpec) spec = devbox_instance_spec_new (NAME, "bash");
  g_autoptr (DevboxInstance) box = NULL;

  devbox_instance_spec_set_cpu (spec, 1000);
  devbox_instance_spec_set_memory (spec, 512);
  devbox_instance_spec_setenv (spec, "NAME", NAME, TRUE);
  box = devbox_client_create_instance_sync (client, spec, NULL, error);
  if (box == NULL || !devbox_instance_wait_ready_sync (box, 60000, NULL, error))
    return NULL;

  print_status ("Made " NAME ", which", box);

  return g_steal_pointer (&box);
}

static void
on_changed (DevboxFileMonitor *monitor,
            const char *path,
            const char *old_path,
            GFileMonitorEvent event,
            gpointer user_data)
{
  char **created = user_data;

  if (event == G_FILE_MONITOR_EVENT_CREATED && *created == NULL)
    *created = g_strdup (path);
}

static gboolean
write_and_see (DevboxInstance *box, GError **error)
{
  g_autoptr (GBytes) contents = g_bytes_new_static (script, sizeof script - 1);
  g_autoptr (DevboxFileMonitor) monitor = NULL;
  g_autofree char *created = NULL;

  monitor = devbox_instance_monitor_files_sync (box, "", DEVBOX_FILE_MONITOR_FLAGS_NONE, NULL, error);
  if (monitor == NULL)
    return FALSE;
  g_signal_connect (monitor, "changed", G_CALLBACK (on_changed), &created);

  if (!devbox_instance_replace_file_sync (box, "greet.sh", contents, 0, NULL, error))
    return FALSE;

  while (created == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_print ("Created: %s\n", created);
  devbox_file_monitor_cancel (monitor);

  return TRUE;
}

static gboolean
run_and_read (DevboxInstance *box, GError **error)
{
  g_autoptr (DevboxCommand) command = devbox_command_new ((const char *[]){ "sh", "greet.sh", NULL });
  g_autoptr (DevboxCommandResult) result = devbox_instance_run_sync (box, command, NULL, error);
  g_autoptr (GBytes) contents = NULL;

  if (result == NULL)
    return FALSE;
  g_print ("%s", devbox_command_result_get_stdout_text (result));

  contents = devbox_instance_load_file_sync (box, "greet.sh", NULL, error);
  if (contents == NULL)
    return FALSE;
  g_print ("The script has %" G_GSIZE_FORMAT " bytes.\n", g_bytes_get_size (contents));

  return TRUE;
}

static gboolean
measure (DevboxInstance *box, GError **error)
{
  g_autoptr (GListModel) samples = devbox_instance_list_samples_sync (box, NULL, NULL, 0, NULL, error);
  g_autoptr (DevboxSample) last = NULL;

  while (samples != NULL && g_list_model_get_n_items (samples) == 0)
    {
      g_object_unref (samples);
      g_usleep (200 * 1000);
      samples = devbox_instance_list_samples_sync (box, NULL, NULL, 0, NULL, error);
    }
  if (samples == NULL)
    return FALSE;

  last = g_list_model_get_item (samples, g_list_model_get_n_items (samples) - 1);
  g_print ("Its disk is %s.\n", devbox_sample_get_disk_used (last) > 0 ? "used" : "empty");

  return TRUE;
}

static gboolean
pause_and_start (DevboxInstance *box, GError **error)
{
  if (!devbox_instance_pause_sync (box, NULL, error))
    return FALSE;
  print_status ("After the pause it", box);

  if (!devbox_instance_start_sync (box, NULL, error))
    return FALSE;
  print_status ("After the start it", box);

  return TRUE;
}

static gboolean
delete_and_count (DevboxClient *client, DevboxInstance *box, GError **error)
{
  g_autoptr (DevboxInstanceList) left = NULL;

  if (!devbox_instance_delete_sync (box, NULL, error))
    return FALSE;

  left = devbox_client_list_instances_sync (client, DEVBOX_INSTANCE_STATUS_UNKNOWN, NULL, NULL, error);
  if (left == NULL)
    return FALSE;
  g_print ("Deleted. Devboxes left: %u.\n", g_list_model_get_n_items (G_LIST_MODEL (left)));

  return TRUE;
}

static gboolean
live (GError **error)
{
  g_autoptr (DevboxClient) client = devbox_client_new ();
  g_autoptr (DevboxInstance) box = make (client, error);

  return box != NULL && write_and_see (box, error) && run_and_read (box, error) && measure (box, error)
         && pause_and_start (box, error) && delete_and_count (client, box, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, ""); /* messages of the library in the user's language */
  if (!live (&error))
    {
      g_printerr ("life: %s\n", error->message);
      return 1;
    }

  return 0;
}
