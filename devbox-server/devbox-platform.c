/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-access-log-private.h"
#include "devbox-platform-options-private.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The program devbox-platform: a non-unique GApplication around one platform, and a client of it for its users. */

#define EXIT_USAGE 2

typedef struct
{
  GApplication *application;
  DevboxServerPlatform *platform;
  DevboxPlatformOptions options;
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
  g_printerr ("devbox-platform: %s\n", error->message);

  return exit_status;
}

static void
print_screen (Program *program)
{
  g_autofree char *data_folder = NULL;
  g_autofree char *kubeconfig = devbox_server_platform_dup_kubeconfig_path (program->platform);
  g_autofree char *uri = devbox_server_platform_dup_uri (program->platform);
  g_autofree char *reason = devbox_server_platform_dup_sandbox_reason (program->platform);

  data_folder = devbox_server_platform_dup_data_folder (program->platform);
  g_print (_ ("Data:        %s\n"), data_folder);
  g_print (_ ("Kubeconfig:  %s\n"), kubeconfig);
  if (devbox_server_platform_get_active_sandbox (program->platform) == DEVBOX_SERVER_SANDBOX_BUBBLEWRAP)
    g_print (_ ("Sandbox:     bubblewrap\n"));
  else if (reason != NULL)
    g_print (_ ("Sandbox:     none (%s)\n"), reason);
  else
    g_print (_ ("Sandbox:     none\n"));
  g_print (_ ("Listening:   %s\n"), uri);
}

static gboolean
start_platform (Program *program, GError **error)
{
  DevboxPlatformOptions *options = &program->options;

  /* clang-format off */
  program->platform = g_object_new (DEVBOX_SERVER_TYPE_PLATFORM,
                                    "data-folder", options->data_folder,
                                    "host", options->host,
                                    "port", options->port,
                                    "sandbox", options->sandbox,
                                    "kubeconfig-path", options->kubeconfig_path,
                                    "sample-interval", options->sample_interval,
                                    "tls-certificate", options->certificate,
                                    "allow-plaintext", options->allow_plaintext,
                                    NULL);
  /* clang-format on */

  return devbox_server_platform_start (program->platform, NULL, error);
}

static void
on_startup (GApplication *application, gpointer user_data)
{
  Program *program = user_data;
  g_autoptr (GError) error = NULL;

  program->interrupt_id = g_unix_signal_add (SIGINT, on_signal, program);
  program->terminate_id = g_unix_signal_add (SIGTERM, on_signal, program);
  if (!start_platform (program, &error))
    {
      program->exit_status = fail (error, EXIT_FAILURE);
      return;
    }

  print_screen (program);
  fflush (stdout);
  g_application_hold (application);
}

/* Everything happens at startup; without a handler GApplication warns. */
static void
on_activate (GApplication *application, gpointer user_data)
{
}

static void
serve (Program *program, char **argv)
{
  if (program->options.access_log)
    g_setenv ("G_MESSAGES_DEBUG", DEVBOX_HTTP_ACCESS_LOG_DOMAIN, FALSE);
  /* Even a non-unique GApplication connects to the session bus, and hangs with it. */
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "disabled:", TRUE);

  program->application = g_application_new (NULL, G_APPLICATION_NON_UNIQUE);
  g_signal_connect (program->application, "startup", G_CALLBACK (on_startup), program);
  g_signal_connect (program->application, "activate", G_CALLBACK (on_activate), NULL);
  g_application_run (program->application, 1, argv);
}

static void
program_clear (Program *program)
{
  g_clear_handle_id (&program->interrupt_id, g_source_remove);
  g_clear_handle_id (&program->terminate_id, g_source_remove);
  if (program->platform != NULL)
    devbox_server_platform_stop (program->platform);
  g_clear_object (&program->platform);
  g_clear_object (&program->application);
  devbox_platform_options_clear (&program->options);
}

int
main (int argc, char **argv)
{
  Program program = { 0 };
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  textdomain (GETTEXT_PACKAGE);

  if (!devbox_platform_options_parse (&program.options, &argc, &argv, &error))
    program.exit_status = fail (error, EXIT_USAGE);
  else if (program.options.show_version)
    g_print ("devbox-platform %s\n", DEVBOX_VERSION_STRING);
  else if (program.options.command != NULL)
    program.exit_status = devbox_platform_run_users_command (&program.options);
  else
    serve (&program, argv);
  program_clear (&program);

  return program.exit_status;
}
