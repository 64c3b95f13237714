/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_INSTANCE_SPEC (devbox_instance_spec_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxInstanceSpec, devbox_instance_spec, DEVBOX, INSTANCE_SPEC, GObject)

DEVBOX_AVAILABLE_IN_1_0
DevboxInstanceSpec *devbox_instance_spec_new (const char *name, const char *runtime);

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_spec_get_name (DevboxInstanceSpec *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_spec_set_name (DevboxInstanceSpec *self, const char *name);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_spec_get_runtime (DevboxInstanceSpec *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_spec_set_runtime (DevboxInstanceSpec *self, const char *runtime);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_instance_spec_get_cpu (DevboxInstanceSpec *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_spec_set_cpu (DevboxInstanceSpec *self, guint cpu);
DEVBOX_AVAILABLE_IN_1_0
guint devbox_instance_spec_get_memory (DevboxInstanceSpec *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_spec_set_memory (DevboxInstanceSpec *self, guint memory);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_instance_spec_get_ports (DevboxInstanceSpec *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_spec_set_ports (DevboxInstanceSpec *self, GListModel *ports);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_spec_add_port (DevboxInstanceSpec *self, DevboxPort *port);
DEVBOX_AVAILABLE_IN_1_0
const char *const *devbox_instance_spec_get_environ (DevboxInstanceSpec *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_spec_set_environ (DevboxInstanceSpec *self, const char *const *environment);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_spec_getenv (DevboxInstanceSpec *self, const char *variable);
DEVBOX_AVAILABLE_IN_1_0
void
devbox_instance_spec_setenv (DevboxInstanceSpec *self, const char *variable, const char *value, gboolean overwrite);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_spec_unsetenv (DevboxInstanceSpec *self, const char *variable);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_instance_spec_get_network (DevboxInstanceSpec *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_spec_set_network (DevboxInstanceSpec *self, gboolean network);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_spec_get_autostart (DevboxInstanceSpec *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_spec_set_autostart (DevboxInstanceSpec *self, const char *command);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_spec_get_release_name (DevboxInstanceSpec *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_instance_spec_get_release_tag (DevboxInstanceSpec *self);
DEVBOX_AVAILABLE_IN_1_0
void devbox_instance_spec_set_release (DevboxInstanceSpec *self, const char *name, const char *tag);

G_END_DECLS
