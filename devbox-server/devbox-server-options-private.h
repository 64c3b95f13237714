/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What devbox-server is told: an option beats the environment, ADDR beats HOST and PORT (docs/wire.md,
 * "Configuration"). */
typedef struct
{
  char *workspace_path;
  char *host;
  guint port;
  guint64 max_file_size;
  guint64 max_batch_size;
  guint64 max_connections;
  guint64 max_sessions;
  guint64 output_limit;
  guint64 process_retention; /* s; 0: by the dialect */
  guint64 max_concurrent_reads;
  gboolean enable_cors;
  GStrv cors_origins;
  GStrv host_names;
  char *token;
  gboolean allow_unauthenticated;
  int listen_fd;
  int box_socket; /* -1: no box of a platform */
  gboolean access_log;
  gboolean show_version;
} DevboxServerOptions;

/* Takes the options from argv, which must hold nothing else. Errors are G_OPTION_ERROR and name the option or variable
 * and its value. */
gboolean devbox_server_options_parse (DevboxServerOptions *self, int *argc, char ***argv, GError **error);
void devbox_server_options_clear (DevboxServerOptions *self);

G_END_DECLS
