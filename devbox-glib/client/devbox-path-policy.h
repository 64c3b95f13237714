/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-types.h"

G_BEGIN_DECLS

#define DEVBOX_TYPE_PATH_POLICY (devbox_path_policy_get_type ())
DEVBOX_AVAILABLE_IN_1_0
G_DECLARE_DERIVABLE_TYPE (DevboxPathPolicy, devbox_path_policy, DEVBOX, PATH_POLICY, GObject)

/**
 * DevboxPathPolicyClass:
 * @parent_class: the parent class
 * @check_path: whether a path may be sent
 *
 * The virtual functions of a policy.
 *
 * Since: 1.0
 */
struct _DevboxPathPolicyClass
{
  GObjectClass parent_class;

  gboolean (*check_path) (DevboxPathPolicy *self, const char *path, GError **error);

  /*< private >*/
  gpointer padding[8];
};

DEVBOX_AVAILABLE_IN_1_0
DevboxPathPolicy *devbox_path_policy_new (const char *workspace);

DEVBOX_AVAILABLE_IN_1_0
const char *devbox_path_policy_get_workspace (DevboxPathPolicy *self);
DEVBOX_AVAILABLE_IN_1_0
gboolean devbox_path_policy_check_path (DevboxPathPolicy *self, const char *path, GError **error);

G_END_DECLS
