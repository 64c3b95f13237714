/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-launcher-private.h"
#include "devbox-workspace-private.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Where and with which variables a request wants something to run. */

/* The member `env`, checked: names that can be, values that are strings, 128 KiB in all. Errors are VALIDATION_ERROR.
 */
gboolean
devbox_command_environment_read (JsonObject *object, gboolean required, JsonObject **variables, GError **error);
/* Fills environment, which is empty and owns its elements: base less what variables (NULL: none) replace, what they
 * add, and NULL. */
void devbox_command_environment_merge (GPtrArray *environment, const char *const *base, JsonObject *variables);

/* Sets the folder of spec: a relative one stays in the workspace, which is meant by NULL; an absolute one is taken as
 * it is. *folder_fd is -1, or becomes the caller's, for as long as spec; so must folder. Errors are
 * PATH_TRAVERSAL_DETECTED, and DEVBOX_OPERATION_FAILED for one that cannot be entered, and begin with the name of the
 * member. */
gboolean devbox_command_folder_open (DevboxWorkspace *workspace,
                                     const char *member,
                                     const char *folder,
                                     DevboxCommandSpec *spec,
                                     int *folder_fd,
                                     GError **error);

G_END_DECLS
