/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-link-private.h"
#include "devbox-http-access-log-private.h"
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
#include <sys/resource.h>

/* The program devbox-server: a non-unique GApplication around one agent. */

#define EXIT_USAGE 2

typedef struct
{
  GApplication *application;
  DevboxServerAgent *agent;
  DevboxServerOptions options;
  GStrv environment; /* as we found it, for the commands */
  guint interrupt_id;
  guint terminate_id;
  int exit_status;
} Program;

static gboolean
on_signal (gpointer data)
{
  Program *program = data;

  g_application_quit (program->application);

  return G_SOURCE_CONTINUE;
}

static int
fail (const GError *error, int exit_status)
{
  g_printerr ("devbox-server: %s\n", error->message);

  return exit_status;
}

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

/* Every connection is a descriptor. Returns what the soft limit was, for the commands; 0 when it stayed. */
static guint64
raise_open_files_limit (void)
{
  struct rlimit limit;
  guint64 before;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
    return 0;

  before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit (RLIMIT_NOFILE, &limit) == 0 ? before : 0;
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
                       "open-files-limit", raise_open_files_limit (),
                       NULL);
  /* clang-format on */
}

static gboolean
start_agent (Program *program, GError **error)
{
  if (!provide_token (&program->options, error))
    return FALSE;

  program->agent = create_agent (program);
  return devbox_server_agent_start (program->agent, NULL, error);
}

static void
on_startup (GApplication *application, gpointer user_data)
{
  Program *program = user_data;
  g_autoptr (GError) error = NULL;

  /* Whoever is answered, or reads the screen, may stop us the next moment. */
  program->interrupt_id = g_unix_signal_add (SIGINT, on_signal, program);
  program->terminate_id = g_unix_signal_add (SIGTERM, on_signal, program);
  if (!start_agent (program, &error))
    {
      program->exit_status = fail (error, EXIT_FAILURE);
      return;
    }

  print_screen (program);
  fflush (stdout);
  g_application_hold (application);
}

static void
program_clear (Program *program)
{
  g_clear_handle_id (&program->interrupt_id, g_source_remove);
  g_clear_handle_id (&program->terminate_id, g_source_remove);
  if (program->agent != NULL)
    devbox_server_agent_stop (program->agent);
  g_clear_object (&program->agent);
  g_clear_object (&program->application);
  devbox_server_options_clear (&program->options);
  g_strfreev (program->environment);
}

/* Everything happens at startup; without a handler GApplication warns. */
static void
on_activate (GApplication *application, gpointer user_data)
{
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
  /* Commands get the environment as it was. Even a non-unique GApplication connects to the session bus, and hangs with
   * it. */
  program->environment = g_get_environ ();
  if (program->options.access_log)
    g_setenv ("G_MESSAGES_DEBUG", DEVBOX_HTTP_ACCESS_LOG_DOMAIN, FALSE);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "disabled:", TRUE);

  program->application = g_application_new (NULL, G_APPLICATION_NON_UNIQUE);
  g_signal_connect (program->application, "startup", G_CALLBACK (on_startup), program);
  g_signal_connect (program->application, "activate", G_CALLBACK (on_activate), NULL);
  g_application_run (program->application, 1, argv);
}

static int
serve_box (Program *program)
{
  int socket = program->options.box_socket;
  g_autoptr (GError) error = NULL;

  if (!g_unix_set_fd_nonblocking (socket, TRUE, &error) || fcntl (socket, F_SETFD, FD_CLOEXEC) != 0)
    {
      g_printerr (_ ("devbox-server: Descriptor %d is no socket of a platform\n"), socket);
      return EXIT_USAGE;
    }

  return devbox_box_link_run (create_agent (program), socket);
}

int
main (int argc, char **argv)
{
  Program program = { 0 };
  g_autofree char **arguments = g_memdup2 (argv, (argc + 1) * sizeof *argv);
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  textdomain (GETTEXT_PACKAGE);

  if (!devbox_server_options_parse (&program.options, &argc, &argv, &error))
    program.exit_status = fail (error, EXIT_USAGE);
  else if (program.options.show_version)
    g_print ("devbox-server %s\n", DEVBOX_VERSION_STRING);
  else
    {
      wipe_secrets (arguments);
      if (program.options.box_socket >= 0)
        program.exit_status = serve_box (&program);
      else
        serve (&program, argv);
    }
  program_clear (&program);

  return program.exit_status;
}
