/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-link-private.h"
#include "devbox-program-private.h"
#include "devbox-server-agent.h"
#include "devbox-server-options-private.h"
#include "devbox-token-file-private.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The program devbox-server: a non-unique GApplication around one agent. */

typedef struct
{
  DevboxProgram base;
  DevboxServerAgent *agent;
  DevboxServerOptions options;
  GStrv environment; /* as we found it, for the commands */
} Program;

static gboolean
is_loopback_host (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return strcmp (host, "localhost") == 0 || (address != NULL && g_inet_address_get_is_loopback (address));
}

/* Beyond loopback a token is needed; one that had to be made is shown this once. */
static gboolean
provide_token (DevboxServerOptions *options, GError **error)
{
  g_autofree char *path = NULL;
  gboolean created;

  if (options->token != NULL || options->allow_unauthenticated || options->listen_fd >= 0
      || is_loopback_host (options->host))
    return TRUE;

  options->token = devbox_token_file_load_or_create (&path, &created, error);
  if (options->token == NULL)
    return FALSE;

  if (created)
    g_print (_ ("Token:      %s\n            (made now, kept in %s, not shown again)\n"), options->token, path);
  else
    g_print (_ ("Token:      the one in %s\n"), path);

  return TRUE;
}

static void
print_screen (Program *program)
{
  g_autofree char *uri = devbox_server_agent_dup_uri (program->agent);
  g_autofree char *token = devbox_server_agent_dup_token (program->agent);

  /* An inherited socket may turn out to be reachable from elsewhere, and then the agent made a token. */
  if (token != NULL && program->options.token == NULL)
    g_print (_ ("Token:      %s\n"), token);
  g_print (_ ("Workspace:  %s\n"), program->options.workspace_path);
  if (uri != NULL)
    g_print (_ ("Listening:  %s\n"), uri);
  else
    g_print (_ ("Listening:  on the inherited socket\n"));
  g_print (_ ("Open to:    %s\n"),
           token != NULL ? _ ("requests with the token") : _ ("everybody who reaches the address"));
}

static DevboxServerAgent *
create_agent (Program *program)
{
  DevboxServerOptions *options = &program->options;

  /* clang-format off */
  return g_object_new (DEVBOX_SERVER_TYPE_AGENT,
                       "workspace-path", options->workspace_path,
                       "host", options->host,
                       "port", options->port,
                       "max-file-size", options->max_file_size,
                       "max-batch-size", options->max_batch_size,
                       "max-connections", (guint) options->max_connections,
                       "max-sessions", (guint) options->max_sessions,
                       "output-limit", options->output_limit,
                       "process-retention", (guint) options->process_retention * 1000,
                       "max-concurrent-reads", (guint) options->max_concurrent_reads,
                       "enable-cors", options->enable_cors,
                       "cors-origins", options->cors_origins,
                       "host-names", options->host_names,
                       "token", options->token,
                       "allow-unauthenticated", options->allow_unauthenticated,
                       "listen-fd", options->listen_fd,
                       "base-environment", program->environment,
                       "open-files-limit", devbox_program_raise_open_files_limit (),
                       NULL);
  /* clang-format on */
}

static gboolean
start_agent (gpointer user_data, GError **error)
{
  Program *program = user_data;

  if (!provide_token (&program->options, error))
    return FALSE;

  program->agent = create_agent (program);
  if (!devbox_server_agent_start (program->agent, NULL, error))
    return FALSE;

  print_screen (program);
  fflush (stdout);
  return TRUE;
}

static void
program_clear (Program *program)
{
  if (program->agent != NULL)
    devbox_server_agent_stop (program->agent);
  g_clear_object (&program->agent);
  devbox_program_clear (&program->base);
  devbox_server_options_clear (&program->options);
  g_strfreev (program->environment);
}

/* Commands run as the same user and can read /proc/PID/environ and cmdline, which show the memory that the kernel
 * handed over at the start. */
static void
wipe_secrets (char **arguments)
{
  static const char *const variables[] = { "TOKEN", "DEVBOX_JWT_SECRET" };

  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    {
      char *value = getenv (variables[i]);

      if (value != NULL)
        explicit_bzero (value, strlen (value));
      unsetenv (variables[i]);
    }

  for (guint i = 1; arguments[i] != NULL; i++)
    {
      if (g_str_has_prefix (arguments[i], "--token="))
        explicit_bzero (arguments[i] + strlen ("--token="), strlen (arguments[i]) - strlen ("--token="));
      else if (strcmp (arguments[i], "--token") == 0 && arguments[i + 1] != NULL)
        explicit_bzero (arguments[i + 1], strlen (arguments[i + 1]));
    }
}

static void
serve (Program *program, char **argv)
{
  /* Commands get the environment as it was. */
  program->environment = g_get_environ ();
  devbox_program_run (&program->base, argv, program->options.access_log);
}

static int
serve_box (Program *program)
{
  int socket = program->options.box_socket;
  g_autoptr (GError) error = NULL;

  if (!g_unix_set_fd_nonblocking (socket, TRUE, &error) || fcntl (socket, F_SETFD, FD_CLOEXEC) != 0)
    {
      g_printerr (_ ("devbox-server: Descriptor %d is no socket of a platform\n"), socket);
      return DEVBOX_PROGRAM_EXIT_USAGE;
    }

  return devbox_box_link_run (create_agent (program), socket);
}

int
main (int argc, char **argv)
{
  Program program = { .base = { .name = "devbox-server", .start = start_agent } };
  g_autofree char **arguments = g_memdup2 (argv, (argc + 1) * sizeof *argv);
  g_autoptr (GError) error = NULL;

  program.base.user_data = &program;
  setlocale (LC_ALL, "");
  textdomain (GETTEXT_PACKAGE);

  if (!devbox_server_options_parse (&program.options, &argc, &argv, &error))
    program.base.exit_status = devbox_program_fail (&program.base, error, DEVBOX_PROGRAM_EXIT_USAGE);
  else if (program.options.show_version)
    g_print ("devbox-server %s\n", DEVBOX_VERSION_STRING);
  else
    {
      wipe_secrets (arguments);
      if (program.options.box_socket >= 0)
        program.base.exit_status = serve_box (&program);
      else
        serve (&program, argv);
    }
  program_clear (&program);

  return program.base.exit_status;
}
