/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a script into a devbox, runs it, and sees the change: hello AGENT-URL, with the token in DEVBOX_TOKEN if it
 * needs one. */
#include <devbox-glib.h>
#include <locale.h>

static const char script[] = "echo \"Hello from a devbox\"\n"
                             "echo \"2 + 3 = $((2 + 3))\"\n";

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
write_and_run (DevboxInstance *box, GError **error)
{
  g_autoptr (GBytes) contents = g_bytes_new_static (script, sizeof script - 1);
  g_autoptr (DevboxCommand) command = devbox_command_new ((const char *[]){ "sh", "hello.sh", NULL });
  g_autoptr (DevboxCommandResult) result = NULL;

  if (!devbox_instance_replace_file_sync (box, "hello.sh", contents, 0, NULL, error))
    return FALSE;
  result = devbox_instance_run_sync (box, command, NULL, error);
  if (result == NULL)
    return FALSE;

  g_print ("%s", devbox_command_result_get_stdout_text (result));
  g_print ("Exit code %d.\n", devbox_command_result_get_exit_code (result));

  return TRUE;
}

static gboolean
watch_it_happen (DevboxInstance *box, GError **error)
{
  g_autoptr (DevboxFileMonitor) monitor = NULL;
  g_autofree char *created = NULL;

  monitor = devbox_instance_monitor_files_sync (box, "", DEVBOX_FILE_MONITOR_FLAGS_NONE, NULL, error);
  if (monitor == NULL)
    return FALSE;
  g_signal_connect (monitor, "changed", G_CALLBACK (on_changed), &created);

  if (!write_and_run (box, error))
    return FALSE;

  while (created == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_print ("Created: %s\n", created);
  devbox_file_monitor_cancel (monitor);

  return TRUE;
}

static gboolean
miss_a_file (DevboxInstance *box, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GBytes) contents = devbox_instance_load_file_sync (box, "missing.txt", NULL, &local_error);

  if (!g_error_matches (local_error, DEVBOX_ERROR, DEVBOX_ERROR_FILE_NOT_FOUND))
    {
      if (local_error != NULL)
        g_propagate_error (error, g_steal_pointer (&local_error));
      return contents != NULL;
    }

  g_print ("missing.txt is not there, as it should be.\n");
  return TRUE;
}

static gboolean
hello (DevboxInstance *box, GError **error)
{
  if (!devbox_instance_is_healthy_sync (box, NULL, error))
    {
      if (error != NULL && *error == NULL)
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The agent is not healthy.");
      return FALSE;
    }
  g_print ("The agent is healthy.\n");

  return watch_it_happen (box, error) && miss_a_file (box, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (DevboxInstance) box = NULL;
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, ""); /* messages of the library in the user's language */
  if (argc != 2)
    {
      g_printerr ("usage: hello AGENT-URL\n");
      return 1;
    }

  box = devbox_instance_new_for_agent (argv[1], g_getenv ("DEVBOX_TOKEN"));
  if (!hello (box, &error))
    {
      g_printerr ("hello: %s\n", error->message);
      return 1;
    }

  return 0;
}
