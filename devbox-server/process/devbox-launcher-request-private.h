/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-launcher-protocol-private.h"

#include <glib.h>

G_BEGIN_DECLS

/* Our ends of what a request carries. They do not block; the command's do, as programs expect. */
typedef struct
{
  int control;
  int input; /* -1 without one */
  int output;
  int error_output;
} DevboxLauncherEnds;

/* clang-format off */
#define DEVBOX_LAUNCHER_ENDS_INIT { -1, -1, -1, -1 }
/* clang-format on */

void devbox_launcher_ends_clear (DevboxLauncherEnds *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DevboxLauncherEnds, devbox_launcher_ends_clear)

/* strings: see DEVBOX_LAUNCHER_STRINGS. folder_fd may be -1, and stays the caller's. Returns errno, with nothing sent,
 * or 0. */
int devbox_launcher_request_send (DevboxLauncherRequest *request,
                                  int helper_socket,
                                  const GByteArray *strings,
                                  gboolean with_input,
                                  int folder_fd,
                                  DevboxLauncherEnds *ends);

G_END_DECLS
