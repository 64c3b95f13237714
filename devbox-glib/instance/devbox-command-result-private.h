/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-command-result.h"

G_BEGIN_DECLS

/* What a command that ran into its time limit has for an exit code. */
#define DEVBOX_COMMAND_RESULT_NO_EXIT_CODE (-1)

typedef struct
{
  int exit_code;
  GBytes *output; /* what the command wrote to its standard output */
  GBytes *errors; /* and to its standard error */
  guint64 duration_ms;
  int pid;
  gboolean truncated;
} DevboxCommandOutcome;

/* Takes references of its own. */
DevboxCommandResult *devbox_command_result_new (const DevboxCommandOutcome *outcome);

G_END_DECLS
