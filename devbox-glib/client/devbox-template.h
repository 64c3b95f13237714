/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_TEMPLATE (devbox_template_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DevboxTemplate, devbox_template, DEVBOX, TEMPLATE, GObject)

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_template_get_name (DevboxTemplate *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_template_get_title (DevboxTemplate *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_template_get_uid (DevboxTemplate *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_template_get_kind (DevboxTemplate *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_template_get_description (DevboxTemplate *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_template_get_available (DevboxTemplate *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_template_get_reason (DevboxTemplate *self);
DEVBOX_AVAILABLE_IN_1_0
GListModel *devbox_template_get_ports (DevboxTemplate *self);
DEVBOX_AVAILABLE_IN_1_0
const char *const *devbox_template_get_release_command (DevboxTemplate *self);
DEVBOX_AVAILABLE_IN_1_0
const char *const *devbox_template_get_release_arguments (DevboxTemplate *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_template_get_user (DevboxTemplate *self);
DEVBOX_AVAILABLE_IN_1_0
const char *devbox_template_get_working_directory (DevboxTemplate *self);

G_END_DECLS
