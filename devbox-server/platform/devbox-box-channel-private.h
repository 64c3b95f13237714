/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The platform's end of the socket to a box (box/devbox-box-protocol-private.h). Of the platform's thread. */
typedef struct _DevboxBoxChannel DevboxBoxChannel;

typedef struct
{
  void (*ready) (gpointer user_data); /* it serves */
  /* It cannot serve, spoke nonsense, or hung up (NULL: whoever looks at its processes knows more). Once, and not after
   * stop (). */
  void (*failed) (const char *reason, gpointer user_data);
} DevboxBoxChannelFuncs;

/* *box_fd: the other end, for the process. Callbacks come from the main loop. */
DevboxBoxChannel *
devbox_box_channel_new (const DevboxBoxChannelFuncs *funcs, gpointer user_data, int *box_fd, GError **error);
void devbox_box_channel_free (DevboxBoxChannel *self); /* hangs up: the box ends */

/* Queued until the box reads; bounded by what a box can be told. Listening sockets are taken (closed here). */
void devbox_box_channel_configure (DevboxBoxChannel *self,
                                   const char *token,
                                   const char *workspace_path,
                                   const char *home_path,
                                   const char *const *environment,
                                   int listen_fd);
void devbox_box_channel_set_startup_command (DevboxBoxChannel *self, const char *command); /* before start () */
void devbox_box_channel_forward (DevboxBoxChannel *self, guint16 port, gboolean shares_network, int listen_fd);
void devbox_box_channel_unforward (DevboxBoxChannel *self, guint16 port);
void devbox_box_channel_start (DevboxBoxChannel *self);
void devbox_box_channel_stop (DevboxBoxChannel *self);

/* Asks for the counters; what was told last (also while the box is frozen), 0 before. */
void devbox_box_channel_update_counters (DevboxBoxChannel *self);
void devbox_box_channel_get_counters (DevboxBoxChannel *self, guint64 *bytes_in, guint64 *bytes_out);

/* platform/devbox-box-listener.c: a listening socket, CLOEXEC, non-blocking, at address and one of: wanted, or (0, or
 * where wanted is taken) any free port; *port tells which. Never one below 1024 unless wanted. */
int devbox_box_listener_open (const char *address, guint16 wanted, guint16 *port, GError **error);

G_END_DECLS
