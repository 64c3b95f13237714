/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-launcher-private.h"

G_BEGIN_DECLS

/* Between the launcher and its commands. */

/* What a command tells its launcher, which may be gone after either call. */
typedef struct
{
  void (*answered) (DevboxLauncher *launcher, DevboxServerCommand *command); /* it runs, or it never will */
  void (*finished) (DevboxLauncher *launcher, DevboxServerCommand *command); /* it was told and nothing of it is left */
} DevboxServerCommandLauncher;

DevboxServerCommand *devbox_server_command_new (const DevboxCommandSpec *spec,
                                                const char *const *environment,
                                                GMainContext *context,
                                                DevboxOutputLog *log, /* transfer full */
                                                const DevboxServerCommandLauncher *callbacks,
                                                DevboxLauncher *launcher,
                                                DevboxCommandFunc done,
                                                gpointer user_data,
                                                GDestroyNotify destroy);

/* Sends it to a helper; *helper_lost with FALSE: there is none any more, and another one may be tried. */
gboolean devbox_server_command_send (DevboxServerCommand *self,
                                     int helper_socket,
                                     guint64 open_files,
                                     gboolean *helper_lost,
                                     GError **error);
/* Takes error; before it was sent; told from the main loop. */
void devbox_server_command_fail (DevboxServerCommand *self, GError *error);
void devbox_server_command_helper_lost (DevboxServerCommand *self); /* its supervisor is about to kill it */
void devbox_server_command_disconnect (DevboxServerCommand *self);  /* the launcher is going: ends and tells it now */

G_END_DECLS
