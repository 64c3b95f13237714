/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-output-log-private.h"

G_BEGIN_DECLS

/* What one text writes, on pipes of its own: to the log of the text until it has run, and to the log of the session for
 * as long as anything that it has left to run holds them. */
typedef struct _DevboxShellOutputs DevboxShellOutputs;

/* From the main loop, once the last writer is gone; may free it. */
typedef void (*DevboxShellOutputsFunc) (DevboxShellOutputs *self, gpointer user_data);

/* writers: stdout and stderr, which become the caller's. NULL with errno. */
DevboxShellOutputs *devbox_shell_outputs_new (GMainContext *context,
                                              DevboxOutputLog *text_log,
                                              DevboxOutputLog *session_log,
                                              int writers[2],
                                              DevboxShellOutputsFunc closed,
                                              gpointer user_data);
void devbox_shell_outputs_free (DevboxShellOutputs *self);
/* The text has run: takes what it wrote, and ends its log. TRUE: something still holds its pipes, or may. */
gboolean devbox_shell_outputs_detach (DevboxShellOutputs *self);

G_END_DECLS
