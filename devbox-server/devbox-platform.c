/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-platform-options-private.h"
#include "devbox-program-private.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>

/* The program devbox-platform: a non-unique GApplication around one platform, and a client of it for its users. */

typedef struct
{
  DevboxProgram base;
  DevboxServerPlatform *platform;
  DevboxPlatformOptions options;
} Program;

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
start_platform (gpointer user_data, GError **error)
{
  Program *program = user_data;
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
                                    "open-files-limit", devbox_program_raise_open_files_limit (),
                                    NULL);
  /* clang-format on */
  if (!devbox_server_platform_start (program->platform, NULL, error))
    return FALSE;

  print_screen (program);
  fflush (stdout);
  return TRUE;
}

static void
program_clear (Program *program)
{
  if (program->platform != NULL)
    devbox_server_platform_stop (program->platform);
  g_clear_object (&program->platform);
  devbox_program_clear (&program->base);
  devbox_platform_options_clear (&program->options);
}

int
main (int argc, char **argv)
{
  Program program = { .base = { .name = "devbox-platform", .start = start_platform } };
  g_autoptr (GError) error = NULL;

  program.base.user_data = &program;
  setlocale (LC_ALL, "");
  textdomain (GETTEXT_PACKAGE);

  if (!devbox_platform_options_parse (&program.options, &argc, &argv, &error))
    program.base.exit_status = devbox_program_fail (&program.base, error, DEVBOX_PROGRAM_EXIT_USAGE);
  else if (program.options.show_version)
    g_print ("devbox-platform %s\n", DEVBOX_VERSION_STRING);
  else if (program.options.command != NULL)
    program.base.exit_status = devbox_platform_run_users_command (&program.options);
  else
    devbox_program_run (&program.base, argv, program.options.access_log);
  program_clear (&program);

  return program.base.exit_status;
}
