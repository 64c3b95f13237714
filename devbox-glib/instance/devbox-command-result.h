/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_COMMAND_RESULT (devbox_command_result_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxCommandResult, devbox_command_result, DEVBOX, COMMAND_RESULT, GObject)

DEVBOX_AVAILABLE_IN_1_0
int devbox_command_result_get_exit_code (DevboxCommandResult *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_command_result_get_successful (DevboxCommandResult *self);
DEVBOX_AVAILABLE_IN_1_0
GBytes *devbox_command_result_get_stdout (DevboxCommandResult *self);
DEVBOX_AVAILABLE_IN_1_0
GBytes *devbox_command_result_get_stderr (DevboxCommandResult *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_command_result_get_stdout_text (DevboxCommandResult *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_command_result_get_stderr_text (DevboxCommandResult *self);
DEVBOX_AVAILABLE_IN_1_0
guint64 devbox_command_result_get_duration (DevboxCommandResult *self);
DEVBOX_AVAILABLE_IN_1_0
int devbox_command_result_get_pid (DevboxCommandResult *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_command_result_get_truncated (DevboxCommandResult *self);

G_END_DECLS
