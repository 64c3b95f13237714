/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_COMMAND (devbox_command_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxCommand, devbox_command, DEVBOX, COMMAND, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxCommand *devbox_command_new (const char *const *argv);
DEVBOX_AVAILABLE_IN_1_0
DevboxCommand *devbox_command_new_for_shell (const char *command_line);

DEVBOX_AVAILABLE_IN_1_0
const char *const *devbox_command_get_argv (DevboxCommand *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_command_get_shell_line (DevboxCommand *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_command_get_cwd (DevboxCommand *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_command_set_cwd (DevboxCommand *self, const char *cwd);
DEVBOX_AVAILABLE_IN_1_0
const char *const *devbox_command_get_environ (DevboxCommand *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_command_set_environ (DevboxCommand *self, const char *const *environment);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_command_getenv (DevboxCommand *self, const char *variable);
DEVBOX_AVAILABLE_IN_1_0
void devbox_command_setenv (DevboxCommand *self, const char *variable, const char *value, gboolean overwrite);
DEVBOX_AVAILABLE_IN_1_0
void devbox_command_unsetenv (DevboxCommand *self, const char *variable);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_command_get_timeout (DevboxCommand *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_command_set_timeout (DevboxCommand *self, guint timeout_ms);

G_END_DECLS
