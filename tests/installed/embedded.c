/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An agent and a client in one program: embedded WORKSPACE. */
#include <devbox-glib.h>
#include <devbox-server.h>

int
main (int argc, char **argv)
{
  g_autoptr (DevboxServerAgent) agent = devbox_server_agent_new (argv[1]);
  g_autoptr (DevboxInstance) box = NULL;
  g_autoptr (DevboxCommand) command = devbox_command_new_for_shell ("echo embedded");
  g_autoptr (DevboxCommandResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;

  if (!devbox_server_agent_start (agent, NULL, &error))
    g_error ("%s", error->message);
  uri = devbox_server_agent_dup_uri (agent);
  box = devbox_instance_new_for_agent (uri, NULL);
  result = devbox_instance_run_sync (box, command, NULL, &error);
  if (result == NULL)
    g_error ("%s", error->message);
  g_print ("%s", devbox_command_result_get_stdout_text (result));

  return 0;
}
