/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-server.h"

G_BEGIN_DECLS

/* The command line of devbox-platform. */
typedef struct
{
  char *data_folder; /* NULL: the default */
  char *host;
  guint port;
  DevboxServerSandbox sandbox;
  char *kubeconfig_path; /* NULL: the default */
  guint sample_interval; /* ms */
  GTlsCertificate *certificate;
  gboolean allow_plaintext;
  gboolean access_log;
  gboolean show_version;
  GStrv command; /* "users", "add", "alice", or NULL: serve */
} DevboxPlatformOptions;

/* Errors are G_OPTION_ERROR, or G_TLS_ERROR and G_FILE_ERROR of the certificate. */
gboolean devbox_platform_options_parse (DevboxPlatformOptions *self, int *argc, char ***argv, GError **error);
void devbox_platform_options_clear (DevboxPlatformOptions *self);

/* devbox-platform-users-command.c: asks the running platform; prints what it answers. Returns the exit status. */
int devbox_platform_run_users_command (const DevboxPlatformOptions *options);

G_END_DECLS
