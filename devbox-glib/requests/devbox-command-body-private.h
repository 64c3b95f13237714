/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

/* What a request says of a command: in the classic dialect, and in the current one, whose agents take a command without
 * arguments for a line that they split into words. */
gboolean devbox_command_body_check (DevboxCommand *command, GError **error);
GBytes *devbox_command_body_new_classic (DevboxCommand *command);
GBytes *devbox_command_body_new_current (DevboxCommand *command);
const char *devbox_command_body_get_subject (DevboxCommand *command); /* what errors name */

G_END_DECLS
